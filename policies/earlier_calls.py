"""Does a caller speak of an earlier call, as if it were remembered?  Pure."""

# ruff: noqa: E501  a pattern is read whole
from __future__ import annotations

import re
from typing import Final

_BEFORE: Final = (
    r"(?:yesterday|the other day|before|earlier|already|last (?:time|week|night|month|monday|tuesday|wednesday|thursday"
    r"|friday|saturday|sunday)|this morning|(?:a|two|three|four|five|few|couple of) (?:few )?(?:hours?|days?|weeks?) ago"
    r"|(?:two|three|four|five) times)"
)
_TOLD: Final = r"(?:told me|said|were saying|explained|mentioned|promised(?: me)?|gave me|answered)"
_SURELY: Final = re.compile(
    rf"\bi(?:'ve|'d| have| had)?(?: also| just)? (?:called|phoned|rang|rung)(?: you(?: guys| all)?| here| this (?:line|number))?"
    rf"(?: about [\w' ]{{1,30}}?)? {_BEFORE}\b"
    rf"|\bi(?:'ve| have)? (?:spoke|spoken|talked) (?:to|with) you(?: about [\w' ]{{1,30}}?)? {_BEFORE}\b"
    r"|\b(?:when|last time|since) i (?:last )?(?:called|phoned|rang|spoke (?:to|with) you|talked (?:to|with) you)\b"
    rf"|\byou {_TOLD}\b[^.?!]*\b(?:yesterday|the other day|last (?:time|week|night|month)|days? ago|weeks? ago)\b"
    rf"|\b(?:yesterday|the other day|last (?:time|week|night|month))[ ,]+you {_TOLD}\b"
    r"|\b(?:my|the|our) (?:last|previous|earlier) call\b|\b(?:remember me|it's me again|calling back again|me again)\b"
)
_PERHAPS: Final = re.compile(rf"\b(?:like |as )?you {_TOLD}\b")


def speaks_of_an_earlier_call(text: str, *, answered: bool) -> bool:
    """answered: something was answered in this call, which "you told me" then means."""
    plain = " ".join(text.lower().replace("’", "'").split())
    return bool(_SURELY.search(plain)) or (not answered and bool(_PERHAPS.search(plain)))

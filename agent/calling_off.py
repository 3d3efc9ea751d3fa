"""Does a caller for whom a nurse is being called want none any more?  Pure, closed.

Only a turn that says nothing else counts, as in `agent.smalltalk`.
"""

# ruff: noqa: E501  a pattern is read whole

from __future__ import annotations

import re
from typing import Final

from agent.terms import lowered
from policies.phi import PHI

LONGEST_WORDS: Final = 16  # as in small talk: a longer turn says more than that

_WHO: Final = r"(?:a |the |any |your )?(?:nurse|nurses|person|human|one|anyone|anybody|somebody|someone|them|her|him|that|it|this)"
_ANY_MORE: Final = r"(?:any ?more|after all|now|then|for me|right now|at this point)"
_OFF: Final = (
    r"(?:never ?mind|forget (?:it|that|about it)|(?:don't|do not|no need to|you don't (?:have|need) to) "
    rf"(?:bother|worry about it|call|get|fetch|ring|wake)(?: {_WHO})?(?: up)?"
    rf"|(?:please )?(?:stop|quit|cancel)(?: (?:calling|ringing|trying|looking|that|it|the call|the nurse))?(?: (?:for )?{_WHO})?"
    rf"|i (?:don't|do not|no longer) (?:really )?(?:need|want)(?: to (?:talk|speak) (?:to|with))?(?: {_WHO})"
    r"|i(?:'ve| have)? changed my mind|i(?:'m| am) (?:okay|ok|fine|all right|alright|good) without(?: one| a nurse)?"
    rf"|call (?:it|{_WHO}) off|i(?:'d| would) rather not(?: (?:wait|talk to a nurse))?|leave (?:it|the nurse) (?:be|alone))"
)
_ROUND_IT: Final = (
    r"(?:um+|uh+|oh|ah|well|so|okay|ok|all right|alright|actually|no|nope|thank you|thanks|please|sorry|i'm sorry|hey|wait"
    rf"|you know what|it's (?:okay|ok|fine|all right)|that's (?:okay|ok|fine|all right)|and|then|just|i think|you can|{_ANY_MORE})"
)
_WHOLE: Final = re.compile(rf"(?:{_ROUND_IT} )*{_OFF}(?: (?:{_OFF}|{_ROUND_IT}))*")


def calls_off(said: PHI[str]) -> bool:
    """The whole turn says so.  Keeps nothing."""
    plain = " ".join(re.findall(r"[a-z]+(?:'[a-z]+)?", lowered(said.reveal()).replace("-", " ")))
    return len(plain.split()) <= LONGEST_WORDS and _WHOLE.fullmatch(plain) is not None

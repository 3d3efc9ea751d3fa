"""What a hosted model may ask for beside its words: closed; code carries it out and asks or tells the caller.  Pure.

A request can only add care.  It is written into the reply as a mark and never spoken; any other mark is an odd sign,
which the firewall lets nobody hear.
"""

from __future__ import annotations

import enum
import re
from typing import Final


class Request(enum.Enum):
    """One thing that a model may ask for."""

    NURSE = "nurse"
    """The caller is asked whether a nurse should hear of it, and a yes fetches one."""
    SYMPTOM = "symptom"
    """What the caller said is held until the end of the call, for the brief of a nurse who comes; she is told so."""


MARKS: Final = {f"[[{request.value}]]": request for request in Request}
_MARK: Final = re.compile("|".join(map(re.escape, MARKS)))


def parted(sentence: str) -> tuple[str, frozenset[Request]]:
    """The words of a model's sentence, empty if it has none, and what it asks for."""
    asked = frozenset(MARKS[mark] for mark in _MARK.findall(sentence))
    return (" ".join(_MARK.sub(" ", sentence).split()) if asked else sentence), asked

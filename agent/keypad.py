"""What each key stands for: a word that might have been said.  Pure.

A key is answered as its word is, so that every question that can be answered by "yes" or "no" can be answered by a key
too, whoever asks it.  Key 0 fetches a person and never comes here.  Where a number is being asked for, whoever collects
its digits takes them first: `said_by` is asked only of a key that nobody was waiting for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.phi import PHI

PERSON: Final = "0"
AGAIN: Final = "say that again"
WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"1": "yes", "2": "no", "4": "faster", "5": "softer", "7": "slower", "8": "louder", "9": AGAIN}
)
"""9 and the column under 1 and 2 as callers meet them elsewhere; each way back lies right above its key."""


STOP: Final = "9"
STOPPING: Final = "stop calling me"
"""What that key stands for in a call that we placed."""


def said_by(digit: PHI[str], *, called: bool = False) -> PHI[str] | None:
    """The words that the key stands for; None for a key that stands for none.  called: we placed this call."""
    words = digit.map(lambda key: STOPPING if called and key == STOP else WORDS.get(key)).reveal()
    return None if words is None else PHI(words)

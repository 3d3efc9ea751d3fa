"""Single words of what a patient gave, where every word is ours: labels of a metric, kinds of an event.  Pure.

In a memory or a file one surname proves nothing, as a recogniser's vocabulary holds many that nobody has said.  The
places of `ALL_OURS` hold a closed vocabulary: there one name alone is a word that was kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, final

from agent.proof.canary import Canary
from agent.proof.hidden import Blind, Hidden
from agent.proof.report import Place

ALL_OURS: Final = frozenset({Place.METRICS, Place.PIPE, Place.OUTPUT, Place.BUS, Place.BUS_KEPT, Place.INTERFACE})
WORD: Final = re.compile(rb"[A-Za-z]{4,}")
"""Also a part of a longer name: `word_appleton` and `topicAppleton` are two words each."""
_HUMP: Final = re.compile(rb"(?<=[a-z])(?=[A-Z])")


@final
class Singly:
    """For some patients.  Is itself no place of their words."""

    def __init__(self, patients: Iterable[Canary]) -> None:
        """Raises `Blind` where a word of its own is not found."""
        given = {word for one in patients for word in (one.first, one.last, one.drug)}
        self._known: Final = Hidden(word.lower().encode() for word in given)
        for word in given:
            if not self.inside(b'{label="' + word.encode() + b'"} 1'):
                raise Blind("a word that was given was not found as a label")

    def inside(self, piece: bytes) -> bool:
        """Does one of their words stand in this alone, in any case?"""
        return any(word.lower() in self._known for run in WORD.finditer(piece) for word in _HUMP.split(run[0]))

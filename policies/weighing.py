"""How likely a model's sentence is safe beside the passage that it was to put in words, as a trained reader weighs it.

It reads both at once.  The same two texts give the same answer; nothing of them is kept.  Its weights are trained by
`deploy/teaching/urgent.py`, with the other reader's lessons (`policies.urgency`) and on sentences that authors wrote
beside our passages (`deploy/teaching/spoken/`); each reader has weights of its own, as one body for all three lessons
heard urgency less well.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from policies import mpnet
from policies.encoder import Floats
from policies.phi import PHI
from policies.urgency import Question, taught_model
from policies.wordpiece import WordPiece

PAIR: Final = 144
"""Pieces that are read at once of a sentence and the passage beside it: a passage is at most 65 words long."""
SENTENCE: Final = 64
"""Pieces of a sentence; one that is longer is not weighed."""
TAUGHT: Final = "spoken.npz"
"""Beside the spoken rules, in `policies/spoken`."""


class Spoken(enum.IntEnum):
    """What a model's sentence is beside the passage."""

    SAFE = 0
    UNSAFE = 1


@final
class SpokenReader:
    """Loaded once, where a hosted model may answer; read by all calls.  Blocks; may run in any thread."""

    __slots__ = ("_model", "_spoken", "_wordpiece")

    def __init__(self, wordpiece: WordPiece, base: Mapping[str, Floats], taught: Mapping[str, Floats]) -> None:
        """As `UrgencyReader`.  Raises KeyError for what is absent and ValueError for what does not fit."""
        self._spoken: Final = Question.of(taught, "spoken", len(Spoken))
        self._wordpiece: Final = wordpiece
        self._model: Final = taught_model(base, taught, PAIR)

    def weigh(self, sentence: PHI[str], passage: str) -> PHI[float]:
        """0..1; not a number for a sentence that is longer than `SENTENCE`."""
        return sentence.map(lambda text: self._weigh(text, passage))

    def _weigh(self, text: str, passage: str) -> float:
        said, beside = (mpnet.rows_of(self._wordpiece.rows(each, PAIR)) for each in (text, passage))
        if len(said) - 2 > SENTENCE:
            return math.nan
        rows: NDArray[np.int_] = np.array(paired(said, beside))
        try:
            return float(self._spoken(self._model(rows))[Spoken.SAFE])
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them


def paired(said: Sequence[int], beside: Sequence[int]) -> list[int]:
    """Two texts' rows as one row of at most `PAIR`: begin, what is said, end, end, what stands beside it, end."""
    begin, end = said[0], said[-1]
    inner = said[1:-1][:SENTENCE]  # teaching may bring longer ones
    return [begin, *inner, end, end, *beside[1:-1][: PAIR - len(inner) - 4], end]

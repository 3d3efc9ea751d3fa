"""How urgent what a caller says is, as a small trained reader hears it: the second voice beside the written rules.

The rules know what somebody wrote down; this hears what is said in ways nobody did.  It can only add care.  The same
text gives the same answer; nothing of a text is kept.  Its weights are trained by `deploy/teaching/urgent.py` on
sentences of our own (`deploy/teaching/said/`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from policies import mpnet
from policies.encoder import Floats
from policies.low_rank import changed, whole
from policies.phi import PHI
from policies.wordpiece import WordPiece

TOKENS: Final = 72
"""What is read at once, begin and end included."""
WINDOW: Final = 48
"""Words that are read at once: about `TOKENS` pieces."""
STEP: Final = 24  # of a longer turn each half window is read with the one before and the one after it
LAYERS: Final = 8
"""Of the model's twelve: with all of them it hears about as well and takes half as long again."""
TAUGHT: Final = "urgency.npz"
"""Beside the rules, in `policies/rules`."""

# Set on the development set alone (`make eval` prints what others would give).
SURE_EMERGENCY: Final = 0.5
SURE_PERSON: Final = 0.5


class Urgency(enum.IntEnum):
    """How soon a person is needed; a higher one is more urgent."""

    ROUTINE = 0
    NURSE_NOW = 1
    CRISIS_988 = 2
    EMERGENCY_911 = 3


def heard_as(likely: Floats) -> Urgency:
    """likely: shape (4,), of each `Urgency`.  What cannot be read is a nurse's."""
    crisis, emergency = float(likely[Urgency.CRISIS_988]), float(likely[Urgency.EMERGENCY_911])
    if crisis + emergency >= SURE_EMERGENCY:
        return Urgency.CRISIS_988 if crisis > emergency else Urgency.EMERGENCY_911
    return Urgency.ROUTINE if float(likely[Urgency.ROUTINE]) > 1 - SURE_PERSON else Urgency.NURSE_NOW


@final
class UrgencyReader:
    """Loaded once, read by all calls.  Blocks; may run in any thread."""

    __slots__ = ("_judge", "_look", "_model", "_think", "_wordpiece")

    def __init__(self, wordpiece: WordPiece, base: Mapping[str, Floats], taught: Mapping[str, Floats]) -> None:
        """wordpiece: BERT's.  base: the arrays of all-mpnet-base-v2.  taught: those of `TAUGHT`.

        Raises KeyError for what is absent and ValueError for what does not fit.
        """
        weights = {**base, **changed(base, taught, LAYERS, mpnet.DENSE, mpnet.NORMS)}
        self._wordpiece: Final = wordpiece
        self._model: Final = mpnet.MPNet(weights, LAYERS, TOKENS)
        self._look: Final = whole(taught["look"])
        self._think: Final = (whole(taught["think"]), whole(taught["thinkb"]))
        self._judge: Final = (whole(taught["judge"]), whole(taught["judgeb"]))
        if (self._look.shape, self._judge[0].shape) != ((mpnet.WIDTH,), (len(self._think[1]), len(Urgency))):
            raise ValueError("what was taught is not of the urgency reader")

    def read(self, text: PHI[str]) -> PHI[Floats]:
        """How likely each `Urgency` is, shape (4,): of a long turn the most urgent of its parts."""
        return text.map(self._read)

    def _read(self, text: str) -> Floats:
        read = np.array([self._part(part) for part in parts(text)])
        found: Floats = read[read[:, Urgency.ROUTINE].argmin()]
        return found

    def _part(self, text: str) -> Floats:
        rows: NDArray[np.int_] = np.array(mpnet.rows_of(self._wordpiece.rows(text, TOKENS)))
        try:
            return self._forward(rows)
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them

    def _forward(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (n,).  Returns shape (4,)."""
        x = self._model(rows)
        seen = share(x @ self._look) @ x
        thought = np.tanh(seen @ self._think[0] + self._think[1])
        return share(thought @ self._judge[0] + self._judge[1])


def share(scores: Floats) -> Floats:
    """Softmax: shape (n,), each at least 0, together 1."""
    found: Floats = np.exp(scores - scores.max())
    found /= found.sum()
    return found


def parts(text: str) -> Iterator[str]:
    """A turn in overlapping windows; one of ordinary length is one part."""
    words = text.split()
    for start in range(0, max(1, len(words) - WINDOW + STEP), STEP):
        yield " ".join(words[start : start + WINDOW])

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

from policies.encoder import LAYERS, WIDTH, Floats, Layer, layer_of
from policies.low_rank import changed, whole
from policies.meaning import TOKENS, Meaning
from policies.phi import PHI

WINDOW: Final = 40
"""Words that are read at once: about `TOKENS` pieces, and no training sentence is longer than 45."""
STEP: Final = 20  # of a longer turn each half window is read with the one before and the one after it
TAUGHT: Final = "urgency.npz"
"""Beside the rules, in `policies/rules`."""


class Urgency(enum.IntEnum):
    """How soon a person is needed; a higher one is more urgent."""

    ROUTINE = 0
    NURSE_NOW = 1
    CRISIS_988 = 2
    EMERGENCY_911 = 3


@final
class UrgencyReader:
    """Loaded once, read by all calls.  About 43 MB beside what it shares.  Blocks; may run in any thread."""

    __slots__ = ("_judge", "_layers", "_look", "_meaning", "_think")

    def __init__(self, meaning: Meaning, base: Mapping[str, Floats], taught: Mapping[str, Floats]) -> None:
        """meaning: whose table of pieces it shares.  base: the sentence model's arrays.  taught: those of `TAUGHT`.

        Raises KeyError for what is absent and ValueError for what does not fit.
        """
        weights = changed(base, taught, LAYERS)
        self._meaning: Final = meaning
        self._layers: Final[tuple[Layer, ...]] = tuple(
            layer_of(weights, f"encoder.layer.{layer}.") for layer in range(LAYERS)
        )
        self._look: Final = whole(taught["look"])
        self._think: Final = (whole(taught["think"]), whole(taught["thinkb"]))
        self._judge: Final = (whole(taught["judge"]), whole(taught["judgeb"]))
        if (self._look.shape, self._judge[0].shape) != ((WIDTH,), (len(self._think[1]), len(Urgency))):
            raise ValueError("what was taught is not of the urgency reader")

    def read(self, text: PHI[str]) -> PHI[Floats]:
        """How likely each `Urgency` is, shape (4,): of a long turn the most urgent of its parts."""
        return text.map(self._read)

    def _read(self, text: str) -> Floats:
        read = np.array([self._part(part) for part in parts(text)])
        found: Floats = read[read[:, Urgency.ROUTINE].argmin()]
        return found

    def _part(self, text: str) -> Floats:
        rows: NDArray[np.int_] = np.array([self._meaning.wordpiece.rows(text, TOKENS)])
        try:
            return self._forward(rows)
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them

    def _forward(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (1, n).  Returns shape (4,)."""
        length = rows.shape[1]
        x = self._meaning.pieces(rows)
        for layer in self._layers:
            x = layer(x, 1, length)
        x = x[:length]
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

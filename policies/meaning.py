"""What a sentence means, as a direction in 384 dimensions: all-MiniLM-L6-v2, computed with numpy alone.

Two sentences that mean about the same point the same way: their product is near 1.  The weights are given; nothing of a
text is kept, and the vector of what a caller said is as much hers as the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from policies.encoder import LAYERS, VOCABULARY, WIDTH, Floats, Pieces, layer_of, pieces_of, shapes
from policies.phi import PHI
from policies.wordpiece import WordPiece

__all__ = ["TOKENS", "VOCABULARY", "WIDTH", "Floats", "Meaning", "shapes"]

TOKENS: Final = 64  # what is read of a text, [CLS] and [SEP] included: about 45 words, more than any turn that is asked
ROWS: Final = 512  # tokens that are computed at a time in a batch: their activations stay in the processor's cache


@final
class Meaning:
    """The loaded model; read by all calls, keeps nothing of a text.  About 90 MB.  Blocks; may run in any thread."""

    __slots__ = ("_layers", "pieces", "wordpiece")

    def __init__(self, weights: Mapping[str, Floats], vocabulary: Mapping[str, int]) -> None:
        """weights: those of `shapes()`, copied; more are passed over.  vocabulary: piece -> row.

        Raises KeyError for what is absent and ValueError for another shape or type.
        """
        for name, shape in shapes().items():
            if weights[name].shape != shape or weights[name].dtype != np.float32:
                raise ValueError("the weights are not those of all-MiniLM-L6-v2")
        if sorted(vocabulary.values()) != list(range(VOCABULARY)):
            raise ValueError("the vocabulary is not that of all-MiniLM-L6-v2")
        self.wordpiece: Final = WordPiece(vocabulary)
        self.pieces: Final[Pieces] = pieces_of(weights, TOKENS)
        self._layers: Final = tuple(layer_of(weights, f"encoder.layer.{layer}.") for layer in range(LAYERS))

    def vector(self, text: PHI[str]) -> PHI[Floats]:
        """Of a caller's words.  Shape (384,), of length 1.  Of an empty text too, which means nothing in particular."""
        return text.map(self._one)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Of material of our own.  Shape (len(texts), 384), rows of length 1; as `vector` to within 1e-5."""
        found = np.empty((len(texts), WIDTH), np.float32)
        rows = [self.wordpiece.rows(text, TOKENS) for text in texts]
        for length in sorted({len(row) for row in rows}):
            alike = [place for place, row in enumerate(rows) if len(row) == length]
            step = ROWS // length
            for start in range(0, len(alike), step):
                taken = alike[start : start + step]
                found[taken] = self._forward(np.array([rows[place] for place in taken]))
        return found

    def _one(self, text: str) -> Floats:
        rows = np.array([self.wordpiece.rows(text, TOKENS)])
        try:
            found: Floats = self._forward(rows)[0]
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them
        return found

    def _forward(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (texts, n).  Returns shape (texts, WIDTH)."""
        texts, length = rows.shape
        used = texts * length
        x = self.pieces(rows)
        for layer in self._layers:
            x = layer(x, texts, length)
        middle: Floats = x[:used].reshape(texts, length, WIDTH).mean(axis=1)
        middle /= np.sqrt(np.einsum("ij,ij->i", middle, middle))[:, None]
        return middle

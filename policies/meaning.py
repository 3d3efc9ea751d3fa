"""What a sentence means, as a direction in 384 dimensions: all-MiniLM-L6-v2, computed with numpy alone.

Two sentences that mean about the same point the same way: their product is near 1.  The weights are given; nothing of a
text is kept, and the vector of what a caller said is as much hers as the words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from policies.phi import PHI
from policies.wordpiece import WordPiece

Floats: TypeAlias = NDArray[np.float32]

# The model's own sizes (its config.json).
WIDTH: Final = 384
LAYERS: Final = 6
HEADS: Final = 12
HEAD: Final = WIDTH // HEADS
INNER: Final = 4 * WIDTH
VOCABULARY: Final = 30_522
POSITIONS: Final = 512
TYPES: Final = 2
EPSILON: Final = 1e-12

TOKENS: Final = 64  # what is read of a text, [CLS] and [SEP] included: about 45 words, more than any turn that is asked
TILE: Final = 4  # rows that OpenBLAS multiplies at a time on x86-64; 15 rows take a quarter longer than 16
ROWS: Final = 512  # tokens that are computed at a time in a batch: their activations stay in the processor's cache

# Abramowitz and Stegun 7.1.26, |error| of erf <= 1.5e-7, for erfc(|x| / sqrt(2)) / 2.
ERF_P: Final = 0.3275911 / math.sqrt(2.0)
ERF_A: Final = tuple(a / 2 for a in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592))

_DENSE: Final = MappingProxyType(
    {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
    }
)
_NORMS: Final = ("attention.output.LayerNorm", "output.LayerNorm")


def shapes() -> dict[str, tuple[int, ...]]:
    """Every array that the model is made of, by its name in the file, all float32."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (VOCABULARY, WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.token_type_embeddings.weight": (TYPES, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        place = f"encoder.layer.{layer}."
        for name, shape in _DENSE.items():
            found |= {f"{place}{name}.weight": shape, f"{place}{name}.bias": shape[:1]}
        for name in _NORMS:
            found |= {f"{place}{name}.weight": (WIDTH,), f"{place}{name}.bias": (WIDTH,)}
    return found


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Dense:
    """x -> x @ weight + bias.  weight: shape (inputs, outputs), rows contiguous: the fastest for a few tokens."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        y = x @ self.weight
        y += self.bias
        return y


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Norm:
    """Each row at mean 0 and variance 1, then scaled; in place."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        x -= x.mean(axis=-1, keepdims=True)
        spread = np.einsum("ij,ij->i", x, x)
        spread /= WIDTH
        spread += EPSILON
        x /= np.sqrt(spread)[:, None]
        x *= self.weight
        x += self.bias
        return x


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class _Layer:
    sources: _Dense
    """Query (scaled by 1 / sqrt(HEAD)), key and value side by side."""
    joined: _Dense
    first_norm: _Norm
    wide: _Dense
    narrow: _Dense
    second_norm: _Norm

    def __call__(self, x: Floats, texts: int, length: int) -> Floats:
        """x: shape (at least texts * length, WIDTH); the rows after those are nobody's."""
        seen = self.joined(_attended(self.sources(x), texts, length))
        seen += x
        x = self.first_norm(seen)
        thought = self.narrow(_gelu(self.wide(x)))
        thought += x
        return self.second_norm(thought)


@final
class Meaning:
    """The loaded model; read by all calls, keeps nothing of a text.  About 90 MB.  Blocks; may run in any thread."""

    __slots__ = ("_layers", "_norm", "_pieces", "_places", "_words")

    def __init__(self, weights: Mapping[str, Floats], vocabulary: Mapping[str, int]) -> None:
        """weights: those of `shapes()`, copied; more are passed over.  vocabulary: piece -> row.

        Raises KeyError for what is absent and ValueError for another shape or type.
        """
        for name, shape in shapes().items():
            if weights[name].shape != shape or weights[name].dtype != np.float32:
                raise ValueError("the weights are not those of all-MiniLM-L6-v2")
        if sorted(vocabulary.values()) != list(range(VOCABULARY)):
            raise ValueError("the vocabulary is not that of all-MiniLM-L6-v2")
        self._pieces: Final = WordPiece(vocabulary)
        self._words: Final = weights["embeddings.word_embeddings.weight"].copy()
        self._places: Final = (
            weights["embeddings.position_embeddings.weight"][:TOKENS]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm: Final = _norm(weights, "embeddings.LayerNorm")
        self._layers: Final = tuple(_layer(weights, f"encoder.layer.{layer}.") for layer in range(LAYERS))

    def vector(self, text: PHI[str]) -> PHI[Floats]:
        """Of a caller's words.  Shape (384,), of length 1.  Of an empty text too, which means nothing in particular."""
        return text.map(self._one)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Of material of our own.  Shape (len(texts), 384), rows of length 1; as `vector` to within 1e-5."""
        found = np.empty((len(texts), WIDTH), np.float32)
        rows = [self._pieces.rows(text, TOKENS) for text in texts]
        for length in sorted({len(row) for row in rows}):
            alike = [place for place, row in enumerate(rows) if len(row) == length]
            step = ROWS // length
            for start in range(0, len(alike), step):
                taken = alike[start : start + step]
                found[taken] = self._forward(np.array([rows[place] for place in taken]))
        return found

    def _one(self, text: str) -> Floats:
        rows = np.array([self._pieces.rows(text, TOKENS)])
        try:
            found: Floats = self._forward(rows)[0]
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them
        return found

    def _forward(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (texts, n).  Returns shape (texts, WIDTH)."""
        texts, length = rows.shape
        used = texts * length
        x: Floats = np.zeros((-(-used // TILE) * TILE, WIDTH), np.float32)
        np.add(self._words[rows], self._places[:length], out=x[:used].reshape(texts, length, WIDTH))
        x = self._norm(x)
        for layer in self._layers:
            x = layer(x, texts, length)
        middle: Floats = x[:used].reshape(texts, length, WIDTH).mean(axis=1)
        middle /= np.sqrt(np.einsum("ij,ij->i", middle, middle))[:, None]
        return middle


def _dense(weights: Mapping[str, Floats], name: str) -> _Dense:
    return _Dense(np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"].copy())


def _norm(weights: Mapping[str, Floats], name: str) -> _Norm:
    return _Norm(weights[f"{name}.weight"].copy(), weights[f"{name}.bias"].copy())


def _layer(weights: Mapping[str, Floats], place: str) -> _Layer:
    query, key, value = (_dense(weights, f"{place}attention.self.{name}") for name in ("query", "key", "value"))
    scale = 1 / math.sqrt(HEAD)
    return _Layer(
        _Dense(
            np.concatenate([query.weight * scale, key.weight, value.weight], axis=1),
            np.concatenate([query.bias * scale, key.bias, value.bias]),
        ),
        _dense(weights, f"{place}attention.output.dense"),
        _norm(weights, f"{place}attention.output.LayerNorm"),
        _dense(weights, f"{place}intermediate.dense"),
        _dense(weights, f"{place}output.dense"),
        _norm(weights, f"{place}output.LayerNorm"),
    )


def _attended(sources: Floats, texts: int, length: int) -> Floats:
    """sources: shape (rows, 3 * WIDTH).  Returns shape (rows, WIDTH): each token's view of its own text."""
    used = texts * length
    query, key, value = sources[:used].reshape(texts, length, 3, HEADS, HEAD).transpose(2, 0, 3, 1, 4)
    weight = query @ key.swapaxes(-1, -2)
    weight -= weight.max(axis=-1, keepdims=True)
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=-1, keepdims=True)
    seen = np.zeros((len(sources), WIDTH), np.float32)
    seen[:used].reshape(texts, length, HEADS, HEAD)[:] = (weight @ value).swapaxes(1, 2)
    return seen


def _gelu(x: Floats) -> Floats:
    """x times the normal distribution's share below x, in place: max(x, 0) - |x| erfc(|x| / sqrt(2)) / 2."""
    size = np.abs(x)
    t = size * ERF_P
    t += 1
    np.reciprocal(t, out=t)
    tail = t * ERF_A[0]
    for factor in ERF_A[1:]:
        tail += factor
        tail *= t
    np.multiply(size, size, out=t)
    t *= -0.5
    np.exp(t, out=t)
    tail *= t
    tail *= size
    np.maximum(x, 0, out=x)
    x -= tail
    return x

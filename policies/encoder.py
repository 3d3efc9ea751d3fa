"""One layer of a BERT encoder, computed with numpy alone: what the readers of a text's meaning are made of.

The sizes are those of all-MiniLM-L6-v2.  Nothing of a text is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

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
TILE: Final = 4  # rows that OpenBLAS multiplies at a time on x86-64; 15 rows take a quarter longer than 16


# Abramowitz and Stegun 7.1.26, |error| of erf <= 1.5e-7, for erfc(|x| / sqrt(2)) / 2.
ERF_P: Final = 0.3275911 / math.sqrt(2.0)
ERF_A: Final = tuple(a / 2 for a in (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592))

DENSE: Final = MappingProxyType(
    {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
    }
)
NORMS: Final = ("attention.output.LayerNorm", "output.LayerNorm")


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
        for name, shape in DENSE.items():
            found |= {f"{place}{name}.weight": shape, f"{place}{name}.bias": shape[:1]}
        for name in NORMS:
            found |= {f"{place}{name}.weight": (WIDTH,), f"{place}{name}.bias": (WIDTH,)}
    return found


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Dense:
    """x -> x @ weight + bias.  weight: shape (inputs, outputs), rows contiguous: the fastest for a few tokens."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        y = x @ self.weight
        y += self.bias
        return y


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Norm:
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
class Pieces:
    """What each piece of a word means by itself, and where it stands: the first step of every reader of the model."""

    words: Floats
    """Shape (VOCABULARY, WIDTH)."""
    places: Floats
    """Shape (tokens, WIDTH)."""
    norm: Norm

    def __call__(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (texts, n).  Returns shape (at least texts * n, WIDTH); the rows after those are nobody's."""
        texts, length = rows.shape
        used = texts * length
        x: Floats = np.zeros((-(-used // TILE) * TILE, WIDTH), np.float32)
        np.add(self.words[rows], self.places[:length], out=x[:used].reshape(texts, length, WIDTH))
        return self.norm(x)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Layer:
    sources: Dense
    """Query (scaled by 1 / sqrt(HEAD)), key and value side by side."""
    joined: Dense
    first_norm: Norm
    wide: Dense
    narrow: Dense
    second_norm: Norm

    def __call__(self, x: Floats, texts: int, length: int) -> Floats:
        """x: shape (at least texts * length, WIDTH); the rows after those are nobody's."""
        seen = self.joined(attended(self.sources(x), texts, length))
        seen += x
        x = self.first_norm(seen)
        thought = self.narrow(gelu(self.wide(x)))
        thought += x
        return self.second_norm(thought)


def dense(weights: Mapping[str, Floats], name: str) -> Dense:
    return Dense(np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"].copy())


def norm(weights: Mapping[str, Floats], name: str) -> Norm:
    return Norm(weights[f"{name}.weight"].copy(), weights[f"{name}.bias"].copy())


def layer_of(weights: Mapping[str, Floats], place: str) -> Layer:
    query, key, value = (dense(weights, f"{place}attention.self.{name}") for name in ("query", "key", "value"))
    scale = 1 / math.sqrt(HEAD)
    return Layer(
        Dense(
            np.concatenate([query.weight * scale, key.weight, value.weight], axis=1),
            np.concatenate([query.bias * scale, key.bias, value.bias]),
        ),
        dense(weights, f"{place}attention.output.dense"),
        norm(weights, f"{place}attention.output.LayerNorm"),
        dense(weights, f"{place}intermediate.dense"),
        dense(weights, f"{place}output.dense"),
        norm(weights, f"{place}output.LayerNorm"),
    )


def pieces_of(weights: Mapping[str, Floats], tokens: int) -> Pieces:
    """tokens: the most that will be read of a text."""
    return Pieces(
        weights["embeddings.word_embeddings.weight"].copy(),
        weights["embeddings.position_embeddings.weight"][:tokens]
        + weights["embeddings.token_type_embeddings.weight"][0],
        norm(weights, "embeddings.LayerNorm"),
    )


def attended(sources: Floats, texts: int, length: int) -> Floats:
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


def gelu(x: Floats) -> Floats:
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

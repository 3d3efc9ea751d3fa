"""The layers of all-mpnet-base-v2, computed with numpy alone: what hears urgency.  Twice as wide as `encoder`'s model.

Its vocabulary is BERT's, each piece four rows further on; begin and end are rows 0 and 2.  Beside where a token stands
it knows how far two tokens are from each other (MPNet, Song and others 2020; the buckets are T5's).  Nothing of a text
is kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from policies.encoder import TILE, Dense, Floats, dense, gelu

# The model's own sizes (its config.json).
WIDTH: Final = 768
HEADS: Final = 12
HEAD: Final = WIDTH // HEADS
INNER: Final = 4 * WIDTH
VOCABULARY: Final = 30_527
POSITIONS: Final = 514
BUCKETS: Final = 32
EPSILON: Final = 1e-5
FARTHEST: Final = 128  # tokens; whatever is farther is as far
FIRST_PLACE: Final = 2  # positions begin after that of padding
BEGIN: Final = 0
END: Final = 2
SHIFT: Final = 4
"""Row of a piece in this model's table, less its row in BERT's."""

DENSE: Final = MappingProxyType(
    {
        "attention.attn.q": (WIDTH, WIDTH),
        "attention.attn.k": (WIDTH, WIDTH),
        "attention.attn.v": (WIDTH, WIDTH),
        "attention.attn.o": (WIDTH, WIDTH),
        "intermediate.dense": (INNER, WIDTH),
        "output.dense": (WIDTH, INNER),
    }
)
NORMS: Final = ("attention.LayerNorm", "output.LayerNorm")


def shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """Every array that so many layers are made of, by its name in the file, all float32."""
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (VOCABULARY, WIDTH),
        "embeddings.position_embeddings.weight": (POSITIONS, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "encoder.relative_attention_bias.weight": (BUCKETS, HEADS),
    }
    for layer in range(layers):
        place = f"encoder.layer.{layer}."
        for name, shape in DENSE.items():
            found |= {f"{place}{name}.weight": shape, f"{place}{name}.bias": shape[:1]}
        for name in NORMS:
            found |= {f"{place}{name}.weight": (WIDTH,), f"{place}{name}.bias": (WIDTH,)}
    return found


def rows_of(pieces: Sequence[int]) -> list[int]:
    """A text's rows in BERT's table, with [CLS] and [SEP], as rows of this one."""
    return [BEGIN, *(piece + SHIFT for piece in pieces[1:-1]), END]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Norm:
    """Each row at mean 0 and variance 1, then scaled; in place."""

    weight: Floats
    bias: Floats

    @classmethod
    def of(cls, weights: Mapping[str, Floats], name: str) -> Norm:
        return cls(weights[f"{name}.weight"].copy(), weights[f"{name}.bias"].copy())

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
class Layer:
    sources: Dense
    """Query (scaled by 1 / sqrt(HEAD)), key and value side by side."""
    joined: Dense
    first_norm: Norm
    wide: Dense
    narrow: Dense
    second_norm: Norm

    @classmethod
    def of(cls, weights: Mapping[str, Floats], place: str) -> Layer:
        query, key, value = (dense(weights, f"{place}attention.attn.{name}") for name in "qkv")
        scale = 1 / math.sqrt(HEAD)
        return cls(
            Dense(
                np.concatenate([query.weight * scale, key.weight, value.weight], axis=1),
                np.concatenate([query.bias * scale, key.bias, value.bias]),
            ),
            dense(weights, f"{place}attention.attn.o"),
            Norm.of(weights, f"{place}attention.LayerNorm"),
            dense(weights, f"{place}intermediate.dense"),
            dense(weights, f"{place}output.dense"),
            Norm.of(weights, f"{place}output.LayerNorm"),
        )

    def __call__(self, x: Floats, length: int, near: Floats) -> Floats:
        """x: shape (at least length, WIDTH); what is after is nobody's.  near: shape (HEADS, length, length)."""
        seen = self.joined(attended(self.sources(x), length, near))
        seen += x
        x = self.first_norm(seen)
        thought = self.narrow(gelu(self.wide(x)))
        thought += x
        return self.second_norm(thought)


def attended(sources: Floats, length: int, near: Floats) -> Floats:
    """sources: shape (rows, 3 * WIDTH).  Returns shape (rows, WIDTH): each token's view of the text."""
    query, key, value = sources[:length].reshape(length, 3, HEADS, HEAD).transpose(1, 2, 0, 3)
    weight = query @ key.swapaxes(-1, -2)
    weight += near
    weight -= weight.max(axis=-1, keepdims=True)
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=-1, keepdims=True)
    seen = np.zeros((len(sources), WIDTH), np.float32)
    seen[:length].reshape(length, HEADS, HEAD)[:] = (weight @ value).swapaxes(0, 1)
    return seen


def buckets(length: int) -> NDArray[np.int_]:
    """Shape (length, length): into which of `BUCKETS` the way from one token to another falls."""
    way = np.arange(length)[:, None] - np.arange(length)[None, :]
    half, exact = BUCKETS // 2, BUCKETS // 4
    far = np.abs(way)
    steps = np.log(np.maximum(far, 1) / exact) / math.log(FARTHEST / exact) * (half - exact)
    large = np.minimum(exact + steps.astype(np.int_), half - 1)
    found: NDArray[np.int_] = (way < 0) * half + np.where(far < exact, far, large)
    return found


@final
class MPNet:
    """The first layers of the model.  Read by all calls.  Blocks; may run in any thread."""

    __slots__ = ("_first", "_layers", "_near", "_places", "_words")

    def __init__(self, weights: Mapping[str, Floats], layers: int, tokens: int) -> None:
        """weights: those of `shapes(layers)`, copied.  tokens: the most that will be read of a text.

        Raises KeyError for what is absent and ValueError for another shape or type.
        """
        for name, shape in shapes(layers).items():
            if weights[name].shape != shape or weights[name].dtype != np.float32:
                raise ValueError("the weights are not those of all-mpnet-base-v2")
        self._words: Final[Floats] = weights["embeddings.word_embeddings.weight"].copy()
        self._places: Final[Floats] = weights["embeddings.position_embeddings.weight"][
            FIRST_PLACE : FIRST_PLACE + tokens
        ].copy()
        self._first: Final = Norm.of(weights, "embeddings.LayerNorm")
        self._near: Final[Floats] = np.ascontiguousarray(
            weights["encoder.relative_attention_bias.weight"][buckets(tokens)].transpose(2, 0, 1)
        )
        self._layers: Final = tuple(Layer.of(weights, f"encoder.layer.{layer}.") for layer in range(layers))

    def __call__(self, rows: NDArray[np.int_]) -> Floats:
        """rows: shape (n,), of this model's table.  Returns shape (n, WIDTH)."""
        length = len(rows)
        x: Floats = np.zeros((-(-length // TILE) * TILE, WIDTH), np.float32)
        np.add(self._words[rows], self._places[:length], out=x[:length])
        x = self._first(x)
        near = self._near[:, :length, :length]
        for layer in self._layers:
            x = layer(x, length, near)
        return x[:length]

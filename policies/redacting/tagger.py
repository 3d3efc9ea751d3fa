"""A second voice: a small transformer that was taught, on texts written for it, which words of a text identify.

    tagger.tags(words, lexis)  ->  for each word how surely it identifies, and as what

It is the first layers of all-MiniLM-L6-v2 with low-rank changes (LoRA, Hu et al. 2021) and a head of its own, both in
`taught.npz`; `deploy/teaching/` holds what it was taught on and how.  It sees of a word its pieces and what the lexis
says of it.  Nothing of a text is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from policies.encoder import WIDTH, Floats, Layer, Norm, gelu, layer_of, norm
from policies.low_rank import changed, whole
from policies.redacting.counting import ORDINALS, TEENS, TENS, UNITS
from policies.redacting.found import Kind
from policies.redacting.lexis import GRAMMAR, Lexis
from policies.redacting.measures import UNITS as MEASURES
from policies.redacting.words import Word
from policies.wordpiece import WordPiece
from policies.wordpiece import words as pieces_of

LAYERS: Final = 4  # of the model's six: what fits the time a text may take
WINDOW: Final = 112  # tokens that are read at a time; the texts it was taught on had up to 128
SHARED: Final = 40  # tokens that two windows share: a word is judged in the one that shows more around it
TILE: Final = 4  # rows that OpenBLAS multiplies at a time on x86-64
KINDS: Final = (
    Kind.PERSON, Kind.PHONE, Kind.DOB, Kind.DATE, Kind.ADDRESS, Kind.MRN, Kind.SSN, Kind.EMAIL, Kind.MEMBER_ID,
    Kind.AGE_90_PLUS, Kind.CARD,
)  # fmt: skip
"""The head's outputs after the first, which is "nothing"."""
FEATURES: Final = 12
_NUMBERS: Final = frozenset({*UNITS, *TEENS, *TENS})


@dataclass(frozen=True, slots=True)
class Tag:
    """What is thought of one word."""

    sure: float
    """That it identifies somebody, from 0 to 1."""
    kind: Kind
    """As what, if it does."""


@final
class Tagger:
    """Loaded once, read by all texts.  Blocks; may run in any thread.  About 75 MB."""

    __slots__ = (
        "_features",
        "_hidden",
        "_hidden_bias",
        "_layers",
        "_norm",
        "_out",
        "_out_bias",
        "_pieces",
        "_places",
        "_words",
    )

    def __init__(self, base: Mapping[str, Floats], vocabulary: Mapping[str, int], taught: Mapping[str, Floats]) -> None:
        """base: the arrays of all-MiniLM-L6-v2 (`encoder.shapes`).  taught: those of `taught.npz`.  Raises KeyError."""
        layers = changed(base, taught, LAYERS)
        self._pieces: Final = WordPiece(vocabulary)
        self._words: Final = base["embeddings.word_embeddings.weight"].copy()
        self._places: Final = (
            base["embeddings.position_embeddings.weight"][:WINDOW] + base["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm: Final[Norm] = norm(base, "embeddings.LayerNorm")
        self._layers: Final[tuple[Layer, ...]] = tuple(
            layer_of(layers, f"encoder.layer.{layer}.") for layer in range(LAYERS)
        )
        self._features: Final = whole(taught["feat"])
        self._hidden: Final = whole(taught["h1"])
        self._hidden_bias: Final = whole(taught["hb"])
        self._out: Final = whole(taught["h2"])
        self._out_bias: Final = whole(taught["h2b"])

    def tags(self, words: Sequence[Word], lexis: Lexis) -> list[Tag]:
        """One a word."""
        read = [self._rows(word) for word in words]
        shown = features(words, lexis)
        found: list[Tag] = [Tag(0.0, Kind.PERSON)] * len(words)
        for first, end, judged_from, judged_end in _windows([len(rows) for rows in read]):
            chances = self._chances(read[first:end], shown[first:end])
            for place in range(judged_from, judged_end):
                row = chances[place - first]
                best = int(row[1:].argmax())
                found[place] = Tag(float(1 - row[0]), KINDS[best])
        for rows in read:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them
        return found

    def _rows(self, word: Word) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        return np.array(
            [row for piece in pieces_of(word.low) for row in self._pieces.pieces(piece)] or [self._pieces.unknown],
            np.intp,
        )[: WINDOW - 2]

    def _chances(self, read: Sequence[np.ndarray[tuple[int], np.dtype[np.intp]]], shown: Floats) -> Floats:
        """Shape (words, 1 + len(KINDS)); each row sums to 1."""
        sizes = [len(rows) for rows in read]
        length = sum(sizes) + 2
        x: Floats = np.zeros((-(-length // TILE) * TILE, WIDTH), np.float32)
        x[0], x[length - 1] = self._words[self._pieces.first], self._words[self._pieces.last]
        tokens = np.concatenate(read)
        x[1 : length - 1] = self._words[tokens]
        x[1 : length - 1] += np.repeat(shown @ self._features, sizes, axis=0)
        x[:length] += self._places[:length]
        tokens.fill(0)
        x = self._norm(x)
        for layer in self._layers:
            x = layer(x, 1, length)
        starts = np.cumsum([1, *sizes[:-1]])
        around = np.concatenate([x[starts - 1], x[starts], x[starts + 1]], axis=1)
        hidden = gelu(around @ self._hidden + self._hidden_bias)
        scores: Floats = hidden @ self._out + self._out_bias
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores


def features(words: Sequence[Word], lexis: Lexis) -> Floats:
    """What the lexis and the writing say of each word.  Shape (len(words), FEATURES), of 0 and 1."""
    longer = [word for word in words if word.letters and len(word.cased) > 1]
    cased = 0 < sum(word.capital for word in longer) < 0.7 * len(longer)
    found = np.zeros((len(words), FEATURES), np.float32)
    for row, word in zip(found, words, strict=True):
        low = word.low
        row[:] = (
            low in lexis.given, low in lexis.either, low in lexis.family, lexis.known(low), lexis.medical(low),
            low in GRAMMAR, low in _NUMBERS or word.cased.isdecimal(), low in ORDINALS, low in MEASURES,
            cased and word.capital and len(word.cased) > 1, len(low) == 1 and word.letters, cased,
        )  # fmt: skip
    return found


def _windows(sizes: Sequence[int]) -> list[tuple[int, int, int, int]]:
    """(first, end) words of each window and (first, end) of those that are judged in it; all words are, once."""
    found: list[tuple[int, int, int, int]] = []
    first = judged = 0
    while judged < len(sizes):
        end, used = first, 2
        while end < len(sizes) and used + sizes[end] <= WINDOW:
            used += sizes[end]
            end += 1
        if end == judged:  # what is shared leaves no room for a word of many pieces
            first = judged
            continue
        if end == len(sizes):
            found.append((first, end, judged, end))
            break
        following, shared = end, 0
        while following > first + 1 and shared + sizes[following - 1] <= SHARED:
            following -= 1
            shared += sizes[following]
        middle = min(max((following + end) // 2, judged + 1), end)
        found.append((first, end, judged, middle))
        first, judged = min(following, middle), middle
    return found

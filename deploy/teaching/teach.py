"""Teaches the tagger of redaction: `python -m deploy.teaching.teach OUT.npz [--steps N] [--from BEFORE.npz]`.

Wants jax (`pip install jax`; 0.10 was used), which nothing else here does: it is in no lock.  The base's weights stay
as they are; what is learnt is low-rank changes of the first layers' matrices (LoRA, Hu et al. 2021), their norms, what
each feature of a word adds to it, and a head over a word and its neighbours.  On two cores 100 steps take two minutes.
With `--from` the result is the mean of before and after, which forgets less (Wortsman et al. 2022, WiSE-FT).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import spacy

from deploy.teaching.learning import Learnt, adam, dropping, embedded, encoded, single, still, unchanged
from deploy.teaching.varied import NOTHING, UNTAUGHT, sample, texts
from policies import redaction, sentence_model
from policies.encoder import WIDTH
from policies.redacting.lexis import Lexis
from policies.redacting.tagger import FEATURES, KINDS, LAYERS, features
from policies.redacting.words import cut
from policies.wordpiece import WordPiece
from policies.wordpiece import words as pieces_of

HIDDEN: Final = 128
RATE: Final = 1e-3  # Adam's, rising for 50 steps, then falling to 0
UNLISTED: Final = 0.35  # of the texts have some names that no list seems to know
BATCHES: Final = {32: 32, 48: 24, 72: 16, 128: 8}
"""Tokens of the longest text in a batch, and texts in it."""
GIVEN, FAMILY = 0, 3  # the features of a listed name are those from `GIVEN` up to and without `FAMILY`
Batch = tuple[Any, Any, Any, Any]


def read(text: str, kinds: list[str], lexis: Lexis, pieces: WordPiece, chance: random.Random) -> tuple[Any, Any, Any]:
    """Rows of pieces, their features, and for each first piece of a word what it is to be, for the others -1."""
    words = cut(text)
    shown = features(words, lexis)
    if chance.random() < UNLISTED:
        shown[[chance.random() < 0.6 for _ in words], GIVEN:FAMILY] = 0
    rows, seen, wanted = [pieces.first], [np.zeros(FEATURES, np.float32)], [-1]
    names = {NOTHING: 0, UNTAUGHT: -1} | {kind.value: place for place, kind in enumerate(KINDS, 1)}
    for word, row in zip(words, shown, strict=True):
        found = [one for piece in pieces_of(word.low) for one in pieces.pieces(piece)] or [pieces.unknown]
        rows += found
        seen += [row] * len(found)
        wanted += [names[kinds[word.start]], *[-1] * (len(found) - 1)]
    return [*rows, pieces.last], [*seen, np.zeros(FEATURES, np.float32)], [*wanted, -1]


def batches(lexis: Lexis, pieces: WordPiece, chance: random.Random) -> Iterator[Batch]:
    """Without end."""
    all_texts = texts()
    marked = [text for text in all_texts if any(kind not in (NOTHING, UNTAUGHT) for _, kind in text)]
    clean = [text for text in all_texts if text not in marked]
    waiting: dict[int, list[tuple[Any, Any, Any]]] = {length: [] for length in BATCHES}
    while True:
        one = read(*sample(chance, marked, clean), lexis, pieces, chance)
        length = next((length for length in BATCHES if len(one[0]) <= length), max(BATCHES))
        waiting[length].append(one)
        if len(waiting[length]) == BATCHES[length]:
            yield _filled(waiting[length], length)
            waiting[length] = []


def _filled(together: list[tuple[Any, Any, Any]], length: int) -> Batch:
    count = len(together)
    rows, there = np.zeros((count, length), np.int32), np.zeros((count, length), np.float32)
    seen, wanted = np.zeros((count, length, FEATURES), np.float32), np.full((count, length), -1, np.int32)
    for place, one in enumerate(together):
        used = min(len(one[0]), length)
        rows[place, :used], there[place, :used] = one[0][:used], 1
        seen[place, :used], wanted[place, :used] = one[1][:used], one[2][:used]
    return rows, there, seen, wanted


def beginning() -> Learnt:
    """Nothing learnt: the base as it is, and a head of chance."""
    chance = np.random.default_rng(0)
    found = unchanged(LAYERS, chance)
    found |= {
        "feat": chance.normal(0, 0.02, (FEATURES, WIDTH)),
        "hb": np.zeros(HIDDEN),
        "h2b": np.zeros(1 + len(KINDS)),
    }
    found["h1"] = chance.normal(0, (3 * WIDTH) ** -0.5, (3 * WIDTH, HIDDEN))
    found["h2"] = chance.normal(0, 0.05, (HIDDEN, 1 + len(KINDS)))
    return single(found)


def scores(learnt: Learnt, base: Learnt, batch: Batch, key: Any) -> Any:
    """The head's outputs for each token; as `policies.redacting.tagger` computes them, but that some are dropped."""
    rows, there, seen, _ = batch
    dropped = dropping(key)
    x = encoded(learnt, base, embedded(base, rows, seen @ learnt["feat"]), there, LAYERS, dropped)
    sides = jnp.pad(x, ((0, 0), (1, 1), (0, 0)))
    around = jnp.concatenate([sides[:, :-2], x, sides[:, 2:]], -1)
    hidden = jax.nn.gelu(dropped(around) @ learnt["h1"] + learnt["hb"], approximate=False)
    return hidden @ learnt["h2"] + learnt["h2b"]


def loss(learnt: Learnt, base: Learnt, batch: Batch, key: Any) -> Any:
    chances = jax.nn.log_softmax(scores(learnt, base, batch, key))
    wanted = batch[3]
    taken = jnp.take_along_axis(chances, jnp.maximum(wanted, 0)[..., None], -1)[..., 0]
    return -(taken * (wanted >= 0)).sum() / (wanted >= 0).sum()


def _step(
    learnt: Learnt, moments: tuple[Learnt, Learnt], base: Learnt, batch: Batch, key: Any, number: Any, rate: Any
) -> Any:
    lost, slope = jax.value_and_grad(loss)(learnt, base, batch, key)
    moved, moments = adam(learnt, moments, slope, number, rate)
    return moved, moments, lost


step: Final[Any] = jax.jit(_step)


def main() -> None:
    parser = argparse.ArgumentParser(description="Teaches the tagger of redaction.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--from", dest="before", type=Path)
    given = parser.parse_args()
    base = single(dict(sentence_model.base()))
    pieces = WordPiece(sentence_model.vocabulary())
    lexis = redaction._lexis(spacy.load(redaction.MODEL, exclude=list(redaction._UNUSED)))  # noqa: SLF001  # the same words
    learnt, before = beginning(), None
    if given.before is not None:
        with np.load(given.before, allow_pickle=False) as file:
            learnt = before = {name: jnp.asarray(file[name], jnp.float32) for name in file.files}
    moments, key = still(learnt), jax.random.PRNGKey(0)
    source = batches(lexis, pieces, random.Random(0))
    for number in range(1, given.steps + 1):
        key, now = jax.random.split(key)
        rate = RATE * min(1, number / 50) * (1 - number / given.steps)
        learnt, moments, _ = step(learnt, moments, base, next(source), now, number, rate)
    kept = learnt if before is None else {name: (before[name] + array) / 2 for name, array in learnt.items()}
    halves: dict[str, Any] = {name: np.asarray(array).astype(np.float16) for name, array in kept.items()}
    np.savez_compressed(given.out, **halves)


if __name__ == "__main__":
    main()

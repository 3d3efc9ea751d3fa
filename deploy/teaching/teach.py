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

from deploy.teaching.varied import NOTHING, UNTAUGHT, sample, texts
from policies import redaction
from policies.encoder import DENSE, EPSILON, HEAD, HEADS, NORMS, WIDTH, shapes
from policies.redacting import taught
from policies.redacting.lexis import Lexis
from policies.redacting.tagger import FEATURES, KINDS, LAYERS, features
from policies.redacting.words import cut
from policies.safetensors import arrays
from policies.wordpiece import WordPiece
from policies.wordpiece import words as pieces_of

RANK: Final = 16
HIDDEN: Final = 128
RATE: Final = 1e-3  # Adam's, rising for 50 steps, then falling to 0
DROPPED: Final = 0.1
UNLISTED: Final = 0.35  # of the texts have some names that no list seems to know
BATCHES: Final = {32: 32, 48: 24, 72: 16, 128: 8}
"""Tokens of the longest text in a batch, and texts in it."""
GIVEN, FAMILY = 0, 3  # the features of a listed name are those from `GIVEN` up to and without `FAMILY`
Batch = tuple[Any, Any, Any, Any]
Learnt = dict[str, Any]


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
    found: Learnt = {}
    for layer in range(LAYERS):
        for name, (outputs, inputs) in DENSE.items():
            found[f"{layer}.{name}.A"] = chance.normal(0, inputs**-0.5, (inputs, RANK))
            found[f"{layer}.{name}.B"] = np.zeros((RANK, outputs))
        for name in NORMS:
            found |= {f"{layer}.{name}.w": np.zeros(WIDTH), f"{layer}.{name}.b": np.zeros(WIDTH)}
    found |= {
        "feat": chance.normal(0, 0.02, (FEATURES, WIDTH)),
        "hb": np.zeros(HIDDEN),
        "h2b": np.zeros(1 + len(KINDS)),
    }
    found["h1"] = chance.normal(0, (3 * WIDTH) ** -0.5, (3 * WIDTH, HIDDEN))
    found["h2"] = chance.normal(0, 0.05, (HIDDEN, 1 + len(KINDS)))
    return {name: jnp.asarray(array, jnp.float32) for name, array in found.items()}


def scores(learnt: Learnt, base: Learnt, batch: Batch, key: Any) -> Any:
    """The head's outputs for each token; as `policies.redacting.tagger` computes them, but that some are dropped."""
    rows, there, seen, _ = batch
    keys = iter(jax.random.split(key, 64))

    def dropped(x: Any) -> Any:
        return x * jax.random.bernoulli(next(keys), 1 - DROPPED, x.shape) / (1 - DROPPED)

    def normal(x: Any, weight: Any, bias: Any) -> Any:
        x = x - x.mean(-1, keepdims=True)
        return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight + bias

    count, length = rows.shape
    at = "embeddings."
    x = base[f"{at}word_embeddings.weight"][rows] + base[f"{at}position_embeddings.weight"][:length]
    x = x + base[f"{at}token_type_embeddings.weight"][0] + seen @ learnt["feat"]
    x = dropped(normal(x, base[f"{at}LayerNorm.weight"], base[f"{at}LayerNorm.bias"]))
    for layer in range(LAYERS):
        inside = f"encoder.layer.{layer}."

        def dense(x: Any, name: str, layer: int = layer, inside: str = inside) -> Any:
            plain = x @ base[f"{inside}{name}.weight"].T + base[f"{inside}{name}.bias"]
            return plain + dropped(x) @ learnt[f"{layer}.{name}.A"] @ learnt[f"{layer}.{name}.B"]

        def after(x: Any, name: str, layer: int = layer, inside: str = inside) -> Any:
            weight = base[f"{inside}{name}.weight"] + learnt[f"{layer}.{name}.w"]
            return normal(x, weight, base[f"{inside}{name}.bias"] + learnt[f"{layer}.{name}.b"])

        query, known, value = (
            dense(x, f"attention.self.{name}").reshape(count, length, HEADS, HEAD).transpose(0, 2, 1, 3)
            for name in ("query", "key", "value")
        )
        weight = jax.nn.softmax(query @ known.swapaxes(-1, -2) / HEAD**0.5 + (1 - there)[:, None, None] * -1e9, -1)
        view = (weight @ value).transpose(0, 2, 1, 3).reshape(count, length, WIDTH)
        x = after(x + dropped(dense(view, "attention.output.dense")), NORMS[0])
        wide = jax.nn.gelu(dense(x, "intermediate.dense"), approximate=False)
        x = after(x + dropped(dense(wide, "output.dense")), NORMS[1])
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
    """One of Adam's, of a slope no longer than 1, with a little decay of the matrices."""
    lost, slope = jax.value_and_grad(loss)(learnt, base, batch, key)
    cut_by = jnp.minimum(1, 1 / jnp.sqrt(sum((array * array).sum() for array in slope.values())))
    first = {name: 0.9 * moments[0][name] + 0.1 * cut_by * slope[name] for name in learnt}
    second = {name: 0.99 * moments[1][name] + 0.01 * (cut_by * slope[name]) ** 2 for name in learnt}
    moved: Learnt = {}
    for name, array in learnt.items():
        change = first[name] / (1 - 0.9**number) / (jnp.sqrt(second[name] / (1 - 0.99**number)) + 1e-8)
        moved[name] = array - rate * change - rate * 0.01 * array * (array.ndim > 1)
    return moved, (first, second), lost


step: Final[Any] = jax.jit(_step)


def main() -> None:
    parser = argparse.ArgumentParser(description="Teaches the tagger of redaction.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--from", dest="before", type=Path)
    given = parser.parse_args()
    found = arrays(taught.checked("model/model.safetensors"), shapes(), taught.BESIDE)
    if found is None:
        raise SystemExit("the sentence model's file is not as expected")
    base = {name: jnp.asarray(array) for name, array in found.items()}
    lines = taught.checked("model/vocab.txt").decode("utf-8").removesuffix("\n").split("\n")
    pieces = WordPiece({piece: row for row, piece in enumerate(lines)})
    lexis = redaction._lexis(spacy.load(redaction.MODEL, exclude=list(redaction._UNUSED)))  # noqa: SLF001  # the same words
    learnt, before = beginning(), None
    if given.before is not None:
        with np.load(given.before, allow_pickle=False) as file:
            learnt = before = {name: jnp.asarray(file[name], jnp.float32) for name in file.files}
    zeros = {name: jnp.zeros_like(array) for name, array in learnt.items()}
    moments, key = (zeros, zeros), jax.random.PRNGKey(0)
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

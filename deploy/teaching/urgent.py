"""Teaches the reader of urgency: `python -m deploy.teaching.urgent OUT.npz`.

Wants jax, see `learning.py`.  What is learnt: low-rank changes of all six layers, where to look, and an answer.

`--leave-out 4` teaches four times, each time without a quarter of the authors, and prints as JSON what is then heard in
their sentences: how well it does on people it has never heard.  Every figure of the recipe was chosen on that, none on
an evaluation set.  On two cores one teaching takes six minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from deploy.teaching.learning import Learnt, adam, dropping, embedded, encoded, single, still, unchanged
from deploy.teaching.sentences import Said, read
from policies import sentence_model
from policies.encoder import LAYERS, WIDTH
from policies.meaning import TOKENS
from policies.urgency import Urgency
from policies.wordpiece import WordPiece

THOUGHT: Final = 128
EPOCHS: Final = 6
BATCH: Final = 32
RATE: Final = 1e-3  # Adam's, rising for a tenth of the steps, then falling to 0
DROPPED_TURNS: Final = 0.3  # of the sentences, as a bad line drops words ...
DROPPED_PIECES: Final = 0.08  # ... so many of the pieces of each
SURE: Final = 0.95  # of the right label; the rest is spread, as no author is always right

Rows = list[list[int]]


def beginning() -> Learnt:
    """Nothing learnt: the base as it is, and an answer of chance."""
    chance = np.random.default_rng(0)
    found = unchanged(LAYERS, chance)
    found |= {"look": np.zeros(WIDTH), "thinkb": np.zeros(THOUGHT), "judgeb": np.zeros(len(Urgency))}
    found["think"] = chance.normal(0, 0.2, (WIDTH, THOUGHT))
    found["judge"] = chance.normal(0, 0.1, (THOUGHT, len(Urgency)))
    return single(found)


def scores(learnt: Learnt, base: Learnt, rows: Any, there: Any, key: Any) -> Any:
    """Before softmax, as `policies.urgency` computes them; but with a key some are dropped."""
    dropped = dropping(key)
    x = encoded(learnt, base, embedded(base, rows), there, LAYERS, dropped)
    looked = jax.nn.softmax(x @ learnt["look"] + (there - 1) * 1e9, -1)
    seen = dropped((x * looked[:, :, None]).sum(1))
    return jnp.tanh(seen @ learnt["think"] + learnt["thinkb"]) @ learnt["judge"] + learnt["judgeb"]


def loss(learnt: Learnt, base: Learnt, rows: Any, there: Any, wanted: Any, key: Any) -> Any:
    goal = jax.nn.one_hot(wanted, len(Urgency)) * SURE + (1 - SURE) / len(Urgency)
    return -(goal * jax.nn.log_softmax(scores(learnt, base, rows, there, key))).sum(-1).mean()


def _step(learnt: Learnt, moments: Any, base: Learnt, batch: Any, key: Any, number: Any, rate: Any) -> Any:
    lost, slope = jax.value_and_grad(loss)(learnt, base, *batch, key)
    return *adam(learnt, moments, slope, number, rate), lost


step: Final[Any] = jax.jit(_step)
asked: Final[Any] = jax.jit(lambda learnt, base, rows, there: jax.nn.softmax(scores(learnt, base, rows, there, None)))


def padded(rows: Rows, count: int) -> tuple[Any, Any]:
    """Rows of one length, a multiple of 16 so that few shapes are compiled, and which of the tokens are there."""
    length = -(-max(map(len, rows)) // 16) * 16
    found, there = np.zeros((count, length), np.int32), np.zeros((count, length), np.float32)
    there[:, 0] = 1
    for place, row in enumerate(rows):
        found[place, : len(row)], there[place, : len(row)] = row, 1
    return found, there


def noisy(row: list[int], chance: np.random.Generator) -> list[int]:
    """A sentence as a bad line may bring it."""
    if chance.random() >= DROPPED_TURNS:
        return row
    body = [piece for piece in row[1:-1] if chance.random() > DROPPED_PIECES]
    return [row[0], *(body or row[1:-1]), row[-1]]


def batches(rows: Rows, labels: Sequence[int], chance: np.random.Generator) -> Iterator[Any]:
    """All of them once, in an order of chance, those of about one length together; what is over waits for the next."""
    order, found = chance.permutation(len(rows)), []
    for start in range(0, len(order), 20 * BATCH):
        some = sorted(order[start : start + 20 * BATCH], key=lambda place: len(rows[place]))
        found += [some[place : place + BATCH] for place in range(0, len(some) - BATCH + 1, BATCH)]
    for which in chance.permutation(len(found)):
        taken = found[which]
        yield *padded([noisy(rows[place], chance) for place in taken], BATCH), np.array([labels[at] for at in taken])


def teach(base: Learnt, rows: Rows, labels: Sequence[int], seed: int) -> Learnt:
    """From the beginning."""
    learnt = beginning()
    moments, key, chance = still(learnt), jax.random.PRNGKey(seed), np.random.default_rng(seed)
    steps, number = EPOCHS * (len(rows) // BATCH), 0
    for epoch in range(EPOCHS):
        began_s, losses = time.monotonic(), []
        for batch in batches(rows, labels, chance):
            number += 1
            key, now = jax.random.split(key)
            rate = RATE * min(number / (steps / 10), (steps - number + 1) / (steps * 0.9), 1)
            learnt, moments, lost = step(learnt, moments, base, batch, now, number, rate)
            losses.append(float(lost))
        sys.stderr.write(f"epoch {epoch}: loss {np.mean(losses):.3f}, {time.monotonic() - began_s:.0f} s\n")
    return learnt


def heard(learnt: Learnt, base: Learnt, rows: Rows) -> Any:
    """How likely each urgency is, shape (texts, 4)."""
    found = np.zeros((len(rows), len(Urgency)))
    order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
    for start in range(0, len(order), BATCH):
        some = order[start : start + BATCH]
        found[some] = np.array(asked(learnt, base, *padded([rows[place] for place in some], BATCH)))[: len(some)]
    return found


def left_out(base: Learnt, said: Sequence[Said], rows: Rows, groups: int, seed: int) -> Iterator[dict[str, Any]]:
    """What is heard in each sentence by a reader that was taught without its author."""
    authors = sorted({one.author for one in said})
    for group in range(groups):
        out = set(authors[group::groups])
        kept = [place for place, one in enumerate(said) if one.author not in out]
        rest = [place for place, one in enumerate(said) if one.author in out]
        learnt = teach(base, [rows[place] for place in kept], [said[place].urgency for place in kept], seed)
        for place, likely in zip(rest, heard(learnt, base, [rows[place] for place in rest]), strict=True):
            one = said[place]
            yield {"author": one.author, "kind": one.kind, "label": int(one.urgency), "heard": likely.round(4).tolist()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Teaches the reader of urgency.")
    parser.add_argument("out", type=Path, nargs="?", help="where what was learnt goes")
    parser.add_argument("--leave-out", type=int, default=0, help="so many groups of authors, instead of OUT")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    base = single(dict(sentence_model.base()))
    pieces = WordPiece(sentence_model.vocabulary())
    said = read()
    rows = [pieces.rows(one.text, TOKENS) for one in said]
    for row in left_out(base, said, rows, given.leave_out, given.seed):
        sys.stdout.write(json.dumps(row) + "\n")
    if given.out is not None:
        learnt = teach(base, rows, [one.urgency for one in said], given.seed)
        halves: dict[str, Any] = {name: np.asarray(array).astype(np.float16) for name, array in learnt.items()}
        np.savez_compressed(given.out, **halves)


if __name__ == "__main__":
    main()

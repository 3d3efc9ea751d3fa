"""Teaches the readers of urgency and scope, and of models' sentences: `python -m deploy.teaching.urgent OUT.npz`.

Wants torch (`pip install torch`; 2.13.0 was used), which nothing else here does: it is in no lock.  What is learnt:
low-rank changes (LoRA, Hu et al. 2021) of the first layers of all-mpnet-base-v2, and of each of the two questions where
to look, and an answer.

`--leave-out K/N` leaves out every N-th author from the K-th on and prints as JSON what is then heard in their
sentences: how well it does on people it has never heard.  On two quiet cores one teaching takes an hour.

Two teachings are in use.  `policies/rules/urgency.npz`: `--keep urgency,scope --without
traps,false_alarms,forum,turned_a,turned_b,turned_c,eloquent,faithful,lively,precise`.  `policies/spoken/spoken.npz`:
`--keep spoken`, with all authors.  Taught with all of them the first hears urgency a little less well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.nn import functional

from deploy.teaching.sentences import Asked, Fault, Phrased, Said, read, read_asked, read_spoken
from policies import mpnet, sentence_model
from policies.encoder import Floats
from policies.scope import Route
from policies.urgency import LAYERS, TOKENS, Urgency
from policies.weighing import PAIR, Spoken, paired
from policies.wordpiece import WordPiece

RANK: Final = 16
THOUGHT: Final = 128
EPOCHS: Final = 3
BATCH: Final = 32
RATE: Final = 6e-4  # AdamW's, rising for a tenth of the steps, then falling to 0
HEAD_RATE: Final = 1e-3
DECAY: Final = 0.01
DROPPED: Final = 0.1
DROPPED_TURNS: Final = 0.3  # of the sentences, as a bad line drops words ...
DROPPED_PIECES: Final = 0.08  # ... so many of the pieces of each
SURE: Final = 0.95  # of the right label; the rest is spread, as no author is always right
NOWHERE: Final = -1e4

Rows = list[list[int]]


class Matrix(torch.nn.Module):
    """One of the model's, which stays, and its low-rank change, which is learnt."""

    def __init__(self, weights: Mapping[str, Floats], name: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(_tensor(weights[f"{name}.weight"]), requires_grad=False)
        self.bias = torch.nn.Parameter(_tensor(weights[f"{name}.bias"]), requires_grad=False)
        inputs, outputs = self.weight.shape[1], self.weight.shape[0]
        self.A = torch.nn.Parameter(torch.randn(inputs, RANK) / inputs**0.5)
        self.B = torch.nn.Parameter(torch.zeros(RANK, outputs))

    def forward(self, x: Any) -> Any:
        changed = functional.dropout(x, DROPPED, self.training) @ self.A @ self.B
        return functional.linear(x, self.weight, self.bias) + changed


class Norm(torch.nn.Module):
    """One of the model's with what is learnt added."""

    def __init__(self, weights: Mapping[str, Floats], name: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(_tensor(weights[f"{name}.weight"]), requires_grad=False)
        self.bias = torch.nn.Parameter(_tensor(weights[f"{name}.bias"]), requires_grad=False)
        self.w = torch.nn.Parameter(torch.zeros_like(self.weight))
        self.b = torch.nn.Parameter(torch.zeros_like(self.bias))

    def forward(self, x: Any) -> Any:
        shape = (mpnet.WIDTH,)
        return functional.layer_norm(x.float(), shape, self.weight + self.w, self.bias + self.b, mpnet.EPSILON)


class Question(torch.nn.Module):
    """Where to look in a text, and the answer."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.look = torch.nn.Parameter(torch.zeros(mpnet.WIDTH))
        self.think = torch.nn.Linear(mpnet.WIDTH, THOUGHT)
        self.judge = torch.nn.Linear(THOUGHT, answers)

    def forward(self, x: Any, there: Any) -> Any:
        looked = torch.softmax(x @ self.look + (there - 1) * -NOWHERE, -1)
        seen = functional.dropout((x * looked[..., None]).sum(1), DROPPED, self.training)
        return self.judge(torch.tanh(self.think(seen)))


class Reader(torch.nn.Module):
    """As `policies.urgency` and `policies.mpnet` compute it; while it is taught, some is dropped."""

    def __init__(self, base: Mapping[str, Floats]) -> None:
        super().__init__()
        self.words = _tensor(base["embeddings.word_embeddings.weight"])
        self.places = _tensor(base["embeddings.position_embeddings.weight"])
        self.first = (_tensor(base["embeddings.LayerNorm.weight"]), _tensor(base["embeddings.LayerNorm.bias"]))
        self.near = _tensor(base["encoder.relative_attention_bias.weight"])
        names = [f"encoder.layer.{layer}." for layer in range(LAYERS)]
        self.dense = torch.nn.ModuleList(
            torch.nn.ModuleDict({_key(name): Matrix(base, inside + name) for name in mpnet.DENSE}) for inside in names
        )
        self.norms = torch.nn.ModuleList(
            torch.nn.ModuleDict({_key(name): Norm(base, inside + name) for name in mpnet.NORMS}) for inside in names
        )
        self.questions = torch.nn.ModuleDict(
            {"urgency": Question(len(Urgency)), "scope": Question(len(Route)), "spoken": Question(len(Spoken))}
        )

    def forward(self, rows: Any, there: Any, question: str) -> Any:
        """rows, there: shape (texts, n).  Returns scores before softmax, shape (texts, answers)."""
        count, length = rows.shape
        x = self.words[rows] + self.places[mpnet.FIRST_PLACE : mpnet.FIRST_PLACE + length]
        x = self._drop(functional.layer_norm(x, (mpnet.WIDTH,), *self.first, mpnet.EPSILON))
        near = self.near[torch.from_numpy(mpnet.buckets(length))].permute(2, 0, 1)[None]
        seen_by = near + ((1 - there) * NOWHERE)[:, None, None, :]
        for dense, norms in zip(self.dense, self.norms, strict=True):
            query, known, value = (
                dense[_key(f"attention.attn.{name}")](x).view(count, length, mpnet.HEADS, mpnet.HEAD).transpose(1, 2)
                for name in "qkv"
            )
            view = functional.scaled_dot_product_attention(query, known, value, attn_mask=seen_by.to(query.dtype))
            view = dense[_key("attention.attn.o")](view.transpose(1, 2).reshape(count, length, mpnet.WIDTH))
            x = norms[_key("attention.LayerNorm")](x + self._drop(view))
            wide = functional.gelu(dense[_key("intermediate.dense")](x))
            x = norms[_key("output.LayerNorm")](x + self._drop(dense[_key("output.dense")](wide)))
        return self.questions[question](x.float(), there)

    def _drop(self, x: Any) -> Any:
        return functional.dropout(x, DROPPED, self.training)

    def learnt(self, keep: Collection[str]) -> dict[str, Floats]:
        """As the readers take it.  keep: the questions that are wanted."""
        found: dict[str, Any] = {}
        for layer, (dense, norms) in enumerate(zip(self.dense, self.norms, strict=True)):
            for name in mpnet.DENSE:
                found[f"{layer}.{name}.A"], found[f"{layer}.{name}.B"] = dense[_key(name)].A, dense[_key(name)].B
            for name in mpnet.NORMS:
                found[f"{layer}.{name}.w"], found[f"{layer}.{name}.b"] = norms[_key(name)].w, norms[_key(name)].b
        for name, one in self.questions.items():
            if name not in keep:
                continue
            found |= {f"{name}.look": one.look, f"{name}.think": one.think.weight.T, f"{name}.thinkb": one.think.bias}
            found |= {f"{name}.judge": one.judge.weight.T, f"{name}.judgeb": one.judge.bias}
        return {name: array.detach().numpy().astype(np.float16) for name, array in found.items()}


def _tensor(array: Floats) -> Any:
    return torch.from_numpy(array.copy())


def _key(name: str) -> str:
    return name.replace(".", "_")  # torch allows no dot in a module's name


def padded(rows: Rows) -> tuple[Any, Any]:
    """Rows of one length, and which of the tokens are there."""
    length = max(map(len, rows))
    found, there = np.zeros((len(rows), length), np.int64), np.zeros((len(rows), length), np.float32)
    for place, row in enumerate(rows):
        found[place, : len(row)], there[place, : len(row)] = row, 1
    return torch.from_numpy(found), torch.from_numpy(there)


def noisy(row: list[int], chance: np.random.Generator) -> list[int]:
    """A sentence as a bad line may bring it."""
    if chance.random() >= DROPPED_TURNS:
        return row
    body = [piece for piece in row[1:-1] if chance.random() > DROPPED_PIECES]
    return [row[0], *(body or row[1:-1]), row[-1]]


def batches(rows: Rows, chance: np.random.Generator) -> Iterator[list[int]]:
    """All places once, in an order of chance, those of about one length together."""
    order, found = chance.permutation(len(rows)), []
    for start in range(0, len(order), 30 * BATCH):
        some = sorted(order[start : start + 30 * BATCH], key=lambda place: len(rows[place]))
        found += [some[place : place + BATCH] for place in range(0, len(some) - BATCH + 1, BATCH)]
    for which in chance.permutation(len(found)):
        yield found[which]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts, and what is to be answered to one question about them."""

    question: str
    rows: Rows
    labels: Sequence[int]
    answers: int
    over_the_line: bool = True
    """They come over a bad line; what a model writes does not."""


def teach(base: Mapping[str, Floats], lessons: Sequence[Lesson], seed: int) -> Reader:
    """From the beginning; the lessons' batches in an order of chance."""
    torch.manual_seed(seed)
    chance, reader = np.random.default_rng(seed), Reader(base)
    named = [(name, one) for name, one in reader.named_parameters() if one.requires_grad]
    head = [one for name, one in named if name.startswith("questions")]
    body = [one for name, one in named if not name.startswith("questions")]
    groups = [{"params": body, "lr": RATE}, {"params": head, "lr": HEAD_RATE}]
    steps = EPOCHS * sum(len(lesson.rows) // BATCH for lesson in lessons)
    adam = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=DECAY)
    pace = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min((step + 1) / (steps * 0.1), max(0.0, (steps - step) / (steps * 0.9)), 1.0)
    )
    goals = {
        lesson.question: torch.from_numpy(
            (np.eye(lesson.answers)[lesson.labels] * SURE + (1 - SURE) / lesson.answers).astype(np.float32)
        )
        for lesson in lessons
    }
    for epoch in range(EPOCHS):
        began_s, losses = time.monotonic(), []
        reader.train()
        work = [(lesson, taken) for lesson in lessons for taken in batches(lesson.rows, chance)]
        for place in chance.permutation(len(work)):
            lesson, taken = work[place]
            rows = [lesson.rows[each] for each in taken]
            with torch.autocast("cpu", torch.bfloat16):
                scores = reader(
                    *padded([noisy(row, chance) for row in rows] if lesson.over_the_line else rows), lesson.question
                )
            loss = -(goals[lesson.question][taken] * functional.log_softmax(scores.float(), -1)).sum(-1).mean()
            adam.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*body, *head], 1.0)
            adam.step()
            pace.step()
            losses.append(loss.item())
        sys.stderr.write(f"epoch {epoch}: loss {np.mean(losses):.3f}, {time.monotonic() - began_s:.0f} s\n")
    reader.eval()
    return reader


def heard(reader: Reader, rows: Rows, question: str) -> Iterator[list[float]]:
    """How likely each answer is, of each text."""
    with torch.no_grad():
        for row in rows:
            yield torch.softmax(reader(*padded([row]), question), -1)[0].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description="Teaches the reader of urgency.")
    parser.add_argument("out", type=Path, help="where what was learnt goes")
    parser.add_argument("--leave-out", default="", metavar="K/N", help="every N-th author from the K-th on")
    parser.add_argument("--without", default="", metavar="AUTHORS", help="files that are not taught")
    parser.add_argument("--keep", default="urgency,scope,spoken", metavar="QUESTIONS", help="what goes into the file")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    pieces = WordPiece(sentence_model.vocabulary())

    def rows(some: Sequence[Said | Asked]) -> Rows:
        return [mpnet.rows_of(pieces.rows(one.text, TOKENS)) for one in some]

    def pairs(some: Sequence[Phrased]) -> Rows:
        return [paired(*(mpnet.rows_of(pieces.rows(text, PAIR)) for text in (one.text, one.passage))) for one in some]

    said, asked, phrased = read(), read_asked(), read_spoken()
    out = _left_out([*said, *asked, *phrased], given.leave_out) | set(filter(None, given.without.split(",")))
    urgent = [one for one in said if one.author not in out]
    scope = [one for one in asked if one.author not in out]
    spoken = [one for one in phrased if one.author not in out]
    lessons = [
        Lesson("urgency", rows(urgent), [one.urgency for one in urgent], len(Urgency)),
        Lesson("scope", rows(scope), [list(Route).index(one.route) for one in scope], len(Route)),
        Lesson("spoken", pairs(spoken), list(map(_safe, spoken)), len(Spoken), over_the_line=False),
    ]
    reader = teach(sentence_model.strong(), lessons, given.seed)
    np.savez_compressed(given.out, **reader.learnt(given.keep.split(",")))  # type: ignore[arg-type]  # numpy: its own flag
    rest = [one for one in said if one.author in out]
    for one, likely in zip(rest, heard(reader, rows(rest), "urgency"), strict=True):
        row = {"author": one.author, "kind": one.kind, "label": int(one.urgency), "heard": likely}
        sys.stdout.write(json.dumps(row) + "\n")
    other = [one for one in asked if one.author in out]
    for each, likely in zip(other, heard(reader, rows(other), "scope"), strict=True):
        row = {"author": each.author, "label": each.route.value, "heard": likely}
        sys.stdout.write(json.dumps(row) + "\n")
    left = [one for one in phrased if one.author in out]
    for phrase, likely in zip(left, heard(reader, pairs(left), "spoken"), strict=True):
        row = {"author": phrase.author, "fault": phrase.fault.value, "heard": likely}
        sys.stdout.write(json.dumps(row) + "\n")


def _safe(one: Phrased) -> int:
    return Spoken.SAFE if one.fault is Fault.SAFE else Spoken.UNSAFE


def _left_out(some: Sequence[Said | Asked | Phrased], which: str) -> set[str]:
    if not which:
        return set()
    first, step = map(int, which.split("/"))
    return set(sorted({one.author for one in some})[first::step])


if __name__ == "__main__":
    main()

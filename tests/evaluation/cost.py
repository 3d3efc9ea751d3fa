"""What one utterance costs: rules, reader, and the whole clinical layer with its embeddings.  One thread, no queue."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from policies.guardrails import screen_utterance
from policies.meaning import Meaning
from policies.phi import PHI, Utterance
from policies.redflags import RedFlags
from policies.scope import routed
from policies.urgency import UrgencyReader
from tests.evaluation.board import Board, quantile
from tests.evaluation.sets import Sets

ROUNDS: Final = 3
RULES_BAR_MS: Final = 10.0
WHOLE_BAR_MS: Final = 50.0


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one utterance, the median of the rounds' quantiles."""

    wall_p50: float
    wall_p95: float
    cpu_p50: float
    cpu_p95: float


def timed(work: Callable[[str], object], texts: Sequence[str], rounds: int = ROUNDS) -> Spent:
    """Each text once a round, after one that is not counted."""
    work(texts[0])
    found: list[tuple[float, float, float, float]] = []
    for _ in range(rounds):
        wall_ms, cpu_ms = [], []
        for text in texts:
            wall, cpu = time.perf_counter(), time.thread_time()
            work(text)
            cpu_ms.append(1000 * (time.thread_time() - cpu))
            wall_ms.append(1000 * (time.perf_counter() - wall))
        found.append((quantile(wall_ms, 0.5), quantile(wall_ms, 0.95), quantile(cpu_ms, 0.5), quantile(cpu_ms, 0.95)))
    return Spent(*(statistics.median(column) for column in zip(*found, strict=True)))


def tell(board: Board, name: str, spent: Spent, bar_ms: float | None = None) -> None:
    """Wall time against the bar, CPU time beside it."""
    if bar_ms is None:
        board.say(f"{name}, wall", f"p50 {spent.wall_p50:.1f}, p95 {spent.wall_p95:.1f} ms")
    else:
        board.within(f"{name}, wall", spent.wall_p50, spent.wall_p95, bar_ms)
    board.say(f"{name}, CPU", f"p50 {spent.cpu_p50:.1f}, p95 {spent.cpu_p95:.1f} ms")


def load_note(before: tuple[float, float, float]) -> str:
    after = os.getloadavg()
    return f"load average of a minute: {before[0]:.2f} before, {after[0]:.2f} after; {os.cpu_count()} cores"


def evaluate(sets: Sets, reader: UrgencyReader, rules: RedFlags, meaning: Meaning) -> Board:
    names = ("redflag_dev.jsonl", "scope_dev.jsonl")
    texts = [str(line["text"]) for name in names for line in sets.lines(name)]
    before = os.getloadavg()

    def whole(text: str) -> object:
        words = PHI(text)
        urgency, scope = reader.read(words)
        said = Utterance(words, doubtful=False, urgency=urgency, scope=scope)
        return screen_utterance(said, rules), routed(scope.reveal())

    board = Board("Cost of one utterance")
    tell(board, "rules", timed(rules.judge, texts), RULES_BAR_MS)
    tell(board, "reader", timed(lambda text: reader.read(PHI(text)), texts))
    tell(board, "whole clinical layer", timed(whole, texts), WHOLE_BAR_MS)
    tell(board, "meaning, for retrieval", timed(lambda text: meaning.vector(PHI(text)), texts))
    lengths = sorted(len(text.split()) for text in texts)
    board.notes.append(
        f"{len(texts)} texts of {lengths[0]} to {lengths[-1]} words, half of them up to {statistics.median(lengths):g};"
        f" medians of {ROUNDS} rounds"
    )
    board.notes.append(load_note(before))
    return board

"""What it costs to keep nothing: the same calls to the service, without its guards, and to one that keeps.  Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Final

from tests.bench.rows import REPORTED, Row, Run, shares, times
from tests.bench.score import MISSING, ScoredCall, ScoredTurn, quantile

GUARDED: Final = ("guarded", "guarded-again")
UNGUARDED: Final = ("unguarded", "unguarded-again")
REDACTED: Final = ("redacted", "redacted-again")
MOST: Final = 0.10  # of the reply gap's 95th percentile
ALIKE: Final = 0.8  # of two transcripts of one answer; two different passages have less than half


def rows(runs: Sequence[Run]) -> list[Row]:
    """Nothing where nothing was compared."""
    if not any(call.part in GUARDED for run in runs for call in run):
        return []
    there = [gap for run in runs for gap in _gaps(run, GUARDED)]
    without = [gap for run in runs for gap in _gaps(run, UNGUARDED)]
    share = quantile(there, 0.95) / quantile(without, 0.95) - 1
    return [
        times("reply gap, as shipped (ms)", runs, lambda run: _gaps(run, GUARDED), note="4 calls at once"),
        times("  without locks, scrubbing, forgetting", runs, lambda run: _gaps(run, UNGUARDED)),
        Row("  dearer at the 95th percentile", None, None, share, len(there), f"<= {MOST:.0%}", share <= MOST),
        _same("answers the same as without guards", runs, (GUARDED, UNGUARDED)),
        _same("  as in another run with them", runs, (GUARDED[:1], GUARDED[1:])),
        times("reply gap, redacted transcripts kept (ms)", runs, lambda run: _gaps(run, REDACTED)),
        _same("answers the same with zero retention on and off", runs, (GUARDED, REDACTED)),
    ]


def _same(measure: str, runs: Sequence[Run], parts: tuple[Sequence[str], Sequence[str]]) -> Row:
    """Two calls of one script say the same, turn by turn; the second row is what chance alone takes off."""
    found = shares(measure, runs, lambda run: [_alike(one.told, other.told) for one, other in _pairs(run, *parts)])
    return Row(found.measure, None, None, found.share, found.n, REPORTED, None, found.note)


def _gaps(run: Run, parts: Sequence[str]) -> list[float]:
    gaps = [turn.answer_gap_ms for call in run if call.part in parts for turn in call.turns if not turn.cut_into]
    return [gap for gap in gaps if gap != MISSING]


def _pairs(run: Run, one: Sequence[str], other: Sequence[str]) -> list[tuple[ScoredTurn, ScoredTurn]]:
    """Turns that were heard out in both."""
    calls: dict[tuple[str, str], ScoredCall] = {(call.part, call.name): call for call in run}
    found = []
    for first, second in zip(one, other, strict=True):
        for (part, name), call in calls.items():
            twin = calls.get((second, name))
            if part == first and twin is not None:
                found += [(a, b) for a, b in zip(call.turns, twin.turns, strict=False) if a.told and b.told]
    return found


def _alike(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALIKE

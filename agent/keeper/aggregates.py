"""Calls by the day, for each agent: counts and medians of buckets, and no ref of any call; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

from policies import closed
from policies.closed import Choice, Flag
from policies.objectives import Covered
from policies.records import FEW, MANY, CallMetrics

_CHOICES: Final = {name: kind for name, kind in closed.kinds_of(CallMetrics).items() if isinstance(kind, Choice)}
ENUMS: Final = tuple(_CHOICES)
SUMS: Final = tuple(name for name, kind in closed.kinds_of(CallMetrics).items() if kind in (MANY, FEW))
FLAGS: Final = tuple(name for name, kind in closed.kinds_of(CallMetrics).items() if isinstance(kind, Flag))
OBJECTIVES: Final = tuple(name for name, kind in _CHOICES.items() if kind.of is Covered)
COMPLETE: Final = frozenset({Covered.ANSWERED.value, Covered.ESCALATED.value})
MEDIANS: Final = ("duration_s", "to_person_s", "gap_p50_ms", "gap_p95_ms")


def words_of(name: str) -> list[str]:
    """What one of `ENUMS` may be."""
    return [*(member.value for member in _CHOICES[name].of), *([closed.NONE] if _CHOICES[name].optional else [])]


def daily(records: Iterable[CallMetrics]) -> list[dict[str, object]]:
    """One row for each day and agent with calls, oldest first."""
    found: defaultdict[tuple[int, str], list[CallMetrics]] = defaultdict(list)
    for record in records:
        found[record.hour // 24, record.agent].append(record)
    return [_row(day, agent, held) for (day, agent), held in sorted(found.items())]


def _row(day: int, agent: str, held: list[CallMetrics]) -> dict[str, object]:
    wires = [closed.to_wire(record) for record in held]
    return {
        "day": (date(1970, 1, 1) + timedelta(days=day)).isoformat(),
        "agent": agent,
        "calls": len(held),
        **{name: dict(sorted(Counter(str(wire[name]) for wire in wires).items())) for name in ENUMS},
        **{name: sum(int(wire[name]) for wire in wires) for name in (*SUMS, *FLAGS)},
        **{name: _median([int(wire[name]) for wire in wires]) for name in MEDIANS},
        "completed_percent": {
            name: _percent(covered)
            for name in OBJECTIVES
            if (covered := [str(wire[name]) for wire in wires if wire[name] != Covered.NONE.value])
        },
    }


def _percent(covered: list[str]) -> int:
    """Of the calls that were to ask it, those in which it was answered or a person was fetched for it; rounded down."""
    return 100 * sum(one in COMPLETE for one in covered) // len(covered)


def _median(edges: list[int]) -> int:
    """The lower one of two: it is an edge of the bucket still."""
    return sorted(edges)[(len(edges) - 1) // 2]

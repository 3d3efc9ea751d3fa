"""The scoreboard: what was measured, its bar, how much was found and how sure that is.  Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

Z: Final = 1.959964  # the normal quantile of a two-sided 95 % interval
REPORTED: Final = "reported"


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def rate(self) -> float:
        """Not a number where there is nothing to count."""
        return self.count / self.of if self.of else math.nan

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the rate (E. B. Wilson, JASA 22, 1927); all of 0 to 1 where nothing was counted."""
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.rate
        middle = p + Z * Z / (2 * n)
        half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        whole = 1 + Z * Z / n
        return max(0.0, (middle - half) / whole), min(1.0, (middle + half) / whole)

    def __str__(self) -> str:
        if not self.of:
            return "nothing to count"
        low, high = self.interval()
        return f"{self.rate:.1%} ({self.count} of {self.of}; {low:.1%} to {high:.1%})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the scoreboard."""

    measure: str
    bar: str
    found: str
    met: bool | None = None
    """None: reported only."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One thing that went wrong."""

    where: str
    id: str
    expected: str
    got: str
    text: str
    """What was said; shown on the terminal and nowhere else."""


@dataclass(slots=True)
class Board:
    """One part's lines and misses."""

    title: str
    rows: list[Row] = field(default_factory=list)
    misses: list[Miss] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def at_least(self, measure: str, found: Share, bar: float) -> None:
        self.rows.append(Row(measure, f">= {bar:.4g} %", str(found), bool(found.of) and 100 * found.rate >= bar - 1e-9))

    def at_most(self, measure: str, found: Share, bar: float) -> None:
        self.rows.append(Row(measure, f"<= {bar:.4g} %", str(found), bool(found.of) and 100 * found.rate <= bar + 1e-9))

    def loses_at_most(self, measure: str, lost: float, found: str, bar: float) -> None:
        """lost: points, see `loss`."""
        self.rows.append(Row(measure, f"<= {bar:g} points lost", f"{lost:+.1f} points: {found}", lost <= bar + 1e-9))

    def within(self, measure: str, p50: float, p95: float, bar: float) -> None:
        """In milliseconds; the bar is on the 95th percentile."""
        self.rows.append(Row(measure, f"p95 <= {bar:g} ms", f"p50 {p50:.1f}, p95 {p95:.1f} ms", p95 <= bar))

    def say(self, measure: str, found: object) -> None:
        self.rows.append(Row(measure, REPORTED, str(found)))

    def take(self, part: Board) -> None:
        """Another board's lines under its title, and its misses."""
        self.rows += [replace(row, measure=f"{part.title}: {row.measure}") for row in part.rows]
        self.misses += part.misses

    @property
    def met(self) -> bool:
        """Every bar is."""
        return all(row.met is not False for row in self.rows)

    def printed(self, *, with_text: bool = True) -> str:
        """For the terminal: the lines, then every miss."""
        heads = ("measure", "bar", "found", "")
        shown = [(r.measure, r.bar, r.found, {True: "met", False: "NOT MET", None: ""}[r.met]) for r in self.rows]
        wide = [max(len(line[at]) for line in [heads, *shown]) for at in range(len(heads))]
        lines = [
            "  ".join(part.ljust(width) for part, width in zip(line, wide, strict=True)) for line in (heads, *shown)
        ]
        misses = [
            f"  {m.where}  {m.id}  {m.expected} > {m.got}{f'  | {m.text}' if with_text else ''}" for m in self.misses
        ]
        parts = [f"== {self.title}", *(line.rstrip() for line in lines), *(f"  {note}" for note in self.notes)]
        return "\n".join([*parts, *([f"-- misses: {len(misses)}"] if misses else []), *misses]) + "\n"


def loss(text: Share, spoken: Share, *, more_is_better: bool) -> float:
    """Points that are lost when what was written is spoken; less than nothing where it got better."""
    if not (text.of and spoken.of):
        return math.nan
    return 100 * (text.rate - spoken.rate if more_is_better else spoken.rate - text.rate)


def quantile(values: Iterable[float], share: float) -> float:
    """The nearest rank: the smallest value that so large a share of them does not exceed."""
    ordered: Sequence[float] = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

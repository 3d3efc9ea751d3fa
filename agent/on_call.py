"""Who is rung when a caller needs a nurse, as a file that a charge nurse can edit.  Checked before calls are taken.

One file `<folder>/<name>.toml`, which an agent's file names: `[about]` with its owner, then `[[rung]]` tables in the
order in which they are rung.
"""

from __future__ import annotations

import contextlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, Final

from agent.lines import E164
from policies.phi import PHI
from telephony.transfer import Ladder, Rank, Rung

MOST_RUNGS: Final = 8
MOST_AT_ONCE: Final = 3  # telephony dossier, 1.4: a ring group of at most three
SHORTEST_RING_S: Final = 10
LONGEST_RING_S: Final = 30
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_KEYS: Final = frozenset({"rank", "numbers", "ring_s", "hours"})


class OnCallRefused(Exception):
    """A file of who is on call can't be used.  One sentence that names the file, the rung and what to do."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Of a day, in the agent's time zone; past midnight where it ends before it begins."""

    begin: time
    end: time

    def hold(self, now: time) -> bool:
        if self.begin <= self.end:
            return self.begin <= now < self.end
        return now >= self.begin or now < self.end


@dataclass(frozen=True, slots=True)
class Listed:
    """One rung of the file."""

    rank: Rank
    numbers: tuple[str, ...]
    """E.164."""
    ring_ms: int
    hours: Hours | None
    """None: always."""


@dataclass(frozen=True, slots=True, eq=False)
class OnCall:
    """Who may be rung now."""

    numbers: tuple[PHI[str], ...]
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class OnCallList:
    """One file."""

    rungs: tuple[Listed, ...]

    def at(self, now: time) -> OnCall:
        """now: in the agent's time zone."""
        rungs = [rung for rung in self.rungs if rung.hours is None or rung.hours.hold(now)]
        numbers = list(dict.fromkeys(number for rung in rungs for number in rung.numbers))
        ladder = [Rung(rung.rank, tuple(map(numbers.index, rung.numbers)), rung.ring_ms) for rung in rungs]
        return OnCall(tuple(map(PHI, numbers)), ladder)


def load(folder: Path, name: str, answered: Iterable[str]) -> OnCallList:
    """answered: numbers that agents answer, of which none can be a nurse's.  Raises `OnCallRefused`."""
    file = f"{name}.toml"
    if not NAME.fullmatch(name):
        raise OnCallRefused("on_call: name a file with small letters, digits and hyphens")
    table: Mapping[str, Any] | None = None
    with contextlib.suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        table = tomllib.loads((folder / file).read_text("utf-8"))
    if table is None:
        raise OnCallRefused(f"{file}: put this file, as TOML, into the folder that QUIETLINE_ON_CALL names")
    return _read(file, table, frozenset(answered))


def _read(file: str, table: Mapping[str, Any], answered: frozenset[str]) -> OnCallList:
    about, rungs = table.get("about"), table.get("rung")
    if not isinstance(about, dict) or set(about) != {"owner"} or not str(about["owner"]).strip():
        raise OnCallRefused(f"{file}: about: must hold the owner of this list, and nothing else")
    if set(table) - {"about", "rung"} or not isinstance(rungs, list) or not 1 <= len(rungs) <= MOST_RUNGS:
        raise OnCallRefused(f"{file}: must hold [about] and 1 to {MOST_RUNGS} [[rung]] tables")
    return OnCallList(tuple(_rung(f"{file}: rung {n}", rung, answered) for n, rung in enumerate(rungs, 1)))


def _rung(place: str, rung: object, answered: frozenset[str]) -> Listed:
    if not isinstance(rung, dict) or set(rung) - _KEYS or not {"rank", "numbers", "ring_s"} <= set(rung):
        raise OnCallRefused(f"{place}: must hold rank, numbers, ring_s and, if not always, hours")
    numbers, ring_s, hours = rung["numbers"], rung["ring_s"], rung.get("hours", "")
    rank = next((rank for rank in Rank if rank.value == rung["rank"]), None)
    if rank is None:
        raise OnCallRefused(f"{place}: rank: must be " + " or ".join(rank.value for rank in Rank))
    fits = isinstance(numbers, list) and all(isinstance(number, str) and E164.fullmatch(number) for number in numbers)
    if not fits or not 1 <= len(set(numbers)) == len(numbers) <= MOST_AT_ONCE:
        raise OnCallRefused(f"{place}: numbers: must be 1 to {MOST_AT_ONCE} in E.164, as +12025550142, each once")
    if answered & set(numbers):
        raise OnCallRefused(f"{place}: numbers: one is answered by an agent, no person would come")
    if isinstance(ring_s, bool) or not isinstance(ring_s, int) or not SHORTEST_RING_S <= ring_s <= LONGEST_RING_S:
        raise OnCallRefused(f"{place}: ring_s: must be {SHORTEST_RING_S} to {LONGEST_RING_S}")
    return Listed(rank, tuple(numbers), ring_s * 1_000, _hours(place, hours))


def _hours(place: str, text: object) -> Hours | None:
    if text == "":
        return None
    found = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise OnCallRefused(f"{place}: hours: must be such as 07:00-19:00")
    begin_h, begin_m, end_h, end_m = map(int, found.groups())
    return Hours(time(begin_h, begin_m), time(end_h, end_m))

"""A file of who is on call, checked: rungs in the order in which they are rung, and nurses who have a name there.

One file `<folder>/<name>.toml`, which an agent's file names: `[about]` with its owner, `[[rung]]` tables, and
`[[nurse]]` tables for those who say themselves whether they are available.  Line and keeper check it by the same rules.
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
from agent.pins import PIN_HASH

RANKS: Final = ("unit", "charge", "supervisor", "on_call")
"""Those of `telephony.transfer.Rank`, which the keeper does not load; a test compares."""
MOST_RUNGS: Final = 8
MOST_AT_ONCE: Final = 3  # telephony dossier, 1.4: a ring group of at most three
SHORTEST_RING_S: Final = 10
LONGEST_RING_S: Final = 30
LARGEST_BYTES: Final = 65_536  # the longest list that is taken is about 5 KiB; the rest is comments
LONGEST_OWNER: Final = 80
NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
NAMED: Final = "small letters, digits and hyphens"
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_RUNG: Final = frozenset({"rank", "numbers", "ring_s", "hours"})
_NURSE: Final = frozenset({"id", "number", "pin"})


class OnCallRefused(Exception):
    """A file of who is on call can't be used.  One sentence that names the file, the place and what to do."""


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

    rank: str
    """One of `RANKS`."""
    numbers: tuple[str, ...]
    """E.164."""
    ring_s: int
    hours: Hours | None
    """None: always."""


@dataclass(frozen=True, slots=True)
class Nurse:
    """One who may be said not to be available.  A number without a nurse always is."""

    id: str
    """What she is called in this list; never a number."""
    number: str
    """E.164; stands on a rung."""
    pin: str
    """`agent.pins.hashed`; empty: not by telephone."""


@dataclass(frozen=True, slots=True)
class OnCallFile:
    """One file."""

    rungs: tuple[Listed, ...]
    nurses: tuple[Nurse, ...] = ()

    def nurse(self, id_: str) -> Nurse | None:
        return next((nurse for nurse in self.nurses if nurse.id == id_), None)


def load(folder: Path, name: str, answered: Iterable[str]) -> OnCallFile:
    """answered: numbers that agents answer, of which none can be a nurse's.  Raises `OnCallRefused`."""
    check_name(name)
    content = None
    with contextlib.suppress(OSError):
        content = content_of(folder / f"{name}.toml")
    table = None if content is None else table_in(content)
    if table is None:
        raise OnCallRefused(f"{name}.toml: put this file, as TOML, into the folder that QUIETLINE_ON_CALL names")
    return read(name, table, answered)


def check_name(name: str) -> None:
    """Raises `OnCallRefused`."""
    if not NAME.fullmatch(name):
        raise OnCallRefused(f"on_call: name a file with {NAMED}")


def content_of(file: Path) -> bytes:
    """The file's bytes, of one that is too large no more than shows it.  Raises `OSError`."""
    with file.open("rb") as opened:
        return opened.read(LARGEST_BYTES + 1)


def table_in(content: bytes) -> Mapping[str, Any] | None:
    """The keys of a file; None where it is no TOML, or too large."""
    table: Mapping[str, Any] | None = None
    if len(content) <= LARGEST_BYTES:
        with contextlib.suppress(UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
            table = tomllib.loads(content.decode("utf-8"))
    return table


def read(name: str, table: Mapping[str, Any], answered: Iterable[str]) -> OnCallFile:
    """The file that these keys make.  answered: as for `load`.  Raises `OnCallRefused`."""
    file, taken = f"{name}.toml", frozenset(answered)
    about, rungs, nurses = table.get("about"), table.get("rung"), table.get("nurse", [])
    if not isinstance(about, dict) or set(about) != {"owner"} or not _is_owner(about["owner"]):
        raise OnCallRefused(f"{file}: about: must hold the owner of this list, and nothing else")
    if set(table) - {"about", "rung", "nurse"} or not isinstance(rungs, list) or not 1 <= len(rungs) <= MOST_RUNGS:
        raise OnCallRefused(f"{file}: must hold [about], 1 to {MOST_RUNGS} [[rung]] tables and any [[nurse]] tables")
    listed = tuple(_rung(f"{file}: rung {n}", rung, taken) for n, rung in enumerate(rungs, 1))
    if not isinstance(nurses, list) or len(nurses) > MOST_RUNGS * MOST_AT_ONCE:
        raise OnCallRefused(f"{file}: nurse: must be at most {MOST_RUNGS * MOST_AT_ONCE} [[nurse]] tables")
    named = tuple(_nurse(f"{file}: nurse {n}", nurse, listed) for n, nurse in enumerate(nurses, 1))
    if any(len({getattr(nurse, key) for nurse in named}) < len(named) for key in ("id", "number")):
        raise OnCallRefused(f"{file}: nurse: each id and each number must stand once")
    return OnCallFile(listed, named)


def _is_owner(owner: object) -> bool:
    """Words on one line."""
    return isinstance(owner, str) and owner.isprintable() and bool(owner.strip()) and len(owner) <= LONGEST_OWNER


def _rung(place: str, rung: object, answered: frozenset[str]) -> Listed:
    if not isinstance(rung, dict) or set(rung) - _RUNG or not {"rank", "numbers", "ring_s"} <= set(rung):
        raise OnCallRefused(f"{place}: must hold rank, numbers, ring_s and, if not always, hours")
    rank, numbers, ring_s, hours = rung["rank"], rung["numbers"], rung["ring_s"], rung.get("hours", "")
    if not isinstance(rank, str) or rank not in RANKS:
        raise OnCallRefused(f"{place}: rank: must be " + " or ".join(RANKS))
    fits = isinstance(numbers, list) and all(isinstance(number, str) and E164.fullmatch(number) for number in numbers)
    if not fits or not 1 <= len(set(numbers)) == len(numbers) <= MOST_AT_ONCE:
        raise OnCallRefused(f"{place}: numbers: must be 1 to {MOST_AT_ONCE} in E.164, as +12025550142, each once")
    if answered & set(numbers):
        raise OnCallRefused(f"{place}: numbers: one is answered by an agent, no person would come")
    if isinstance(ring_s, bool) or not isinstance(ring_s, int) or not SHORTEST_RING_S <= ring_s <= LONGEST_RING_S:
        raise OnCallRefused(f"{place}: ring_s: must be {SHORTEST_RING_S} to {LONGEST_RING_S}")
    return Listed(rank, tuple(numbers), ring_s, _hours(place, hours))


def _nurse(place: str, nurse: object, rungs: tuple[Listed, ...]) -> Nurse:
    if not isinstance(nurse, dict) or set(nurse) - _NURSE or not {"id", "number"} <= set(nurse):
        raise OnCallRefused(f"{place}: must hold id, number and, if she sets it by telephone, pin")
    id_, number, pin = nurse["id"], nurse["number"], nurse.get("pin", "")
    if not isinstance(id_, str) or not NAME.fullmatch(id_):
        raise OnCallRefused(f"{place}: id: must be {NAMED}, at most 32 of them, a letter first")
    if not isinstance(number, str) or not any(number in rung.numbers for rung in rungs):
        raise OnCallRefused(f"{place}: number: must stand on a rung")
    if not isinstance(pin, str) or not (pin == "" or PIN_HASH.fullmatch(pin)):
        raise OnCallRefused(f"{place}: pin: must be what `quietline pin` prints, or empty")
    return Nurse(id_, number, pin)


def _hours(place: str, text: object) -> Hours | None:
    if text == "":
        return None
    found = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise OnCallRefused(f"{place}: hours: must be such as 07:00-19:00")
    begin_h, begin_m, end_h, end_m = map(int, found.groups())
    return Hours(time(begin_h, begin_m), time(end_h, end_m))

"""A record as it is written: in the file of synthetic patients and in the service's answer.  Pure.

Closed: for one key that is not named here, one text that is too long or one day that is none, all is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final, TypeVar

from policies.patient import Appointment, Medicine, PartOfDay, Record, Relation

_T = TypeVar("_T")
LONGEST_TEXT: Final = 300
"""Signs of one spoken sentence: some twenty seconds."""
MOST_LINES: Final = 40
"""Of any list: a long medicine list has twenty."""
_MEDICINE: Final = frozenset({"name", "dose", "times", "also"})
_APPOINTMENT: Final = frozenset({"what", "day", "time"})
_RECORD: Final = frozenset({"medicines", "procedure", "follow_up", "instructions", "proxies"})


class RecordRefused(ValueError):
    """Not of this form.  Holds no value."""

    def __init__(self) -> None:
        super().__init__("not a record of the written form")


def record_of(written: object) -> Record:
    """Raises `RecordRefused`."""
    table = _table(written, _RECORD)
    return Record(
        medicines=_each(table.get("medicines", []), _medicine),
        procedure=_appointment(table.get("procedure")),
        follow_up=_appointment(table.get("follow_up")),
        instructions=_each(table.get("instructions", []), _text),
        proxies=frozenset(_each(table.get("proxies", []), _relation)),
    )


def _medicine(written: object) -> Medicine:
    table = _table(written, _MEDICINE)
    times = _each(table.get("times"), _part)
    if not times:
        raise RecordRefused
    also = _each(table.get("also", []), _text)
    return Medicine(_text(table.get("name")), _text(table.get("dose")), times, also)


def _appointment(written: object) -> Appointment | None:
    if written is None:
        return None
    table = _table(written, _APPOINTMENT)
    return Appointment(_text(table.get("what")), day_of(table.get("day")), _text(table.get("time", ""), empty=True))


def day_of(written: object) -> date:
    """From "1950-03-04".  Raises `RecordRefused`."""
    day = None
    if isinstance(written, str) and len(written) == len("1950-03-04"):
        try:
            day = date.fromisoformat(written)
        except ValueError:  # its text holds what was written
            day = None
    if day is None:
        raise RecordRefused
    return day


def _table(written: object, keys: frozenset[str]) -> dict[str, Any]:
    if not isinstance(written, dict) or not written.keys() <= keys:
        raise RecordRefused
    return written


def _each(written: object, read: Callable[[object], _T]) -> tuple[_T, ...]:
    if not isinstance(written, list) or len(written) > MOST_LINES:
        raise RecordRefused
    return tuple(read(each) for each in written)


def _text(written: object, *, empty: bool = False) -> str:
    fits = isinstance(written, str) and written.isprintable() and len(written) <= LONGEST_TEXT
    if not fits or not (empty or str(written).strip()):
        raise RecordRefused
    return str(written)


def _relation(written: object) -> Relation:
    return _named(Relation, written)


def _part(written: object) -> PartOfDay:
    return _named(PartOfDay, written)


def _named(kind: Callable[[object], _T], written: object) -> _T:
    try:
        found = kind(written)
    except ValueError:
        found = None
    if found is None:
        raise RecordRefused
    return found

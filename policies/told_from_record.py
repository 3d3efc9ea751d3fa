"""What a record says to a question, in sentences of fixed form.  Pure.

Everything between the record's own words is ours; nothing is left out of a line of the record, and nothing added.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from policies.own_record import OwnQuestion, Topic
from policies.patient import Appointment, Medicine, PartOfDay, Record

_WHEN: Final = MappingProxyType(
    {
        PartOfDay.MORNING: "in the morning",
        PartOfDay.NOON: "at noon",
        PartOfDay.EVENING: "in the evening",
        PartOfDay.BEDTIME: "at bedtime",
        PartOfDay.AS_NEEDED: "only as needed",
    }
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def told(record: Record, asked: OwnQuestion) -> tuple[str, ...]:
    """One sentence or more; none where the record does not say."""
    whose = "The patient's" if asked.subject else "Your"
    match asked.topic:
        case Topic.MEDICINES:
            return tuple(_medicine(whose, each) for each in medicines_asked(record, asked))
        case Topic.FOLLOW_UP:
            return _appointment(f"{whose} next visit is", record.follow_up)
        case Topic.PROCEDURE:
            return _appointment(f"{whose} record lists", record.procedure)
        case Topic.INSTRUCTIONS:
            lead = f"{whose} discharge instructions say this."
            return (lead, *record.instructions) if record.instructions else ()


def medicines_asked(record: Record, asked: OwnQuestion) -> tuple[Medicine, ...]:
    """Those that the question names; all of the part of the day that it names; else all."""
    named = tuple(each for each in record.medicines if any(_in(name, asked.words) for name in (each.name, *each.also)))
    chosen = named or record.medicines
    return tuple(each for each in chosen if asked.part is None or named or asked.part in each.times)


def names_one(record: Record, asked: OwnQuestion) -> bool:
    """The question names a medicine of this record."""
    return any(_in(name, asked.words) for each in record.medicines for name in (each.name, *each.also))


def _in(name: str, words: str) -> bool:
    return f" {name.lower()} " in f" {''.join(sign if sign.isalnum() else ' ' for sign in words)} "


def _medicine(whose: str, medicine: Medicine) -> str:
    times = _joined([_WHEN[each] for each in medicine.times])
    return f"{whose} instructions list {medicine.name}, {medicine.dose}, {times}."


def _appointment(lead: str, appointment: Appointment | None) -> tuple[str, ...]:
    if appointment is None:
        return ()
    day = appointment.day
    when = f"{_WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {day.day}, {day.year}"
    time = f", at {appointment.time}" if appointment.time else ""
    return (f"{lead} {appointment.what}, on {when}{time}.",)


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

"""Dates said as numbers alone: "on two fourteen", "two twenty four nineteen eighty two"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import TEENS, TENS, UNITS, cardinal
from policies.redacting.measures import measured
from policies.redacting.words import Word, at
from policies.redacting.years import LOOSE, with_year, year_at

# Where these are spoken of, three numbers in a row are readings.
_READ: Final = frozenset(
    """sugar sugars glucose pressure pulse reading readings temperature temp weight weighed take took taking oxygen
    level levels inr rate dose doses count milligrams bp score numbers""".split()
)
_VISITS: Final = frozenset(
    "appointment visit surgery operation procedure scan followup checkup discharge discharged admitted".split()
)
_SET: Final = frozenset("is 's was for".split())
_STREETS: Final = frozenset("street road avenue boulevard lane drive court highway parkway place terrace".split())
_NUMBERED: Final = frozenset({*UNITS, *TENS, *TEENS, "hundred", "point"})


def in_numbers(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "on two fourteen", "on six oh four": month and day, right after "on"."""
    slash = at(low, place + 1) in ("slash", "/") and words[place].letters
    visit = not _VISITS.isdisjoint(low[max(0, place - 3) : place]) and at(low, place - 1) in _SET
    told = at(low, place - 1) == "on" or slash or "date" in low[max(0, place - 3) : place]
    if not (told or visit) or low[place] not in UNITS | TEENS or not words[place].letters:
        return None
    month = cardinal(words, place)
    if month is None or not 1 <= month[0] <= 12:
        return None
    after = month[1] + slash
    zero = at(low, after) in ("oh", "o", "zero")
    day = cardinal(words, after + zero)
    if (
        day is None
        or not (1 <= day[0] <= 9 if zero else 1 + 9 * (not slash and not visit) <= day[0] <= 31)
        or measured(low, day[1])
    ):
        return None
    if not _STREETS.isdisjoint(low[day[1] : day[1] + 5]):
        return None
    if not told and (day[0] > 9 or zero or at(low, day[1]) in ("or", "to", *UNITS, *TENS)):
        return None  # "the visit is two fifteen": a time of day
    if words[day[1] - 1].cased.isdecimal() or at(low, month[1]) in ("hundred", "thousand"):
        return None
    slashed = slash and at(low, day[1]) in ("slash", "/")
    return (slashed and year_at(words, low, day[1] + 1)) or with_year(words, low, day[1])


def whole_in_numbers(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "two twenty four nineteen eighty two": month, day and a year with its century."""
    month = cardinal(words, place + (low[place] in ("oh", "o", "zero")))
    if month is None or not 1 <= month[0] <= 12 or not words[place].letters:
        return None
    after = month[1] + (at(low, month[1]) in LOOSE)
    zero = at(low, after) in ("oh", "o", "zero")
    day = cardinal(words, after + zero)
    if day is None or not 1 <= day[0] <= 31:
        return None
    after = day[1] + (at(low, day[1]) in LOOSE)
    if at(low, after) == "nineteen":
        return year_at(words, low, after)
    short = at(low, after) in TENS and at(low, after + 1 + (at(low, after + 1) == "-")) in UNITS
    if not short or not _READ.isdisjoint(low[max(0, place - 8) : place]) or at(low, place - 1) in _NUMBERED:
        return None
    year = year_at(words, low, after)
    return year if year is not None and at(low, year[0]) not in _NUMBERED | {"ones", "one"} else None


def three_numbers(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """Where month, day and a year of the last century end, said as three numbers and no row: "ten ten forty"."""
    parts: list[int] = []
    end = place
    while len(parts) < 3:
        end += at(low, end) in (*LOOSE, "oh", "o", "zero")
        number = cardinal(words, end)
        if number is None:
            return None
        parts, end = [*parts, number[0]], number[1]
    row = parts[1] - parts[0] == parts[2] - parts[1] != 0
    return end if 1 <= parts[0] <= 12 and 1 <= parts[1] <= 31 and 20 <= parts[2] < 100 and not row else None

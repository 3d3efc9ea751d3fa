"""A date of birth and digits, as callers say and key them, read into values.  Pure.

identifiers_in("march fourth nineteen fifty, and it ends in zero one four two")
->  Identifiers(born=date(1950, 3, 4), phone_end="0142")
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from policies.patient import LONGEST_RECORD, PHONE_END, SHORTEST_RECORD, Identifiers
from policies.redacting.counting import TENS, UNITS, cardinal, ordinal
from policies.redacting.dates import MONTHS
from policies.redacting.numerals import Run, Sort, numerals
from policies.redacting.words import Word, at, cut

PHONE: Final = (10, 11)
"""Digits of a whole number, whose end is taken."""
BIRTH_DIGITS: Final = 8
"""Month, day and year on a keypad: 03041950."""
THIS_CENTURY: Final = 25
"""Of a year said with two digits: up to here it is of this century, above it of the last."""
OLDEST: Final = 1_900
_MONTH_NUMBER: Final = {
    name: number
    for number, names in enumerate(
        "january jan|february feb|march mar|april apr|may|june jun|july jul|august aug|september sep sept|october oct"
        "|november nov|december dec".split("|"),
        1,
    )
    for name in names.split()
}
_REPAIR: Final = re.compile(r"\b(?:no|sorry|wait|i mean|correction|actually|scratch that)\b", re.IGNORECASE)
_ZERO: Final = ("oh", "o", "zero")
_LOOSE: Final = frozenset("um uh er uhm , . - / slash dash in the year and of on day month is".split())
MOST_LOOSE: Final = 3  # words between two parts of one date: "march, um, the fourth"


def identifiers_in(text: str, *, birth_known: bool = False) -> Identifiers:
    """What of a caller's words identifies a patient; of two numbers of one kind the last counts, as a correction.

    birth_known: "one two oh five" is the end of a telephone number then, and no second date of birth.
    """
    found = _identifiers(text, birth_known)
    *before, corrected = _REPAIR.split(text)
    if before and found.given != (found.born is not None):
        last = _identifiers(corrected, birth_known)
        if last.phone_end or last.record:
            return Identifiers(last.born or found.born, last.phone_end, last.record)
    return found


def _identifiers(text: str, birth_known: bool) -> Identifiers:
    words = cut(text)
    born, places = _born(words, full=birth_known)
    if born is None and any(word.low in MONTHS - {"may"} for word in words):
        return Identifiers()  # a date that is none: its year is no telephone number
    phone_end = record = ""
    for run in numerals(words, places):
        found = _of_digits(run.digits)
        phone_end, record = found.phone_end or phone_end, found.record or record
    return Identifiers(born, phone_end, record)


def identifiers_keyed(digits: str) -> Identifiers:
    """What was keyed in at one go.  digits: 0 to 9 alone."""
    if len(digits) == BIRTH_DIGITS:
        born = _day(int(digits[:2]), int(digits[2:4]), int(digits[4:]))
        if born is not None:
            return Identifiers(born)
    return _of_digits(digits)


def only_identifies(text: str) -> bool:
    """There is an identifier in the words, and beside it nothing that could tell of anything else."""
    words = cut(text)
    held = {place for run in numerals(words) for place in range(run.first, run.end)}
    held |= {place for place, word in enumerate(words) if word.low in MONTHS or ordinal(words, place) is not None}
    others = {word.low for place, word in enumerate(words) if place not in held and not word.mark}
    return bool(held) and others <= _ABOUT


_ABOUT: Final = frozenset(
    """
    it 's is the my her his their our last four digits digit number numbers are ends end in with date of birth day
    born birthday birthdate phone telephone cell on file record chart account m r n and um uh er oh yes yeah okay ok so
    sorry no i mean that that's st nd rd th year month mother father mom dad mother's father's was she he i'm 'm i
    """.split()
)
"""What is said beside the numbers themselves."""


def may_identify(text: str) -> bool:
    """The words hold a number or a month: part of an identifier, perhaps."""
    words = cut(text)
    return bool(numerals(words)) or any(word.low in MONTHS for word in words)


def _of_digits(digits: str) -> Identifiers:
    if len(digits) == PHONE_END:
        return Identifiers(phone_end=digits)
    if len(digits) in PHONE and (len(digits) == PHONE[0] or digits[0] == "1"):
        return Identifiers(phone_end=digits[-PHONE_END:])
    return Identifiers(record=digits) if SHORTEST_RECORD <= len(digits) <= LONGEST_RECORD else Identifiers()


def _born(words: Sequence[Word], *, full: bool) -> tuple[date | None, frozenset[int]]:
    """The last date with a year, and the places of its words.  full: a date in numbers needs a year of four digits."""
    low = [word.low for word in words]
    born: date | None = None
    places: set[int] = set()
    runs = numerals(words)
    begins = {run.first for run in runs}  # no date begins in the middle of a number
    for run in runs:
        found = _in_a_row(run)
        if found is not None:
            born, places = found, set(range(run.first, run.end))
    place = 0
    while place < len(words):
        dated = _dated(words, low, place)
        if dated is None and place in begins:
            dated = _in_numbers(words, low, place, full=full)
        if dated is None:
            place += 1
            continue
        born, places, place = dated[0], {*places, *range(place, dated[1])}, dated[1]
    return born, frozenset(places)


def _in_a_row(run: Run) -> date | None:
    """ "oh three oh four one nine five oh": all digits one by one."""
    singly = all(atom.sort in (Sort.UNIT, Sort.WRITTEN) for atom in run.atoms)
    return identifiers_keyed(run.digits).born if singly and len(run.digits) == BIRTH_DIGITS else None


def _dated(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[date, int] | None:
    """A date with the month's name, or with the year first, that begins here, and where it ends."""
    return _month_first(words, low, place) or _day_first(words, low, place) or _year_first(words, low, place)


def _month_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[date, int] | None:
    """ "march the fourth nineteen fifty", "March 4th, 1950"."""
    month = _MONTH_NUMBER.get(low[place])
    day = _day_number(words, _over(low, place + 1)) if month is not None else None
    return None if month is None or day is None else _with_year(words, low, month, day)


def _day_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[date, int] | None:
    """ "the fourth of march nineteen fifty", "4 March 1950"."""
    day = _day_number(words, place)
    after = _over(low, day[1]) if day is not None else place
    month = _MONTH_NUMBER.get(at(low, after))
    return None if day is None or month is None else _with_year(words, low, month, (day[0], after + 1))


def _in_numbers(words: Sequence[Word], low: Sequence[str], place: int, *, full: bool) -> tuple[date, int] | None:
    """ "three four nineteen fifty", "3/4/1950", "oh three, oh four, fifty"."""
    month = _number(words, low, place)
    day = _number(words, low, _over(low, month[1])) if month is not None else None
    if month is None or day is None:
        return None
    return (
        None if full and _full_year(words, low, _over(low, day[1])) is None else _with_year(words, low, month[0], day)
    )


def _year_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[date, int] | None:
    """ "1950-03-04"."""
    if not (words[place].cased.isdecimal() and len(low[place]) == 4):
        return None
    month = _number(words, low, _over(low, place + 1))
    day = _number(words, low, _over(low, month[1])) if month is not None else None
    if month is None or day is None:
        return None
    found = _day(month[0], day[0], int(low[place]))
    return None if found is None else (found, day[1])


def _with_year(words: Sequence[Word], low: Sequence[str], month: int, day: tuple[int, int]) -> tuple[date, int] | None:
    year = _year(words, low, _over(low, day[1]))
    found = None if year is None else _day(month, day[0], year[0])
    return None if year is None or found is None else (found, year[1])


def _day_number(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A day of a month, and where it ends."""
    day = ordinal(words, place) or cardinal(words, place)
    return day if day is not None and 1 <= day[0] <= 31 else None


def _number(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, int] | None:
    """A month or a day said as a number, "oh four" too, and where it ends."""
    zero = at(low, place) in _ZERO
    found = cardinal(words, place + zero)
    return found if found is not None and 1 <= found[0] <= (9 if zero else 31) else None


def _year(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, int] | None:
    """As `_full_year`, and "fifty", "'50", "oh five"."""
    first = at(low, place)
    full = _full_year(words, low, place)
    if full is not None:
        return full
    if first in ("'", "’"):
        return _year(words, low, place + 1)
    if first.isdecimal():
        return (_century(int(first)), place + 1) if len(first) == 2 else None
    short = cardinal(words, place) if first in TENS else None
    if short is None and first in _ZERO and at(low, place + 1) in UNITS:
        short = (UNITS[low[place + 1]], place + 2)
    return None if short is None else (_century(short[0]), short[1])


def _full_year(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, int] | None:
    """ "nineteen fifty", "nineteen oh five", "two thousand and one", "1950", and where it ends."""
    first = at(low, place)
    if first.isdecimal() and len(first) == 4:
        return int(first), place + 1
    if first in ("nineteen", "twenty"):
        after = place + 1 + (at(low, place + 1) == "hundred")
        after += at(low, after) in ("and", "-")
        zero = at(low, after) in _ZERO
        rest = cardinal(words, after + zero)
        if rest is not None and (1 <= rest[0] <= 9 if zero else 10 <= rest[0] < 100):
            return (1900 if first == "nineteen" else 2000) + rest[0], rest[1]
    if first in ("two", "2") and at(low, place + 1) == "thousand":
        rest = cardinal(words, place + 2 + (at(low, place + 2) == "and"))
        return (2000 + rest[0], rest[1]) if rest is not None and rest[0] < 100 else (2000, place + 2)
    return None


def _century(year: int) -> int:
    return year + (2000 if year <= THIS_CENTURY else 1900)


def _over(low: Sequence[str], place: int) -> int:
    """Past what is said between two parts of a date."""
    end = place
    while end < place + MOST_LOOSE and at(low, end) in _LOOSE:
        end += 1
    return end


def _day(month: int, day: int, year: int) -> date | None:
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if year >= OLDEST else None

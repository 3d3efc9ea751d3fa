"""Days of care and dates of birth, as they are said and written.

A day with its month is a date, with or without a year; a number alone is one only where birth is spoken of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.births import BIRTH_REACH, birth_number, births_in, elsewhere, labelled, of_a_child
from policies.redacting.counting import TENS, UNITS, cardinal, ordinal
from policies.redacting.feasts import dated, feast
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, TITLES, WEEKDAYS
from policies.redacting.measures import measured
from policies.redacting.numeric_dates import in_numbers, whole_in_numbers
from policies.redacting.words import Word, at
from policies.redacting.years import with_year, year_at

MONTHS: Final = frozenset(
    """january february march april may june july august september october november december jan feb mar apr jun jul
    aug sep sept oct nov dec""".split()
)
# Months that are words of their own: they need a day right beside them.
DOUBTFUL_MONTHS: Final = frozenset("may march mar".split())
_ON: Final = WEEKDAYS | frozenset(
    "on by until till since before after from to through around between effective about".split()
)
# What an ordinal counts, so that it is no day: "the first time".
_NOT_COUNTED: Final = frozenset(
    """i and , . ? ! they he she we you it at for with when that so but because cause um uh then to from the my
    in if is was or which no not didn't a an this last next so after before tuesday until till through
    they'd there about""".split()
)
_COUNTED: Final = frozenset("one two few last most half kind little night morning evening afternoon try".split())
LATE: Final = 13  # the ordinals from here on hardly ever count anything but these:
_RANKED: Final = frozenset(
    """floor street avenue time week weeks day dose treatment percentile birthday century year hour grade session pill
    lap round st ave row bed room rib vertebra call try""".split()
)
# After a day, and nothing that it could count.
FREE: Final = frozenset("of around right doctor surgery yes please ma'am both first second not".split())
_CORRECTING: Final = frozenset("um uh er no wait sorry i mean , not rather actually".split())


def dates(words: Sequence[Word]) -> list[Found]:
    """All dates of a text, in order; a `DOB` where birth is spoken of or the year is one to be born in."""
    low = [word.low for word in words]
    births = births_in(low)
    found: list[Found] = []
    told: set[int] = set()  # births whose date was said
    place = 0
    while place < len(words):
        near = [birth for birth in births if 0 <= place - birth <= BIRTH_REACH and not elsewhere(low[birth:place])]
        one = _date(words, low, place)
        if one is None:
            one = birth_number(
                words,
                low,
                place,
                [
                    birth
                    for birth in near
                    if birth not in told or place - birth < 3 or (found and place - found[-1].end < 4)
                ],
            )
        if one is None:
            place += 1
            continue
        end, past = one
        end = end if past else _another(words, low, end)
        born = bool(near) or past or any(0 <= birth - end <= 4 for birth in births)
        found.append(Found(place, end, Kind.DOB if born else Kind.DATE))
        if past:
            told.update(near)
        place = end
    return found


def _another(words: Sequence[Word], low: Sequence[str], end: int) -> int:
    """Over a second day of the same month: "june tenth to the twelfth", "august first or second"."""
    if at(low, end) not in ("and", "or", "to", "through", "until", "till", "-"):
        return end
    place = end + 1 + (at(low, end + 1) == "the")
    day = ordinal(words, place) if place < len(words) else None
    if day is not None and at(low, day[1]) == "of" and at(low, day[1] + 1) in MONTHS:
        return with_year(words, low, day[1] + 2)[0]
    if day is None or (
        day[1] < len(low) and low[day[1]] not in _NOT_COUNTED and low[day[1]] not in GRAMMAR and not words[day[1]].mark
    ):
        return end
    return day[1]


def _date(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """Where a date that begins here ends, and whether it has a year long past."""
    for rule in (
        _written, _month_first, _day_first, _feast, _bare_day, in_numbers, whole_in_numbers, _year_first, labelled,
        of_a_child,
    ):  # fmt: skip
        end = rule(words, low, place)
        if end is not None:
            return end
    return None


def _month_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "june the fourth nineteen forty eight", "nov. 12", "november um november sixteenth"."""
    if low[place] not in MONTHS:
        return None
    after = place + 1
    if at(low, after) == ".":
        after += 1
    hesitated = after
    while at(low, hesitated) in _CORRECTING:
        hesitated += 1
    if hesitated > after and at(low, hesitated) in MONTHS:
        return _month_first(words, low, hesitated)
    after = hesitated if at(low, hesitated) not in ("", "the") else after
    the = at(low, after) == "the"
    if the:
        after += 1
    day = ordinal(words, after)
    if day is None and not the:
        plain = cardinal(words, after)
        if plain is not None and 0 < plain[0] < 32 and not measured(low, plain[1]):
            day = plain
    if day is not None:
        return with_year(words, low, day[1])
    of = at(low, after) in ("of", ",", "in") or (low[after : after + 2] == ["back", "in"])
    year = None if the else year_at(words, low, after + of + (at(low, after) == "back"))
    if year is None or (low[place] in DOUBTFUL_MONTHS and not of):
        return None
    later = year[0] + (at(low, year[0]) == "the")
    late_day = ordinal(words, later) if later < len(words) else None
    return (year[0] if late_day is None else late_day[1]), year[1]


def _day_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "the fourth of june", "12 October 1947", "the thirty first of march"."""
    start = place + (low[place] == "the")
    day = ordinal(words, start) or (cardinal(words, start) if low[place] != "the" else None)
    if day is None or not 0 < day[0] < 32 or (at(low, place - 1) in TENS and low[place] in UNITS):
        return None
    after = day[1]
    of = at(low, after) == "of"
    after += of
    while at(low, after) in ("um", "uh"):
        after += 1
    month = at(low, after)
    if of and month == "the":  # "the sixth of the fourth nineteen fifty": the month by its number
        numbered = ordinal(words, after + 1)
        year = year_at(words, low, numbered[1]) if numbered is not None and numbered[0] <= 12 else None
        return year if year is not None and year[1] else None
    if month not in MONTHS or (ordinal(words, start) is None and ordinal(words, after + 1) is not None):
        return None  # "the last one, april first"
    end = with_year(words, low, after + 1)
    return None if month in DOUBTFUL_MONTHS and not of and not end[1] else end


def _written(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "6/4/48", "11-23-1958", "5.14.90", "1951-06-04", "6/4"."""
    parts = [place]
    while len(parts) < 3:
        mark = parts[-1] + 1
        if at(low, mark) not in ("/", "-", ".") or mark + 1 >= len(words) or low[mark] != low[parts[0] + 1]:
            break
        if not (words[mark].glued and words[mark + 1].glued and words[mark + 1].cased.isdecimal()):
            break
        parts.append(mark + 1)
    if not all(words[part].cased.isdecimal() for part in parts) or (
        words[place].glued and place and low[place - 1] in "/-"
    ):
        return None
    values = [low[part] for part in parts]
    after = parts[-1] + 1
    if after < len(words) and words[after].glued and low[after] in ("/", "-"):
        return None
    if len(parts) == 3:
        year_first = len(values[0]) == 4 and len(values[1]) < 3 and len(values[2]) < 3
        year_last = len(values[0]) < 3 and len(values[1]) < 3 and len(values[2]) in (2, 4)
        if (year_first or year_last) and all(
            1 <= int(value) <= 31 for value in values if len(value) < 3 and value is not values[2]
        ):
            return after, True
    if len(parts) == 2 and low[place + 1] == "/" and 1 <= int(values[0]) <= 12 and 1 <= int(values[1]) <= 31:
        rated = set(low[max(0, place - 6) : place]) & {"pain", "scale", "about", "a"} and values[1] == "10"
        if not rated and not measured(low, after) and at(low, after) not in ("tablet", "of", "cup", "a"):
            return after, False
    return None


def _feast(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """A feast, with its year or as a day: "leap day nineteen fifty two", "since labor day"."""
    named = feast(low, place)
    if named is None:
        return None
    end, past = with_year(words, low, named)
    return (end, past) if end > named or dated(low, place, named) else None


def _bare_day(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "on the ninth", "tuesday the tenth", "it was the fifth": a day of a month that is understood, no "first try"."""
    the = low[place] == "the"
    before = at(low, place - 1)
    if not the and not (before in WEEKDAYS and low[place] not in ("first", "second")):
        return None
    day = ordinal(words, place + the) if place + the < len(words) else None
    if day is None:
        return None
    following = at(low, day[1])
    if following in ("and", "or", "through") and counts(words, low, day[1] + 1):
        return None  # "the fourth and fifth lumbar"
    if following == "of":
        month = at(low, day[1] + 1) in ("this", "last", "next", "the") and at(low, day[1] + 2) == "month"
        return (day[1] + 3, False) if month else None
    late = day[0] >= LATE and following not in _RANKED
    free = late or following in _NOT_COUNTED or following in WEEKDAYS or following in GRAMMAR - _COUNTED
    counted = not (free or day[1] >= len(words) or words[day[1]].mark)
    if before in _ON:
        return None if counted else (day[1], False)
    return (day[1], False) if day[0] > 3 and not counted and before not in ("in", "for", "my", "and") else None


def counts(words: Sequence[Word], low: Sequence[str], place: int) -> bool:
    """An ordinal stands here that counts the thing after it: "twelfth rib"."""
    place += at(low, place) == "the"
    day = ordinal(words, place) if place < len(words) else None
    if day is None or day[1] >= len(words) or words[day[1]].mark:
        return False
    following = low[day[1]]
    if day[0] >= LATE:
        return following in _RANKED
    return following not in _NOT_COUNTED | WEEKDAYS | MONTHS | TITLES | (GRAMMAR - _COUNTED) and following not in FREE


def _year_first(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "nineteen thirty one march the second", "forty four, august sixth"."""
    if low[place] not in TENS and low[place] != "nineteen" and not words[place].cased.isdecimal():
        return None
    year = year_at(words, low, place)
    if year is None:
        return None
    after = year[0]
    while at(low, after) in ("um", "uh", ","):
        after += 1
    rest = None
    if after < len(words) and (low[after] in MONTHS or low[after] == "the"):
        rest = _month_first(words, low, after) or _day_first(words, low, after)
    return (rest[0], True) if rest is not None else None

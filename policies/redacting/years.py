"""Years as they are said and written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import TENS, UNITS, cardinal
from policies.redacting.measures import measured
from policies.redacting.words import Word, at

LOOSE: Final = frozenset("um uh er uhm , . of in the year and".split())
"""Between the parts of one date."""
CHILDREN: Final = "2015"  # whoever was born later is no caller: the date is one of care


def year_at(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "nineteen forty eight", "nineteen oh five", "two thousand and one", "1948", "'48", "forty eight".

    Where it ends, and whether one may have been born in it and be no child.
    """
    if place >= len(words):
        return None
    first, second = low[place], at(low, place + 1)
    if words[place].cased.isdecimal():
        if len(first) == 4:
            return (place + 1, first < CHILDREN) if first[:2] in ("18", "19", "20") else None
        two = len(first) == 2 and not measured(low, place + 1) and second not in ("st", "nd", "rd", "th")
        return (place + 1, True) if two else None
    if first == "'":
        return (place + 2, True) if second.isdecimal() and len(second) == 2 else None
    if first in ("nineteen", "eighteen", "twenty"):
        after = place + 1 + (second == "hundred")
        after += at(low, after) in ("and", "-")
        zero = at(low, after) in ("oh", "o", "zero")
        rest = cardinal(words, after + zero)
        if rest is not None and (rest[0] < 10 if zero else 10 <= rest[0] < 100):
            return rest[1], first != "twenty" or rest[0] < 15
        if first != "twenty":
            return (after, True) if second == "hundred" else None
    if first == "two" and second == "thousand":
        rest = cardinal(words, place + 2 + (at(low, place + 2) == "and"))
        return (rest[1], True) if rest is not None and rest[0] < 40 else (place + 2, True)
    if first in ("oh", "o"):
        rest = cardinal(words, place + 1)
        return (rest[1], False) if rest is not None and 0 < rest[0] < 10 and second in UNITS else None
    short = cardinal(words, place) if first in TENS else None
    return (short[1], True) if short is not None and 20 <= short[0] < 100 and not measured(low, short[1]) else None


def with_year(words: Sequence[Word], low: Sequence[str], end: int) -> tuple[int, bool]:
    after = end
    while after < end + 3 and at(low, after) in LOOSE:
        after += 1
    year = year_at(words, low, after)
    if year is not None and not (after == end + 1 and low[end] in ("and", "the", ".") and not year[1]):
        return year
    return end, False

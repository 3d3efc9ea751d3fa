"""What the tagger adds to what the rules have found, and where it isn't believed.

It may only add: whatever a rule has found stays found.  It is not believed against what a rule can see for certain: a
medicine is nobody, a number with its unit measures, an age under ninety may stay.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from policies.redacting.counting import TEENS, TENS, UNITS, cardinal
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, HESITATION, STATES, WEEKDAYS, Lexis
from policies.redacting.measures import measured
from policies.redacting.naming import eponym
from policies.redacting.tagger import Tag
from policies.redacting.words import Word, at

SURE: Final = 0.6
"""From here on a word is taken out: the least at which clean texts of our own stay whole."""
BESIDE: Final = 0.35
"""For a word right beside one that is taken out, of whatever kind: what is missed is mostly a part."""
FEW: Final = 0.85
"""For a word of the grammar, and for one alone that is a plain English one: they carry the sentence."""
OLD: Final = 90
LONG: Final = 7  # digits from which a unit that follows doesn't make a number a measurement
_NUMBERS: Final = frozenset({*UNITS, *TENS, *TEENS})
_EMERGENCY: Final = (("nine", "one", "one"), ("911",), ("nine", "eleven"), ("nine", "-", "one", "-", "one"))
_ACTS: Final = frozenset({Kind.DATE, Kind.DOB, Kind.AGE_90_PLUS})


def added(words: Sequence[Word], tags: Sequence[Tag], lexis: Lexis, skipped: Set[int]) -> list[Found]:
    """In order, apart, none of it in `skipped`: the places that belong to something already."""
    low = [word.low for word in words]
    free = [place for place in range(len(words)) if place not in skipped and _may(words, low, tags, lexis, place)]
    taken = {place for place in free if tags[place].sure >= (FEW if low[place] in GRAMMAR else SURE)}
    for order in (free, free[::-1]):
        for place in order:
            beside = {place - 1, place + 1}
            if tags[place].sure >= BESIDE and low[place] not in GRAMMAR and (beside & taken or beside & skipped):
                taken.add(place)
    return [one for one in _rows(tags, taken) if _stands(words, low, one)]


def _may(words: Sequence[Word], low: Sequence[str], tags: Sequence[Tag], lexis: Lexis, place: int) -> bool:
    """The word can be part of an identifier at all."""
    word, kind = low[place], tags[place].kind
    if words[place].mark or word in HESITATION - {"so"}:
        return False
    if kind is Kind.PERSON:
        return not (lexis.medical(word) or eponym(low, place) or word in WEEKDAYS or word in _NUMBERS)
    return True


def _rows(tags: Sequence[Tag], taken: Set[int]) -> list[Found]:
    """Places in a row of one kind, dates and births as one."""
    found: list[Found] = []
    for place in sorted(taken):
        kind = tags[place].kind
        last = found[-1] if found else None
        if last is not None and last.end == place and last.kind is kind:
            found[-1] = Found(last.first, place + 1, kind)
        else:
            found.append(Found(place, place + 1, kind))
    return found


def _stands(words: Sequence[Word], low: Sequence[str], one: Found) -> bool:
    """Nothing that is certain speaks against the whole of it."""
    said = low[one.first : one.end]
    if any(
        tuple(low[start : start + len(call)]) == call and start <= one.first and one.end <= start + len(call)
        for call in _EMERGENCY
        for start in range(max(0, one.first - len(call) + 1), one.first + 1)
    ):
        return False
    if one.kind is Kind.AGE_90_PLUS:
        return _old(words, low, one)
    if one.kind in _ACTS and all(word in WEEKDAYS for word in said):
        return False
    if one.kind is Kind.ADDRESS and all(word in STATES for word in said):
        return False
    if one.kind is Kind.PERSON or one.kind is Kind.EMAIL:
        return True
    numbers = [word for word in said if word in _NUMBERS or word.isdecimal()]
    if numbers and len(numbers) < LONG and (measured(low, one.end) or _at_a_time(low, one.end)):
        return False
    return not (numbers and at(low, one.first - 1) == "$")


def _at_a_time(low: Sequence[str], place: int) -> bool:
    """ "seven fifteen a m", "ten in the morning"."""
    return tuple(low[place : place + 2]) in (("a", "m"), ("p", "m")) or at(low, place) in ("am", "pm", "o'clock")


def _old(words: Sequence[Word], low: Sequence[str], one: Found) -> bool:
    for place in range(one.first, one.end):
        if at(low, place) == "nineties":
            return True
        number = cardinal(words, place)
        if number is not None:
            return number[0] >= OLD and not measured(low, number[1])
        if low[place] in ("ninetieth", "hundredth") or (low[place] in ("ninety",)):
            return True
    return False

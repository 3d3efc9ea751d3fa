"""Ages of ninety and over (45 CFR 164.514(b)(2)(i)(C) counts them as identifying), never a reading of ninety."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import TENS, cardinal, ordinal
from policies.redacting.found import Found, Kind
from policies.redacting.gauging import (
    AGEING,
    AHEAD,
    METERS,
    RARE,
    REACH,
    READINGS,
    aged,
    gauged,
    unit_follows,
)
from policies.redacting.lexis import RELATIVES, TITLES, Lexis
from policies.redacting.words import Word, at, phrases

YOUNGEST: Final = 90
OLDEST: Final = 122  # the longest life on record
_PEOPLE: Final = (
    RELATIVES
    | TITLES
    | frozenset(
        """he she i im hes shes they who we you patient person client resident pt male female woman man lady gentleman
        fella gal ancestor widow widower veteran elder guy someone somebody people women men folks half sis bro nan pal
        buddy missus sweetheart elderly""".split()
    )
)
_CLAUSE: Final = frozenset(". ? ! ;".split())
_TAIL: Final = phrases(
    """years of age | years old | years young | year old | year olds | year young | yrs old | - year - old | - year
    old | year - old | and a half | and three quarters | years | year | birthday | yo | y o | something | odd | plus"""
)
_HESITANT: Final = frozenset("um uh er".split())
_OWNERS: Final = frozenset("my his her our their your mother's father's mom's dad's".split())
# After "her ninety fifth": it is something else than a year of hers.
_RANKED: Final = frozenset("street st avenue percentile floor day week pill dose time grade".split())


def ages(words: Sequence[Word], lexis: Lexis) -> list[Found]:
    """Every age from 90 on, in order."""
    low = [word.low for word in words]
    found: list[Found] = []
    others: list[tuple[int, int]] = []  # numbers that nobody is said to be
    place = 0
    while place < len(words):
        end = _years(words, low, place)
        if end is None:
            place += 1
            continue
        again = end + (at(low, end) in ("or", ",", "maybe", "-"))
        second = _years(words, low, again, second=True)
        end = end if second is None else second
        if _of_a_person(words, low, place, end, lexis):
            for tail in (*_TAIL, *_TAIL):
                if tuple(low[end : end + len(tail)]) == tail:
                    end += len(tail)
            found.append(Found(place, end, Kind.AGE_90_PLUS))
        else:
            others.append((place, end))
        place = end
    found += _again(words, low, found, others, lexis)
    return sorted(found, key=lambda one: one.first)


def _again(
    words: Sequence[Word], low: Sequence[str], found: Sequence[Found], others: Sequence[tuple[int, int]], lexis: Lexis
) -> list[Found]:
    """The number of an age, said once more in the same text: "not eighty, ninety two, i'm ninety two"."""
    told = {number[0] for one in found if (number := cardinal(words, one.first)) is not None}
    kept: list[Found] = []
    for place, end in others:
        number = cardinal(words, place)
        if number is not None and number[0] in told and not gauged(words, low, place, end, lexis):
            spoken = [*low[max(0, place - REACH) : place], *low[end : end + AHEAD]]
            if READINGS.isdisjoint(spoken) and METERS.isdisjoint(spoken):
                kept.append(Found(place, end, Kind.AGE_90_PLUS))
    return kept


def _years(words: Sequence[Word], low: Sequence[str], place: int, *, second: bool = False) -> int | None:
    """Where a number from 90 to 122 ends: "ninety four", "a hundred and one", "one oh two", "ninety fifth birthday"."""
    if place >= len(words):
        return None
    if low[place] in ("nineties", "centenarian", "nonagenarian"):
        return place + 1
    if low[place] in ("one", "a") and at(low, place + 1) == "oh":
        unit = cardinal(words, place + 2)
        return unit[1] if unit is not None and unit[0] < 10 and not _digits_follow(words, unit[1]) else None
    if low[place] == "nine" and at(low, place - 1) == "big" and at(low, place + 1) in ("oh", "o", "zero", "-"):
        return place + 2 + (low[place + 1] == "-")
    before = at(low, place - 1)
    years = any(tuple(low[place + step : place + step + 2]) == ("years", "old") for step in (1, 2, 3))
    counted = before in ("hundred", "oh", "one", "two", "three", "point", "/", "$")
    inside = (counted and not (years and low[place] == "ninety")) or (before in (".", "-") and words[place].glued)
    if inside and not second:
        return None
    number = cardinal(words, place)
    if number is None or not YOUNGEST <= number[0] <= OLDEST:
        return _birthday(words, low, place)
    if number[0] == YOUNGEST and at(low, place) == "ninety":
        birthday = _birthday(words, low, place)
        if birthday is not None:
            return birthday
        later = number[1]
        while at(low, later) in _HESITANT:
            later += 1
        unit = cardinal(words, later) if later > number[1] else None
        if unit is not None and 0 < unit[0] < 10 and at(low, later) not in ("a", "one"):
            return unit[1]
    end = number[1]
    if at(low, end) in ("hundred", "thousand") or _digits_follow(words, end):
        return None
    return end


def _digits_follow(words: Sequence[Word], end: int) -> bool:
    """It goes on as a longer number, or as a decimal or a fraction."""
    if end + 1 < len(words) and words[end].low in (".", "/", "-") and words[end].glued:
        return words[end + 1].glued and words[end + 1].cased.isdecimal()
    following = cardinal(words, end)
    return following is not None and following[0] < 10 and not words[end].glued


def _birthday(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """ "ninety fifth birthday", "in her ninety fifth year", "it's his ninetieth", "95th birthday"."""
    after = place + 1 + (at(low, place + 1) == "-")
    if low[place] == "ninety":
        unit = ordinal(words, after)
        end = unit[1] if unit is not None and unit[0] < 10 else None
    elif low[place] in ("ninetieth", "hundredth"):
        end = place + 1
    else:
        written = low[place].isdecimal() and len(low[place]) < 4 and YOUNGEST <= int(low[place]) <= OLDEST
        end = place + 2 if written and at(low, place + 1) in ("th", "st", "nd", "rd") else None
    if end is None:
        return None
    owned = at(low, place - 1) in _OWNERS and at(low, end) not in _RANKED
    return end if owned or at(low, end) in ("birthday", "year") else None


def _of_a_person(words: Sequence[Word], low: Sequence[str], place: int, end: int, lexis: Lexis) -> bool:
    begin = place
    while begin > 0 and place - begin < REACH and low[begin - 1] not in _CLAUSE:
        begin -= 1
    before, after = low[begin:place], low[end : end + AHEAD]
    last = before[-1] if before else ""
    if "nineties" in low[place:end]:
        owned = not _OWNERS.isdisjoint(before[-4:])
        return (owned or last not in ("the", "low", "mid", "high", "upper")) and READINGS.isdisjoint([*before, *after])
    if last in ("turned", "turns", "turning", "pushing", "big") or _birthday(words, low, place) == end:
        return True
    if unit_follows(low, end):
        return after[1:2] in (["old"], ["young"])
    if not AGEING.isdisjoint(after[:3]) or low[place:end][-1:] == ["nonagenarian"]:
        return READINGS.isdisjoint(before[-3:])
    if aged(low, place, end):
        return True
    number = cardinal(words, place)
    if (number is not None and number[0] >= RARE) or gauged(words, low, place, end, lexis):
        return False
    if after[:1] in (["years"], ["year"]):
        return last in _OWNERS or last in ("lived", "made") or after[1:3] in (["on", "this"], ["on", "earth"])
    if not METERS.isdisjoint(after) or at(low, end) in _NOT_AFTER:
        return False
    return _stated(low, begin, place, end, lexis)


def _stated(low: Sequence[str], begin: int, place: int, end: int, lexis: Lexis) -> bool:
    """Somebody is said to be that old: "she's only ninety four", "my mother, ninety three,", "dad at ninety five"."""
    if place == begin:
        alone = at(low, end) in (",", "years", "") or (at(low, end) == "and" and at(low, end + 1) not in TENS)
        alone = alone or tuple(low[end : end + 2]) == ("if", "you")  # "if you can believe it"
        return place == 0 and (alone or len(low) < 4)
    if at(low, place - 1) == "at" and (
        at(low, end) in _PEOPLE or at(low, end) in (",", "my", "still", "and", "you", "i")
    ):
        return True
    if at(low, place - 1) == "at":
        return False
    for step in range(place - 1, max(begin - 1, place - 7), -1):
        word = low[step]
        if word in READINGS:
            return False
        if word in _BEING:
            subject = [one for one in low[max(begin, step - 3) : step] if one not in _BESIDE]
            if word in ("make", "makes", "made") and low[step + 1] in _PEOPLE | {"her", "him", "me"}:
                return True
            if word in ("hes", "shes", "im"):
                return True
            if not subject:
                return step == begin and READINGS.isdisjoint(low[step:place]) and place - step < 3
            near = subject[-1]
            if near == "'s":
                return False  # "my mother's is ninety eight": something of hers
            if near in _BEING:
                continue
            if near in (
                "it",
                "that",
                "this",
                "there",
                "what",
                "which",
                "pressure",
                "number",
            ) or not READINGS.isdisjoint(subject):
                return False
            return near in _PEOPLE or lexis.namelike(near) or not _PEOPLE.isdisjoint(subject)
        if word in _PEOPLE and tuple(low[step + 1 : place]) in _APPOSED:
            return True
    return False


_APPOSED: Final = ((), (",",), ("(",), (",", "who"), ("now",), ("about",), ("around",))  # "mother, ninety three,"
_BEING: Final = frozenset(
    "is 's 'm am are was be 're being hes shes im 'll 'd became reached hit hits makes made makes been".split()
)
_BESIDE: Final = frozenset(
    "um uh just well only now still also probably already really like must might may will would going to be".split()
)
_NOT_AFTER: Final = frozenset("french gauge stitches staples people patients tablets".split())

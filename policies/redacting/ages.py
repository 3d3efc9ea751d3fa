"""Ages of ninety and over (45 CFR 164.514(b)(2)(i)(C) counts them as identifying), never a reading of ninety."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import cardinal, ordinal
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import RELATIVES, TITLES, Lexis
from policies.redacting.words import Word, at, phrases

YOUNGEST: Final = 90
OLDEST: Final = 122  # the longest life on record
REACH: Final = 9  # words before the number in which a person or a reading is spoken of
AHEAD: Final = 4  # words after it
_PEOPLE: Final = (
    RELATIVES
    | TITLES
    | frozenset(
        """he she i im hes shes they who we you patient person client resident pt male female woman man lady gentleman
        fella gal ancestor widow widower veteran elder guy someone somebody people women men folks""".split()
    )
)
_AGEING: Final = frozenset(
    """turned turns turning turn aged age ages birthday birthdays old young year-old yr yrs yo nineties pushing
    approaching""".split()
)
# After the number: it measures something.
_UNITS: Final = frozenset(
    """percent % over point degrees degree pounds pound lbs milligrams milligram mg mcg units unit days day hours hour
    minutes minute weeks week months month times feet inches miles dollars bucks beats per ml cc ccs ounces liters
    liter calories steps pills tablets kilos kg grams / out saturation fahrenheit systolic diastolic heart pulse
    percentile reps seconds cents something sats bpm twice once daily bid tid qid nightly""".split()
) - frozenset({"something"})
# Spoken of near by: the number is read off a meter or a page.
_READINGS: Final = frozenset(
    """oxygen o2 sat sats saturation pulse rate pressure sugar sugars glucose temperature temp fever weight weigh
    weighs weighed reading readings level levels ox stat stats bp bpm spo2 resting diastolic systolic blood inr
    potassium creatinine hemoglobin platelets cholesterol ldl score dose milligrams percent room meter monitor
    humidity highway route interstate channel page dropped drops drop liters oximeter machine cuff""".split()
)
_CLAUSE: Final = frozenset(". ? ! ;".split())
_TAIL: Final = phrases(
    """years of age | years old | years young | year old | year olds | year young | yrs old | - year - old | - year
    old | year - old | and a half | and three quarters | years | birthday | yo | y o"""
)


def ages(words: Sequence[Word], lexis: Lexis) -> list[Found]:
    """Every age from 90 on, in order."""
    low = [word.low for word in words]
    found: list[Found] = []
    place = 0
    while place < len(words):
        end = _years(words, low, place)
        if end is None:
            place += 1
            continue
        again = end + (at(low, end) in ("or", ",", "to", "maybe", "-"))
        second = _years(words, low, again, second=True)
        end = end if second is None else second
        if _of_a_person(low, place, end, lexis):
            for tail in (*_TAIL, *_TAIL):
                if tuple(low[end : end + len(tail)]) == tail:
                    end += len(tail)
            found.append(Found(place, end, Kind.AGE_90_PLUS))
        place = end
    return found


def _years(words: Sequence[Word], low: Sequence[str], place: int, *, second: bool = False) -> int | None:
    """Where a number from 90 to 122 ends: "ninety four", "a hundred and one", "one oh two", "ninety fifth birthday"."""
    if place >= len(words):
        return None
    if low[place] in ("nineties", "centenarian", "nonagenarian"):
        return place + 1
    if low[place] in ("one", "a") and at(low, place + 1) == "oh":
        unit = cardinal(words, place + 2)
        return unit[1] if unit is not None and unit[0] < 10 and not _digits_follow(words, unit[1]) else None
    before = at(low, place - 1)
    aged = any(tuple(low[place + step : place + step + 2]) == ("years", "old") for step in (1, 2, 3))
    counted = before in ("hundred", "oh", "one", "two", "three", "point", "/", "$")
    inside = (counted and not (aged and low[place] == "ninety")) or (before in (".", "-") and words[place].glued)
    if inside and not second:
        return None
    number = cardinal(words, place)
    if number is None or not YOUNGEST <= number[0] <= OLDEST:
        return _birthday(words, low, place)
    if number[0] == YOUNGEST and at(low, place) == "ninety":
        birthday = _birthday(words, low, place)
        if birthday is not None:
            return birthday
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
    """ "ninety fifth birthday", "ninetieth", "95th birthday"."""
    after = place + 1 + (at(low, place + 1) == "-")
    if low[place] == "ninety":
        unit = ordinal(words, after)
        return unit[1] if unit is not None and unit[0] < 10 and at(low, unit[1]) in ("birthday", "year") else None
    if low[place] in ("ninetieth", "hundredth"):
        return place + 1 if at(low, place + 1) in ("birthday", "year") else None
    if low[place].isdecimal() and len(low[place]) < 4 and YOUNGEST <= int(low[place]) <= OLDEST:
        return (
            place + 2 if at(low, place + 1) in ("th", "st", "nd", "rd") and at(low, place + 2) == "birthday" else None
        )
    return None


def _of_a_person(low: Sequence[str], place: int, end: int, lexis: Lexis) -> bool:
    begin = place
    while begin > 0 and place - begin < REACH and low[begin - 1] not in _CLAUSE:
        begin -= 1
    before, after = low[begin:place], low[end : end + AHEAD]
    last = before[-1] if before else ""
    if "nineties" in low[place:end]:
        return last not in ("low", "mid", "high", "upper") and _READINGS.isdisjoint([*before, *after])
    if last in ("age", "aged", "turned", "turns", "turning", "pushing") or "birthday" in low[place:end]:
        return True
    if feverish(low, place, end):
        return False
    if after[:1] and after[0] in _UNITS:
        return after[1:2] in (["old"], ["young"], ["of"])
    if not _AGEING.isdisjoint(after[:3]) or low[place:end][-1:] == ["nonagenarian"]:
        return _READINGS.isdisjoint(before[-3:])
    if last == "old" or before[-2:] == ["old", ","]:
        return True
    if not _METERS.isdisjoint(after) or last in _NOT_BEFORE or at(low, end) in _NOT_AFTER:
        return False
    return _stated(low, begin, place, end, lexis)


def _stated(low: Sequence[str], begin: int, place: int, end: int, lexis: Lexis) -> bool:
    """Somebody is said to be that old: "she's only ninety four", "my mother, ninety three,", "dad at ninety five"."""
    if place == begin:
        return place == 0 and (at(low, end) in ("and", ",", "years", "") or len(low) < 4)
    if at(low, place - 1) == "at" and (
        at(low, end) in _PEOPLE or at(low, end) in (",", "my", "still", "and", "you", "i")
    ):
        return True
    if at(low, place - 1) == "at":
        return False
    for step in range(place - 1, max(begin - 1, place - 7), -1):
        word = low[step]
        if word in _READINGS:
            return False
        if word in _BEING:
            subject = [one for one in low[max(begin, step - 3) : step] if one not in _BESIDE]
            if word in ("hes", "shes", "im"):
                return True
            if not subject:
                return step == begin and _READINGS.isdisjoint(low[step:place]) and place - step < 3
            near = subject[-1]
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
            ) or not _READINGS.isdisjoint(subject):
                return False
            return near in _PEOPLE or lexis.namelike(near) or not _PEOPLE.isdisjoint(subject)
        if word in _PEOPLE and tuple(low[step + 1 : place]) in _APPOSED:
            return True
    return False


def feverish(low: Sequence[str], place: int, end: int) -> bool:
    """A temperature: "is ninety nine a fever", "it was ninety nine this morning"."""
    if not _FEVERS.isdisjoint(low[max(0, place - REACH) : place]) or not _FEVERS.isdisjoint(
        low[end : end + FEVER_REACH]
    ):
        return _OLDER.isdisjoint(low[end : end + 3])
    here = place
    while here > 0 and low[here - 1] in _BESIDE | _STILL:
        here -= 1
    return at(low, here - 2) in ("it", "that", "mine") and at(low, here - 1) in (
        "is",
        "was",
        "'s",
        "read",
        "reads",
        "hit",
    )


FEVER_REACH: Final = 5  # words after the number
_FEVERS: Final = frozenset("fever feverish temperature temp thermometer fahrenheit".split())
_OLDER: Final = frozenset("old young year years birthday".split())
_STILL: Final = frozenset("at about around over up to like almost nearly".split())
_APPOSED: Final = ((), (",",), ("(",), (",", "who"), ("now",), ("about",), ("around",))  # "mother, ninety three,"
_BEING: Final = frozenset(
    "is 's 'm am are was be 're being hes shes im 'll 'd became reached hit hits got makes made makes been".split()
)
_BESIDE: Final = frozenset(
    "um uh just well only now still also probably already really like must might may will would going to be".split()
)
_METERS: Final = frozenset(
    "oxygen oximeter meter cuff machine saturation liters liter sat sats percent monitor thermometer scale".split()
)
_NOT_BEFORE: Final = frozenset(
    """number gauge size about-a take took takes room number's french bed step like-a of from with for by to until than
    under above below between times near around dial dialed press stage level type lost gained owe paid pay drank
    ate walked""".split()
) - frozenset({"around"})
_NOT_AFTER: Final = frozenset("french gauge stitches staples people patients tablets".split())

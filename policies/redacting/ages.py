"""Ages of ninety and over (45 CFR 164.514(b)(2)(i)(C) counts them as identifying), never a reading of ninety."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import RELATIVES, TITLES
from policies.redacting.numerals import cardinal, ordinal
from policies.redacting.words import Word, at

YOUNGEST: Final = 90
OLDEST: Final = 122  # the longest life on record
_PEOPLE: Final = (
    RELATIVES
    | TITLES
    | frozenset(
        """he she i i'm im hes shes they who we patient person client resident one woman man lady gentleman fella gal
        great-grandma ancestor widow widower veteran""".split()
    )
)
_BE: Final = frozenset(
    """is 's 'm am are 're was be being been turned turns turning turn hit hits reached reach reaching becomes became
    about almost nearly just already only now like probably gonna 'll will over past age aged at to got get gets getting
    um uh uhm well still actually going pushing approaching the ripe old of her his my your their had a celebrating
    lived live lives made make making not in""".split()
)
_OLD: Final = (
    ("years", "old"), ("year", "old"), ("years", "young"), ("years", "of", "age"), ("yrs", "old"), ("-", "year", "-", "old"),
    ("yo",), ("y", "o"), ("year", "-", "old"), ("-", "year", "old"), ("year", "young"), ("birthday",), ("and", "a", "half"),
)  # fmt: skip
# After the number: it measures something that a person has, or is no age.
_NOT_AN_AGE: Final = frozenset(
    """percent % over point degrees degree pounds pound lbs milligrams milligram mg mcg units unit on days day hours hour
    minutes minute weeks week months month times feet inches miles dollars bucks beats per ml cc ccs ounces liters liter
    calories steps pills tablets kilos kg grams . / to out saturation something fahrenheit oxygen o room for with
    systolic diastolic heart pulse percentile reps seconds cents""".split()
) - frozenset({".", "on", "for", "with", "to", "o"})
# Before the number, anywhere in the clause: what is measured.
_READINGS: Final = frozenset(
    """oxygen o2 sat sats saturation pulse heart rate pressure sugar sugars glucose temperature temp fever weight weigh weighs
    weighed reading readings level levels ox stat stats bp number numbers bpm spo2 resting diastolic systolic top bottom blood
    inr potassium creatinine hemoglobin platelets cholesterol ldl score dose milligrams percent room bed meter monitor
    humidity speed highway route interstate channel page dropped drops""".split()
)
_CLAUSE: Final = frozenset(". , ? ! ; and but so because cause".split())


def ages(words: Sequence[Word]) -> list[Found]:
    """Every age from 90 on, in order."""
    low = [word.low for word in words]
    found: list[Found] = []
    place = 0
    while place < len(words):
        one = _age(words, low, place)
        if one is None or not _of_a_person(low, place, one):
            place += 1
            continue
        end = one
        again = end + (at(low, end) in ("or", ",", "to", "maybe"))
        more = _age(words, low, again)
        end = more if more is not None else end
        for old in _OLD:
            if tuple(low[end : end + len(old)]) == old:
                end += len(old)
                break
        if tuple(low[end : end + 2]) == ("years", "old"):
            end += 2
        found.append(Found(place, end, Kind.AGE_90_PLUS))
        place = end
    return found


def _age(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """Where a number of years from 90 on ends."""
    if place >= len(words):
        return None
    if low[place] in ("nineties", "centenarian", "nonagenarian"):
        return place + 1
    number = cardinal(words, place)
    if number is None and tuple(low[place : place + 2]) in (("one", "oh"),):
        unit = cardinal(words, place + 2)
        number = (100 + unit[0], unit[1]) if unit is not None and unit[0] < 10 else None
    if number is None or not YOUNGEST <= number[0] <= OLDEST:
        birthday = _birthday(words, low, place)
        return birthday
    if at(low, number[1]) in ("hundred", "thousand"):
        return None
    if low[place].isdecimal() and at(low, number[1]) in (".", "/", "-") and number[1] + 1 < len(low):
        if words[number[1] + 1].glued and words[number[1] + 1].cased.isdecimal():
            return None
    return number[1]


def _birthday(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """ "ninety fifth birthday"."""
    if low[place] == "ninety" and at(low, place + 2) == "birthday" and ordinal(words, place + 1) is not None:
        return place + 3
    if low[place] in ("ninetieth", "hundredth") and at(low, place + 1) == "birthday":
        return place + 2
    if low[place].isdecimal() and 90 <= int(low[place]) <= 122 and at(low, place + 1) in ("th", "st", "nd", "rd"):
        return place + 3 if at(low, place + 2) == "birthday" else None
    return None


def _of_a_person(low: Sequence[str], place: int, end: int) -> bool:
    if any(tuple(low[end : end + len(old)]) == old for old in _OLD):
        return not any(word in _READINGS for word in low[max(0, place - 3) : place])
    if "birthday" in low[place:end] or low[place] in ("nineties", "centenarian", "nonagenarian"):
        return True
    if at(low, end) in _NOT_AN_AGE or at(low, end + 1) == "percent":
        return False
    if at(low, end) in ("on", "to", "with", "for") and at(low, end + 1) in (
        "room", "two", "three", "four", "oxygen", "my", "the", "five", "one", "six", "2", "3", "4",
    ):  # fmt: skip
        return False
    if at(low, end) in ("too",) and at(low, end + 1) in ("old", "young"):
        return True
    back = place - 1
    while back >= 0 and place - back < 7 and low[back] in _BE:
        back -= 1
    subject = at(low, back)
    verbs = {"turned", "turns", "turning", "aged", "age", "turn", "pushing"} & set(low[back + 1 : place])
    if verbs and not _measures(low, back + 1):
        return True
    if back == place - 1 and at(low, end) in ("and", ",", "he", "she", "now") and subject in _PEOPLE:
        return not _measures(low, back)
    return (subject in _PEOPLE or _named(low, back)) and back < place - 1 and not _measures(low, back)


def _named(low: Sequence[str], back: int) -> bool:
    """ "my husband harold is ninety one"."""
    return any(word in RELATIVES or word in TITLES for word in low[max(0, back - 3) : max(0, back)])


def _measures(low: Sequence[str], back: int) -> bool:
    """The clause up to here speaks of a reading."""
    for step in range(back, max(-1, back - 6), -1):
        if low[step] in _CLAUSE:
            return False
        if low[step] in _READINGS:
            return True
    return False

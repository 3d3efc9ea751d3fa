"""Numbers that are a date of birth because birth is spoken of: "born in thirty nine", "d o b oh six oh four forty"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import TENS, UNITS, cardinal
from policies.redacting.measures import measured
from policies.redacting.numerals import Sort, atom
from policies.redacting.words import Word, at, phrases
from policies.redacting.years import year_at

_BIRTH: Final = phrases(
    """born | birth | birthday | birthdate | birthdays | d o b | dob | b day | bday | b i r t h | year is | the
    year | d . o . b | birth year | dobs | into this world | into the world"""
)
_BIRTH_WORDS: Final = frozenset("birth birthday birthdate dob bday born".split())  # "... is my birthday"
BIRTH_REACH: Final = 14  # words after "born" in which a number is looked for: "... no wait that's my wife's it's"
_BETWEEN: Final = frozenset(", / - . um uh er dash slash the of and in year day month".split())
_OTHERS: Final = frozenset(
    """live lives living phone number social chart account address member card record pressure sugar weigh weight age
    take took pain cell zip mrn id temperature pulse temp""".split()
)


def births_in(low: Sequence[str]) -> list[int]:
    """The places right after each word of birth."""
    return [
        place + len(said)
        for place in range(len(low))
        for said in _BIRTH
        if tuple(low[place : place + len(said)]) == said
    ]


def elsewhere(between: Sequence[str]) -> bool:
    """Another number is announced between the word of birth and this one."""
    return not _OTHERS.isdisjoint(between)


def birth_number(
    words: Sequence[Word], low: Sequence[str], place: int, births: Sequence[int]
) -> tuple[int, bool] | None:
    """Numbers after a word of birth: "oh six oh four forty eight", "born in thirty nine"."""
    near = [place - birth for birth in births if 0 <= place - birth <= BIRTH_REACH]
    end, digits, parts = place, "", 0
    while end < len(words) and parts < 9:
        here = end
        while parts and here < end + 3 and at(low, here) in _BETWEEN:
            here += 1
        one = atom(words, here) if here < len(words) else None
        if one is None or one.sort is Sort.LETTER or len(digits) >= 8:
            break
        digits, end, parts = digits + one.text, one.end, parts + 1
    if not near:
        after = [at(low, here) for here in range(end, end + 6)]
        said = after[0] in ("is", "'s", "was", "that", ",") and set(after) & _BIRTH_WORDS
        year = parts == 1 and "year" in after and "born" in after
        return (end, True) if parts and said and (len(digits) > 3 or year) else None
    if not parts or measured(low, end) or (at(low, end) in ("years", "year") or at(low, end) == "of"):
        return None
    if parts == 1 and len(digits) < 4 and not _year_follows_birth(low, place, min(near)):
        return None
    if digits.startswith("911") and len(digits) == 3:
        return None
    return (end, len(digits) > 3 or parts == 1) if len(digits) >= 2 else None


def _year_follows_birth(low: Sequence[str], place: int, near: int) -> bool:
    """ "born in thirty nine", "born back in the summer of forty one": a year, nothing else of substance in between."""
    return (
        near <= 8
        and low[place] not in UNITS
        and not {"with", "at", "weighing", "week", "weeks"} & set(low[place - near : place])
    )


def labelled(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """Each part with its name: "month six day fourteen year forty three", in any order, two of them or more."""
    end, told = place, set[str]()
    while at(low, end) in _PARTS - told:
        part = low[end]
        after = end + 1 + (at(low, end + 1) in ("is", "'s"))
        value = year_at(words, low, after) if part == "year" else cardinal(words, after)
        if value is None or (part != "year" and not 0 < value[0] <= (12 if part == "month" else 31)):
            break
        end, told = value[1] if part != "year" else value[0], told | {part}
        while at(low, end) in ("um", "uh", "and", ",", "the"):
            end += 1
    return (end, True) if len(told) > 1 and "month" in told else None


def of_a_child(words: Sequence[Word], low: Sequence[str], place: int) -> tuple[int, bool] | None:
    """ "a nineteen thirty nine baby", "a twenty nine baby"."""
    if low[place] not in ("nineteen", *TENS) and not words[place].cased.isdecimal():
        return None
    year = year_at(words, low, place)
    born = year is not None and (at(low, year[0]) == "baby" or (low[place] == "nineteen" and at(low, year[0]) in _MADE))
    return year if born and at(low, place - 1) in ("a", "an", "the") else None


_PARTS: Final = frozenset("month day year".split())
_MADE: Final = frozenset("vintage model child".split())

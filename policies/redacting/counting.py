"""Number words as values: "twenty five", "a hundred and one", "twenty second"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.words import Word

DIGITS: Final = {word: value for value, word in enumerate("zero one two three four five six seven eight nine".split())}
UNITS: Final = DIGITS | {"oh": 0, "o": 0, "nought": 0, "naught": 0, "niner": 9}
TEENS: Final = {
    word: 10 + value
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
DECADES: Final = {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
TENS: Final = DECADES | {"fourty": 40, "ninty": 90}
_ORDINAL_UNITS: Final = {
    word: value for value, word in enumerate("first second third fourth fifth sixth seventh eighth ninth".split(), 1)
}
_ORDINAL_TEENS: Final = {
    word: 10 + value
    for value, word in enumerate(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split()
    )
} | {"twelth": 12}
_ORDINAL_TENS: Final = {"twentieth": 20, "thirtieth": 30}
ORDINALS: Final = frozenset({*_ORDINAL_UNITS, *_ORDINAL_TEENS, *_ORDINAL_TENS})


def cardinal(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A whole number below ten thousand, as in counting: its value and where it ends.  "oh" is none."""
    if place >= len(words):
        return None
    word = words[place].low
    if words[place].cased.isdecimal():
        return (int(word), place + 1) if len(word) < 5 else None
    if word in ("a", "one") and word_at(words, place + 1) in ("hundred", "thousand"):
        return with_hundreds(words, 1, place + 1)
    value = below_hundred(words, place)
    if value is None:
        return None
    if word_at(words, value[1]) in ("hundred", "thousand"):
        return with_hundreds(words, *value)
    return value


def ordinal(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A day's number from 1 to 31: "fourth", "twenty second", "22nd", and where it ends."""
    word = word_at(words, place)
    for table in (_ORDINAL_UNITS, _ORDINAL_TEENS, _ORDINAL_TENS):
        if word in table:
            return table[word], place + 1
    if word in ("twenty", "thirty"):
        after = place + 1 + (word_at(words, place + 1) == "-")
        unit = _ORDINAL_UNITS.get(word_at(words, after))
        if unit is not None:
            return TENS[word] + unit, after + 1
    if word.isdecimal() and len(word) < 3 and word_at(words, place + 1) in ("st", "nd", "rd", "th"):
        return (int(word), place + 2) if words[place + 1].glued and 0 < int(word) < 32 else None
    return None


def below_hundred(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A number below a hundred and where it ends."""
    word = word_at(words, place)
    if word in TEENS:
        return TEENS[word], place + 1
    if word in TENS:
        after = place + 1 + (word_at(words, place + 1) == "-" and words[place + 1].glued)
        unit = UNITS.get(word_at(words, after), 0)
        if unit and not (word_at(words, after) == "one" and word_at(words, after + 1) in ("hundred", "thousand")):
            return TENS[word] + unit, after + 1
        return TENS[word], place + 1
    if word in UNITS and word not in ("oh", "o"):
        return UNITS[word], place + 1
    return None


def with_hundreds(words: Sequence[Word], value: int, place: int) -> tuple[int, int]:
    """Goes on at the word "hundred" or "thousand" after `value`."""
    total = value * (100 if words[place].low == "hundred" else 1000)
    end = place + 1
    after = end + (word_at(words, end) == "and")
    rest = below_hundred(words, after)
    if rest is not None and rest[0] < 100:
        if words[place].low == "thousand" and word_at(words, rest[1]) == "hundred":
            inner = with_hundreds(words, rest[0], rest[1])
            return total + inner[0], inner[1]
        return total + rest[0], rest[1]
    return total, end


def word_at(words: Sequence[Word], place: int) -> str:
    """The word at a place; empty outside of the text."""
    return words[place].low if 0 <= place < len(words) else ""

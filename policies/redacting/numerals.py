"""Number words, digits and single letters of a text, read into strings of digits with their places.

    numerals(cut("five five five oh one triple two"))  ->  one Run that reads 5550 1222

An `Atom` is what is said in one breath: "seven", "oh", "twenty five", "three forty two" is two atoms, "triple two",
"a as in apple", "0123".  A `Run` is atoms in a row, with hesitation, punctuation or a correction between them.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.words import Word

UNITS: Final = {
    word: value for value, word in enumerate("zero one two three four five six seven eight nine".split())
} | {"oh": 0, "o": 0, "nought": 0, "naught": 0, "niner": 9}
TEENS: Final = {
    word: 10 + value
    for value, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
    )
}
TENS: Final = {
    word: 10 * value for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
} | {"fourty": 40, "ninty": 90}
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
TIMES: Final = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
# The alphabets people spell with; only a few ordinary words are taken without "as in".
CODE_WORDS: Final = frozenset(
    """alpha bravo charlie delta echo foxtrot golf hotel juliet kilo lima oscar papa quebec romeo sierra tango uniform victor
    whiskey xray yankee zulu""".split()
)
_LETTER_NAMES: Final = {"zed": "z", "zee": "z", "bee": "b", "cee": "c", "dee": "d", "gee": "g", "jay": "j", "kay": "k", "em": "m", "el": "l",
                        "tee": "t", "vee": "v", "ex": "x", "pee": "p", "queue": "q", "cue": "q", "ess": "s", "eff": "f", "aitch": "h"}  # fmt: skip
DASHES: Final = frozenset("dash hyphen minus slash stroke dot period space - – — / . ( ) # _".split())
SOFT: Final = DASHES | frozenset(
    "capital uppercase lowercase letter followed by um uh uhm er erm hmm mm ah , and then … comma".split()
)
REPAIR: Final = frozenset(
    """no sorry wait hold on okay ok actually i mean scratch that let me see start over correction rather it's 's is not so like
    a sec second minute my bad uh-uh again well hang excuse me the next last first numbers digits number four three two
    yeah yes part""".split()
) - frozenset({"four", "three", "two"})
LARGEST_HOUSE: Final = 5  # digits of a house number
LONGEST_GAP: Final = 7  # words between two digits of one number: "no sorry wait that's wrong it's"


class Sort(enum.Enum):
    """How an atom was said."""

    UNIT = "unit"
    """Digit by digit, also "double oh"."""
    GROUP = "group"
    """As a number of two digits: "fifty five", "twelve"."""
    LARGE = "large"
    """With "hundred" or "thousand"."""
    WRITTEN = "written"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Atom:
    """Words `first` up to and without `end`."""

    first: int
    end: int
    text: str
    """Digits, or one to four letters."""
    sort: Sort


@dataclass(frozen=True, slots=True)
class Run:
    """Atoms that may be one number, in order; never empty."""

    atoms: tuple[Atom, ...]

    @property
    def first(self) -> int:
        return self.atoms[0].first

    @property
    def end(self) -> int:
        return self.atoms[-1].end

    @property
    def digits(self) -> str:
        return "".join(atom.text for atom in self.atoms if atom.sort is not Sort.LETTER)

    @property
    def letters(self) -> int:
        return sum(len(atom.text) for atom in self.atoms if atom.sort is Sort.LETTER)

    @property
    def singly(self) -> float:
        """The share of its digits that were said or written as digits."""
        said = sum(len(atom.text) for atom in self.atoms if atom.sort in (Sort.UNIT, Sort.WRITTEN))
        return said / max(1, len(self.digits))


def cardinal(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A whole number below ten thousand, as in counting: its value and where it ends.  "oh" is none."""
    if place >= len(words):
        return None
    word = words[place].low
    if words[place].cased.isdecimal():
        return (int(word), place + 1) if len(word) < 5 else None
    if word in ("a", "one") and _at(words, place + 1) in ("hundred", "thousand"):
        return _with_hundreds(words, 1, place + 1)
    value = _below_hundred(words, place)
    if value is None:
        return None
    if _at(words, value[1]) in ("hundred", "thousand"):
        return _with_hundreds(words, *value)
    return value


def ordinal(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    """A day's number from 1 to 31: "fourth", "twenty second", "22nd", and where it ends."""
    word = _at(words, place)
    for table in (_ORDINAL_UNITS, _ORDINAL_TEENS, _ORDINAL_TENS):
        if word in table:
            return table[word], place + 1
    if word in ("twenty", "thirty"):
        after = place + 1 + (_at(words, place + 1) == "-")
        unit = _ORDINAL_UNITS.get(_at(words, after))
        if unit is not None:
            return TENS[word] + unit, after + 1
    if word.isdecimal() and len(word) < 3 and _at(words, place + 1) in ("st", "nd", "rd", "th"):
        return (int(word), place + 2) if words[place + 1].glued and 0 < int(word) < 32 else None
    return None


def atom(words: Sequence[Word], place: int) -> Atom | None:
    """What is said at this place, if it is digits or a letter."""
    word = words[place]
    if word.cased.isdecimal():
        return Atom(place, place + 1, word.low, Sort.WRITTEN)
    if word.low in TIMES and place + 1 < len(words):
        inner = atom(words, place + 1)
        if word.low == "double" and words[place + 1].low in ("u", "you"):
            return _letter(words, place)
        if inner is not None and inner.sort in (Sort.UNIT, Sort.WRITTEN, Sort.LETTER) and len(inner.text) == 1:
            return Atom(place, inner.end, inner.text * TIMES[word.low], inner.sort)
        return None
    if word.low in UNITS and not (word.low == "o" and word.glued):
        if _at(words, place + 1) in ("hundred", "thousand"):
            large = _with_hundreds(words, UNITS[word.low], place + 1)
            return Atom(place, large[1], str(large[0]), Sort.LARGE)
        return Atom(place, place + 1, str(UNITS[word.low]), Sort.UNIT)
    number = _below_hundred(words, place)
    if number is not None:
        value, end = number
        if _at(words, end) in ("hundred", "thousand"):
            large = _with_hundreds(words, value, end)
            return Atom(place, large[1], str(large[0]), Sort.LARGE)
        return Atom(place, end, str(value), Sort.GROUP)
    return _letter(words, place)


def numerals(words: Sequence[Word], skipped: set[int] | frozenset[int] = frozenset()) -> list[Run]:
    """All runs of a text that hold a digit, in order.  skipped: places that belong to something else already."""
    runs: list[Run] = []
    gathered: list[Atom] = []
    place = 0
    while place < len(words):
        one = None if place in skipped else atom(words, place)
        if one is None or any(inside in skipped for inside in range(one.first, one.end)):
            place += 1
            continue
        if gathered and not _bridged(words, gathered[-1], one, skipped):
            runs += _run(words, gathered)
            gathered = []
        gathered.append(one)
        place = one.end
    return runs + _run(words, gathered)


def _run(words: Sequence[Word], atoms: list[Atom]) -> list[Run]:
    """Without letters at its ends that are likelier words, and none without digits."""
    first, end = 0, len(atoms)
    while first < end and _is_announcing(words, atoms, first):
        first = _is_announcing(words, atoms, first)
    while (
        first < end
        and _is_article(words, atoms[first])
        and atoms[first + 1 :][:1]
        and atoms[first + 1].sort is not Sort.LETTER
    ):
        first += 1
    while end > first and _is_article(words, atoms[end - 1]) and _before_a_noun(words, atoms[end - 1]):
        end -= 1
    kept = atoms[first:end]
    return [Run(tuple(kept))] if any(one.sort is not Sort.LETTER for one in kept) else []


def _before_a_noun(words: Sequence[Word], one: Atom) -> bool:
    """ "... four four one two a nurse said": no part of the number."""
    return not words[one.first].glued and one.end < len(words) and words[one.end].letters


def _is_announcing(words: Sequence[Word], atoms: list[Atom], first: int) -> int:
    """ "m r n", "s s n", "i d" at the beginning announce the number; where its digits begin, 0 if they are none."""
    for said in ("mrn", "ssn", "dob", "mr", "ss", "id"):
        end = first + len(said)
        if (
            "".join(one.text for one in atoms[first:end]) == said
            and end < len(atoms)
            and len(atoms[first:end]) == len(said)
        ):
            if end - first > 2 or atoms[end].sort is not Sort.LETTER:
                return end
    return 0


def _is_article(words: Sequence[Word], one: Atom) -> bool:
    """ "a" and "i" at an end of a run, and the "oh" of "oh, four more" before a pause."""
    word = words[one.first]
    return one.sort is Sort.LETTER and one.end == one.first + 1 and word.cased in ("a", "i", "I")


def _bridged(words: Sequence[Word], left: Atom, right: Atom, skipped: set[int] | frozenset[int]) -> bool:
    gap = range(left.end, right.first)
    if not gap:
        return True
    if len(gap) > LONGEST_GAP or any(place in skipped for place in gap):
        return False
    said = [words[place].low for place in gap]
    if all(word in SOFT for word in said):
        if Sort.LETTER in (left.sort, right.sort) and any(word in (".", ",") for word in said):
            return words[gap[0]].glued and words[right.first].glued
        if "." in said or "and" in said:
            return words[right.first].glued or _digitwise(left) and _digitwise(right)
        return True
    if not (_digitwise(left) or _digitwise(right)) or Sort.LETTER in (left.sort, right.sort):
        return False
    return all(word in SOFT or word in REPAIR for word in said) or (
        len(said) == 1 and said[0] in ("to", "for", "too", "ate", "or", "won") and _unit(left) and _unit(right)
    )


def _digitwise(one: Atom) -> bool:
    return one.sort is Sort.UNIT or (one.sort is Sort.WRITTEN)


def _unit(one: Atom) -> bool:
    return one.sort is Sort.UNIT


def _letter(words: Sequence[Word], place: int) -> Atom | None:
    """One letter: "b", "b as in boy", "b like boy"; in capitals up to four; a word of the spelling alphabet."""
    word = words[place]
    if not word.letters:
        return None
    single = len(word.low) == 1 and word.low.isascii()
    if single:
        for said in (
            ("as", "in"),
            ("like",),
            ("for",),
            ("as",),
            ("like", "in"),
            ("is", "for"),
            ("like", "a"),
            (",", "as", "in"),
            ("in",),
        ):
            after = place + 1 + len(said)
            if [one.low for one in words[place + 1 : after]] == list(said) and after < len(words):
                if words[after].low[:1] == word.low and len(words[after].low) > 1:
                    return Atom(place, after + 1, word.low, Sort.LETTER)
        if word.low == "x" and [one.low for one in words[place + 1 : place + 3]] == ["-", "ray"]:
            return Atom(place, place + 3, "x", Sort.LETTER)
        return Atom(place, place + 1, word.low, Sort.LETTER)
    if word.low == "double" and _at(words, place + 1) in ("u", "you"):
        return Atom(place, place + 2, "w", Sort.LETTER)
    if word.low in _LETTER_NAMES and _beside_digit(words, place):
        return Atom(place, place + 1, _LETTER_NAMES[word.low], Sort.LETTER)
    if word.low in CODE_WORDS and _beside_digit(words, place):
        return Atom(place, place + 1, word.low[0], Sort.LETTER)
    if len(word.cased) <= 6 and word.cased.isascii() and (word.cased.isupper() or _glued_to_digits(words, place)):
        if _beside_digit(words, place) and not re.fullmatch("st|nd|rd|th|mg|ml|cc|am|pm|s", word.low):
            return Atom(place, place + 1, word.low, Sort.LETTER)
    return None


def _beside_digit(words: Sequence[Word], place: int) -> bool:
    """Up to one dash away from a digit, a number word or a single letter."""
    for step in (-1, 1):
        beside = place + step
        if 0 <= beside < len(words) and words[beside].low in DASHES:
            beside += step
        if 0 <= beside < len(words):
            word = words[beside]
            if (
                word.cased.isdecimal()
                or word.low in UNITS
                or word.low in TEENS
                or word.low in TENS
                or word.low in TIMES
            ):
                return True
            if (len(word.low) == 1 and word.letters and word.low not in ("a", "i")) or word.low in CODE_WORDS:
                return True
    return False


def _glued_to_digits(words: Sequence[Word], place: int) -> bool:
    before = words[place].glued and words[place - 1].cased.isdecimal()
    return before or (place + 1 < len(words) and words[place + 1].glued and words[place + 1].cased.isdecimal())


def _below_hundred(words: Sequence[Word], place: int) -> tuple[int, int] | None:
    word = _at(words, place)
    if word in TEENS:
        return TEENS[word], place + 1
    if word in TENS:
        after = place + 1 + (_at(words, place + 1) == "-" and words[place + 1].glued)
        unit = UNITS.get(_at(words, after), 0)
        if unit and not (_at(words, after) == "one" and _at(words, after + 1) in ("hundred", "thousand")):
            return TENS[word] + unit, after + 1
        return TENS[word], place + 1
    if word in UNITS and word not in ("oh", "o"):
        return UNITS[word], place + 1
    return None


def _with_hundreds(words: Sequence[Word], value: int, place: int) -> tuple[int, int]:
    """Goes on at the word "hundred" or "thousand" after `value`."""
    total = value * (100 if words[place].low == "hundred" else 1000)
    end = place + 1
    after = end + (_at(words, end) == "and")
    rest = _below_hundred(words, after)
    if rest is not None and rest[0] < 100:
        if words[place].low == "thousand" and _at(words, rest[1]) == "hundred":
            inner = _with_hundreds(words, rest[0], rest[1])
            return total + inner[0], inner[1]
        return total + rest[0], rest[1]
    return total, end


def _at(words: Sequence[Word], place: int) -> str:
    return words[place].low if 0 <= place < len(words) else ""

"""Number words, digits and single letters of a text, read into strings of digits with their places.

    numerals(cut("five five five oh one triple two"))  ->  one Run that reads 5550 1222

An `Atom` is what is said in one breath: "seven", "oh", "twenty five", "three forty two" is two atoms, "triple two",
"a as in apple", "0123".  A `Run` is atoms in a row, with hesitation, punctuation or a correction between them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.counting import UNITS, below_hundred, with_hundreds, word_at
from policies.redacting.letters import DASHES, TIMES, letter
from policies.redacting.lexis import GRAMMAR
from policies.redacting.words import Word

SOFT: Final = DASHES | frozenset(
    "capital uppercase lowercase letter followed by um uh uhm er erm hmm mm ah , and then … comma".split()
)
REPAIR: Final = frozenset(
    """no sorry wait hold on okay ok actually i mean scratch that let me see start over correction rather it's 's is
    not so like a sec second minute my bad uh-uh again well hang excuse me the next last first numbers digits number
    four three two yeah yes part""".split()
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


def atom(words: Sequence[Word], place: int) -> Atom | None:
    """What is said at this place, if it is digits or a letter."""
    word = words[place]
    if word.cased.isdecimal():
        return Atom(place, place + 1, word.low, Sort.WRITTEN)
    if word.low in TIMES and place + 1 < len(words):
        inner = atom(words, place + 1)
        if word.low == "double" and words[place + 1].low in ("u", "you"):
            return Atom(place, place + 2, "w", Sort.LETTER)
        if inner is not None and inner.sort in (Sort.UNIT, Sort.WRITTEN, Sort.LETTER) and len(inner.text) == 1:
            return Atom(place, inner.end, inner.text * TIMES[word.low], inner.sort)
        return None
    if word.low in UNITS and not (word.low == "o" and word.glued):
        if word_at(words, place + 1) in ("hundred", "thousand"):
            large = with_hundreds(words, UNITS[word.low], place + 1)
            return Atom(place, large[1], str(large[0]), Sort.LARGE)
        return Atom(place, place + 1, str(UNITS[word.low]), Sort.UNIT)
    number = below_hundred(words, place)
    if number is not None:
        value, end = number
        if word_at(words, end) in ("hundred", "thousand"):
            large = with_hundreds(words, value, end)
            return Atom(place, large[1], str(large[0]), Sort.LARGE)
        return Atom(place, end, str(value), Sort.GROUP)
    found = letter(words, place)
    return None if found is None else Atom(place, found[0], found[1], Sort.LETTER)


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
    if end > 1 and words[atoms[0].first].low in ("four", "4") and word_at(words, atoms[0].first - 1) == "last":
        first = 1  # "the last four ninety one twelve"
    while first < end and _is_announcing(words, atoms, first):
        first = _is_announcing(words, atoms, first)
    while first + 1 < end and _is_article(words, atoms[first]) and atoms[first + 1].sort is not Sort.LETTER:
        first += 1
    while end > first and _is_article(words, atoms[end - 1]) and _before_a_noun(words, atoms[end - 1]):
        end -= 1
    kept = atoms[first:end]
    return [Run(tuple(kept))] if any(one.sort is not Sort.LETTER for one in kept) else []


def _before_a_noun(words: Sequence[Word], one: Atom) -> bool:
    """ "... four four one two a nurse said": no part of the number."""
    following = words[one.end].low if one.end < len(words) else ""
    return (
        not words[one.first].glued and following.isalpha() and (following not in GRAMMAR or words[one.first].low == "i")
    )


def _is_announcing(words: Sequence[Word], atoms: list[Atom], first: int) -> int:
    """ "m r n", "s s n", "i d" at the beginning announce the number; where its digits begin, 0 if they are none."""
    for end in range(min(first + 3, len(atoms) - 1), first, -1):
        said = "".join(one.text for one in atoms[first:end])
        spelled, glued = end - first == len(said), words[atoms[end].first].glued
        if said in ("mrn", "ssn", "dob") and (spelled or (atoms[end].first == atoms[end - 1].end and not glued)):
            return end
        if spelled and said in ("mr", "ss", "id") and atoms[end].sort is not Sort.LETTER:
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
            spelled = "." not in said and left.end - left.first > 1
            return spelled or (words[gap[0]].glued and words[right.first].glued)
        if "." in said or "and" in said:
            return words[right.first].glued or (_digitwise(left) and _digitwise(right))
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

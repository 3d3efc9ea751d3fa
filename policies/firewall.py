"""May this sentence of a language model be spoken?  Judged beside the one approved passage that it was to put in words.

Four voices, each of which can only forbid: figures and medicines that the passage does not hold, written rules
(`policies/spoken/rules.toml`), and a trained reader that weighs the sentence beside the passage.  Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from policies.phi import PHI
from policies.plain import plain
from policies.redacting.counting import DECADES, DIGITS, TEENS

SURE_SAFE: Final = 0.5
"""How sure the reader must be that a sentence is safe; set on 700 sentences of a stranger's that had been looked at.
What it comes to on others: docs/clinical-safety.md.
"""


class Breach(enum.Enum):
    """Why a model's sentence is not spoken; closed."""

    FIGURE = "figure"
    """A number that the passage does not hold."""
    SIGNS = "signs"
    """Letters or signs that no spoken English sentence needs: what they hide is not looked for."""
    MEDICINE = "medicine"
    """A medicine that the passage does not name."""
    RULE = "rule"
    READER = "reader"


@dataclass(frozen=True, slots=True)
class SpokenRule:
    """What may not be said, over `plain` text between spaces, unless the passage says it too."""

    id: str
    owner: str
    source: str
    says: re.Pattern[str]
    unless: re.Pattern[str] | None
    """Said anywhere in the sentence, it makes another thing of it."""
    must: Sequence[str]
    must_not: Sequence[str]

    def forbids(self, sentence: str, passage: str) -> bool:
        """Both plain, between spaces."""
        if self.unless is not None and self.unless.search(sentence):
            return False
        allowed = {found.group() for found in self.says.finditer(passage)}
        return any(found.group() not in allowed for found in self.says.finditer(sentence))


Weigh = Callable[[PHI[str], str], PHI[float]]
"""(sentence, passage) -> how likely the sentence is safe beside it, 0..1; tens of milliseconds."""


@dataclass(frozen=True, slots=True)
class Firewall:
    """Made once, read by all calls, keeps nothing of a sentence."""

    rules: Sequence[SpokenRule]
    medicines: Mapping[str, str]
    """Every name of a medicine, one word in lower case -> the name it stands under."""
    weigh: Weigh

    def breach(self, sentence: str, passage: str) -> Breach | None:
        """Why not; None where it may be spoken.  Blocks for as long as the reader reads.

        What cannot be weighed (not a number) is not safe.
        """
        written = self.written(sentence, passage)
        if written is not None:
            return written
        return None if self.weigh(PHI(sentence), passage).reveal() >= SURE_SAFE else Breach.READER

    def written(self, sentence: str, passage: str) -> Breach | None:
        """What the written voices forbid."""
        if not _SPOKEN.fullmatch(sentence):
            return Breach.SIGNS
        if figures(sentence) - figures(passage):
            return Breach.FIGURE
        if self._named(sentence) - self._named(passage):
            return Breach.MEDICINE
        said, beside = f" {plain(sentence)} ", f" {plain(passage)} "
        return Breach.RULE if any(rule.forbids(said, beside) for rule in self.rules) else None

    def without(self, rule_id: str) -> Firewall:
        """All rules but one, to show what it is there for."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.id != rule_id))

    def _named(self, text: str) -> set[str]:
        return {self.medicines[word] for word in plain(text).split() if word in self.medicines}


_SPOKEN: Final = re.compile(r"[A-Za-z0-9 .,;:!?'\"()%/&+-]+")
_GLUED: Final = re.compile(r"(?<=[0-9])(?=[a-z])|(?<=[a-z])(?=[0-9])")


_ONES: Final = DIGITS | TEENS
_SCALES: Final = {"hundred": 100, "thousand": 1000}
_SHARES: Final = {
    "half": "1/2",
    "quarter": "1/4",
    "twice": "2",
    "couple": "2",
    "pair": "2",
    "thrice": "3",
    "dozen": "12",
}
_COUNTED: Final = frozenset(
    "tablet pill capsule dose puff drop patch spoon teaspoon tablespoon hour day week month minute glass cup degree"
    " pound ounce unit milligram mile year night".split()
)
"""Before one of these "one" is a number; elsewhere it stands for a thing ("the new one")."""


def figures(text: str) -> frozenset[str]:
    """The numbers in a text, in digits whether they were words or digits."""
    return frozenset(_figures(_GLUED.sub(" ", re.sub(r"(?<=\d),(?=\d{3})", "", text.lower()))))


def _figures(text: str) -> Iterator[str]:
    words = plain(text).replace(",", " , ").split()
    place = 0
    while place < len(words):
        value, used = _number(words, place)
        if used:
            lone_one = used == 1 and words[place] == "one"
            follows = words[place + used].removesuffix("s") if place + used < len(words) else ""
            if not lone_one or follows in _COUNTED:
                yield value
            place += used
            continue
        if words[place] in _SHARES:
            yield _SHARES[words[place]]
        place += 1


def _number(words: Sequence[str], place: int) -> tuple[str, int]:
    """The number that begins there, in digits, and how many words it takes; none of none."""
    whole, used = _whole(words, place)
    if not used:
        return "", 0
    after = place + used
    if after + 1 < len(words) and words[after] == "point":
        part, more = "", 0
        while after + 1 + more < len(words) and (digit := _digit(words[after + 1 + more])):
            part, more = part + digit, more + 1
        if more:
            return f"{whole}.{part}", used + 1 + more
    return str(whole), used


def _whole(words: Sequence[str], place: int) -> tuple[int, int]:
    total = current = used = 0
    last = 0  # the worth of the word before: 20 may be followed by 4, 4 by nothing but a scale
    for at, word in enumerate(words[place:], place):
        if word.isdecimal() and not used:
            total, current, used, last = 0, int(word), 1, 1
            continue
        following = words[at + 1] if at + 1 < len(words) else ""
        if (word == "a" and not used and following in _SCALES) or (
            word == "and" and last >= 100 and _counts(following)
        ):
            current, last = (1, 1) if word == "a" else (current, last)
            used += 1
            continue
        if word in DECADES and last in (0, 100, 1000):
            current, last = current + DECADES[word], 10
        elif word in _ONES and (last in (0, 100, 1000) or (last == 10 and _ONES[word] < 10)):
            current, last = current + _ONES[word], 1
        elif word in _SCALES and current and last in (1, 10):
            current, last = current * _SCALES[word], _SCALES[word]
            if word == "thousand":
                total, current = total + current, 0
        else:
            break
        used += 1
    return total + current, used


def _counts(word: str) -> bool:
    return word in _ONES or word in DECADES


def _digit(word: str) -> str:
    if word.isdecimal():
        return word
    return str(_ONES[word]) if _ONES.get(word, 10) < 10 else ""

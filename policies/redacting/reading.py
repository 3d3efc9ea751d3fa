"""One text as the rules for names read it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from policies.redacting.lexis import Lexis
from policies.redacting.words import Word, at


@dataclass(frozen=True, slots=True)
class Reading:
    """Lives as long as its text is worked on."""

    words: tuple[Word, ...]
    low: list[str]
    lexis: Lexis
    model: Set[int]
    """Places that the language model takes for a person."""
    cased: bool
    """Written with capitals where they belong, so that one within a sentence means a name."""

    @classmethod
    def of(cls, words: tuple[Word, ...], lexis: Lexis, model: Set[int]) -> Reading:
        letters = [word for word in words if word.letters and len(word.cased) > 1]
        capitals = sum(word.capital for word in letters)
        return cls(words, [word.low for word in words], lexis, model, 0 < capitals < 0.7 * len(letters))

    def capital(self, place: int) -> bool:
        """A capital that means something: not the first of a sentence."""
        begins = place == 0 or self.low[place - 1] in (".", "?", "!", ":", '"')
        return self.cased and place < len(self.words) and self.words[place].capital and not begins

    def odd(self, place: int) -> bool:
        """A name, or no English word at all."""
        word = at(self.low, place)
        return self.lexis.namelike(word) and word not in self.lexis.either and self.words[place].letters

    def name(self, place: int) -> bool:
        """A given name that is no ordinary word."""
        return self.lexis.name(at(self.low, place))

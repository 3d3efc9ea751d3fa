"""A text as words with their places in it.

A word is a run of letters, a run of digits, or one mark.  "I'm" is `i` and `'m`, "K0098" is `k` and `0098`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

# A clitic is a word of its own; any other apostrophe stays inside its word ("don't", "o'brien").
_CLITIC: Final = r"['’](?:s|m|re|ve|ll|d)(?![^\W\d_])"
_WORD: Final = re.compile(rf"{_CLITIC}|[^\W\d_]+(?:(?!{_CLITIC})['’][^\W\d_]+)*|\d+|_|[^\w\s]", re.IGNORECASE)


@final
@dataclass(frozen=True, slots=True)
class Word:
    """Characters `start` up to and without `end` of the text."""

    start: int
    end: int
    low: str
    """In lower case, with a plain apostrophe."""
    cased: str
    """As it stands in the text."""
    glued: bool
    """No space before it."""

    @property
    def capital(self) -> bool:
        return self.cased[:1].isupper()

    @property
    def letters(self) -> bool:
        return self.cased[0].isalpha()

    @property
    def mark(self) -> bool:
        return not self.cased[-1].isalnum()


def cut(text: str) -> list[Word]:
    """All words of a text, in order."""
    found: list[Word] = []
    end = -1
    for match in _WORD.finditer(text):
        cased = match.group()
        found.append(Word(match.start(), match.end(), cased.lower().replace("’", "'"), cased, match.start() == end))
        end = match.end()
    return found


def at(low: Sequence[str], place: int) -> str:
    """The word at a place; empty outside of the text."""
    return low[place] if 0 <= place < len(low) else ""


def phrases(said: str) -> tuple[tuple[str, ...], ...]:
    """ "this is | i 'm": each as its words."""
    return tuple(tuple(one.split()) for one in said.split("|"))

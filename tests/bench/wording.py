"""What a transcript of the agent's speech shows: fillers, prompts, "I don't know", what was hoped for.  Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.phrases import Phrase, PhraseTexts

Word = tuple[str, float, float]
"""A word, and from when to when (ms of the caller's clock) it was heard."""

ALIKE: Final = 0.8  # of the letters: a transcript of a fixed phrase is off by a word's ending at most
UNKNOWN_ALIKE: Final = 0.75
ASIDES: Final = (Phrase.FILLER, Phrase.FILLER_2, Phrase.CONTINUER, Phrase.CONTINUER_2)
PROMPTS: Final = (Phrase.SILENCE_1, Phrase.SILENCE_2, Phrase.SILENCE_3, Phrase.ANYTHING_ELSE)
_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS: Final = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


@dataclass(frozen=True, slots=True)
class Fixed:
    """The fixed wording that is counted apart, in plain words."""

    asides: Mapping[Phrase, str]
    prompts: Mapping[Phrase, str]
    not_known: tuple[str, ...]
    """Each of the phrases that say so."""

    @classmethod
    def of(cls, texts: PhraseTexts) -> Fixed:
        return cls(
            {phrase: plain(texts[phrase]) for phrase in ASIDES},
            {phrase: plain(texts[phrase]) for phrase in PROMPTS},
            tuple(plain(texts[phrase]) for phrase in (Phrase.NOT_KNOWN, Phrase.FOR_THE_NURSE, Phrase.NOT_OURS)),
        )


def spelled(number: int) -> str:
    """0 to 999 in words; larger numbers digit by digit."""
    if number >= 1_000:
        return " ".join(_ONES[int(digit)] for digit in str(number))
    if number >= 100:
        rest = f" {spelled(number % 100)}" if number % 100 else ""
        return f"{_ONES[number // 100]} hundred{rest}"
    if number < 20:
        return _ONES[number]
    return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")


def plain(text: str) -> str:
    """Small letters and spaces alone; figures in words."""
    words = re.findall(r"[a-z]+(?:'[a-z]+)?|[0-9]+", text.lower().replace("\u2019", "'"))
    return " ".join(spelled(int(word)) if word.isdigit() else word.replace("'", "") for word in words)


def holds(text: str, hoped_for: Iterable[str]) -> bool:
    """One of the words stands in the text; "walk" is found in "walking"."""
    heard = f" {plain(text)}"
    return any(f" {plain(word)}" in heard for word in hoped_for)


def alike(heard: str, phrase: str) -> float:
    """How much of two plain texts is the same, 0 to 1."""
    return difflib.SequenceMatcher(None, heard, phrase, autojunk=False).ratio()


def is_not_known(text: str, fixed: Fixed) -> bool:
    """The agent said, somewhere in it, that it does not know."""
    words = plain(text).split()
    return any(_stands_in(words, phrase) for phrase in fixed.not_known)


def _stands_in(words: Sequence[str], phrase: str) -> bool:
    length = len(phrase.split())
    windows = (" ".join(words[at : at + length]) for at in range(max(1, len(words) - length + 1)))
    return any(alike(window, phrase) >= UNKNOWN_ALIKE for window in windows)


def _begins(words: Sequence[Word], phrases: Mapping[Phrase, str]) -> tuple[Phrase, int] | None:
    """The phrase that the words begin with, and of how many of them it is made."""
    best: tuple[float, Phrase, int] | None = None
    for phrase, text in phrases.items():
        length = len(text.split())
        for taken in (length - 1, length, length + 1):
            if 0 < taken <= len(words):
                likeness = alike(plain(" ".join(word for word, _, _ in words[:taken])), text)
                if likeness >= ALIKE and (best is None or likeness > best[0]):
                    best = (likeness, phrase, taken)
    return None if best is None else (best[1], best[2])


def leading_asides(words: Sequence[Word], fixed: Fixed) -> tuple[tuple[Phrase, float, float], ...]:
    """Fillers and continuers before the answer, in order: which, and from when to when."""
    found = []
    left = list(words)
    while (begun := _begins(left, fixed.asides)) is not None:
        phrase, taken = begun
        found.append((phrase, left[0][1], left[taken - 1][2]))
        left = left[taken:]
    return tuple(found)


def begins_with_prompt(words: Sequence[Word], fixed: Fixed) -> bool:
    """The agent asked whether the caller is still there, or what else there is."""
    return _begins(words, fixed.prompts) is not None

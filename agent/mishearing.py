"""Words that recognition got wrong, matched to the material's own.  Pure.

A word that nobody knows is taken for a known one only when it sounds like it; an English word that merely
looks alike stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from agent.lexicon import ALIKE, CLASSES, COMMON, ELSEWHERE, EMPTY, GENERICS
from agent.terms import BRANDS, PHRASE_WORDS, distance, skeleton

SHORTEST: Final = 4  # letters of a word that may be a misheard one
SHORT: Final = 6  # below, only the same sound counts
LONG: Final = 9  # from here on two letters may differ, and one sound
LONG_NAME: Final = 7  # the same for a medicine's name
SOUNDS: Final = 4  # consonants a name needs to be recognised when it came in pieces


class Misheard:
    """Built once from the material's words; keeps nothing of what it is asked."""

    __slots__ = ("_known", "_names", "_near")

    def __init__(self, spoken: Iterable[str]) -> None:
        names = {*GENERICS, *BRANDS}
        of_material = {*spoken, *ALIKE, *names}
        self._known: Final = frozenset(of_material | set(CLASSES) | PHRASE_WORDS | EMPTY | COMMON | ELSEWHERE)
        self._near: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        for spelling in sorted(word for word in of_material if len(word) >= 5 and word not in EMPTY):
            for sound in _sounds(skeleton(spelling), len(spelling) >= LONG or spelling in names):
                self._near.setdefault(sound, []).append(spelling)
        for name in sorted(names):
            if len(skeleton(name)) >= SOUNDS:
                self._names.setdefault(skeleton(name), name)

    def likely(self, word: str) -> str | None:
        """The known spelling that an unknown word most likely stands for; None for a known word."""
        if len(word) < SHORTEST or word in self._known or not word.isalpha():
            return None
        sound = skeleton(word)
        near = {spelling for key in _sounds(sound, True) for spelling in self._near.get(key, ())}
        best: tuple[int, str] | None = None
        for spelling in near:
            name = spelling in GENERICS or spelling in BRANDS
            same = skeleton(spelling) == sound
            if not same and (min(len(word), len(spelling)) < SHORT or (not name and len(spelling) < LONG)):
                continue
            limit = 2 if len(spelling) >= (LONG_NAME if name else LONG) else 1
            apart = distance(word, spelling, limit)
            if apart <= limit and (name or word[0] == spelling[0]) and (best is None or (apart, spelling) < best):
                best = (apart, spelling)
        return best[1] if best else None

    def rejoined(self, tokens: Sequence[str]) -> list[str]:
        """Medicine names that recognition broke in two to four words, made whole."""
        whole: list[str] = []
        at = 0
        while at < len(tokens):
            for length in (4, 3, 2):
                joined = "".join(tokens[at : at + length])
                if at + length > len(tokens) or not 7 <= len(joined) <= 16 or not joined.isalpha():
                    continue
                name = self._names.get(skeleton(joined))
                if name and joined[0] == name[0] and distance(joined, name, 3) <= max(1, len(name) // 3):
                    whole.append(name)
                    at += length
                    break
            else:
                whole.append(tokens[at])
                at += 1
        return whole


def _sounds(sound: str, loose: bool) -> Iterator[str]:
    """The sound itself and, for a long word, all that is left when one consonant is dropped."""
    yield sound
    if loose and len(sound) >= SOUNDS:
        yield from {sound[:at] + sound[at + 1 :] for at in range(len(sound))}

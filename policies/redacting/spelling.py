"""Names spelled aloud: "s m i t h", "S-M-I-T-H", "s as in sam m i t h", and the words that they spell."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from policies.redacting.lexis import GRAMMAR
from policies.redacting.medical import ABBREVIATIONS
from policies.redacting.words import at

ENOUGH: Final = 4  # letters in a row that spell something wherever they stand
ENOUGH_ANNOUNCED: Final = 2  # where spelling or a name is spoken of
NEAR: Final = 6  # words before the letters in which that counts
_ANNOUNCING: Final = frozenset("spelled spell spelling spells letters name names named".split())
_BETWEEN: Final = frozenset("- . , space dash hyphen um uh apostrophe ' capital then and".split())


@dataclass(frozen=True, slots=True)
class _Letters:
    first: int
    end: int
    text: str


def spelled(low: Sequence[str], skipped: Set[int]) -> set[int]:
    """The places of spelled names, and of the words that are spelled elsewhere in the text."""
    marked: set[int] = set()
    place = 0
    while place < len(low):
        one = _letters(low, place, skipped)
        place = max(one.end, place + 1)
        if not one.text or _abbreviated(one.text):
            continue
        twins = [
            other
            for other, word in enumerate(low)
            if word == one.text and len(word) > 1 and other not in skipped and not one.first <= other < one.end
        ]
        announced = bool(set(low[max(0, one.first - NEAR) : one.first]) & _ANNOUNCING) or _at_said(low, one.first)
        enough = ENOUGH_ANNOUNCED if announced else ENOUGH
        if len(one.text) >= enough or (twins and len(one.text) > 1):
            marked.update(range(one.first, one.end))
            marked.update(other for other in twins if len(one.text) > 2 or low[other] not in GRAMMAR)
    return marked


def _at_said(low: Sequence[str], first: int) -> bool:
    """ "smith that's s m", "just l e"."""
    return at(low, first - 1) == "just" or (at(low, first - 1) == "'s" and at(low, first - 2) == "that")


def _letters(low: Sequence[str], place: int, skipped: Set[int]) -> _Letters:
    """Single letters in a row from here on."""
    text, end = "", place
    while end < len(low) and end not in skipped:
        word = low[end]
        if len(word) == 1 and word.isalpha() and (text or not _an_article(low, end)):
            if (
                word in "ai"
                and _an_article(low, end)
                and len(text) < ENOUGH - 1
                and at(low, end + 1) not in ("", ".", ",")
            ):
                break
            text += word
            end += 1
            if low[end : end + 2] == ["as", "in"] and at(low, end + 2)[:1] == word:
                end += 3
            elif at(low, end) in ("like", "for") and len(at(low, end + 1)) > 1 and low[end + 1][0] == word:
                end += 2
        elif word in ("double", "triple") and text and _letter(low, end + 1):
            text += low[end + 1] * (2 if word == "double" else 3)
            end += 2
        elif text and word in _BETWEEN and _letter(low, end + 1) and not (word == "and" and low[end + 1] == "i"):
            end += 1
        else:
            break
    return _Letters(place, end, text)


def _an_article(low: Sequence[str], place: int) -> bool:
    """ "a" or "i" that no letter follows."""
    following = place + 1 + (at(low, place + 1) in ("-", ".", "space"))
    return low[place] in ("a", "i") and not _letter(low, following) and at(low, place + 1) not in ("as", "double")


def _letter(low: Sequence[str], place: int) -> bool:
    return len(at(low, place)) == 1 and low[place].isalpha()


def _abbreviated(text: str) -> bool:
    """A known abbreviation, or two in a row."""
    return (
        text.removeprefix("a") in ABBREVIATIONS
        or text in ABBREVIATIONS
        or any(text[:cut] in ABBREVIATIONS and text[cut:] in ABBREVIATIONS for cut in range(2, len(text) - 1))
    )

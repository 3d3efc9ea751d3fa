"""Single letters inside numbers: "b", "b as in boy", "bravo", "W123", and how they are told from words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import TEENS, TENS, UNITS, word_at
from policies.redacting.words import Word, phrases

TIMES: Final = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
# The alphabets people spell with; only a few ordinary words are taken without "as in".
CODE_WORDS: Final = frozenset(
    """alpha bravo charlie delta echo foxtrot golf hotel juliet kilo lima oscar papa quebec romeo sierra tango uniform
    victor whiskey xray yankee zulu""".split()
)
# Letters by their names, as recognisers write them.
_LETTER_NAMES: Final = {
    "zed": "z", "zee": "z", "bee": "b", "cee": "c", "dee": "d", "gee": "g", "jay": "j", "kay": "k", "em": "m",
    "el": "l", "tee": "t", "vee": "v", "ex": "x", "pee": "p", "queue": "q", "cue": "q", "ess": "s", "eff": "f",
    "aitch": "h",
}  # fmt: skip
DASHES: Final = frozenset("dash hyphen minus slash stroke dot period space - – — / . ( ) # _".split())
LONGEST: Final = 6  # letters in one piece: "XEA904", "uhc"
_AS_IN: Final = phrases("as in | like | for | as | like in | is for | like a | , as in | in")


def letter(words: Sequence[Word], place: int) -> tuple[int, str] | None:
    """Letters that stand here as part of a number, in lower case: where they end, and which."""
    word = words[place]
    if not word.letters:
        return None
    if len(word.low) == 1 and word.low.isascii():
        for said in _AS_IN:
            after = place + 1 + len(said)
            example = word_at(words, after)
            spoken = tuple(one.low for one in words[place + 1 : after]) == said
            if spoken and len(example) > 1 and example[0] == word.low:
                return after + 1, word.low
        x_ray = word.low == "x" and [one.low for one in words[place + 1 : place + 3]] == ["-", "ray"]
        return (place + 3 if x_ray else place + 1), word.low
    if word.low == "double" and word_at(words, place + 1) in ("u", "you"):
        return place + 2, "w"
    if not _beside_digit(words, place):
        return None
    if word.low in _LETTER_NAMES or word.low in CODE_WORDS:
        return place + 1, _LETTER_NAMES.get(word.low, word.low[0])
    pieced = word.cased.isupper() or _glued_to_digits(words, place)
    if len(word.cased) <= LONGEST and word.cased.isascii() and pieced and not _AFTER_DIGITS.fullmatch(word.low):
        return place + 1, word.low
    return None


_AFTER_DIGITS: Final = re.compile("st|nd|rd|th|mg|ml|cc|am|pm|s")


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

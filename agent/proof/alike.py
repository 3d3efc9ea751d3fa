"""How much two texts have in common, whatever their signs and however their numbers are written.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agent.proof.canary import DIGITS, Canary

LEAST_WORDS: Final = 6
"""So many of the same in a row are no chance: as they were heard by the line, and again from its own voice."""
LEAST_OF_A_NUMBER: Final = 5
"""So many digits of a chart number in a row are hers: one in 100,000 others shares them at a given place."""
_FIGURES: Final = {word: str(value) for value, word in enumerate(DIGITS)} | {"oh": "0"}


def words(text: str) -> list[str]:
    """In small letters, without signs; a number is a word for each digit, spoken or written."""
    plain = "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()
    found: list[str] = []
    for word in plain:
        found += list(word) if word.isdigit() else [_FIGURES.get(word, word)]
    return found


def shared(one: str, other: str) -> int:
    """The longest run of words that both hold."""
    return _longest(words(one), words(other))


def is_of(patient: Canary, text: str) -> bool:
    """She was recognised in this: her name in full, or enough of her chart number."""
    heard = words(text)
    return _longest(words(patient.name), heard) == 2 or _longest(list(patient.record), heard) >= LEAST_OF_A_NUMBER


def whose(text: str, patients: Iterable[Canary]) -> Canary | None:
    """Who of them said this, if anybody did: the one with the longest run in common that holds something of her own."""
    best: Canary | None = None
    longest = 0
    for patient in patients:
        own = max(_longest(words(patient.name), words(text)) * 3, _longest(list(patient.record), words(text)))
        if own > longest and own >= LEAST_OF_A_NUMBER:
            best, longest = patient, own
    return best


def _longest(one: list[str], other: list[str]) -> int:
    best = 0
    ends = [0] * (len(other) + 1)
    for mine in one:
        before = 0
        for at, theirs in enumerate(other, start=1):
            kept = ends[at]
            ends[at] = before + 1 if mine == theirs else 0
            before = kept
            best = max(best, ends[at])
    return best

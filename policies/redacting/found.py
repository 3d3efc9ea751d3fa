"""What a recognizer hands back: words of a text that identify somebody, and as what."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.words import Word

WIDEST_PAUSE: Final = 4  # words
_PAUSE: Final = frozenset("um uh uhm er erm hmm mm ah eh oh so , . - … / and then on the in of that's".split())


class Kind(enum.Enum):
    """What is taken out of a text; closed, stands in its place."""

    PERSON = "PERSON"
    PHONE = "PHONE"
    DOB = "DOB"
    DATE = "DATE"
    ADDRESS = "ADDRESS"
    MRN = "MRN"
    SSN = "SSN"
    EMAIL = "EMAIL"
    MEMBER_ID = "MEMBER_ID"
    AGE_90_PLUS = "AGE_90_PLUS"
    CARD = "CARD"


@dataclass(frozen=True, slots=True)
class Found:
    """Words `first` up to and without `end` of a text."""

    first: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to and without `end` of a text."""

    start: int
    end: int
    kind: Kind


def covered(found: Iterable[Found]) -> set[int]:
    """The places of all words that were found."""
    return {place for one in found for place in range(one.first, one.end)}


def joined(low: Sequence[str], found: Iterable[Found]) -> list[Found]:
    """In order; those of one kind that only hesitation parts are one: "nineteen forty, er, fourth of may"."""
    together: list[Found] = []
    for one in sorted(found, key=lambda one: one.first):
        last = together[-1] if together else None
        near = last is not None and _same(last.kind, one.kind) and 0 <= one.first - last.end <= WIDEST_PAUSE
        if last is not None and near and all(word in _PAUSE for word in low[last.end : one.first]):
            together[-1] = Found(last.first, max(last.end, one.end), last.kind)
        else:
            together.append(one)
    return together


def _same(one: Kind, other: Kind) -> bool:
    return one is other or {one, other} == {Kind.DOB, Kind.DATE}


def spans(words: Sequence[Word], found: Iterable[Found]) -> list[Span]:
    """As characters of the text the words were cut from."""
    return [Span(words[one.first].start, words[one.end - 1].end, one.kind) for one in found if one.first < one.end]


def apart(spans: Iterable[Span]) -> list[Span]:
    """In order and without overlap.  Of two that overlap the earlier one in `spans` keeps its characters."""
    taken: list[Span] = []
    for span in spans:
        pieces = [(span.start, span.end)]
        for other in taken:
            pieces = [
                piece
                for start, end in pieces
                for piece in ((start, min(end, other.start)), (max(start, other.end), end))
                if piece[0] < piece[1]
            ]
        taken += [Span(start, end, span.kind) for start, end in pieces]
    return sorted(taken, key=lambda span: span.start)

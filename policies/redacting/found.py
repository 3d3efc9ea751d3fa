"""What a recognizer hands back: words of a text that identify somebody, and as what."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from policies.redacting.words import Word


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

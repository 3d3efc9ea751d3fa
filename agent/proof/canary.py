"""Synthetic patients whose traces nobody could have guessed: all of one follows from the officer's nonce.  Pure.

A canary is spoken, so her words must be ones that a recogniser writes down: her name is of common first names and of
surnames that are words, her numbers are read digit by digit.  What was really heard joins the needles after the call.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

NONCE_BYTES: Final = 32
FIRST: Final = (
    "Amelia Arthur Beatrice Benjamin Caroline Christopher Dorothy Edward Eleanor Frederick Georgia Harold Isabella"
    " Jonathan Josephine Leonard Margaret Matthew Natalie Nicholas Olivia Patrick Rebecca Richard Samantha Sebastian"
    " Theodore Valerie Veronica Victoria Vincent Winston"
).split()
LAST: Final = (
    "Appleton Barnsley Blackwood Bloomfield Brookfield Butterworth Castleton Chamberlain Copperfield Crawford Drummond"
    " Fairbanks Farmington Greenwood Hamilton Hathaway Huntington Kensington Livingston Lockwood Merriweather Northwood"
    " Oakland Pemberton Redfield Rutherford Silverman Somerset Stonebridge Thornton Wellington Whitfield"
).split()
MONTHS: Final = "January February March April May June July August September October November December".split()
DRUGS: Final = "lisinopril metformin warfarin atorvastatin furosemide amoxicillin gabapentin omeprazole".split()
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
REFERENCE: Final = "reference"
"""How a needle of it is named."""
DIGITS: Final = "zero one two three four five six seven eight nine".split()


class Ask(enum.Enum):
    """What a canary wants to know, as the end of her sentence; the words tell the proof's own line what to do."""

    FOOD = "with food"
    """An ordinary question."""
    JUICE = "with orange juice"
    """Where the proof's own line is put under proof, its model fails at this: see `agent.proof.failing`."""
    NURSE = "a nurse"
    """She has an emergency: her sentence is another one, that rings a nurse (`agent.proof.transfers`)."""
    CALLED = "an answer"
    """She is called (`agent.proof.called`), and asks as in any call once she is known."""
    STOP = "no more calls"
    """She is called, and wants that no more."""


@dataclass(frozen=True, slots=True, repr=False)
class Canary:
    """One synthetic patient."""

    number: int
    first: str
    last: str
    born: str
    """Month, day and year."""
    phone: str
    """Ten digits, of which she calls; the exchange 555-01 belongs to nobody (North American Numbering Plan)."""
    record: str
    """Nine digits: fewer are in many files by chance."""
    drug: str
    reference: str
    """The hospital's opaque one, of 16 bytes."""
    ask: Ask = Ask.FOOD

    def __repr__(self) -> str:
        return f"Canary({self.number})"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def birthday(self) -> date:
        """The day that `born` names."""
        month, day, year = self.born.replace(",", "").split()
        return date(int(year), 1 + MONTHS.index(month), int(day))

    @property
    def born_keyed(self) -> str:
        """Two digits for the month, two for the day, four for the year."""
        return f"{self.birthday:%m%d%Y}"

    def sentence(self) -> str:
        """What she says, in one breath; it asks for something, so that it is answered.

        Name and chart number always, every fourth her telephone, every fourth her date of birth: a call is short.
        """
        if self.ask is Ask.NURSE:
            return (
                f"Hello, my name is {self.name}, my chart number is {spoken(self.record)},"
                " and I have crushing chest pain."
            )
        if self.ask is Ask.STOP:
            return f"My name is {self.name}, my chart number is {spoken(self.record)}, and please stop calling me."
        if self.ask is Ask.CALLED:
            return (
                f"My name is {self.name}, my chart number is {spoken(self.record)},"
                f" and I want to know if I can take {self.drug} {Ask.FOOD.value}?"
            )
        more = {1: f", my phone is {spoken(self.phone)}", 3: f", I was born on {self.born}"}.get(self.number % 4, "")
        return (
            f"Hello, my name is {self.name}, my chart number is {spoken(self.record)}{more},"
            f" and I want to know if I can take {self.drug} {self.ask.value}?"
        )

    def texts(self) -> Iterator[tuple[str, str]]:
        """(what it is, the text) of everything that must not stay.

        Never a single word: a recogniser's vocabulary holds many surnames that nobody has said.
        """
        yield "name", self.name
        yield "name, the other way round", f"{self.last}, {self.first}"
        yield "chart number", self.record
        yield "chart number, spoken", spoken(self.record)
        yield "phone", self.phone
        yield "phone, written", f"{self.phone[:3]}-{self.phone[3:6]}-{self.phone[6:]}"
        called = self.ask in (Ask.CALLED, Ask.STOP)
        if self.number % 4 == 1 and not called:
            yield "phone, spoken", spoken(self.phone)
        if self.number % 4 == 3 or called:
            yield "born", self.born
        if called:
            yield "born, as it is compared", self.birthday.isoformat()
            yield "born, keyed", self.born_keyed
            yield REFERENCE, self.reference
            yield f"{REFERENCE}, its bytes in hex", base64.urlsafe_b64decode(self.reference + "==").hex()
        yield "sentence", self.sentence()


def canaries(nonce: bytes, count: int) -> list[Canary]:
    """The first so many patients, from number 0; more of them begin with the same ones.

    No two share a name, and no two with one first name have surnames that sound alike: what is heard in one call and
    belongs to another must have come from there.  Raises `ValueError` for a nonce of another length.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 32 bytes")
    names = _names(nonce)
    return [_canary(nonce, number, *next(names)) for number in range(count)]


def canary(nonce: bytes, number: int) -> Canary:
    """The patient of that number.  Raises as `canaries` does."""
    return canaries(nonce, number + 1)[number]


def _canary(nonce: bytes, number: int, first: str, last: str) -> Canary:
    drawn = _Stream(nonce, f"canary {number}")
    return Canary(
        number=number,
        first=first,
        last=last,
        born=f"{drawn.one_of(MONTHS)} {1 + drawn.below(28)}, {1930 + drawn.below(60)}",
        phone=f"{2 + drawn.below(8)}{drawn.digits(2)}55501{drawn.digits(2)}",
        record=f"{1 + drawn.below(9)}{drawn.digits(8)}",
        drug=drawn.one_of(DRUGS),
        reference=base64.urlsafe_b64encode(_Stream(nonce, f"reference {number}").some(16)).decode().rstrip("="),
    )


def _names(nonce: bytes) -> Iterator[tuple[str, str]]:
    """Every pair of names, in an order that follows from the nonce, but those too like one before."""
    pairs = [(first, last) for first in FIRST for last in LAST]
    pairs.sort(key=lambda pair: hmac.new(nonce, f"name {pair[0]} {pair[1]}".encode(), hashlib.sha256).digest())
    taken: dict[str, list[str]] = {}
    for first, last in pairs:
        others = taken.setdefault(first, [])
        if not any(last[:3] == other[:3] or last[-4:] == other[-4:] for other in others):
            others.append(last)
            yield first, last


def decoy(nonce: bytes) -> str:
    """What is planted where the search must find it: shaped as a name, and nobody's, so that what one proof plants is
    no patient of another that runs beside it.  Raises `ValueError` for a nonce of another length.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError("a nonce has 32 bytes")
    drawn = _Stream(nonce, "decoy")
    first, last = ("".join(drawn.one_of(LETTERS) for _ in range(length)) for length in (8, 9))
    return f"{first.title()} {last.title()}"


def spoken(digits: str) -> str:
    """Digit by digit."""
    return " ".join(DIGITS[int(digit)] for digit in digits)


class _Stream:
    """Numbers out of a nonce: HMAC-SHA-256 in counter mode, so that one number tells nothing of the next."""

    def __init__(self, nonce: bytes, purpose: str) -> None:
        self._nonce = nonce
        self._purpose = purpose
        self._count = 0

    def below(self, bound: int) -> int:
        """Evenly, to one part in 2**200."""
        return int.from_bytes(self.some(32)) % bound

    def some(self, count: int) -> bytes:
        """At most 32 bytes."""
        self._count += 1
        return hmac.new(self._nonce, f"{self._purpose} {self._count}".encode(), hashlib.sha256).digest()[:count]

    def one_of(self, words: Sequence[str]) -> str:
        return words[self.below(len(words))]

    def digits(self, count: int) -> str:
        return "".join(str(self.below(10)) for _ in range(count))

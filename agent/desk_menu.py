"""The menu of a nurse who calls in, sans-IO: her PIN, whether she is available, what she sets.

menu.begin()                  -> [Say(DESK_PIN)]
menu.key(digit)               -> [Check(pin)] after the pound sign
menu.checked(Right(...))      -> [Say(DESK_AVAILABLE, DESK_CHOICE)]
menu.key(two)                 -> [Set(available=False), Say(DESK_NOW_AWAY)]
menu.heard()                  -> [Part(GOODBYE)]

Star leads to the assistant at any time before something is set: whoever has this telephone may be a patient herself.
Digits are held until the pound sign alone.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from agent.phrases import Phrase
from agent.pins import MOST_DIGITS
from policies.phi import PHI
from telephony.audio import FRAME_MS
from telephony.switchboard import EndDecision

STAR, POUND = "*", "#"
SILENT_MS: Final = 10_000  # the time that voice menus give, and longer than the pauses of who looks a PIN up
LONGEST_MS: Final = 120_000  # of it all: whoever leaves a handset on its keys takes a caller's place no longer


class Step(enum.Enum):
    """What is awaited."""

    PIN = "pin"
    CHECKING = "checking"
    CHOICE = "choice"
    PARTING = "parting"
    """That she has heard the last sentence."""
    OVER = "over"


class Verdict(enum.Enum):
    """What became of a PIN."""

    RIGHT_AVAILABLE = "right_available"
    RIGHT_AWAY = "right_away"
    WRONG = "wrong"
    WRONG_AT_LAST = "wrong_at_last"
    """It was the last try."""


@dataclass(frozen=True, slots=True)
class Say:
    """In place of whatever is being said; nothing: hush."""

    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Is this her PIN?  `DeskMenu.checked` is to be told."""

    pin: PHI[str]


@dataclass(frozen=True, slots=True)
class Set:
    """From now on she is available, or not."""

    available: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Close the stream: the call goes there."""

    to: EndDecision


Action = Say | Check | Set | Part

PROMPTS: Final = {Step.PIN: Phrase.DESK_PIN, Step.CHOICE: Phrase.DESK_CHOICE}
CHOICES: Final = {"1": True, "2": False}
NOW: Final = {True: Phrase.DESK_NOW_AVAILABLE, False: Phrase.DESK_NOW_AWAY}
IS: Final = {Verdict.RIGHT_AVAILABLE: Phrase.DESK_AVAILABLE, Verdict.RIGHT_AWAY: Phrase.DESK_AWAY}


class DeskMenu:
    """One call's."""

    def __init__(self) -> None:
        self.step = Step.PIN
        self._digits: PHI[str] = PHI("")
        self._silent_ms = 0
        self._passed_ms = 0
        self._repeated = False

    def begin(self) -> list[Action]:
        return [Say((Phrase.DESK_PIN,))]

    def key(self, digit: PHI[str]) -> list[Action]:
        """She pressed a key."""
        sign = digit.reveal()
        self._silent_ms, self._repeated = 0, False
        if self.step in (Step.PARTING, Step.OVER):
            return []
        if sign == STAR:
            return self._part(EndDecision.ASSISTANT)
        if self.step is Step.PIN:
            return self._pin(sign)
        if self.step is Step.CHOICE:
            if sign not in CHOICES:
                return [Say((Phrase.DESK_CHOICE,))]
            self.step = Step.PARTING
            return [Set(CHOICES[sign]), Say((NOW[CHOICES[sign]],))]
        return []

    def checked(self, verdict: Verdict) -> list[Action]:
        """What became of the PIN; nothing follows where she has gone on meanwhile."""
        if self.step is not Step.CHECKING:
            return []
        self._silent_ms = 0
        match verdict:
            case Verdict.WRONG:
                self.step = Step.PIN
                return [Say((Phrase.DESK_WRONG,))]
            case Verdict.WRONG_AT_LAST:
                self.step = Step.PARTING
                return [Say((Phrase.DESK_CLOSED,))]
            case right:
                self.step = Step.CHOICE
                return [Say((IS[right], Phrase.DESK_CHOICE))]

    def heard(self) -> list[Action]:
        """What was said last has been heard to its end."""
        self._silent_ms = 0
        return self._part(EndDecision.GOODBYE) if self.step is Step.PARTING else []

    def passed(self, *, speaking: bool) -> list[Action]:
        """20 ms went by.  speaking: something is being said to her."""
        self._passed_ms += FRAME_MS
        self._silent_ms = 0 if speaking else self._silent_ms + FRAME_MS
        if self.step is Step.OVER or max(self._silent_ms - SILENT_MS, self._passed_ms - LONGEST_MS) < 0:
            return []
        if self.step is Step.PARTING:
            return self._part(EndDecision.GOODBYE)
        if self._repeated or self._passed_ms >= LONGEST_MS or self.step not in PROMPTS:
            return self._part(EndDecision.ASSISTANT)
        self._repeated, self._silent_ms = True, 0
        self.forget()
        return [Say((PROMPTS[self.step],))]

    def forget(self) -> None:
        """No digit stays."""
        self._digits = PHI("")

    def _pin(self, sign: str) -> list[Action]:
        if sign != POUND:
            self._digits = self._digits.map(lambda known: (known + sign)[: MOST_DIGITS + 1])  # one more is no PIN
            return [Say(())]
        pin, empty = self._digits, not self._digits.reveal()
        self.forget()
        if empty:
            return [Say((Phrase.DESK_PIN,))]
        self.step = Step.CHECKING
        return [Check(pin)]

    def _part(self, to: EndDecision) -> list[Action]:
        self.step = Step.OVER
        self.forget()
        return [Part(to)]

"""What is held of a patient who may be called: her opaque reference, her opt-out, and her last three attempts.  Pure.

The reference is the hospital's own random token: it stands for her there and for nothing here.  A day is a whole local
day of hers; no time of any call is held, and no number.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from dataclasses import dataclass
from typing import Annotated, Final

from policies import closed
from policies.closed import Count, Shape

PATIENT: Final = Shape(r"[A-Za-z0-9_-]{21}[AQgw]")  # 16 random bytes in URL-safe base64 (RFC 4648 section 5)
FEWEST_SIGNS: Final = 9
"""Different characters of a reference.  A random one has 18 or so; a record number that was filled up has fewer."""
NO_DAY: Final = 0
DAY: Final = Count(NO_DAY, 60_000)  # days since 1970-01-01, to the year 2134; `NO_DAY` where there was no attempt
MOST_KEPT: Final = 3
"""Attempts that are held: as many as any rule counts (three in seven days, a ladder of three)."""


class Came(enum.Enum):
    """What came of one attempt."""

    PLACED = "placed"
    """It was begun, and nobody knows more: it is still going on, or the line fell."""
    REACHED = "reached"
    """The patient, or who may hear for her, was identified."""
    NOT_VERIFIED = "not_verified"
    """Somebody answered, and two tries to identify her failed."""
    NOT_IN = "not_in"
    DECLINED = "declined"
    """Somebody answered and wanted no call now."""
    NOT_HERS = "not_hers"
    """It is not her number."""
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    HUNG_UP = "hung_up"
    HANDED = "handed"
    """A nurse was fetched before anybody was identified: for an emergency, or because somebody asked."""
    FAILED = "failed"
    """The carrier could not reach it, or the call broke."""
    OPTED_OUT = "opted_out"


FINAL: Final = frozenset({Came.REACHED, Came.NOT_VERIFIED, Came.NOT_HERS, Came.HANDED, Came.OPTED_OUT})
"""After these a campaign calls her no more.  Who guessed wrong twice must not be rung up to guess again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that was placed."""

    day: int
    """Her local day, in days since 1970-01-01."""
    came: Came


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All that is held against one reference.  Raises `closed.NotClosed` when a field is out of its bounds."""

    patient: Annotated[str, PATIENT]
    """The hospital's opaque reference."""
    opted_out: bool = False
    """She wants no such call: for ever."""
    told: bool = False
    """The hospital has taken the opt-out."""
    day_1: Annotated[int, DAY] = NO_DAY
    """The latest attempt's day; 0 if there was none."""
    came_1: Came | None = None
    """What came of it."""
    day_2: Annotated[int, DAY] = NO_DAY
    """Of the one before."""
    came_2: Came | None = None
    """What came of it."""
    day_3: Annotated[int, DAY] = NO_DAY
    """Of the one before that."""
    came_3: Came | None = None
    """What came of it."""

    def __post_init__(self) -> None:
        closed.check(self)
        if len(set(self.patient)) < FEWEST_SIGNS:
            raise closed.NotClosed(closed.Reason.OUT_OF_RANGE, "patient")
        for name in ("1", "2", "3"):
            if (getattr(self, f"day_{name}") == NO_DAY) is not (getattr(self, f"came_{name}") is None):
                raise closed.NotClosed(closed.Reason.OUT_OF_RANGE, f"day_{name}")

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The last `MOST_KEPT`, latest first."""
        held = ((self.day_1, self.came_1), (self.day_2, self.came_2), (self.day_3, self.came_3))
        return tuple(Attempt(day, came) for day, came in held if came is not None)

    def placed(self, day: int) -> Kept:
        """With one attempt more, of which nothing is known yet.  The oldest goes."""
        return dataclasses.replace(
            self,
            day_1=day,
            came_1=Came.PLACED,
            day_2=self.day_1,
            came_2=self.came_1,
            day_3=self.day_2,
            came_3=self.came_2,
        )

    def came(self, came: Came) -> Kept:
        """With what came of the latest attempt.  Raises `ValueError` where there is none, or it is known already."""
        if self.came_1 is not Came.PLACED:
            raise ValueError("no attempt whose outcome is open")
        return dataclasses.replace(self, came_1=came, opted_out=self.opted_out or came is Came.OPTED_OUT)

    def out(self) -> Kept:
        """She has opted out.  Nothing takes that back."""
        return dataclasses.replace(self, opted_out=True)

    def taken(self) -> Kept:
        """The hospital knows of the opt-out."""
        return dataclasses.replace(self, told=True)


def is_reference(text: str) -> bool:
    """Is it of the form of a random token?  What reads as a number or a name isn't."""
    return re.fullmatch(PATIENT.pattern, text, re.ASCII) is not None and len(set(text)) >= FEWEST_SIGNS

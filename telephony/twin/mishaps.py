"""What goes wrong with the twin's REST, by chance with a seed: the same requests in order fail the same way."""

from __future__ import annotations

import enum
import random
from collections.abc import Sequence
from dataclasses import dataclass

from telephony.twin.port import PlacedCall


class Mishap(enum.Enum):
    """What happens to one request."""

    NONE = enum.auto()
    ERROR = enum.auto()
    """Answered with a 5xx; nothing was done."""
    BUSY = enum.auto()
    """Answered with 429; nothing was done."""
    SILENCE = enum.auto()
    """Never answered; nothing was done."""
    LOST = enum.auto()
    """Done, and never answered."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of requests from 0 to 1, and seconds of the exchange's clock."""

    seed: int = 0
    errors: float = 0.0
    busy: float = 0.0
    silences: float = 0.0
    lost_creates: float = 0.0
    """Of the requests that place a call."""
    unfinished_s: float = 0.0
    """So long after its end a call's record cannot be deleted (error 20009)."""
    reappear: float = 0.0
    """Of the deleted records."""
    reappear_after_s: float = 30.0

    def __post_init__(self) -> None:
        shares = (self.errors, self.busy, self.silences, self.lost_creates, self.reappear)
        if min(shares) < 0 or max(shares) > 1 or self.errors + self.busy + self.silences > 1:
            raise ValueError("a share is from 0 to 1, and so is their sum")


class Weather:
    """Draws what happens; keeps the records that come back."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._chance = random.Random(faults.seed)
        self._back: dict[str, tuple[float, PlacedCall]] = {}

    def mishap(self, *, creates: bool) -> Mishap:
        """For the next request."""
        faults, drawn = self.faults, self._chance.random()
        for share, mishap in (
            (faults.errors, Mishap.ERROR),
            (faults.busy, Mishap.BUSY),
            (faults.silences, Mishap.SILENCE),
        ):
            if drawn < share:
                return mishap
            drawn -= share
        return Mishap.LOST if creates and self._chance.random() < faults.lost_creates else Mishap.NONE

    def unfinished(self, call: PlacedCall, now_s: float) -> bool:
        """The carrier still works on this call's record."""
        return call.ended_at is None or now_s < call.ended_at + self.faults.unfinished_s

    def deleted(self, call: PlacedCall, now_s: float) -> None:
        """A record is gone; now and then for a while only, and not twice."""
        if self._back.pop(call.sid, None) is None and self._chance.random() < self.faults.reappear:
            self._back[call.sid] = (now_s + self.faults.reappear_after_s, call)

    def reappeared(self, now_s: float) -> Sequence[PlacedCall]:
        """Deleted records that are there again."""
        return [call for at_s, call in self._back.values() if now_s >= at_s]

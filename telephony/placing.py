"""What the line asks of its carrier by itself, outside of any webhook: a port that knows no carrier's package.

`Carrier` is for who calls a nurse or a patient.  `Records` is for who sees to it that nothing stays at the carrier.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from policies.phi import PHI

HOSTS: Final = ("api.twilio.com", "insights.twilio.com", "intelligence.twilio.com", "trunking.twilio.com")
"""Calls and what is kept of them; the settings of Voice Insights, Voice Intelligence and SIP trunks."""


class CarrierReason(enum.Enum):
    """Why the carrier did not do what was asked; closed, counted by the metrics.  The value is the sentence shown."""

    UNREACHABLE = "the carrier could not be reached: nothing was asked of it"
    TIMED_OUT = "the carrier gave no answer: it may have done what was asked"
    REFUSED = "the carrier refused"
    NUMBER_REFUSED = "the carrier does not call this number"
    BUSY = "the carrier has too many requests of ours: it did nothing"
    BROKEN = "the carrier failed: it may have done what was asked"

    @property
    def in_doubt(self) -> bool:
        """What was asked may have been done all the same: a phone may be ringing."""
        return self in (CarrierReason.TIMED_OUT, CarrierReason.BROKEN)


class CarrierFailed(Exception):
    """The carrier did not do it.  Holds a reason, and nothing of the question or the answer."""

    def __init__(self, reason: CarrierReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Deleted(enum.Enum):
    """What became of a call's record."""

    DELETED = "deleted"
    """It was there, and a read finds it no more."""
    GONE = "gone"
    """It was not there."""
    LIVE = "live"
    """The call goes on: it is left alone."""
    UNFINISHED = "unfinished"
    """The call is over, and the carrier is not yet done with it: it stays for now."""


@dataclass(frozen=True, slots=True)
class AccountState:
    """What of the carrier's account keeps more of a call than its record."""

    switched_off: int
    """Settings that were on and are off now."""
    still_on: int
    """Settings that are on although they were switched off."""
    recordings: int
    """Recordings made since the start."""
    transcriptions: int
    """Transcriptions made since the start."""
    without_fallback: int = 0
    """Numbers of ours whose fallback is empty, another than it was set to, or at ourselves."""

    @property
    def confirmed(self) -> bool:
        """Every setting was read, and each is off."""
        return self.still_on == 0


class Carrier(Protocol):
    """Places calls, ends them, and knows which go on."""

    async def place(
        self, number: PHI[str], twiml: str, *, ring_s: int, status_url: str, limit_s: int, caller_id: str | None = None
    ) -> PHI[str]:
        """Rings a number; once it is answered the call does what `twiml` says.  Returns the call's SID.

        twiml: made by `telephony.twiml`; `ValueError` otherwise.  ring_s: how long it rings at most.  status_url: is
        told of each step.  limit_s: how long the call may last.  caller_id: which number of ours is shown; None: the
        account's.  Never tried twice.  Raises `CarrierFailed`.
        """
        ...

    async def end(self, call_sid: PHI[str]) -> None:
        """No more ringing, or no more call; nothing happens to a call that is over.  Raises `CarrierFailed`."""
        ...

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        """A live call does this from now on; False if it is over.  twiml: as of `place`.  Raises `CarrierFailed`."""
        ...

    async def live(self, call_sid: PHI[str]) -> bool:
        """Does the call go on?  Raises `CarrierFailed`."""
        ...


class Records(Protocol):
    """What the carrier keeps of us."""

    async def delete(self, call_sid: PHI[str]) -> Deleted:
        """Deletes the record of an ended call, and of each call that it dialled; a live one is left alone.

        Raises `CarrierFailed`: what is left is unknown, and to be asked for again.
        """
        ...

    async def completed(self) -> Sequence[PHI[str]]:
        """The SIDs of ended calls to or from our numbers whose records are there.  Raises `CarrierFailed`."""
        ...

    async def switch_off(self) -> AccountState:
        """Switches off whatever on the account records, transcribes or analyses calls, and reads it again.

        Raises `CarrierFailed`: the account's state is unknown.
        """
        ...

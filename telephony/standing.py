"""What of our calls stands at the carrier, as an operator is shown it, and what of that is an alarm.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from policies.vocabulary import CarrierAlarm

OVERDUE_S: Final = 300.0  # the bar: deleted and seen to be gone within 5 minutes of the call's end


@dataclass(frozen=True, slots=True)
class Standing:
    """As of now, as far as we know."""

    undeleted: int
    """Records of calls that are over, as far as we know, that stand there."""
    oldest_s: float
    """Since the oldest of them should have begun to go: its call's end, or when it was found."""
    deleted: int
    """Deleted and seen to be gone; it only grows."""
    failures: int
    """Requests of any kind that failed, each after its own tries; it only grows."""
    recordings: int
    """On the account, made since the start."""
    transcriptions: int
    """Likewise."""
    still_on: int
    """Settings that record, transcribe or analyse and can't be switched off."""
    without_fallback: int
    """Numbers of ours whose callers nobody takes while the whole service is down."""
    seen: bool
    """The account was looked at, and not too long ago."""

    def alarms(self) -> Mapping[CarrierAlarm, int]:
        """How much of each there is; 0 is none.  Whether anything was found is not known while `UNSEEN` is raised."""
        return {
            CarrierAlarm.RECORDED: self.recordings,
            CarrierAlarm.TRANSCRIBED: self.transcriptions,
            CarrierAlarm.STILL_ON: self.still_on,
            CarrierAlarm.OVERDUE: self.undeleted if self.oldest_s > OVERDUE_S else 0,
            CarrierAlarm.WITHOUT_FALLBACK: self.without_fallback,
            CarrierAlarm.UNSEEN: int(not self.seen),
        }

"""What the carrier keeps of a call, and how it says so in a form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

QUEUED: Final = "queued"
RINGING: Final = "ringing"
IN_PROGRESS: Final = "in-progress"
COMPLETED: Final = "completed"
BUSY: Final = "busy"
FAILED: Final = "failed"
NO_ANSWER: Final = "no-answer"
CANCELED: Final = "canceled"
INBOUND: Final = "inbound"
OUTBOUND: Final = "outbound-api"
CHILD: Final = "outbound-dial"
"""The call to whom a `<Dial>` rang."""


class CallOver(Exception):
    """The call cannot be changed: it is over, or no such call is known, or it was not answered yet."""

    def __init__(self) -> None:
        super().__init__("the call is not in progress")


class CallLive(Exception):
    """The record cannot be deleted while the call lasts (Twilio error 20009)."""

    def __init__(self) -> None:
        super().__init__("the call is still in progress")


class NoSuchRecord(LookupError):
    """No call of that name is kept: there never was one, or its record was deleted (Twilio error 20404)."""

    def __init__(self) -> None:
        super().__init__("no such call is kept")


class NotOurs(ValueError):
    """The number called is none of ours."""

    def __init__(self) -> None:
        super().__init__("the number called has no voice webhook")


@dataclass(frozen=True, slots=True, repr=False)
class PlacedCall:
    """One call's record.  Times are seconds of the loop's clock."""

    sid: str
    account_sid: str
    to: str
    from_: str
    direction: str
    status: str
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    parent_sid: str | None = None
    """Of a call that a `<Dial>` made."""

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    @property
    def duration_s(self) -> int:
        """Whole seconds between answer and end; 0 where there was none of them."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return round(self.ended_at - self.answered_at)

    def form(self) -> dict[str, str]:
        """As every webhook about the call begins."""
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Called": self.to,
            "Caller": self.from_,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
        }
        return form if self.parent_sid is None else form | {"ParentCallSid": self.parent_sid}


def timestamp(epoch_s: float) -> str:
    """RFC 2822, in UTC, as in a callback's `Timestamp`."""
    return format_datetime(datetime.fromtimestamp(epoch_s, UTC))

"""What the carrier tells of nurses' calls and of the rooms in which two are put through: the port of the webhooks."""

from __future__ import annotations

import enum
from typing import Final, Protocol

from policies.phi import PHI
from telephony.switchboard import Role


class CallStatus(enum.Enum):
    """How far a call has come (Twilio, "Call status values")."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"

    @classmethod
    def of(cls, text: str | None) -> CallStatus | None:
        """None for what the carrier has no such status of."""
        return next((status for status in cls if status.value == text), None)


OVER: Final = frozenset(
    {CallStatus.COMPLETED, CallStatus.BUSY, CallStatus.FAILED, CallStatus.NO_ANSWER, CallStatus.CANCELED}
)
"""Nothing follows one of these."""
OVER_NAMES: Final = frozenset(status.value for status in OVER)


class Rooms(Protocol):
    """Told in any order, and of some things twice or never; of each, whose call it is."""

    def status(self, leg: str, status: CallStatus) -> None:
        """leg: the reference of a nurse's leg, of this process or not."""
        ...

    def sent(self, room: str, role: Role, call_sid: PHI[str]) -> bool:
        """The carrier asks where a call goes that was to go into this room.  False: nobody awaits it there any more."""
        ...

    def entered(self, room: str, role: Role, call_sid: PHI[str]) -> None: ...

    def left(self, room: str, role: Role, call_sid: PHI[str]) -> None: ...

    def back(self, room: str) -> None:
        """The room is over for its patient, and her call is not."""
        ...


class NoRooms:
    """Where nobody is fetched but by the carrier."""

    def status(self, leg: str, status: CallStatus) -> None: ...

    def sent(self, room: str, role: Role, call_sid: PHI[str]) -> bool:  # noqa: ARG002  # there is no room
        return False

    def entered(self, room: str, role: Role, call_sid: PHI[str]) -> None: ...

    def left(self, room: str, role: Role, call_sid: PHI[str]) -> None: ...

    def back(self, room: str) -> None: ...

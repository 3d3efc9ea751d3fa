"""How much of a call may leave memory: closed records (`ZERO`), or its redacted transcript too, sealed (`REDACTED`)."""

from __future__ import annotations

import enum
from dataclasses import InitVar, dataclass
from typing import Final, final

from policies.attempts import Kept
from policies.records import CallMetrics, InForce, NurseStatus, Presence, SealedTranscript


class Retention(enum.IntEnum):
    """A greater value is stricter, so `max` never gets laxer."""

    REDACTED = 1
    """Text that passed redaction may be kept, sealed."""
    ZERO = 2
    """Closed records only."""


Record = CallMetrics | Presence | InForce | NurseStatus | SealedTranscript | Kept

_MINT: Final = object()
_LEAST: Final[dict[type, Retention]] = {
    CallMetrics: Retention.ZERO,
    Presence: Retention.ZERO,
    InForce: Retention.ZERO,
    NurseStatus: Retention.ZERO,
    Kept: Retention.ZERO,
    SealedTranscript: Retention.REDACTED,
}
"""The strictest level at which each record may leave memory."""


@final
@dataclass(frozen=True, slots=True)
class Writable:
    """A record that may leave memory.  Made by `admit` alone."""

    record: Record
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Writable is made by policies.retention alone")


def effective(so_far: Retention, now: Retention | None) -> Retention:
    """The level that holds at this moment of a call: never laxer than before, `ZERO` when unknown.

    so_far: what this gave when it was asked last, in the same call.  With the level at answer in its place a call would
    get laxer again when zero retention is switched on and off while it lasts: `agent.keeping` holds what was given.
    """
    return Retention.ZERO if now is None else max(so_far, now)


def level_of(said: InForce | None) -> Retention | None:
    """The level that the keeper says; None where it has said nothing, which is `ZERO` by `effective`."""
    if said is None:
        return None
    return Retention.ZERO if said.zero_retention else Retention.REDACTED


def admit(record: Record, level: Retention) -> Writable | None:
    """The permit to write a record, or None if this level keeps it not.

    A sealed transcript passes at `REDACTED` alone, other closed records at every level, anything else at none.
    """
    if type(level) is not Retention or level > _LEAST.get(type(record), 0):
        return None
    return Writable(record, _MINT)

"""How much of a call may leave memory.  In this version: nothing of what was said, ever (`ZERO`)."""

from __future__ import annotations

import enum
from dataclasses import InitVar, dataclass
from typing import Final, final

from policies.records import CallMetrics, Presence


class Retention(enum.IntEnum):
    """A greater value is stricter, so `max` never gets laxer."""

    REDACTED = 1
    """Text that passed redaction may be kept, sealed."""
    ZERO = 2
    """Closed records only."""


Record = CallMetrics | Presence

_MINT: Final = object()


@final
@dataclass(frozen=True, slots=True)
class Writable:
    """A record that may leave memory.  Made by `admit` alone."""

    record: Record
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Writable is made by policies.retention alone")


def effective(at_answer: Retention, now: Retention | None) -> Retention:
    """The level that holds at this moment of a call: never laxer than at its answer, `ZERO` when unknown."""
    return Retention.ZERO if now is None else max(at_answer, now)


def admit(record: Record, level: Retention) -> Writable | None:
    """The permit to write a record, or None if this level keeps it not.

    Closed records pass at every level; whatever else a caller of this function holds passes at none.
    """
    if type(level) is not Retention or type(record) not in (CallMetrics, Presence):
        return None
    return Writable(record, _MINT)

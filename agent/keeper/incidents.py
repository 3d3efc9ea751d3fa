"""For breach notification: the calls of a window of hours, and the policy that was in force; `quietline incident`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from agent.keeper.state import SqliteState
from policies.incident import History
from policies.records import AuditEntry

COLUMNS: Final = ("ref", "hour", "agent", "outcome", "retention", "live", "changed", "policies", "workspaces")


def involved(
    state: SqliteState, entries: Iterable[AuditEntry], first_hour: int, last_hour: int
) -> Iterator[dict[str, object]]:
    """One row a call, oldest first; both hours included.  Raises `StateFailed` and `NotClosed`."""
    history = History()
    for entry in entries:
        if entry.hour <= last_hour:
            history.add(entry)
    for record in state.between(first_hour, last_hour):
        held = history.in_force(record.agent, record.hour)
        yield {
            "ref": record.ref,
            "hour": spelled(record.hour),
            "agent": record.agent,
            "outcome": record.outcome.value,
            "retention": held.retention.name.lower(),
            "live": held.live,
            "changed": held.changed,
            "policies": list(held.policies),
            "workspaces": list(held.workspaces),
        }


def spelled(hour: int) -> str:
    """An hour in UTC, as `2026-11-22T14`."""
    return datetime.fromtimestamp(hour * 3_600, UTC).strftime("%Y-%m-%dT%H")

"""For breach notification: which policy was in force in an hour, read from the audit log; pure.

history = History()
for entry in entries: history.add(entry)
history.in_force("demo", hour) -> InForce

A call is known by the hour of its answer alone, and so is a change.  Of an hour in which something was changed, the
laxest that held at any moment of it is told, and that it was not the only one: who has to notify must not think that
more was protected than was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from policies.acts import Act, AuditReason, Subject
from policies.records import NONE, AuditEntry
from policies.retention import Retention


@dataclass(frozen=True, slots=True)
class InForce:
    """What the log says of one agent in one hour."""

    retention: Retention
    """The laxest level that a call answered in this hour may have had."""
    live: bool
    """It had left draft at some moment of the hour."""
    changed: bool
    """Something of it was altered within the hour."""
    policies: tuple[str, ...]
    """SHA-256 of each `AgentPolicy` that held, oldest first; empty where none was set, which is zero retention."""
    workspaces: tuple[str, ...]
    """Likewise of `WorkspacePolicy`; empty while it was as at first."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What held after one entry."""

    hour: int
    zero: bool = True
    live: bool = False
    policy: str = NONE


ZERO: Final[Mapping[Act, bool]] = MappingProxyType(
    {
        Act.AGENT_CREATED: True,
        Act.AGENT_DELETED: True,
        Act.ZERO_ON: True,
        Act.ZERO_OFF_APPROVED: False,
        Act.ZERO_FORCED: True,
        Act.FORCE_OFF_APPROVED: False,
        Act.STATE_ALTERED: True,
    }
)
"""What an act makes of zero retention: of the agent, or of the workspace's force.  Another build switches it on, too
(`AuditReason.ZERO_ON_AGAIN`)."""
LIVE: Final[Mapping[Act, bool]] = MappingProxyType(
    {
        Act.AGENT_CREATED: False,
        Act.AGENT_DELETED: False,
        Act.LEFT_DRAFT: True,
        Act.BACK_TO_DRAFT: False,
        Act.ZERO_OFF_APPROVED: False,
        Act.SELF_TEST_FAILED: False,
        Act.PROOF_FAILED: False,
        Act.STATE_ALTERED: False,
    }
)
"""Whether an agent is live after it."""
UNDONE: Final = frozenset({Act.ACT_REFUSED, Act.MODEL_REFUSED})
"""Entries of an agent or the workspace that altered nothing."""


@dataclass(slots=True)
class History:
    """What was set for agents and workspace, hour by hour; takes the entries in their order."""

    _agents: dict[str, list[_Moment]] = field(default_factory=dict)
    _workspace: list[_Moment] = field(default_factory=list)

    def add(self, entry: AuditEntry) -> None:
        """Entries of anything else are passed over."""
        if entry.act in UNDONE or entry.subject not in (Subject.AGENT, Subject.WORKSPACE):
            return
        of_agent = entry.subject is Subject.AGENT
        moments = self._agents.setdefault(entry.thing, []) if of_agent else self._workspace
        last = moments[-1] if moments else _Moment(0, zero=of_agent)
        moments.append(
            replace(
                last,
                hour=entry.hour,
                zero=entry.reason is AuditReason.ZERO_ON_AGAIN or ZERO.get(entry.act, last.zero),
                live=LIVE.get(entry.act, last.live),
                policy=entry.after,
            )
        )

    def in_force(self, agent: str, hour: int) -> InForce:
        """hour: since 1970-01-01 UTC."""
        mine, changed = _held(self._agents.get(agent, []), hour, _Moment(0))
        forced, forced_changed = _held(self._workspace, hour, _Moment(0, zero=False))
        zero = all(moment.zero for moment in mine) or all(moment.zero for moment in forced)
        return InForce(
            retention=Retention.ZERO if zero else Retention.REDACTED,
            live=any(moment.live for moment in mine),
            changed=changed or forced_changed,
            policies=tuple(moment.policy for moment in mine if moment.policy != NONE),
            workspaces=tuple(moment.policy for moment in forced if moment.policy != NONE),
        )


def _held(moments: list[_Moment], hour: int, first: _Moment) -> tuple[list[_Moment], bool]:
    """What held at any moment of the hour, oldest first, and whether it was altered within."""
    before = [moment for moment in moments if moment.hour < hour]
    within = [moment for moment in moments if moment.hour == hour]
    return [before[-1] if before else first, *within], bool(within)

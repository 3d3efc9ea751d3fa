"""The workspace's switch: zero retention for every agent, whatever its own policy says.

On: at once, by one admin.  Off: one admin asks with a reason, another approves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from policies import four_eyes
from policies.acts import Act, AuditReason, OffReason, Role, Subject, told
from policies.audit import AuditEvent, digest
from policies.four_eyes import Pair
from policies.records import NONE, WorkspacePolicy
from policies.requests import Actor

AT_FIRST: Final = WorkspacePolicy(revision=0, zero_forced=False, off_requested_by=NONE, off_reason=None)
"""Of a state that was just made: each agent's own policy holds, and that begins with zero retention."""
UNKNOWN: Final = replace(AT_FIRST, zero_forced=True)
"""Where the record is missing, or is not the one that was logged: forced, until two admins end that."""


@dataclass(frozen=True, slots=True)
class Force:
    pass


@dataclass(frozen=True, slots=True)
class AskForceOff:
    reason: OffReason


@dataclass(frozen=True, slots=True)
class ApproveForceOff:
    revision: int
    """Of the record that whoever approves has seen, with the request and its reason."""


@dataclass(frozen=True, slots=True)
class DenyForceOff:
    """By another admin, or by the one who asked."""


ForceRequest = Force | AskForceOff | ApproveForceOff | DenyForceOff


@dataclass(frozen=True, slots=True)
class WorkspaceChanged:
    """What is set now."""

    policy: WorkspacePolicy
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class WorkspaceRefused:
    """Nothing was altered."""

    reason: AuditReason
    event: AuditEvent


def force(
    policy: WorkspacePolicy, request: ForceRequest, actor: Actor, hour: int, pair: Pair
) -> WorkspaceChanged | WorkspaceRefused:
    """What the request makes of the switch.  hour: now, in whole hours since 1970-01-01 UTC; pair: the tokens."""
    may = actor.role is Role.ADMIN and actor.signed_in
    outcome = _outcome(policy, request, actor, hour, pair) if may else AuditReason.NOT_ALLOWED
    event = AuditEvent(
        hour=hour,
        role=actor.role,
        actor=actor.known_token,
        act=Act.ACT_REFUSED,
        subject=Subject.WORKSPACE,
        before=digest(policy),
        after=digest(policy),
    )
    if isinstance(outcome, AuditReason):
        return WorkspaceRefused(outcome, replace(event, reason=outcome))
    after, act, reason = outcome
    after = replace(after, revision=policy.revision + 1)
    return WorkspaceChanged(after, replace(event, act=act, reason=reason, after=digest(after)))


def _outcome(
    policy: WorkspacePolicy, request: ForceRequest, actor: Actor, hour: int, pair: Pair
) -> tuple[WorkspacePolicy, Act, AuditReason | None] | AuditReason:
    settled = replace(policy, off_requested_by=NONE, off_reason=None)
    pending = policy.off_requested_by != NONE
    match request:
        case Force():
            if policy.zero_forced and not pending:
                return AuditReason.ALREADY
            return replace(settled, zero_forced=True), Act.ZERO_FORCED, None
        case AskForceOff(reason):
            if type(reason) is not OffReason:
                return AuditReason.MALFORMED
            if pending or not policy.zero_forced:
                return AuditReason.ALREADY
            return (
                replace(policy, off_requested_by=actor.token, off_reason=reason),
                Act.FORCE_OFF_REQUESTED,
                told(reason),
            )
        case ApproveForceOff(revision):
            if not pending:
                return AuditReason.NO_REQUEST
            if revision != policy.revision:
                return AuditReason.OTHER_REVISION
            refused = four_eyes.objection(policy.off_requested_by, actor.token, pair, hour)
            if refused is not None:
                return refused
            return replace(settled, zero_forced=False), Act.FORCE_OFF_APPROVED, told(policy.off_reason)
        case DenyForceOff():
            return (settled, Act.FORCE_OFF_DENIED, told(policy.off_reason)) if pending else AuditReason.NO_REQUEST

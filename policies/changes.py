"""What those who run the line may alter, and what becomes of it.

match change(policy, AskZeroOff(OffReason.COMPLAINT), who, around):
    case Changed(policy, event): ...              # both are written in one transaction, or neither
    case ChangeRefused(reason, event): ...        # the refusal is written too

Zero retention on: at once, by one admin.  Off: one admin asks with a reason, another approves the very revision that
she saw (`policies.four_eyes`); refused while the workspace forces it on; and the agent is a draft again, untested.
Nothing here touches a live call: a call goes by `policies.retention.effective` of the level at its answer and the level
now, which never gets laxer.

An agent leaves draft only with evidence for every vendor in its data path, and with redaction self-test and quick proof
passed for exactly the build that it has; another build (of code, settings, models or keys) makes it a draft again, with
zero retention on: what two admins switched off for one set of keys does not hold for another, nor does a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from policies import four_eyes
from policies.acts import Act, AuditReason, OffReason, Role, Subject, told
from policies.audit import AuditEvent, digest
from policies.records import AGENT, HASH, NONE, AgentPolicy, WorkspacePolicy
from policies.requests import (
    ALLOWED,
    Actor,
    ApproveZeroOff,
    Around,
    AskZeroOff,
    CreateAgent,
    DeleteAgent,
    DenyZeroOff,
    GoLive,
    Proven,
    Rebuild,
    Request,
    SelfTested,
    ToDraft,
    ZeroOn,
)
from policies.retention import Retention


@dataclass(frozen=True, slots=True)
class Changed:
    """What is set now; None for an agent that was deleted."""

    policy: AgentPolicy | None
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class ChangeRefused:
    """Nothing was altered."""

    reason: AuditReason
    event: AuditEvent


_New = tuple[AgentPolicy | None, Act, AuditReason | None]


def level(policy: AgentPolicy | None, workspace: WorkspacePolicy | None) -> Retention:
    """What holds for the agent's next call.  Whatever is not known is `ZERO`."""
    if policy is None or workspace is None or workspace.zero_forced or policy.zero_retention:
        return Retention.ZERO
    return Retention.REDACTED


def is_live(policy: AgentPolicy | None, build: str) -> bool:
    """May patients rely on the agent as it runs now?  build: of the code, settings and models that run."""
    return policy is not None and policy.live and policy.build == build != NONE


def change(
    policy: AgentPolicy | None, request: Request, actor: Actor, around: Around, agent: str
) -> Changed | ChangeRefused:
    """What the request makes of an agent's policy.  policy: None where there is no such agent."""
    known = agent if re.fullmatch(AGENT.pattern, agent, re.ASCII) else NONE
    if not _may(request, actor):
        outcome: _New | AuditReason = AuditReason.NOT_ALLOWED
    elif known == NONE:
        outcome = AuditReason.MALFORMED
    else:
        outcome = _outcome(policy, request, actor, around, known)
    event = AuditEvent(
        hour=around.hour,
        role=actor.role,
        actor=actor.known_token,
        act=Act.ACT_REFUSED,
        subject=Subject.AGENT,
        thing=known,
        before=digest(policy),
        after=digest(policy),
    )
    if isinstance(outcome, AuditReason):
        named = known if policy is not None else NONE  # a name that no agent has could be made of words
        return ChangeRefused(outcome, replace(event, reason=outcome, thing=named))
    after, act, reason = outcome
    if after is not None and policy is not None:
        after = replace(after, revision=policy.revision + 1)
    return Changed(after, replace(event, act=act, reason=reason, after=digest(after)))


def _may(request: Request, actor: Actor) -> bool:
    """A person is known by a token; a process has none."""
    person = actor.role in (Role.ADMIN, Role.CLINICAL_EDITOR, Role.AUDITOR, Role.NURSE)
    return actor.role in ALLOWED.get(type(request), frozenset()) and actor.signed_in is person


def _outcome(
    policy: AgentPolicy | None, request: Request, actor: Actor, around: Around, agent: str
) -> _New | AuditReason:
    if isinstance(request, CreateAgent):
        if policy is not None:
            return AuditReason.EXISTS
        return (_fresh(agent, request.build), Act.AGENT_CREATED, None) if _hash(request.build) else _MALFORMED
    if policy is None:
        return AuditReason.NO_SUCH_AGENT
    match request:
        case DeleteAgent():
            return None, Act.AGENT_DELETED, None
        case Rebuild(build):
            return _rebuilt(policy, build)
        case ZeroOn() | AskZeroOff() | ApproveZeroOff() | DenyZeroOff():
            return _zero(policy, request, actor, around)
        case SelfTested(build, passed) | Proven(build, passed):
            return _examined(policy, build, passed=passed, proof=isinstance(request, Proven))
        case GoLive():
            return _live(policy, around)
        case ToDraft():
            return (replace(policy, live=False), Act.BACK_TO_DRAFT, AuditReason.ASKED) if policy.live else _ALREADY


_ALREADY: Final = AuditReason.ALREADY
_MALFORMED: Final = AuditReason.MALFORMED


def _zero(
    policy: AgentPolicy, request: ZeroOn | AskZeroOff | ApproveZeroOff | DenyZeroOff, actor: Actor, around: Around
) -> _New | AuditReason:
    settled = replace(policy, off_requested_by=NONE, off_reason=None)
    pending = policy.off_requested_by != NONE
    forced = around.workspace is None or around.workspace.zero_forced
    match request:
        case ZeroOn():
            if policy.zero_retention and not pending:
                return _ALREADY
            return replace(settled, zero_retention=True), Act.ZERO_ON, None
        case DenyZeroOff():
            return (settled, Act.ZERO_OFF_DENIED, told(policy.off_reason)) if pending else AuditReason.NO_REQUEST
        case _ if forced:
            return AuditReason.FORCED
        case AskZeroOff(reason):
            if type(reason) is not OffReason:
                return _MALFORMED
            if pending or not policy.zero_retention:
                return _ALREADY
            asked = replace(policy, off_requested_by=actor.token, off_reason=reason)
            return asked, Act.ZERO_OFF_REQUESTED, told(reason)
        case ApproveZeroOff(revision):
            if not pending:
                return AuditReason.NO_REQUEST
            if revision != policy.revision:
                return AuditReason.OTHER_REVISION
            refused = four_eyes.objection(policy.off_requested_by, actor.token, around.pair, around.hour)
            if refused is not None:
                return refused
            off = replace(settled, zero_retention=False, live=False, tested=NONE, proven=NONE)
            return off, Act.ZERO_OFF_APPROVED, told(policy.off_reason)


def strictest(policy: AgentPolicy) -> AgentPolicy:
    """An untested draft with zero retention on, and no request to switch it off."""
    return replace(
        policy, live=False, zero_retention=True, off_requested_by=NONE, off_reason=None, tested=NONE, proven=NONE
    )


def _rebuilt(policy: AgentPolicy, build: str) -> _New | AuditReason:
    """What two admins switched off, they switched off for the agent that they saw: for these keys, numbers included."""
    if not _hash(build):
        return _MALFORMED
    if build == policy.build:
        return _ALREADY
    act = Act.BACK_TO_DRAFT if policy.live else Act.AGENT_CHANGED
    ended = not policy.zero_retention or policy.off_requested_by != NONE
    reason = AuditReason.ZERO_ON_AGAIN if ended else AuditReason.BUILD_CHANGED
    return replace(strictest(policy), build=build, tested=policy.tested, proven=policy.proven), act, reason


def _examined(policy: AgentPolicy, build: str, *, passed: bool, proof: bool) -> _New | AuditReason:
    """A result for another build than the agent has is no result.  A failure makes it a draft."""
    if not _hash(build):
        return _MALFORMED
    if build != policy.build:
        return AuditReason.OTHER_BUILD
    good, bad = (Act.PROOF_PASSED, Act.PROOF_FAILED) if proof else (Act.SELF_TEST_PASSED, Act.SELF_TEST_FAILED)
    held = build if passed else NONE
    after = replace(policy, proven=held) if proof else replace(policy, tested=held)
    return (after, good, None) if passed else (replace(after, live=False), bad, AuditReason.TEST_FAILED)


def _live(policy: AgentPolicy, around: Around) -> _New | AuditReason:
    if policy.live:
        return AuditReason.NOT_DRAFT
    if policy.tested != policy.build:
        return AuditReason.NOT_TESTED
    if policy.proven != policy.build:
        return AuditReason.NOT_PROVEN
    if around.lacking is not None:
        return AuditReason(around.lacking.value)
    return replace(policy, live=True), Act.LEFT_DRAFT, None


def _fresh(agent: str, build: str) -> AgentPolicy:
    return AgentPolicy(
        agent=agent,
        revision=0,
        live=False,
        zero_retention=True,
        off_requested_by=NONE,
        off_reason=None,
        build=build,
        tested=NONE,
        proven=NONE,
    )


def _hash(build: str) -> bool:
    return build != NONE and re.fullmatch(HASH.pattern, build, re.ASCII) is not None

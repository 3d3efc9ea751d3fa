"""Agents and the workspace's switch: what is defined, what holds, and who may change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from agent import lines
from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.desk import Desk, not_found
from agent.keeper.api.results import ASKED_BY
from agent.keeper.builds import build_of
from agent.lines import AgentFileRefused, AgentState
from policies import closed, workspace
from policies.acts import Act, AuditReason, OffReason, Role, Subject
from policies.allowlist import ModelReason, ModelRefused, lacking, permit
from policies.changes import Changed, ChangeRefused, is_live, level
from policies.records import SERIAL, AgentFile, AgentPolicy, Engine, Profile
from policies.requests import (
    Actor,
    ApproveZeroOff,
    Around,
    AskZeroOff,
    CreateAgent,
    DeleteAgent,
    DenyZeroOff,
    GoLive,
    Rebuild,
    Request,
    ToDraft,
    ZeroOn,
)
from policies.retention import Retention
from policies.workspace import AskForceOff, ForceRequest, WorkspaceRefused

MOST_AGENTS: Final = 100
KEEPER: Final = Actor(Role.KEEPER)
SEE_REFS: Final = frozenset({Role.ADMIN, Role.AUDITOR})
"""Who sees other people's refs: whoever knows one can try secrets for it."""
ERRORS: Final = {
    AuditReason.NOT_ALLOWED: ErrorWord.NOT_ALLOWED,
    AuditReason.NO_SUCH_AGENT: ErrorWord.NOT_FOUND,
    AuditReason.MALFORMED: ErrorWord.MALFORMED,
}
"""Every other reason: something else stands against it."""


@dataclass(frozen=True, slots=True)
class Why:
    """The body of a request to switch zero retention off."""

    reason: OffReason

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class Approval:
    """The body of an approval: which revision was seen.  Another has another reason, or asks for nothing."""

    revision: Annotated[int, SERIAL]

    def __post_init__(self) -> None:
        closed.check(self)


def list_agents(desk: Desk, asked: Asked) -> Answer:
    return Answer({"agents": [_told(desk, name, asked.actor) for name in sorted(desk.agents)]})


def get_agent(desk: Desk, asked: Asked) -> Answer:
    return Answer(_told(desk, _known(desk, asked.path["name"]), asked.actor))


def create_agent(desk: Desk, asked: Asked) -> Answer:
    name = asked.body.get("name")
    if isinstance(name, str) and name in desk.agents:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.EXISTS)
    if len(desk.agents) >= MOST_AGENTS:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.TOO_MANY)
    file = _accept(desk, asked, name if isinstance(name, str) else "")
    done = _change(desk, asked.actor, file.agent, CreateAgent(_build(desk, file.agent, asked.body)), file=file)
    told = _accepted(desk, file.agent, asked.actor, done)
    return Answer(told, 201, headers={"Location": f"/v1/agents/{file.agent}"})


def change_agent(desk: Desk, asked: Asked) -> Answer:
    name = _own(desk, asked.path["name"])
    file = _accept(desk, asked, name)
    done = _change(desk, asked.actor, name, Rebuild(_build(desk, name, asked.body)), file=file)
    return Answer(_accepted(desk, name, asked.actor, done))


def delete_agent(desk: Desk, asked: Asked) -> Answer:
    name = _own(desk, asked.path["name"])
    _change(desk, asked.actor, name, DeleteAgent())
    return Answer(status=204)


def zero_on(desk: Desk, asked: Asked) -> Answer:
    return _acted(desk, asked, ZeroOn())


def ask_zero_off(desk: Desk, asked: Asked) -> Answer:
    return _acted(desk, asked, AskZeroOff(asked.body.reason))


def approve_zero_off(desk: Desk, asked: Asked) -> Answer:
    return _acted(desk, asked, ApproveZeroOff(asked.body.revision))


def deny_zero_off(desk: Desk, asked: Asked) -> Answer:
    return _acted(desk, asked, DenyZeroOff())


def leave_draft(desk: Desk, asked: Asked) -> Answer:
    name = _known(desk, asked.path["name"])
    _renew(desk, name)
    return _acted(desk, asked, GoLive())


def to_draft(desk: Desk, asked: Asked) -> Answer:
    return _acted(desk, asked, ToDraft())


def get_workspace(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    return Answer(closed.to_wire(desk.ledger.workspace()))


def force_zero(desk: Desk, asked: Asked) -> Answer:
    return _forced(desk, asked, workspace.Force())


def ask_force_off(desk: Desk, asked: Asked) -> Answer:
    return _forced(desk, asked, AskForceOff(asked.body.reason))


def approve_force_off(desk: Desk, asked: Asked) -> Answer:
    return _forced(desk, asked, workspace.ApproveForceOff(asked.body.revision))


def deny_force_off(desk: Desk, asked: Asked) -> Answer:
    return _forced(desk, asked, workspace.DenyForceOff())


TAKES_EFFECT: Final = {"takes_effect": "next_start"}
"""An agent's keys are read when the line starts; retention is not one of them: it holds at once."""


def enrol(desk: Desk) -> None:
    """At the start: every agent file of the operator's has a policy, and each agent that of the build that runs now.

    Raises `StateFailed`.
    """
    for name in sorted(desk.files.shipped):
        if desk.ledger.policy(name) is None:
            desk.ledger.change_agent(
                name, CreateAgent(_build(desk, name, _table(desk, name))), KEEPER, Around(desk.hour, None)
            )
    for name in sorted(desk.agents):
        _renew(desk, name)
    _settle(desk)


def _settle(desk: Desk) -> None:
    """The folder holds what was accepted, and a file says `live` only of an agent that is.  Raises `StateFailed`."""
    live = {each.agent for each in desk.ledger.policies() if each.live}
    desk.files.settle(desk.ledger.kept(AgentFile), live)


def _known(desk: Desk, name: str) -> str:
    if name not in desk.agents:
        raise not_found(AuditReason.NO_SUCH_AGENT)
    return name


def _own(desk: Desk, name: str) -> str:
    """One that came over the network: the operator's files are the operator's."""
    if _known(desk, name) in desk.files.shipped:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.SHIPPED)
    return name


def _table(desk: Desk, name: str) -> dict[str, Any] | None:
    return desk.files.table(name, desk.ledger.agent_file(name))


def _build(desk: Desk, name: str, table: Mapping[str, Any] | None) -> str:
    """Over the keys as they stand in the file that the line reads.

    Of a file that is not as it was accepted: another one than any agent's.
    """
    held = table or {}
    return build_of(desk.means.code, held if name in desk.files.shipped else desk.files.placed(held), desk.means.more)


def _renew(desk: Desk, name: str) -> None:
    """Another build than the agent was examined for makes it a draft."""
    policy, build = desk.ledger.policy(name), _build(desk, name, _table(desk, name))
    if policy is not None and policy.build != build:
        _change(desk, KEEPER, name, Rebuild(build))


def _accept(desk: Desk, asked: Asked, name: str) -> AgentFile:
    """The file, written aside, of keys that make an agent whose model may be called.  Raises `ApiRefused`."""
    _check_model(desk, asked, name)
    wrong: AgentFileRefused | None = None
    try:
        agent = desk.files.read(name, asked.body)
        lines.together([*desk.files.shipped.values(), *_others(desk, name), agent])
    except AgentFileRefused as refused:
        wrong = refused
    if wrong is not None:
        told = {"key": wrong.key or "none", "says": wrong.rule or "is no agent file that can be taken"}
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED, more=told)
    return desk.files.prepare(name, asked.body)


def _others(desk: Desk, but: str) -> list[lines.Agent]:
    """The agents that came over the network, as far as their files are what was accepted."""
    names = [each.agent for each in desk.ledger.kept(AgentFile) if each.agent != but]
    tables = {name: _table(desk, name) for name in names}
    return [desk.files.read(name, table) for name, table in tables.items() if table is not None]


def _check_model(desk: Desk, asked: Asked, name: str) -> None:
    """Before anything else is looked at, so that what is refused is refused by the model's own rule.

    At `ZERO`, as the line asks when it starts: what is taken here must not keep it from starting.
    """
    engine = next((engine for engine in Engine if engine.value == asked.body.get("engine")), Engine.APPROVED)
    model = asked.body.get("model")
    if engine is Engine.APPROVED or not isinstance(model, str):
        return
    verdict = permit(desk.endpoint(engine, model), desk.allowlist(), Retention.ZERO, Profile.PRODUCTION, desk.today)
    if isinstance(verdict, ModelRefused):
        reason = AuditReason(verdict.reason.value)
        known = desk.known(Subject.MODEL, name)
        desk.ledger.write(desk.event(Act.MODEL_REFUSED, Subject.MODEL, asked.actor, known, reason))
        told = {**verdict.body(), "model": verdict.model or "unnamed"}
        raise ApiRefused(ErrorWord.MODEL_REFUSED, audited=True, more=told)


def _acted(desk: Desk, asked: Asked, request: Request) -> Answer:
    name = _known(desk, asked.path["name"])
    _change(desk, asked.actor, name, request)
    return Answer(_told(desk, name, asked.actor))


def _change(desk: Desk, actor: Actor, name: str, request: Request, file: AgentFile | None = None) -> Changed:
    """Policy, file and audit entry in one transaction; then the folder and whoever listens.  Raises `ApiRefused`."""
    around = Around(desk.hour, None, _lacking(desk, name) if isinstance(request, GoLive) else None)
    outcome = desk.ledger.change_agent(name, request, actor, around, file)
    _settle(desk)
    if isinstance(outcome, ChangeRefused):
        raise ApiRefused(ERRORS.get(outcome.reason, ErrorWord.REFUSED), outcome.reason, audited=True)
    desk.changed()
    return outcome


def _lacking(desk: Desk, name: str) -> ModelReason | None:
    """Why the agent's data path keeps it a draft today: at `ZERO`, as the line asks."""
    table = _table(desk, name)
    if table is None:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.MALFORMED)
    endpoint = desk.endpoint(Engine(table["engine"]), str(table.get("model", "")))
    return lacking(endpoint, desk.allowlist(), Retention.ZERO, desk.today)


def _forced(desk: Desk, asked: Asked, request: ForceRequest) -> Answer:
    outcome = desk.ledger.change_workspace(request, asked.actor, desk.hour)
    if isinstance(outcome, WorkspaceRefused):
        raise ApiRefused(ERRORS.get(outcome.reason, ErrorWord.REFUSED), outcome.reason, audited=True)
    desk.changed()
    return Answer(closed.to_wire(outcome.policy))


def _allowed(table: Mapping[str, Any] | None) -> Retention:
    """The laxest level that the agent's own keys let switches reach."""
    return Retention.REDACTED if table is not None and table.get("retention") == "redacted" else Retention.ZERO


def _accepted(desk: Desk, name: str, to: Actor, done: Changed) -> dict[str, object]:
    """The same of keys that were taken: when they hold, and whether they ended what two admins had switched off."""
    again = done.event.reason is AuditReason.ZERO_ON_AGAIN
    return {**_told(desk, name, to), **TAKES_EFFECT, "zero_on_again": again}


def _set(policy: AgentPolicy, to: Actor) -> closed.Wire:
    shown = closed.to_wire(policy)
    if to.role not in SEE_REFS:
        del shown[ASKED_BY]
    return shown


def _told(desk: Desk, name: str, to: Actor) -> dict[str, object]:
    """An agent as the interface shows it: to others than admins and auditors without the ref of who asked.

    Whether an approval is awaited `off_reason` says to all.
    """
    table, policy = _table(desk, name), desk.ledger.policy(name)
    live = is_live(policy, _build(desk, name, table))
    shipped = name in desk.files.shipped
    if table is not None and not shipped:
        table["state"] = (AgentState.LIVE if live else AgentState.DRAFT).value
    return {
        "name": name,
        "agent": table,
        "policy": None if policy is None else _set(policy, to),
        "level": max(level(policy, desk.ledger.workspace()), _allowed(table)).name.lower(),
        "live": live,
        "shipped": shipped,
    }

"""What holds for each agent now: files, list, agreements and policies together; and a new agent's first policy."""

from __future__ import annotations

import argparse
import contextlib
import enum
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from agent import lines, vendors
from agent.briefing import Briefing
from agent.keeper.agent_files import accepted_table, state_of
from agent.keeper.builds import build_of, code_hash
from agent.keeper.ledger import Ledger
from agent.keeper.transcript_keys import TranscriptKeys
from agent.lines import AgentFileRefused
from agent.vendors import endpoint_of
from policies.acts import Role
from policies.allowlist import Allowlist, Endpoint, Permitted, permit
from policies.attempts import Kept
from policies.changes import is_live, level
from policies.records import (
    AgentFile,
    AgentPolicy,
    Engine,
    Evidence,
    InForce,
    ListedModel,
    Profile,
    WorkspacePolicy,
    hour_of,
)
from policies.requests import Actor, Around, CreateAgent, Proven, Rebuild, SelfTested
from policies.retention import Retention, Writable, admit

ROOT: Final = Path(__file__).resolve().parent.parent.parent
KEEPER: Final = Actor(Role.KEEPER)


class Result(enum.Enum):
    """Of what."""

    SELF_TEST = "self_test"
    PROOF = "proof"


class Recorded(Protocol):
    """A ledger, to read."""

    def policies(self) -> Sequence[AgentPolicy]: ...

    def workspace(self) -> WorkspacePolicy: ...

    def evidence(self) -> Sequence[Evidence]: ...

    def listed_models(self) -> Sequence[ListedModel]: ...

    def agent_files(self) -> Sequence[AgentFile]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the keeper finds what is not in its own tables."""

    state: Path
    agents: Path
    allowlist: Path
    profile: Profile
    anthropic_url: str | None
    openai_url: str | None

    @classmethod
    def of(cls, asked: argparse.Namespace) -> Place | None:
        """From the command line; None where it names no agents."""
        if asked.agents is None or asked.allowlist is None:
            return None
        profile = Profile(asked.profile)
        return cls(asked.state, asked.agents, asked.allowlist, profile, asked.anthropic_url, asked.openai_url)

    def tables(self, recorded: Recorded) -> Mapping[str, Mapping[str, Any]]:
        """The keys of agents made over the network: of each accepted file that is still as it was accepted.

        A file that nobody accepted, or that somebody altered since, makes no agent.  Raises `AgentFileRefused`,
        `StateFailed`.
        """
        live = {policy.agent for policy in recorded.policies() if policy.live}
        found = {}
        for each in recorded.agent_files():
            table = accepted_table(self.state, each)
            if table is not None:
                found[each.agent] = {**table, "state": state_of(live=each.agent in live)}
        return found

    def allowed(self, recorded: Recorded, agent: str) -> Retention:
        """The laxest level that the agent's file lets the switches reach; `ZERO` where there is none that can be read.

        Raises `StateFailed`.
        """
        with contextlib.suppress(AgentFileRefused):
            file = self.agents / f"{agent}.toml"
            if file.is_file():
                return lines.read(file).retention
            tables = [accepted_table(self.state, each) for each in recorded.agent_files() if each.agent == agent]
            if tables and tables[0] is not None:
                return lines.read_table(file, tables[0]).retention
        return Retention.ZERO

    def endpoints(self, recorded: Recorded) -> Mapping[str, Endpoint]:
        """Where each agent's model would be called.  Raises `AgentFileRefused`, `StateFailed`."""
        agents = lines.load(self.agents, self.tables(recorded)).agents
        return {each.name: endpoint_of(each, self.anthropic_url, self.openai_url) for each in agents}

    def engines(self, recorded: Recorded) -> Mapping[str, Engine]:
        """Who may answer, and with which engine; nobody while that can't be read.  Raises `StateFailed`."""
        with contextlib.suppress(AgentFileRefused):
            return {each.name: each.engine for each in lines.load(self.agents, self.tables(recorded)).agents}
        return {}

    def known_allowlist(self, recorded: Recorded) -> Allowlist:
        """The file's, with what admins listed and all evidence on record.  Raises `ListRefused`, `StateFailed`."""
        return vendors.load(self.allowlist).also(recorded.listed_models()).having(recorded.evidence())


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """What `Place.of` reads, and what else the launcher says of its settings."""
    verb.add_argument("--agents", type=Path)
    verb.add_argument("--allowlist", type=Path)
    verb.add_argument("--anthropic-url")
    verb.add_argument("--openai-url")
    verb.add_argument("--more", default="", help="stands for the settings and models that are part of a build")
    verb.add_argument("--seal-key", type=Path)
    verb.add_argument("--transcript-days", type=int, default=7)


def in_force(
    recorded: Recorded, endpoints: Mapping[str, Endpoint], allowlist: Allowlist | None, profile: Profile, today: date
) -> list[Writable]:
    """For the bus: each agent that has a policy.  allowlist: None while it can't be read; then no model is allowed.

    Raises `StateFailed`.
    """
    workspace = recorded.workspace()
    told = []
    for policy in recorded.policies():
        now = level(policy, workspace)
        endpoint = endpoints.get(policy.agent)
        allowed = (
            endpoint is not None
            and allowlist is not None
            and isinstance(permit(endpoint, allowlist, Retention.ZERO, profile, today), Permitted)  # as the line asks
        )
        record = InForce(agent=policy.agent, zero_retention=now is Retention.ZERO, model_allowed=allowed)
        permitted = admit(record, now)
        if permitted is not None:
            told.append(permitted)
    return told


def brief(place: Place, ledger: Ledger, keys: TranscriptKeys, more: str, held: tuple[Kept, ...] = ()) -> Briefing:
    """Makes a policy for each agent that has none, alters those whose build is another, and says what the line needs.

    Raises `AgentFileRefused`, `ListRefused`, `StateFailed`, OSError.
    """
    builds = _settled(place, ledger, more)
    live = frozenset(name for name, build in builds.items() if is_live(ledger.policy(name), build))
    return Briefing(keys.public, place.known_allowlist(ledger), place.tables(ledger), live, held=held)


def record(place: Place, ledger: Ledger, more: str, what: Result, *, passed: bool) -> list[str]:
    """A self-test or proof ran for what is installed and set here: for each agent's build.  Returns their names.

    Raises as `brief`.
    """
    builds = _settled(place, ledger, more)
    for name, build in builds.items():
        request = SelfTested(build, passed) if what is Result.SELF_TEST else Proven(build, passed)
        ledger.change_agent(name, request, Actor(Role.PROOF), Around(hour_of(time.time()), None))
    return sorted(builds)


def _settled(place: Place, ledger: Ledger, more: str) -> Mapping[str, str]:
    """Each agent's build, which its policy has from now on; a new agent has a policy."""
    tables = place.tables(ledger)
    code = code_hash(ROOT)
    around = Around(hour_of(time.time()), None)
    builds = {}
    for agent in lines.load(place.agents, tables).agents:
        table = tables.get(agent.name) or lines.table_of(place.agents / f"{agent.name}.toml")
        build = builds[agent.name] = build_of(code, table, more)
        policy = ledger.policy(agent.name)
        if policy is None:
            ledger.change_agent(agent.name, CreateAgent(build), KEEPER, around)
        elif policy.build != build:
            ledger.change_agent(agent.name, Rebuild(build), KEEPER, around)
    return builds


def today() -> date:
    """By which agreements hold or have expired: the day in UTC."""
    return datetime.now(UTC).date()

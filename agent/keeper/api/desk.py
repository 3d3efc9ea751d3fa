"""What the operations work on: the ledger, the calls, the agent files, and what the composition root gave."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from agent.keeper.agent_files import AgentFiles
from agent.keeper.api.answers import ApiRefused, ErrorWord
from agent.keeper.api.door import Door
from agent.keeper.database import StateFailed
from agent.keeper.ledger import Ledger
from agent.keeper.nurses import Nurses
from agent.keeper.on_call_files import NOWHERE, OnCallFiles
from agent.keeper.state import SqliteState
from agent.vendors import endpoint
from policies.acts import Act, AuditReason, Subject
from policies.allowlist import Allowlist, Endpoint
from policies.audit import AuditEvent
from policies.closed import NotClosed
from policies.records import NONE, THING, AgentFile, Engine, ListedModel, hour_of
from policies.requests import Actor


class Transcripts(Protocol):
    """Sealed transcripts, for the auditor alone.  Both write their entry of the audit log; both raise `StateFailed`."""

    def read(self, ref: str, actor: Actor) -> str | None:
        """The redacted text; None where there is none, or none any more."""
        ...

    def delete(self, ref: str, actor: Actor) -> bool:
        """False where there was none."""
        ...


class NoTranscripts:
    """Where none are kept."""

    def read(self, ref: str, actor: Actor) -> str | None:  # noqa: ARG002  # the shape of `Transcripts`
        return None

    def delete(self, ref: str, actor: Actor) -> bool:  # noqa: ARG002  # the shape of `Transcripts`
        return False


@dataclass(frozen=True, slots=True)
class Means:
    """What the composition root gives the interface."""

    state: Path
    agents: Path
    """The operator's own agent files, read only."""
    allowlist: Allowlist
    """As shipped or as the operator's file has it; what admins add lies in the state."""
    code: str
    """`builds.code_hash`."""
    more: str = ""
    """Whatever else a build depends on (`builds.build_of`)."""
    anthropic_url: str | None = None
    openai_url: str | None = None
    on_call: OnCallFiles = field(default_factory=lambda: OnCallFiles(NOWHERE))
    """The lists of who is on call."""
    nurses: Nurses = field(default_factory=lambda: Nurses(OnCallFiles(NOWHERE), time.time))
    """Which of them are available; shared with what tells the lines."""
    transcripts: Transcripts = field(default_factory=NoTranscripts)
    after_change: Callable[[], None] = lambda: None
    """Called in the interface's thread after each change of an agent, the workspace or a nurse."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Lives in one thread."""

    means: Means
    ledger: Ledger
    state: SqliteState
    files: AgentFiles
    door: Door
    clock: Callable[[], float]
    """Seconds since 1970."""
    failed: Callable[[Exception], None]
    """Told of what went wrong; its text may not be kept."""

    @property
    def hour(self) -> int:
        """Now, in hours since 1970-01-01 UTC."""
        return hour_of(self.clock())

    @property
    def today(self) -> date:
        return datetime.fromtimestamp(self.clock(), UTC).date()

    def endpoint(self, engine: Engine, model: str) -> Endpoint:
        """Where the model would be called."""
        return endpoint(engine, model, self.means.anthropic_url, self.means.openai_url)

    def allowlist(self) -> Allowlist:
        """The file's, with the models and the evidence that admins recorded."""
        listed = self.means.allowlist.also(self.ledger.kept(ListedModel))
        return listed.having(self.ledger.evidence())

    @property
    def on_call(self) -> OnCallFiles:
        return self.means.on_call

    @property
    def nurses(self) -> Nurses:
        return self.means.nurses

    def answered(self) -> frozenset[str]:
        """Every number that an agent answers: none of them can be a nurse's."""
        accepted = {each.agent: self.files.table(each.agent, each) for each in self.ledger.kept(AgentFile)}
        shipped = [number for agent in self.files.shipped.values() for number in agent.numbers]
        return frozenset(
            [*shipped, *(number for table in accepted.values() for number in (table or {}).get("numbers", []))]
        )

    @property
    def agents(self) -> set[str]:
        """The names of those there are."""
        return {*self.files.shipped, *(each.agent for each in self.ledger.kept(AgentFile))}

    def known(self, subject: Subject, thing: str) -> str:
        """What somebody asked for, as the audit log may name it: `none` where there is no such thing.

        A name or a ref that nobody gave could be made of words.
        """
        there = False
        with contextlib.suppress(NotClosed, StateFailed):  # a record that is none of ours is no such thing
            match subject:
                case Subject.AGENT | Subject.MODEL:
                    there = thing in self.agents
                case Subject.TOKEN:
                    there = self.ledger.token(thing) is not None
                case Subject.ENTRY:
                    there = any(each.entry == thing for each in self.ledger.kept(ListedModel))
                case Subject.ON_CALL | Subject.NURSE:  # of both the list is what the path names first
                    there = thing in self.on_call.names()
                case Subject.TRANSCRIPT:  # it bears its call's ref
                    there = self.state.record(thing) is not None
        return thing if there else NONE

    def event(
        self,
        act: Act,
        subject: Subject,
        actor: Actor,
        thing: str,
        reason: AuditReason | None = None,
        digests: tuple[str, str] = (NONE, NONE),
    ) -> AuditEvent:
        """An entry of now.  thing: one that there is; what is no name of ours is none.  digests: before and after."""
        known = thing if re.fullmatch(THING.pattern, thing, re.ASCII) else NONE
        return AuditEvent(
            hour=self.hour,
            role=actor.role,
            actor=actor.known_token,
            act=act,
            subject=subject,
            thing=known,
            reason=reason,
            before=digests[0],
            after=digests[1],
        )

    def changed(self) -> None:
        """Tells whoever the composition root named.  Raises nothing."""
        try:
            self.means.after_change()
        except Exception as error:  # noqa: BLE001  # the change stands, whatever becomes of the word of it
            self.failed(error)


def not_found(rule: AuditReason = AuditReason.NO_SUCH_THING) -> ApiRefused:
    return ApiRefused(ErrorWord.NOT_FOUND, rule)

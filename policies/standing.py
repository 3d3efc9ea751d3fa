"""What the audit log says is set, and whether what the tables hold is that; pure.

standing = Standing()
for line in lines: standing.add(line)
standing.policies(found)        # each as it was logged, or as strict as a policy can be
standing.workspace(found)       # likewise: forced
standing.altered(found, rows)   # what must be put right, and written down

Whoever has the file of the tables and not the log's key can alter a row.  So a row counts only while it is the record
that the last entry about it stands for; every other is on the safe side: zero retention, a draft, forced.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from policies.acts import Act, Subject
from policies.audit import digest
from policies.changes import strictest
from policies.records import NONE, SERIAL, AgentPolicy, WorkspacePolicy
from policies.workspace import AT_FIRST, UNKNOWN

ABOUT: Final = {Subject.AGENT.value, Subject.WORKSPACE.value}
_MARKS: Final = tuple(f'"subject":"{subject}"'.encode("ascii") for subject in sorted(ABOUT))
"""How a canonical line says so: all others are passed over unread."""


@dataclass(frozen=True, slots=True)
class Altered:
    """One thing that is set and is not what was logged."""

    subject: Subject
    thing: str
    found: AgentPolicy | WorkspacePolicy | None
    """None: the log has one, the tables have none."""
    instead: AgentPolicy | WorkspacePolicy | None
    """What is to be set; None for an agent that has no policy from now on."""


@dataclass(slots=True)
class Standing:
    """What the last entry about each agent and the workspace stands for; takes the lines in their order."""

    _after: dict[tuple[str, str], str] = field(default_factory=dict)

    def copy(self) -> Standing:
        return Standing(dict(self._after))

    def add(self, line: bytes) -> None:
        """A line of the log, whatever fields an entry had when it was written; a refusal alters nothing."""
        if not any(mark in line for mark in _MARKS):
            return
        with contextlib.suppress(ValueError, KeyError, TypeError):  # no entry: `audit.verify` says so, and here is less
            entry = json.loads(line)
            if entry["subject"] in ABOUT and entry["act"] != Act.ACT_REFUSED.value:
                self._after[entry["subject"], entry["thing"]] = entry["after"]

    def policies(self, found: Sequence[AgentPolicy]) -> list[AgentPolicy]:
        """One that is not as it was logged is an untested draft with zero retention."""
        return [policy if self._holds(policy) else strictest(policy) for policy in found]

    def workspace(self, found: Sequence[WorkspacePolicy]) -> WorkspacePolicy:
        """The row, if it is the only one and as it was logged; that of a new state, if nothing was ever changed."""
        logged = self._after.get((Subject.WORKSPACE.value, NONE), digest(AT_FIRST))
        held = list(found) or [AT_FIRST]
        return held[0] if [logged] == [digest(each) for each in held] else UNKNOWN

    def altered(self, policies: Sequence[AgentPolicy], workspaces: Sequence[WorkspacePolicy]) -> Iterator[Altered]:
        """Everything that is not as it was logged."""
        for policy in policies:
            if not self._holds(policy):
                instead = replace(strictest(policy), revision=_next(policy.revision))
                yield Altered(Subject.AGENT, policy.agent, policy, instead)
        there = {policy.agent for policy in policies}
        for (subject, thing), after in self._after.items():
            if subject == Subject.AGENT.value and after != NONE and thing not in there:
                yield Altered(Subject.AGENT, thing, None, None)
        if self.workspace(workspaces) == UNKNOWN:
            last = max((each.revision for each in workspaces), default=0)
            found = workspaces[0] if workspaces else None
            yield Altered(Subject.WORKSPACE, NONE, found, replace(UNKNOWN, revision=_next(last)))

    def _holds(self, policy: AgentPolicy) -> bool:
        return self._after.get((Subject.AGENT.value, policy.agent)) == digest(policy)


def _next(revision: int) -> int:
    return min(revision + 1, SERIAL.high)

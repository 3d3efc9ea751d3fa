"""What the keeper knows and the line must know before it starts: one JSON document on the line's standard input.

{"transcripts": public key in hex, "allowlist": tables, "agents": {name: keys}, "live": [names], "held": [records],
"refs": key in hex}

The launcher adds the key of refs (`policies/refs.py`), which the keeper that collects has too.  The rest comes from the
keeper by way of the launcher, never through Redis: what may be called, to whom transcripts are sealed and which agents
have left draft is nothing that a bus may say.  A line without a briefing keeps no transcript, goes by the files that
its settings name, and takes every agent for a draft.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from agent import lines, vendors
from agent.lines import Agent, AgentState, Lines
from policies import closed
from policies.allowlist import Allowlist
from policies.attempts import Kept
from policies.listing import of_snapshot, tables_of
from policies.refs import KEY_BYTES

MOST_BYTES: Final = 18_874_368  # 64 KiB for each agent file, the list, and 40,000 patients of up to 300 bytes
KEYS: Final = frozenset({"transcripts", "allowlist", "agents", "live", "held", "refs"})


class BriefingRefused(Exception):
    """The briefing doesn't hold together.  One sentence."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """Empty for a line that nobody briefed."""

    transcripts: str = ""
    """The X25519 public key that transcripts are sealed to, 32 bytes in hex; empty: none is made."""
    allowlist: Allowlist | None = None
    """With all evidence and entries on record; None: as its file has it."""
    agents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Keys of agents that were made over the network, by name."""
    live: frozenset[str] = frozenset()
    """Agents that have left draft, with exactly this build."""
    refs: str = ""
    """The key of this start's refs, 32 bytes in hex; empty: the line makes one, and no keeper takes its records."""
    held: tuple[Kept, ...] = ()
    """Of each patient who was called or opted out, as the keeper has it."""

    def to_bytes(self) -> bytes:
        allowlist = tables_of(self.allowlist) if self.allowlist is not None else None
        whole = {
            "transcripts": self.transcripts,
            "allowlist": allowlist,
            "agents": {name: dict(table) for name, table in self.agents.items()},
            "live": sorted(self.live),
            "held": [closed.to_wire(each) for each in self.held],
            "refs": self.refs,
        }
        return json.dumps(whole).encode("ascii")

    def lines(self, folder: Path) -> Lines:
        """The folder's agents and those of the network.  Raises `AgentFileRefused`."""
        return lines.load(folder, self.agents)

    def known_allowlist(self, file: Path) -> Allowlist:
        """Raises `ListRefused`."""
        return self.allowlist if self.allowlist is not None else vendors.load(file)

    def may_be_live(self, agent: Agent) -> bool:
        """A draft may always be one."""
        return agent.state is AgentState.DRAFT or agent.name in self.live

    def as_drafts(self, answered: Lines) -> Lines:
        """The same agents; those that say they are live and may not be are drafts, and their greeting says so."""
        return Lines(tuple(each if self.may_be_live(each) else _draft(each) for each in answered.agents))


def parse(content: bytes) -> Briefing:
    """Empty for nothing.  Raises `BriefingRefused`, `ListRefused`."""
    if not content.strip():
        return Briefing()
    whole: Any = None
    try:
        whole = json.loads(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        whole = None
    if not isinstance(whole, dict) or whole.keys() != KEYS:
        raise BriefingRefused("the briefing is none")
    transcripts, allowlist, agents, live = (whole[key] for key in ("transcripts", "allowlist", "agents", "live"))
    refs, held = whole["refs"], _held(whole["held"])
    if (
        not isinstance(refs, str)
        or re.fullmatch(rf"(?:[0-9a-f]{{{2 * KEY_BYTES}}})?", refs, re.ASCII) is None
        or not isinstance(transcripts, str)
        or not isinstance(allowlist, dict | None)
        or not isinstance(agents, dict)
        or not all(isinstance(table, dict) for table in agents.values())
        or not isinstance(live, list)
        or not all(isinstance(name, str) for name in live)
        or held is None
    ):
        raise BriefingRefused("the briefing is none")
    known = of_snapshot(allowlist) if allowlist is not None else None
    return Briefing(transcripts, known, agents, frozenset(live), refs, held)


def _held(wires: object) -> tuple[Kept, ...] | None:
    """None for what is no list of such records."""
    found = None
    if isinstance(wires, list):
        with contextlib.suppress(closed.NotClosed):
            found = tuple(closed.from_wire(Kept, wire) for wire in wires)
    return found


def _draft(agent: Agent) -> Agent:
    says_so = "demonstration" in agent.greeting.casefold()
    return replace(agent, state=AgentState.DRAFT, greeting=agent.greeting if says_so else "")

"""What happens in one session of the proof, and what all of them leave to be looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.proof import control
from agent.proof.called import Rung
from agent.proof.canary import Canary
from agent.proof.disk import Own
from agent.proof.faults import Trouble
from agent.proof.outside import Outside
from agent.proof.placing import Placed
from agent.proof.report import Looked, Place
from agent.proof.scenes import Ring, Scene
from agent.proof.transfers import Carried
from policies.attempts import Kept

Call = tuple[Canary, Trouble | None]
Transfer = tuple[Canary, Scene]
Outgoing = tuple[Canary, Ring]


@dataclass(frozen=True, slots=True)
class Part:
    """What happens in one session."""

    name: str
    calls: Sequence[Call]
    """Several at once."""
    alone: Sequence[Call] = ()
    """One after the other, at the end; the last may end the service."""
    failing: bool = False
    transfers: Sequence[Transfer] = ()
    """One after the other, before the rest; the last may end the service."""
    rings: Sequence[Outgoing] = ()
    """Whom the line calls, before all else."""
    spare: list[Canary] = field(default_factory=list)
    """Who calls where a call of several at once did not count; taken from it, one at a time."""


@dataclass(slots=True)
class Found:
    """What all sessions leave to be looked at."""

    keys: frozenset[bytes] = frozenset()
    """The kernel's, before the first service was started: see `agent.proof.shown.keys`."""
    sessions: list[str] = field(default_factory=list)
    """Names of the parts that were run."""
    placed: list[Placed] = field(default_factory=list)
    carried: list[Carried] = field(default_factory=list)
    """Transfers."""
    rung: list[Rung] = field(default_factory=list)
    """Calls that the line placed."""
    kept: list[Kept] = field(default_factory=list)
    """What stands of those on the keeper's disk when a session is over."""
    beside: dict[Place, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """Of places where that may stand, the rest."""
    captured: dict[Place, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """To be searched for everybody at the end."""
    looked: list[Looked] = field(default_factory=list)
    """Memories, searched when it mattered."""
    controls: list[control.Control] = field(default_factory=list)
    seen: list[Outside | None] = field(default_factory=list)
    ports: dict[int, str] = field(default_factory=dict)
    own: Own = field(default_factory=Own)
    accounts: list[bytes] = field(default_factory=list)
    """What each line said."""

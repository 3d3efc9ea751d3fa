"""What is broken while a canary speaks, and what each fault keeps from happening in its call.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Step(enum.Enum):
    """What must be seen of a call for it to count; the value is what the report says where it was not."""

    RECOGNISED = "recognised"
    """The line's recogniser wrote down her name or her number."""
    REACHED = "reached the provider"
    """What it wrote down stood in a request to the language model."""
    SPOKEN = "spoken back"
    """The agent's own sound answered her."""
    FOUND = "found in the agent's sound"
    """That sound, recognised by another recogniser, holds her words."""


class Trouble(enum.Enum):
    """One kind of fault."""

    ERROR = "the provider answers 500, with her words in the body"
    LIMITED = "the provider answers 429, with her words in the body"
    STALLED = "the provider takes the question and never answers"
    CUT = "the provider breaks off in the middle of its answer"
    STRAY = "her words in a lost callback, future and thread, an object's end, a warning and a library's log"
    RAISED = "the engine raises her words: message, local, note, cause and group"
    BUS_GONE = "Redis is killed in the middle of the call"
    KILLED = "the line is killed in the middle of the call (SIGKILL)"
    CRASHED = "the line crashes in the middle of the call (SIGSEGV)"
    KEEPER_GONE = "the keeper is killed in the middle of the call"


_NO_ANSWER: Final = frozenset({Step.SPOKEN, Step.FOUND})
PREVENTS: Final[Mapping[Trouble, frozenset[Step]]] = MappingProxyType(
    {
        Trouble.ERROR: frozenset({Step.FOUND}),
        Trouble.LIMITED: frozenset({Step.FOUND}),
        Trouble.STALLED: frozenset({Step.FOUND}),
        Trouble.CUT: frozenset({Step.FOUND}),
        Trouble.STRAY: frozenset(),
        Trouble.RAISED: _NO_ANSWER,
        Trouble.BUS_GONE: frozenset(),
        Trouble.KILLED: _NO_ANSWER,
        Trouble.CRASHED: _NO_ANSWER,
        Trouble.KEEPER_GONE: _NO_ANSWER,
    }
)
"""With a broken provider the agent answers from its approved passages, or that it does not know: not with her words."""

OF_THE_PROVIDER: Final = (Trouble.ERROR, Trouble.LIMITED, Trouble.STALLED, Trouble.CUT)
OF_THE_ENGINE: Final = (Trouble.STRAY, Trouble.RAISED)
"""Through `agent.proof.failing`, a line that only the proof can start."""
ENDS_THE_SERVICE: Final = (Trouble.CRASHED, Trouble.KILLED, Trouble.KEEPER_GONE)
IN_QUICK: Final = (Trouble.ERROR, Trouble.CRASHED)
"""What the quick proof makes do with."""


def lacking(seen: frozenset[Step], fault: Trouble | None) -> tuple[Step, ...]:
    """What a call lacks to count; what its fault prevents is not asked of it."""
    prevented = PREVENTS[fault] if fault is not None else frozenset()
    return tuple(step for step in Step if step not in seen and step not in prevented)

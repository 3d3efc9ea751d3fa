"""What one call may keep of what is said, and how much stricter that has become while it lasts.

The level is taken at answer and asked again at each turn, whenever a policy changes and before each write; of all that
it ever was the strictest holds, so that zero retention switched on and off again within a call is on for that call.
At `REDACTED` redacted turns are gathered here, in memory.  At `ZERO` nothing is, and the moment it becomes so what was
gathered is dropped for good, with what is being redacted at that moment.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from policies.phi import PHI
from policies.retention import Retention, effective

if TYPE_CHECKING:  # spaCy comes with it: only a line with an agent that may keep transcripts loads it
    from policies.redaction import Redacted

Redact = Callable[[PHI[str]], Awaitable["Redacted | None"]]
"""Off the loop; None where the text could not be redacted."""
Start = Callable[[Coroutine[Any, Any, object]], "asyncio.Task[object]"]

MOST_SAID: Final = 2_000  # turns and sentences: more than the longest call holds; what comes after is left out
MOST_IN_FLIGHT: Final = 16  # redactions under way: 200 ms of one thread; a turn beyond it is left out
SETTLE_S: Final = 2.0  # for redactions under way when the call ends


class Speaker(enum.Enum):
    """Who said it."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(slots=True, eq=False, repr=False)
class Said:
    """One turn of the caller, or one sentence of the agent."""

    who: Speaker
    redacted: Redacted | None = None
    """None: not redacted yet, or it could not be; then its words are gone."""


class Keeping:
    """One call's level and what was gathered under it."""

    def __init__(self, allowed: Retention, now: Callable[[], Retention | None], redact: Redact | None) -> None:
        """allowed: what the agent's file allows.  now: what the keeper says.  redact: None keeps nothing."""
        self._now: Final = now
        self._redact: Final = redact
        self._level = Retention.ZERO if redact is None else allowed
        self._said: list[Said] = []
        self._cut = False
        self._under_way: set[asyncio.Task[object]] = set()
        self.ask()

    @classmethod
    def nothing(cls) -> Keeping:
        """For a call of which nothing is kept, whatever anybody says."""
        return cls(Retention.ZERO, lambda: None, None)

    @property
    def level(self) -> Retention:
        """As it was when it was asked last."""
        return self._level

    @property
    def cut(self) -> bool:
        """Something that was said is left out for its number."""
        return self._cut

    def ask(self) -> Retention:
        """The level that holds now; never laxer than any that this has given before."""
        self._level = effective(self._level, self._now())
        if self._level is Retention.ZERO:
            self.drop()
        return self._level

    def hear(self, who: Speaker, words: PHI[str], start: Start) -> None:
        """A completed turn or a spoken sentence; redacted in a task of the call, and only then held."""
        if self.ask() is Retention.ZERO or self._redact is None:
            return
        if len(self._said) >= MOST_SAID or len(self._under_way) >= MOST_IN_FLIGHT:
            self._cut = True
            return
        said = Said(who)
        self._said.append(said)
        task = start(_redacted(said, words, self._redact))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def settle(self) -> None:
        """Waits a little for what is being redacted; what takes longer is left out."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=SETTLE_S)
        for task in self._under_way:
            task.cancel()

    def gathered(self) -> Sequence[Said]:
        """In the order in which it was said; empty at `ZERO`."""
        self.ask()
        return tuple(self._said)

    def drop(self) -> None:
        """All of it, and what is on its way."""
        self._said = []
        for task in self._under_way:
            task.cancel()


async def _redacted(said: Said, words: PHI[str], redact: Redact) -> None:
    said.redacted = await redact(words)

"""A leg that is answered by keys: what is said on it is spoken on its own stream, and nothing on it is listened to.

Its sound is dropped frame by frame; a frame is a clock of the line, no more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from typing import Any, Final, Protocol

from agent.engines.ports import EngineFailed
from agent.mouth import Mouth
from policies.guardrails import Sayable
from policies.phi import PHI
from telephony.leg import Ended, Heard, Leg
from telephony.pacing import ClipPlayed
from telephony.protocol import Digit
from telephony.switchboard import After, EndDecision


class Holder(Protocol):
    """Who is at the other end of the talk: told what happens on the leg, in order."""

    def opened(self) -> None:
        """She can be spoken to."""
        ...

    def key(self, digit: PHI[str]) -> None: ...

    def heard(self) -> None:
        """What was said last has been heard to its end."""
        ...

    def passed(self) -> None:
        """20 ms went by on the line."""
        ...

    def lost(self) -> None:
        """The stream ended, and not by us."""
        ...


class KeyedLeg:
    """One stream."""

    def __init__(self, leg: Leg, mouth: Mouth, holder: Holder) -> None:
        self._leg: Final = leg
        self._mouth: Final = mouth
        self._holder: Final = holder
        self._tasks: asyncio.TaskGroup | None = None
        self._saying: asyncio.Task[None] | None = None
        self._work: Final[set[asyncio.Task[None]]] = set()
        self._whole = False
        self._after: After | None = None

    async def run(self) -> After:
        """Until the stream is over.  Returns where the call goes."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                running = self._tasks.create_task(self._leg.run(), name="keyed-leg")
                self._holder.opened()
                await self._listen()
                for task in (self._saying, *self._work):
                    if task is not None:
                        task.cancel()
                await running
        finally:
            self._tasks = None
            self._mouth.forget()
        return self._after or EndDecision.GOODBYE

    @property
    def speaking(self) -> bool:
        """Something was said that has not been heard to its end."""
        return self._mouth.busy or (self._saying is not None and not self._saying.done())

    def say(self, sentences: Sequence[Sayable]) -> None:
        """In place of whatever is being said."""
        if self._tasks is not None and self._after is None:
            self._whole = False  # at once: what was said before and is heard now is not this
            self._saying = self._tasks.create_task(self._recite(sentences, self._saying), name="keyed-say")

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside the talk; it ends with the stream."""
        if self._tasks is None or self._after is not None:
            work.close()
            return
        task = self._tasks.create_task(work, name="keyed-work")
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def part(self, after: After) -> None:
        """Close the stream: the call goes there."""
        if self._after is None:
            self._after = after
            await self._leg.close()

    async def _listen(self) -> None:
        while not isinstance(event := await self._leg.next(), Ended):
            match event:
                case Digit(digit):
                    self._holder.key(digit)
                case ClipPlayed(clip, _):
                    self._mouth.played(clip)
                    self._if_heard()
                case Heard():
                    self._holder.passed()
                case _:
                    pass
        if self._after is None:
            self._holder.lost()

    async def _recite(self, sentences: Sequence[Sayable], before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            before.cancel()
            await asyncio.wait([before])
        self._mouth.hush()
        with contextlib.suppress(EngineFailed):  # what can't be said is over
            for n, sentence in enumerate(sentences):
                await self._mouth.say(sentence, first=not n)
        self._whole = True
        self._if_heard()

    def _if_heard(self) -> None:
        if self._whole and not self._mouth.busy:
            self._whole = False
            self._holder.heard()

"""A nurse's leg: what she is told is spoken on her own media stream, and her keys are her answer.

Nothing she says is listened to: her sound is dropped frame by frame.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from agent.engines.ports import EngineFailed
from agent.mouth import Mouth
from policies.guardrails import Sayable
from telephony.leg import Ended, Leg
from telephony.pacing import ClipPlayed
from telephony.protocol import Digit
from telephony.switchboard import After, EndDecision
from telephony.transfer import NurseEvent

KEYS: Final = {"1": NurseEvent.ONE, "2": NurseEvent.TWO, "9": NurseEvent.NINE}


class NurseLeg:
    """One nurse's stream."""

    def __init__(self, leg: Leg, mouth: Mouth, tell: Callable[[NurseEvent], None]) -> None:
        """tell: told that she can be spoken to, of her keys, of what she has heard to its end, and that she is lost."""
        self._leg: Final = leg
        self._mouth: Final = mouth
        self._tell: Final = tell
        self._tasks: asyncio.TaskGroup | None = None
        self._saying: asyncio.Task[None] | None = None
        self._whole = False
        self._after: After | None = None

    async def run(self) -> After:
        """Until her stream is over.  Returns where her call goes."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                running = self._tasks.create_task(self._leg.run(), name="nurse-leg")
                self._tell(NurseEvent.OPENED)
                await self._listen()
                if self._saying is not None:
                    self._saying.cancel()
                await running
        finally:
            self._tasks = None
            self._mouth.forget()
        return self._after or EndDecision.GOODBYE

    def say(self, sentences: Sequence[Sayable]) -> None:
        """In place of whatever is being said."""
        if self._tasks is not None and self._after is None:
            self._saying = self._tasks.create_task(self._recite(sentences, self._saying), name="nurse-say")

    async def part(self, after: After) -> None:
        """Close her stream: her call goes there."""
        if self._after is None:
            self._after = after
            await self._leg.close()

    async def _listen(self) -> None:
        while not isinstance(event := await self._leg.next(), Ended):
            match event:
                case Digit(digit):
                    self._tell(KEYS.get(digit.reveal(), NurseEvent.OTHER_KEY))
                case ClipPlayed(clip, _):
                    self._mouth.played(clip)
                    self._if_heard()
                case _:
                    pass
        if self._after is None:
            self._tell(NurseEvent.LOST)

    async def _recite(self, sentences: Sequence[Sayable], before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            before.cancel()
            await asyncio.wait([before])
        self._whole = False
        self._mouth.hush()
        with contextlib.suppress(EngineFailed):  # what can't be said is over
            for n, sentence in enumerate(sentences):
                await self._mouth.say(sentence, first=not n)
        self._whole = True
        self._if_heard()

    def _if_heard(self) -> None:
        if self._whole and not self._mouth.busy:
            self._whole = False
            self._tell(NurseEvent.HEARD)

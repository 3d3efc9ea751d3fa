"""The shell of `agent.outreach`: asks the hospital for list and numbers, has calls placed, pushes opt-outs.

A number is held from the moment it is told until its call is over, by the task of that call alone.  What places the
call is a port, `agent.placed` behind the carrier.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from agent.books import Books
from agent.contacts import Contacts, Reached, Unreachable
from agent.outreach import Outreach
from agent.stopping import Stopped
from policies.attempts import Came
from policies.outreach import HOUR_S, Standing
from policies.patient import Identifiers
from policies.phi import PHI

LOOK_S: Final = 30.0
"""Between two looks at who is due: slots are hours."""
LIST_S: Final = 600.0
"""Between two lists: a patient whose consent was withdrawn at the hospital is off it after so long."""
LONGEST_CALL_S: Final = 11_000.0  # a call's own bound is at most two hours (QUIETLINE_MAX_CALL_S), then a nurse's
FIRST_AGAIN_S: Final = 1.0
LONGEST_AGAIN_S: Final = 60.0
"""Between two tries to tell the hospital of an opt-out; from the first it doubles."""
CALLER_S: Final = 5.0
"""While a caller who opts out waits to hear whether it is done."""


IsHers = Callable[[PHI[Identifiers]], Awaitable[bool | Unreachable]]
"""Do the identifiers that were given belong to the patient who was rung?"""


class OutboundCalls(Protocol):
    """What places a call, and stays with it until it is over."""

    async def call(self, whom: Reached, is_hers: IsHers, opted_out: Callable[[], None]) -> Came:
        """What came of it.  is_hers: of the patient who is rung; takes at most `agent.contacts.ANSWER_S`.

        opted_out: to be called at the moment at which she says so, not when the call is over.
        """
        ...


class CallingOut:
    """Runs beside the line for as long as calls may be placed."""

    def __init__(
        self,
        outreach: Outreach,
        contacts: Contacts,
        calls: OutboundCalls,
        books: Books,
        standing: Callable[[], Standing],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """standing: asked at each look and once more before each call.  clock: seconds since 1970-01-01 UTC."""
        self._outreach: Final = outreach
        self._contacts: Final = contacts
        self._calls: Final = calls
        self._books: Final = books
        self._unwritten: set[str] = set()
        """Of whom nobody knows whether what is held is written: until it is, nobody is called."""
        self.standing: Final = standing
        """What holds on our side at this moment."""
        self._clock: Final = clock
        self._look: Final = asyncio.Event()
        self._out: Final = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled.  A call that is cut off by that stays held as an attempt of which nobody knows more."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tell_opt_outs(), name="opt-outs")
            tasks.create_task(self._list(), name="list")
            while True:
                self._look.clear()
                for ref in sorted(self._unwritten):
                    await self._write(ref)
                if not self._unwritten:
                    for step in self._outreach.due(self._now_s(), self.standing()):
                        for ref in step:
                            tasks.create_task(self._call(ref), name="outbound")
                        await asyncio.sleep(0)  # everybody's sound is carried by this loop
                await _woken(self._look, LOOK_S)

    async def opt_out_caller(self, number: PHI[str]) -> Stopped:
        """Somebody who has called us wants no calls from us.  Takes at most `CALLER_S`; her number is kept nowhere."""
        ref: str | Unreachable | None = Unreachable.NO_ANSWER
        with suppress(TimeoutError):
            async with asyncio.timeout(CALLER_S):
                ref = await self._contacts.whose(number)
                while isinstance(ref, Unreachable):
                    await asyncio.sleep(FIRST_AGAIN_S)
                    ref = await self._contacts.whose(number)
        if isinstance(ref, Unreachable):
            return Stopped.NOT_NOW
        if ref is None:
            return Stopped.NOBODY
        self._opted_out(ref)
        return Stopped.DONE

    async def _list(self) -> None:
        while True:
            consented = await self._contacts.consented()
            if not isinstance(consented, Unreachable):
                self._outreach.listed(consented, self._now_s())
                self._look.set()
            await asyncio.sleep(LOOK_S if isinstance(consented, Unreachable) else LIST_S)

    async def _call(self, ref: str) -> None:
        whom = await self._contacts.number(ref)
        if whom is None:
            self._outreach.release(ref)
            return  # whoever comes next waits for the next look: the hospital may be unreachable
        if self._outreach.place(ref, placed_s := self._now_s(), self.standing()):
            came = Came.FAILED
            if not await self._write(ref) or self._too_late(ref, placed_s):  # not dialled, and held as called
                self._outreach.over(ref, came)
                return
            with suppress(Exception):  # its text may hold the number; what failed has been held as an attempt
                async with asyncio.timeout(LONGEST_CALL_S):
                    came = await self._calls.call(
                        whom, lambda given: self._contacts.is_hers(ref, given), lambda: self._opted_out(ref)
                    )
            if came is Came.OPTED_OUT:
                self._opted_out(ref)
            self._outreach.over(ref, came)
            await self._write(ref)
        self._look.set()

    def _too_late(self, ref: str, placed_s: int) -> bool:
        """While it was being written she opted out, or an hour ended: with it her day's hours may have."""
        return self._outreach.held(ref).opted_out or placed_s // HOUR_S != self._now_s() // HOUR_S

    async def _write(self, ref: str) -> bool:
        """Is what is held of her written?  What changed while it was being written waits for a write of its own."""
        held = self._outreach.held(ref)
        written = await self._books.written(held)
        if not written:
            self._unwritten.add(ref)
        elif self._outreach.held(ref) == held:
            self._unwritten.discard(ref)
        return written

    def _opted_out(self, ref: str) -> None:
        self._outreach.opt_out(ref)
        self._books.tell(self._outreach.held(ref))
        self._unwritten.add(ref)
        self._look.set()
        self._out.set()

    async def _tell_opt_outs(self) -> None:
        again_s = FIRST_AGAIN_S
        while True:
            self._out.clear()
            for ref in self._outreach.untold():
                if await self._contacts.opt_out(ref):
                    self._outreach.told(ref)
                    await self._write(ref)
            if self._outreach.untold():
                await _woken(self._out, again_s)
                again_s = min(2 * again_s, LONGEST_AGAIN_S)
            else:
                await self._out.wait()
                again_s = FIRST_AGAIN_S

    def _now_s(self) -> int:
        return int(self._clock())


async def _woken(event: asyncio.Event, within_s: float) -> None:
    """When it is set, or after so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await event.wait()

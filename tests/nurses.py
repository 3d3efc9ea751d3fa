"""Nurses at their telephones and a carrier that rings them, in virtual time and in this process.

The product's own `Handoffs` fetches them; each nurse hears her stream through a `tests.simulated.Line`.  Webhooks and
rooms of a carrier are `telephony.twin`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from agent.fetching import Fetch
from agent.handoff import Handoff, Handoffs, Voice
from agent.on_call import OnCall
from agent.script import Engines, Script
from policies.phi import PHI
from telephony import twiml
from telephony.doors import Origins
from telephony.leg import Leg, LegLimits, opened
from telephony.placing import CarrierFailed, CarrierReason
from telephony.rooms import CallStatus
from telephony.switchboard import Role, Room, Switchboard
from telephony.transfer import Ladder, Outcome, Phase, Rank, Rung
from telephony.webhooks import ENDED, MEDIA
from tests.fakes import World

if TYPE_CHECKING:
    from tests.simulated import Line

TOKEN: Final = re.compile(r'name="t" value="([^"]+)"')
ORIGINS: Final = Origins("https://line.example.org", "wss://line.example.org")
ONE_NURSE: Final = (Rung(Rank.UNIT, (0,), 18_000),)


@dataclass(frozen=True, slots=True)
class Nurse:
    """Who has a telephone.  Exactly one of the three."""

    answers: Callable[[Line], Awaitable[None]] | None = None
    """What she does once she has picked up."""
    instead: CallStatus | None = None
    """What the carrier says, where nobody picks up."""
    refused: CarrierReason | None = None
    after_s: float = 4.0
    """Of ringing."""
    in_room_s: float | None = None
    """So long she stays in the room; None: until her call is ended."""


@dataclass(slots=True)
class Heard:
    """What one nurse's telephone heard, and what her keys did."""

    texts: list[str] = field(default_factory=list)
    in_room_s: float | None = None
    at_s: float = 0.0
    """When it began to ring."""


class Nurses:
    """A carrier of these, for one caller.  What is asked about afterwards stands in `heard` and `phase`."""

    def __init__(self, nurses: Sequence[Nurse], ladder: Ladder = ONE_NURSE) -> None:
        twiml.nurse_leg(ORIGINS.stream + MEDIA, ORIGINS.web + ENDED, "t" * 43)  # what urllib keeps of our own addresses
        self._nurses: Final = nurses
        self._ladder: Final = ladder
        self._home: Handoffs | None = None
        self._running: asyncio.Task[None] | None = None
        self._handoff: Handoff | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: dict[int, asyncio.Event] = {}
        self._rung = 0
        self.heard: Final[dict[int, Heard]] = {}
        self.phase: Phase | None = None
        self.outcomes: tuple[Outcome, ...] = ()
        self.to_person_ms = 0

    def fetch(self, engines: Engines, script: Script, call_sid: PHI[str], world: World) -> Fetch:
        self._patient = call_sid
        board = Switchboard(calls=4, clock=asyncio.get_running_loop().time)
        self._home = home = Handoffs(self, board, ORIGINS)
        self._running = asyncio.create_task(home.run(), name="handoffs")
        numbers = tuple(PHI(f"+1202555{n:04}") for n in range(len(self._nurses)))
        voice = Voice(engines.tts, engines.ready, script.voices.phrases)
        self._world = world

        def begin(tell: Any) -> Handoff:
            self._handoff = home.fetch("demo", OnCall(numbers, self._ladder), voice, call_sid, tell)
            return self._handoff

        return begin

    async def after(self, *, joins: bool) -> None:
        """The patient's stream is over: she is in the room for a while, or has gone."""
        handoff, home = self._handoff, self._home
        assert home is not None
        if handoff is None:  # nobody was to be rung
            await self._stop()
            return
        if joins:
            home.entered(handoff.room, Role.PATIENT, self._patient)
            self.phase, self.to_person_ms = handoff.phase, handoff.fetched.to_person_ms
            await asyncio.sleep(20)
            home.left(handoff.room, Role.PATIENT, self._patient)
        while any(not task.done() for task in self._tasks):
            await asyncio.wait(self._tasks)
        await asyncio.sleep(60)
        self.phase = self.phase or handoff.phase
        self.outcomes = handoff.fetched.outcomes
        await self._stop()

    async def _stop(self) -> None:
        assert self._running is not None
        self._running.cancel()
        await asyncio.wait([self._running])
        self._handoff = self._home = None
        del self._world, self._patient

    # -- `telephony.placing.Carrier` -----------------------------------------------------------------------------------

    async def place(
        self, number: PHI[str], twiml: str, *, ring_s: int, status_url: str, limit_s: int, caller_id: str | None = None
    ) -> PHI[str]:
        await asyncio.sleep(0.1)
        which = int(number.reveal()[-4:])
        nurse = self._nurses[which]
        if nurse.refused is not None:
            raise CarrierFailed(nurse.refused)
        self._rung += 1
        sid = self._rung
        self._ended[sid] = asyncio.Event()
        self.heard[sid] = Heard(at_s=asyncio.get_running_loop().time())
        self._start(self._ring(sid, nurse, twiml, status_url, ring_s))
        return PHI(f"CA{sid:032x}")

    async def end(self, call_sid: PHI[str]) -> None:
        self._ended[int(call_sid.reveal()[2:], 16)].set()

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        raise CarrierFailed(CarrierReason.REFUSED)

    async def live(self, call_sid: PHI[str]) -> bool:
        return not self._ended[int(call_sid.reveal()[2:], 16)].is_set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work, name="nurse"))

    async def _ring(self, sid: int, nurse: Nurse, twiml: str, status_url: str, ring_s: int) -> None:
        assert self._home is not None
        home, leg = self._home, status_url.rpartition("/")[2]
        home.status(leg, CallStatus.RINGING)
        waits_s = nurse.after_s if nurse.answers is not None or nurse.instead is not None else ring_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(waits_s, ring_s)):
                await self._ended[sid].wait()
                home.status(leg, CallStatus.CANCELED)
                return
        if nurse.answers is None or nurse.after_s > ring_s:
            home.status(leg, nurse.instead or CallStatus.NO_ANSWER)
            return
        await self._pick_up(home, sid, nurse, nurse.answers, twiml)
        home.status(leg, CallStatus.COMPLETED)

    async def _pick_up(
        self, home: Handoffs, sid: int, nurse: Nurse, answers: Callable[[Line], Awaitable[None]], twiml: str
    ) -> None:
        from tests.simulated import Line, LineDead, Network

        token = TOKEN.search(twiml)
        assert token is not None
        line = Line(self._world, Network())
        stream, started = await opened(line, LegLimits())
        ticket = home.board.redeem(token[1], started.call_sid)
        if ticket is None:
            return
        leg = Leg(
            line,
            stream,
            ordinal=sid,
            ref=ticket.leg,
            purpose=ticket.purpose,
            agent=ticket.agent,
            call_sid=PHI(f"CA{sid:032x}"),
            limits=LegLimits(),
        )

        async def person() -> None:
            try:
                await answers(line)
                await line.closed(120)
            except LineDead:
                pass

        hand = asyncio.create_task(person(), name="nurse-hand")
        after = await home.answer(leg)
        if line.ending is None:
            await leg.close()
            await line.close(1000)
        hand.cancel()
        await asyncio.wait([hand])
        self.heard[sid].texts = line.texts()
        if isinstance(after, Room):
            assert after.role is Role.NURSE
            self.heard[sid].in_room_s = asyncio.get_running_loop().time()
            await asyncio.sleep(0.2)
            home.entered(after.name, Role.NURSE, leg.call_sid)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(nurse.in_room_s):
                    await self._ended[sid].wait()
                    return
            home.left(after.name, Role.NURSE, leg.call_sid)

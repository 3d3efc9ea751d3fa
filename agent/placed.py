"""`OutboundCalls` behind the carrier's REST: rings a patient, and stays with the call until it is over.

    came = await placed.call(whom, is_hers, opted_out)      # from `agent.calling_out`, one task a call
    after = await placed.answer(leg, engines, red_flags)    # its first stream: who is on it?
    met = placed.met(leg)                                   # a later one, where the ordinary call goes on

Her name and number live here until her call is over, and in no document, address or log.  The call's SID is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from agent.asking_for import AskingFor
from agent.calling_out import IsHers
from agent.contacts import Reached
from agent.lines import Agent, Outreaching
from agent.outbound_leg import OutboundLeg
from agent.script import Engines, Script
from policies.attempts import Came
from policies.escalation import EscalationReason
from policies.guardrails import to_callee
from policies.phi import PHI
from policies.redflags import RedFlags
from policies.right_party import Event, RightParty
from policies.right_party_wording import Callee
from telephony import twiml
from telephony.doors import Origins
from telephony.leg import Leg
from telephony.placing import Carrier, CarrierFailed
from telephony.rooms import CallStatus
from telephony.switchboard import After, EndDecision, Switchboard, fresh_ref
from telephony.tokens import Purpose
from telephony.webhooks import ENDED, MEDIA, PLACED

RING_S: Final = 25  # five rings: less than most machines wait, more than it takes to reach a telephone
LATE_S: Final = 15.0  # the carrier rings up to 5 s longer, and tells what came of it within seconds
LOOK_S: Final = 30.0  # between two looks at the carrier whether a call goes on whose end nobody told
AFTER_S: Final = 3_600  # beyond a call's own bound: a nurse who came on may stay as long (agent.handoff.LONGEST_S)
END_S: Final = 5.0  # for the carrier's word that the telephones which ring are hung up, while the process ends
OVER: Final = {
    CallStatus.BUSY: Came.BUSY,
    CallStatus.NO_ANSWER: Came.NO_ANSWER,
    CallStatus.CANCELED: Came.NO_ANSWER,
    CallStatus.FAILED: Came.FAILED,
    CallStatus.COMPLETED: Came.FAILED,
}
"""What a status says of a call of which nothing else is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Met:
    """What is known, on a later stream, of a call that we placed."""

    purpose: Purpose
    reason: EscalationReason | None
    """Why whoever it is is to have a person, before anything else."""
    stop: Callable[[], None]

    def script(self, script: Script) -> Script:
        """As it goes on with her; with whoever isn't known it says nothing of a patient's."""
        if self.purpose is Purpose.REACHED:
            return replace(script.reached(), stop=self.stop)
        return replace(script.back(), records=None, asking=None, stop=self.stop)


@dataclass(slots=True, eq=False)
class _Call:
    """One that is going on."""

    callee: Callee
    asking: AskingFor
    opted_out: Callable[[], None]
    sid: PHI[str] | None = None
    came: Came = Came.PLACED
    """What the carrier alone says of it."""
    reason: EscalationReason | None = None
    streams: int = 0
    answered: bool = False
    """It has had a stream: between two of them she is on the line all the same."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """The carrier has answered, or not, whether it rings her."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        return self.came is not Came.PLACED and not self.streams

    def stop(self) -> None:
        """She wants no more calls: held, whatever else comes of this one."""
        self.asking.on(Event.STOP)
        self.opted_out()


class PlacedCalls:
    """One agent's."""

    def __init__(
        self,
        agent: Agent,
        outreach: Outreaching,
        carrier: Carrier,
        board: Switchboard,
        origins: Origins,
        ended: Callable[[PHI[str]], None],
        call_s: int,
    ) -> None:
        """ended: told of each call that is over, answered or not.  call_s: the longest call of the line."""
        self._agent: Final = agent
        self._outreach: Final = outreach
        self._carrier: Final = carrier
        self._board: Final = board
        self._origins: Final = origins
        self._ended: Final = ended
        self._limit_s: Final = call_s + AFTER_S
        self._calls: Final[dict[str, _Call]] = {}
        self._ending = False

    async def end(self) -> None:
        """The process ends soon: nobody else is rung, and no telephone goes on ringing.  Takes at most `END_S`."""
        self._ending = True
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S), asyncio.TaskGroup() as tasks:
                for made in list(self._calls.values()):
                    tasks.create_task(self._hang_up(made), name="hang-up")

    async def _hang_up(self, made: _Call) -> None:
        """Who has answered is left to her stream."""
        await made.asked.wait()
        if made.sid is not None and not made.answered:
            with suppress(CarrierFailed):
                await self._carrier.end(made.sid)

    # -- `agent.calling_out.OutboundCalls` -----------------------------------------------------------------------------

    async def call(self, whom: Reached, is_hers: IsHers, opted_out: Callable[[], None]) -> Came:
        """See `OutboundCalls`.  FAILED where no place is spare or the carrier refuses: nobody was rung."""
        if self._ending:
            return Came.FAILED
        ref = fresh_ref()
        token = self._board.invite_callee(ref, self._agent.name, RING_S + LATE_S)
        if token is None:
            return Came.FAILED
        callee = Callee(whom.name, self._agent.hospital, self._outreach.spoken_number, whom.named_on_machine)
        party = RightParty(leaves_message=self._outreach.leaves_message)
        made = self._calls[ref] = _Call(callee, AskingFor(party, whom.name, is_hers), opted_out)
        try:
            if not await self._rung(made, ref, token, whom.number):
                return Came.FAILED
            await self._is_over(made)
        finally:
            del self._calls[ref]
            self._board.uninvite_callee(ref)
            if made.sid is not None:
                self._ended(made.sid)
        return made.came if party.came is Came.PLACED else party.came

    async def _rung(self, made: _Call, ref: str, token: str, number: PHI[str]) -> bool:
        """False if nobody can have been rung."""
        try:
            made.sid = await self._carrier.place(
                number,
                twiml.called_leg(self._origins.stream + MEDIA, self._origins.web + ENDED, token),
                ring_s=RING_S,
                status_url=self._origins.web + PLACED + ref,
                limit_s=self._limit_s,
                caller_id=self._agent.numbers[0],
            )
        except CarrierFailed as failed:
            return failed.reason.in_doubt
        finally:
            made.asked.set()
        return True

    async def _is_over(self, made: _Call) -> None:
        """The carrier tells so; where its word is lost, it is asked."""
        while not made.over:
            made.news.clear()
            try:
                async with asyncio.timeout(RING_S + LATE_S if made.sid is None else LOOK_S):
                    await made.news.wait()
            except TimeoutError:
                live = False
                if made.sid is not None:
                    live = True
                    with suppress(CarrierFailed):
                        live = await self._carrier.live(made.sid)
                if not live and made.came is Came.PLACED:
                    made.came = Came.FAILED

    # -- what the carrier tells ----------------------------------------------------------------------------------------

    def status(self, leg: str, status: CallStatus) -> None:
        """How far a call has come; `initiated` and the like say nothing that its stream does not say better."""
        made, came = self._calls.get(leg), OVER.get(status)
        if made is not None and came is not None and made.came is Came.PLACED:
            made.came = came
            made.news.set()

    # -- its streams ---------------------------------------------------------------------------------------------------

    async def answer(self, leg: Leg, engines: Engines, red_flags: RedFlags) -> After:
        """The first stream of a call.  Raises what a broken engine raised."""
        made = self._calls.get(leg.ref)
        if made is None:
            await leg.close()
            return EndDecision.GOODBYE
        made.sid = leg.call_sid
        first = OutboundLeg(
            leg, engines, red_flags, made.asking, partial(to_callee, callee=made.callee), made.opted_out
        )
        made.streams += 1
        made.answered = True
        try:
            return await first.run()
        finally:
            made.reason = first.reason
            made.streams -= 1
            made.news.set()

    def met(self, leg: Leg) -> Met | None:
        """Of a later stream of a call that goes on; None for a call that isn't one of these."""
        digest = self._board.seen.digest
        meant = digest(leg.call_sid)
        for made in self._calls.values():
            if made.sid is not None and digest(made.sid) == meant:
                reason = made.reason if leg.purpose is Purpose.HANDED else None
                return Met(leg.purpose, reason, made.stop)
        return None

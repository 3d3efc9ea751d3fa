"""Answers each leg that the server hands over: who it is for, and the one record of a call."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from agent import forgetting
from agent.call import Call
from agent.call_watch import CallWatch
from agent.engines.webrtc import LineActivity
from agent.fetchers import Fetchers, voice_of
from agent.handoff import Handoff
from agent.judge import today
from agent.keeping import Keeping
from agent.lines import Agent
from agent.loading import Models
from agent.metrics import LineMetrics
from agent.pipe import EventPipe
from agent.placed import PlacedCalls
from agent.prepare import Prepared
from agent.retaining import Retaining
from agent.script import Engines, Limits, Script
from agent.settings import Settings
from agent.stopping import Stopped
from agent.tally import Tally
from policies import events
from policies.allowlist import ModelReason, days
from policies.guardrails import EscalationReason
from policies.logs import Log
from policies.phi import PHI
from policies.records import CallMetrics, EndReason, Transferred, hour_of
from policies.refs import ref_at
from policies.vocabulary import Event as LogEvent
from telephony.leg import Leg
from telephony.switchboard import After, EndDecision, Role, Room
from telephony.tokens import Purpose

SETTLE_S: Final = 10.0  # longer than a patient is on her way into the room (telephony.transfer.Times)


class Calls:
    """Answers each leg that the server hands over."""

    def __init__(
        self,
        settings: Settings,
        models: Models,
        agents: Mapping[str, Prepared],
        pipe: EventPipe,
        log: Log,
        metrics: LineMetrics,
        retaining: Retaining,
        refusal: Callable[[Agent], ModelReason | None],
        refs: bytes,
        fetchers: Fetchers | None = None,
        placed: PlacedCalls | None = None,
        opt_out: Callable[[PHI[str]], Awaitable[Stopped]] | None = None,
    ) -> None:
        """refusal: why an agent's model may not be called now; None if it may.  refs: the key of `policies.refs`."""
        self._refs: Final = refs
        self._fetchers: Final = fetchers
        self._placed: Final = placed
        self._opt_out: Final = opt_out
        self._answered = 0
        self._live: Final[set[Call]] = set()
        self._settings: Final = settings
        self._retaining: Final = retaining
        self._refusal: Final = refusal
        self._models: Final = models
        self._agents: Final = agents
        self._pipe: Final = pipe
        self._log: Final = log
        self._metrics: Final = metrics

    async def answer(self, leg: Leg) -> After:
        """One stream, a caller's or a nurse's, whoever called whom.  Never raises for what a call brings about."""
        try:
            if self._fetchers is not None and leg.purpose is Purpose.CALL_BACK:
                return await self._fetchers.promises.answer(leg)
            if leg.purpose in (Purpose.NURSE, Purpose.CALL_BACK):
                return EndDecision.GOODBYE if self._fetchers is None else await self._fetchers.handoffs.answer(leg)
            if leg.purpose is Purpose.STAFF and self._fetchers is not None:
                return await self._fetchers.desk.answer(leg, voice_of(self._agents[leg.agent]))
            if leg.purpose is Purpose.CALLEE:
                return EndDecision.GOODBYE if self._placed is None else await self._who_answered(self._placed, leg)
            return await self._call(leg)
        finally:
            if self._fetchers is not None and leg.purpose is not Purpose.PAGE:
                self._fetchers.ended(leg)

    async def _who_answered(self, placed: PlacedCalls, leg: Leg) -> After:
        """A call that we placed, until it is known who is on it; of one that breaks only class and place stay."""
        prepared = self._agents[leg.agent]
        failed: Exception | None = None
        try:
            return await placed.answer(leg, self._engines(prepared), prepared.script.red_flags)
        except Exception as error:  # noqa: BLE001  # nobody is put through who isn't known
            failed = error
        self._log.failure(LogEvent.CALL_FAILED, failed)
        return EndDecision.GOODBYE

    def _engines(self, prepared: Prepared) -> Engines:
        return Engines(lambda: LineActivity(self._models.silero), self._models.stt, prepared.tts, prepared.ready)

    async def _call(self, leg: Leg) -> After:
        """One call from its start to its record."""
        prepared = self._agents[leg.agent]
        self._answered += 1
        number = self._answered
        tally = Tally(
            ref=ref_at(self._refs, number),
            hour=hour_of(time.time()),
            agent=leg.agent,
            profile=self._settings.profile,
            engine=prepared.agent.engine,
        )
        self._pipe.tell(events.CallAnswered(number, leg.agent))
        keeping = self._retaining.keeping(prepared.agent)
        handoffs: list[Handoff] = []
        fetchers = self._fetchers if leg.purpose is not Purpose.PAGE else None
        script = self._script(prepared)
        met = None if self._placed is None else self._placed.met(leg)
        if met is not None:
            script = met.script(script)
        elif leg.purpose is Purpose.BACK:
            script = script.back()
        elif self._opt_out is not None and leg.caller is not None:
            script = replace(script, opt_out=functools.partial(self._opt_out, leg.caller))
        call = Call(
            leg,
            script,
            self._engines(prepared),
            tally,
            CallWatch(number, self._pipe, self._metrics, timings=self._settings.development),
            Limits(call_ms=self._settings.limits.call_s * 1000),
            keeping,
            None if fetchers is None else fetchers.fetch(prepared, leg.call_sid, handoffs.append),
            None if fetchers is None else fetchers.promising(prepared, leg.caller),
            None if fetchers is None else fetchers.handoffs.unmet(leg.call_sid),
            None if met is None else met.reason,
        )
        failed: BaseException | None = None
        over = False
        self._live.add(call)
        try:
            with contextlib.nullcontext() if fetchers is None else fetchers.promises.talking(leg.caller):
                await call.run()
            over = True
        except Exception as error:  # noqa: BLE001  # a broken call ends at a person; of the error only class and place stay
            failed = error
        finally:
            self._live.discard(call)
            if not over:
                self._leave(keeping, leg, tally.ref, whole=False)
        if failed is not None:
            tally.end = EndReason.FAILURE
            tally.escalation = tally.escalation or EscalationReason.FAILURE
            self._log.failure(LogEvent.CALL_FAILED, failed)
        record = functools.partial(self._record, number, call, tally, handoffs, keeping if over else None, leg)
        if call.joins and handoffs and fetchers is not None:  # the carrier asks at once where she goes
            if not fetchers.handoffs.start(_recorded(handoffs[-1], record)):
                record()
            return Room(handoffs[-1].room, Role.PATIENT)
        return decision(record())

    def _record(
        self, number: int, call: Call, tally: Tally, handoffs: Sequence[Handoff], keeping: Keeping | None, leg: Leg
    ) -> CallMetrics:
        """The one record of a call that is over.  keeping: of a call that came to its end."""
        for handoff in handoffs:
            handoff.count(tally)
        if call.promised:
            tally.transfer = Transferred.PROMISED
        elif tally.transfer is Transferred.TOGETHER and leg.caller is not None and self._fetchers is not None:
            self._fetchers.promises.reached(leg.caller)
        metrics = tally.metrics(call.answers)
        self._metrics.ended(metrics)
        self._pipe.tell(events.CallEnded(number, metrics))
        if keeping is not None:
            self._leave(keeping, leg, tally.ref, whole=True)
        forgetting.soon()
        return metrics

    async def break_promises(self, *, now: bool) -> None:
        """The process ends soon, or now: who waits for a call back is told so, by the carrier alone."""
        if self._fetchers is not None:
            await self._fetchers.promises.end(now=now)

    async def hang_up_unanswered(self) -> None:
        """The process ends soon: no telephone that we ring goes on ringing."""
        if self._placed is not None:
            await self._placed.end()

    def hand_over(self) -> None:
        """The process ends soon: every caller goes to the nurse line."""
        for call in self._live:
            call.hand_over()

    def _leave(self, keeping: Keeping, leg: Leg, ref: str, *, whole: bool) -> None:
        """After the record of the call: the keeper takes no transcript of a call that it does not know."""
        self._retaining.leave(keeping, self._pipe.tell, ref=ref, agent=leg.agent, day=days(today()), whole=whole)

    def _script(self, prepared: Prepared) -> Script:
        """Without the agent's model if it may not be called any more: an agreement may have expired since the start."""
        return prepared.script if self._refusal(prepared.agent) is None else prepared.without_model()


async def _recorded(handoff: Handoff, record: Callable[[], object]) -> None:
    """When it is known whether she was put through; however that ends, there is one record."""
    try:
        async with asyncio.timeout(SETTLE_S):
            await handoff.settled.wait()
    except TimeoutError:
        pass
    finally:
        record()


def decision(metrics: CallMetrics) -> EndDecision:
    """What the carrier is to do with the call when its stream has closed."""
    told = metrics.end is EndReason.GOODBYE and metrics.transfer is Transferred.PROMISED
    if metrics.escalation is not None and not told:
        broken = metrics.end in (EndReason.DROPPED, EndReason.DEAD_STREAM, EndReason.PROTOCOL)
        return EndDecision.LOST if broken and not metrics.closing_played else EndDecision.TRANSFER
    return EndDecision.GOODBYE if metrics.end is EndReason.GOODBYE else EndDecision.LOST

"""The line as one service: models, agents, calls, and the server they are reached by.  Everything is built once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

import telephony
from agent import forgetting
from agent.at_carrier import tell_alarms
from agent.availability import Availability
from agent.books import KeepersBooks
from agent.briefing import Briefing
from agent.bus_check import examined
from agent.call import Call
from agent.campaigns import campaigns_of
from agent.confine import ConfineFailed, ConfineReason, Locks, forbidden, loose_threads, prove
from agent.engines.alarm import load_reader, load_weigher
from agent.engines.minilm import load_meaning
from agent.engines.models import DEFAULT_RECOGNISER, DEFAULT_VOICE, activity_file, recogniser_files, voice_files
from agent.engines.piper import PiperSpeech, Voice
from agent.engines.ports import EngineReason
from agent.engines.silero import Silero
from agent.engines.synthesis import SpeechPool
from agent.engines.webrtc import LineActivity
from agent.engines.whisper import WhisperPool, WhisperSettings
from agent.fetchers import Fetchers, fetchers_of, voice_of
from agent.handoff import Handoff
from agent.judge import ModelJudge, today
from agent.keeping import Keeping
from agent.lines import Agent, Lines
from agent.metrics import Engine as MetricEngine
from agent.metrics import LineMetrics, Timed
from agent.on_call_lists import Told
from agent.openings import keep_openings
from agent.overlap import Verdict
from agent.pipe import EventPipe
from agent.placed import PlacedCalls
from agent.prepare import AgentNotReady, Prepared, prepare
from agent.retaining import Retaining
from agent.script import Engines, Limits, Script
from agent.settings import Settings
from agent.shared import HEARTBEAT_S, POLICY_EVERY_S, Bus
from agent.tally import Tally, TurnTimes
from agent.turns import State
from agent.watch import Stage, Watch
from policies import events
from policies.allowlist import Allowlist, ModelReason, days
from policies.guardrails import EscalationReason
from policies.layers import Layer
from policies.logs import Log
from policies.meaning import Meaning
from policies.phi import PHI
from policies.records import CallMetrics, EndReason, Engine, Presence, Transferred, at_most, hour_of, ref_of
from policies.refs import KEY_BYTES, ref_at
from policies.retention import Retention, admit
from policies.urgency import UrgencyReader
from policies.vocabulary import Event as LogEvent
from policies.weighing import SpokenReader
from telephony.doors import ServerConfig
from telephony.leg import Leg, LegLimits
from telephony.server import Observers, PageFile, application, serve
from telephony.switchboard import After, EndDecision, Line, Refusal, Role, Room, Switchboard
from telephony.tokens import Purpose
from telephony.webhooks import nobody

FINISH_S: Final = 15.0  # that calls may take to end by themselves once the process is asked to
HAND_OVER_S: Final = 15.0  # for the sentence that says so, and the carrier's question where the call goes
SETTLE_S: Final = 10.0  # longer than a patient is on her way into the room (telephony.transfer.Times)
FIRST_WORD_S: Final = POLICY_EVERY_S + 0.5  # the keeper has told all policies once within that, if it tells them


@dataclass(frozen=True, slots=True)
class Models:
    """Loaded models."""

    stt: WhisperPool
    voice: Voice
    speech: SpeechPool
    silero: Silero
    meaning: Meaning
    reader: UrgencyReader
    weigher: SpokenReader | None
    """Where a hosted model's own sentences may be spoken."""


async def load_models(settings: Settings, lines: Lines) -> Models:
    """Raises `ModelFileWrong`, `EngineFailed`."""
    strict = not settings.development
    recogniser = settings.recogniser
    silero = Silero(activity_file())
    meaning = await asyncio.to_thread(load_meaning)
    reader = await asyncio.to_thread(load_reader)
    judged = settings.development and not settings.model_unfiltered
    hosted = any(agent.engine is not Engine.APPROVED for agent in lines.agents)
    weigher = await asyncio.to_thread(load_weigher) if judged and hosted else None

    def stt() -> WhisperPool:
        files = recogniser_files(recogniser.model or DEFAULT_RECOGNISER, only_checked=strict)
        return WhisperPool.load(files, whisper_settings(settings), silero, meaning.vector, reader.read)

    def voice() -> Voice:
        files = voice_files(settings.voice or DEFAULT_VOICE, only_checked=strict)
        return Voice(files.model, files.config)

    loaded_stt, loaded_voice = await asyncio.gather(asyncio.to_thread(stt), asyncio.to_thread(voice))
    return Models(loaded_stt, loaded_voice, SpeechPool(wash=loaded_voice.wash), silero, meaning, reader, weigher)


def whisper_settings(settings: Settings) -> WhisperSettings:
    """What the environment says of the recogniser; the rest is as measured."""
    chosen = settings.recogniser
    if chosen.beam is not None:
        return WhisperSettings(workers=chosen.workers, beam=chosen.beam)
    return WhisperSettings(workers=chosen.workers)


def voices_of(lines: Lines, models: Models) -> Mapping[float, PiperSpeech]:
    """By speaking rate: agents that speak at one rate share a voice, and with it what it holds."""
    rates = {agent.speaking_rate for agent in lines.agents}
    return {rate: PiperSpeech(models.voice, models.speech, rate=rate) for rate in rates}


async def prepare_all(
    lines: Lines,
    voices: Mapping[float, PiperSpeech],
    models: Models,
    settings: Settings,
    allowlist: Allowlist,
    still: Callable[[Agent], bool] = lambda _: True,
) -> Mapping[str, Prepared]:
    """Every agent by its name.  still: may its model be called now?  Asked before each request."""
    ready: dict[str, Prepared] = {}
    weigh = None if models.weigher is None else models.weigher.weigh
    for agent in lines.agents:
        tts = voices[agent.speaking_rate]
        may = functools.partial(still, agent)
        ready[agent.name] = await prepare(agent, settings, allowlist, tts, models.meaning, weigh, today(), may)
    return ready


HOLDERS: Final = {
    State.NEW: events.Holder.NOBODY,
    State.GREETING: events.Holder.AGENT,
    State.LISTENING: events.Holder.NOBODY,
    State.HEARING: events.Holder.CALLER,
    State.THINKING: events.Holder.NOBODY,
    State.SPEAKING: events.Holder.AGENT,
    State.OVERLAP: events.Holder.BOTH,
    State.CLOSING: events.Holder.AGENT,
    State.HANDING_OFF: events.Holder.AGENT,
    State.WAITING: events.Holder.NOBODY,
    State.CONNECTING: events.Holder.AGENT,
    State.ENDED: events.Holder.NOBODY,
}


class CallWatch(Watch):
    """Tells the pipe what a live view may know."""

    def __init__(self, call: int, pipe: EventPipe, metrics: LineMetrics, *, timings: bool) -> None:
        self._call: Final = call
        self._pipe: Final = pipe
        self._metrics: Final = metrics
        self._timings: Final = timings
        self._holder = events.Holder.NOBODY

    def greeted(self, ms: int) -> None:
        self._metrics.observe(Timed.GREETING, ms)
        self._pipe.tell(events.GreetingStarted(self._call, ms))

    def state(self, state: State) -> None:
        self._pipe.tell(events.TurnState(self._call, events.TurnName(state.value)))
        holder = HOLDERS[state]
        if holder is not self._holder:
            self._holder = holder
            self._pipe.tell(events.Floor(self._call, holder))

    def failed(self, stage: Stage, reason: EngineReason) -> None:
        self._metrics.engine_failed(MetricEngine(stage.value), reason)

    def turn(self, times: TurnTimes) -> None:
        for timed, ms in (
            (Timed.ENDPOINT, times.endpoint_ms),
            (Timed.STT, times.stt_ms),
            (Timed.ANSWER, times.answer_ms),
            (Timed.TTS, times.tts_ms),
            (Timed.GAP, times.gap_ms),
        ):
            self._metrics.observe(timed, ms)
        if self._timings:
            stages = (times.endpoint_ms, times.stt_ms, times.answer_ms, times.tts_ms, times.gap_ms)
            self._pipe.tell(events.TurnTiming(self._call, *(max(0, stage) for stage in stages)))

    def overlap(self, verdict: Verdict, ms: int) -> None:
        if verdict is Verdict.FLOOR:
            self._metrics.observe(Timed.BARGE_IN, ms)
        self._pipe.tell(events.BargeIn(self._call, events.Verdict(verdict.value)))

    def escalated(self, reason: EscalationReason) -> None:
        self._pipe.tell(events.Escalated(self._call, reason))

    def key(self) -> None:
        self._pipe.tell(events.KeyPressed(self._call))


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
    ) -> None:
        """refusal: why an agent's model may not be called now; None if it may.  refs: the key of `policies.refs`."""
        self._refs: Final = refs
        self._fetchers: Final = fetchers
        self._placed: Final = placed
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

    async def break_promises(self) -> None:
        """The process ends soon: who waits for a call back is told so, by the carrier alone."""
        if self._fetchers is not None:
            await self._fetchers.promises.end()

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


async def run(
    settings: Settings,
    lines: Lines,
    allowlist: Allowlist,
    briefed: Briefing,
    bound: socket,
    locks: Locks,
    pipe: EventPipe,
    log: Log,
    started_s: float,
) -> None:
    """Until a signal asks to stop.  briefed: of it the keys of transcripts and refs, and what is held of patients.

    Raises `ModelFileWrong`, `KnowledgeRefused`, `OnCallRefused`, `AgentNotReady`, `BadRules`, `EngineFailed`,
    `ConfineFailed`.
    """
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(log.loop_handler)
    pipe.attach(loop)
    asked, stop = asyncio.Event(), asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, asked.set)
    models = await load_models(settings, lines)
    log.event(LogEvent.MODEL_LOADED)
    retaining = await Retaining.begin(lines, briefed.transcripts)
    await still_locked(locks)
    log.event(LogEvent.PROVED, count=forbidden(locks))
    voices = voices_of(lines, models)
    metrics = LineMetrics(settings.limits.calls)
    availability = Availability(time.monotonic, pipe.tell)
    bus = bus_of(settings, lines, metrics, retaining, log, availability)
    judge = ModelJudge(settings, allowlist, bus, log)
    try:
        agents = await prepare_all(
            lines, voices, models, settings, allowlist, lambda agent: judge.refusal(agent) is None
        )
    except AgentNotReady as unready:
        if unready.rule is not None:
            log.event(LogEvent.MODEL_REFUSED, reason=unready.rule)
        raise
    refs = bytes.fromhex(briefed.refs) or os.urandom(KEY_BYTES)
    metrics.locks(locks.held)
    pipe.on_drop = metrics.event_dropped
    config = server_config(settings)
    board = Switchboard(calls=settings.limits.calls, clock=time.monotonic)
    report = functools.partial(log.failure, LogEvent.STREAM_FAILED)
    closed = functools.partial(log.event, LogEvent.DESK_CLOSED)
    told = on_call_told(log, metrics)
    fetchers = fetchers_of(settings, lines, board, config.origins, report, told, availability, closed)
    books = KeepersBooks(pipe.tell)
    campaigns = campaigns_of(settings, lines, fetchers, board, config.origins, books, briefed.held)
    placed = None if campaigns is None else campaigns.placed
    calls = Calls(settings, models, agents, pipe, log, metrics, retaining, judge.refusal, refs, fetchers, placed)
    if fetchers is not None:
        metrics.promises(lambda: fetchers.promises.open, fetchers.promises.ended)
        board.may_take = lambda: fetchers.ready
        metrics.standing = fetchers.deletions.standing
    app = application(
        config,
        calls.answer,
        board=board,
        lines=lambda number: line_of(lines.answering(number.reveal())),
        default=Line(lines.default.name, lines.default.nurse_number),
        observers=Observers(
            count=lambda refusal: refused(refusal, pipe, metrics),
            begun=fetchers.deletions.begun if fetchers is not None else lambda _: None,
            over=fetchers.deletions.ended if fetchers is not None else lambda _: None,
            report=report,
            metrics=lambda: metrics.render().decode("ascii"),
            health=metrics.health,
        ),
        page=page_files() if settings.development else {},
        rooms=None if fetchers is None else fetchers.handoffs,
        staff=nobody if fetchers is None else fetchers.desk.expects,
        placed=(lambda _leg, _status: None) if placed is None else placed.status,
    )
    forgetting.begin()
    async with asyncio.TaskGroup() as tasks:
        present = (
            tasks.create_task(keep_presence(bus, settings, board, metrics), name="bus") if bus is not None else None
        )
        if bus is not None:
            await first_word(bus)
        pipe.tell(events.LineReady(settings.port, int((time.monotonic() - started_s) * 1000)))
        ahead = (
            tasks.create_task(speak_ahead(agents, voices, board, pipe, metrics), name="speak-ahead")
            if settings.spoken_ahead
            else None
        )
        fetching = tasks.create_task(fetchers.run(), name="fetchers") if fetchers is not None else None
        calling = tasks.create_task(campaigns.calling.run(), name="calling-out") if campaigns is not None else None
        listening = tasks.create_task(books.listen(), name="books") if campaigns is not None else None
        watched = tasks.create_task(tell_alarms(metrics.standing, log), name="carrier") if metrics.standing else None
        forgets = tasks.create_task(forgetting.now_and_then(), name="forget")
        draining = tasks.create_task(drain(asked, stop, board, calls), name="drain")
        tls = (settings.tls.cert, settings.tls.key) if settings.tls else None
        await serve(
            app, bound, calls=settings.limits.calls, message_bytes=settings.limits.message_bytes, stop=stop, tls=tls
        )
        for task in (present, ahead, forgets, fetching, calling, listening, watched, draining):
            if task is not None:
                task.cancel()
    models.speech.close()
    models.stt.close()
    retaining.close()


async def drain(asked: asyncio.Event, stop: asyncio.Event, board: Switchboard, calls: Calls) -> None:
    """Once asked to end: no new calls; those that live finish, or are put through to the nurse line."""
    await asked.wait()
    board.draining = True
    await calls.break_promises()
    for hand_over, most_s in ((False, FINISH_S), (True, HAND_OVER_S)):
        if hand_over:
            calls.hand_over()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await board.over()
                break
    await calls.break_promises()  # those that were made meanwhile
    stop.set()


async def still_locked(locks: Locks) -> None:
    """The proof once more, now that libraries have made their threads.  Raises `ConfineFailed`."""
    done = await asyncio.to_thread(prove, locks)
    loose = loose_threads() if Layer.CALLS in locks.held else 0
    if done or loose:
        raise ConfineFailed(ConfineReason.LOOSE)


async def speak_ahead(
    agents: Mapping[str, Prepared],
    voices: Mapping[float, PiperSpeech],
    board: Switchboard,
    pipe: EventPipe,
    metrics: LineMetrics,
) -> None:
    """How each answer begins, while no call is live; tells the pipe when all is held."""
    began_s = time.monotonic()
    await keep_openings(
        ((voices[each.agent.speaking_rate], sentence) for each in agents.values() for sentence in each.openings),
        board.idle,
        lambda reason: metrics.engine_failed(MetricEngine.TTS, reason),
    )
    ms = int((time.monotonic() - began_s) * 1000)
    kilobytes = sum(voice.openings_bytes for voice in voices.values()) // 1000
    pipe.tell(events.OpeningsReady(sum(voice.openings for voice in voices.values()), ms, kilobytes))


def bus_of(
    settings: Settings, lines: Lines, metrics: LineMetrics, retaining: Retaining, log: Log, availability: Availability
) -> Bus | None:
    """What the keeper says comes by it; None where there is none, and each call is at `ZERO`."""
    if settings.redis_url is None:
        return None
    names = [agent.name for agent in lines.agents]
    trusted = functools.partial(bus_trusted, settings.redis_url, settings, log)
    bus = Bus(
        settings.redis_url,
        names,
        lambda there: metrics.bus(there=there),
        retaining.changed,
        trusted=trusted,
        on_nurse=availability.heard,
    )
    retaining.listen(bus.retention)
    return bus


async def bus_trusted(url: PHI[str], settings: Settings, log: Log) -> bool:
    """One that was not there at the start, or was set up anew since, may keep what it is told.

    What is wrong is logged; production goes on without this bus, as if it were lost.
    """
    found = await examined(url)
    for fault in found.wrong:
        log.event(LogEvent.BUS_REFUSED, reason=fault)
    return found.answers and (settings.development or not found.wrong)


async def first_word(bus: Bus) -> None:
    """Waits a moment for what the keeper says: a call that is answered before is at `ZERO` to its end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_WORD_S):
            await bus.heard.wait()


async def keep_presence(bus: Bus, settings: Settings, board: Switchboard, metrics: LineMetrics) -> None:
    """Tells the bus that this worker is there, and how busy; a lost bus changes nothing for a caller."""
    worker = ref_of(os.urandom(16))

    async def beat() -> None:
        while True:
            metrics.live(board.live)
            presence = Presence(
                worker=worker,
                hour=hour_of(time.time()),
                live_calls=at_most(board.live),
                capacity=at_most(settings.limits.calls),
                draining=board.draining,
            )
            permitted = admit(presence, Retention.ZERO)
            if permitted is not None:
                bus.send(permitted)
            await asyncio.sleep(HEARTBEAT_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bus.run(), name="bus-run")
        tasks.create_task(beat(), name="bus-beat")


def server_config(settings: Settings) -> ServerConfig:
    """What the server is told."""
    limits = settings.limits
    return ServerConfig(
        origin=settings.origin,
        development=settings.development,
        auth_token=settings.twilio_auth_token,
        account_sid=settings.twilio_account_sid,
        calls=limits.calls,
        allow_unsigned_stream=settings.allow_unsigned_stream,
        leg=LegLimits(
            message_bytes=limits.message_bytes,
            start_s=limits.start_ms / 1000,
            dead_s=SIMULATOR_DEAD_S if settings.allow_unsigned_stream else limits.dead_stream_ms / 1000,
            fill_after_ms=SIMULATOR_FILL_MS if settings.allow_unsigned_stream else None,
            lead_ms=settings.lead_ms,
        ),
    )


def line_of(agent: Agent | None) -> Line | None:
    return Line(agent.name, agent.nurse_number) if agent is not None else None


def refused(refusal: Refusal, pipe: EventPipe, metrics: LineMetrics) -> None:
    """Counted, and told in the closed words of the event pipe."""
    reason = REFUSALS[refusal]
    metrics.refused(reason)
    pipe.tell(events.Refused(reason))


SIMULATOR_DEAD_S: Final = 30.0  # simulators stop sending when their sound is over, where a carrier sends silence
SIMULATOR_FILL_MS: Final = 200
REFUSALS: Final = {
    Refusal.SIGNATURE: events.CallRefusal.SIGNATURE,
    Refusal.REPLAY: events.CallRefusal.SIGNATURE,
    Refusal.HOST: events.CallRefusal.ORIGIN,
    Refusal.ORIGIN: events.CallRefusal.ORIGIN,
    Refusal.FORM: events.CallRefusal.PROTOCOL,
    Refusal.BODY: events.CallRefusal.PROTOCOL,
    Refusal.NUMBER: events.CallRefusal.NUMBER,
    Refusal.BUSY: events.CallRefusal.BUSY,
    Refusal.TOKEN: events.CallRefusal.TOKEN,
    Refusal.START: events.CallRefusal.NO_START,
    Refusal.PEER: events.CallRefusal.ORIGIN,
}


def on_call_told(log: Log, metrics: LineMetrics) -> Told:
    """Into the log and the metrics: no number, no name."""

    def told(good: bool, wrong: int) -> None:
        log.event(LogEvent.ON_CALL_CHANGED if good else LogEvent.ON_CALL_REFUSED)
        metrics.on_call(wrong=wrong)

    return told


def page_files() -> Mapping[str, PageFile]:
    """The phone page's files, by the path they are served under."""
    return {
        ("/" if file.name == "index.html" else f"/page/{file.name}"): PageFile(
            PAGE_TYPES[file.suffix], file.read_bytes()
        )
        for file in sorted(PAGE.iterdir())
        if file.suffix in PAGE_TYPES
    }


PAGE: Final = Path(telephony.__file__).parent / "page"
PAGE_TYPES: Final = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

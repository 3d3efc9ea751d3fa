"""The line as one service: models, agents, calls, and the server they are reached by.  Everything is built once."""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from socket import socket
from typing import Final

import telephony
from agent import forgetting
from agent.at_carrier import tell_alarms
from agent.availability import Availability
from agent.books import KeepersBooks
from agent.briefing import Briefing
from agent.calls import Calls
from agent.campaigns import campaigns_of
from agent.confine import ConfineFailed, ConfineReason, Locks, forbidden, loose_threads, prove
from agent.draining import drain
from agent.engines.piper import PiperSpeech
from agent.fetchers import fetchers_of
from agent.judge import ModelJudge
from agent.lines import Agent, Lines
from agent.loading import load_models, prepare_all, voices_of
from agent.metrics import Engine as MetricEngine
from agent.metrics import LineMetrics
from agent.on_call_lists import Told
from agent.openings import keep_openings
from agent.pipe import EventPipe
from agent.prepare import AgentNotReady, Prepared
from agent.presence import bus_of, first_word, keep_presence
from agent.retaining import Retaining
from agent.settings import Settings
from policies import events
from policies.allowlist import Allowlist
from policies.layers import Layer
from policies.logs import Log
from policies.refs import KEY_BYTES
from policies.vocabulary import Event as LogEvent
from telephony.doors import ServerConfig
from telephony.leg import LegLimits
from telephony.server import Observers, PageFile, application, serve
from telephony.switchboard import Line, Refusal, Switchboard
from telephony.webhooks import nobody


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
    placed, opt_out = (None, None) if campaigns is None else (campaigns.placed, campaigns.calling.opt_out_caller)
    calls = Calls(
        settings, models, agents, pipe, log, metrics, retaining, judge.refusal, refs, fetchers, placed, opt_out
    )
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

"""A whole call in virtual time: the carrier, the caller's ear and mouth, and the product's own `Call` on its own `Leg`.

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("How do I store my insulin at home?")
        await line.reply()
        line.hang_up()

    held = hold(caller)
    assert EndReason.CALLER_HUNG_UP is held.metrics.end

Time is virtual, the engines are scripted (`tests/fakes.py`), all between them is the real thing.  `hold` fails if
anything of the call is left: a task, a buffer, a sensitive value.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import enum
import functools
import gc
import json
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, TypeVar

import numpy as np

from agent import lines, settings
from agent.call import Call
from agent.delivery import GAINS_DB, amplified
from agent.engines.ports import LanguageModel
from agent.fetching import Promising
from agent.lines import Workflow
from agent.overlap import Verdict
from agent.patients import PatientRecords
from agent.phrases import Phrase
from agent.prepare import Prepared, prepare
from agent.retaining import Retaining
from agent.script import Engines, Limits, Script
from agent.stopping import OptOut
from agent.tally import Tally, TurnTimes
from agent.turns import State
from agent.watch import Watch
from policies.allowlist import NOTHING_LISTED
from policies.events import CallEvent
from policies.firewall import Weigh
from policies.guardrails import EscalationReason, Opened, Refused, Sayable, screen_reply
from policies.phi import PHI, Sensitive
from policies.records import CallMetrics, Engine, Profile, ref_of
from policies.retention import Retention
from telephony.audio import FRAME_MS, RATE_HZ, AudioFrame, Int16
from telephony.g711 import decode, encode
from telephony.leg import EndReason as LegEnd
from telephony.leg import Leg, LegLimits, opened
from telephony.tokens import Purpose
from telephony.twin.playback import MarkBack, Playback
from tests.fakes import (
    Manner,
    Plan,
    ScriptedActivity,
    ScriptedAnswers,
    ScriptedRecogniser,
    ScriptedVoice,
    World,
    quiet,
    sentence_model,
    understood,
)
from tests.nurses import Nurses
from tests.reachable import grown, shared_sizes
from tests.tones import AGENT, Tag, noise, read
from tests.virtual_time import at_once

T = TypeVar("T")

WORD_MS: Final = 260
BETWEEN_MS: Final = 40
STREAM: Final = "MZ" + "5" * 32
CALL: Final = "CA" + "7" * 32
ACCOUNT: Final = "AC" + "9" * 32
REF: Final = ref_of(bytes(range(16)))
QUIET_MS: Final = 1_200
LONGEST_WAIT_S: Final = 60.0


@functools.cache
def heard_levels() -> dict[float, tuple[int, ...]]:
    """What becomes of the agent's tones at each gain, on the line."""
    tones = np.array(AGENT, np.int16)
    return {
        gain: tuple(int(level) for level in decode(encode(amplified(tones, gain))))
        for gain in sorted(GAINS_DB, key=abs)
    }


class LineDead(Exception):
    """The stream has ended under the caller."""


class WaitedInVain(AssertionError):
    """What the caller waited for did not come."""


class Ending(enum.Enum):
    """Who ended the stream."""

    AGENT = "agent"
    CALLER = "caller"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence as the caller's ear got it."""

    text: str
    at_ms: int
    frames: tuple[int, ...]
    """Which of its frames, in the order in which they were heard."""
    of: int
    gain_db: float = 0.0
    """With which its first frame was heard."""

    @property
    def whole(self) -> bool:
        return self.frames == tuple(range(self.of))


@dataclass(slots=True)
class Network:
    """The way between carrier and service."""

    delay_s: float = 0.03
    """One way."""
    loses_mark: Callable[[str], bool] = lambda name: False
    start_at_s: float = 0.0


class Line:
    """The carrier's end of one stream and the caller on it; also the `Socket` that the leg holds."""

    def __init__(self, world: World, network: Network) -> None:
        self.world: Final = world
        self.network: Final = network
        self.playback: Final = Playback()
        self.marks: Final[list[MarkBack]] = []
        self.ending: Ending | None = None
        self.close_code: int | None = None
        self._loop: Final = asyncio.get_running_loop()
        self._inbox: Final[asyncio.Queue[str | None]] = asyncio.Queue()
        self._going: Final[deque[str | None]] = deque()
        self._coming: Final[deque[str]] = deque()
        self._zero_s = self._loop.time()
        self._ended_at = 0
        self._mouth: Final[deque[AudioFrame]] = deque()
        self._rng: Final = np.random.default_rng(7)
        self._stalled = False
        self._chunk = 0
        self._moved = asyncio.Event()
        self._pieces: Final[list[tuple[int, int, int]]] = []
        self._gains: Final[list[float]] = []
        self._put("connected", protocol="Call", version="1.0.0")
        self._send(
            "start",
            start={
                "streamSid": STREAM,
                "callSid": CALL,
                "accountSid": ACCOUNT,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
                "customParameters": {},
            },
        )
        self._loop.call_later(FRAME_MS / 1000, self._tick, 1)

    # -- what the leg sees: a socket ---------------------------------------------------------------------------------

    async def receive(self) -> str | bytes | None:
        return await self._inbox.get()

    async def send(self, text: str) -> None:
        self._coming.append(text)  # a heap of timers keeps no order among equals: each timer takes the oldest
        self._loop.call_later(self.network.delay_s, self._arrive)

    async def close(self, code: int) -> None:
        self.close_code = code
        self._end(Ending.AGENT)

    # -- what the caller does ----------------------------------------------------------------------------------------

    async def say(self, words: str, *, word_ms: int = WORD_MS) -> None:
        """Speak; returns when the last word is out."""
        self.begin(words, word_ms=word_ms)
        await self.finish()

    def begin(self, words: str, *, word_ms: int = WORD_MS) -> None:
        """Start to speak, behind whatever is still to be said."""
        for word in words.split():
            self._mouth.extend(self.world.said(word, word_ms))
            self._mouth.extend([quiet()] * (BETWEEN_MS // FRAME_MS))

    async def finish(self) -> None:
        while self._mouth:
            await self._next()

    def noise(self, ms: int, height: int = 6_000) -> None:
        """Loud sound without a word."""
        self._mouth.extend(noise(self._rng, height) for _ in range(ms // FRAME_MS))

    async def wait(self, ms: float) -> None:
        """Say nothing for this long."""
        until_s = self._loop.time() + ms / 1000
        while self._loop.time() < until_s:
            await self._next()

    def press(self, digit: str) -> None:
        self._alive()
        self._send("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    def hang_up(self) -> None:
        if self.ending is None:
            self._send("stop", stop={"accountSid": ACCOUNT, "callSid": CALL})
            self._travel(None)
            self._end(Ending.CALLER)

    def drop(self) -> None:
        """The socket breaks."""
        if self.ending is None:
            self._inbox.put_nowait(None)
            self._end(Ending.NETWORK)

    def stall(self) -> None:
        """Nothing comes any more, and nobody says so."""
        self._stalled = True

    def break_protocol(self) -> None:
        self._inbox.put_nowait('{"event":"media","streamSid":"another","media":{}}')

    # -- what the caller hears ---------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        return self._now() // (RATE_HZ // 1000)

    @property
    def sounding(self) -> bool:
        """The agent is audible at this moment."""
        return self.playback.tail > self._now()

    def spoken(self) -> list[Spoken]:
        """Every sentence that was heard, whole or not, in order.  A sentence said twice stands twice."""
        found: list[tuple[int, int, list[int], float]] = []
        for (start, what, nth), gain in zip(self._pieces, self._gains, strict=True):
            if not found or found[-1][1] != what or nth <= found[-1][2][-1]:
                found.append((start, what, [], gain))
            found[-1][2].append(nth)
        said = [(start, self.world.sentences[what], nths, gain) for start, what, nths, gain in found]
        return [
            Spoken(text, start // 8, tuple(nths), self.world.length_ms(text) // FRAME_MS, gain)
            for start, text, nths, gain in said
        ]

    def texts(self) -> list[str]:
        return [sentence.text for sentence in self.spoken()]

    async def until(self, told: Callable[[], bool], what: str, within_s: float = LONGEST_WAIT_S) -> None:
        until_s = self._loop.time() + within_s
        while not told():
            if self._loop.time() > until_s:
                raise WaitedInVain(what)
            await self._next()

    async def begins(self, within_s: float = LONGEST_WAIT_S) -> None:
        """Until the agent is audible."""
        await self.until(lambda: self.sounding, "the agent said nothing", within_s)

    async def hears(self, ms: float) -> None:
        """Until the agent has been heard for so long."""
        await self.begins()
        await self.wait(ms)

    async def quiet(self, ms: int = QUIET_MS) -> None:
        """Until the agent has been silent for so long."""
        await self.until(lambda: self._now() - self.playback.tail >= ms * 8, "the agent did not fall silent", 120)

    async def reply(self, quiet_ms: int = QUIET_MS) -> list[str]:
        """Until the agent has begun and ended.  Returns what it said."""
        before = len(self.spoken())
        await self.begins()
        await self.quiet(quiet_ms)
        return self.texts()[before:]

    async def greeting(self) -> None:
        await self.reply()

    async def closed(self, within_s: float = LONGEST_WAIT_S) -> None:
        with contextlib.suppress(LineDead):
            await self.until(lambda: False, "the line was not closed", within_s)

    # -- the carrier -------------------------------------------------------------------------------------------------

    def _alive(self) -> None:
        if self.ending is not None:
            raise LineDead

    async def _next(self) -> None:
        self._alive()
        await self._moved.wait()

    def _now(self) -> int:
        if self.ending is not None:
            return self._ended_at
        return int(round((self._loop.time() - self._zero_s) * RATE_HZ, 3))

    def _end(self, ending: Ending) -> None:
        if self.ending is None:
            self._ended_at = self._now()
            self.ending = ending
            self._collect()
            self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _put(self, event: str, **body: object) -> None:
        self._travel(json.dumps({"event": event} | body))

    def _travel(self, message: str | None) -> None:
        self._going.append(message)
        self._loop.call_later(self.network.delay_s, lambda: self._inbox.put_nowait(self._going.popleft()))

    def _arrive(self) -> None:
        self._take(self._coming.popleft())

    def _send(self, event: str, **body: object) -> None:
        self._put(event, streamSid=STREAM, **body)

    def _tick(self, nth: int) -> None:
        """20 ms of the caller have passed."""
        if self.ending is not None:
            return
        self._marks()
        frame = self._mouth.popleft() if self._mouth else quiet()
        if not self._stalled:
            self._chunk += 1
            payload = base64.b64encode(encode(frame.reveal())).decode()
            self._send("media", media={"track": "inbound", "chunk": str(self._chunk), "payload": payload})
        self._loop.call_at(self._zero_s + (nth + 1) * FRAME_MS / 1000, self._tick, nth + 1)
        self._collect()
        self._wake()

    def _marks(self) -> None:
        if self.ending is not None:
            return
        for mark in self.playback.due(self._now()):
            self.marks.append(mark)
            if not self.network.loses_mark(mark.name):
                self._send("mark", mark={"name": mark.name})

    def _take(self, text: str) -> None:
        """A message of the service has arrived at the carrier."""
        if self.ending is not None:
            return
        said = json.loads(text)
        assert STREAM == said["streamSid"]
        match said["event"]:
            case "media":
                assert 0 == self.playback.append(self._now(), decode(base64.b64decode(said["media"]["payload"])))
            case "mark":
                self.playback.mark(self._now(), said["mark"]["name"])
                due_s = self._zero_s + max(self._now(), self.playback.tail) / RATE_HZ
                self._loop.call_at(due_s + 1e-6, self._marks)
            case "clear":
                self.playback.clear(self._now())
                self._marks()
            case other:
                raise AssertionError(other)

    def _collect(self) -> None:
        """Read what has been heard by now: whole frames of the agent's sound."""
        pieces, now = self.playback._pieces, self._now()
        known = self._pieces[-1][0] if self._pieces else -1
        fresh = []
        for piece in reversed(pieces):
            if piece.start <= known:
                break
            if piece.end <= now:
                fresh.append(piece)
        for piece in reversed(fresh):
            self._read(piece.start, piece.pcm)

    def _read(self, start: int, pcm: Int16) -> None:
        """What a frame says, at whichever gain; of several readings the one that goes on with what came before."""
        found: tuple[float, Tag] | None = None
        for gain, levels in heard_levels().items():
            tag = read(pcm, levels)
            if tag is None or tag.what >= len(self.world.sentences):
                continue
            goes_on = tag.nth == 0 or (self._pieces and (tag.what, tag.nth - 1) == self._pieces[-1][1:])
            found = (gain, tag) if goes_on or found is None else found
            if goes_on:
                break
        if found is not None:
            self._pieces.append((start, found[1].what, found[1].nth))
            self._gains.append(found[0])


class Notes(Watch):
    """What a live view was told."""

    def __init__(self) -> None:
        self.states: Final[list[State]] = []
        self.turns: Final[list[TurnTimes]] = []
        self.verdicts: Final[list[Verdict]] = []
        self.reasons: Final[list[EscalationReason]] = []
        self.keys = 0

    def state(self, state: State) -> None:
        self.states.append(state)

    def turn(self, times: TurnTimes) -> None:
        self.turns.append(times)

    def overlap(self, verdict: Verdict, ms: int) -> None:
        self.verdicts.append(verdict)

    def escalated(self, reason: EscalationReason) -> None:
        self.reasons.append(reason)

    def key(self) -> None:
        self.keys += 1


@dataclass(slots=True)
class Setup:
    """One call's engines and its line."""

    stt: Plan = field(default_factory=Plan)
    tts: Plan | None = None
    model: Plan | None = None
    """A hosted model in front of the approved engine; None: the approved engine alone."""
    approved: Plan | None = None
    """A scripted engine in the place of the approved one."""
    manner: Callable[[str], Manner] = lambda words: Manner()
    """How the recogniser hears some words."""
    answers: Callable[[str], str] = lambda said: f"You asked: {said} The dressing may stay on until Friday."
    network: Network = field(default_factory=Network)
    limits: Limits = field(default_factory=Limits)
    leg: LegLimits = field(default_factory=LegLimits)
    weigh: Weigh | None = None
    """The firewall's reader; None: the model's sentences are spoken unjudged."""
    retaining: Retaining | None = None
    """What may be kept, for an agent whose file allows it; None: nothing."""
    workflow: Workflow | None = None
    """What must be asked before a goodbye; None: nothing."""
    records: PatientRecords | None = None
    """Where the line may look patients up; None: nowhere."""
    process_ends_s: float | None = None
    """When the process is asked to end, after the call's start."""
    nurses: Nurses | None = None
    """Who is rung for a caller; None: the line closes, and the carrier dials."""
    opt_out: OptOut | None = None
    """Where a caller is told that she gets no more calls; None: the line places none."""
    promising: Callable[[], Promising] | None = None
    """Makes the way to be called back; None: there is none."""
    told: list[CallEvent] = field(default_factory=list)
    """What is told of a transcript when the call is over."""


@dataclass(slots=True)
class Held:
    """A call that is over.  Holds nothing of the product's but closed values."""

    metrics: CallMetrics
    notes: Notes
    spoken: list[Spoken]
    ending: Ending
    close_code: int | None
    leg_end: LegEnd
    failed: type[BaseException] | None
    questions: list[str]
    """What the hosted model was asked."""
    clears: int
    ended_ms: int
    recogniser: ScriptedRecogniser

    @property
    def texts(self) -> list[str]:
        return [sentence.text for sentence in self.spoken]

    @property
    def replies(self) -> list[str]:
        """All that was said after the greeting."""
        opening = [text for level in Retention for text in greeting(level)]
        return [text for text in self.texts if text not in opening]

    @property
    def cut(self) -> list[str]:
        """The sentences that were not heard to their end."""
        return [sentence.text for sentence in self.spoken if not sentence.whole]


DEMONSTRATION: Final = Workflow.POST_DISCHARGE


def house(workflow: Workflow = DEMONSTRATION) -> tuple[Prepared, World]:
    """The demonstration agent, or one with another workflow, with a scripted voice.  Each is made once."""
    return _house(workflow)


@functools.cache
def _house(workflow: Workflow) -> tuple[Prepared, World]:
    chosen = settings.from_environment({})
    world = World()
    return at_once(
        prepare(
            replace(lines.load(chosen.agents).default, workflow=workflow),
            chosen,
            NOTHING_LISTED,
            ScriptedVoice(world),
            sentence_model(),
            lambda sentence, passage: PHI(1.0),
            date(2026, 1, 2),
        )
    ), world


def words(phrase: Phrase) -> str:
    """The text of one of the demonstration agent's phrases."""
    return house()[0].script.voices.phrases[phrase].text.reveal()


def greeting(level: Retention = Retention.ZERO) -> list[str]:
    return [sentence.text.reveal() for sentence in house()[0].script.disclosures[level].greeting]


def protected() -> int:
    """How many sentences of the greeting are heard out."""
    return house()[0].script.disclosures[Retention.ZERO].held


def passage(question: str) -> list[str]:
    """The sentences with which the approved engine answers."""

    house()  # made by a loop of its own, so not inside the next one

    async def ask() -> list[str]:
        from policies.guardrails import Answerable, screen_utterance
        from policies.phi import Utterance

        script = house()[0].script
        said = screen_utterance(
            Utterance(PHI(question), doubtful=False, meaning=understood(question)), script.red_flags
        )
        assert isinstance(said, Answerable)
        return [piece.reveal() async for piece in script.voices.approved.answer([said])]

    return at_once(ask())


def accepts_a_nurse(question: str) -> Callable[[Line], Awaitable[None]]:
    """Asks, is offered a nurse, and says yes."""

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(question)
        await line.reply()
        await line.say("Yes, please.")
        await line.closed(60)

    return caller


def hold(caller: Callable[[Line], Awaitable[None]], setup: Setup | None = None, *, strict: bool = True) -> Held:
    """One call from start to end.  strict: the caller's script must come to its end, or the line must have ended it."""
    return together([caller], setup, strict=strict)[0]


def together(
    callers: Sequence[Callable[[Line], Awaitable[None]]], setup: Setup | None = None, *, strict: bool = True
) -> list[Held]:
    """Several calls at once on the same engines, each begun 170 ms after the one before."""
    house((setup or Setup()).workflow or DEMONSTRATION)
    return nothing_left_of(_together(callers, setup or Setup(), strict=strict))


def nothing_left_of(work: Coroutine[Any, Any, T]) -> T:
    """Runs it at once.  Fails where a sensitive value is left, or more than before in what all calls share.

    What was there before is set aside and stays so: it need not be gone through again for each call.
    """
    before = shared_sizes()
    gc.collect()
    gc.freeze()
    done = at_once(work)
    gc.collect()
    left = [type(thing).__name__ for thing in gc.get_objects() if issubclass(type(thing), Sensitive)]
    assert [] == left, "sensitive values outlive the call"
    more = grown(before)
    assert {} == more, f"what all calls share holds more than before the call: {more}"
    return done


async def _together(callers: Sequence[Callable[[Line], Awaitable[None]]], setup: Setup, *, strict: bool) -> list[Held]:
    world = World()
    prepared, spoken = house(setup.workflow or DEMONSTRATION)
    world.sentences[:] = spoken.sentences
    recogniser, voice = ScriptedRecogniser(world, setup.stt, setup.manner), ScriptedVoice(world, setup.tts)
    model = None if setup.model is None else ScriptedAnswers(setup.answers, setup.model)
    models = (model, None if setup.approved is None else ScriptedAnswers(setup.answers, setup.approved))
    engines = Engines(ScriptedActivity, recogniser, voice, prepared.ready)
    tasks: list[asyncio.Task[Held]] = []
    for nth, caller in enumerate(callers):
        if nth:
            await asyncio.sleep(0.17)
        tasks.append(asyncio.create_task(_hold(caller, nth, world, engines, models, recogniser, setup, strict=strict)))
    held = [await task for task in tasks]
    others = [task for task in asyncio.all_tasks() if task not in tasks and task is not asyncio.current_task()]
    assert [] == [task.get_name() for task in others], "tasks outlive the call"
    loop: Any = asyncio.get_running_loop()
    timers = [timer._callback for timer in loop._scheduled if not timer.cancelled()]
    left = [timer.__qualname__ for timer in timers if timer.__module__ != __name__]  # the line's own may still go
    assert [] == left, "a timer outlives the call"
    return held


async def _hold(
    caller: Callable[[Line], Awaitable[None]],
    ordinal: int,
    world: World,
    engines: Engines,
    models: tuple[LanguageModel | None, LanguageModel | None],
    recogniser: ScriptedRecogniser,
    setup: Setup,
    *,
    strict: bool,
) -> Held:
    line = Line(world, setup.network)
    stream, started = await opened(line, setup.leg)
    leg = Leg(
        line,
        stream,
        ordinal=ordinal,
        ref=REF,
        purpose=Purpose.PATIENT,
        agent="demo",
        call_sid=started.call_sid,
        limits=setup.leg,
    )
    del stream
    tally = Tally(ref=REF, hour=498_000, agent="demo", profile=Profile.DEVELOPMENT, engine=Engine.APPROVED)
    notes = Notes()
    retaining = setup.retaining or Retaining()
    keeping = retaining.keeping(replace(house()[0].agent, retention=Retention.REDACTED))
    script = replace(_script(*models, setup), records=setup.records, opt_out=setup.opt_out)
    nurses = setup.nurses
    fetch = None if nurses is None else nurses.fetch(engines, script, started.call_sid, world)
    del started
    promising = None if setup.promising is None else setup.promising()
    call = Call(leg, script, engines, tally, notes, setup.limits, keeping, fetch, promising)
    del promising
    calling = asyncio.create_task(_follow(caller, line), name="caller")
    if setup.process_ends_s is not None:
        asyncio.get_running_loop().call_later(setup.process_ends_s, call.hand_over)
    failed: type[BaseException] | None = None
    try:
        await call.run()
    except Exception as error:
        failed = type(error)
        if isinstance(error, BaseExceptionGroup):
            failed = type(error.exceptions[0])
        if strict:
            calling.cancel()
            raise
    if line.ending is None:  # as the media endpoint does
        await leg.close()
        await line.close(1000)
    finished = await calling
    if nurses is not None:
        await nurses.after(joins=call.joins)
    assert leg.end is not None
    assert line.ending is not None
    if strict and not finished and line.ending is not Ending.AGENT:
        raise AssertionError("the caller's script did not come to its end")
    if failed is None:
        _nothing_left(call)
    else:
        tally.escalation = tally.escalation or EscalationReason.FAILURE  # as `agent.service` does
    metrics = tally.metrics(call.answers)
    end = leg.end
    retaining.leave(keeping, setup.told.append, ref=REF, agent="demo", day=20_000, whole=failed is None)
    del call, leg, keeping
    return Held(
        metrics=metrics,
        notes=notes,
        spoken=line.spoken(),
        ending=line.ending,
        close_code=line.close_code,
        leg_end=end,
        failed=failed,
        questions=models[0].questions if isinstance(models[0], ScriptedAnswers) else [],
        clears=len(line.playback.clears),
        ended_ms=line.now_ms,
        recogniser=recogniser,
    )


def _script(model: LanguageModel | None, approved: LanguageModel | None, setup: Setup) -> Script:
    script = house(setup.workflow or DEMONSTRATION)[0].script
    known, weigh = script.voices, setup.weigh
    assert known.wording.firewall is not None
    firewall = known.wording.firewall if weigh is None else replace(known.wording.firewall, weigh=weigh)
    wording = replace(known.wording, firewall=firewall, unfiltered=weigh is None)

    async def judged(sentence: PHI[str], opened: Opened) -> Sayable | Refused:
        return screen_reply(sentence, wording, opened=opened)

    voices = replace(
        known,
        model=model or approved or known.model,
        approved=approved or known.approved,
        judged=judged,
        wording=wording,
    )
    return replace(script, voices=voices, asking=script.asking if setup.workflow else None)


async def _follow(caller: Callable[[Line], Awaitable[None]], line: Line) -> bool:
    """True if the caller came to the end of what she does."""
    try:
        await caller(line)
    except LineDead:
        return False
    with contextlib.suppress(LineDead):
        await line.until(lambda: False, "the call did not end", 40 * 60)
    return True


def _nothing_left(call: Any) -> None:
    """No buffer of the call holds anything of it."""
    assert call._inbox.empty(), "events are left in the call's inbox"
    assert set() == call._children
    assert call._draft is None
    assert call._reply is None
    assert call._hearing.heard is None
    assert call._hearing._speech is None
    assert call._overlap_heard is None
    mouth, replying = call._mouth, call._replying
    assert 0 == sum(map(len, (mouth._last_said, mouth._unheard, mouth._asides))), "sentences are left in the mouth"
    assert 0 == sum(map(len, (replying._history, replying._owed, replying._left))), "turns are left"
    assert replying._cut is None
    ear = call._ear
    assert 0 == sum(map(len, (ear._turn, ear._preroll, ear._kept, ear._last))), "sound is left in the call's ear"
    levels = (ear.strain._levels, ear.strain._last.levels, ear.strain._kept.levels, ear.strain._before.start)
    assert 0 == sum(map(len, levels)), "how she spoke is left in the call's ear"

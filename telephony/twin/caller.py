"""A caller: follows a script on a real-time call, by ear, and tells what the call was like for her.

`call()` holds the stream; `phone()` dials the voice webhook first and asks the `action` afterwards, as a carrier does.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.carrier import Carrier, Ending, Ids, LineDead, Stream, StreamRefused, dialled
from telephony.twin.hearing import Listener, audible_runs
from telephony.twin.line_noise import Conditions
from telephony.twin.measure import (
    PER_MS,
    CallReport,
    Classify,
    Recording,
    Uttered,
    UtteredAs,
    all_answers,
    measure,
)
from telephony.twin.playback import Piece
from telephony.twin.script import (
    BargeIn,
    Drop,
    HangUp,
    Key,
    MmHm,
    Pause,
    Say,
    SayFile,
    Script,
    Silence,
    Stall,
    Step,
    Wait,
    WaitFor,
)
from telephony.twin.twiml_reader import ConnectStream, Verb
from telephony.twin.voices import Voices
from telephony.twin.wav import read_wav, stereo_wav
from telephony.twin.webhook import Caller, Webhooks


@dataclass(frozen=True, slots=True)
class CallerBegan:
    """The caller begins to speak."""

    at_ms: float
    as_: UtteredAs


@dataclass(frozen=True, slots=True)
class CallerEnded:
    """The caller has finished."""

    at_ms: float
    as_: UtteredAs


@dataclass(frozen=True, slots=True)
class AgentHeard:
    """The agent becomes audible.  since_caller_ms: after the caller's last audible sample, None before her first."""

    at_ms: float
    since_caller_ms: float | None


@dataclass(frozen=True, slots=True)
class AgentQuiet:
    """The agent has ceased to be audible."""

    at_ms: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key."""

    at_ms: float


@dataclass(frozen=True, slots=True)
class WaitedInVain:
    """What the caller waited for did not come.  step: from 1."""

    at_ms: float
    step: int


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The stream is over."""

    at_ms: float
    ending: Ending


LiveEvent = CallerBegan | CallerEnded | AgentHeard | AgentQuiet | KeyPressed | WaitedInVain | StreamEnded
"""What a watcher is told while the call runs: times and kinds, never a word."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Held:
    """A call that is over: its numbers, and its sound in memory."""

    report: CallReport
    recording: Recording
    spoken: Int16
    """What went out of her microphone, noise and echo included."""
    after: tuple[Verb, ...] = ()
    """What the `action` webhook told the carrier to do next."""

    def heard_after(self, turn: int) -> Int16:
        """What the ear heard from the end of turn `turn` (from 0) to the beginning of the next."""
        turns = self.report.turns
        end_ms = turns[turn + 1].began_ms if turn + 1 < len(turns) else self.report.duration_ms
        return self.recording.heard[int(turns[turn].ended_ms * PER_MS) : int(end_ms * PER_MS)]

    def save(self, path: Path) -> None:
        """A stereo WAV file: left the caller, right what she heard.  Synthetic callers only."""
        path.write_bytes(stereo_wav(self.spoken, self.recording.heard))


QUIET_EVENT_MS: Final = 400  # a watcher is told "quiet" after this


def _ignore(_: LiveEvent) -> None:
    return None


@dataclass(slots=True)
class _Call:
    """The state of one caller in one call."""

    carrier: Carrier
    script: Script
    sounds: Mapping[Say | SayFile, Int16]
    on_event: Callable[[LiveEvent], None]
    listener: Listener = field(default_factory=Listener)
    uttered: list[Uttered] = field(default_factory=list)
    turn: list[Piece] = field(default_factory=list)
    last_end: int = 0
    """Her last audible sample so far."""
    told: bool = False
    """The watcher knows that the agent is audible."""
    timeouts: list[int] = field(default_factory=list)

    async def follow(self) -> bool:
        """Do the steps.  Returns whether all were done before the line ended."""
        for n, step in enumerate(self.script.steps, 1):
            try:
                await self._do(n, step)
            except LineDead:
                return n == len(self.script.steps) or (isinstance(step, Wait) and step.what is WaitFor.CLOSED)
        self._close_turn(UtteredAs.TURN)
        return True

    async def _do(self, n: int, step: Step) -> None:
        match step:
            case Say() | SayFile():
                await self._speak(self.sounds[step], UtteredAs.TURN)
                return
            case Pause(ms):
                await self._pass(ms)
                return
        self._close_turn(UtteredAs.TURN)
        match step:
            case Wait():
                await self._wait(n, step)
            case BargeIn(after_ms, sound, timeout_ms):
                await self._over_reply(n, after_ms, sound, timeout_ms, UtteredAs.BARGE_IN)
            case MmHm(after_ms, sound, timeout_ms):
                await self._over_reply(n, after_ms, sound, timeout_ms, UtteredAs.MMHM)
            case Key(digit):
                await self.carrier.press(digit)
                self.on_event(KeyPressed(_ms(self.carrier.now())))
            case Silence(ms):
                await self._pass(ms)
            case Stall():
                self.carrier.stall()
            case HangUp():
                await self.carrier.hang_up()
            case Drop():
                await self.carrier.drop()

    async def _tick(self) -> int:
        """The next 20 ms pass and are listened to.  Raises `LineDead`, too when the caller's patience is over."""
        now = await self.carrier.tick()
        self._listen(now)
        if now > self.script.limit_s * RATE_HZ:
            await self.carrier.hang_up()
            raise LineDead
        return now

    def _listen(self, now: int) -> None:
        start = self.listener.heard_to
        if now > start:
            self.listener.listen(start, self.carrier.playback.heard(start, now))
        runs = self.listener.after(0)
        if not runs:
            return
        began, quiet = runs[-1]
        if not self.told and now - quiet < QUIET_EVENT_MS * PER_MS:
            self.told = True
            spoke = bool(self.uttered) and began >= self.last_end
            self.on_event(AgentHeard(_ms(began), _ms(began - self.last_end) if spoke else None))
        elif self.told and now - quiet >= QUIET_EVENT_MS * PER_MS:
            self.told = False
            self.on_event(AgentQuiet(_ms(quiet)))

    async def _pass(self, ms: int) -> None:
        until = self.carrier.now() + ms * PER_MS
        while await self._tick() < until:
            pass

    async def _speak(self, pcm: Int16, as_: UtteredAs, at: int | None = None) -> None:
        after = max((piece.end for piece in self.turn), default=0)
        start = self.carrier.mouth.say(max(self.carrier.now() if at is None else at, after), pcm)
        if not self.turn:
            self.on_event(CallerBegan(_ms(start), as_))
        piece = Piece(start, pcm)
        self.turn.append(piece)
        while await self._tick() < piece.end:
            pass

    def _close_turn(self, as_: UtteredAs) -> None:
        """What was said since the last step of another kind was one turn."""
        if not self.turn:
            return
        uttered = Uttered(as_, tuple(self.turn))
        self.turn = []
        self.uttered.append(uttered)
        start, pcm = uttered.sound()
        runs = audible_runs(pcm)
        if runs and as_ is not UtteredAs.MMHM:
            self.last_end = start + runs[-1][1]
        self.on_event(CallerEnded(_ms(start + (runs[-1][1] if runs else len(pcm))), as_))

    async def _over_reply(self, n: int, after_ms: int, sound: Say | SayFile, timeout_ms: int, as_: UtteredAs) -> None:
        pcm = self.sounds[sound]
        deadline = self.carrier.now() + timeout_ms * PER_MS
        while (began := self._reply_began()) is None:
            if await self._tick() > deadline:
                self._in_vain(n)
                return
        at = began + after_ms * PER_MS
        while await self._tick() < at:
            pass
        await self._speak(pcm, as_, at)
        self._close_turn(as_)

    async def _wait(self, n: int, wait: Wait) -> None:
        deadline = self.carrier.now() + wait.timeout_ms * PER_MS
        while not self._come(wait):
            if await self._tick() > deadline:
                self._in_vain(n)
                return

    def _come(self, wait: Wait) -> bool:
        now, quiet = self.listener.heard_to, self.listener.quiet_since()
        is_quiet = now - quiet >= wait.quiet_ms * PER_MS and self.carrier.playback.tail <= now
        match wait.what:
            case WaitFor.GREETING_END:
                return quiet > 0 and is_quiet
            case WaitFor.REPLY_START:
                return self._reply_began(wait.min_ms) is not None
            case WaitFor.REPLY_END:
                return is_quiet and self._reply_began(wait.min_ms) is not None
            case WaitFor.QUIET:
                return is_quiet
            case WaitFor.CLOSED:
                return False

    def _reply_began(self, min_ms: int = 0) -> int | None:
        """When the agent was first heard after the caller's last turn, once there is so much of it."""
        runs = self.listener.after(self.last_end)
        if sum(end - max(start, self.last_end) for start, end in runs) < max(1, min_ms * PER_MS):
            return None
        return max(runs[0][0], self.last_end)

    def _in_vain(self, step: int) -> None:
        self.timeouts.append(step)
        self.on_event(WaitedInVain(_ms(self.carrier.now()), step))


def prepared(script: Script, voices: Voices) -> dict[Say | SayFile, Int16]:
    """All that the script's caller will say, so that nothing is found missing in the middle of a call.

    Raises `VoiceMissing` and `WavRefused`.
    """
    said = [step.sound if isinstance(step, BargeIn | MmHm) else step for step in script.steps]
    sounds = {}
    for sound in said:
        if isinstance(sound, Say | SayFile):
            if isinstance(sound, SayFile):
                pcm = read_wav(sound.path)
            else:
                pcm = voices.say(script.voice, sound.text, sound.pause_ms)
            sounds[sound] = pcm if sound.cut_after_ms is None else pcm[: sound.cut_after_ms * PER_MS]
    return sounds


def _ms(samples: int) -> float:
    return round(samples / PER_MS, 1)


async def call(
    stream: Stream,
    script: Script,
    *,
    voices: Voices | None = None,
    conditions: Conditions | None = None,
    recorded_noise: Int16 | None = None,
    classify: Classify = all_answers,
    on_event: Callable[[LiveEvent], None] = _ignore,
    ids: Ids | None = None,
) -> Held:
    """Follow the script on one stream.  Raises `StreamRefused`, `VoiceMissing` and `WavRefused`."""
    sounds = prepared(script, voices or Voices())
    async with dialled(stream, ids=ids, conditions=conditions, recorded=recorded_noise) as carrier:
        caller = _Call(carrier, script, sounds, on_event)
        finished = await caller.follow()
        if carrier.now() > script.limit_s * RATE_HZ:
            finished = False
    caller._close_turn(UtteredAs.TURN)  # noqa: SLF001  # the line died in the middle of it
    assert carrier.ending is not None
    on_event(StreamEnded(_ms(carrier.ended_at), carrier.ending))
    playback, end = carrier.playback, carrier.ended_at
    recording = Recording(
        uttered=tuple(cut for uttered in caller.uttered if (cut := _cut(uttered, end)) is not None),
        heard=playback.heard(0, end),
        spans=tuple((start, min(stop, end)) for start, stop in playback.spans() if start < end),
        marks=tuple(carrier.marks),
        clears=playback.clears,
    )
    measured = await asyncio.to_thread(measure, recording, script.name, classify)  # other calls of this loop go on
    report = dataclasses.replace(
        measured,
        ending=carrier.ending.value,
        close_code=carrier.close_code,
        finished=finished,
        timeouts=tuple(caller.timeouts),
        violations={violation.value: n for violation, n in carrier.violations.items()},
        sent_late_ms=round(carrier.sent_late_ms, 1),
    )
    return Held(report, recording, carrier.mouth.sent()[:end])


def _cut(uttered: Uttered, end: int) -> Uttered | None:
    """What of it was said before the line ended."""
    pieces = tuple(Piece(p.start, np.asarray(p.pcm[: end - p.start])) for p in uttered.pieces if p.start < end)
    return Uttered(uttered.as_, pieces) if pieces else None


class NotConnected(Exception):
    """The webhook did not connect the call to a stream.  `verbs` is what it said instead (busy, no such number)."""

    def __init__(self, verbs: tuple[Verb, ...]) -> None:
        super().__init__("the voice webhook did not connect the call to a media stream")
        self.verbs = verbs


async def phone(
    webhooks: Webhooks,
    script: Script,
    *,
    number: str = "+15550100123",
    called: str = "+15550100999",
    voices: Voices | None = None,
    conditions: Conditions | None = None,
    recorded_noise: Int16 | None = None,
    classify: Classify = all_answers,
    on_event: Callable[[LiveEvent], None] = _ignore,
    extra: Mapping[str, str] | None = None,
) -> Held:
    """Dial: ask the voice webhook, hold the stream it names, then ask its `action` what comes after.

    The `action` is asked when the agent ended the stream or the network did; a caller who hung up is gone.
    Raises what `call` and `Webhooks.ask` raise, and `NotConnected`.
    """
    ids = Ids.fresh()
    caller = Caller(ids.call_sid, ids.account_sid, number, called)
    verbs = await webhooks.ask(webhooks.url, caller.form(**(extra or {})))
    connect = next((verb for verb in verbs if isinstance(verb, ConnectStream)), None)
    if connect is None:
        raise NotConnected(verbs)
    same_server = urlsplit(connect.url).netloc == urlsplit(webhooks.url).netloc
    at = webhooks.at if same_server else None  # another host of the TwiML is reached as it is named
    held = await call(
        Stream(connect.url, connect.parameters, webhooks.auth_token, at, webhooks.tls),
        script,
        voices=voices,
        conditions=conditions,
        recorded_noise=recorded_noise,
        classify=classify,
        on_event=on_event,
        ids=ids,
    )
    if connect.action is None or held.report.ending == Ending.HUNG_UP.value:
        return held
    after = await webhooks.ask(connect.action, caller.form(CallStatus="in-progress"))
    names = tuple(type(verb).__name__ for verb in after)
    return dataclasses.replace(held, after=after, report=dataclasses.replace(held.report, after=names))


__all__ = [
    "AgentHeard",
    "AgentQuiet",
    "CallerBegan",
    "CallerEnded",
    "Held",
    "KeyPressed",
    "LiveEvent",
    "NotConnected",
    "StreamEnded",
    "StreamRefused",
    "WaitedInVain",
    "call",
    "phone",
]

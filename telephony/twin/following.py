"""A person who follows a script on a running call, by ear.  What she speaks into and hears from is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from telephony.audio import RATE_HZ, Int16
from telephony.twin.hearing import Listener, audible_runs
from telephony.twin.line import Line, LineDead
from telephony.twin.measure import PER_MS, Uttered, UtteredAs
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
from telephony.twin.voices import Voices
from telephony.twin.wav import read_wav


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


Followed = CallerBegan | CallerEnded | AgentHeard | AgentQuiet | KeyPressed | WaitedInVain
"""What a watcher is told while the script is followed: times and kinds, never a word."""


QUIET_EVENT_MS: Final = 400  # a watcher is told "quiet" after this


def ignore(_: Followed) -> None:
    return None


@dataclass(slots=True)
class Follower:
    """One person in one call."""

    line: Line
    script: Script
    sounds: Mapping[Say | SayFile, Int16]
    on_event: Callable[[Followed], None] = ignore
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
        self.close_turn(UtteredAs.TURN)
        return True

    async def _do(self, n: int, step: Step) -> None:
        match step:
            case Say() | SayFile():
                await self._speak(self.sounds[step], UtteredAs.TURN)
                return
            case Pause(ms):
                await self._pass(ms)
                return
        self.close_turn(UtteredAs.TURN)
        match step:
            case Wait():
                await self._wait(n, step)
            case BargeIn(after_ms, sound, timeout_ms):
                await self._over_reply(n, after_ms, sound, timeout_ms, UtteredAs.BARGE_IN)
            case MmHm(after_ms, sound, timeout_ms):
                await self._over_reply(n, after_ms, sound, timeout_ms, UtteredAs.MMHM)
            case Key(digit):
                await self.line.press(digit)
                self.on_event(KeyPressed(in_ms(self.line.now())))
            case Silence(ms):
                await self._pass(ms)
            case Stall():
                self.line.stall()
            case HangUp():
                await self.line.hang_up()
            case Drop():
                await self.line.drop()

    async def _tick(self) -> int:
        """The next 20 ms pass and are listened to.  Raises `LineDead`, too when the caller's patience is over."""
        now = await self.line.tick()
        self._listen(now)
        if now > self.script.limit_s * RATE_HZ:
            await self.line.hang_up()
            raise LineDead
        return now

    def _listen(self, now: int) -> None:
        start = self.listener.heard_to
        if now > start:
            self.listener.listen(start, self.line.heard(start, now))
        runs = self.listener.after(0)
        if not runs:
            return
        began, quiet = runs[-1]
        if not self.told and now - quiet < QUIET_EVENT_MS * PER_MS:
            self.told = True
            spoke = bool(self.uttered) and began >= self.last_end
            self.on_event(AgentHeard(in_ms(began), in_ms(began - self.last_end) if spoke else None))
        elif self.told and now - quiet >= QUIET_EVENT_MS * PER_MS:
            self.told = False
            self.on_event(AgentQuiet(in_ms(quiet)))

    async def _pass(self, ms: int) -> None:
        until = self.line.now() + ms * PER_MS
        while await self._tick() < until:
            pass

    async def _speak(self, pcm: Int16, as_: UtteredAs, at: int | None = None) -> None:
        after = max((piece.end for piece in self.turn), default=0)
        start = self.line.utter(max(self.line.now() if at is None else at, after), pcm)
        if not self.turn:
            self.on_event(CallerBegan(in_ms(start), as_))
        piece = Piece(start, pcm)
        self.turn.append(piece)
        while await self._tick() < piece.end:
            pass

    def close_turn(self, as_: UtteredAs) -> None:
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
        self.on_event(CallerEnded(in_ms(start + (runs[-1][1] if runs else len(pcm))), as_))

    async def _over_reply(self, n: int, after_ms: int, sound: Say | SayFile, timeout_ms: int, as_: UtteredAs) -> None:
        pcm = self.sounds[sound]
        deadline = self.line.now() + timeout_ms * PER_MS
        while (began := self._reply_began()) is None:
            if await self._tick() > deadline:
                self._in_vain(n)
                return
        at = began + after_ms * PER_MS
        while await self._tick() < at:
            pass
        await self._speak(pcm, as_, at)
        self.close_turn(as_)

    async def _wait(self, n: int, wait: Wait) -> None:
        deadline = self.line.now() + wait.timeout_ms * PER_MS
        while not self._come(wait):
            if await self._tick() > deadline:
                self._in_vain(n)
                return

    def _come(self, wait: Wait) -> bool:
        now, quiet = self.listener.heard_to, self.listener.quiet_since()
        is_quiet = now - quiet >= wait.quiet_ms * PER_MS and not self.line.more_comes()
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
        self.on_event(WaitedInVain(in_ms(self.line.now()), step))


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


def in_ms(samples: int) -> float:
    """Milliseconds, to a tenth."""
    return round(samples / PER_MS, 1)

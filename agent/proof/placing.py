"""Canary calls: a synthetic patient says who she is, and hears it said back.  Nothing of it may stay."""

from __future__ import annotations

import asyncio
import time
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from agent.engines.models import activity_file, recogniser_files, voice_files
from agent.engines.piper import Voice
from agent.engines.ports import Speech
from agent.engines.silero import Silero
from agent.engines.voicing import telephone
from agent.engines.whisper import Whisper, WhisperSettings
from agent.proof.alike import LEAST_WORDS, is_of, shared
from agent.proof.canary import Canary
from agent.proof.faults import Step, Trouble, lacking
from agent.proof.provider import Provider
from agent.proof.sound import SoundNeedle, sound_needles
from agent.spoken import spoken
from telephony import g711
from telephony.audio import FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.caller import CallerBegan, Held, LiveEvent, NotConnected, StreamRefused, phone
from telephony.twin.hearing import audible_runs, is_audible
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.script import QUIET_MS, HangUp, SayFile, Script, Wait, WaitFor
from telephony.twin.twiml_reader import Verb
from telephony.twin.wav import read_wav
from telephony.twin.webhook import WebhookFailed, Webhooks

REPLY_MS: Final = 60_000
FAULTY_REPLY_MS: Final = 25_000  # whoever gets no answer hangs up
ANSWER_MS: Final = 2_500  # shorter sounds are fillers
FAULTY_ANSWER_MS: Final = 1_500  # that it does not know, or that a person is called
LIMIT_S: Final = 120
BREATH_MS: Final = 300
PER_MS: Final = RATE_HZ // 1000
CONTROL_AFTER_S: Final = 3.0  # of her speaking: so much of her sound is then in the line's memory


@dataclass(frozen=True, slots=True)
class Studio:
    """The canaries' voice, and the ear that hears whether they were spoken back."""

    voice: Voice
    ear: Whisper

    @classmethod
    def open(cls) -> Studio:
        """Blocks for a few seconds.  Raises `ModelFileWrong`, `EngineFailed`."""
        files = voice_files("joe", only_checked=True)
        ear = Whisper(recogniser_files("base", only_checked=True), WhisperSettings(), Silero(activity_file()))
        return cls(Voice(files.model, files.config), ear)

    def say(self, sentence: str, path: Path) -> None:
        """Writes the sentence as a telephone's sound."""
        sound = telephone(self.voice.pronounce(spoken(sentence)), self.voice.rate_hz, sentence)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(sound.tobytes())

    def words(self, sound: Int16) -> str:
        """What is heard in a sound."""
        quiet = np.zeros(BREATH_MS * RATE_HZ // 1000, np.int16)
        return self.ear.hear(Speech(np.concatenate([quiet, sound, quiet])), None).said.words.reveal()


@dataclass(frozen=True)
class Overheard(Webhooks):
    """The carrier's webhooks, with a copy of every answer.

    Where a line is gone that had taken the call, there is nothing more to do: that is no error here.
    """

    answers: list[bytes] = field(default_factory=list)
    sids: dict[str, str] = field(default_factory=dict)
    """The number of who calls -> the carrier's id of the call."""

    async def ask(self, url: str, form: Mapping[str, str]) -> tuple[Verb, ...]:
        first = url == self.url
        self.sids[form["From"]] = form["CallSid"]
        try:
            return await super().ask(url, form)
        except WebhookFailed:
            if first:
                raise
            return ()

    def _fetched(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        status, body = super()._fetched(url, form)
        self.answers.append(body)
        return status, body


@dataclass(frozen=True, slots=True)
class Placed:
    """One canary call."""

    patient: Canary
    fault: Trouble | None
    seen: frozenset[Step]
    heard: str
    """What the line made of her words, as the provider was sent it: needles."""
    sounds: tuple[SoundNeedle, ...]
    """Hers, and the agent's."""
    requests: tuple[bytes, ...]
    """To the provider, that hold her words."""
    answer: str
    """The agent's sound, recognised."""
    answer_sound: bytes
    """The same as mu-law."""
    lane: int
    began_s: float
    ended_s: float
    marks: tuple[str, ...] = ()
    """What the line named its sounds to the carrier."""
    sid: str = ""
    """The carrier's id of the call; empty where none was placed."""

    @property
    def identities(self) -> tuple[str, ...]:
        """What names her, as it was sent or said."""
        return tuple(filter(None, (self.sid, f"+1{self.patient.phone}", self.patient.record, self.patient.name)))

    @property
    def number(self) -> int:
        return self.patient.number

    @property
    def lacks(self) -> tuple[Step, ...]:
        return lacking(self.seen, self.fault)

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "fault": self.fault.value if self.fault else None,
            "counted": not self.lacks,
            "seen": sorted(step.value for step in self.seen),
            "lacks": [step.value for step in self.lacks],
        }


def script(wav: Path, fault: Trouble | None) -> Script:
    reply_ms, answer_ms = (FAULTY_REPLY_MS, FAULTY_ANSWER_MS) if fault else (REPLY_MS, ANSWER_MS)
    if fault in (Trouble.STRAY, Trouble.BUS_GONE):
        reply_ms, answer_ms = REPLY_MS, ANSWER_MS
    return Script(
        name="canary",
        voice="slt",
        steps=(
            Wait(WaitFor.GREETING_END, REPLY_MS, QUIET_MS),
            SayFile(wav),
            Wait(WaitFor.REPLY_END, reply_ms, QUIET_MS, answer_ms),
            HangUp(),
        ),
        limit_s=LIMIT_S,
    )


@dataclass(slots=True)
class Switchroom:
    """What calls are placed with."""

    studio: Studio
    webhooks: Overheard
    called: str
    folder: Path
    provider: Provider
    ear: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One recording is listened to at a time: the line needs the machine more."""

    async def place(
        self, canary: Canary, fault: Trouble | None, lane: int, on_sound: Callable[[Int16], None] | None = None
    ) -> Placed:
        """Dial, speak, listen.  on_sound: told once, while she speaks, what has gone over the line of it."""
        wav = self.folder / f"canary-{canary.number}.wav"
        await asyncio.to_thread(self.studio.say, canary.sentence(), wav)
        self.provider.on_the_line.append(canary)
        if fault is not None:
            self.provider.faults[canary.number] = fault
        began_s = time.monotonic()
        held = None
        try:
            held = await phone(
                self.webhooks,
                script(wav, fault),
                number=f"+1{canary.phone}",
                called=self.called,
                on_event=_told(wav, on_sound) if on_sound else _deaf,
            )
        except (NotConnected, StreamRefused, WebhookFailed):
            held = None  # the line took no call: this one lacks everything
        ended_s = time.monotonic()
        self.provider.on_the_line.remove(canary)
        wav.unlink()
        return await self._placed(canary, fault, held, lane, (began_s, ended_s))

    async def _placed(
        self, canary: Canary, fault: Trouble | None, held: Held | None, lane: int, time_s: tuple[float, float]
    ) -> Placed:
        asked = self.provider.of(canary.number)
        heard = " ".join(dict.fromkeys(each.said for each in asked))
        answer = held.heard_after(0) if held is not None and held.report.turns else np.zeros(0, np.int16)
        async with self.ear:
            back = await asyncio.to_thread(self.studio.words, answer) if is_audible(answer) else ""
        seen = {Step.REACHED} if asked else set()
        if is_of(canary, heard):
            seen.add(Step.RECOGNISED)
        if sum(end - start for start, end in audible_runs(answer)) >= FAULTY_ANSWER_MS * PER_MS:
            seen.add(Step.SPOKEN)
        if shared(heard, back) >= LEAST_WORDS and is_of(canary, back):
            seen.add(Step.FOUND)
        hers = sound_needles(f"{canary.number} her sound", held.spoken) if held else []
        agents = sound_needles(f"{canary.number} the agent's sound", her_words(answer)) if Step.FOUND in seen else []
        return Placed(
            patient=canary,
            fault=fault,
            seen=frozenset(seen),
            heard=heard,
            sounds=(*hers, *agents),
            requests=tuple(each.body for each in asked),
            answer=back,
            answer_sound=g711.encode(answer),
            lane=lane,
            began_s=time_s[0],
            ended_s=time_s[1],
            marks=tuple(mark.name for mark in held.recording.marks) if held else (),
            sid=self.webhooks.sids.get(f"+1{canary.phone}", ""),
        )


def her_words(answer: Int16) -> Int16:
    """The part of the agent's answer that surely says her words: what it says of itself is held for good.

    From the beginning of a frame.
    """
    runs = audible_runs(answer)
    first, last = runs[0][0], runs[-1][1]
    start = first + (last - first) * 2 // 5
    return answer[start - start % FRAME_SAMPLES : first + (last - first) * 9 // 10]


def _deaf(_: LiveEvent) -> None:
    return None


def _told(wav: Path, on_sound: Callable[[Int16], None]) -> Callable[[LiveEvent], None]:
    """Tells of her sound, with the line's own noise in it, a while after she began."""

    def heard(event: LiveEvent) -> None:
        if isinstance(event, CallerBegan):
            start = round(event.at_ms * PER_MS)
            sound = on_the_line(read_wav(wav)[: int(CONTROL_AFTER_S * RATE_HZ)], start)
            asyncio.get_running_loop().call_later(CONTROL_AFTER_S + 0.5, on_sound, sound)

    return heard


def on_the_line(pcm: Int16, start: int) -> Int16:
    """What goes out of her microphone for this, from the beginning of the frame in which it starts."""
    first = start - start % FRAME_SAMPLES
    sound = Floor(Conditions()).between(first, start + len(pcm)).astype(np.float64)
    sound[start - first :] += pcm
    return np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)

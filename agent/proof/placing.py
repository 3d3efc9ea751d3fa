"""Canary calls: a synthetic patient says who she is, and hears it said back.  Nothing of it may stay."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from agent.engines.models import activity_file, recogniser_files, voice_files
from agent.engines.piper import Voice
from agent.engines.ports import Speech
from agent.engines.silero import Silero
from agent.engines.voicing import telephone
from agent.engines.whisper import Whisper, WhisperSettings
from agent.proof.canary import Canary
from agent.spoken import spoken
from telephony.audio import RATE_HZ, Int16
from telephony.twin.caller import Held, phone
from telephony.twin.script import QUIET_MS, HangUp, SayFile, Script, Wait, WaitFor
from telephony.twin.webhook import Webhooks

REPLY_MS: Final = 60_000
ANSWER_MS: Final = 2_500  # shorter sounds are fillers
LIMIT_S: Final = 150
LEAST_WORDS: Final = 6  # in a row, as they were heard by the line and again from its own voice
BREATH_MS: Final = 300


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
    """The carrier's webhooks, with a copy of every answer."""

    answers: list[bytes] = field(default_factory=list)

    def _post(self, url: str, form: object) -> tuple[int, str]:
        status, body = super()._post(url, form)  # type: ignore[arg-type]  # as the base declares it
        self.answers.append(body.encode())
        return status, body


@dataclass(frozen=True, slots=True)
class Placed:
    """One canary call."""

    number: int
    recognised: bool
    """The line heard words of hers: they reached the provider."""
    spoken_back: bool
    """They were found again in the agent's own sound."""
    heard: str
    """What the line made of her words: a needle."""

    @property
    def counts(self) -> bool:
        return self.recognised and self.spoken_back


def script(wav: Path) -> Script:
    return Script(
        name="canary",
        voice="slt",
        steps=(
            Wait(WaitFor.GREETING_END, REPLY_MS, QUIET_MS),
            SayFile(wav),
            Wait(WaitFor.REPLY_END, REPLY_MS, QUIET_MS, ANSWER_MS),
            HangUp(),
        ),
        limit_s=LIMIT_S,
    )


async def place(
    canary: Canary, studio: Studio, webhooks: Webhooks, called: str, folder: Path, heard: Sequence[str]
) -> tuple[Placed, Held]:
    """Dial, speak, listen.  heard: what the provider has been sent so far; it grows during the call."""
    wav = folder / f"canary-{canary.number}.wav"
    await asyncio.to_thread(studio.say, canary.sentence(), wav)
    before = len(heard)
    held = await phone(webhooks, script(wav), called=called)
    sent = " ".join(list(heard)[before:])
    back = await asyncio.to_thread(studio.words, held.heard_after(0)) if held.report.turns else ""
    return Placed(canary.number, bool(sent), shares_words(sent, back), sent), held


def shares_words(one: str, other: str) -> bool:
    """So many of the same words in a row, whatever the signs between them."""
    first, second = _plain(one), _plain(other)
    runs = {tuple(first[at : at + LEAST_WORDS]) for at in range(len(first) - LEAST_WORDS + 1)}
    return any(tuple(second[at : at + LEAST_WORDS]) in runs for at in range(len(second) - LEAST_WORDS + 1))


def _plain(text: str) -> list[str]:
    return "".join(sign if sign.isalnum() else " " for sign in text.lower()).split()

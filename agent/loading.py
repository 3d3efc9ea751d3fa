"""The models of the process, loaded once, and every agent made ready on them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent.engines.alarm import load_reader, load_weigher
from agent.engines.minilm import load_meaning
from agent.engines.models import DEFAULT_RECOGNISER, DEFAULT_VOICE, activity_file, recogniser_files, voice_files
from agent.engines.piper import PiperSpeech, Voice
from agent.engines.silero import Silero
from agent.engines.synthesis import SpeechPool
from agent.engines.whisper import WhisperPool, WhisperSettings
from agent.judge import today
from agent.lines import Agent, Lines
from agent.prepare import Prepared, prepare
from agent.settings import Settings
from policies.allowlist import Allowlist
from policies.meaning import Meaning
from policies.records import Engine
from policies.urgency import UrgencyReader
from policies.weighing import SpokenReader


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

"""The patients' voices, made when they are wanted and held in memory: Debian's flite, and Piper for Spanish."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from agent.engines.models import DEFAULT_VOICE, voice_files
from agent.engines.piper import Voice
from telephony.audio import RATE_HZ, Int16, resample
from telephony.twin.hearing import trimmed
from telephony.twin.voices import Voices, build
from tests.evaluation.patients import AYUDA, HOLA

SPANISH: Final = "es"
"""Piper's voice with the sounds of Spanish."""
SPANISH_FLITE: Final = "es-slt"
"""A voice of flite's that is given Spanish in the sounds of English."""
SOUNDS: Final[Mapping[str, str]] = {
    HOLA: "b w ey n aa s t aa r d ey s pau s eh n y ow r iy t aa pau f iy hh eh s ey k ey n ow aa b l ow iy ng l ey s",
    AYUDA: "p eh r d ow n ey pau "
    "n ow l ey eh n t y eh n d ow n aa d aa pau m ey p aa s aa k ow n uw n aa p eh r s ow n aa",
}


class Rendered(Voices):
    """Each sentence is rendered when it is first wanted."""

    def say(self, voice: str, text: str, pause_ms: int = 0) -> Int16:
        pause = np.zeros(pause_ms * RATE_HZ // 1000, np.int16)
        parts = _rendered(voice, text)
        return np.concatenate([*itertools.chain.from_iterable((part, pause) for part in parts[:-1]), parts[-1]])


@functools.cache  # our own sentences
def _rendered(voice: str, text: str) -> list[Int16]:
    if voice == SPANISH:
        spoken = _spanish()
        sound = np.rint(np.clip(spoken.pronounce(text), -1.0, 1.0) * 32_767.0).astype(np.int16)
        return [trimmed(build.telephone_band(resample(sound, spoken.rate_hz, RATE_HZ)))]
    if voice == SPANISH_FLITE:
        return build.render("slt", f"[{SOUNDS[text]}]")
    return build.render(voice, text)


@functools.cache
def _spanish() -> Voice:
    files = voice_files(DEFAULT_VOICE, only_checked=True)
    config: dict[str, Any] = {**files.config, "espeak": {**files.config["espeak"], "voice": SPANISH}}
    return Voice(files.model, config)

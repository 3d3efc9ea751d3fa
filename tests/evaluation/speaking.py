"""The patients' voices, made when they are wanted and held in memory: Debian's flite, for Spanish its espeak-ng and
Piper."""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from agent.engines.models import DEFAULT_VOICE, voice_files
from agent.engines.piper import Voice
from telephony.audio import RATE_HZ, Int16, resample
from telephony.twin.hearing import trimmed
from telephony.twin.voices import Voices, build
from telephony.twin.wav import read_wav

SPANISH: Final = "es"
"""Piper's voice with the sounds of Spanish."""
SPANISH_ESPEAK: Final = "es-espeak"
"""Debian's espeak-ng, in the Spanish of Latin America."""


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
    if voice == SPANISH_ESPEAK:
        return [trimmed(build.telephone_band(_espeak(text)))]
    return build.render(voice, text)


def _espeak(text: str) -> Int16:
    """Raises `BuildFailed`."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise build.BuildFailed("espeak-ng is not installed: apt-get install espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.wav")
        subprocess.run([program, "-v", "es-419", "-s", "150", "-w", str(path), text], check=True)
        return read_wav(path)


@functools.cache
def _spanish() -> Voice:
    files = voice_files(DEFAULT_VOICE, only_checked=True)
    config: dict[str, Any] = {**files.config, "espeak": {**files.config["espeak"], "voice": SPANISH}}
    return Voice(files.model, config)

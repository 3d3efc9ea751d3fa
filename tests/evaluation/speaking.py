"""The patients' voices, made when they are wanted and held in memory: Debian's flite, for Spanish its espeak-ng."""

from __future__ import annotations

import functools
import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.hearing import trimmed
from telephony.twin.voices import Voices, build
from telephony.twin.wav import read_wav

SPANISH: Final[Mapping[str, Sequence[str]]] = {
    "es-espeak": ("-v", "es-419", "-s", "150"),
    "es-espeak-deep": ("-v", "es", "-s", "140", "-p", "15"),
}
"""Voices of Debian's espeak-ng, of Latin America and of Spain, and what it is told for them."""


class Rendered(Voices):
    """Each sentence is rendered when it is first wanted."""

    def say(self, voice: str, text: str, pause_ms: int = 0) -> Int16:
        pause = np.zeros(pause_ms * RATE_HZ // 1000, np.int16)
        parts = _rendered(voice, text)
        return np.concatenate([*itertools.chain.from_iterable((part, pause) for part in parts[:-1]), parts[-1]])


@functools.cache  # our own sentences
def _rendered(voice: str, text: str) -> list[Int16]:
    if voice in SPANISH:
        return [trimmed(build.telephone_band(_espeak(SPANISH[voice], text)))]
    return build.render(voice, text)


def _espeak(how: Sequence[str], text: str) -> Int16:
    """Raises `BuildFailed`."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise build.BuildFailed("espeak-ng is not installed: apt-get install espeak-ng")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "said.wav")
        subprocess.run([program, *how, "-w", str(path), text], check=True)
        return read_wav(path)

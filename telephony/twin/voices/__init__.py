"""The patients' voices: sentences rendered ahead, looked up by their words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.wav import read_wav

SHIPPED: Final = Path(__file__).parent
"""Folder of the renderings in the repository; one folder a voice below it."""


class VoiceMissing(LookupError):
    """A sentence has not been rendered.  The message says how to do it and holds no word of it."""

    def __init__(self) -> None:
        super().__init__(
            "a sentence of the script has not been rendered: install flite, then run "
            "python -m telephony.twin.voices.build SCRIPT.toml"
        )


def file_name(voice: str, text: str) -> str:
    """`slt/may-i-take-a-shower-1a2b3c4d`: for the eye, and unique by voice and words."""
    slug = "-".join(re.findall(r"[a-z]+", text.lower())[:5])
    return f"{voice}/{slug}-{hashlib.sha256(f'{voice}|{text}'.encode()).hexdigest()[:8]}"


class Voices:
    """Rendered sentences in one or more folders; the first that has one wins."""

    def __init__(self, folders: Sequence[Path] = (SHIPPED,)) -> None:
        self._folders = tuple(folders)

    def say(self, voice: str, text: str, pause_ms: int = 0) -> Int16:
        """The sentence at 8 kHz; at each `|` of it a pause of this length.  Raises `VoiceMissing`."""
        parts = [self._part(voice, text, n) for n in range(text.count("|") + 1)]
        pause = np.zeros(pause_ms * RATE_HZ // 1000, np.int16)
        spoken = parts[:1]
        for part in parts[1:]:
            spoken += [pause, part]
        return np.concatenate(spoken)

    def _part(self, voice: str, text: str, n: int) -> Int16:
        for folder in self._folders:
            path = folder / f"{file_name(voice, text)}.{n}.wav"
            if path.exists():
                return read_wav(path)
        raise VoiceMissing

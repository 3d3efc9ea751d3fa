"""Sound on the telephone line: 8 kHz, mono, int16, in frames of 20 ms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

import numpy as np
import soxr
from numpy.typing import NDArray

from policies.phi import Sensitive

Int16 = NDArray[np.int16]
"""Mono PCM, shape (n,), full scale 32768."""

RATE_HZ: Final = 8_000  # the telephone's rate (Media Streams, mediaFormat.sampleRate)
FRAME_MS: Final = 20  # Twilio sends 20 ms of 8 kHz mu-law, 160 bytes (Media Streams, "media" message)
FRAME_SAMPLES: Final = RATE_HZ * FRAME_MS // 1000
SILENCE_DBFS: Final = -96.0  # 20 * log10(1 / 65536): below one step of int16


@final
class AudioFrame(Sensitive):
    """20 ms of the line's sound: exactly `FRAME_SAMPLES` samples."""

    __slots__ = ("_pcm",)

    def __init__(self, pcm: Int16) -> None:
        if pcm.shape != (FRAME_SAMPLES,) or pcm.dtype != np.int16:
            raise ValueError("a frame is 160 samples of int16")
        self._pcm = pcm

    def reveal(self) -> Int16:
        """The samples, shape (160,).  Not a copy: do not write into it."""
        return self._pcm


SILENCE: Final = AudioFrame(np.zeros(FRAME_SAMPLES, np.int16))


def frames_of(pcm: Int16) -> Iterator[AudioFrame]:
    """Cut into frames; the last one is filled up with silence."""
    for start in range(0, len(pcm), FRAME_SAMPLES):
        piece = pcm[start : start + FRAME_SAMPLES]
        if len(piece) < FRAME_SAMPLES:
            piece = np.concatenate([piece, np.zeros(FRAME_SAMPLES - len(piece), np.int16)])
        yield AudioFrame(np.ascontiguousarray(piece))


def resample(pcm: Int16, from_hz: int, to_hz: int) -> Int16:
    """The same sound at another rate, anti-aliased.

    pcm: mono, shape (n,).  Returns shape (about n * to_hz / from_hz,).
    soxr "HQ" holds aliases below -80 dB; linear interpolation and audioop do not filter at all.
    """
    if from_hz == to_hz:
        return pcm
    return np.ascontiguousarray(soxr.resample(pcm, from_hz, to_hz, quality="HQ"), dtype=np.int16)


def level_dbfs(pcm: Int16) -> float:
    """Root mean square against full scale; `SILENCE_DBFS` for digital silence."""
    if not len(pcm):
        return SILENCE_DBFS
    x = pcm.astype(np.float32)
    power = float(np.dot(x, x)) / len(x) / 32768.0**2
    return max(SILENCE_DBFS, 10.0 * float(np.log10(power))) if power > 0 else SILENCE_DBFS

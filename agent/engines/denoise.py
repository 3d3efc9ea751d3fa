"""Speech with less of a steady noise behind it, for the recogniser alone.  Pure.

A Wiener filter that takes away little: what it would take away more, it would take from the words too, and Whisper was
trained on noise.  The noise is what a turn holds where nobody speaks, so nothing outlives the turn.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import FRAME_SAMPLES, SILENCE_DBFS, Int16

WINDOW: Final = 256  # samples, 32 ms
HOP: Final = WINDOW // 4
LEAST_GAIN: Final = 0.4  # docs/decisions/0002-recogniser.md, for this and the rest
QUIET_SHARE: Final = 0.2  # of the frames: in a turn with its pauses at least so many hold no voice in a band
OVER_QUIET: Final = 2.0  # the mean of noise lies above its quiet share
MEMORY: Final = 0.92  # decision-directed (Ephraim and Malah, 1984): without it the rest of the noise would ring
SMOOTH_FRAMES: Final = 5
SMOOTH_BANDS: Final = 5
LEAST_FRAMES: Final = 25  # 200 ms; less tells nothing of the noise

Floats = NDArray[np.float64]


def floor_dbfs(pcm: Int16) -> float:
    """The level that one in ten stretches of 60 ms stays below; `SILENCE_DBFS` for nothing.

    pcm: shape (n,), 8 kHz.
    """
    frames = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float64).reshape(-1, FRAME_SAMPLES) / 32768.0
    if len(frames) < 3:
        return SILENCE_DBFS
    levels = 10.0 * np.log10(np.mean(frames * frames, axis=1) + 10.0 ** (SILENCE_DBFS / 10.0))
    return float(np.quantile(np.convolve(levels, np.full(3, 1 / 3), "valid"), 0.1))


def quieted(pcm: Int16) -> Int16:
    """The same sound, as long, with a steady noise up to 8 dB lower.  pcm: shape (n,), 8 kHz."""
    taper = np.sqrt(np.hanning(WINDOW + 1)[:-1])
    padded = np.pad(pcm.astype(np.float64), (WINDOW, WINDOW + HOP))
    spectra = np.fft.rfft(taper * np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP])
    if len(spectra) < LEAST_FRAMES:
        return pcm
    frames = np.fft.irfft(spectra * _gains(np.abs(spectra) ** 2)) * taper
    sound, weight = np.zeros(len(padded)), np.zeros(len(padded))
    for number, frame in enumerate(frames):
        at = number * HOP
        sound[at : at + WINDOW] += frame
        weight[at : at + WINDOW] += taper * taper
    whole = (sound / np.maximum(weight, 1e-3))[WINDOW : WINDOW + len(pcm)]
    return np.clip(np.round(whole), -32768, 32767).astype(np.int16)


def _gains(power: Floats) -> Floats:
    """power: shape (frames, bands)."""
    noise = _noise(power)
    gains = np.empty_like(power)
    before = np.ones(power.shape[1])
    for number, frame in enumerate(power):
        over = frame / noise
        likely = MEMORY * before + (1 - MEMORY) * np.maximum(over - 1, 0)
        gains[number] = np.maximum(likely / (1 + likely), LEAST_GAIN)
        before = gains[number] ** 2 * over
    return gains


def _noise(power: Floats) -> Floats:
    """Mean power of the noise in each band, shape (bands,)."""
    edge = WINDOW // HOP  # the padding is no part of the line
    summed = np.cumsum(power[edge:-edge], axis=0)
    smooth = (summed[SMOOTH_FRAMES:] - summed[:-SMOOTH_FRAMES]) / SMOOTH_FRAMES
    quiet = np.quantile(smooth, QUIET_SHARE, axis=0) * OVER_QUIET
    wide = np.pad(quiet, SMOOTH_BANDS // 2, mode="edge")
    return np.convolve(wide, np.full(SMOOTH_BANDS, 1 / SMOOTH_BANDS), "valid") + 1e-9

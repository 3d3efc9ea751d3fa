"""A voice's raw sound -> sound fit for the telephone: rate, level, silence at both ends.  Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import RATE_HZ, Int16, resample

ACTIVE_DBFS: Final = -20.0  # 6 dB over the -26 dBov active level of ITU-T P.56: our callers are often old or ill
PEAK: Final = 0.80  # -2 dBFS: above it the sound is bent, never cut; leaves room for mu-law's top segment
KNEE: Final = 0.55
MAX_GAIN_DB: Final = 24.0
HOP: Final = RATE_HZ // 200  # 5 ms
SPEECH_BELOW_PEAK_DB: Final = 34.0  # joe-medium: onsets of t, s, h lie 25-32 dB below the loudest hop, its hush 45
LEAD_IN_MS: Final = 10  # kept before the first audible hop, so that a soft consonant is not bitten off
FADE_MS: Final = 4
CLAUSE_MS: Final = 80
SENTENCE_MS: Final = 220
BREATH_MS: Final = 30  # a break that the writer did not mark
SENTENCE_ENDS: Final = ".!?"
CLAUSE_ENDS: Final = ",;:"


def pause_ms(text: str) -> int:
    """How long the voice rests after `text`, by its last sign."""
    last = text.rstrip("\"')]} \u201d\u2019")[-1:]
    if last and last in SENTENCE_ENDS:
        return SENTENCE_MS
    return CLAUSE_MS if last and last in CLAUSE_ENDS else BREATH_MS


def telephone(sound: NDArray[np.float32], rate_hz: int, text: str) -> Int16:
    """Sound at `RATE_HZ`, its speech at `ACTIVE_DBFS`, peaks below `PEAK`, hush cut off in front and set by
    punctuation behind.

    sound: mono, shape (n,), about -1..1.  Returns shape (m,); empty where nothing is audible.
    """
    line = resample(np.rint(np.clip(sound, -1.0, 1.0) * 32767.0).astype(np.int16), rate_hz, RATE_HZ)
    x = line.astype(np.float32) / 32768.0
    power = _hop_power(x)
    audible = np.flatnonzero(power > max(float(power.max(initial=0.0)) * 10 ** (-SPEECH_BELOW_PEAK_DB / 10), 1e-9))
    if not len(audible):
        return np.zeros(0, np.int16)
    start = max(0, int(audible[0]) * HOP - LEAD_IN_MS * RATE_HZ // 1000)
    end = min(len(x), int(audible[-1] + 1) * HOP + FADE_MS * RATE_HZ // 1000)
    active_db = 10.0 * float(np.log10(power[audible].mean()))
    gain = 10 ** (min(ACTIVE_DBFS - active_db, MAX_GAIN_DB) / 20)
    y = _faded(_limited(x[start:end] * np.float32(gain)))
    rest = np.zeros(pause_ms(text) * RATE_HZ // 1000, np.int16)
    return np.concatenate([np.rint(y * 32767.0).astype(np.int16), rest])


def _hop_power(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean power of each whole hop, shape (len(x) // HOP,)."""
    hops = x[: len(x) // HOP * HOP].reshape(-1, HOP)
    return np.asarray((hops * hops).mean(axis=1), np.float32)


def _limited(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Straight up to `KNEE`, bent towards `PEAK` beyond it."""
    room = PEAK - KNEE
    over = np.maximum(np.abs(x) - KNEE, 0.0)
    return np.asarray(np.sign(x) * (np.minimum(np.abs(x), KNEE) + room * np.tanh(over / room)), np.float32)


def _faded(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """No click at either end."""
    n = min(FADE_MS * RATE_HZ // 1000, len(x) // 2)
    ramp = np.linspace(0.0, 1.0, n, dtype=np.float32)
    x[:n] *= ramp
    x[len(x) - n :] *= ramp[::-1]
    return x

"""What a telephone line adds to a voice: noise, the agent's own echo, lost packets, jitter.  Pure, seeded."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telephony.audio import FRAME_MS, RATE_HZ, Int16

Float = NDArray[np.float64]

SPEECH_DBFS: Final = -22.0  # level of the rendered voices while they speak; ITU-T P.56 speech sits near -26 to -20
COMFORT_DBFS: Final = -66.0  # a quiet line is not digital silence; comfort noise (RFC 3389) is about this low
LOOP_S: Final = 30  # noise repeats after this; long enough that no recogniser learns it
BAND_HZ: Final = (300.0, 3_400.0)  # the telephone band, ITU-T G.712


class NoiseKind(enum.Enum):
    """Where the caller stands."""

    ROOM = "room"
    """A fan or a street: steady, falling with frequency."""
    BABBLE = "babble"
    """Many people talking: noise shaped like speech and moving at the rate of syllables."""
    CLATTER = "clatter"
    """A kitchen: short bright knocks over a low floor."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How bad the line is.  The default is a clean one."""

    noise_snr_db: float | None = None
    noise_kind: NoiseKind = NoiseKind.BABBLE
    echo_db: float | None = None
    """The agent's voice comes back at this level, e.g. -20."""
    echo_delay_ms: int = 120
    loss: float = 0.0
    """Share of frames lost on the way; the carrier fills them with silence."""
    jitter_ms: float = 0.0
    """A frame reaches the agent up to this much late; order is kept, as on any WebSocket."""
    seed: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.loss < 1.0 or self.jitter_ms < 0.0 or self.echo_delay_ms < FRAME_MS:
            raise ValueError("loss is 0..1, jitter not negative, the echo at least one frame late")


def _shaped(rng: np.random.Generator, n: int, slope_db_per_octave: float) -> Float:
    """Noise in the telephone band whose spectrum falls by this much each octave; mean square 1."""
    hz = np.fft.rfftfreq(n, 1 / RATE_HZ)
    gain = np.zeros_like(hz)
    band = (hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1])
    gain[band] = 10 ** (-slope_db_per_octave * np.log2(hz[band] / BAND_HZ[0]) / 20)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * gain, n)
    return np.asarray(noise / np.sqrt(np.mean(noise**2)))


def _slow(rng: np.random.Generator, n: int, rate_hz: float) -> Float:
    """A random course between about 0 and 1 that turns this often a second."""
    knots = rng.random(int(n / RATE_HZ * rate_hz) + 2)
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots)


def noise(kind: NoiseKind, dbfs: float, seed: int, seconds: int = LOOP_S) -> Int16:
    """A loop of noise at a mean level.  Returns shape (seconds * 8000,)."""
    rng = np.random.default_rng(seed)
    n = seconds * RATE_HZ
    match kind:
        case NoiseKind.ROOM:
            sound = _shaped(rng, n, 6.0)
        case NoiseKind.BABBLE:
            sound = np.sum([_shaped(rng, n, 9.0) * _slow(rng, n, 4.0) for _ in range(8)], axis=0)
        case NoiseKind.CLATTER:
            sound = _shaped(rng, n, 6.0) * 0.15
            ring = np.exp(-np.arange(RATE_HZ // 8) / (RATE_HZ * 0.02))  # dies in about 60 ms
            for at in rng.integers(0, n - len(ring), size=seconds * 2):
                tone = np.sin(2 * np.pi * rng.uniform(900, 3_000) / RATE_HZ * np.arange(len(ring)))
                sound[at : at + len(ring)] += ring * tone * rng.uniform(1.0, 4.0)
    return at_level(sound, dbfs)


def at_level(sound: Float, dbfs: float) -> Int16:
    """The same sound with this root mean square; clipped at full scale."""
    rms = float(np.sqrt(np.mean(sound**2)))
    gain = 10 ** (dbfs / 20) * 32_768 / rms if rms else 0.0
    return np.clip(np.rint(sound * gain), -32_768, 32_767).astype(np.int16)


class Floor:
    """What is on the line when nobody speaks: comfort noise, or the noise of the conditions.

    recorded: a loop of real noise at 8 kHz to use instead of the synthetic kind; brought to the same level.
    """

    def __init__(self, conditions: Conditions, recorded: Int16 | None = None) -> None:
        snr = conditions.noise_snr_db
        if snr is None:
            self._loop = noise(NoiseKind.ROOM, COMFORT_DBFS, conditions.seed)
        elif recorded is not None:
            self._loop = at_level(recorded.astype(np.float64), SPEECH_DBFS - snr)
        else:
            self._loop = noise(conditions.noise_kind, SPEECH_DBFS - snr, conditions.seed)

    def between(self, start: int, end: int) -> Int16:
        return self._loop[np.arange(start, end) % len(self._loop)]


def lost(conditions: Conditions, frame: int) -> bool:
    """Is this frame lost?  The same answer each time."""
    return conditions.loss > 0 and bool(np.random.default_rng((conditions.seed, 1, frame)).random() < conditions.loss)


def late_ms(conditions: Conditions, frame: int) -> float:
    """How late this frame sets out."""
    if conditions.jitter_ms <= 0:
        return 0.0
    return float(np.random.default_rng((conditions.seed, 2, frame)).random() * conditions.jitter_ms)

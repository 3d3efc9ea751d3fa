"""A steady noise is taken down a little, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.denoise import floor_dbfs, quieted
from telephony.audio import RATE_HZ, SILENCE_DBFS, Int16, level_dbfs

SECONDS = 4


def hiss(dbfs: float, seconds: float = SECONDS, seed: int = 1) -> Int16:
    drawn = np.random.default_rng(seed).normal(0, 32_768 * 10 ** (dbfs / 20), int(seconds * RATE_HZ))
    return np.clip(drawn, -32_768, 32_767).astype(np.int16)


def tones(seconds: float = SECONDS) -> Int16:
    """Syllables: 200 ms of a voice's lower harmonics, 200 ms of nothing."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 150 * n * at) / n for n in range(1, 8))
    return np.asarray(3_000 * voice * (at % 0.4 < 0.2)).astype(np.int16)


def likeness(one: Int16, other: Int16) -> float:
    return float(np.corrcoef(one.astype(float), other.astype(float))[0, 1])


def test_a_steady_noise_loses_almost_eight_db() -> None:
    noise = hiss(-34.0)

    assert -41.6 == pytest.approx(level_dbfs(quieted(noise)), abs=0.5)


def test_a_voice_in_noise_comes_nearer_to_the_voice_alone() -> None:
    voice = tones()
    noisy = np.clip(voice.astype(int) + hiss(-30.0), -32_768, 32_767).astype(np.int16)

    assert likeness(quieted(noisy), voice) > likeness(noisy, voice) + 0.02


def test_a_voice_on_a_clean_line_is_left_as_it_is() -> None:
    assert likeness(quieted(tones()), tones()) > 0.999


@given(st.integers(0, 9_000), st.integers(0, 2**31), st.sampled_from([0.0, 1.0, 300.0, 40_000.0]))
def test_any_sound_keeps_its_length_and_its_range(samples: int, seed: int, scale: float) -> None:
    drawn = np.random.default_rng(seed).normal(0, 1, samples) * scale
    sound = np.clip(drawn, -32_768, 32_767).astype(np.int16)

    assert len(sound) == len(quieted(sound))


def test_the_floor_is_what_is_heard_between_the_words() -> None:
    noisy = np.clip(tones().astype(int) + hiss(-40.0), -32_768, 32_767).astype(np.int16)

    assert -40.0 == pytest.approx(floor_dbfs(noisy), abs=1.0)
    assert floor_dbfs(tones()) < -80.0
    assert SILENCE_DBFS == floor_dbfs(np.zeros(0, np.int16))

"""Voice activity of a leg, with the real detectors."""

from __future__ import annotations

import numpy as np
import pytest

from agent.engines.models import activity_file, voice_files
from agent.engines.piper import Voice
from agent.engines.silero import Silero
from agent.engines.webrtc import LineActivity
from telephony import g711
from telephony.audio import RATE_HZ, Int16, frames_of, resample


@pytest.fixture(name="silero", scope="module")
def _silero() -> Silero:
    return Silero(activity_file())


@pytest.fixture(name="said", scope="module")
def _said() -> Int16:
    files = voice_files("joe", only_checked=True)
    voice = Voice(files.model, files.config)
    wide = np.clip(voice.pronounce("My ankles are swollen since yesterday.") * 12_000, -32_768, 32_767).astype(np.int16)
    return resample(wide, voice.rate_hz, RATE_HZ)


def line(said: Int16, noise_db: float) -> Int16:
    """Four seconds of noise, the speech in it, two seconds of noise; noise_db: against the speech."""
    pcm = np.concatenate([np.zeros(4 * RATE_HZ), said, np.zeros(2 * RATE_HZ)])
    noise = np.random.default_rng(3).normal(0, 1, len(pcm)) * np.std(said.astype(np.float64)) * 10 ** (noise_db / 20)
    return g711.decode(g711.encode(np.clip(pcm + noise, -32_768, 32_767).astype(np.int16)))


@pytest.mark.models
@pytest.mark.parametrize("noise_db", [-60, -10])
def test_speech_is_noticed_within_160_ms_and_noise_around_it_is_not_speech(
    silero: Silero, said: Int16, noise_db: float
) -> None:
    activity = LineActivity(silero)
    heard = np.array([activity.is_speech(frame) for frame in frames_of(line(said, noise_db))])
    begin, end = 200, 200 + len(said) // 160
    loud = np.flatnonzero(np.abs(said) > 1000)
    assert not heard[:begin].any()
    assert heard[begin + loud[0] // 160 : begin + loud[0] // 160 + 8].any()
    assert heard[begin:end].mean() > 0.5  # the voice never says a sentence twice the same way
    assert not heard[end + 10 :].any()


@pytest.mark.models
def test_two_legs_do_not_hear_each_other(silero: Silero, said: Int16) -> None:
    alone, beside, silent = (LineActivity(silero) for _ in range(3))
    frames = list(frames_of(line(said, -30)))
    quiet = list(frames_of(np.zeros(160 * len(frames), np.int16)))
    by_itself = [alone.is_speech(frame) for frame in frames]
    both = [(beside.is_speech(one), silent.is_speech(other)) for one, other in zip(frames, quiet, strict=True)]
    assert [one for one, _ in both] == by_itself
    assert not any(other for _, other in both)


@pytest.mark.models
def test_all_at_once_silero_hears_no_more_than_frame_by_frame(silero: Silero, said: Int16) -> None:
    assert silero.most(said) > 0.9
    assert silero.most(np.zeros(RATE_HZ, np.int16)) < 0.1
    assert silero.most(np.zeros(0, np.int16)) == 0.0

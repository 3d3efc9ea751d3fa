"""A voice's sound, made fit for the telephone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from agent.engines.voicing import CLAUSE_MS, LEAD_IN_MS, PEAK, SENTENCE_MS, pause_ms, telephone
from telephony.audio import RATE_HZ, Int16, level_dbfs

VOICE_HZ = 22_050


def tone(amplitude: float, seconds: float, hz: float = 440.0) -> NDArray[np.float32]:
    t = np.arange(int(seconds * VOICE_HZ)) / VOICE_HZ
    return np.asarray(amplitude * np.sin(2 * np.pi * hz * t), np.float32)


def hush(seconds: float) -> NDArray[np.float32]:
    return np.zeros(int(seconds * VOICE_HZ), np.float32)


def audible(pcm: Int16) -> tuple[int, int]:
    """First and last sample above -50 dBFS."""
    loud = np.flatnonzero(np.abs(pcm) > 100)
    return int(loud[0]), int(loud[-1])


@pytest.mark.parametrize("amplitude", [0.05, 0.2, 0.9])
def test_loud_and_soft_speech_come_out_at_the_same_level(amplitude: float) -> None:
    pcm = telephone(tone(amplitude, 0.5), VOICE_HZ, "Yes")
    first, last = audible(pcm)
    assert pytest.approx(-20.0, abs=0.5) == level_dbfs(pcm[first:last])


def test_hush_in_front_is_cut_off_and_behind_it_is_set_by_punctuation() -> None:
    sound = np.concatenate([hush(0.3), tone(0.3, 0.4), hush(0.5)])
    for text, wanted_ms in (("If so,", CLAUSE_MS), ("Yes.", SENTENCE_MS)):
        pcm = telephone(sound, VOICE_HZ, text)
        first, last = audible(pcm)
        assert first <= (LEAD_IN_MS + 10) * RATE_HZ // 1000
        assert abs((len(pcm) - last) * 1000 // RATE_HZ - wanted_ms) <= 15


def test_a_sign_behind_a_quote_or_bracket_counts() -> None:
    assert [SENTENCE_MS, SENTENCE_MS, CLAUSE_MS] == [pause_ms('"Yes."'), pause_ms("(Is it?)"), pause_ms("so, ")]


def test_what_the_line_cannot_carry_is_filtered_out_and_does_not_come_back_as_another_tone() -> None:
    sound = tone(0.3, 0.5) + tone(0.3, 0.5, hz=7_000)
    pcm = telephone(sound, VOICE_HZ, "Yes")[800:3200].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    assert spectrum[300] < spectrum[int(440 * len(pcm) / RATE_HZ)] / 1000  # 7 kHz would fold to 1 kHz, bin 300


@given(st.lists(st.floats(-1.5, 1.5, width=32), max_size=4000))
def test_no_sound_at_all_goes_beyond_the_peak(samples: list[float]) -> None:
    pcm = telephone(np.array(samples, np.float32), VOICE_HZ, "Yes.")
    assert np.abs(pcm.astype(np.int32)).max(initial=0) <= PEAK * 32767 + 1


def test_silence_stays_silence() -> None:
    assert 0 == len(telephone(hush(1.0), VOICE_HZ, "Yes."))
    assert 0 == len(telephone(hush(0.0), VOICE_HZ, "Yes."))

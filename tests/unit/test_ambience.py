"""Speech against the line's own noise."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from agent.engines.ambience import Ambient, Floor, Judge, Thresholds

LEVELS = st.floats(-96, 0)


@given(st.lists(LEVELS, min_size=1, max_size=600))
def test_the_floor_stays_within_its_bounds(levels: list[float]) -> None:
    floor = Floor()
    assert all(Floor.LEAST_DBFS <= floor.hear(level) <= Floor.MOST_DBFS for level in levels)


def test_the_floor_rises_to_new_noise_within_five_seconds_and_falls_at_once() -> None:
    floor = Floor()
    for _ in range(100):
        floor.hear(-60.0)
    rising = [floor.hear(-45.0) for _ in range(250)]
    assert rising[-1] == -43.0
    falling = [floor.hear(-60.0) for _ in range(5)]
    assert falling[-1] == -58.0


def test_speech_with_pauses_does_not_raise_the_floor() -> None:
    floor = Floor()
    for frame in range(1000):
        last = floor.hear(-60.0 if frame % 150 < 5 else -20.0)
    assert last == -58.0


@given(st.lists(st.tuples(LEVELS, st.floats(0.05, 1.0)), max_size=200))
def test_what_may_be_speech_is_not_taken_for_ambient_noise(frames: list[tuple[float, float]]) -> None:
    ambient = Ambient()
    for level, probability in frames:
        ambient.hear(level, probability)
    assert ambient.dbfs == Ambient.UNKNOWN_DBFS


def test_steady_noise_is_known_within_a_few_seconds() -> None:
    ambient = Ambient()
    for _ in range(300):
        ambient.hear(-30.0, 0.01)
    assert math.isclose(-30.0, ambient.dbfs, abs_tol=1.0)


def test_loud_noise_that_webrtcvad_takes_for_speech_is_not_speech() -> None:
    judge = Judge(Thresholds())
    heard = [judge.judge(-30.0 + frame % 7, 0.02, strict=True, lenient=True) for frame in range(1000)]
    assert not any(heard[200:])


def test_on_a_quiet_line_webrtcvad_begins_speech_before_silero_is_sure() -> None:
    judge = Judge(Thresholds())
    for _ in range(500):
        judge.judge(-65.0, 0.01, strict=False, lenient=False)
    assert judge.judge(-25.0, 0.2, strict=True, lenient=True)


def test_in_noise_silero_begins_speech_though_webrtcvad_is_not_believed() -> None:
    judge = Judge(Thresholds())
    for _ in range(500):
        judge.judge(-35.0, 0.01, strict=True, lenient=True)
    assert not judge.judge(-28.0, 0.2, strict=True, lenient=True)
    assert judge.judge(-28.0, 0.8, strict=True, lenient=True)


def test_speech_is_over_in_the_frame_that_falls_to_the_floor_whatever_silero_still_says() -> None:
    judge = Judge(Thresholds())
    for _ in range(500):
        judge.judge(-50.0, 0.01, strict=False, lenient=False)
    assert judge.judge(-20.0, 0.9, strict=True, lenient=True)
    assert not judge.judge(-50.0, 0.9, strict=False, lenient=False)


def test_speech_goes_on_at_a_probability_that_would_not_begin_it() -> None:
    judge = Judge(Thresholds())
    for _ in range(500):
        judge.judge(-50.0, 0.01, strict=False, lenient=False)
    assert not judge.judge(-30.0, 0.4, strict=False, lenient=False)
    assert judge.judge(-30.0, 0.6, strict=False, lenient=False)
    assert judge.judge(-30.0, 0.4, strict=False, lenient=False)


def test_a_knock_on_a_noisy_line_is_not_speech_though_webrtcvad_takes_it_for_that() -> None:
    judge = Judge(Thresholds())
    for _ in range(200):
        judge.judge(-36.0, 0.02, strict=False, lenient=False)
    knock = [judge.judge(-12.0, 0.05, strict=True, lenient=True) for _ in range(5)]
    assert knock == [False] * 5


def test_a_noisy_line_s_first_frames_are_not_speech() -> None:
    judge = Judge(Thresholds())
    assert not any(judge.judge(-32.0, 0.02, strict=True, lenient=True) for _ in range(100))


def test_on_a_quiet_line_webrtcvad_begins_speech_before_silero_knows() -> None:
    judge = Judge(Thresholds())
    for _ in range(100):
        judge.judge(-66.0, 0.01, strict=False, lenient=False)
    assert judge.judge(-24.0, 0.02, strict=True, lenient=True)

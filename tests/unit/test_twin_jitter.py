"""Frames between two clocks: in order, bounded, and silence for what is not there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.audio import FRAME_SAMPLES, Int16
from telephony.twin.jitter import DEPTH, MOST, Jitter
from telephony.twin.mouth import NOTHING


def numbered(n: int) -> Int16:
    return np.full(FRAME_SAMPLES, n + 1, np.int16)


def number_of(frame: Int16) -> int:
    return int(frame[0]) - 1


def test_nothing_is_given_before_there_is_enough_and_then_each_frame_once() -> None:
    jitter = Jitter(depth=2)
    jitter.put(numbered(0))
    assert jitter.take() is NOTHING
    jitter.put(numbered(1))
    assert [number_of(jitter.take()), number_of(jitter.take())] == [0, 1]
    assert jitter.missing == 0


def test_a_gap_is_silence_and_enough_is_gathered_again() -> None:
    jitter = Jitter(depth=2)
    for n in range(2):
        jitter.put(numbered(n))
    assert [number_of(jitter.take()) for _ in range(2)] == [0, 1]
    assert jitter.take() is NOTHING
    jitter.put(numbered(2))
    assert jitter.take() is NOTHING
    jitter.put(numbered(3))
    assert number_of(jitter.take()) == 2
    assert jitter.missing == 1


def test_what_comes_too_fast_pushes_out_the_oldest() -> None:
    jitter = Jitter()
    for n in range(MOST + 3):
        jitter.put(numbered(n))
    assert number_of(jitter.take()) == 3
    assert jitter.thrown_away == 3


@pytest.mark.parametrize(("depth", "most"), [(0, 4), (5, 4)])
def test_a_depth_outside_the_bound_is_refused(depth: int, most: int) -> None:
    with pytest.raises(ValueError, match="depth"):
        Jitter(depth, most)


@given(st.lists(st.booleans(), max_size=300))
def test_frames_keep_their_order_and_all_are_accounted_for(steps: list[bool]) -> None:
    jitter, put, got = Jitter(), 0, []
    for is_put in steps:
        if is_put:
            jitter.put(numbered(put))
            put += 1
        elif (frame := jitter.take()) is not NOTHING:
            got.append(number_of(frame))
    assert got == sorted(set(got))
    for _ in range(DEPTH):  # enough for what is left to flow
        jitter.put(numbered(put))
        put += 1
    got += [number_of(frame) for _ in range(MOST) if (frame := jitter.take()) is not NOTHING]
    assert len(got) + jitter.thrown_away == put

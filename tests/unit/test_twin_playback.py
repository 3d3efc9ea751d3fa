"""The carrier's playback buffer: marks, clear and what the ear heard, on a supplied clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.audio import Int16
from telephony.twin.playback import Cleared, How, MarkBack, Playback


def tone(n: int, value: int = 1_000) -> Int16:
    return np.full(n, value, np.int16)


def test_sound_plays_from_its_arrival_and_later_sound_is_appended() -> None:
    playback = Playback()
    playback.append(100, tone(160, 1))
    playback.append(120, tone(160, 2))
    assert [0] * 100 + [1] * 160 + [2] * 160 + [0] * 10 == playback.heard(0, 430).tolist()
    assert ((100, 420),) == playback.spans()


def test_a_mark_comes_back_at_the_sample_at_which_the_sound_before_it_has_played() -> None:
    playback = Playback()
    playback.append(0, tone(160))
    playback.mark(10, "m")
    assert [] == playback.due(159)
    assert 160 == playback.next_mark
    assert [MarkBack("m", 160, 160, How.PLAYED)] == playback.due(165)
    assert [] == playback.due(200)


def test_a_mark_comes_back_at_once_if_nothing_is_buffered() -> None:
    playback = Playback()
    playback.mark(7, "m")
    assert [MarkBack("m", 7, 7, How.PLAYED)] == playback.due(7)


def test_clear_keeps_what_was_heard_and_gives_pending_marks_back() -> None:
    playback = Playback()
    playback.append(0, tone(300))
    playback.mark(0, "first")
    playback.append(0, tone(300))
    playback.mark(0, "second")
    playback.clear(310)
    assert (Cleared(310, 290),) == playback.clears
    assert [
        MarkBack("first", 300, 300, How.PLAYED),
        MarkBack("second", 600, 310, How.CLEARED),
    ] == playback.due(310)
    assert [1_000] * 310 + [0] * 90 == playback.heard(0, 400).tolist()
    playback.append(350, tone(10, 5))
    assert [0] * 40 + [5] * 10 == playback.heard(310, 360).tolist()


def test_more_than_the_limit_is_thrown_away() -> None:
    playback = Playback(limit=1_000)
    assert 0 == playback.append(0, tone(900))
    assert 60 == playback.append(0, tone(160))
    assert 1_000 == playback.tail
    assert 0 == playback.append(500, tone(500))


def test_the_clock_does_not_run_backwards() -> None:
    playback = Playback()
    playback.due(10)
    with pytest.raises(ValueError, match="backwards"):
        playback.due(9)


@dataclass(frozen=True)
class Op:
    kind: str
    after: int
    length: int


OPS = st.lists(
    st.builds(
        Op,
        st.sampled_from(["media", "media", "mark", "mark", "clear", "due"]),
        st.integers(0, 400),
        st.integers(1, 500),
    ),
    max_size=60,
)


@given(OPS)
def test_every_mark_comes_back_once_in_order_and_only_after_its_sound_or_a_clear(ops: list[Op]) -> None:
    """Against a model that plays sample by sample."""
    playback, now = Playback(), 0
    queue: list[int | str] = []  # the model: samples and marks in order
    expected: list[tuple[str, How, int]] = []
    heard: list[int] = []

    def model_to(then: int) -> None:
        nonlocal now
        while True:
            while queue and isinstance(queue[0], str):
                expected.append((str(queue.pop(0)), How.PLAYED, now))
            if now == then:
                return
            sample = queue.pop(0) if queue else 0
            assert isinstance(sample, int)
            heard.append(sample)
            now += 1

    back: list[MarkBack] = []
    for n, op in enumerate(ops):
        model_to(now + op.after)
        match op.kind:
            case "media":
                playback.append(now, tone(op.length, n + 1))
                queue += [n + 1] * op.length
            case "mark":
                playback.mark(now, str(n))
                queue.append(str(n))
            case "clear":
                playback.clear(now)
                expected += [(item, How.CLEARED, now) for item in queue if isinstance(item, str)]
                queue.clear()
            case _:
                back += playback.due(now)
        if op.kind != "due":
            model_to(now)  # a mark on an empty buffer is due at once
    model_to(now + 40_000)
    back += playback.due(now)
    assert expected == [(mark.name, mark.how, mark.at) for mark in back]
    assert heard == playback.heard(0, now).tolist()
    assert playback.next_mark is None

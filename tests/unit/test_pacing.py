"""The caller's ear is never far behind what was sent, whatever the marks do."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.audio import FRAME_MS, SILENCE, SILENCE_DBFS, AudioFrame
from telephony.pacing import (
    ECHO_MS,
    LEAD_MS,
    MAX_LEAD_MS,
    ClipPlayed,
    ClipStarted,
    Playout,
    PlayoutEvent,
    Send,
    SendClear,
    SendFrame,
    SendMark,
    Underrun,
)

TICK_MS = 20


def tone(peak: int) -> AudioFrame:
    return AudioFrame(np.full(160, peak, np.int16))


@dataclass
class Line:
    """A carrier in virtual time: plays what has arrived, without a break while it has something."""

    playout: Playout
    up_ms: Callable[[float], float] = lambda _: 0.0
    back_ms: Callable[[float], float | None] = lambda _: 0.0
    stalled: Callable[[float], bool] = lambda _: False
    now_ms: float = 5_000.0
    sends: list[Send] = field(default_factory=list)
    events: list[PlayoutEvent] = field(default_factory=list)
    played: list[AudioFrame] = field(default_factory=list)
    arriving: deque[tuple[float, Send]] = field(default_factory=deque)
    buffer: deque[Send] = field(default_factory=deque)
    returning: list[tuple[float, str]] = field(default_factory=list)
    free_at_ms: float = -math.inf
    worst_lead_ms: int = 0
    last_up_ms: float = -math.inf
    gaps: int = 0

    def tick(self) -> None:
        """20 ms of the feeder's loop; the carrier moves in steps of 5 ms."""
        for send in self.playout.due(self.now_ms):
            self.sends.append(send)
            self.last_up_ms = max(self.last_up_ms, self.now_ms + self.up_ms(self.now_ms))
            self.arriving.append((self.last_up_ms, send))
        self.events += self.playout.events()
        ahead = sum(isinstance(s, SendFrame) for s in self.buffer) + sum(
            isinstance(s, SendFrame) for _, s in self.arriving
        )
        self.worst_lead_ms = max(self.worst_lead_ms, ahead * FRAME_MS)
        for _ in range(TICK_MS // 5):
            self._carrier()
            self.now_ms += 5
            for back in sorted(self.returning):
                if back[0] <= self.now_ms:
                    self.returning.remove(back)
                    self.playout.mark_returned(back[1], self.now_ms)
            self.events += self.playout.events()

    def _carrier(self) -> None:
        while self.arriving and self.arriving[0][0] <= self.now_ms:
            _, send = self.arriving.popleft()
            if isinstance(send, SendClear):
                flushed = [s for s in self.buffer if isinstance(s, SendMark)]
                self.buffer.clear()
                for mark in flushed:
                    self._return(mark)
            else:
                self.buffer.append(send)
        while self.buffer and self.free_at_ms <= self.now_ms and not self.stalled(self.now_ms):
            send = self.buffer.popleft()
            if isinstance(send, SendMark):
                self._return(send)
            elif isinstance(send, SendFrame):
                self.gaps += self.now_ms > self.free_at_ms + 5 and self.free_at_ms > 0
                self.played.append(send.frame)
                self.free_at_ms = max(self.free_at_ms, self.now_ms - 4) + FRAME_MS

    def _return(self, mark: SendMark) -> None:
        delay_ms = self.back_ms(self.now_ms)
        if delay_ms is not None:
            self.returning.append((self.now_ms + delay_ms, mark.name))

    def run(self, ms: float) -> None:
        until = self.now_ms + ms
        while self.now_ms < until:
            self.tick()

    def frames(self) -> list[AudioFrame]:
        return [send.frame for send in self.sends if isinstance(send, SendFrame)]


def queue(playout: Playout, clip: int, frames: int) -> list[AudioFrame]:
    made = [tone(clip % 30 * 1000 + n) for n in range(frames)]
    for frame in made:
        playout.play(clip, frame)
    playout.end(clip)
    return made


def same(expected: list[AudioFrame], actual: list[AudioFrame]) -> bool:
    """The very same frames in the same order (frames themselves refuse to be compared)."""
    return [id(frame) for frame in expected] == [id(frame) for frame in actual]


delays = st.lists(st.one_of(st.none(), st.integers(0, 3_000)), min_size=1, max_size=20)


@given(delays, st.lists(st.integers(1, 60), min_size=1, max_size=5), st.integers(20, MAX_LEAD_MS))
@settings(max_examples=60, deadline=None)
def test_no_mark_however_late_or_lost_makes_it_run_ahead_or_lose_a_frame(
    backs: list[int | None], clips: list[int], lead_ms: int
) -> None:
    playout = Playout(lead_ms=lead_ms)
    wanted = [frame for number, frames in enumerate(clips) for frame in queue(playout, number, frames)]
    turn = iter(range(1_000_000))
    line = Line(playout, back_ms=lambda _: backs[next(turn) % len(backs)])

    line.run(sum(clips) * FRAME_MS + 60_000)

    assert line.worst_lead_ms <= lead_ms
    assert same(wanted, line.frames())
    assert 0 == playout.queued_ms


@given(st.integers(0, 70), st.integers(0, 70))
@settings(max_examples=40, deadline=None)
def test_a_usual_network_hears_no_gap_and_stays_within_the_requirement(up_ms: int, back_ms: int) -> None:
    playout = Playout()
    wanted = queue(playout, 0, 400)
    line = Line(playout, up_ms=lambda _: up_ms, back_ms=lambda _: back_ms)

    line.run(9_000)

    assert 0 == line.gaps
    assert line.worst_lead_ms <= LEAD_MS + up_ms + TICK_MS <= MAX_LEAD_MS
    assert same(wanted, line.played)
    assert [ClipStarted(0), ClipPlayed(0)] == line.events


@given(st.integers(500, 3_000), st.integers(20, 2_000))
@settings(max_examples=40, deadline=None)
def test_a_carrier_that_stops_playing_is_not_fed_beyond_the_requirement(at_ms: int, for_ms: int) -> None:
    """Marks are PATIENCE_MS late at most before they are taken for lost: the stall is shorter here, or seen as that."""
    stall_ms = min(for_ms, 900)
    playout = Playout()
    wanted = queue(playout, 0, 400)
    line = Line(playout, stalled=lambda now: 5_000 + at_ms <= now < 5_000 + at_ms + stall_ms)

    line.run(at_ms + stall_ms + 500)
    during_ms, line.worst_lead_ms = line.worst_lead_ms, 0
    line.run(12_000)

    assert during_ms <= MAX_LEAD_MS + TICK_MS
    assert line.worst_lead_ms <= LEAD_MS + TICK_MS
    assert same(wanted, line.played)


@given(st.lists(st.tuples(st.integers(300, 8_000), st.integers(0, 150)), max_size=6))
@settings(max_examples=60, deadline=None)
def test_marks_held_up_for_a_while_cause_no_gap(jams: list[tuple[int, int]]) -> None:
    """The way back is stuck for up to 150 ms, then all marks come at once; the sound itself is not held up."""

    def back_ms(now: float) -> float:
        stuck = [at + 5_000 + length - now for at, length in jams if at + 5_000 <= now < at + 5_000 + length]
        return 20 + max(stuck, default=0)

    playout = Playout()
    wanted = queue(playout, 0, 500)
    line = Line(playout, up_ms=lambda _: 20, back_ms=back_ms)

    line.run(12_000)

    assert 0 == line.gaps
    assert same(wanted, line.played)


def test_a_way_back_that_grows_by_a_second_stutters_only_for_a_moment() -> None:
    playout = Playout()
    queue(playout, 0, 1_000)
    line = Line(playout, back_ms=lambda now: 20 if now < 8_000 else 1_000)

    line.run(14_000)
    gaps = line.gaps
    line.run(4_000)

    assert gaps == line.gaps


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("play"), st.integers(1, 30)),
            st.tuples(st.just("run"), st.integers(1, 600)),
            st.tuples(st.just("clear"), st.just(0)),
            st.tuples(st.just("hold"), st.just(0)),
            st.tuples(st.just("resume"), st.just(0)),
        ),
        max_size=30,
    ),
    st.integers(0, 200),
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_done_each_frame_goes_out_once_in_order_and_nothing_cleared_goes_out_later(
    steps: list[tuple[str, int]], back_ms: int
) -> None:
    playout = Playout()
    line = Line(playout, back_ms=lambda _: back_ms)
    queued: list[AudioFrame] = []
    expected: list[AudioFrame] = []
    clip = 0
    held = False
    for verb, amount in steps:
        if verb == "play":
            queued += queue(playout, clip, amount)
            clip += 1
        elif verb == "run":
            before = len(line.frames())
            line.run(amount)
            assert not held or before == len(line.frames())
        elif verb == "clear":
            sent = len(line.frames()) - len(expected)
            cut = playout.clear()
            expected += queued[:sent]
            queued = []
            held = False
            assert all(0 <= c.heard_ms <= c.sent_ms <= c.total_ms for c in cut.clips)
        elif verb == "hold":
            playout.hold()
            held = True
        else:
            playout.resume()
            held = False
    playout.resume()
    line.run(len(queued) * FRAME_MS + 3_000)

    assert same(expected + queued, line.frames())
    assert playout.idle
    started = [event.clip for event in line.events if isinstance(event, ClipStarted)]
    ended = [event.clip for event in line.events if isinstance(event, ClipPlayed)]
    assert sorted(started) == started
    assert sorted(set(ended)) == ended
    assert not [event for event in line.events if isinstance(event, Underrun)]


def test_a_clip_counts_as_played_only_when_its_own_last_mark_is_back() -> None:
    playout = Playout()
    queue(playout, 7, 5)
    sends = playout.due(0)
    marks = [send.name for send in sends if isinstance(send, SendMark)]
    playout.events()

    for name in marks[:-1]:
        playout.mark_returned(name, 100)
    assert [] == playout.events()
    playout.mark_returned(marks[-1], 100)

    assert [ClipPlayed(7)] == playout.events()


def test_marks_that_a_clear_flushes_back_prove_nothing() -> None:
    playout = Playout()
    queue(playout, 0, 10)
    marks = [send.name for send in playout.due(0) + playout.due(200) if isinstance(send, SendMark)]
    playout.events()

    cut = playout.clear()
    assert [SendClear()] == playout.due(200)
    queue(playout, 1, 5)
    playout.due(200)
    for name in marks:
        playout.mark_returned(name, 210)

    assert [ClipStarted(1)] == playout.events()
    assert (0,) == tuple(c.heard_ms for c in playout.clear().clips)
    assert [(0, 0, 200, 200)] == [(c.clip, c.heard_ms, c.sent_ms, c.total_ms) for c in cut.clips]


def test_a_cut_says_what_was_certainly_heard_of_each_clip() -> None:
    playout = Playout()
    line = Line(playout)
    queue(playout, 0, 10)
    queue(playout, 1, 50)
    line.run(500)

    cut = playout.clear()

    assert [1] == [c.clip for c in cut.clips]
    assert (200, 1_000) == (cut.clips[0].heard_ms, cut.clips[0].total_ms)
    assert 200 < cut.clips[0].sent_ms <= 300 + LEAD_MS


def test_frames_of_a_cleared_clip_come_too_late() -> None:
    playout = Playout()
    playout.play(3, SILENCE)
    playout.clear()

    assert not playout.play(3, SILENCE)
    playout.end(3)
    assert playout.play(4, SILENCE)
    assert 20 == playout.queued_ms


def test_a_clear_is_sent_only_where_something_may_still_sound() -> None:
    playout = Playout()
    queue(playout, 0, 5)
    playout.clear()

    assert [] == playout.due(0)


def test_holding_stops_at_once_and_resuming_goes_on_with_the_next_frame() -> None:
    playout = Playout()
    wanted = queue(playout, 0, 100)
    line = Line(playout)
    line.run(400)
    playout.hold()
    sent = len(line.frames())
    line.run(2_000)

    assert sent == len(line.frames()) == len(line.played)
    playout.resume()
    line.run(3_000)
    assert same(wanted, line.played)
    assert not [event for event in line.events if isinstance(event, Underrun)]


def test_a_producer_that_comes_late_is_an_underrun_with_its_length() -> None:
    playout = Playout()
    for _ in range(5):
        playout.play(0, SILENCE)
    playout.due(0)
    playout.events()
    playout.due(250)
    playout.play(0, SILENCE)
    playout.due(250)

    assert [Underrun(0, 150)] == playout.events()


def test_silence_between_two_clips_is_no_underrun() -> None:
    playout = Playout()
    queue(playout, 0, 5)
    playout.due(0)
    queue(playout, 1, 5)
    playout.due(2_000)

    assert [ClipStarted(0), ClipStarted(1)] == playout.events()


@pytest.mark.parametrize(
    "name", ["", ".", "0", "0.", ".0", "0.99", "1.0", "-1.0", "0.0.0", "0.\u0660", "9" * 40 + ".0", "x.y"]
)
def test_marks_that_are_not_ours_are_nothing(name: str) -> None:
    playout = Playout()
    queue(playout, 0, 20)
    playout.due(0)
    playout.events()

    playout.mark_returned(name, 100)

    assert [] == playout.events()
    assert (0,) == tuple(c.heard_ms for c in playout.clear().clips)


def test_audible_while_it_may_sound_and_for_the_way_to_the_ear() -> None:
    playout = Playout()
    assert not playout.audible(0)
    queue(playout, 0, 5)
    playout.due(0)

    assert playout.audible(0)
    assert playout.audible(250)
    assert not playout.audible(301)


def test_after_a_clear_it_is_silent_after_the_way_to_the_ear() -> None:
    playout = Playout(lead_ms=300)
    queue(playout, 0, 15)
    playout.due(0)
    playout.clear()
    playout.due(50)

    assert playout.audible(200)
    assert not playout.audible(251)


def test_the_echo_to_expect_is_the_loudest_that_has_played_lately() -> None:
    playout = Playout()
    assert SILENCE_DBFS == playout.echo_dbfs(0)
    playout.play(0, tone(16384))
    for _ in range(4):
        playout.play(0, tone(164))
    playout.due(0)

    assert -6.0 == pytest.approx(playout.echo_dbfs(100), abs=0.1)
    assert -46.0 == pytest.approx(playout.echo_dbfs(ECHO_MS + 10), abs=0.1)
    assert SILENCE_DBFS == playout.echo_dbfs(ECHO_MS + 200)


@pytest.mark.parametrize("lead_ms", [0, 19, 301, 10_000])
def test_a_lead_outside_the_requirement_is_refused(lead_ms: int) -> None:
    with pytest.raises(ValueError, match="lead"):
        Playout(lead_ms=lead_ms)


def test_a_line_that_never_returns_a_mark_holds_no_more_than_it_should() -> None:
    playout = Playout()
    line = Line(playout, back_ms=lambda _: None)
    for clip in range(400):
        queue(playout, clip, 10)
    line.run(400 * 10 * FRAME_MS + 1_000)

    assert 0 == playout.queued_ms
    assert len(playout._marks) <= 256
    assert len(playout._clips) <= 256

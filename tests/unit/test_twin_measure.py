"""The report is measured on sound: built from tones at known places, it gives those places back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.audio import RATE_HZ, Int16
from telephony.twin.hearing import Listener, audible_runs, trimmed
from telephony.twin.measure import Heard, Recording, Sound, Uttered, UtteredAs, measure
from telephony.twin.playback import Cleared, How, MarkBack, Piece

TURN, BARGE_IN, MMHM = UtteredAs.TURN, UtteredAs.BARGE_IN, UtteredAs.MMHM


def tone(ms: int, dbfs: float = -20.0) -> Int16:
    """A square wave, so that its first and last sample are as loud as any."""
    level = round(10 ** (dbfs / 20) * 32_768)
    return np.where(np.arange(ms * 8) % 16 < 8, level, -level).astype(np.int16)


def track(total_ms: int, *sounds: tuple[int, int]) -> Int16:
    """Tones from (ms) to (ms) in silence."""
    out = np.zeros(total_ms * 8, np.int16)
    for start_ms, end_ms in sounds:
        out[start_ms * 8 : end_ms * 8] = tone(end_ms - start_ms)
    return out


def said(as_: UtteredAs, *sounds: tuple[int, int]) -> Uttered:
    return Uttered(as_, tuple(Piece(start * 8, tone(end - start)) for start, end in sounds))


def mark(name: str, at_ms: int) -> MarkBack:
    return MarkBack(name, at_ms * 8, at_ms * 8, How.PLAYED)


def test_greeting_and_gap_are_exact_to_the_sample() -> None:
    report = measure(Recording((said(TURN, (2_000, 3_000)),), track(6_000, (123, 900), (3_456, 5_000))))
    assert 123.0 == report.greeting_ms
    assert (2_000.0, 3_000.0, 456.0) == (report.turns[0].began_ms, report.turns[0].ended_ms, report.turns[0].gap_ms)


def test_quiet_sound_around_speech_is_not_its_end() -> None:
    """Trailing noise at -50 dBFS in a rendering moves neither the caller's end nor the agent's onset."""
    pcm = np.concatenate([tone(500), tone(300, -50.0)])
    heard = track(3_000, (1_000, 2_000))
    heard[: 900 * 8] = tone(900, -50.0)
    report = measure(Recording((Uttered(TURN, (Piece(0, pcm),)),), heard))
    assert (500.0, 500.0) == (report.turns[0].ended_ms, report.turns[0].gap_ms)


def test_a_missing_reply_has_no_gap() -> None:
    turns = (said(TURN, (1_000, 1_500)), said(TURN, (3_000, 3_500)))
    report = measure(Recording(turns, track(6_000, (3_800, 4_500))))
    assert [None, 300.0] == [turn.gap_ms for turn in report.turns]


def test_a_filler_is_counted_apart_from_the_answer_that_follows() -> None:
    def by_mark(sound: Sound) -> Heard:
        return Heard.FILLER if "filler" in sound.marks else Heard.ANSWER

    def by_length(sound: Sound) -> Heard:
        return Heard.FILLER if len(sound.pcm) < 500 * 8 else Heard.ANSWER

    heard = track(5_000, (1_500, 1_900), (2_100, 4_000))
    marks = (mark("filler", 1_920), mark("answer", 4_000))
    recording = Recording((said(TURN, (500, 1_000)),), heard, marks=marks)
    for classify in (by_mark, by_length):
        (turn,) = measure(recording, "", classify).turns
        assert (500.0, 1_100.0) == (turn.gap_ms, turn.answer_gap_ms)
    assert 500.0 == measure(recording).turns[0].answer_gap_ms


def test_a_barge_in_lasts_until_the_agent_is_silent_for_the_rest_of_it() -> None:
    def silence(*agent: tuple[int, int]) -> float | None:
        (report,) = measure(Recording((said(BARGE_IN, (2_000, 3_000)),), track(5_000, *agent))).barge_ins
        assert report.over_speech
        return report.silence_ms

    assert 180.0 == silence((1_000, 2_180))
    assert 180.0 == silence((1_000, 2_180), (3_300, 4_000))  # the next reply
    assert 600.0 == silence((1_000, 2_100), (2_500, 2_600))  # it began again under her words
    assert 350.0 == silence((1_000, 2_200), (2_280, 2_350))  # a closure of 80 ms is no silence
    assert silence((1_000, 4_000)) is None  # missed


def test_a_barge_in_after_the_agent_had_ended_is_none() -> None:
    (report,) = measure(Recording((said(BARGE_IN, (2_000, 3_000)),), track(5_000, (1_000, 1_500)))).barge_ins
    assert not report.over_speech


def test_a_mmhm_that_the_agent_talks_through_stops_nothing() -> None:
    recording = Recording((said(MMHM, (2_000, 2_400)),), track(8_000, (1_000, 2_300), (2_600, 7_000)))
    (report,) = measure(recording).mmhms
    assert (True, False, 300.0) == (report.over_speech, report.stopped, report.hesitated_ms)


@pytest.mark.parametrize(
    ("agent", "clears"),
    [
        (((1_000, 2_300),), ()),
        (((1_000, 2_300), (3_400, 7_000)), ()),
        (((1_000, 2_300), (2_500, 7_000)), (Cleared(2_300 * 8, 400),)),
    ],
)
def test_a_mmhm_after_which_the_agent_falls_silent_or_clears_has_stopped_it(
    agent: tuple[tuple[int, int], ...], clears: tuple[Cleared, ...]
) -> None:
    recording = Recording((said(MMHM, (2_000, 2_400)),), track(8_000, *agent), clears=clears)
    assert measure(recording).mmhms[0].stopped


def test_a_mmhm_is_no_turn_and_does_not_end_the_wait_for_a_reply() -> None:
    recording = Recording((said(TURN, (0, 500)), said(MMHM, (800, 1_200))), track(4_000, (1_500, 3_000)))
    assert [1_000.0] == [turn.gap_ms for turn in measure(recording).turns]


@pytest.mark.parametrize(
    ("agent", "spoken_into"),
    [((1_900, 2_200), True), ((2_450, 2_600), True), ((2_600, 2_700), False), ((3_900, 5_000), False)],
)
def test_a_reply_into_a_mid_sentence_pause_is_seen_even_if_it_comes_a_little_late(
    agent: tuple[int, int], spoken_into: bool
) -> None:
    recording = Recording((said(TURN, (1_000, 1_500), (2_300, 3_500)),), track(6_000, agent))
    (pause,) = measure(recording).turns[0].pauses
    assert (1_500.0, 800.0, spoken_into) == (pause.at_ms, pause.ms, pause.spoken_into)


def test_a_breath_is_no_pause() -> None:
    recording = Recording((said(TURN, (1_000, 1_500), (1_700, 2_000)),), track(3_000))
    assert () == measure(recording).turns[0].pauses


def test_a_buffer_that_runs_dry_in_mid_sound_is_a_gap_and_a_breath_is_not() -> None:
    spans = ((0, 8_000), (8_400, 16_000), (17_000, 24_000))
    heard = track(3_000, (0, 1_000), (1_050, 1_900), (2_125, 3_000))
    spells = measure(Recording((), heard, spans)).dry_spells
    assert [(1_000.0, 50.0, True), (2_000.0, 125.0, False)] == [(s.at_ms, s.ms, s.audible) for s in spells]


def test_a_gap_right_after_a_sound_of_hers_is_the_agent_listening_and_no_fault() -> None:
    spans = ((0, 8_000), (8_400, 16_000), (16_400, 24_000))
    heard = track(3_000, (0, 1_000), (1_050, 2_000), (2_050, 3_000))
    spells = measure(Recording((said(MMHM, (500, 900)),), heard, spans)).dry_spells
    assert [(1_000.0, True, False), (2_000.0, False, True)] == [(s.at_ms, s.hesitation, s.fault) for s in spells]


def test_a_clear_is_provoked_by_the_caller_s_voice_and_by_nothing_else() -> None:
    clears = (Cleared(500 * 8, 80), Cleared(2_200 * 8, 80), Cleared(3_900 * 8, 80), Cleared(9_000 * 8, 0))
    report = measure(Recording((said(BARGE_IN, (2_000, 3_000)),), track(10_000), clears=clears))
    assert (500.0,) == report.unprovoked_clears_ms


@given(st.integers(0, 500), st.integers(20, 500), st.integers(200, 500))
def test_edges_are_found_to_the_sample(before_ms: int, ms: int, after_ms: int) -> None:
    sound = np.concatenate([np.zeros(before_ms * 8, np.int16), tone(ms), np.zeros(after_ms * 8, np.int16)])
    assert [(before_ms * 8, (before_ms + ms) * 8)] == audible_runs(sound)
    assert min(before_ms, 20) * 8 + ms * 8 + 40 * 8 == len(trimmed(sound))


def test_sound_below_the_floor_and_a_single_click_are_not_audible() -> None:
    click = np.zeros(8_000, np.int16)
    click[4_000] = 1_000
    assert [] == audible_runs(tone(500, -46.0)) == audible_runs(click)


def test_a_listener_hears_live_what_is_measured_afterwards() -> None:
    heard = track(4_000, (200, 900), (1_000, 1_500), (2_000, 3_000))
    listener = Listener()
    while listener.heard_to < len(heard):
        start = listener.heard_to
        listener.listen(start, heard[start : start + 163])
    assert audible_runs(heard) == listener.after(0)
    assert (1_000 * 8, 2_000 * 8) == (listener.began_after(1_000 * 8), listener.began_after(1_600 * 8))
    assert 3_000 * 8 == listener.quiet_since()
    assert RATE_HZ * 4 == listener.heard_to

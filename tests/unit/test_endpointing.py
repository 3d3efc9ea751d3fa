"""Where a turn begins and ends, in audio time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.completeness import Completeness
from agent.endpointing import Ear, Endpointer, Pace, Reading, Timing, Waits, final_drop_db, wait_ms
from telephony.audio import FRAME_MS, FRAME_SAMPLES, AudioFrame

TIMING, WAITS = Timing(), Waits()


def frame(level: int = 0) -> AudioFrame:
    return AudioFrame(np.full(FRAME_SAMPLES, level, np.int16))


def feed(ear: Endpointer, ms: int, *, voiced: bool, level: int = 3000, **more: object) -> list[Ear]:
    noticed: list[Ear] = []
    for _ in range(ms // FRAME_MS):
        noticed += ear.hear(frame(level if voiced else 0), voiced, **more)  # type: ignore[arg-type]  # echo, audible
    return noticed


def reading(completeness: Completeness, *, answerable: bool = True, words: int = 1) -> Reading:
    return Reading(completeness, answerable, words)


def spoken(ms: int = 1_000) -> Endpointer:
    """An ear that has heard a turn and 140 ms of silence."""
    ear = Endpointer()
    assert [Ear.ONSET] == feed(ear, ms, voiced=True)
    assert [Ear.PAUSE] == feed(ear, TIMING.pause_ms, voiced=False)
    return ear


def silence_until(ear: Endpointer, wanted: Ear, most_ms: int = 10_000) -> int:
    """The silence after which it came, the pause included."""
    for ms in range(FRAME_MS, most_ms, FRAME_MS):
        if wanted in feed(ear, FRAME_MS, voiced=False):
            return ms + TIMING.pause_ms
    raise AssertionError("it never came")


def test_a_complete_question_ends_its_turn_soon() -> None:
    ear = spoken()
    ear.read(reading(Completeness.COMPLETE), ear.mark)

    assert WAITS.complete_ms == silence_until(ear, Ear.TURN_OVER)
    assert WAITS.complete_ms == ear.ended_silence_ms


def test_an_unfinished_sentence_gets_room_then_one_soft_prompt_then_an_end() -> None:
    ear = spoken()
    ear.read(reading(Completeness.INCOMPLETE, answerable=False), ear.mark)

    assert TIMING.trailed_off_ms == silence_until(ear, Ear.TRAILED_OFF)
    noticed = feed(ear, TIMING.give_up_ms, voiced=False)
    assert [Ear.TURN_OVER] == noticed


def test_an_unfinished_sentence_that_has_an_answer_ends_without_a_prompt() -> None:
    ear = spoken()
    ear.read(Reading(Completeness.INCOMPLETE, answerable=True, words=9, closed=True), ear.mark)

    assert WAITS.unfinished_ms == silence_until(ear, Ear.TURN_OVER)


def test_where_silence_is_noticed_late_the_turn_ends_that_much_sooner() -> None:
    ear = spoken()
    ear.lag_ms = 60
    ear.read(reading(Completeness.COMPLETE, answerable=False), ear.mark)

    assert WAITS.short_ms - 60 <= silence_until(ear, Ear.TURN_OVER) < WAITS.short_ms - 60 + 2 * FRAME_MS


def test_a_pause_that_ends_belongs_to_the_same_turn() -> None:
    ear = spoken()
    ear.read(reading(Completeness.COMPLETE), ear.mark)

    assert [Ear.RESUMED] == feed(ear, 200, voiced=True)
    assert ear.speaking
    assert ear.speech().duration_ms >= 1_000 + TIMING.pause_ms + 200


def test_words_recognised_at_an_earlier_pause_do_not_end_the_turn_at_this_one() -> None:
    ear = spoken()
    before = ear.mark
    feed(ear, 400, voiced=True)
    feed(ear, TIMING.pause_ms, voiced=False)
    ear.read(reading(Completeness.COMPLETE), before)

    assert TIMING.unread_ms == silence_until(ear, Ear.TURN_OVER)


def test_a_click_is_no_turn() -> None:
    ear = Endpointer()
    noticed = feed(ear, TIMING.onset_ms, voiced=True) + feed(ear, 400, voiced=False)

    assert [Ear.ONSET, Ear.BLIP] == noticed
    assert not ear.speaking


def test_a_single_loud_frame_in_a_pause_does_not_resume_the_turn() -> None:
    ear = spoken()

    assert [] == feed(ear, FRAME_MS, voiced=True)


def test_the_speech_begins_before_its_onset_and_ends_shortly_after_its_end() -> None:
    ear = Endpointer()
    feed(ear, 1_000, voiced=False)
    feed(ear, 500, voiced=True)
    feed(ear, 900, voiced=False)

    assert 500 + 200 <= ear.speech().duration_ms <= TIMING.preroll_ms + 500 + 200


def test_a_reopened_turn_is_judged_whole() -> None:
    ear = spoken(1_000)
    ear.read(reading(Completeness.COMPLETE), ear.mark)
    silence_until(ear, Ear.TURN_OVER)
    ear.reopen()
    feed(ear, 600, voiced=True)

    assert ear.speech().duration_ms >= 1_600
    assert ear.overlap().duration_ms <= 600 + TIMING.preroll_ms


def test_the_agents_own_voice_coming_back_is_no_speech() -> None:
    ear = Endpointer()

    assert [] == feed(ear, 2_000, voiced=True, level=330, echo_dbfs=-20.0, audible=True)
    assert [Ear.ONSET] == feed(ear, 400, voiced=True, level=6_000, echo_dbfs=-20.0, audible=True)


def test_a_louder_echo_than_assumed_raises_the_gate() -> None:
    ear = Endpointer()
    level = 870  # about -31.5 dBFS: 11.5 dB under our own voice
    assert Ear.ONSET in feed(ear, 400, voiced=True, level=level, echo_dbfs=-20.0, audible=True)
    ear.forget()
    for _ in range(3):
        ear.echo.fooled()

    assert [] == feed(ear, 400, voiced=True, level=level, echo_dbfs=-20.0, audible=True)


def test_a_quiet_line_is_learned_while_the_agent_speaks_and_a_noisy_one_is_not() -> None:
    quiet, noisy = Endpointer(), Endpointer()
    noisy.lag_ms = 60
    for ear in (quiet, noisy):
        feed(ear, 4_000, voiced=False, echo_dbfs=-20.0, audible=True)

    soft = 260  # about -42 dBFS: 22 dB under our own voice
    assert [Ear.ONSET] == feed(quiet, 200, voiced=True, level=soft, echo_dbfs=-20.0, audible=True)
    assert [] == feed(noisy, 200, voiced=True, level=soft, echo_dbfs=-20.0, audible=True)


def test_a_long_turn_is_read_while_it_lasts() -> None:
    ear = Endpointer()
    noticed = feed(ear, 7_000, voiced=True)

    assert [Ear.ONSET, Ear.SNAPSHOT, Ear.SNAPSHOT] == noticed


def test_patience_rises_after_a_false_cut_in_and_for_long_pauses_and_has_an_end() -> None:
    pace = Pace()
    assert 1.0 == pace.factor
    pace.cut_in()
    once = pace.factor
    for _ in range(20):
        pace.cut_in()
        pace.paused(3_000)

    assert 1.0 < once < Pace.CEILING
    assert Pace.CEILING == pace.factor


def test_a_wait_is_stretched_no_farther_than_her_own_pauses_ask_for() -> None:
    pace = Pace()
    for _ in range(5):
        pace.paused(800)
    assert 1_250 == pace.stretched(1_000)
    assert 460 < pace.stretched(460) < 800
    assert 1_900 == pace.stretched(1_900)
    for _ in range(24):
        pace.paused(1_600)
    assert 1_700 < pace.stretched(1_000) <= 1_750


def test_a_pause_inside_a_phrase_says_nothing_of_how_she_ends() -> None:
    def paused_three_times(completeness: Completeness) -> float:
        ear = spoken()
        for _ in range(4):
            ear.read(reading(completeness), ear.mark)
            feed(ear, 700, voiced=False)
            feed(ear, 400, voiced=True)
            feed(ear, TIMING.pause_ms, voiced=False)
        return ear.pace.factor

    assert 1.0 == paused_three_times(Completeness.INCOMPLETE)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 80), st.booleans()), max_size=30), st.sampled_from(Completeness))
def test_every_onset_is_followed_by_an_end_once_silence_lasts(
    stretches: list[tuple[int, bool]], judged: Completeness
) -> None:
    ear = Endpointer()
    open_turns = 0
    for frames, voiced in [*stretches, (800, False)]:
        for _ in range(frames):
            for noticed in ear.hear(frame(3000 if voiced else 0), voiced):
                if noticed is Ear.ONSET:
                    open_turns += 1
                elif noticed in (Ear.TURN_OVER, Ear.BLIP):
                    open_turns -= 1
                elif noticed is Ear.PAUSE:
                    ear.read(reading(judged), ear.mark)
            assert open_turns == int(ear.speaking)

    assert 0 == open_turns


def test_what_can_be_answered_ends_sooner_than_what_can_not() -> None:
    def after(completeness: Completeness, *, answerable: bool, words: int = 6, abrupt: bool = False) -> int:
        return wait_ms(reading(completeness, answerable=answerable, words=words), abrupt=abrupt, waits=WAITS)

    whole, statement = Completeness.COMPLETE, Completeness.LIKELY
    assert after(whole, answerable=True) < after(whole, answerable=False)
    assert after(whole, answerable=False, words=14) < after(whole, answerable=False)
    assert after(whole, answerable=True) < after(whole, answerable=True, abrupt=True)
    background = Reading(statement, answerable=False, words=6, background=True)
    assert after(statement, answerable=False) < wait_ms(background, abrupt=False, waits=WAITS)


def test_a_voice_that_comes_down_is_told_from_one_that_breaks_off() -> None:
    loud = np.full(8_000, 6_000, np.int16)
    fading = (loud * np.concatenate([np.ones(7_000), np.linspace(1, 0.05, 1_000)])).astype(np.int16)

    quiet = np.zeros(2_000, np.int16)

    assert -1.0 < final_drop_db(np.concatenate([quiet, loud, quiet]))
    assert -6.0 > final_drop_db(np.concatenate([quiet, fading, quiet]))
    assert 0.0 == final_drop_db(np.zeros(0, np.int16))


def test_the_first_frames_of_a_voice_stir_before_they_are_an_onset() -> None:
    ear = Endpointer()
    feed(ear, 500, voiced=False)
    assert not ear.stirring
    feed(ear, 2 * FRAME_MS, voiced=True)
    assert ear.stirring or ear.speaking
    feed(ear, 200, voiced=False)
    assert not ear.stirring

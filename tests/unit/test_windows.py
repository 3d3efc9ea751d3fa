"""What the recogniser is shown, and what it may say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.windows import (
    FULL,
    Window,
    compression,
    darkened,
    doubled,
    looped,
    loudest_dbfs,
    pieces,
    quietest,
    suspicious,
    token_cap,
    without_loop,
)
from telephony.audio import SILENCE_DBFS

WORDS = st.lists(st.sampled_from(["yes", "No,", "my", "left", "knee", "hurts.", "two", "pills"]), max_size=30)


@given(st.integers(0, 4000), st.integers(500, 3000), st.integers(0, 1000))
def test_a_window_is_never_below_its_least_nor_above_thirty_seconds(speech: int, least: int, spare: int) -> None:
    frames = Window(least, spare).frames(speech)
    assert min(3000, max(least, speech + spare)) == frames
    assert least <= frames <= 3000


def test_the_full_window_is_thirty_seconds_whatever_was_said() -> None:
    assert {3000} == {FULL.frames(speech) for speech in (0, 100, 2999, 5000)}


@pytest.mark.parametrize(("least", "spare"), [(499, 50), (3001, 50), (1000, -1), (1000, 1001)])
def test_a_window_out_of_range_is_refused(least: int, spare: int) -> None:
    with pytest.raises(ValueError, match="a window has"):
        Window(least, spare)


@given(st.integers(0, 60_000), st.integers(0, 60_000))
def test_longer_speech_may_have_more_tokens(one_ms: int, other_ms: int) -> None:
    short, long = sorted((one_ms, other_ms))
    assert token_cap(short) <= token_cap(long) <= 448


def test_twelve_seconds_may_have_the_tokens_that_people_say_in_them_twice_over() -> None:
    assert token_cap(12_000) == 2 * (12 * 6 + 8)


@given(st.integers(0, 200_000), st.integers(0, 2**32 - 1))
def test_cut_speech_is_all_of_it_in_order_and_no_piece_is_too_long(length: int, seed: int) -> None:
    pcm = np.random.default_rng(seed).integers(-3000, 3000, length).astype(np.int16)
    cut = pieces(pcm, longest_ms=5000, shortest_ms=2000)
    assert np.array_equal(pcm, np.concatenate(cut))
    assert all(len(piece) <= 40_000 for piece in cut)
    assert all(len(piece) >= 16_000 for piece in cut[:-1])


def test_speech_is_cut_in_its_pause() -> None:
    pcm = np.full(80_000, 4000, np.int16)
    pcm[28_000:30_400] = 0  # 300 ms
    first, _ = pieces(pcm, longest_ms=5000, shortest_ms=2000)[:2]
    assert 28_000 <= len(first) <= 30_400


def test_a_stretch_too_short_to_search_is_cut_in_its_middle() -> None:
    assert quietest(np.ones(1000, np.int16)) == 500


def test_the_loudest_moment_counts_not_the_mean() -> None:
    pcm = np.zeros(80_000, np.int16)
    pcm[8_000:8_800] = 3277  # 100 ms at -20 dBFS in 10 s of silence
    assert loudest_dbfs(pcm) == pytest.approx(-20.0, abs=0.1)
    assert SILENCE_DBFS == loudest_dbfs(np.zeros(8_000, np.int16)) == loudest_dbfs(np.zeros(0, np.int16))


@given(st.integers(1, 7), st.data())
def test_loudness_of_less_than_a_block_is_known_too(samples: int, data: st.DataObject) -> None:
    pcm = np.array(data.draw(st.lists(st.integers(100, 30_000), min_size=samples, max_size=samples)), np.int16)
    assert SILENCE_DBFS < loudest_dbfs(pcm) <= 0.0


@given(
    WORDS,
    st.lists(st.sampled_from(["it", "hurts", "a", "lot"]), min_size=1, max_size=12, unique=True),
    st.integers(9, 12),
)
def test_a_phrase_without_end_is_a_loop_and_is_said_once(before: list[str], phrase: list[str], times: int) -> None:
    words = [*before, "so", *phrase * times]
    assert looped(words) > 0
    left = list(without_loop(words))
    assert looped(left) == 0 or len(left) < len(words)
    assert words[: len(before) + 1] == left[: len(before) + 1]
    assert suspicious(" ".join(words), 10, 1000)


@given(WORDS)
def test_what_is_cut_from_a_loop_is_only_its_end(words: list[str]) -> None:
    left = list(without_loop(words))
    assert words[: len(left)] == left
    assert len(left) < len(words) if looped(words) else words == left


@pytest.mark.parametrize(
    "said",
    [
        "No, no, no.",
        "One one one.",
        "Yes. Yes.",
        "Nine nine five one oh oh oh.",
        "I take two in the morning and two at night.",
        "",
    ],
)
def test_people_repeat_themselves_and_are_believed(said: str) -> None:
    assert not suspicious(said, 10, 1000)


def test_a_sentence_said_twice_over_is_heard_again() -> None:
    assert doubled("It hurts. It hurts.".split())
    assert suspicious("It hurts. It hurts.", 8, 1000)


def test_text_that_ran_into_its_cap_is_heard_again() -> None:
    assert suspicious("Well.", 49, 100)
    assert not suspicious("Well.", 48, 100)


def test_text_that_shrinks_too_well_repeats_itself() -> None:
    assert compression("the wound is red and warm " * 8) > 2.4
    assert compression("short") == 1.0


@pytest.mark.parametrize(("hz", "db"), [(500, 2.0), (1000, 0.0), (2000, -2.0), (4000 * 7 // 8, -3.6)])
def test_treble_is_taken_away_by_the_octave(hz: int, db: float) -> None:
    sound = (0.1 * np.sin(2 * np.pi * hz * np.arange(8000) / 8000)).astype(np.float32)
    dark = darkened(sound, 8000, 2.0)
    assert dark.shape == sound.shape
    assert 20 * np.log10(np.std(dark) / np.std(sound)) == pytest.approx(db, abs=0.1)


@given(st.integers(0, 400), st.floats(-12, 12))
def test_no_darkening_makes_it_louder_than_full_scale(length: int, db: float) -> None:
    sound = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    assert float(np.abs(darkened(sound, 8000, db)).max(initial=0.0)) <= 0.9001

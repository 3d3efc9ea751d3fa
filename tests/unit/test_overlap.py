"""A sound over the agent: murmur, noise, or the wish to speak."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.overlap import BACKCHANNEL_MS, DECIDE_MS, SETTLED_MS, Overlap, Verdict, judge
from policies.phi import PHI

SOUND = Overlap(
    voiced_ms=400, since_onset_ms=500, silence_ms=SETTLED_MS, words=None, logprob=-0.2, after_question=False
)  # fmt: skip


def said(words: str, **more: object) -> Verdict | None:
    return judge(replace(SOUND, words=PHI(words), **more))  # type: ignore[arg-type]  # fields of Overlap


@pytest.mark.parametrize("murmur", ["Mm-hmm.", "uh-huh", "Yeah.", "Okay.", "Right.", "I see.", "Mm."])
def test_a_short_murmur_is_a_backchannel(murmur: str) -> None:
    assert Verdict.BACKCHANNEL is said(murmur)


@pytest.mark.parametrize("words", ["Wait.", "Sorry, can I ask something?", "No.", "yes but what about"])
def test_other_words_take_the_floor_while_they_are_still_spoken(words: str) -> None:
    assert Verdict.FLOOR is said(words, silence_ms=0)


def test_yes_right_after_a_question_is_an_answer_and_a_hum_is_not() -> None:
    assert Verdict.FLOOR is said("Yes.", after_question=True)
    assert Verdict.BACKCHANNEL is said("Mm-hmm.", after_question=True)


def test_no_words_are_a_noise() -> None:
    assert Verdict.NOISE is said("")


def test_a_click_needs_no_words_to_be_a_noise() -> None:
    assert Verdict.NOISE is judge(replace(SOUND, voiced_ms=100))


def test_long_speech_without_a_transcript_gets_the_floor() -> None:
    assert Verdict.FLOOR is judge(replace(SOUND, silence_ms=0, voiced_ms=DECIDE_MS, since_onset_ms=2 * DECIDE_MS))


def test_a_word_guessed_from_a_hum_is_a_murmur_and_one_that_is_clear_is_not() -> None:
    assert Verdict.BACKCHANNEL is said("Yes, sir.", logprob=-1.2)
    assert None is said("Yes, sir.", logprob=-1.2, silence_ms=0)
    assert Verdict.FLOOR is said("Stop.", logprob=-0.5, silence_ms=0)
    assert Verdict.FLOOR is said("No, wait.", logprob=-1.1, silence_ms=0)


def test_a_nod_that_goes_on_is_waited_for() -> None:
    assert None is said("Yeah", silence_ms=0, since_onset_ms=320)


@given(st.text(max_size=60), st.integers(BACKCHANNEL_MS + 1, 20_000), st.booleans())
def test_long_speech_with_words_is_never_a_backchannel(words: str, voiced_ms: int, ended: bool) -> None:
    verdict = said(words, voiced_ms=voiced_ms, since_onset_ms=voiced_ms, silence_ms=SETTLED_MS if ended else 0)
    assert verdict is not Verdict.BACKCHANNEL


def test_a_guess_is_not_settled_by_the_breath_after_a_first_word() -> None:
    assert None is said("I thank you.", logprob=-1.2, silence_ms=140)
    assert Verdict.BACKCHANNEL is said("I thank you.", logprob=-1.2, silence_ms=SETTLED_MS)
    assert None is said("", silence_ms=140)


@pytest.mark.parametrize("guess", ["No, no, no.", "What do you think?", "Yes, sir.", "Thank you very much."])
def test_what_whisper_makes_of_a_hum_is_a_murmur(guess: str) -> None:
    assert Verdict.BACKCHANNEL is said(guess, logprob=-0.96)

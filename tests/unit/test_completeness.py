"""Do these words end a turn?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.completeness import Completeness, Expected, completeness, plain
from policies.phi import PHI


def judged(text: str, expected: Expected = Expected.ANYTHING) -> Completeness:
    return completeness(PHI(text), expected)


@pytest.mark.parametrize(
    "text",
    [
        "Can I have a bath tonight?",
        "when should the bandage come off",
        "Good evening. How many of these may I take in a day?",
        "I wonder whether I can carry my shopping",
        "No thank you, that's all.",
        "Yes.",
    ],
)
def test_a_whole_question_or_closing_is_complete(text: str) -> None:
    assert Completeness.COMPLETE is judged(text)


@pytest.mark.parametrize(
    "text",
    ["Can I have", "when should the", "I got home on Monday and", "my doctor told", "is it okay to", "um", "So I was,"],
)
def test_what_cannot_end_there_is_incomplete(text: str) -> None:
    assert Completeness.INCOMPLETE is judged(text)


@pytest.mark.parametrize("text", ["I have a question", "it was ninety", "zero four one", "let me see"])
def test_what_announces_more_stays_open(text: str) -> None:
    assert Completeness.OPEN is judged(text)


def test_a_statement_may_go_on() -> None:
    assert Completeness.LIKELY is judged("The scar is a bit red.")


def test_no_words_are_nothing() -> None:
    assert Completeness.NOTHING is judged(" ... ")


def test_a_yes_that_was_asked_for_is_complete() -> None:
    assert Completeness.LIKELY is judged("okay")
    assert Completeness.COMPLETE is judged("okay", Expected.YES_OR_NO)


@given(st.text(max_size=200), st.sampled_from(Expected))
def test_any_text_is_judged_and_case_and_spacing_do_not_matter(text: str, expected: Expected) -> None:
    assert judged(text, expected) is judged(text, expected)
    assert plain(text) == plain(plain(text))

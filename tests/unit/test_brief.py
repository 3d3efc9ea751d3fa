"""`policies/brief.py`: what a nurse is told before she takes a caller."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.brief import MOST_NOTED, MOST_WORDS, Told, brief
from policies.escalation import EscalationReason
from policies.phi import PHI

LONGEST_WORDS: Final = 70
"""20 s at the 210 words a minute of the agent's voice (`agent/delivery.py`)."""


def told(
    reason: EscalationReason,
    words: str | None = None,
    noted: str | None = None,
    item: str = "",
    call_back: bool = False,
) -> str:
    of = Told(reason, None if words is None else PHI(words), None if noted is None else PHI(noted), item, call_back)
    return " ".join(sentence.reveal() for sentence in brief(of))


@pytest.mark.parametrize("reason", EscalationReason)
def test_every_reason_has_its_situation_and_the_keys_come_last(reason: EscalationReason) -> None:
    said = told(reason, "My chest hurts.")

    assert "My chest hurts" in said
    assert said.endswith("Press 1 to be connected, 9 to hear this again, 2 if you can't.")


def test_who_said_nothing_is_told_of_so() -> None:
    assert "We have no words of theirs." in told(EscalationReason.SILENCE)


def test_words_without_a_letter_are_no_words() -> None:
    assert "We have no words of theirs." in told(EscalationReason.SILENCE, " ... ")


def test_of_long_words_the_last_are_told() -> None:
    said = told(EscalationReason.SYMPTOM, " ".join(f"word{n}" for n in range(100)))

    assert "word99" in said
    assert f"word{99 - MOST_WORDS}" not in said


def test_what_was_noted_and_the_open_question_are_told() -> None:
    said = told(EscalationReason.ASKED, "A nurse please.", "I was dizzy yesterday.", "daily-weight")

    assert "And before: I was dizzy yesterday." in said
    assert "We had asked about: daily weight." in said


@given(
    st.sampled_from(EscalationReason),
    st.text(max_size=400),
    st.text(max_size=400),
    st.sampled_from(["", "daily-weight"]),
)
def test_whatever_was_said_it_is_told_in_time(reason: EscalationReason, words: str, noted: str, item: str) -> None:
    ours = len(told(reason, "", "", item).split())
    said = told(reason, words, noted, item)

    assert len(said.split()) <= ours + MOST_WORDS + MOST_NOTED
    assert "{" not in said.replace(words, "")


@pytest.mark.parametrize("call_back", [False, True])
@pytest.mark.parametrize("reason", EscalationReason)
def test_the_longest_brief_is_said_in_twenty_seconds(reason: EscalationReason, call_back: bool) -> None:
    longest = told(reason, "word " * (MOST_WORDS + 1), "word " * (MOST_NOTED + 1), "daily-weight", call_back)

    assert len(longest.split()) <= LONGEST_WORDS

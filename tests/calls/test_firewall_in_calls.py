"""Whole calls with a hosted model that says what it may and what it may not."""

from __future__ import annotations

import pytest

from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.phi import PHI
from tests.calls.test_fetching_a_nurse import takes_it
from tests.nurses import Nurse, Nurses
from tests.simulated import Held, Line, Setup, accepts_a_nurse, hold, passage, words

INSULIN = "How do I store my insulin at home?"
NOT_COVERED = "What is the best team in the league this year?"
SAFE = "Keep the insulin that you have not opened in the refrigerator."
ADDED = "Wrap it in a wet towel if you have no refrigerator."


def judged_safe(sentence: PHI[str], beside: str) -> PHI[float]:
    return sentence.map(lambda text: 0.0 if text == ADDED else 1.0)


def asks(question: str, answer: str) -> Held:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(question)
        await line.reply()
        line.hang_up()

    return hold(caller, Setup(answers=lambda said: answer, model=Setup().stt, weigh=judged_safe))


def test_what_a_model_puts_in_words_is_spoken_where_nothing_is_wrong_with_it() -> None:
    held = asks(INSULIN, SAFE)

    assert [SAFE] == held.replies
    assert [INSULIN] == held.questions
    assert 0 == held.metrics.fallbacks


@pytest.mark.parametrize(
    "unsafe",
    [
        "You could skip tonight's dose.",
        "It keeps for 90 days.",
        "Warfarin keeps in the same way.",
        ADDED,
        "That is nothing to worry about.",
    ],
)
def test_the_approved_passage_is_spoken_instead_of_what_may_not_be_said(unsafe: str) -> None:
    held = asks(INSULIN, unsafe)

    assert passage(INSULIN) == held.replies
    assert 1 == held.metrics.fallbacks


def test_what_was_well_said_before_stays_and_the_passage_follows() -> None:
    held = asks(INSULIN, f"{SAFE} You could skip tonight's dose. It is cold there.")

    assert [SAFE, *passage(INSULIN)] == held.replies


def test_a_model_is_not_asked_where_no_passage_answers() -> None:
    held = asks(NOT_COVERED, SAFE)

    assert words(Phrase.NOT_KNOWN) in held.replies
    assert [] == held.questions


def test_a_nurse_that_a_model_asks_for_is_offered_and_a_yes_fetches_her() -> None:
    held = hold(
        accepts_a_nurse(INSULIN), Setup(answers=lambda said: f"{SAFE} [[nurse]]", model=Setup().stt, weigh=judged_safe)
    )

    assert [SAFE, words(Phrase.CHECK), words(Phrase.TRANSFER)] == held.replies
    assert EscalationReason.ASKED is held.metrics.escalation


def test_a_symptom_that_a_model_notes_is_told_to_a_nurse_who_comes_on() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        line.press("0")
        await line.closed(200)

    nurses = Nurses([Nurse(takes_it)])
    held = hold(
        caller,
        Setup(answers=lambda said: f"{SAFE} [[symptom]]", model=Setup().stt, weigh=judged_safe, nurses=nurses),
    )
    (heard,) = nurses.heard.values()

    assert [SAFE, words(Phrase.NOTED_FOR_NURSE)] == held.replies[:2]
    assert "store my insulin" in " ".join(heard.texts)


def test_a_symptom_is_noted_once_a_call() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for _ in range(2):
            await line.say(INSULIN)
            await line.reply()
        line.hang_up()

    held = hold(caller, Setup(answers=lambda said: f"{SAFE} [[symptom]]", model=Setup().stt, weigh=judged_safe))

    assert 1 == held.replies.count(words(Phrase.NOTED_FOR_NURSE))


def test_a_model_has_a_nurse_offered_once_a_call() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for answer in (INSULIN, "No, thank you.", INSULIN):
            await line.say(answer)
            await line.reply()
        line.hang_up()

    held = hold(caller, Setup(answers=lambda said: f"[[nurse]] {SAFE}", model=Setup().stt, weigh=judged_safe))

    assert [SAFE, words(Phrase.CHECK), words(Phrase.ANYTHING_ELSE), SAFE] == held.replies


@pytest.mark.parametrize("mark", ["[[page_surgeon]]", "[nurse]", "[[ nurse ]]"])
def test_a_mark_that_stands_for_nothing_is_not_spoken_and_asks_for_nothing(mark: str) -> None:
    assert passage(INSULIN) == asks(INSULIN, f"{mark} {SAFE}").replies


def test_a_model_that_only_asks_for_a_nurse_has_one_offered() -> None:
    assert [words(Phrase.NOT_KNOWN)] == asks(INSULIN, "[[nurse]]").replies

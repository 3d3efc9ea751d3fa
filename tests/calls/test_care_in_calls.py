"""Whole calls in which a sign is graver than the one before, unsure, or heard badly."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

import pytest

from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.records import EndReason
from tests.fakes import Manner, Plan, Turnout
from tests.simulated import Line, Setup, hold, passage, words

INSULIN: Final = "How do I store my insulin at home?"
STRANGE: Final = "I feel sort of strange in my left side."
UNSURE: Final = (0.25, 0.7, 0.03, 0.02)
SURE: Final = (0.02, 0.95, 0.01, 0.02)
CALM: Final = (0.97, 0.01, 0.01, 0.01)
DANGER: Final = (0.02, 0.08, 0.05, 0.85)
GUESSED: Final = -1.4
MUTTERED: Final = -0.9  # unsure enough to be taken for a backchannel, not to be doubtful


def reader(**heard: tuple[float, float, float, float]) -> Setup:
    """A line whose reader of urgency says so of all that holds the word, and that all else is calm."""
    return Setup(manner=lambda said: Manner(next((how for word, how in heard.items() if word in said), CALM)))


def tells(*turns: str) -> Callable[[Line], Coroutine[Any, Any, None]]:
    """A caller who hears out each reply but the last one, after which the line closes."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in turns[:-1]:
            await line.say(turn)
            await line.reply()
        await line.say(turns[-1])
        await line.closed(60)

    return caller


def over(first: str, after_ms: int, then: str) -> Callable[[Line], Coroutine[Any, Any, None]]:
    """A caller who speaks over what she is told."""

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(first)
        await line.hears(after_ms)
        await line.say(then)
        await line.closed(60)

    return caller


@pytest.mark.parametrize(
    ("first", "told", "then", "graver"),
    [
        ("I want to talk to a nurse.", Phrase.TRANSFER, "I have chest pain right now.", Phrase.EMERGENCY),
        ("Some days I just want to die.", Phrase.CRISIS, "I have chest pain right now.", Phrase.EMERGENCY),
        ("My incision is red and hot since yesterday.", Phrase.SYMPTOM, "I just want to die.", Phrase.CRISIS),
    ],
)
def test_what_is_graver_than_the_reason_of_a_hand_off_is_told_too(
    first: str, told: Phrase, then: str, graver: Phrase
) -> None:
    held = hold(over(first, 600, then))

    assert [words(told), words(graver)] == held.replies
    assert words(graver) not in held.cut
    assert held.notes.reasons[-1] is held.metrics.escalation
    assert EndReason.HANDED_OVER is held.metrics.end


def test_what_is_no_graver_leaves_the_wording_of_a_hand_off_alone() -> None:
    held = hold(over("I have chest pain.", 600, "Some days I just want to die."))

    assert [words(Phrase.EMERGENCY)] == held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation


def test_what_the_reader_alone_is_sure_of_brings_911() -> None:
    held = hold(tells(STRANGE), reader(strange=DANGER))

    assert [words(Phrase.EMERGENCY)] == held.replies


def test_911_by_a_rule_alone_is_a_nurse_where_the_reader_hears_no_danger() -> None:
    assert [words(Phrase.SYMPTOM)] == hold(tells("I have chest pain."), reader(chest=CALM)).replies


def test_who_may_have_told_a_symptom_is_answered_and_asked() -> None:
    held = hold(tells(INSULIN, "Yes please."), reader(insulin=UNSURE))

    assert [*passage(INSULIN), words(Phrase.CHECK), words(Phrase.TRANSFER)] == held.replies
    assert EscalationReason.ASKED is held.metrics.escalation


def test_who_says_no_to_the_question_goes_on() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.say("No.")
        await line.reply()
        line.hang_up()

    held = hold(caller, reader(insulin=UNSURE))

    assert words(Phrase.ANYTHING_ELSE) == held.replies[-1]
    assert held.metrics.escalation is None


def test_who_is_asked_and_is_unsure_again_gets_the_nurse() -> None:
    held = hold(tells(INSULIN, STRANGE), reader(insulin=UNSURE, strange=UNSURE))

    assert words(Phrase.SYMPTOM) == held.replies[-1]
    assert EscalationReason.SYMPTOM is held.metrics.escalation


def test_a_symptom_that_was_hardly_heard_is_asked_about() -> None:
    held = hold(
        tells(STRANGE, "Yes."), Setup(manner=lambda said: Manner(SURE, GUESSED) if "strange" in said else Manner(CALM))
    )

    assert [words(Phrase.CHECK_HEARD), words(Phrase.TRANSFER)] == held.replies


def test_danger_that_was_hardly_heard_is_not_asked_about() -> None:
    held = hold(tells(STRANGE), Setup(manner=lambda said: Manner(DANGER, GUESSED)))

    assert [words(Phrase.EMERGENCY)] == held.replies


def test_a_muttered_symptom_over_the_agents_voice_is_no_backchannel() -> None:
    held = hold(
        over(INSULIN, 900, "incision pus"),
        Setup(manner=lambda said: Manner(SURE, MUTTERED) if said.startswith("incision") else Manner(CALM)),
    )

    assert EscalationReason.SYMPTOM is held.metrics.escalation


def test_a_symptom_over_the_goodbye_is_heard_however_slow_the_recogniser_is() -> None:
    slow = Setup(stt=Plan([Turnout()], usual=Turnout(after_s=3.0)))
    held = hold(over("Thank you, goodbye.", 800, "My incision is red and hot since yesterday."), slow)

    assert EscalationReason.SYMPTOM is held.metrics.escalation
    assert words(Phrase.SYMPTOM) == held.texts[-1]

"""Whole calls in which how she speaks raises care: by one question, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pytest

from agent.lines import Workflow
from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from tests.calls.test_care_in_calls import INSULIN, STRANGE, UNSURE, reader
from tests.calls.test_identifying_in_calls import ASKED, DOSE, Directory, says_on
from tests.calls.test_objectives_in_calls import BYE, questions
from tests.simulated import Held, Line, Setup, hold, passage, words

BREATHLESS: Final = ("How", "do", "I", "store", "my", "insulin at home?")
"""With a pause before each but the first: in pieces, and voice in less than 35 % of the time."""
FLUENT: Final = (INSULIN,)
CHECK: Final = words(Phrase.CHECK)
PAUSE_MS: Final = 1_000


async def breathe(line: Line, pieces: Sequence[str]) -> None:
    await line.say(pieces[0])
    for piece in pieces[1:]:
        await line.wait(PAUSE_MS)
        await line.say(piece)


def call(*turns: Sequence[str], setup: Setup | None = None) -> Held:
    """Each turn in its pieces, when the agent has fallen silent."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in turns:
            await breathe(line, turn)
            await line.reply()
        line.hang_up()

    return hold(caller, setup, strict=False)


def test_who_speaks_with_strain_is_answered_and_asked_once() -> None:
    held = call(BREATHLESS, ("No.",), BREATHLESS)
    answer = passage(INSULIN)

    assert [*answer, CHECK, words(Phrase.ANYTHING_ELSE), *answer] == held.replies
    assert held.metrics.escalation is None


def test_who_says_the_same_in_one_breath_is_not() -> None:
    assert passage(INSULIN) == call(FLUENT).replies


def test_strain_right_after_the_question_is_no_second_doubt() -> None:
    """A reader that is unsure twice in a row brings the nurse; how she speaks does not."""
    held = call((STRANGE,), BREATHLESS, setup=reader(strange=UNSURE))

    assert held.metrics.escalation is None
    assert passage(INSULIN)[-1] == held.replies[-1]


def test_who_breaks_off_with_strain_is_asked_too() -> None:
    """Nothing is prepared ahead for words that can't be the end."""

    async def caller(line: Line) -> None:
        await line.greeting()
        await breathe(line, ("How", "do", "I", "store", "my", "insulin at my"))
        await line.reply()
        await line.reply()
        line.hang_up()

    held = hold(caller, strict=False)

    assert held.replies[0] in (words(Phrase.CONTINUER), words(Phrase.CONTINUER_2))
    assert [*passage(INSULIN), CHECK] == held.replies[1:]


def test_strain_after_the_words_counts_for_the_reply_that_was_prepared_before_it() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("My insulin is at home.")
        for _ in range(5):
            await line.wait(PAUSE_MS)
            line.noise(100)
            await line.finish()
        await line.reply()
        line.hang_up()

    assert [*passage(INSULIN), CHECK] == hold(caller, strict=False).replies


def test_identifiers_are_read_out_in_pieces_by_everybody() -> None:
    async def caller(line: Line) -> None:
        await says_on(line, DOSE)
        await breathe(line, ("I", "am", "the", "one", "born", "on", "the", "fourth of March nineteen fifty."))
        await line.reply()
        line.hang_up()

    assert ASKED == hold(caller, Setup(records=Directory()), strict=False).replies[-2:]


def test_a_red_flag_is_told_as_ever_however_it_is_said() -> None:
    held = call(("I", "have", "my", "chest pain right now."), setup=reader(chest=(0.02, 0.08, 0.05, 0.85)))

    assert [words(Phrase.EMERGENCY)] == held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation


@pytest.mark.parametrize(("ms", "asked"), [(4_500, True), (500, False)])
def test_who_is_slow_to_answer_about_two_symptoms_is_asked(ms: int, asked: bool) -> None:
    items = questions(Workflow.POST_DISCHARGE)

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(BYE)
        for _ in range(2):
            await line.reply(100)
            await line.wait(ms)
            await line.say("No.")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(workflow=Workflow.POST_DISCHARGE))

    assert asked is (CHECK == held.replies[-1])
    assert asked is (items[2] not in held.replies)
    assert held.metrics.escalation is None

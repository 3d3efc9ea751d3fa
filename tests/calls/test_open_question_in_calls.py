"""Whole calls in which something else is said or asked while a question of ours is open: a "yes" answers that."""

from __future__ import annotations

from typing import Final

from agent.lines import Workflow
from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from tests.calls.test_identifying_in_calls import BORN, DOSE, PHONE, TOLD, Directory, keys
from tests.calls.test_objectives_in_calls import ASKED, BATH, BYE, GOODBYE, LEAD, NEXT, QUIET_MS, call
from tests.simulated import Held, Line, Setup, hold, passage, words

FIRST: Final = Workflow.POST_DISCHARGE


def records(*turns: str) -> Held:
    return call(*turns, setup=Setup(workflow=FIRST, records=Directory()))


def test_yes_after_are_you_still_there_is_no_answer_to_the_question_before_it() -> None:
    held = call(BYE, "", "", "Yes.", "Goodbye.")

    assert [LEAD, ASKED[0], ASKED[0], words(Phrase.SILENCE_2), ASKED[0], GOODBYE] == held.replies
    assert held.metrics.escalation is None


def test_yes_into_a_passage_is_no_answer_and_again_does_not_repeat_the_passage() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in (BYE, BATH):
            await line.say(turn)
            await line.hears(QUIET_MS) if turn == BATH else await line.reply(QUIET_MS)
        await line.say("Yes, I really do have some.")
        await line.reply(QUIET_MS)
        await line.say("Could you say that again?")
        await line.reply(QUIET_MS)
        await line.say("Goodbye.")
        await line.closed()

    held = hold(caller, Setup(workflow=FIRST))

    assert [LEAD, ASKED[0], passage(BATH)[0], ASKED[0], ASKED[0], GOODBYE] == held.replies
    assert held.metrics.escalation is None


def test_yes_is_the_answer_to_our_question_and_not_to_an_identification_it_broke_into() -> None:
    held = records(DOSE, "Goodbye.", "", "", "Yes.", "Yes.")

    still = [ASKED[0], words(Phrase.SILENCE_2), ASKED[0]]
    assert [words(Phrase.IDENTIFY), LEAD, ASKED[0], *still, words(Phrase.EMERGENCY)] == held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation


def test_an_answer_that_speaks_of_an_earlier_call_is_an_answer_and_a_record_told_between_asks_again() -> None:
    held = records(BYE, "No, as when I called yesterday.", DOSE, BORN, PHONE, "Goodbye.")

    between = [NEXT, ASKED[1], words(Phrase.IDENTIFY), words(Phrase.ASK_SECOND), *TOLD, ASKED[1], GOODBYE]
    assert [LEAD, ASKED[0], *between] == held.replies


def test_keys_after_star_are_an_identifier_whatever_else_is_open() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in (DOSE, "Goodbye."):
            await line.say(turn)
            await line.reply(QUIET_MS)
        for digits in ("*03041950#", "*0142#"):
            keys(line, digits)
            await line.reply(QUIET_MS)
        await line.say("Goodbye.")
        await line.closed()

    held = hold(caller, Setup(workflow=FIRST, records=Directory()))

    before = [words(Phrase.IDENTIFY), LEAD, ASKED[0]]
    assert [*before, words(Phrase.ASK_SECOND), *TOLD, ASKED[0], GOODBYE] == held.replies
    assert held.metrics.escalation is None


def test_a_whole_yes_to_an_offer_brings_the_person() -> None:
    held = call("What is the tallest mountain?", "Yes, I would like that.")

    assert words(Phrase.TRANSFER) == held.replies[-1]
    assert EscalationReason.ASKED is held.metrics.escalation


def test_who_wants_the_question_again_for_ever_gets_a_person() -> None:
    again = "Could you say that again?"
    held = call(BYE, *[again] * 5)

    assert EscalationReason.NOT_UNDERSTOOD is held.metrics.escalation

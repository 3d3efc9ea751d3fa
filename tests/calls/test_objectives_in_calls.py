"""Whole calls in which something must be asked before the goodbye."""

from __future__ import annotations

from typing import Final

import pytest

from agent.lines import Workflow
from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.objectives import Covered
from policies.records import EndReason
from tests.fakes import Manner
from tests.simulated import Held, Line, Setup, hold, house, passage, words

BATH: Final = "When can I take a bath?"
BYE: Final = "No, that's all. Goodbye."
STRANGE: Final = "Purple elephants."
"""The disclosure has been heard: she speaks over the rest of the greeting, as a whole one is dear in so many calls."""
QUIET_MS: Final = 500
A, D, E, K, N, X = (
    Covered.ANSWERED,
    Covered.DECLINED,
    Covered.ESCALATED,
    Covered.ASKED,
    Covered.NOT_REACHED,
    Covered.NONE,
)
DISCHARGE: Final = Setup(workflow=Workflow.POST_DISCHARGE)
CHRONIC: Final = Setup(workflow=Workflow.CHRONIC_CHECK_IN)


def questions(workflow: Workflow) -> list[str]:
    asking = house(workflow)[0].script.asking
    assert asking is not None
    return [one.item.ask for one in asking.items]


ASKED: Final = questions(Workflow.POST_DISCHARGE)
CHECKED: Final = questions(Workflow.CHRONIC_CHECK_IN)
LEAD, NEXT, AGAIN = words(Phrase.BEFORE_YOU_GO), words(Phrase.NOTED), words(Phrase.ASK_AGAIN)
GOODBYE: Final = words(Phrase.CLOSING)
TYPE: Final = words(Phrase.TYPE_PRESSURE)


def call(*turns: str, setup: Setup = DISCHARGE) -> Held:
    """One who says each turn when the agent has fallen silent.  "#12*3#" is typed, without the first sign; "" waits."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in turns[:-1]:
            await tell(line, turn)
            await line.reply(QUIET_MS)
        await tell(line, turns[-1])
        await line.closed(60)

    async def tell(line: Line, turn: str) -> None:
        if turn.startswith("#"):
            for key in turn[1:]:
                line.press(key)
                await line.wait(100)
        elif turn:
            await line.say(turn)

    return hold(caller, setup)


def ledger(held: Held) -> list[Covered]:
    return [getattr(held.metrics, f"objective_{nth}") for nth in range(1, 9)]


def ended(held: Held) -> tuple[EndReason, EscalationReason | None]:
    return held.metrics.end, held.metrics.escalation


SAID_GOODBYE = (EndReason.GOODBYE, None)


def handed_over(reason: EscalationReason) -> tuple[EndReason, EscalationReason]:
    return EndReason.HANDED_OVER, reason


def test_all_is_asked_before_a_goodbye_once_her_own_question_is_answered() -> None:
    held = call("No thank you.", "No.", "No.", "No.", "No, none.", "No.", "Yes, I do.", "On the sheet with my papers.")

    asked = [ASKED[0], *(text for question in ASKED[1:] for text in (NEXT, question))]
    assert [words(Phrase.ANYTHING_ELSE), LEAD, *asked, GOODBYE] == held.replies
    assert [A, A, A, A, A, A, X, X] == ledger(held)
    assert SAID_GOODBYE == ended(held)


@pytest.mark.parametrize(
    ("turns", "phrase", "reason", "covered"),
    [
        ((BYE, "Yes."), Phrase.EMERGENCY, EscalationReason.RED_FLAG, [E, N, N, N, N, N]),
        ((BYE, "No.", "Yes, I have."), Phrase.SYMPTOM, EscalationReason.SYMPTOM, [A, E, N, N, N, N]),
        ((BYE, "#2", "#1"), Phrase.SYMPTOM, EscalationReason.SYMPTOM, [A, E, N, N, N, N]),
        ((BYE, "#0"), Phrase.TRANSFER, EscalationReason.KEY_ZERO, [K, N, N, N, N, N]),
        ((BYE, *[STRANGE] * 3), Phrase.NOT_ENGLISH, EscalationReason.NOT_UNDERSTOOD, [K, N, N, N, N, N]),
    ],
)
def test_an_answer_that_is_trouble_and_what_is_graver_than_any_answer_fetch_a_person(
    turns: tuple[str, ...], phrase: Phrase, reason: EscalationReason, covered: list[Covered]
) -> None:
    held = call(*turns)

    assert words(phrase) == held.replies[-1]
    assert covered == ledger(held)[:6]
    assert handed_over(reason) == ended(held)


def test_who_insists_on_leaving_is_let_go() -> None:
    held = call("Goodbye.", "I have to go. Goodbye.")

    assert [LEAD, ASKED[0], GOODBYE] == held.replies
    assert [D, N, N, N, N, N, X, X] == ledger(held)
    assert SAID_GOODBYE == ended(held)


def test_a_question_of_hers_is_answered_first_and_ours_is_asked_again() -> None:
    held = call(BYE, BATH, "I have a question.", BATH, "Goodbye.", "I don't know.", "Goodbye.")

    again = [*passage(BATH), ASKED[0], words(Phrase.SILENCE_1), *passage(BATH), ASKED[0], NEXT, ASKED[1], GOODBYE]
    assert [LEAD, ASKED[0], *again] == held.replies
    assert [D, D, N, N, N, N, X, X] == ledger(held)


def test_what_is_not_known_offers_a_person_and_our_question_waits() -> None:
    held = call(BYE, "What is the tallest mountain?", "No.", "No.", "Goodbye.")

    known = [words(Phrase.NOT_KNOWN), words(Phrase.ANYTHING_ELSE)]
    assert [LEAD, ASKED[0], *known, ASKED[0], GOODBYE] == held.replies


def test_who_says_nothing_or_does_not_hear_it_hears_the_question_again() -> None:
    held = call(BYE, "", "Wait a second.", "Hello?", "Are you a robot?", "Goodbye.")

    again = [ASKED[0], words(Phrase.CONTINUER), ASKED[0], words(Phrase.WHO_I_AM), ASKED[0]]
    assert [LEAD, ASKED[0], *again, GOODBYE] == held.replies


def test_an_unsure_symptom_in_an_answer_is_asked_about() -> None:
    unsure = Setup(
        workflow=Workflow.POST_DISCHARGE,
        manner=lambda said: Manner((0.25, 0.7, 0.03, 0.02) if "odd" in said else (0.97, 0.01, 0.01, 0.01)),
    )
    held = call(BYE, "No, that part feels odd.", "Yes.", setup=unsure)

    assert [LEAD, ASKED[0], words(Phrase.CHECK), words(Phrase.TRANSFER)] == held.replies
    assert [A, N, N, N, N, N, X, X] == ledger(held)


@pytest.mark.parametrize(("then", "covered"), [("I look on the visit papers.", A), (STRANGE, K)])
def test_a_point_that_is_not_told_back_is_said_once_more(then: str, covered: Covered) -> None:
    held = call("Bye.", "No.", "Yes.", STRANGE, then, setup=Setup(workflow=Workflow.POST_VISIT))

    point = ["Your visit papers have a sheet that says what to do next, and when.", "Keep them where you can see them."]
    question = questions(Workflow.POST_VISIT)[-1]
    assert [question, *point, question, GOODBYE] == held.replies[-5:]
    assert covered is held.metrics.objective_3
    assert SAID_GOODBYE == ended(held)


def test_numbers_are_read_back_and_judged_once_they_are_confirmed() -> None:
    held = call(BYE, "#2", "one thirty eight over eighty five", "Yes.", "three fifty", "#1", setup=CHRONIC)

    read = [CHECKED[1], "I heard 138 over 85. Is that right?", NEXT, CHECKED[2], "I heard 350. Is that right?"]
    assert [LEAD, CHECKED[0], NEXT, *read, words(Phrase.SYMPTOM)] == held.replies
    assert [A, A, E, N, N, N, X, X] == ledger(held)
    assert handed_over(EscalationReason.SYMPTOM) == ended(held)


def test_two_failures_move_a_number_to_the_keypad() -> None:
    keys = "#120*80#"
    turns = ("No.", "It was good.", "one twenty over thirty", "No.", keys, "#1", "Goodbye.")
    held = call(BYE, *turns, setup=CHRONIC)

    failed = [AGAIN, CHECKED[1], "I heard 120 over 30. Is that right?", TYPE]
    typed = ["You typed 120 over 80. Is that right?", NEXT, CHECKED[2], GOODBYE]
    assert [LEAD, CHECKED[0], NEXT, CHECKED[1], *failed, *typed] == held.replies
    assert [A, A, D, N, N, N, X, X] == ledger(held)


@pytest.mark.parametrize("third", ["#12#", ""])
def test_a_third_failure_brings_a_person(third: str) -> None:
    """Typed what is no value, or nothing: then the prompt is said once more."""
    held = call(BYE, "No.", STRANGE, STRANGE, third, setup=CHRONIC)

    prompts = [TYPE] if third else [TYPE, TYPE]
    assert [AGAIN, CHECKED[1], *prompts, words(Phrase.NOT_ENGLISH)] == held.replies[-len(prompts) - 3 :]
    assert handed_over(EscalationReason.NOT_UNDERSTOOD) == ended(held)


def test_a_number_is_taken_without_the_pound_key_and_a_caller_may_have_none() -> None:
    held = call(BYE, "No.", "#125*82", "Yes.", "I don't have a meter.", "Goodbye.", setup=CHRONIC)

    assert "You typed 125 over 82. Is that right?" in held.replies
    assert [A, A, D, D, N, N, X, X] == ledger(held)


def test_an_emergency_wins_over_a_number_that_is_being_typed() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in (BYE, "No."):
            await line.say(turn)
            await line.reply(QUIET_MS)
        line.press("1")
        await line.say("I have chest pain.")
        await line.closed(60)

    held = hold(caller, CHRONIC)

    assert words(Phrase.EMERGENCY) == held.replies[-1]
    assert [A, E] == ledger(held)[:2]

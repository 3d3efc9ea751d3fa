"""Whole calls with questions that approved wording must not answer, as the reader of scope hears them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.scope import Route
from tests.fakes import Manner
from tests.simulated import Line, Setup, accepts_a_nurse, hold, passage, words

INSULIN = "How do I store my insulin at home?"
ELSEWHERE = "Which football team won the insulin cup this year?"


def heard_as(route: Route, sure: float) -> Setup:
    scope = [0.0] * len(Route)
    scope[0], scope[list(Route).index(route)] = 1 - sure, sure
    return Setup(manner=lambda said: Manner(scope=tuple(scope)) if "insulin" in said else Manner())


def asks(question: str) -> Callable[[Line], Coroutine[Any, Any, None]]:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(question)
        await line.reply()
        line.hang_up()

    return caller


asks_once = asks(INSULIN)


@pytest.mark.parametrize("route", [Route.DOSE_CHANGE, Route.DIAGNOSIS, Route.ASKS_HUMAN])
def test_what_is_for_the_nurse_is_offered_one_and_a_yes_fetches_her(route: Route) -> None:
    held = hold(accepts_a_nurse(INSULIN), heard_as(route, 0.85))

    assert [words(Phrase.FOR_THE_NURSE), words(Phrase.TRANSFER)] == held.replies
    assert EscalationReason.ASKED is held.metrics.escalation


def test_who_is_silent_after_an_offer_is_offered_again_and_a_yes_fetches_the_nurse() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.reply()
        await line.say("Yes, please.")
        await line.closed(60)

    held = hold(caller, heard_as(Route.DOSE_CHANGE, 0.85))

    assert [words(Phrase.FOR_THE_NURSE), words(Phrase.STILL_OFFERED), words(Phrase.TRANSFER)] == held.replies


def test_a_key_answers_an_offer_that_was_made_again() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.reply()
        line.press("1")
        await line.closed(60)

    assert words(Phrase.TRANSFER) == hold(caller, heard_as(Route.DOSE_CHANGE, 0.85)).replies[-1]


@pytest.mark.parametrize(
    ("route", "said"),
    [
        (Route.OUT_OF_SCOPE, Phrase.NOT_OURS),
        (Route.INJECTION, Phrase.NOT_OURS),
        (Route.ADMIN, Phrase.NOT_KNOWN),
    ],
)
def test_what_is_none_of_this_lines_business_is_not_answered(route: Route, said: Phrase) -> None:
    assert [words(said)] == hold(asks(ELSEWHERE), heard_as(route, 0.85)).replies


@pytest.mark.parametrize("route", [Route.OUT_OF_SCOPE, Route.ADMIN])
def test_what_an_approved_passage_answers_is_answered_unless_it_is_for_the_nurse(route: Route) -> None:
    assert passage(INSULIN) == hold(asks_once, heard_as(route, 0.95)).replies


def test_an_instruction_to_the_line_is_not_obeyed_though_a_passage_would_fit() -> None:
    assert [words(Phrase.NOT_OURS)] == hold(asks_once, heard_as(Route.INJECTION, 0.85)).replies


def test_a_missed_dose_is_answered_though_the_reader_hears_a_change_of_dose() -> None:
    missed = "What should I do if I miss a dose of my insulin?"

    assert passage(missed) == hold(asks(missed), heard_as(Route.DOSE_CHANGE, 0.95)).replies


@pytest.mark.parametrize("route", list(Route)[1:])
def test_where_the_reader_is_not_sure_the_passages_decide(route: Route) -> None:
    held = hold(asks_once, heard_as(route, 0.75))

    assert passage(INSULIN) == held.replies


def test_a_model_is_not_asked_what_is_for_the_nurse() -> None:
    setup = heard_as(Route.DOSE_CHANGE, 0.85)
    setup.model, setup.weigh = setup.stt, lambda sentence, passage: sentence.map(lambda _: 1.0)

    held = hold(asks_once, setup)

    assert [words(Phrase.FOR_THE_NURSE)] == held.replies
    assert [] == held.questions

"""Whole calls in which no nurse comes: she is offered a call back, and what she answers decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from agent.phrases import Phrase
from agent.promises import can_be_called
from policies.brief import Told
from policies.guardrails import EscalationReason, NotWording, own_number
from policies.phi import PHI
from policies.records import EndReason
from telephony.transfer import Rank, Rung
from tests.nurses import Nurse, Nurses
from tests.simulated import Held, Line, Setup, hold, words

WOUND: Final = "My wound is red and swollen."
CHEST: Final = "I have chest pain right now."
NUMBER: Final = "+12025550142"
DIGITS: Final = "2 0 2, 5 5 5, 0 1 4 2."
OFFER: Final = [words(Phrase.PROMISE_OFFER), DIGITS, words(Phrase.PROMISE_ASK)]


@dataclass
class CallBack:
    """What was promised, in words that may be looked at: nothing of the call itself is held."""

    number: PHI[str]
    made: list[tuple[EscalationReason, str]] = field(default_factory=list)

    ready: bool = True

    def make(self, told: Told) -> None:
        self.made.append((told.reason, "" if told.words is None else str(told.words.reveal())))


Made = list[tuple[EscalationReason, str]]
Answers = Callable[[Line], Awaitable[None]]


def called(answers: Answers, made: Made | None = None, first: str = WOUND, **more: Any) -> Held:
    """No nurse picks up; then she answers the offer."""
    kept: Made = [] if made is None else made

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(first)
        await line.until(lambda: words(Phrase.PROMISE_ASK) in line.texts(), "the offer", 120)
        await line.quiet()
        await answers(line)
        await line.closed(120)

    return hold(caller, setup(kept, **more))


def setup(made: Made, **more: Any) -> Setup:
    nobody = Nurses([Nurse()], (Rung(Rank.UNIT, (0,), 10_000),))
    return Setup(nurses=nobody, promising=lambda: CallBack(PHI(NUMBER), made), **more)


def says(text: str) -> Answers:
    async def answer(line: Line) -> None:
        await line.say(text)

    return answer


async def is_silent(line: Line) -> None:
    pass


def test_the_number_is_read_back_and_a_yes_is_a_promise() -> None:
    made: Made = []
    held = called(says("Yes, please."), made)

    assert OFFER == [text for text in held.replies if text in OFFER]
    assert [words(Phrase.PROMISED), words(Phrase.CLOSING)] == held.replies[-2:]
    assert [(EscalationReason.SYMPTOM, WOUND)] == made
    assert EndReason.GOODBYE is held.metrics.end
    assert words(Phrase.NOBODY_CAME) not in held.replies


def test_key_1_is_a_promise_too() -> None:
    async def presses(line: Line) -> None:
        line.press("1")

    made: Made = []
    held = called(presses, made)

    assert 1 == len(made)
    assert words(Phrase.PROMISED) in held.replies


@pytest.mark.parametrize("refusal", ["No.", "No, thank you.", "2"])
def test_who_refuses_is_connected_to_the_nurse_line(refusal: str) -> None:
    async def refuses(line: Line) -> None:
        if refusal == "2":
            line.press("2")
        else:
            await line.say(refusal)

    made: Made = []
    held = called(refuses, made)

    assert [] == made
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]
    assert EndReason.HANDED_OVER is held.metrics.end


def test_who_says_nothing_is_asked_once_more_and_then_connected_to_the_nurse_line() -> None:
    made: Made = []
    held = called(is_silent, made)

    assert [*OFFER, *OFFER] == [text for text in held.replies if text in OFFER]
    assert [] == made
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


def test_what_is_neither_yes_nor_no_brings_the_question_again() -> None:
    async def rambles(line: Line) -> None:
        await line.say("My daughter is at work until six.")
        await line.reply()
        await line.say("Yes.")

    made: Made = []
    held = called(rambles, made)

    assert 2 == held.replies.count(words(Phrase.PROMISE_ASK))
    assert 1 == len(made)


def test_who_asks_for_it_again_hears_it_again() -> None:
    async def asks(line: Line) -> None:
        await line.say("Can you repeat that more slowly?")
        await line.reply()
        await line.say("Yes.")

    made: Made = []
    held = called(asks, made)

    assert 2 == sum(reply.startswith(words(Phrase.PROMISE_ASK)) for reply in held.replies)
    assert 1 == len(made)


@pytest.mark.parametrize("wish", ["I want to talk to a nurse.", "0"])
def test_who_asks_for_the_nurse_line_instead_gets_it(wish: str) -> None:
    async def asks(line: Line) -> None:
        if wish == "0":
            line.press("0")
        else:
            await line.say(wish)

    made: Made = []
    held = called(asks, made)

    assert [] == made
    assert 1 == held.replies.count(words(Phrase.PROMISE_OFFER))
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


@pytest.mark.parametrize("early", ["Okay.", "1"])
def test_what_she_said_before_the_question_is_no_answer_to_it(early: str) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(WOUND)
        await line.until(lambda: any(text.startswith("No nurse") for text in line.texts()), "the offer", 120)
        if early == "1":
            line.press("1")
        else:
            await line.say(early)
        await line.until(lambda: words(Phrase.PROMISE_ASK) in line.texts(), "the question", 60)
        await line.quiet()
        line.hang_up()

    made: Made = []
    held = hold(caller, setup(made))

    assert [] == made
    assert DIGITS in held.texts


def test_an_emergency_after_the_promise_takes_its_place() -> None:
    async def agrees_and_is_worse(line: Line) -> None:
        await line.say("Yes.")
        await line.begins()
        await line.hears(2_000)
        await line.say(CHEST)

    made: Made = []
    held = called(agrees_and_is_worse, made)

    assert [] == made
    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert words(Phrase.EMERGENCY) in held.replies


def test_nothing_is_offered_that_cannot_be_kept() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(WOUND)
        await line.closed(120)

    nobody = Nurses([Nurse()], (Rung(Rank.UNIT, (0,), 10_000),))
    held = hold(caller, Setup(nurses=nobody, promising=lambda: CallBack(PHI(NUMBER), [], ready=False)))

    assert words(Phrase.PROMISE_OFFER) not in held.replies
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


def test_a_sign_that_is_graver_goes_before_any_promise() -> None:
    made: Made = []
    held = called(says(CHEST), made)

    assert [] == made
    assert words(Phrase.EMERGENCY) in held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert EndReason.HANDED_OVER is held.metrics.end


def test_after_an_emergency_no_call_back_is_offered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(CHEST)
        await line.closed(120)

    made: Made = []
    held = hold(caller, setup(made))

    assert words(Phrase.PROMISE_ASK) not in held.replies
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


def test_never_mind_ends_the_offer_and_she_can_ask_for_a_nurse_anew() -> None:
    async def changes_her_mind(line: Line) -> None:
        await line.say("Never mind.")
        await line.reply()
        await line.say("I want to talk to a nurse.")
        await line.until(lambda: line.texts().count(words(Phrase.PROMISE_ASK)) == 2, "the offer", 120)
        line.hang_up()

    made: Made = []
    held = called(changes_her_mind, made)

    assert words(Phrase.STOPPED_CALLING) in held.replies
    assert [] == made


def test_who_goes_on_after_the_promise_is_answered_and_the_promise_stands() -> None:
    async def goes_on(line: Line) -> None:
        await line.say("Yes.")
        await line.begins()
        await line.hears(2_000)
        await line.say("How do I store my insulin at home?")
        await line.reply()
        line.hang_up()

    made: Made = []
    held = called(goes_on, made)

    assert 1 == len(made)
    assert EndReason.CALLER_HUNG_UP is held.metrics.end


def test_a_process_that_ends_goes_to_the_nurse_line_and_promises_nothing() -> None:
    made: Made = []
    held = called(is_silent, made, process_ends_s=50.0)

    assert [] == made
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


@pytest.mark.parametrize(
    "number", ["+19005550142", "+442071838750", "+266696687", "anonymous", "", "+12025550", "2025550142"]
)
def test_a_number_that_is_no_ordinary_telephone_is_never_promised(number: str) -> None:
    assert not can_be_called(PHI(number))
    with pytest.raises(NotWording):
        own_number(PHI(number))


def test_no_number_is_none() -> None:
    assert not can_be_called(PHI("+18765550142"))  # an island whose numbers look the same
    assert not can_be_called(None)
    assert can_be_called(PHI(NUMBER))

"""Callers who speak where one thing turns into another: at the end of an answer, over a goodbye, over the greeting."""

from __future__ import annotations

from typing import Final

import pytest

from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.records import EndReason
from tests.fakes import Plan, Turnout
from tests.simulated import Line, Network, Setup, greeting, hold, passage, words

INSULIN: Final = "How do I store my insulin at home?"
BATH: Final = "When can I take a bath?"
FRAME_MS: Final = 20


def left_ms(line: Line) -> int:
    """Of the sentence that is being heard."""
    spoken = line.spoken()[-1]
    return (spoken.of - len(spoken.frames)) * FRAME_MS


async def last_moment(line: Line, last: str, before_ms: int) -> None:
    """Until the sentence that ends so is heard but for its last moment."""
    await line.until(lambda: line.texts()[-1:] == [last], "the last sentence never came", 60)
    await line.until(lambda: left_ms(line) <= before_ms, "its end never came", 60)


@pytest.mark.parametrize("before_ms", [300, 240, 180, 120])
def test_a_question_begun_in_the_last_moment_of_an_answer_is_answered(before_ms: int) -> None:
    insulin = passage(INSULIN)

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await last_moment(line, insulin[-1], before_ms)
        await line.say(BATH)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(BATH)[0] in held.replies
    assert held.metrics.escalation is None


@pytest.mark.parametrize("before_ms", [260, 200, 140])
def test_a_noise_in_the_last_moment_of_an_answer_leaves_the_line_alive(before_ms: int) -> None:
    insulin, anything = passage(INSULIN), words(Phrase.ANYTHING_ELSE)

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await last_moment(line, insulin[-1], before_ms)
        line.noise(300)
        await line.until(lambda: anything in line.texts(), "nobody asked what else", 30)
        line.hang_up()

    assert words(Phrase.ANYTHING_ELSE) in hold(caller).replies


@pytest.mark.parametrize("before_ms", [1_200, 800, 400])
def test_an_emergency_told_at_the_end_of_the_goodbye_is_not_hung_up_on(before_ms: int) -> None:
    goodbye = words(Phrase.CLOSING)

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Thank you, goodbye.")
        await last_moment(line, goodbye, before_ms)
        await line.say("Wait, I have chest pain right now.")
        await line.closed(60)

    held = hold(caller)

    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert words(Phrase.EMERGENCY) == held.texts[-1]


def test_an_answer_that_comes_late_is_not_spoken_into_the_hand_off() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.wait(700)
        line.press("0")
        await line.closed(60)

    held = hold(caller, Setup(stt=Plan([Turnout(after_s=2.5)])))

    assert words(Phrase.TRANSFER) == held.texts[-1]
    assert not set(passage(INSULIN)) & set(held.texts)
    assert EndReason.HANDED_OVER is held.metrics.end


def test_a_carrier_that_returns_no_marks_still_gets_its_caller_an_answer() -> None:
    insulin, last = passage(INSULIN), greeting()[-1]

    async def caller(line: Line) -> None:
        await line.until(lambda: line.texts()[-1:] == [last], "no greeting", 60)
        await line.until(lambda: left_ms(line) == 0, "no end of the greeting", 60)
        await line.wait(2_500)
        await line.say(INSULIN)
        await line.until(lambda: insulin[-1] in line.texts(), "no answer", 60)
        line.hang_up()

    held = hold(caller, Setup(network=Network(loses_mark=lambda _: True)))

    assert passage(INSULIN) == held.replies
    assert not held.metrics.greeting_played


def test_a_turn_that_straddles_the_end_of_the_disclosure_is_judged_whole() -> None:
    bath = passage(BATH)

    async def caller(line: Line) -> None:
        await line.hears(1_000)
        await line.say("Hello there.")
        await line.wait(700)
        await line.say(BATH)
        await line.until(lambda: bath[0] in line.texts(), "the second turn was lost", 60)
        line.hang_up()

    assert passage(BATH)[0] in hold(caller).replies


def test_sound_without_an_end_is_asked_about_and_ends_at_a_person() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for _ in range(100):
            line.noise(2_000)
            await line.wait(2_000)
            if line.ending is not None:
                return

    held = hold(caller, strict=False)

    assert words(Phrase.SILENCE_2) in held.replies
    assert held.metrics.escalation is not None

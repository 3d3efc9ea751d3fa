"""Whole calls in which the words of an emergency are heard before she has finished."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agent.endpointing import Waits
from agent.engines.ports import EngineReason
from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from tests.calls.test_care_in_calls import CALM, DANGER
from tests.fakes import Manner, Plan, Turnout
from tests.simulated import WORD_MS, Line, Setup, hold, words

HINTED: Final = (0.75, 0.05, 0.02, 0.18)
SHORT_PAUSE_MS: Final = 400  # between clauses; long enough to be read ahead
AT_ONCE_MS: Final = 1_000  # "within a second"
LONG: Final = "and then I went over to the window and stood there for a good long while and it was still strange " * 3


def hears(calm_with: str) -> Setup:
    """Whatever is strange is danger, but where this word is in it too."""
    return Setup(manner=lambda said: Manner(DANGER if "strange" in said and calm_with not in said else CALM))


async def tells_of_her_radio(line: Line) -> None:
    """In two clauses, of which the first alone may alarm."""
    await line.greeting()
    await line.say("There is a strange")
    await line.wait(SHORT_PAUSE_MS)
    await line.say("noise in my radio.")


def test_the_beginning_of_a_harmless_sentence_brings_nobody() -> None:
    async def caller(line: Line) -> None:
        await tells_of_her_radio(line)
        await line.reply()
        line.hang_up()

    held = hold(caller, hears(calm_with="radio"))

    assert held.metrics.escalation is None


def test_a_beginning_that_alarmed_stands_where_the_whole_holds_a_hint_of_it() -> None:
    async def caller(line: Line) -> None:
        await tells_of_her_radio(line)
        await line.closed(60)

    def manner(said: str) -> Manner:
        if "strange" not in said:
            return Manner(CALM)
        return Manner(HINTED if "radio" in said else DANGER)

    held = hold(caller, Setup(manner=manner))

    assert EscalationReason.RED_FLAG is held.metrics.escalation


def test_a_hint_alone_brings_no_911() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("There is a strange noise in my radio.")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(manner=lambda said: Manner(HINTED if "strange" in said else CALM)))

    assert EscalationReason.RED_FLAG is not held.metrics.escalation


def test_what_alarmed_in_one_turn_says_nothing_of_the_next() -> None:
    async def caller(line: Line) -> None:
        await tells_of_her_radio(line)
        await line.reply()
        await line.say("It is odd.")
        await line.reply()
        line.hang_up()

    def manner(said: str) -> Manner:
        if "odd" in said:
            return Manner(HINTED)
        return Manner(DANGER if "strange" in said and "radio" not in said else CALM)

    assert EscalationReason.RED_FLAG is not hold(caller, Setup(manner=manner)).metrics.escalation


def test_an_emergency_is_told_within_a_second_of_her_last_word() -> None:
    ended_ms = 0

    async def caller(line: Line) -> None:
        nonlocal ended_ms
        await line.greeting()
        await line.say("There is a strange")
        ended_ms = line.now_ms
        await line.closed(60)

    held = hold(caller, hears(calm_with="radio"))

    assert [words(Phrase.EMERGENCY)] == held.replies
    assert held.spoken[-1].at_ms - ended_ms <= AT_ONCE_MS


def test_who_goes_on_about_an_emergency_is_told_before_she_has_finished() -> None:
    began_ms = 0

    async def caller(line: Line) -> None:
        nonlocal began_ms
        await line.greeting()
        await line.say("There is a strange")
        await line.wait(SHORT_PAUSE_MS)
        began_ms = line.now_ms
        line.begin(LONG)
        await line.closed(60)

    held = hold(caller, hears(calm_with="radio"))

    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert held.spoken[-1].at_ms - began_ms < len(LONG.split()) * WORD_MS


def test_an_emergency_over_the_disclosure_is_told_when_she_has_stopped() -> None:
    ended_ms = 0

    async def caller(line: Line) -> None:
        nonlocal ended_ms
        await line.hears(400)
        await line.say("There is a strange")
        ended_ms = line.now_ms
        await line.closed(60)

    held = hold(caller, hears(calm_with="radio"))

    assert words(Phrase.EMERGENCY) == held.replies[-1]
    assert held.spoken[-1].at_ms - ended_ms <= AT_ONCE_MS


def test_an_emergency_over_the_answer_gets_the_floor_and_is_told() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("How do I store my insulin at home?")
        await line.hears(700)
        await line.say("There is a strange")
        await line.closed(60)

    held = hold(caller, hears(calm_with="radio"))

    assert words(Phrase.EMERGENCY) == held.replies[-1]
    assert held.metrics.barge_ins == 1


def test_the_wait_after_an_alarm_lets_her_be_told_within_a_second() -> None:
    assert Waits().alarm_ms < AT_ONCE_MS


def test_key_0_right_after_an_emergency_does_not_take_its_wording_away() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("There is a strange")
        await line.wait(450)
        line.press("0")
        await line.closed(60)

    held = hold(caller, hears(calm_with="radio"))

    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert words(Phrase.EMERGENCY) in held.replies


def test_an_emergency_whose_rest_is_never_heard_is_told() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("There is a strange")
        await line.wait(SHORT_PAUSE_MS)
        await line.say("and now and then a noise")
        await line.closed(60)

    failing = Turnout(fails=EngineReason.BROKEN)
    setup = replace(hears(calm_with="radio"), stt=Plan([Turnout()], usual=failing))
    held = hold(caller, setup)

    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert words(Phrase.EMERGENCY) in held.replies

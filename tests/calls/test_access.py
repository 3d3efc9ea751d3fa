"""Whole calls of callers who hear badly, speak little, or would rather press keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from agent.delivery import GAINS_DB, RATES
from agent.engines.ports import EngineReason
from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.records import EndReason
from tests.fakes import Manner, Plan, Turnout, at_rate
from tests.simulated import Line, Setup, greeting, hold, passage, protected, words

Caller = Callable[[Line], Awaitable[None]]
INSULIN = "How do I store my insulin at home?"
SLOW, SLOWEST = RATES[2], RATES[3]
LOUD = GAINS_DB[2]
UNSURE = (0.25, 0.7, 0.03, 0.02)
CALM = (0.97, 0.01, 0.01, 0.01)


def unsure_of_insulin() -> Setup:
    return Setup(manner=lambda said: Manner(UNSURE if "insulin" in said else CALM))


@pytest.mark.parametrize("by_key", [False, True])
def test_slower_says_the_last_answer_again_and_all_that_follows_slowly(by_key: bool) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        if by_key:
            line.press("7")
        else:
            await line.say("Could you speak a little slower, please?")
        await line.reply()
        await line.say("Thank you.")
        await line.reply()
        line.hang_up()

    answer = passage(INSULIN)
    slowly = [at_rate(text, SLOW) for text in (*answer, words(Phrase.ANYTHING_ELSE))]
    assert [*answer, *slowly] == hold(caller).replies


@pytest.mark.parametrize("by_key", [False, True])
def test_louder_says_the_last_answer_again_with_more_level(by_key: bool) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        if by_key:
            line.press("8")
        else:
            await line.say("I can't hear you very well, can you speak up?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    answer = passage(INSULIN)
    assert [*answer, *answer] == held.replies
    assert {0.0} == {sentence.gain_db for sentence in held.spoken[: -len(answer)]}
    assert {LOUD} == {sentence.gain_db for sentence in held.spoken[-len(answer) :]}


def test_what_has_come_to_its_end_is_said_and_goes_back_by_faster_and_softer() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Thank you.")
        await line.reply()
        for key in "777485":
            line.press(key)
            await line.reply()
        line.hang_up()

    more, limit = words(Phrase.ANYTHING_ELSE), words(Phrase.AT_LIMIT)
    held = hold(caller)

    said = [at_rate(more, SLOW), at_rate(more, SLOWEST), at_rate(limit, SLOWEST), at_rate(more, SLOWEST)]
    assert [more, *said, *[at_rate(more, SLOW)] * 3] == held.replies
    assert [LOUD, 0.0] == [sentence.gain_db for sentence in held.spoken[-2:]]


def test_an_answer_that_is_stopped_by_slower_is_said_again_whole() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_500)
        await line.say("Slow down, please.")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    answer = passage(INSULIN)
    assert len(answer) > 1
    assert [at_rate(text, SLOW) for text in answer] == held.replies[-len(answer) :]
    assert held.replies[: -len(answer)] == answer[:1]


@pytest.mark.parametrize("by_key", [False, True])
def test_the_greeting_is_heard_out_and_then_said_again_slowly(by_key: bool) -> None:
    async def caller(line: Line) -> None:
        await line.hears(600)
        if by_key:
            line.press("7")
        else:
            await line.say("Slower, please.")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert greeting()[0] == held.texts[0]
    assert all(sentence.whole for sentence in held.spoken[: protected()])
    assert [at_rate(text, SLOW) for text in greeting()] == held.texts[-len(greeting()) :]


@pytest.mark.parametrize("keys", ["7", "9"])
def test_the_goodbye_may_be_heard_again(keys: str) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Thank you, goodbye.")
        await line.hears(900)
        line.press(keys)
        await line.closed(60)

    held = hold(caller)

    assert at_rate(words(Phrase.CLOSING), SLOW if keys == "7" else 1.0) == held.texts[-1]
    assert held.spoken[-1].whole
    assert EndReason.GOODBYE is held.metrics.end
    assert held.metrics.closing_played


def test_the_goodbye_is_said_slowly_for_who_asks_over_it() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Thank you, goodbye.")
        await line.hears(900)
        await line.say("Say that again slower.")
        await line.closed(60)

    held = hold(caller)

    assert at_rate(words(Phrase.CLOSING), SLOW) == held.texts[-1]
    assert EndReason.GOODBYE is held.metrics.end


@pytest.mark.parametrize("by_key", [False, True])
def test_what_is_said_before_a_person_comes_may_be_heard_again_but_not_for_ever(by_key: bool) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("I have chest pain.")
        for _ in range(5):
            await line.hears(700)
            if by_key:
                line.press("9")
                await line.wait(600)
            else:
                await line.say("What did you say?")
        await line.closed(60)

    held = hold(caller)

    assert [words(Phrase.EMERGENCY)] * 3 == held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation


def test_slow_wording_that_cannot_be_made_is_said_at_the_usual_rate() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        line.press("7")
        await line.reply()
        await line.say("I have chest pain.")
        await line.closed(60)

    broken = Plan(usual=Turnout(fails=EngineReason.BROKEN))

    assert words(Phrase.EMERGENCY) == hold(caller, Setup(tts=broken)).texts[-1]


# -- keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "then"), [("1", Phrase.TRANSFER), ("2", Phrase.ANYTHING_ELSE)])
def test_yes_and_no_may_be_pressed(key: str, then: Phrase) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        line.press(key)
        await line.reply()
        line.hang_up()

    held = hold(caller, unsure_of_insulin())

    assert [words(Phrase.CHECK), words(then)] == held.replies[-2:]
    assert (EscalationReason.ASKED if key == "1" else None) is held.metrics.escalation


def test_a_question_that_is_heard_again_may_still_be_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.say("What did you say?")
        await line.reply()
        await line.say("What keys can I press?")
        await line.reply()
        await line.say("Yes.")
        await line.reply()
        line.hang_up()

    held = hold(caller, unsure_of_insulin())

    answer = [*passage(INSULIN), words(Phrase.CHECK)]
    assert [*answer, *answer, words(Phrase.KEYS), words(Phrase.TRANSFER)] == held.replies


def test_yes_is_heard_however_slow_the_recogniser_is() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.say("Yes.")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(stt=Plan(usual=Turnout(after_s=1.5)), manner=unsure_of_insulin().manner))

    assert words(Phrase.TRANSFER) == held.replies[-1]


@pytest.mark.parametrize(("key", "over_the_agent"), [("3", True), ("7", True), ("9", True), ("7", False), ("2", False)])
def test_a_key_does_not_drop_what_she_has_begun_to_say(key: str, over_the_agent: bool) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        if over_the_agent:
            await line.say("Thank you.")
            await line.hears(300)
        line.begin(INSULIN)
        await line.wait(700)
        line.press(key)
        await line.finish()
        await line.reply()
        line.hang_up()

    answer = passage(INSULIN)
    said = [at_rate(text, SLOW if key == "7" else 1.0) for text in answer]
    assert said == hold(caller).replies[-len(answer) :]


@pytest.mark.parametrize("key", ["7", "9"])
def test_a_key_pressed_over_a_noise_counts_when_the_noise_was_nothing(key: str) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Thank you.")
        await line.reply()
        line.noise(500)
        await line.wait(300)
        line.press(key)
        await line.reply()
        line.hang_up()

    more = words(Phrase.ANYTHING_ELSE)
    assert [more, at_rate(more, SLOW if key == "7" else 1.0)] == hold(caller).replies


def test_yes_by_key_fetches_the_nurse_she_was_offered_though_she_also_speaks() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        line.begin("Well I do not know really")
        await line.wait(700)
        line.press("1")
        await line.closed(60)

    assert EscalationReason.ASKED is hold(caller, unsure_of_insulin()).metrics.escalation


# -- who is not understood --------------------------------------------------------------------------------------------


def says(*turns: str) -> Caller:
    """A caller who hears out what comes after each turn but the last, at which the line closes."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in turns[:-1]:
            await line.say(turn)
            await line.wait(3_000 if "mumble" in turn else 9_000)
        await line.say(turns[-1])
        await line.closed(60)

    return caller


def garbled(said: str) -> Manner:
    if "danger" in said:
        return Manner(urgency=(0.05, 0.05, 0.0, 0.9), logprob=-0.8, hardly_english="foreign" in said)
    return Manner(
        logprob=-0.8 if "walrus" in said else -0.2, lost="mumble" in said, hardly_english=said.startswith("foreign")
    )


@pytest.mark.parametrize(
    "turns",
    [
        ("Do you speak Spanish?",),
        ("Hola, necesito ayuda por favor.",),
        ("walrus kitchen in the nineteenth", "walrus page of mutual"),
        ("mumble mumble mumble", "mumble mumble"),
        ("mumble mumble mumble", "walrus page of mutual"),
        ("foreign page of mutual",),
        ("foreign page of danger mutual",),
        ("foreign how does the hospital do with interpreters at a visit?",),
    ],
)
def test_who_is_not_understood_hears_one_phrase_in_two_languages_and_gets_a_person(turns: tuple[str, ...]) -> None:
    held = hold(says(*turns), Setup(manner=garbled))

    assert words(Phrase.NOT_ENGLISH) == held.texts[-1]
    assert held.spoken[-1].whole
    assert EscalationReason.NOT_UNDERSTOOD is held.metrics.escalation


def test_who_is_understood_in_between_stays() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in ("walrus page of mutual", INSULIN, "walrus kitchen in the nineteenth"):
            await line.say(turn)
            await line.reply()
        line.hang_up()

    assert hold(caller, Setup(manner=garbled)).metrics.escalation is None


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ("foreign " + INSULIN, None),
        ("kitchen in the danger nineteenth of it", EscalationReason.RED_FLAG),
        ("foreign danger and i cannot breathe at all", EscalationReason.RED_FLAG),
    ],
)
def test_who_is_answered_stays_and_danger_in_a_guess_or_found_by_a_rule_is_told_as_danger(
    turn: str, reason: EscalationReason | None
) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(turn)
        await line.reply()
        line.hang_up()

    assert reason is hold(caller, Setup(manner=garbled)).metrics.escalation

"""Whole calls in virtual time: what the caller hears of the line, whatever she, the network or an engine does.

`hold` itself fails when a task, a buffer or a sensitive value of the call outlives it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from agent.engines.ports import EngineReason, Urgency
from agent.overlap import Verdict
from agent.phrases import Phrase
from agent.script import Limits
from agent.turns import State
from policies import wordpiece
from policies.guardrails import EscalationReason
from policies.records import EndReason, Outcome
from telephony.leg import EndReason as LegEnd
from tests.fakes import Plan, Turnout
from tests.simulated import Ending, Held, Line, Network, Setup, greeting, hold, passage, protected, together, words

INSULIN: Final = "How do I store my insulin at home?"
BATH: Final = "When can I take a bath?"
LATE: Final = EngineReason.LATE
BROKEN: Final = EngineReason.BROKEN
Caller = Callable[[Line], Awaitable[None]]


async def nothing(line: Line) -> None:
    """A caller who listens."""


def asks(*questions: str) -> Caller:
    """Hears the greeting, asks one question after another, hangs up."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for question in questions:
            await line.say(question)
            await line.reply()
        line.hang_up()

    return caller


def handed_over(held: Held, phrase: Phrase, reason: EscalationReason) -> None:
    """The call ended at a person: the phrase was heard to its end and last, then we closed."""
    last = held.spoken[-1]
    assert words(phrase) == last.text
    assert last.whole
    assert 1 == held.texts.count(last.text)
    assert (Ending.AGENT, LegEnd.CLOSED, 1000) == (held.ending, held.leg_end, held.close_code)
    assert (reason, EndReason.HANDED_OVER, Outcome.PERSON) == (
        held.metrics.escalation,
        held.metrics.end,
        held.metrics.outcome,
    )
    assert [reason] == held.notes.reasons
    assert held.metrics.closing_played
    assert [State.HANDING_OFF, State.ENDED] == held.notes.states[-2:]


# -- the ordinary call -----------------------------------------------------------------------------------------------


def test_a_question_is_answered_word_for_word_and_the_record_says_so() -> None:
    held = hold(asks(INSULIN))

    assert passage(INSULIN) == held.replies
    assert len(passage(INSULIN)) > 1
    assert [] == held.cut
    assert greeting() == held.texts[: len(greeting())]
    record = held.metrics
    assert (Outcome.ANSWERED, EndReason.CALLER_HUNG_UP, None) == (record.outcome, record.end, record.escalation)
    assert (1, 0, 0, 0) == (record.turns, record.barge_ins, record.backchannels, record.fillers)
    assert (0, 0) == (record.false_cut_ins, record.fallbacks)
    assert (True, False) == (record.greeting_played, record.closing_played)
    assert 60 == record.duration_s
    assert 0 < record.gap_p50_ms <= 1200  # tones break off at full level, where a voice comes down: the longer wait
    assert LegEnd.STOPPED is held.leg_end


def test_three_questions_are_answered_one_after_another() -> None:
    held = hold(asks(INSULIN, BATH, INSULIN))

    assert [*passage(INSULIN), *passage(BATH), *passage(INSULIN)] == held.replies
    assert 3 == held.metrics.turns


def test_a_caller_who_says_nothing_is_asked_twice_and_then_a_person_is_fetched() -> None:
    held = hold(nothing)

    assert [words(Phrase.SILENCE_1), words(Phrase.SILENCE_2), words(Phrase.SILENCE_3)] == held.replies
    handed_over(held, Phrase.SILENCE_3, EscalationReason.SILENCE)
    assert 2 == held.metrics.silence_prompts
    assert 0 == held.metrics.turns


def test_a_caller_who_falls_silent_after_an_answer_is_asked_for_more_first() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()

    held = hold(caller)

    after = [words(Phrase.ANYTHING_ELSE), words(Phrase.SILENCE_2), words(Phrase.SILENCE_3)]
    assert [*passage(INSULIN), *after] == held.replies
    handed_over(held, Phrase.SILENCE_3, EscalationReason.SILENCE)


def test_an_answer_to_a_silence_prompt_starts_the_silence_over() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.reply()
        await line.say(INSULIN)
        await line.reply()

    held = hold(caller)

    assert words(Phrase.SILENCE_1) == held.replies[0]
    assert 3 == held.metrics.silence_prompts
    handed_over(held, Phrase.SILENCE_3, EscalationReason.SILENCE)


def test_goodbye_is_answered_with_the_disclosure_to_its_end_and_then_the_line_closes() -> None:
    held = hold(asks(INSULIN, "No, that's all. Goodbye."), strict=False)

    assert words(Phrase.CLOSING) == held.texts[-1]
    assert held.spoken[-1].whole
    assert (Ending.AGENT, EndReason.GOODBYE, Outcome.ANSWERED) == (
        held.ending,
        held.metrics.end,
        held.metrics.outcome,
    )
    assert held.metrics.closing_played
    assert held.ended_ms - (held.spoken[-1].at_ms + 20 * held.spoken[-1].of) < 500


def test_goodbye_to_the_offer_of_a_nurse_is_a_goodbye() -> None:
    held = hold(asks("Should I double my water pill tonight?", "No thank you, goodbye."), strict=False)

    assert "nurse" in held.replies[0]
    assert (words(Phrase.CLOSING), EndReason.GOODBYE) == (held.texts[-1], held.metrics.end)
    assert words(Phrase.ANYTHING_ELSE) not in held.texts


def test_a_question_after_the_goodbye_is_still_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Goodbye.")
        await line.hears(2_000)
        await line.say(INSULIN)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.replies[-len(passage(INSULIN)) :]
    assert [words(Phrase.CLOSING)] == held.cut
    assert EndReason.CALLER_HUNG_UP is held.metrics.end


# -- turns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pause_ms", [300, 600, 900, 1_200])
def test_a_pause_in_the_middle_of_a_sentence_is_not_replied_into(pause_ms: int) -> None:
    said_in_the_pause: list[bool] = []

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("How do I store my")
        await line.wait(pause_ms)
        said_in_the_pause.append(line.sounding)
        await line.say("insulin at home?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert [False] == said_in_the_pause
    assert passage(INSULIN) == held.replies
    assert (1, 0) == (held.metrics.turns, held.metrics.false_cut_ins)


def test_a_caller_who_trails_off_gets_one_soft_prompt_and_then_her_whole_turn_is_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("How do I store my")
        await line.wait(4_000)
        await line.say("insulin at home?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert [words(Phrase.CONTINUER), *passage(INSULIN)] == held.replies
    assert 1 == held.metrics.turns


def test_an_unfinished_sentence_that_stays_unfinished_is_answered_as_it_is() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("My insulin and the")
        await line.reply()  # the soft prompt
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert words(Phrase.CONTINUER) == held.replies[0]
    assert len(held.replies) > 1
    assert 1 == held.metrics.turns


def test_she_goes_on_while_the_agent_thinks_and_the_whole_turn_is_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.wait(700)
        await line.say("And can it freeze?")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(model=Plan(usual=Turnout(after_s=1.2))))

    assert f"{INSULIN} And can it freeze?" == held.questions[-1]
    assert [f"You asked: {INSULIN}", "And can it freeze?"] == held.replies[:2]
    assert [] == held.cut


def test_a_turn_that_was_reopened_is_counted_once() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.wait(420)
        await line.say("And can it freeze?")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(tts=Plan(usual=Turnout(after_s=0.7))))

    assert 1 == held.metrics.turns


def test_she_goes_on_just_as_the_answer_begins_and_the_whole_turn_is_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.begins()
        await line.wait(200)
        await line.say("And can it freeze in the car?")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(model=Plan()))

    assert f"{INSULIN} And can it freeze in the car?" == held.questions[-1]
    assert 1 == held.metrics.false_cut_ins


def test_two_sounds_quickly_after_one_another_are_one_turn() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        line.noise(80)
        await line.wait(200)
        await line.say(INSULIN)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.replies
    assert 1 == held.metrics.turns


@pytest.mark.parametrize("ms", [40, 60, 80, 120, 400, 2_000])
def test_noise_without_words_gets_no_answer(ms: int) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        line.noise(ms)
        await line.wait(5_000)
        line.hang_up()

    held = hold(caller)

    assert [] == held.replies
    assert 0 == held.metrics.turns
    assert Outcome.ABANDONED is held.metrics.outcome


def test_a_turn_spoken_over_the_protected_greeting_is_answered_after_it() -> None:
    async def caller(line: Line) -> None:
        await line.hears(500)
        await line.say(INSULIN)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    heard_out = greeting()[: protected()]
    assert heard_out == held.texts[: protected()]
    assert all(sentence.whole for sentence in held.spoken[: protected()])
    assert passage(INSULIN) == held.texts[-len(passage(INSULIN)) :]
    assert greeting()[-1] not in held.texts
    assert held.metrics.greeting_played


def test_a_turn_begun_over_the_protected_greeting_and_ended_after_it_is_answered() -> None:
    async def caller(line: Line) -> None:
        await line.hears(6_300)
        await line.say(INSULIN)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.texts[-len(passage(INSULIN)) :]
    assert all(sentence.whole for sentence in held.spoken[: protected()])


def test_speech_over_the_rest_of_the_greeting_stops_it() -> None:
    async def caller(line: Line) -> None:
        await line.hears(9_000)
        await line.say(INSULIN)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.texts[-len(passage(INSULIN)) :]
    assert 1 == len(held.cut)
    assert held.cut[0] in greeting()[protected() :]
    assert 1 == held.metrics.barge_ins


# -- over the agent --------------------------------------------------------------------------------------------------


def interrupts(question: str, after_ms: int, with_what: str) -> Caller:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(question)
        await line.hears(after_ms)
        line.begin(with_what)
        await line.finish()
        await line.reply()
        line.hang_up()

    return caller


def test_a_barge_in_hushes_the_agent_and_the_cut_sentence_is_said_again_whole_after_the_answer() -> None:
    silent_after_ms: list[int] = []

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(6_000)
        began_ms = line.now_ms
        line.begin(BATH)
        await line.until(lambda: not line.sounding, "the agent spoke on", 2)
        silent_after_ms.append(line.now_ms - began_ms)
        await line.finish()
        assert not line.sounding
        await line.reply()
        line.hang_up()

    held = hold(caller)

    first, second, *_ = passage(INSULIN)
    answered = [first, second, *passage(BATH), words(Phrase.REPEAT_LEAD), second]
    assert answered == held.replies[: len(answered)]
    assert [second] == held.cut
    assert silent_after_ms[0] <= 350
    assert 1 == held.clears
    assert (1, 2, [Verdict.FLOOR]) == (held.metrics.barge_ins, held.metrics.turns, held.notes.verdicts)


def test_a_cut_sentence_is_not_lost_when_the_barge_in_comes_in_two_parts() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say("Wait a second.")
        await line.wait(1_500)
        await line.say(BATH)
        await line.reply()
        await line.quiet()
        line.hang_up()

    held = hold(caller)

    assert words(Phrase.REPEAT_LEAD) in held.replies
    at = held.replies.index(words(Phrase.REPEAT_LEAD))
    assert passage(INSULIN)[:1] == held.replies[at + 1 :]
    assert held.spoken[-1].whole


def test_a_cut_sentence_is_not_lost_when_she_goes_on_while_the_agent_thinks() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say(BATH)
        await line.wait(420)
        await line.say("And a shower?")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(tts=Plan(usual=Turnout(after_s=0.7))))

    assert words(Phrase.REPEAT_LEAD) in held.replies


def test_two_answers_that_were_cut_are_both_made_whole() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say(BATH)
        await line.hears(2_000)
        await line.say("How often should I weigh myself?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    lead = held.replies.index(words(Phrase.REPEAT_LEAD))
    assert [passage(INSULIN)[0], passage(BATH)[0]] == [
        text for text in held.replies[lead + 1 :] if text in (passage(INSULIN)[0], passage(BATH)[0])
    ]


def test_a_cut_sentence_is_not_lost_when_its_repeat_is_cut_too() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say(BATH)
        lead = words(Phrase.REPEAT_LEAD)
        await line.until(lambda: lead in line.texts(), "no repeat")
        await line.wait(2_500)
        await line.say("What about a shower with my wound?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert 2 == held.replies.count(words(Phrase.REPEAT_LEAD))
    assert passage(INSULIN)[0] in [sentence.text for sentence in held.spoken if sentence.whole]


def test_what_is_said_again_and_cut_before_its_second_sentence_still_owes_that_one() -> None:
    cut = passage(INSULIN)[0]

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say(BATH)
        await line.hears(2_000)
        await line.say("Wait a second.")
        await line.wait(4_000)
        await line.say("Yes.")
        await line.until(lambda: line.texts().count(cut) > 1, "nothing was said again")
        await line.wait(1_500)
        await line.say("What about a shower with my wound?")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(BATH)[0] in held.cut
    assert passage(BATH)[0] in [sentence.text for sentence in held.spoken if sentence.whole]


@pytest.mark.parametrize("sound", ["mm-hm", "okay", "yeah", "uh-huh"])
def test_a_murmur_does_not_stop_the_agent_and_nothing_of_the_answer_is_lost(sound: str) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_500)
        await line.say(sound)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.replies
    assert [] == held.cut
    assert 0 == held.clears
    assert (1, 0, 1) == (held.metrics.backchannels, held.metrics.barge_ins, held.metrics.turns)


@pytest.mark.parametrize("ms", [60, 120, 300, 600, 1_200])
def test_noise_does_not_stop_the_agent(ms: int) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_500)
        line.noise(ms)
        await line.reply(2_500)
        line.hang_up()

    held = hold(caller)

    assert passage(INSULIN) == held.replies
    assert [] == held.cut
    assert 0 == held.metrics.barge_ins


def test_a_hint_of_a_voice_that_comes_to_nothing_is_not_heard_as_a_gap() -> None:
    heard: list[bool] = []

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_000)
        line.noise(60)
        for _ in range(25):
            await line.wait(20)
            heard.append(line.sounding)
        line.hang_up()

    hold(caller)

    assert [True] * 25 == heard


def test_a_first_look_without_words_does_not_take_the_floor_from_a_caller_who_speaks_on() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        line.noise(420)  # a breath, a hum: the first look finds no word in it
        await line.wait(420)
        await line.say(BATH)
        assert not line.sounding
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert 1 == held.metrics.barge_ins
    assert [Verdict.FLOOR] == held.notes.verdicts


def test_two_interruptions_right_after_one_another_leave_one_answer() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_500)
        await line.say("mm-hm")
        await line.wait(300)
        await line.say(BATH)
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert 1 == held.metrics.barge_ins
    assert all(sentence in held.replies for sentence in passage(BATH))
    assert words(Phrase.REPEAT_LEAD) in held.replies


def test_what_was_said_is_repeated_when_she_asks_for_it() -> None:
    held = hold(asks(INSULIN, "Can you repeat that?"))

    assert [*passage(INSULIN), *passage(INSULIN)] == held.replies


# -- keys, a person, red flags ---------------------------------------------------------------------------------------


async def in_the_protected_greeting(line: Line) -> None:
    await line.hears(800)


async def in_the_rest_of_the_greeting(line: Line) -> None:
    await line.hears(9_000)


async def while_nobody_speaks(line: Line) -> None:
    await line.greeting()


async def while_she_speaks(line: Line) -> None:
    await line.greeting()
    line.begin(INSULIN)
    await line.wait(700)


async def while_the_agent_thinks(line: Line) -> None:
    await line.greeting()
    await line.say(INSULIN)
    await line.wait(380)


async def while_the_agent_speaks(line: Line) -> None:
    await line.greeting()
    await line.say(INSULIN)
    await line.hears(1_000)


async def while_both_speak(line: Line) -> None:
    await while_the_agent_speaks(line)
    line.begin("mm-hm")
    await line.wait(160)


async def while_a_silence_prompt_is_said(line: Line) -> None:
    await line.greeting()
    await line.hears(500)


async def while_the_goodbye_is_said(line: Line) -> None:
    await line.greeting()
    await line.say("Goodbye.")
    await line.hears(500)


MOMENTS: Final = [
    in_the_protected_greeting,
    in_the_rest_of_the_greeting,
    while_nobody_speaks,
    while_she_speaks,
    while_the_agent_thinks,
    while_the_agent_speaks,
    while_both_speak,
    while_a_silence_prompt_is_said,
    while_the_goodbye_is_said,
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_key_zero_fetches_a_person_at_any_moment(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        line.press("0")
        await line.closed(20)

    held = hold(caller)

    handed_over(held, Phrase.TRANSFER, EscalationReason.KEY_ZERO)
    assert (1, 1) == (held.metrics.keys, held.notes.keys)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_asking_for_a_nurse_fetches_one_at_any_moment(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        await line.say("I want to talk to a nurse.")
        await line.closed(30)

    handed_over(hold(caller), Phrase.TRANSFER, EscalationReason.ASKED)


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_red_flag_brings_the_emergency_wording_at_any_moment(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        await line.say("I have chest pain and I can't breathe.")
        await line.closed(30)

    held = hold(caller)

    handed_over(held, Phrase.EMERGENCY, EscalationReason.RED_FLAG)
    assert 911 == int("".join(letter for letter in held.texts[-1] if letter.isdigit()))


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_thoughts_of_suicide_bring_the_crisis_line_and_a_nurse_at_any_moment(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        await line.say("Some days I just want to die.")
        await line.closed(30)

    held = hold(caller)

    handed_over(held, Phrase.CRISIS, EscalationReason.CRISIS)
    assert "988" in held.texts[-1]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_symptom_for_the_nurse_brings_one_at_any_moment(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        await line.say("My incision is red and hot since yesterday.")
        await line.closed(30)

    handed_over(hold(caller), Phrase.SYMPTOM, EscalationReason.SYMPTOM)


def test_a_symptom_is_heard_out_before_it_brings_a_nurse() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("I was really dizzy,")
        await line.wait(300)
        await line.say("but it went away.")
        await line.wait(3000)
        line.hang_up()

    assert hold(caller).metrics.escalation is None


def test_nothing_that_is_said_or_pressed_stops_the_wording_before_a_person() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("I have chest pain.")
        await line.hears(500)
        line.press("3")
        line.press("0")
        await line.say("Hello? Are you there? I have chest pain. Goodbye.")
        await line.closed(30)

    handed_over(hold(caller), Phrase.EMERGENCY, EscalationReason.RED_FLAG)


@pytest.mark.parametrize("moment", [while_the_agent_speaks, while_both_speak, while_a_silence_prompt_is_said])
def test_any_other_key_stops_the_agent(moment: Caller) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        line.press("3")
        await line.until(lambda: not line.sounding, "the agent spoke on", 0.4)
        await line.wait(300)
        assert not line.sounding
        line.hang_up()

    held = hold(caller)

    assert 1 == held.clears
    assert 1 == held.metrics.keys
    assert held.metrics.escalation is None


def test_any_other_key_leaves_the_disclosure_to_be_heard_out() -> None:
    async def caller(line: Line) -> None:
        await line.hears(500)
        line.press("3")
        await line.quiet()
        line.hang_up()

    held = hold(caller)

    assert all(sentence.whole for sentence in held.spoken[: protected()])
    assert protected() <= len(held.spoken)


def test_a_key_shows_that_somebody_is_there() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.reply()
        await line.reply()
        line.press("3")
        await line.reply()
        line.hang_up()

    held = hold(caller)

    assert [words(Phrase.SILENCE_1), words(Phrase.SILENCE_2), words(Phrase.SILENCE_1)] == held.replies


# -- the line goes ---------------------------------------------------------------------------------------------------


ENDS: Final = {
    "hangs_up": (LegEnd.STOPPED, EndReason.CALLER_HUNG_UP),
    "drops": (LegEnd.DROPPED, EndReason.DROPPED),
    "stalls": (LegEnd.DEAD, EndReason.DEAD_STREAM),
    "breaks": (LegEnd.PROTOCOL_OTHER_STREAM, EndReason.PROTOCOL),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_the_line_may_go_at_any_moment_and_in_the_middle_of_a_word(moment: Caller, end: str) -> None:
    async def caller(line: Line) -> None:
        await moment(line)
        line.begin("Unforgettable", word_ms=900)
        await line.wait(450)
        {"hangs_up": line.hang_up, "drops": line.drop, "stalls": line.stall, "breaks": line.break_protocol}[end]()
        await line.closed(5)

    held = hold(caller)

    assert ENDS[end] == (held.leg_end, held.metrics.end)
    assert held.metrics.escalation is None


def test_a_line_that_goes_before_anything_is_heard_leaves_a_record() -> None:
    async def caller(line: Line) -> None:
        line.drop()

    held = hold(caller)

    assert (EndReason.DROPPED, Outcome.ABANDONED) == (held.metrics.end, held.metrics.outcome)
    assert not held.metrics.greeting_played


@pytest.mark.parametrize("parting", ["Goodbye.", "I want a nurse."])
def test_a_mark_that_never_comes_back_does_not_hold_the_line_open(parting: str) -> None:
    lost: list[str] = []

    def lose(name: str) -> bool:
        lost.append(name)
        return True

    async def caller(line: Line) -> None:
        await line.greeting()
        line.network.loses_mark = lose
        await line.say(parting)
        await line.closed(45)

    held = hold(caller, Setup(network=Network()))

    assert lost
    assert Ending.AGENT is held.ending
    assert not held.metrics.closing_played
    assert held.metrics.end in (EndReason.GOODBYE, EndReason.HANDED_OVER)


def test_the_longest_call_ends_at_a_person_and_not_in_the_middle_of_a_word() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        while True:
            await line.say(INSULIN)
            await line.reply()

    held = hold(caller, Setup(limits=Limits(call_ms=60_000)))

    assert held.spoken[-1].whole
    assert held.texts[-1] in (words(Phrase.FAILURE), words(Phrase.TRANSFER))
    assert Ending.AGENT is held.ending
    assert held.ended_ms < 60_000 + 15_000
    assert Outcome.PERSON is held.metrics.outcome
    assert EndReason.LONGEST_CALL is held.metrics.end


# -- engines ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", list(EngineReason))
def test_a_provider_that_is_down_is_stood_in_for_by_the_approved_engine(reason: EngineReason) -> None:
    held = hold(asks(INSULIN), Setup(model=Plan(usual=Turnout(after_s=0.05, fails=reason))))

    assert passage(INSULIN) == held.replies
    assert (0, 1) == (held.metrics.fillers, held.metrics.fallbacks)


def test_a_late_provider_is_bridged_with_one_filler() -> None:
    held = hold(asks(INSULIN), Setup(model=Plan(usual=Turnout(after_s=3.0))))

    assert [words(Phrase.FILLER), f"You asked: {INSULIN}"] == held.replies[:2]
    assert (1, 0) == (held.metrics.fillers, held.metrics.fallbacks)


def test_a_provider_beyond_its_deadline_is_stood_in_for_by_the_approved_engine() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.reply()
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(model=Plan(usual=Turnout(never=True))))

    assert [words(Phrase.FILLER), *passage(INSULIN)] == held.replies
    assert (1, 1) == (held.metrics.fillers, held.metrics.fallbacks)


@pytest.mark.parametrize("approved", [Turnout(never=True), Turnout(fails=BROKEN)], ids=["waits", "fails"])
@pytest.mark.parametrize("model", [Turnout(never=True), Turnout(fails=BROKEN)], ids=["waits", "fails"])
def test_when_no_engine_answers_a_person_is_fetched(model: Turnout, approved: Turnout) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(20)

    held = hold(caller, Setup(model=Plan(usual=model), approved=Plan(usual=approved)))

    handed_over(held, Phrase.FAILURE, EscalationReason.FAILURE)
    assert held.metrics.fillers <= 1


def test_a_provider_that_is_cut_in_its_first_sentence_is_stood_in_for() -> None:
    cut = Turnout(after_s=0.2, fails=EngineReason.CUT, stops_after=4)
    held = hold(asks(INSULIN), Setup(model=Plan(usual=cut)))

    assert passage(INSULIN) == held.replies


def test_a_provider_that_is_cut_after_a_sentence_leaves_the_caller_with_whole_sentences_and_the_floor() -> None:
    cut = Turnout(after_s=2.0, fails=LATE, stops_after=11)
    held = hold(asks(INSULIN, BATH), Setup(model=Plan(turnouts=[cut])))

    assert f"You asked: {INSULIN}" == held.replies[0]
    assert f"You asked: {BATH}" in held.replies
    assert [] == held.cut


def test_a_recogniser_that_fails_once_is_asked_again() -> None:
    held = hold(asks(INSULIN), Setup(stt=Plan([Turnout(fails=BROKEN)])))

    assert passage(INSULIN) == held.replies
    assert [Urgency.SPECULATIVE, Urgency.FINAL] == held.recogniser.urgencies


def test_a_recogniser_that_fails_twice_ends_at_a_person() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(20)

    held = hold(caller, Setup(stt=Plan(usual=Turnout(fails=EngineReason.OVERLOADED))))

    handed_over(held, Phrase.FAILURE, EscalationReason.FAILURE)


def test_a_late_recogniser_is_bridged_with_one_filler() -> None:
    held = hold(asks(INSULIN), Setup(stt=Plan(usual=Turnout(after_s=2.4))))

    assert [words(Phrase.FILLER), *passage(INSULIN)] == held.replies
    assert 1 == held.metrics.fillers


def test_a_recogniser_that_never_answers_ends_at_a_person() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(20)

    held = hold(caller, Setup(stt=Plan(usual=Turnout(never=True))))

    handed_over(held, Phrase.FAILURE, EscalationReason.FAILURE)
    assert words(Phrase.FILLER) == held.replies[0]


def test_a_recogniser_that_never_answers_a_murmur_does_not_leave_the_agent_on_hold() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(1_500)
        await line.say("mm-hm")
        await line.quiet(20_000)
        line.hang_up()

    held = hold(caller, Setup(stt=Plan([Turnout()], usual=Turnout(never=True))))

    assert len(held.replies) > 1


@pytest.mark.parametrize("stops_after", [None, 20])
def test_a_voice_that_fails_ends_at_a_person(stops_after: int | None) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(40)

    held = hold(caller, Setup(tts=Plan(usual=Turnout(after_s=0.1, fails=BROKEN, stops_after=stops_after))))

    handed_over(held, Phrase.FAILURE, EscalationReason.FAILURE)


def test_a_voice_that_never_speaks_ends_at_a_person() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(40)

    held = hold(caller, Setup(tts=Plan(usual=Turnout(never=True))))

    handed_over(held, Phrase.FAILURE, EscalationReason.FAILURE)
    assert 1 == held.metrics.fillers


@pytest.mark.parametrize("broken", ["stt", "tts", "model"])
def test_an_engine_that_breaks_its_contract_ends_the_call_and_leaves_nothing(broken: str) -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.closed(20)

    setup = Setup(model=Plan())
    setattr(setup, broken, Plan(usual=Turnout(bug=True)))
    held = hold(caller, setup, strict=False)

    assert Ending.AGENT is held.ending
    assert EscalationReason.FAILURE is held.metrics.escalation


# -- several ---------------------------------------------------------------------------------------------------------


def test_eight_calls_at_once_are_strangers_to_each_other() -> None:
    async def barges_in(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say(BATH)
        await line.reply()
        line.hang_up()

    async def presses_zero(line: Line) -> None:
        await line.hears(300)
        line.press("0")
        await line.closed()

    async def drops(line: Line) -> None:
        await line.greeting()
        line.begin(INSULIN)
        await line.wait(300)
        line.drop()

    one, other, both, leaves = asks(INSULIN), asks(BATH), asks(INSULIN, BATH), asks("Goodbye.")
    held = together([one, other, barges_in, presses_zero, drops, nothing, both, leaves], strict=False)

    assert passage(INSULIN) == held[0].replies
    assert passage(BATH) == held[1].replies
    assert words(Phrase.REPEAT_LEAD) in held[2].replies
    handed_over(held[3], Phrase.TRANSFER, EscalationReason.KEY_ZERO)
    assert ([], EndReason.DROPPED) == (held[4].replies, held[4].metrics.end)
    handed_over(held[5], Phrase.SILENCE_3, EscalationReason.SILENCE)
    assert [*passage(INSULIN), *passage(BATH)] == held[6].replies
    assert EndReason.GOODBYE is held[7].metrics.end
    assert [None] * 8 == [each.failed for each in held]


def test_what_a_call_leaves_behind_is_noticed() -> None:
    kept: list[object] = []

    async def caller(line: Line) -> None:
        await line.greeting()
        kept.append(line.world.said("kept", 20)[0])
        line.hang_up()

    with pytest.raises(AssertionError, match="outlive"):
        hold(caller)


def test_a_timer_that_a_call_leaves_behind_is_noticed() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        word = line.world.said("kept", 20)[0]
        asyncio.get_running_loop().call_later(3_600, lambda: word)
        line.hang_up()

    with pytest.raises(AssertionError, match="timer outlives"):
        hold(caller)


@pytest.mark.parametrize("cached", [False, True])
def test_words_that_a_module_keeps_for_all_calls_are_noticed(cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, int] = {}
    counted = functools.lru_cache(len)
    monkeypatch.setattr(wordpiece, "_KEPT", counted if cached else kept, raising=False)

    async def caller(line: Line) -> None:
        await line.greeting()
        kept["word"] = counted("word")
        line.hang_up()

    with pytest.raises(AssertionError, match="all calls share"):
        hold(caller)


def test_a_nod_and_a_question_after_a_breath_take_the_floor_though_the_recogniser_is_slow() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(INSULIN)
        await line.hears(2_000)
        await line.say("Okay")
        await line.say("but why")
        await line.reply()
        line.hang_up()

    held = hold(caller, Setup(stt=Plan(usual=Turnout(after_s=0.25))))

    assert Verdict.FLOOR in held.notes.verdicts

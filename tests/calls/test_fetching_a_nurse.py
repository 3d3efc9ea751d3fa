"""Whole calls in which nurses are rung while the caller stays: who is told what, and who is put through."""

from __future__ import annotations

from typing import Final

import pytest

from agent.phrases import Phrase
from policies.guardrails import EscalationReason
from policies.records import EndReason
from telephony.placing import CarrierReason
from telephony.rooms import CallStatus
from telephony.transfer import Outcome, Phase, Rank, Rung
from tests.nurses import Nurse, Nurses
from tests.simulated import Held, Line, Setup, hold, words

CHEST: Final = "I have chest pain right now."
PERSON: Final = "I want to talk to a nurse."
GROUP: Final = (Rung(Rank.UNIT, (0, 1), 18_000), Rung(Rank.CHARGE, (2,), 18_000))
IN_TURN: Final = (Rung(Rank.UNIT, (0,), 18_000), Rung(Rank.CHARGE, (1,), 18_000))
SILENCE_BAR_MS: Final = 8_000


async def takes_it(line: Line) -> None:
    """Hears the offer, presses 1, hears the brief, presses 1."""
    await line.reply()
    line.press("1")
    await line.reply()
    line.press("1")


async def declines(line: Line) -> None:
    await line.reply()
    line.press("2")


async def is_a_voicemail(line: Line) -> None:
    await line.wait(90_000)


async def hangs_up_in_the_brief(line: Line) -> None:
    await line.reply()
    line.press("1")
    await line.hears(1_500)
    line.hang_up()


async def asks_for(line: Line, said: str, then: str | None = None) -> None:
    """then: what she says when she has been answered."""
    await line.greeting()
    await line.say(said)
    if then is not None:
        await line.reply()
        await line.say(then)
    await line.closed(200)


def fetched(said: str, nurses: Nurses, then: str | None = None, process_ends_s: float | None = None) -> Held:
    async def caller(line: Line) -> None:
        await asks_for(line, said, then)

    return hold(caller, Setup(nurses=nurses, process_ends_s=process_ends_s))


def only(nurses: Nurses) -> list[str]:
    """What the one nurse who was rung heard."""
    (heard,) = nurses.heard.values()
    return heard.texts


def test_a_nurse_who_presses_1_twice_is_put_through() -> None:
    nurses = Nurses([Nurse(takes_it)])
    held = fetched(CHEST, nurses)

    assert Phase.TOGETHER is nurses.phase
    assert (Outcome.ACCEPTED,) == nurses.outcomes
    assert EndReason.HANDED_OVER is held.metrics.end
    assert [words(Phrase.EMERGENCY), words(Phrase.NURSE_FOUND)] == held.replies[:2]
    assert words(Phrase.CONNECTING) == held.replies[-1]


def test_the_emergency_is_told_to_its_end_before_anything_else() -> None:
    held = fetched(CHEST, Nurses([Nurse(takes_it, after_s=0.5)]))

    assert words(Phrase.EMERGENCY) == held.replies[0]
    assert words(Phrase.EMERGENCY) not in held.cut


def test_the_nurse_is_rung_before_the_emergency_has_been_told() -> None:
    nurses = Nurses([Nurse(takes_it)])
    held = fetched(CHEST, nurses)
    (heard,) = nurses.heard.values()
    told = next(sentence for sentence in held.spoken if sentence.text == words(Phrase.EMERGENCY))

    assert heard.at_s * 1000 < told.at_ms + len(told.frames) * 20


def test_the_brief_holds_why_and_her_own_words_and_comes_after_the_key() -> None:
    nurses = Nurses([Nurse(takes_it)])
    fetched(CHEST, nurses)
    offer, *brief = only(nurses)

    assert words(Phrase.OFFER_CALLER) == offer
    assert "chest" not in offer
    assert "may have an emergency" in " ".join(brief)
    assert "chest pain right now" in " ".join(brief)


def test_the_caller_of_whom_we_have_no_words_is_told_of_so() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        line.press("0")
        await line.closed(200)

    nurses = Nurses([Nurse(takes_it)])
    hold(caller, Setup(nurses=nurses))

    assert "pressed 0" in " ".join(only(nurses))
    assert "no words" in " ".join(only(nurses))


def test_a_voicemail_hears_no_brief_and_is_never_put_through() -> None:
    nurses = Nurses([Nurse(is_a_voicemail)])
    held = fetched(CHEST, nurses)

    assert [words(Phrase.OFFER_CALLER)] == only(nurses)
    assert (Outcome.VOICEMAIL,) == nurses.outcomes
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]


@pytest.mark.parametrize(
    ("nurse", "outcome"),
    [
        (Nurse(declines), Outcome.DECLINED),
        (Nurse(instead=CallStatus.BUSY), Outcome.BUSY),
        (Nurse(instead=CallStatus.NO_ANSWER, after_s=30), Outcome.NO_ANSWER),
        (Nurse(instead=CallStatus.FAILED), Outcome.CARRIER_ERROR),
        (Nurse(refused=CarrierReason.NUMBER_REFUSED), Outcome.CARRIER_ERROR),
        (Nurse(hangs_up_in_the_brief), Outcome.HUNG_UP),
        (Nurse(is_a_voicemail), Outcome.VOICEMAIL),
    ],
)
def test_whatever_becomes_of_the_first_the_next_rung_is_rung(nurse: Nurse, outcome: Outcome) -> None:
    nurses = Nurses([nurse, Nurse(takes_it)], IN_TURN)
    held = fetched(PERSON, nurses)

    assert (outcome, Outcome.ACCEPTED) == nurses.outcomes
    assert Phase.TOGETHER is nurses.phase
    assert words(Phrase.NURSE_LOST if outcome is Outcome.HUNG_UP else Phrase.OTHERS_CALLED) in held.replies


def test_where_no_nurse_is_available_she_is_connected_to_the_nurse_line_at_once() -> None:
    nurses = Nurses([], ())
    held = fetched(PERSON, nurses)

    assert words(Phrase.NOBODY_CAME) == held.replies[-1]
    assert (Phase.NOBODY, {}, EndReason.HANDED_OVER) == (nurses.phase, nurses.heard, held.metrics.end)


def test_an_order_that_the_carrier_did_not_answer_may_ring_all_the_same() -> None:
    nurses = Nurses([Nurse(refused=CarrierReason.TIMED_OUT), Nurse(takes_it)], (Rung(Rank.UNIT, (0, 1), 18_000),))
    fetched(PERSON, nurses)

    assert Phase.TOGETHER is nurses.phase


def test_of_two_nurses_one_gets_the_caller_and_the_other_hears_so() -> None:
    nurses = Nurses([Nurse(takes_it), Nurse(takes_it, after_s=4.3), Nurse(takes_it)], GROUP)
    fetched(PERSON, nurses)
    second = nurses.heard[2].texts

    assert words(Phrase.CALLER_TAKEN) == second[-1]
    assert "asks for a nurse" not in " ".join(second)
    assert 1 == sum(heard.in_room_s is not None for heard in nurses.heard.values())


def test_nobody_who_waits_is_left_in_silence_for_long() -> None:
    nurses = Nurses(
        [Nurse(instead=CallStatus.NO_ANSWER, after_s=18), Nurse(takes_it, after_s=15)],
        IN_TURN,
    )
    held = fetched(PERSON, nurses)
    told = [sentence for sentence in held.spoken if sentence.text in held.replies]
    ends = [sentence.at_ms + len(sentence.frames) * 20 for sentence in told]

    assert max(after.at_ms - end for end, after in zip(ends, told[1:], strict=False)) <= SILENCE_BAR_MS


def test_a_red_flag_while_she_waits_is_told_and_reaches_the_brief() -> None:
    nurses = Nurses([Nurse(takes_it, after_s=15)])
    held = fetched(PERSON, nurses, then=CHEST)

    assert words(Phrase.EMERGENCY) in held.replies
    assert EscalationReason.RED_FLAG is held.metrics.escalation
    assert "may have an emergency" in " ".join(only(nurses))


def test_a_caller_may_call_it_off_and_stays_with_the_agent() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(PERSON)
        await line.reply()
        await line.say("Never mind, I don't need a nurse.")
        await line.reply()
        await line.say("How do I store my insulin at home?")
        await line.reply()
        line.hang_up()

    nurses = Nurses([Nurse(takes_it, after_s=17)])
    held = hold(caller, Setup(nurses=nurses))

    assert words(Phrase.STOPPED_CALLING) in held.replies
    assert Phase.STOPPED is nurses.phase
    assert held.metrics.escalation is None
    assert 3 <= len(held.replies)


def test_an_emergency_is_not_called_off() -> None:
    nurses = Nurses([Nurse(takes_it, after_s=17)])
    held = fetched(CHEST, nurses, then="Never mind.")

    assert words(Phrase.NOT_STOPPED) in held.replies
    assert Phase.TOGETHER is nurses.phase


def test_a_caller_who_hangs_up_lets_the_nurse_know() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(PERSON)
        await line.reply()
        await line.wait(3_000)
        line.hang_up()

    nurses = Nurses([Nurse(is_a_voicemail, after_s=4)])
    hold(caller, Setup(nurses=nurses))

    assert words(Phrase.CALLER_LEFT) == only(nurses)[-1]
    assert (Outcome.PATIENT_LEFT,) == nurses.outcomes


def test_when_nobody_comes_she_is_told_and_the_carrier_dials_the_nurse_line() -> None:
    nurses = Nurses([Nurse(instead=CallStatus.BUSY)])
    held = fetched(CHEST, nurses)

    assert Phase.NOBODY is nurses.phase
    assert words(Phrase.NOBODY_CAME) == held.replies[-1]
    assert words(Phrase.NOBODY_CAME) not in held.cut
    assert EndReason.HANDED_OVER is held.metrics.end


def test_a_nurse_hears_the_brief_again_on_nine() -> None:
    async def asks_again(line: Line) -> None:
        await line.reply()
        line.press("1")
        await line.reply()
        line.press("9")
        await line.reply()
        line.press("1")

    nurses = Nurses([Nurse(asks_again)])
    fetched(PERSON, nurses)

    assert 2 == sum("asks for a nurse" in text for text in only(nurses))
    assert Phase.TOGETHER is nurses.phase


def test_a_caller_of_a_process_that_ends_is_told_and_goes_to_the_nurse_line() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.closed(60)

    nurses = Nurses([Nurse(takes_it)])
    held = hold(caller, Setup(nurses=nurses, process_ends_s=30))

    assert [words(Phrase.FAILURE)] == held.replies[-1:]
    assert EndReason.HANDED_OVER is held.metrics.end
    assert {} == nurses.heard, "a nurse whom nobody could put through is not rung"


def test_who_waits_for_a_nurse_goes_to_the_nurse_line_when_the_process_ends() -> None:
    nurses = Nurses([Nurse(takes_it, after_s=17)])
    held = fetched(PERSON, nurses, process_ends_s=35)

    assert [words(Phrase.NOBODY_CAME)] == held.replies[-1:]
    assert (Outcome.PATIENT_LEFT,) == nurses.outcomes


def test_a_caller_who_called_it_off_may_ask_again_and_all_are_rung_anew() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(PERSON)
        await line.reply()
        await line.say("Never mind, I don't need a nurse.")
        await line.reply()
        await line.say(CHEST)
        await line.closed(200)

    nurses = Nurses([Nurse(takes_it, after_s=17)])
    held = hold(caller, Setup(nurses=nurses))

    assert Phase.TOGETHER is nurses.phase
    assert words(Phrase.EMERGENCY) in held.replies
    assert words(Phrase.NOBODY_CAME) not in held.replies


def test_a_caller_whose_nurse_is_lost_on_the_way_to_her_is_told_so_and_others_are_rung() -> None:
    nurses = Nurses(
        [Nurse(takes_it, in_room_s=0.2), Nurse(takes_it, after_s=15)],
        IN_TURN,
    )
    held = fetched(PERSON, nurses)
    lost = held.replies.index(words(Phrase.NURSE_LOST))

    assert words(Phrase.CONNECTING) in held.replies[:lost]
    assert words(Phrase.CONNECTING) == held.replies[-1]
    assert Phase.TOGETHER is nurses.phase


def test_a_caller_whose_nurse_declines_after_the_brief_is_not_told_that_nobody_picked_up() -> None:
    async def declines_after_the_brief(line: Line) -> None:
        await line.reply()
        line.press("1")
        await line.reply()
        line.press("2")

    nurses = Nurses(
        [Nurse(declines_after_the_brief), Nurse(takes_it)],
        IN_TURN,
    )
    held = fetched(PERSON, nurses)
    found = held.replies.index(words(Phrase.NURSE_FOUND))

    assert words(Phrase.NURSE_LOST) in held.replies[found:]
    assert words(Phrase.OTHERS_CALLED) not in held.replies


def test_the_emergency_is_heard_out_although_a_nurse_takes_the_call_at_once() -> None:
    async def takes_it_blindly(line: Line) -> None:
        line.press("1")
        await line.wait(100)
        line.press("1")

    held = fetched(CHEST, Nurses([Nurse(takes_it_blindly, after_s=0.2)]))

    assert words(Phrase.EMERGENCY) not in held.cut
    assert words(Phrase.CONNECTING) == held.replies[-1]


def test_who_repeats_an_emergency_while_she_waits_is_answered() -> None:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(CHEST)
        await line.reply()
        await line.say("I have chest pain, please help me.")
        at_ms = line.now_ms
        await line.begins()
        assert line.now_ms - at_ms <= 3_000
        await line.closed(200)

    held = hold(caller, Setup(nurses=Nurses([Nurse(takes_it, after_s=17)])))

    assert words(Phrase.STILL_DANGER) in held.replies


def test_the_words_of_the_brief_are_those_of_its_reason() -> None:
    nurses = Nurses([Nurse(takes_it, after_s=17)])
    fetched(CHEST, nurses, then=PERSON)

    assert "chest pain right now" in " ".join(only(nurses))
    assert "talk to a nurse" not in " ".join(only(nurses))

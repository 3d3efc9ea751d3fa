"""Calls that the line places, from the list to the deletion: who is on them, what is said, and what is held."""

from __future__ import annotations

import gc
import logging
from typing import Final

import pytest

from agent.phrases import Phrase
from policies.attempts import Came, Kept
from policies.escalation import EscalationReason
from policies.outreach import DAY_S, Standing
from policies.phi import Sensitive
from policies.records import EndReason
from policies.right_party import Line
from telephony.twin.personas import BUSY, FAILS, NEVER_ANSWERS, tone, voicemail
from telephony.twin.telephones import Persona, Phone
from tests.nights.plans import Unreliable
from tests.outbound import (
    BORN,
    HERS,
    NAME,
    NOON_S,
    NURSE,
    PATIENT_REF,
    Evening,
    Hospital,
    Plan,
    Sounds,
    Told,
    called,
    says,
    worded_for,
)  # fmt: skip
from tests.simulated import DEMONSTRATION, house, words

KNOWN: Final = ("Hello?", "Yes, speaking.", "March fourth nineteen fifty", "zero one seven seven")
FIRST_QUESTION: Final = "Are you having any trouble breathing right now?"
DANGER_MS: Final = 5_000
"""From the last word of an emergency to our first: the end of her turn, and another stream of the call."""


def calm(evening: Evening) -> None:
    """Whatever came of it: one call, over, its place free, and its record at the carrier to be deleted."""
    assert evening.over
    assert 0 == evening.places
    assert [HERS] == [number for number in evening.rung if number != NURSE]
    assert evening.ended == 1


def test_a_patient_who_is_known_by_two_identifiers_hears_why_we_call_and_what_we_ask() -> None:
    evening = called(says(*KNOWN, "No.", stays_s=0))

    calm(evening)
    assert Came.REACHED is evening.came
    assert [*worded_for(Line.ASK_FOR), *worded_for(Line.ASK_BIRTH), *worded_for(Line.ASK_SECOND)] == evening.texts[:7]
    assert [words(Phrase.REACHED), words(Phrase.KEEPS_NOTHING), words(Phrase.CALLED_FOR), FIRST_QUESTION] == (
        evening.texts[7:11]
    )
    (record,) = evening.records
    assert record.greeting_played
    assert 1 == record.turns
    assert [] == evening.out


def test_before_she_is_known_nobody_hears_more_than_name_hospital_and_number() -> None:
    for turn, line, came in (
        ("No, she isn't here right now.", Line.CALL_BACK, Came.NOT_IN),
        ("You have the wrong number.", Line.WRONG_NUMBER, Came.NOT_HERS),
        ("Not now, I'm busy.", Line.CALL_BACK, Came.DECLINED),
    ):
        evening = called(says("Hello?", turn))

        calm(evening)
        assert came is evening.came
        assert [*worded_for(Line.ASK_FOR), *worded_for(line)] == evening.texts
        assert [] == evening.records


def test_who_gives_anothers_identifiers_is_told_nothing_and_not_rung_again() -> None:
    wrong = ("March fifth nineteen fifty", "zero one seven seven")
    evening = called(says("Hello?", "Yes, speaking.", *wrong, *wrong))

    calm(evening)
    assert Came.NOT_VERIFIED is evening.came
    last = worded_for(Line.CALL_BACK_YOURSELF)
    assert last == evening.texts[-len(last) :]
    assert [] == evening.records


def test_who_is_asked_what_it_is_about_says_nothing() -> None:
    evening = called(says("Hello?", "What is this about?", "No, she isn't here."))

    calm(evening)
    assert worded_for(Line.NOT_SAID)[0] in evening.texts
    assert Came.NOT_IN is evening.came


def over_us(words: str, after_ms: int = 2_000) -> Told:
    """Says it while we are still asking."""

    async def life(phone: Phone, sounds: Sounds) -> None:
        await sounds.say(phone, "Hello?")
        await phone.hears_something()
        await phone.pass_ms(after_ms)
        await sounds.say(phone, words)
        await phone.until_over()

    return life


def test_an_answer_over_our_question_is_taken_and_a_murmur_is_not() -> None:
    answered = called(over_us("No, she isn't here."))
    murmured = called(over_us("Mister Brown residence."))

    assert Came.NOT_IN is answered.came
    assert worded_for(Line.ASK_FOR)[-1] not in answered.texts, "the question is broken off"
    assert worded_for(Line.ASK_FOR) == murmured.texts[:3], "the question is heard out"
    assert worded_for(Line.ASK_FOR_AGAIN)[0] == murmured.texts[3]


def test_an_emergency_over_our_question_is_heard() -> None:
    evening = called(over_us("I have chest pain right now."), Plan(for_s=60))

    assert [HERS, NURSE] == evening.rung
    assert words(Phrase.EMERGENCY) in evening.texts


def test_a_telephone_in_which_nobody_speaks_is_asked_twice_and_left() -> None:
    evening = called(None)

    calm(evening)
    assert Came.NOT_IN is evening.came
    assert [*worded_for(Line.ASK_FOR), *worded_for(Line.ASK_FOR_AGAIN), *worded_for(Line.CALL_BACK)] == evening.texts


@pytest.mark.parametrize("named", [True, False])
def test_a_machine_is_left_name_and_number_after_its_beep_and_nothing_else(named: bool) -> None:
    greeting = tone(220.0, 5.0)
    evening = called(None, Plan(she=voicemail(greeting), hospital=Hospital(named_on_machine=named)))

    calm(evening)
    assert Came.VOICEMAIL is evening.came
    assert worded_for(Line.MESSAGE, named=named) == evening.texts
    assert (NAME in " ".join(evening.texts)) is named
    assert evening.said[0].from_ms >= 5_000
    assert all(sentence.whole for sentence in evening.said)


def test_a_machine_is_hung_up_on_where_the_hospital_wants_no_messages() -> None:
    evening = called(None, Plan(she=voicemail(tone(220.0, 5.0)), leaves_message=False))

    calm(evening)
    assert ([], Came.VOICEMAIL) == (evening.texts, evening.came)


def greets(*parts: str, gap_ms: int, beep: bool = True) -> Told:
    """A machine that speaks: its greeting in parts, 200 ms, a beep, and then it records."""

    async def life(phone: Phone, sounds: Sounds) -> None:
        for n, part in enumerate(parts):
            await phone.pass_ms(gap_ms if n else 0)
            await sounds.say(phone, part)
        await phone.pass_ms(200)
        if beep:
            await phone.say(tone(1_000.0, 0.4))
        await phone.until_over()

    return life


DIAL_911: Final = "If this is an emergency hang up and dial 911."
NURSE_KEY: Final = "To speak with a nurse press one."


@pytest.mark.parametrize(
    "parts",
    [
        ("You have reached the Brown family.", DIAL_911),
        (f"You have reached the Brown family. {DIAL_911}",),
        ("This is the Brown family and we can't come to the phone right now.", NURSE_KEY),
        (f"You have reached the office of Doctor Brown. {NURSE_KEY}",),
        ("You have reached Doctor Brown and all of his staff here.", "If you have chest pain go to the hospital."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("gap_ms", [300, 2_500])
@pytest.mark.parametrize("beep", [True, False])
def test_no_nurse_is_rung_for_what_a_machines_greeting_says(parts: tuple[str, ...], gap_ms: int, beep: bool) -> None:
    evening = called(greets(*parts, gap_ms=gap_ms, beep=beep))

    assert [HERS] == evening.rung
    assert Came.VOICEMAIL is evening.came
    assert worded_for(Line.MESSAGE) == evening.texts[-len(worded_for(Line.MESSAGE)) :]


def test_a_short_greeting_that_is_taken_for_a_person_brings_no_nurse() -> None:
    for gap_ms in (800, 1_500, 4_000):
        evening = called(greets("The Brown family.", f"{DIAL_911} {NURSE_KEY}", gap_ms=gap_ms))

        assert [HERS] == evening.rung
        assert Came.VOICEMAIL is evening.came


LONG_HELLO: Final = "Hello? Hello, who is this? I have been told about you people."


def test_where_no_message_is_wanted_a_machine_that_speaks_is_left_none_and_brings_no_nurse() -> None:
    parts = ("You have reached the Brown family.", DIAL_911, "Leave a message after the tone.")
    evening = called(greets(*parts, gap_ms=2_500), Plan(leaves_message=False))

    assert [HERS] == evening.rung
    assert Came.VOICEMAIL is evening.came
    assert not set(worded_for(Line.MESSAGE)) & set(evening.texts)


@pytest.mark.parametrize("leaves_message", [True, False])
@pytest.mark.parametrize("wish", ["Stop calling me.", "9"])
def test_who_is_taken_for_a_machine_can_end_such_calls(wish: str, leaves_message: bool) -> None:
    async def life(phone: Phone, sounds: Sounds) -> None:
        if len(wish) == 1:
            await sounds.say(phone, LONG_HELLO)
            await phone.press(wish)
        else:
            await sounds.say(phone, f"{LONG_HELLO} {wish}")
        await phone.until_over()

    evening = called(life, Plan(leaves_message=leaves_message))

    assert Came.OPTED_OUT is evening.came
    assert [PATIENT_REF] == evening.out
    assert worded_for(Line.NO_MORE_CALLS) == evening.texts[-2:]


def test_who_is_taken_for_a_machine_reaches_a_nurse_by_key_zero() -> None:
    async def life(phone: Phone, sounds: Sounds) -> None:
        await sounds.say(phone, LONG_HELLO)
        await phone.press("0")
        await phone.pass_ms(60_000)

    evening = called(life, Plan(for_s=120))

    assert [HERS, NURSE] == evening.rung


@pytest.mark.parametrize("wish", ["9", "Stop calling me."])
def test_an_opt_out_before_she_is_known_is_held_and_told_and_the_call_ends(wish: str) -> None:
    evening = called(says("Hello?", wish))

    calm(evening)
    assert Came.OPTED_OUT is evening.came
    assert evening.kept[0].opted_out
    assert [PATIENT_REF] == evening.out
    assert worded_for(Line.NO_MORE_CALLS) == evening.texts[-2:]


@pytest.mark.parametrize("wish", ["9", "Please stop calling me."])
def test_an_opt_out_of_a_known_patient_is_held_at_once_and_the_call_goes_on(wish: str) -> None:
    evening = called(says(*KNOWN, wish, "No.", stays_s=0))

    calm(evening)
    assert evening.kept[0].opted_out
    assert Came.OPTED_OUT is evening.came
    assert [PATIENT_REF] == evening.out
    assert words(Phrase.NO_MORE_CALLS) in evening.texts


def test_an_opt_out_beside_an_emergency_is_held_and_a_nurse_comes_all_the_same() -> None:
    evening = called(says("Hello?", "Stop calling me, I have chest pain right now.", stays_s=60))

    assert evening.kept[0].opted_out
    assert [HERS, NURSE] == evening.rung
    assert words(Phrase.EMERGENCY) in evening.texts


def test_an_emergency_comes_before_who_it_is() -> None:
    evening = called(says("Hello?", "I have chest pain right now.", stays_s=60))
    told = next(sentence for sentence in evening.said if sentence.text == words(Phrase.EMERGENCY))
    asked = next(sentence for sentence in evening.said if sentence.text == worded_for(Line.ASK_FOR)[-1])
    record = evening.records[0]

    assert Came.HANDED is evening.came
    assert [HERS, NURSE] == evening.rung
    assert told.from_ms - asked.until_ms <= DANGER_MS + 2_000  # five words take 1.5 s, and she waits a moment
    assert EscalationReason.RED_FLAG is record.escalation
    assert EndReason.HANDED_OVER is record.end
    assert "may have an emergency" in " ".join(sentence.text for sentence in evening.nurse_heard)
    assert NAME not in " ".join(sentence.text for sentence in evening.nurse_heard)
    assert not {words(Phrase.REACHED), words(Phrase.BACK)} & set(evening.texts)


@pytest.mark.parametrize("wish", ["0", "I want to talk to a nurse."])
def test_the_wish_for_a_person_is_granted_to_whoever_it_is(wish: str) -> None:
    evening = called(says("Hello?", wish, stays_s=60))

    assert Came.HANDED is evening.came
    assert [HERS, NURSE] == evening.rung
    assert words(Phrase.TRANSFER) in evening.texts


def test_a_nurse_who_comes_to_a_known_patient_is_put_through_to_her() -> None:
    evening = called(says(*KNOWN, "I have chest pain right now.", stays_s=60))

    assert Came.REACHED is evening.came
    assert [HERS, NURSE] == evening.rung
    assert words(Phrase.CONNECTING) in evening.texts


@pytest.mark.parametrize(("she", "came"), [(NEVER_ANSWERS, Came.NO_ANSWER), (BUSY, Came.BUSY), (FAILS, Came.FAILED)])
def test_whom_nobody_answers_for_is_an_attempt_and_no_more(she: Persona, came: Came) -> None:
    evening = called(None, Plan(she=she))

    calm(evening)
    assert came is evening.came
    assert [] == evening.texts


@pytest.mark.parametrize(
    "plan",
    [
        Plan(at_s=NOON_S - 4 * 3_600),  # six in the morning
        Plan(at_s=NOON_S + 13 * 3_600),  # eleven at night
        Plan(standing=Standing(agent_live=False, nurse_free=True)),
        Plan(standing=Standing(agent_live=True, nurse_free=False)),
        Plan(kept=(Kept(patient=PATIENT_REF).out().taken(),)),
        Plan(kept=(Kept(patient=PATIENT_REF).placed(NOON_S // DAY_S),)),
    ],
)  # fmt: skip
def test_nobody_is_rung_at_night_for_a_draft_without_a_nurse_after_an_opt_out_or_twice_a_day(plan: Plan) -> None:
    evening = called(None, plan)

    assert [] == evening.rung
    assert 0 == evening.ended


def test_a_telephone_that_rings_is_hung_up_when_the_process_ends_and_nobody_else_is_rung() -> None:
    for ends_s in (0.0, 0.2, 10.0):  # before it is dialled, while the carrier is asked, while it rings
        evening = called(None, Plan(she=NEVER_ANSWERS, ends_s=ends_s, for_s=ends_s + 3.0))

        assert evening.over
        assert 0 == evening.places
        assert (1 if ends_s else 0) == len(evening.rung) == evening.ended


def test_who_has_answered_is_not_hung_up_on_because_the_process_ends() -> None:
    for ends_s in (8.0, 30.0, 45.0):
        evening = called(says(*KNOWN, "No.", stays_s=0), Plan(ends_s=ends_s))

        assert Came.REACHED is evening.came
        assert 1 == len(evening.records)


def test_the_last_places_are_the_callers() -> None:
    evening = called(None, Plan(calls=1))

    assert [] == evening.rung
    assert 0 == evening.places


def test_a_line_that_ends_in_the_middle_has_called_her() -> None:
    evening = called(says("Hello?"), Plan(for_s=12))

    assert Came.PLACED is evening.came
    assert [HERS] == evening.rung


def test_who_hangs_up_has_been_called() -> None:
    evening = called(says("Hello?", stays_s=0))

    calm(evening)
    assert Came.HUNG_UP is evening.came


def test_a_carrier_that_refuses_has_rung_nobody_and_one_that_is_silent_may_have() -> None:
    refused = called(says("Hello?"), Plan(unreliable=Unreliable(refused=1.0)))
    assert (Came.FAILED, [], 0) == (refused.came, refused.texts, refused.places)

    came = {called(says(*KNOWN, stays_s=0), Plan(unreliable=Unreliable(seed, silent=1.0))).came for seed in range(4)}
    assert {Came.FAILED, Came.REACHED} == came


CANARIES: Final = (NAME, HERS, HERS[2:], HERS[-4:], "1950", "fourth nineteen", "Yes, speaking")


def test_her_name_her_number_and_what_she_says_stand_in_no_document_no_address_and_no_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    house(DEMONSTRATION)
    gc.collect()
    gc.freeze()
    try:
        with caplog.at_level(logging.DEBUG):
            evening = called(says(*KNOWN, "Please stop calling me.", stays_s=0))
        gc.collect()
        left = [type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, Sensitive)]
    finally:
        gc.unfreeze()

    assert Came.OPTED_OUT is evening.came
    shown = " ".join([*evening.written, caplog.text, *capfd.readouterr(), repr(evening.records), repr(evening.kept)])
    assert "<Connect" in shown
    assert [] == [canary for canary in (*CANARIES, BORN.phone_end, *evening.sids) if canary in shown]
    assert [] == left
    assert evening.sids

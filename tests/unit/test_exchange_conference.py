"""Several people in one conference at the local carrier: who hears whom, when it begins and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.twin.asking import Trouble
from telephony.twin.conference import mixed
from telephony.twin.mouth import FULL_SCALE, NOTHING
from telephony.twin.personas import answers, tone
from telephony.twin.telephones import Phone, Telephone
from tests.exchanges import NURSE, ORIGIN, OTHER, OURS, PATIENT, Town, document, strengths, town
from tests.virtual_time import at_once

LOUD = -30.0
SILENT = -60.0
ROOM = 'beep="false" waitUrl="" record="do-not-record"'


def conference(attributes: str = "", *, name: str = "room", action: str = "", room: str = ROOM) -> str:
    asked = f' action="{action}"' if action else ""
    return f"<Dial{asked}><Conference {room} {attributes}>{name}</Conference></Dial>"


async def joins(there: Town, number: str, inside: str, ring_s: int = 20) -> str:
    """Rings somebody into a document, and returns once she is on the line."""
    order = await there.exchange.place(
        to=number, from_=OURS, twiml=document(inside), url=None, ring_s=ring_s, status_callback=None,
        status_events=frozenset(), time_limit_s=600,
    )  # fmt: skip
    await there.exchange._calls[order.sid].settled.wait()
    return order.sid


def hums(hz: float, ms: int = 60_000) -> Callable[[Phone], Awaitable[None]]:
    async def hum(phone: Phone) -> None:
        await phone.say(tone(hz, ms / 1000))

    return hum


def last_second(phone: Phone) -> list[float]:
    return strengths(phone.heard(phone.now() - 8_000, phone.now()), 500, 700, 900)


def test_each_of_three_hears_the_two_others_and_not_herself() -> None:
    async def story() -> None:
        people = [Telephone(n, answers(hums(hz))) for n, hz in ((PATIENT, 500), (NURSE, 700), (OTHER, 900))]
        async with town(*people) as there:
            for person in people:
                await joins(there, person.number, conference())
            await asyncio.sleep(2.0)
            for own, person in enumerate(people):
                heard = last_second(person.calls[0])
                assert SILENT > heard.pop(own)
                assert min(heard) > LOUD

    at_once(story())


@given(st.lists(st.integers(-32_768, 32_767), min_size=1, max_size=4))
def test_what_is_too_loud_together_is_clipped_and_does_not_turn_over(heights: list[int]) -> None:
    together = mixed([np.full(160, height, np.int16) for height in heights])
    assert max(-FULL_SCALE - 1, min(FULL_SCALE, sum(heights))) == together[0]


def test_silence_with_silence_is_silence_that_costs_nothing() -> None:
    assert mixed([NOTHING, NOTHING]) is NOTHING
    assert mixed([]) is NOTHING


def test_she_waits_in_silence_until_somebody_starts_it() -> None:
    async def story() -> None:
        patient, other, nurse = Telephone(PATIENT), Telephone(OTHER, answers(hums(500))), Telephone(NURSE)
        async with town(patient, other, nurse) as there:
            await joins(there, PATIENT, conference('startConferenceOnEnter="false"'))
            await joins(there, OTHER, conference('startConferenceOnEnter="false"'))
            await asyncio.sleep(3.0)
            assert not patient.calls[0].heard(0, patient.calls[0].now()).any()
            assert ["init"] == [record.status for record in there.exchange.conferences()]
            await joins(there, NURSE, conference())
            await asyncio.sleep(2.0)
            assert last_second(patient.calls[0])[0] > LOUD
            assert ["in-progress"] == [record.status for record in there.exchange.conferences()]

    at_once(story())


def test_it_does_not_begin_for_one_alone_even_if_she_would_start_it() -> None:
    async def story() -> None:
        nurse, patient = Telephone(NURSE), Telephone(PATIENT)
        async with town(nurse, patient) as there:
            await joins(there, NURSE, conference())
            await asyncio.sleep(1.0)
            assert ["init"] == [record.status for record in there.exchange.conferences()]
            await joins(there, PATIENT, conference('startConferenceOnEnter="false"'))
            assert ["in-progress"] == [record.status for record in there.exchange.conferences()]

    at_once(story())


WAITING = 'beep="false" waitUrl="/wait" record="do-not-record"'


def test_who_waits_hears_what_the_wait_url_says_and_nothing_after_it() -> None:
    async def story() -> None:
        nurse = Telephone(NURSE)
        said = {"/wait": document('<Pause length="2"/><Say>Please wait for her.</Say><Hangup/><Say>Too much.</Say>')}
        async with town(nurse, answers=said) as there:
            sid = await joins(there, NURSE, conference(room=WAITING))
            await asyncio.sleep(1.5)
            assert [] == list(there.exchange.said(sid))
            await asyncio.sleep(1.0)
            assert ["Please wait for her."] == list(there.exchange.said(sid))
            phone = nurse.calls[0]
            assert strengths(phone.heard(phone.now() - 1_600, phone.now()), 300)[0] > -40
            await asyncio.sleep(5.0)
            assert not phone.heard(phone.now() - 8_000, phone.now()).any()
            assert ["Please wait for her."] == list(there.exchange.said(sid))
            assert not phone.is_over

    at_once(story())


def test_as_soon_as_the_other_one_is_there_nobody_is_told_to_wait() -> None:
    async def story() -> None:
        nurse, patient = Telephone(NURSE), Telephone(PATIENT)
        said = {"/wait": document('<Pause length="6"/><Say>Please wait for her.</Say>')}
        async with town(nurse, patient, answers=said) as there:
            sid = await joins(there, NURSE, conference(room=WAITING))
            await joins(there, PATIENT, conference('startConferenceOnEnter="false"', room=WAITING))
            await asyncio.sleep(9.0)
            assert [] == list(there.exchange.said(sid))
            assert 1 == len(there.line.forms("/wait"))

    at_once(story())


def test_a_wait_url_that_nobody_answers_is_silence() -> None:
    async def story() -> None:
        nurse = Telephone(NURSE)
        async with town(nurse) as there:
            sid = await joins(there, NURSE, conference(room=WAITING))
            await asyncio.sleep(3.0)
            assert [] == list(there.exchange.said(sid))
            assert not nurse.calls[0].heard(0, nurse.calls[0].now()).any()
            assert {Trouble.STATUS: 1} == there.exchange.troubles

    at_once(story())


def test_without_a_wait_url_the_carrier_s_music_plays_and_with_beeps_they_are_heard() -> None:
    async def story() -> None:
        patient, nurse = Telephone(PATIENT), Telephone(NURSE)
        async with town(patient, nurse) as there:
            await joins(there, PATIENT, conference('startConferenceOnEnter="false"', room=""))
            await asyncio.sleep(2.0)
            phone = patient.calls[0]
            assert strengths(phone.heard(phone.now() - 8_000, phone.now()), 440)[0] > -35
            await joins(there, NURSE, conference(room=""))
            await asyncio.sleep(0.2)
            assert strengths(phone.heard(phone.now() - 1_200, phone.now()), 620)[0] > LOUD
            await asyncio.sleep(1.0)
            assert not phone.heard(phone.now() - 1_600, phone.now()).any()

    at_once(story())


def test_when_she_who_ends_it_leaves_the_others_go_on_to_their_actions() -> None:
    async def story() -> None:
        patient, nurse = Telephone(PATIENT), Telephone(NURSE, answers(lambda phone: phone.pass_ms(4_000)))
        said = {"/after": document("<Say>the nurse has left</Say>")}
        async with town(patient, nurse, answers=said) as there:
            sid = await joins(there, PATIENT, conference('startConferenceOnEnter="false"', action=ORIGIN + "/after"))
            await joins(there, NURSE, conference('endConferenceOnExit="true"'))
            await patient.calls[0].until_over()
            [form] = there.line.forms("/after")
            assert (sid, "in-progress", "completed") == (form["CallSid"], form["CallStatus"], form["DialCallStatus"])
            assert ["the nurse has left"] == list(there.exchange.said(sid))
            [record] = there.exchange.conferences()
            assert ("completed", False, 2) == (record.status, record.recorded, len(record.call_sids))

    at_once(story())


def test_a_caller_who_hangs_up_in_a_conference_is_told_to_the_action_and_the_other_stays() -> None:
    async def story() -> None:
        patient, nurse = Telephone(PATIENT, answers(lambda phone: phone.pass_ms(9_000))), Telephone(NURSE)
        async with town(patient, nurse, answers={"/after": document("<Hangup/>")}) as there:
            await joins(there, PATIENT, conference(action=ORIGIN + "/after"))
            await joins(there, NURSE, conference())
            await patient.calls[0].until_over()
            await asyncio.sleep(1.0)
            assert ["completed"] == [form["CallStatus"] for form in there.line.forms("/after")]
            assert not nurse.calls[0].is_over
            assert ["in-progress"] == [record.status for record in there.exchange.conferences()]

    at_once(story())


def test_a_participant_who_is_redirected_leaves_without_her_action() -> None:
    async def story() -> None:
        patient, nurse = Telephone(PATIENT), Telephone(NURSE, answers(hums(700)))
        async with town(patient, nurse, answers={"/after": document("<Hangup/>")}) as there:
            sid = await joins(there, PATIENT, conference(action=ORIGIN + "/after"))
            await joins(there, NURSE, conference())
            await there.exchange.change(sid, twiml=document('<Pause length="5"/>'))
            await asyncio.sleep(2.0)
            assert not patient.calls[0].heard(patient.calls[0].now() - 8_000, patient.calls[0].now()).any()
            assert [] == there.line.forms("/after")

    at_once(story())


def test_a_conference_s_record_tells_who_was_in_it_from_when_until_when() -> None:
    async def story() -> None:
        async with town(Telephone(PATIENT), Telephone(NURSE)) as there:
            patient = await joins(
                there, PATIENT, conference('startConferenceOnEnter="false" participantLabel="patient"')
            )
            await asyncio.sleep(2.0)
            nurse = await joins(there, NURSE, conference('participantLabel="nurse"'))
            await asyncio.sleep(5.0)
            (record,) = there.exchange.conferences()
            assert [("patient", None), ("nurse", None)] == [(stay.label, stay.until_s) for stay in record.stays]
            await there.exchange.change(nurse, status="completed")
            await asyncio.sleep(1.0)
            (record,) = there.exchange.conferences()
            first, second = record.stays
            assert (patient, None) == (first.call_sid, first.until_s)
            assert second.until_s is not None
            assert first.from_s + 2.0 < second.from_s < second.until_s

    at_once(story())


def test_keys_do_nothing_in_a_conference() -> None:
    async def story() -> None:
        async def presses(phone: Phone) -> None:
            await phone.pass_ms(500)
            await phone.press("1")
            await phone.until_over()

        patient, nurse = Telephone(PATIENT, answers(presses)), Telephone(NURSE)
        async with town(patient, nurse) as there:
            await joins(there, PATIENT, conference())
            await joins(there, NURSE, conference())
            await asyncio.sleep(2.0)
            assert not nurse.calls[0].heard(0, nurse.calls[0].now()).any()
            assert [False, False] == [record.is_over for record in there.exchange.calls()]

    at_once(story())


def test_the_conference_s_callbacks_tell_start_join_leave_and_end_to_whoever_asked_first() -> None:
    async def story() -> None:
        asked = f'statusCallback="{ORIGIN}/room" statusCallbackEvent="start end join leave" participantLabel="nurse"'
        patient, nurse = Telephone(PATIENT), Telephone(NURSE, answers(lambda phone: phone.pass_ms(3_000)))
        async with town(patient, nurse) as there:
            await joins(there, PATIENT, conference('startConferenceOnEnter="false"'))
            nurse_sid = await joins(there, NURSE, conference(f'{asked} endConferenceOnExit="true"'))
            await patient.calls[0].until_over()
            await asyncio.sleep(1.0)
            forms = there.line.forms("/room")
            assert [
                "conference-start",
                "participant-join",
                "participant-leave",
                "participant-leave",
                "conference-end",
            ] == [form["StatusCallbackEvent"] for form in forms]
            assert [str(n) for n in range(5)] == [form["SequenceNumber"] for form in forms]
            assert (nurse_sid, "nurse") == (forms[1]["CallSid"], forms[1]["ParticipantLabel"])
            assert {"room"} == {form["FriendlyName"] for form in forms}
            assert nurse_sid == forms[-1]["CallSidEndingConference"]

    at_once(story())


def test_two_conferences_do_not_hear_each_other_and_a_name_can_be_used_again() -> None:
    async def story() -> None:
        people = [Telephone(PATIENT), Telephone(NURSE, answers(hums(700))), Telephone(OTHER, answers(hums(900)))]
        async with town(*people) as there:
            await joins(there, PATIENT, conference(name="a"))
            await joins(there, NURSE, conference(name="a"))
            await joins(there, OTHER, conference(name="b"))
            await asyncio.sleep(2.0)
            heard = last_second(people[0].calls[0])
            assert heard[1] > LOUD
            assert heard[2] < SILENT
            for record in there.exchange.calls():
                await there.exchange.change(record.sid, status="completed")
            await joins(there, PATIENT, conference(name="a"))
            statuses = [(record.name, record.status) for record in there.exchange.conferences()]
            assert [("a", "completed"), ("b", "completed"), ("a", "init")] == statuses

    at_once(story())


def test_a_recording_that_the_line_asks_for_is_seen_and_none_is_made() -> None:
    async def story() -> None:
        async with town(Telephone(PATIENT), Telephone(NURSE)) as there:
            await joins(there, PATIENT, conference(room='record="record-from-start"'))
            assert [True] == [record.recorded for record in there.exchange.conferences()]
            await joins(there, NURSE, f'<Dial record="record-from-answer">{OTHER}</Dial>')
            await asyncio.sleep(1.0)
            assert {Trouble.RECORDING: 2} == there.exchange.troubles

    at_once(story())


@pytest.mark.parametrize("far", [0.0, 25.0])
def test_nobody_is_heard_after_the_end_of_her_call(far: float) -> None:
    async def story() -> None:
        patient, nurse = Telephone(PATIENT), Telephone(NURSE, answers(hums(700, 2_000)))
        async with town(patient, nurse) as there:
            await joins(there, PATIENT, conference())
            await joins(there, NURSE, conference())
            await nurse.calls[0].until_over()
            await asyncio.sleep(1.5 + far)
            phone = patient.calls[0]
            assert not phone.is_over
            assert not phone.heard(phone.now() - 8_000, phone.now()).any()

    at_once(story())

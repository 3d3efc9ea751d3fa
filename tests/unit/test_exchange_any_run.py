"""A transfer of three legs with anything going wrong at any moment: what holds at the carrier whatever happens."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.leg import Socket
from telephony.twin import personas
from telephony.twin.carrier import Stream
from telephony.twin.faults import Faults
from telephony.twin.personas import answers, tone
from telephony.twin.records import CallOver
from telephony.twin.telephones import Persona, Phone, Telephone
from tests.exchanges import NURSE, ORIGIN, OURS, PATIENT, Town, begun, document, town
from tests.virtual_time import at_once

ENDS = {"completed", "busy", "failed", "no-answer", "canceled"}
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
CONNECT = '<Connect action="/ended"><Stream url="wss://line.example.org/media"/></Connect>'
ROOM = '<Dial action="/after"><Conference beep="false" waitUrl="" {}>xfer</Conference></Dial>'
SHARES = st.sampled_from([0.0, 0.3, 1.0])
FAULTS = st.builds(
    Faults,
    seed=st.integers(0, 2**16),
    callback_lost=SHARES,
    callback_twice=SHARES,
    callback_late=SHARES,
    callback_overtaken=SHARES,
    webhook_late=SHARES,
    webhook_late_s=st.sampled_from([2.0, 40.0]),
    stream_reset=SHARES,
    stream_reset_s=st.sampled_from([0.5, 20.0]),
    hang_up=SHARES,
    hang_up_s=st.sampled_from([1.0, 30.0]),
)


async def nurse_life(phone: Phone) -> None:
    await phone.say(tone(700, 1.0))
    await phone.press("1")
    await phone.pass_ms(6_000)


NURSES = st.sampled_from([
    personas.BUSY,
    personas.NEVER_ANSWERS,
    personas.FAILS,
    personas.voicemail(message_s=3.0),
    personas.hangs_up(700),
    answers(nurse_life),
])  # fmt: skip


async def transfer(there: Town, socket: Socket) -> None:
    """Rings the nurse, and puts both into a conference once she is there; whoever has gone has gone."""
    talk = await begun(socket)
    exchange = there.exchange
    patient_sid = exchange.calls()[0].sid
    order = await exchange.place(
        to=NURSE, from_=OURS, twiml=document("<Pause length='30'/>"), url=None, ring_s=9,
        status_callback=ORIGIN + "/status", status_events=EVENTS, time_limit_s=40,
    )  # fmt: skip
    await talk.say(tone(500, 4.0))
    try:
        await exchange.change(order.sid, twiml=document(ROOM.format('endConferenceOnExit="true"')))
        await exchange.change(patient_sid, twiml=document(ROOM.format('startConferenceOnEnter="false"')))
    except CallOver:
        await asyncio.sleep(1.0)


@settings(max_examples=60)
@given(FAULTS, NURSES, st.one_of(st.none(), st.floats(0.0, 12.0)))
def test_every_call_ends_every_clock_ran_through_and_every_callback_tells_what_was(
    faults: Faults, persona: Persona, dies_after_s: float | None
) -> None:
    async def story() -> None:
        here: list[Town] = []

        async def serve(stream: Stream, socket: Socket) -> None:
            await transfer(here[0], socket)

        asked = {"/voice": document(CONNECT), "/ended": document("<Say>sorry</Say>"), "/after": document("<Hangup/>")}
        people = Telephone(PATIENT), Telephone(NURSE, persona)
        fallback = document(f'<Say>Call 911.</Say><Dial timeout="5">{NURSE}</Dial>')
        async with town(*people, answers=asked, serve=serve, faults=faults, fallback=fallback) as there:
            here.append(there)
            phone = await there.exchange.dial_in(people[0], OURS)
            if dies_after_s is not None:
                await asyncio.sleep(dies_after_s)
                there.machine.kill()
            async with asyncio.timeout(200.0):
                await phone.until_over()
                await there.exchange.idle()
            await asyncio.sleep(30.0)
            holds(there)

    at_once(story())


def holds(there: Town) -> None:
    """What is true of any run that is over."""
    records = {record.sid: record for record in there.exchange.calls()}
    for record in records.values():
        assert record.status in ENDS
        assert record.ended_at is not None
        assert record.started_at <= (record.answered_at or record.started_at) <= record.ended_at
        assert (record.status == "completed") == (record.answered_at is not None)
        phone = there.exchange.phone(record.sid)
        assert (phone is None) <= (record.answered_at is None)
        if phone is not None:
            lived_ms = (record.ended_at - phone.began_s) * 1000
            assert phone.now_ms == pytest.approx(lived_ms, abs=40)
            assert phone.now() == len(phone.spoken())
    assert all(record.status == "completed" for record in there.exchange.conferences())
    assert {} == there.exchange.violations
    told = there.line.forms("/status")
    for form in told:
        record = records[form["CallSid"]]
        assert int(form["SequenceNumber"]) < len(EVENTS)
        if form["CallStatus"] in ENDS:
            assert (record.status, str(record.duration_s)) == (form["CallStatus"], form["CallDuration"])
    once = {tuple(sorted(form.items())) for form in told}
    assert len(told) <= 2 * len(once)


def test_nothing_of_a_call_shows_in_what_is_printed_of_it() -> None:
    async def story() -> str:
        async with town(Telephone(PATIENT), answers={"/voice": document("<Hangup/>")}) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await phone.until_over()
            return repr((there.exchange.calls(), phone, there.exchange, dataclasses.asdict(Faults())))

    assert PATIENT not in at_once(story())

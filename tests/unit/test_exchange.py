"""Calls at the local carrier, in virtual time: who is rung, what TwiML does, what the line is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from telephony.leg import Socket
from telephony.twin import personas
from telephony.twin.asking import Trouble
from telephony.twin.carrier import Stream
from telephony.twin.personas import tone
from telephony.twin.records import CallLive, CallOver, NoSuchRecord, NotOurs
from telephony.twin.telephones import Persona, Phone, Telephone
from telephony.twin.twiml_reader import TwimlRefused
from telephony.twin.webhook import signature
from tests.exchanges import (
    NURSE,
    ORIGIN,
    OURS,
    PATIENT,
    TOKEN,
    Talk,
    Town,
    begun,
    document,
    ended,
    placed,
    strengths,
    town,
)
from tests.virtual_time import at_once


def statuses(there: Town) -> list[str]:
    return [form["CallStatus"] for form in there.line.forms("/status")]


def test_a_caller_hears_what_the_voice_webhook_says_and_is_hung_up_on() -> None:
    async def story() -> None:
        words = "Please call again later, thank you."
        async with town(Telephone(PATIENT), answers={"/voice": document(f"<Say>{words}</Say><Hangup/>")}) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await phone.until_over()
            [record] = there.exchange.calls()
            assert [words] == list(there.exchange.said(record.sid))
            assert ("inbound", "completed") == (record.direction, record.status)
            assert (PATIENT, OURS) == (record.from_, record.to)
            assert len(words) / 15 == pytest.approx(phone.now_ms / 1000, abs=0.05)
            assert phone.heard(0, phone.now()).any()
            [(path, form)] = there.line.asked
            assert ("/voice", "ringing", "inbound") == (path, form["CallStatus"], form["Direction"])
            assert [signature(TOKEN, ORIGIN + path, form)] == there.line.signatures

    at_once(story())


def test_only_our_numbers_are_called_and_only_by_a_telephone_that_is_free() -> None:
    async def story() -> None:
        async with town(Telephone(PATIENT), answers={"/voice": document('<Pause length="5"/>')}) as there:
            with pytest.raises(NotOurs, match=r"^the number called has no voice webhook$"):
                await there.exchange.dial_in(there.people[PATIENT], NURSE)
            await there.exchange.dial_in(there.people[PATIENT], OURS)
            with pytest.raises(ValueError, match="in a call"):
                await there.exchange.dial_in(there.people[PATIENT], OURS)

    at_once(story())


def test_a_rejected_call_is_never_answered() -> None:
    async def story() -> None:
        for reason, status in (("busy", "busy"), ("rejected", "no-answer")):
            async with town(Telephone(PATIENT), answers={"/voice": document(f'<Reject reason="{reason}"/>')}) as there:
                await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
                [record] = there.exchange.calls()
                assert (status, None) == (record.status, record.answered_at)

    at_once(story())


@pytest.mark.parametrize(
    ("persona", "status", "told", "seconds"),
    [
        (personas.BUSY, "busy", ["initiated", "busy"], 1.0),
        (personas.FAILS, "failed", ["initiated", "failed"], 1.0),
        (personas.NEVER_ANSWERS, "no-answer", ["initiated", "ringing", "no-answer"], 25.5),
        (personas.answers(after_s=30.0), "no-answer", ["initiated", "ringing", "no-answer"], 25.5),
        (personas.answers(after_s=4.0), "completed", ["initiated", "ringing", "in-progress", "completed"], 6.5),
    ],
)
def test_what_becomes_of_a_placed_call_is_told_as_it_happens(
    persona: Persona, status: str, told: list[str], seconds: float
) -> None:
    async def story() -> None:
        async with town(Telephone(NURSE, persona)) as there:
            order = await placed(there, document('<Pause length="2"/>'))
            assert ("queued", "outbound-api") == (order.status, order.direction)
            record = await ended(there, order.sid)
            assert record.ended_at is not None
            assert status == record.status
            assert seconds == pytest.approx(record.ended_at - record.started_at)
        assert told == statuses(there)
        forms = there.line.forms("/status")
        assert [str(n) for n in range(len(told))] == [form["SequenceNumber"] for form in forms]
        assert {order.sid} == {form["CallSid"] for form in forms}
        assert ("2" if status == "completed" else "0") == forms[-1]["CallDuration"]

    at_once(story())


def test_a_number_that_nobody_has_fails() -> None:
    async def story() -> None:
        async with town() as there:
            order = await placed(there, document("<Hangup/>"))
            assert "failed" == (await ended(there, order.sid)).status

    at_once(story())


def test_only_the_events_that_were_asked_for_are_told() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            order = await there.exchange.place(
                to=NURSE, from_=OURS, twiml=document("<Hangup/>"), url=None, ring_s=20,
                status_callback=ORIGIN + "/status", status_events=frozenset({"answered"}), time_limit_s=60,
            )  # fmt: skip
            await ended(there, order.sid)
        assert ["in-progress"] == statuses(there)

    at_once(story())


def test_a_placed_call_asks_its_url_once_it_is_answered() -> None:
    async def story() -> None:
        answers = {"/nurse/hello": document("<Redirect>next</Redirect>"), "/nurse/next": document("<Say>Hello</Say>")}
        async with town(Telephone(NURSE), answers=answers) as there:
            order = await placed(there, None, url=ORIGIN + "/nurse/hello")
            await ended(there, order.sid)
            assert ["Hello"] == list(there.exchange.said(order.sid))
            assert "in-progress" == there.line.forms("/nurse/hello")[0]["CallStatus"]

    at_once(story())


def test_canceled_ends_a_ringing_call_and_leaves_an_answered_one_alone() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE, personas.answers(after_s=5.0))) as there:
            ringing = await placed(there, document('<Pause length="9"/>'))
            await asyncio.sleep(3.0)
            await there.exchange.change(ringing.sid, status="canceled")
            assert "canceled" == (await ended(there, ringing.sid)).status
            answered = await placed(there, document('<Pause length="9"/>'))
            await there.exchange._calls[answered.sid].settled.wait()
            await there.exchange.change(answered.sid, status="canceled")
            record = there.exchange.call(answered.sid)
            assert record is not None
            assert "in-progress" == record.status
            await there.exchange.change(answered.sid, status="completed")
            assert "completed" == (await ended(there, answered.sid)).status
            with pytest.raises(CallOver):
                await there.exchange.change(answered.sid, status="completed")

    at_once(story())


def test_a_call_is_not_redirected_before_it_is_answered_nor_after_its_end() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            order = await placed(there, document('<Pause length="1"/>'))
            with pytest.raises(CallOver):
                await there.exchange.change(order.sid, twiml=document("<Hangup/>"))
            await ended(there, order.sid)
            with pytest.raises(CallOver):
                await there.exchange.change(order.sid, twiml=document("<Hangup/>"))
            with pytest.raises(CallOver):
                await there.exchange.change("CA0", url="/")

    at_once(story())


def test_a_record_is_deleted_once_the_call_is_over() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            order = await placed(there, document('<Pause length="1"/>'))
            with pytest.raises(CallLive):
                there.exchange.forget(order.sid)
            await ended(there, order.sid)
            there.exchange.forget(order.sid)
            assert there.exchange.call(order.sid) is None
            assert [] == there.exchange.calls()
            for asked in (there.exchange.forget, there.exchange.said, there.exchange.phone):
                with pytest.raises(NoSuchRecord, match=r"^no such call is kept$"):
                    asked(order.sid)

    at_once(story())


def test_twiml_that_cannot_be_followed_is_refused_before_anybody_is_rung() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            with pytest.raises(TwimlRefused):
                await placed(there, document("<Sing/>"))
            assert [] == there.exchange.calls()

    at_once(story())


def test_a_call_ends_at_its_time_limit() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            order = await placed(there, document('<Pause length="500"/>'), limit_s=30)
            record = await ended(there, order.sid)
            assert ("completed", 30) == (record.status, record.duration_s)

    at_once(story())


def test_a_telephone_that_is_in_a_call_is_busy() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE)) as there:
            first = await placed(there, document('<Pause length="9"/>'))
            await there.exchange._calls[first.sid].settled.wait()
            second = await placed(there, document("<Hangup/>"))
            assert "busy" == (await ended(there, second.sid)).status

    at_once(story())


async def keys_then(phone: Phone, *keys: tuple[int, str]) -> None:
    for wait_ms, key in keys:
        await phone.pass_ms(wait_ms)
        await phone.press(key)
    await phone.until_over()


@pytest.mark.parametrize(
    ("attributes", "keys", "digits"),
    [
        ('numDigits="2"', [(200, "1"), (300, "2"), (300, "3")], "12"),
        ('finishOnKey="#"', [(200, "4"), (300, "5"), (300, "#")], "45"),
        ('timeout="2"', [(200, "7"), (1_500, "8"), (2_500, "9")], "78"),
        ('finishOnKey=""', [(200, "#")], "#"),
        ('timeout="2"', [(30_000, "1")], None),
        ('timeout="2"', [(200, "#")], None),
    ],
)
def test_digits_are_gathered_until_they_are_enough_finished_or_late(
    attributes: str, keys: list[tuple[int, str]], digits: str | None
) -> None:
    async def story() -> None:
        gather = f'<Gather action="/keys" {attributes}><Say>Press a key, please, whenever you like.</Say></Gather>'
        answers = {"/voice": document(gather + "<Say>nothing</Say>"), "/keys": document("<Say>thanks</Say>")}
        async with town(Telephone(PATIENT), answers=answers) as there:
            await (
                await there.exchange.dial_in(there.people[PATIENT], OURS, lambda phone: keys_then(phone, *keys))
            ).until_over()
            [record] = there.exchange.calls()
            assert ([digits] if digits else []) == [form["Digits"] for form in there.line.forms("/keys")]
            assert ("thanks" if digits else "nothing") == there.exchange.said(record.sid)[-1]

    at_once(story())


def test_a_key_cuts_the_prompt_short() -> None:
    async def story() -> None:
        gather = f'<Gather action="/keys" numDigits="1"><Say>{"word " * 60}</Say></Gather>'
        answers = {"/voice": document(gather), "/keys": document("<Hangup/>")}
        async with town(Telephone(PATIENT), answers=answers) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, lambda p: keys_then(p, (500, "1")))
            await phone.until_over()
            assert phone.now_ms < 700

    at_once(story())


def test_a_webhook_that_fails_sends_the_call_to_what_the_carrier_keeps() -> None:
    async def story() -> None:
        kept = document(f"<Say>Call 911 in an emergency.</Say><Dial>{NURSE}</Dial>")
        nurse = Telephone(NURSE, personas.answers(lambda phone: phone.say(tone(600, 2.0))))
        for answer in ((500, ""), "busy", document("<Sing/>"), (404, "")):
            async with town(Telephone(PATIENT), nurse, answers={"/voice": answer}, fallback=kept) as there:
                phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
                await phone.until_over()
                assert strengths(phone.heard(phone.now() - 8_000, phone.now()), 600)[0] > -25
                assert 1 == there.exchange.troubles[Trouble.FALLBACK]

    at_once(story())


def test_a_webhook_that_fails_with_nothing_kept_fails_the_call() -> None:
    async def story() -> None:
        async with town(Telephone(PATIENT), answers={}) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            assert ["failed"] == [record.status for record in there.exchange.calls()]

    at_once(story())


CONNECT = (
    '<Connect action="/ended"><Stream url="wss://line.example.org/media">'
    '<Parameter name="t" value="x"/></Stream></Connect>'
)


def test_a_stream_carries_sound_keys_and_marks_until_the_line_closes_it_and_the_action_goes_on() -> None:
    talks: list[Talk] = []

    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        talks.append(talk)
        await talk.say(tone(500, 1.0))
        assert "5" == await talk.key()

    async def speaks(phone: Phone) -> None:
        await phone.say(tone(800, 0.5))
        await phone.quiet(300)
        await phone.press("5")
        await phone.until_over()

    async def story() -> None:
        answers = {"/voice": document(CONNECT), "/ended": document("<Say>Bye</Say>")}
        async with town(Telephone(PATIENT), answers=answers, serve=serve) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, speaks)
            await phone.until_over()
            [talk] = talks
            assert "x" == talk.parameter("t")
            assert not talk.stopped()
            heard = phone.heard(0, phone.now())
            assert strengths(heard[:8_000], 500)[0] > -25
            assert strengths(phone.spoken()[:4_000], 800)[0] > -25
            assert "in-progress" == there.line.forms("/ended")[0]["CallStatus"]
            [record] = there.exchange.calls()
            assert ["Bye"] == list(there.exchange.said(record.sid))
            assert {} == there.exchange.violations

    at_once(story())


def test_without_an_action_and_after_one_that_fails_the_next_verb_runs() -> None:
    async def story() -> None:
        for connect in (CONNECT.replace(' action="/ended"', ""), CONNECT):
            answers = {"/voice": document(connect + "<Say>next</Say>")}
            kept = document("<Say>kept</Say>")
            async with town(Telephone(PATIENT), answers=answers, fallback=kept) as there:
                await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
                [record] = there.exchange.calls()
                assert ["next"] == list(there.exchange.said(record.sid))

    at_once(story())


def test_a_caller_who_hangs_up_stops_the_stream_and_nothing_is_asked() -> None:
    talks: list[Talk] = []

    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        talks.append(talk)
        while await talk.next() is not None:
            pass

    async def story() -> None:
        answers = {"/voice": document(CONNECT), "/ended": document("<Say>Bye</Say>")}
        async with town(Telephone(PATIENT), answers=answers, serve=serve) as there:
            await (
                await there.exchange.dial_in(there.people[PATIENT], OURS, lambda phone: phone.pass_ms(1_000))
            ).until_over()
        assert talks[0].stopped()
        assert 1_000 == pytest.approx(len(talks[0].heard) / 8, abs=40)
        assert [] == there.line.forms("/ended")

    at_once(story())


def test_a_redirected_call_leaves_its_stream_with_stop_at_once() -> None:
    talks: list[Talk] = []

    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        talks.append(talk)
        await talk.say(tone(500, 1.0))
        await there_now[0].exchange.change(there_now[0].exchange.calls()[0].sid, twiml=document("<Say>other</Say>"))
        while await talk.next() is not None:
            pass

    there_now: list[Town] = []

    async def story() -> None:
        async with town(Telephone(PATIENT), answers={"/voice": document(CONNECT)}, serve=serve) as there:
            there_now.append(there)
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            [record] = there.exchange.calls()
            assert ["other"] == list(there.exchange.said(record.sid))
        assert talks[0].stopped()
        assert [] == there.line.forms("/ended")

    at_once(story())


def test_the_line_killed_in_the_middle_of_a_stream_leaves_her_with_what_the_carrier_keeps() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        await talk.say(tone(500, 600.0))

    async def lives(phone: Phone) -> None:
        await phone.hears_something()
        await phone.pass_ms(2_000)
        there_now[0].machine.kill()
        await phone.until_over()

    there_now: list[Town] = []

    async def story() -> None:
        kept = document(f"<Say>Call 911 in an emergency.</Say><Dial>{NURSE}</Dial>")
        nurse = Telephone(NURSE, personas.answers(lambda phone: phone.say(tone(700, 2.0))))
        for verbs in (CONNECT, CONNECT + "<Redirect>/failsafe</Redirect>"):
            async with town(
                Telephone(PATIENT), nurse, answers={"/voice": document(verbs)}, serve=serve, fallback=kept
            ) as there:
                there_now[:] = [there]
                phone = await there.exchange.dial_in(there.people[PATIENT], OURS, lives)
                await phone.until_over()
                record = there.exchange.calls()[0]
                assert ["Call 911 in an emergency."] == list(there.exchange.said(record.sid))
                assert strengths(phone.heard(phone.now() - 16_000, phone.now()), 700)[0] > -25
                assert 1 == there.exchange.troubles[Trouble.FALLBACK]
                assert there.exchange.troubles[Trouble.UNREACHABLE] >= 1

    at_once(story())


@pytest.mark.parametrize(
    ("persona", "status", "bridged"),
    [
        (personas.answers(lambda phone: phone.say(tone(700, 2.0))), "completed", True),
        (personas.BUSY, "busy", False),
        (personas.NEVER_ANSWERS, "no-answer", False),
        (personas.FAILS, "failed", False),
    ],
)
def test_a_dial_rings_bridges_and_says_what_came_of_it(persona: Persona, status: str, bridged: bool) -> None:
    async def story() -> None:
        answers = {"/voice": document(f'<Dial timeout="9" action="/after"><Number>{NURSE}</Number></Dial>'),
                   "/after": document("<Say>after</Say>")}  # fmt: skip
        nurse = Telephone(NURSE, persona)
        async with town(Telephone(PATIENT), nurse, answers=answers) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, lambda p: keys_then(p, (0, "1")))
            await phone.until_over()
            [form] = there.line.forms("/after")
            assert (status, "in-progress") == (form["DialCallStatus"], form["CallStatus"])
            parent, child = there.exchange.calls()
            assert ("outbound-dial", parent.sid, status) == (child.direction, child.parent_sid, child.status)
            assert child.sid == form["DialCallSid"]
            assert bridged == (strengths(phone.heard(0, phone.now()), 700)[0] > -40)

    at_once(story())


def test_a_caller_who_hangs_up_in_a_dial_lets_the_other_go_and_the_action_is_told() -> None:
    async def story() -> None:
        for wait_ms, child_status in ((1_500, "canceled"), (9_000, "completed")):
            answers = {"/voice": document(f'<Dial action="/after">{NURSE}</Dial>'), "/after": document("<Hangup/>")}
            async with town(Telephone(PATIENT), Telephone(NURSE), answers=answers) as there:
                await (
                    await there.exchange.dial_in(
                        there.people[PATIENT],
                        OURS,
                        personas.hangs_up(wait_ms).life,
                    )
                ).until_over()
            assert ["completed", child_status] == [record.status for record in there.exchange.calls()]
            assert ["completed"] == [form["CallStatus"] for form in there.line.forms("/after")]

    at_once(story())


def test_a_voicemail_plays_its_greeting_and_a_beep_and_keeps_what_it_heard_after_it() -> None:
    async def story() -> None:
        async with town(Telephone(NURSE, personas.voicemail())) as there:
            order = await placed(there, document('<Pause length="8"/><Say>Call us back, please.</Say>'))
            await ended(there, order.sid)
            [phone] = there.people[NURSE].calls
            assert strengths(phone.spoken()[32_000:35_200], 1_000)[0] > -25
            message = personas.message(phone)
            assert strengths(message, 300)[0] > -50
            assert 0 < len(message) < len(phone.heard(0, phone.now()))

    at_once(story())


def test_a_call_that_redirects_in_a_circle_comes_to_an_end() -> None:
    async def story() -> None:
        answers = {"/voice": document("<Redirect>/voice</Redirect>")}
        async with town(Telephone(PATIENT), answers=answers) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            assert 1 == there.exchange.troubles[Trouble.TOO_MANY_DOCUMENTS]

    at_once(story())


def test_one_clock_runs_through_stream_and_bridge_so_that_the_whole_call_is_one_recording() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        await talk.say(tone(500, 1.0))

    async def story() -> None:
        answers = {"/voice": document(CONNECT), "/ended": document(f"<Dial>{NURSE}</Dial>")}
        nurse = Telephone(NURSE, personas.answers(lambda phone: phone.say(tone(700, 1.0)), after_s=2.0))
        async with town(Telephone(PATIENT), nurse, answers=answers, serve=serve) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await phone.until_over()
            heard = phone.heard(0, phone.now())
            [record, _] = there.exchange.calls()
            assert record.ended_at is not None
            assert (record.ended_at - record.started_at) * 1000 == pytest.approx(phone.now_ms, abs=20)
            loud = np.flatnonzero(heard)
            # a second of the line, two and a half of ringing, a second of the nurse
            assert (strengths(heard[loud[0] : loud[0] + 8_000], 500)[0] > -25, True) == (
                strengths(heard[-8_000:], 700)[0] > -25, not heard[loud[0] + 8_200 : loud[0] + 27_000].any()
            )  # fmt: skip
            assert 44 + 4 * phone.now() == len(phone.stereo_wav())

    at_once(story())


def test_a_stream_s_own_callback_tells_its_start_and_its_end() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        await begun(socket)

    async def story() -> None:
        connect = CONNECT.replace("<Stream", '<Stream statusCallback="/stream"')
        answers = {"/voice": document(connect), "/ended": document("<Hangup/>"), "/stream": ""}
        async with town(Telephone(PATIENT), answers=answers, serve=serve) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            await asyncio.sleep(1.0)
            assert ["stream-started", "stream-stopped"] == [form["StreamEvent"] for form in there.line.forms("/stream")]
            assert 1 == len({form["StreamSid"] for form in there.line.forms("/stream")})

    at_once(story())


def test_a_patient_whose_nurse_leaves_while_the_line_is_dead_hears_what_the_carrier_keeps() -> None:
    async def story() -> None:
        room = '<Dial action="/after"><Conference beep="false" waitUrl="">xfer</Conference></Dial>'
        ending = room.replace("waitUrl", 'endConferenceOnExit="true" waitUrl')
        kept = document("<Say>Call 911 in an emergency.</Say>")
        nurse = Telephone(NURSE, personas.answers(lambda phone: phone.pass_ms(5_000), after_s=1.0))
        async with town(Telephone(PATIENT), nurse, answers={"/voice": document(room)}, fallback=kept) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await placed(there, document(ending))
            await asyncio.sleep(4.0)
            there.machine.kill()
            await phone.until_over()
            assert ["Call 911 in an emergency."] == list(there.exchange.said(there.exchange.calls()[0].sid))
            assert phone.heard(phone.now() - 1_600, phone.now()).any()

    at_once(story())


def test_a_line_that_does_not_read_loses_the_caller_s_sound_and_not_her_call() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        await asyncio.sleep(40.0)
        while await talk.next() is not None:
            pass

    async def story() -> None:
        async with town(Telephone(PATIENT), answers={"/voice": document(CONNECT)}, serve=serve) as there:
            await (
                await there.exchange.dial_in(there.people[PATIENT], OURS, personas.hangs_up(60_000).life)
            ).until_over()
        assert 500 < there.exchange.troubles[Trouble.SOUND_UNREAD] < 1_000  # 40 s less 25 s that are on their way
        assert ["completed"] == [record.status for record in there.exchange.calls()]

    at_once(story())


def test_twenty_calls_at_once_each_hear_their_own() -> None:
    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        await talk.say(tone(float(talk.parameter("hz")), 1.0))

    def voice(form: Mapping[str, str]) -> str:
        return document(CONNECT.replace('name="t" value="x"', f'name="hz" value="{form["From"][-3:]}"'))

    async def story() -> None:
        people = [Telephone(f"+15550101{hz}") for hz in range(300, 900, 30)]
        async with town(*people, answers={"/voice": voice, "/ended": document("<Hangup/>")}, serve=serve) as there:
            phones = [await there.exchange.dial_in(person, OURS) for person in people]
            await there.exchange.idle()
        for person, phone in zip(people, phones, strict=True):
            own = float(person.number[-3:])
            heard, higher = strengths(phone.heard(0, phone.now()), own, own + 30)
            assert heard > -25
            assert higher < -45

    at_once(story())

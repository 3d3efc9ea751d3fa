"""People at telephones: by hand, by ear and by a script, whatever their call is connected to."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from telephony.leg import Socket
from telephony.twin import personas
from telephony.twin.carrier import Stream
from telephony.twin.line import LineDead
from telephony.twin.line_noise import Conditions
from telephony.twin.personas import answers, follows, tone
from telephony.twin.script import parse_script
from telephony.twin.telephones import Phone, Telephone
from telephony.twin.voices import VoiceMissing
from tests.exchanges import NURSE, OURS, PATIENT, Talk, begun, document, ended, placed, strengths, town
from tests.virtual_time import at_once

CONNECT = '<Connect action="/ended"><Stream url="wss://line.example.org/media"/></Connect>'
BOTH = '<Dial><Conference beep="false" waitUrl="">room</Conference></Dial>'


def test_a_scripted_patient_goes_on_by_ear_from_her_stream_into_the_conference() -> None:
    heard_by_line: list[Talk] = []

    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        heard_by_line.append(talk)
        await talk.say(tone(500, 2.0))
        assert "0" == await talk.key()
        await talk.say(tone(500, 1.0))

    async def nurse_speaks(phone: Phone) -> None:
        await phone.hears_something()  # the patient speaks over whatever she thought was a reply
        await phone.quiet(500)
        await phone.say(tone(900, 1.0))
        await phone.until_over()

    script = """
      voice = "slt"
      steps = [
        { wait = "greeting_end", quiet_ms = 600 },
        { say = "Hello. May I take a shower while my stitches are still in?" },
        { silence_ms = 300 },
        { dtmf = "0" },
        { wait = "reply_start" },
        { wait = "quiet", quiet_ms = 2500 },
        { say = "Hello. May I take a shower while my stitches are still in?" },
        { barge_in_after_ms = 400, say = "Sorry, may I ask about something else?" },
        { hang_up = true },
      ]
    """

    async def story() -> None:
        life = follows(parse_script(script, Path()))
        nurse = Telephone(NURSE, answers(nurse_speaks, after_s=0.5))
        said = {"/voice": document(CONNECT), "/ended": document(BOTH)}
        async with town(Telephone(PATIENT), nurse, answers=said, serve=serve) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, life)
            await phone.hears_something()
            await placed(there, document(BOTH))
            await phone.until_over()
            assert not nurse.calls[0].is_over
            spoken, heard = nurse.calls[0].spoken(), nurse.calls[0].heard(0, nurse.calls[0].now())
            assert strengths(spoken[np.flatnonzero(spoken)[0] :][:8_000], 900)[0] > -25
            assert heard.any()
            assert len(phone.stereo_wav()) == 44 + 4 * phone.now()
        assert len(heard_by_line[0].heard) > 8_000

    at_once(story())


def test_a_voice_that_is_missing_is_told_before_the_call() -> None:
    with pytest.raises(VoiceMissing):
        follows(parse_script('steps = [{ say = "Nobody ever rendered this sentence." }]', Path()))


def test_a_person_who_does_not_stay_hangs_up_after_her_last_step() -> None:
    async def story(stays: bool) -> int:
        life = follows(parse_script("limit_s = 9\nsteps = [{ silence_ms = 1000 }]", Path()), stays=stays)
        async with town(Telephone(PATIENT), answers={"/voice": document('<Pause length="60"/>')}) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, life)
            await phone.until_over()
            return phone.now_ms

    assert at_once(story(False)) == pytest.approx(1_000, abs=40)
    assert at_once(story(True)) == pytest.approx(9_000, abs=60)


def test_what_is_asked_of_a_call_that_is_over_is_told_as_a_dead_line() -> None:
    async def story() -> None:
        async with town(Telephone(PATIENT), answers={"/voice": document("<Hangup/>")}) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await phone.until_over()
            await phone.hang_up()  # a receiver that is down stays down
            for asked in (phone.press("1"), phone.pass_ms(1), phone.say(tone(500, 0.1)), phone.hears_something()):
                with pytest.raises(LineDead):
                    await asked

    at_once(story())


def test_an_ear_waits_for_sound_and_for_quiet_and_no_longer_than_it_was_told() -> None:
    found: list[tuple[str, bool, int]] = []

    async def listens(phone: Phone) -> None:
        found.append(("nothing", await phone.hears_something(0.5), phone.now_ms))
        found.append(("words", await phone.hears_something(), phone.now_ms))
        found.append(("no quiet", await phone.quiet(500, 0.7), phone.now_ms))
        found.append(("quiet", await phone.quiet(500), phone.now_ms))

    async def story() -> None:
        verbs = f'<Pause length="1"/><Say>{"x" * 45}</Say><Pause length="9"/>'
        async with town(Telephone(PATIENT), answers={"/voice": document(verbs)}) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS, listens)).until_over()

    at_once(story())
    assert [("nothing", False), ("words", True), ("no quiet", False), ("quiet", True)] == [f[:2] for f in found]
    assert [500, 1_000, 1_700, 4_500] == [pytest.approx(f[2], abs=60) for f in found]


def test_a_person_in_a_noisy_room_is_heard_with_it() -> None:
    async def story() -> None:
        noisy = Telephone(PATIENT, answers(), Conditions(noise_snr_db=6.0))
        async with town(noisy, Telephone(NURSE), answers={"/voice": document(f"<Dial>{NURSE}</Dial>")}) as there:
            phone = await there.exchange.dial_in(noisy, OURS, lambda p: p.pass_ms(6_000))
            await phone.until_over()
            [nurse] = there.people[NURSE].calls
            assert 500 < np.abs(nurse.heard(0, nurse.now()).astype(float)).mean()

    at_once(story())


def test_keys_are_pressed_at_their_moments() -> None:
    async def story() -> None:
        gather = '<Gather action="/keys" numDigits="2" timeout="9"/>'
        nurse = Telephone(NURSE, personas.presses([(1_000, "1"), (2_000, "2")], after_s=1.0))
        async with town(nurse, answers={"/keys": document("<Hangup/>")}) as there:
            await ended(there, (await placed(there, document(gather))).sid)
        assert ["12"] == [form["Digits"] for form in there.line.forms("/keys")]

    at_once(story())


def test_who_hangs_up_after_a_while_does() -> None:
    async def story() -> None:
        patient = Telephone(PATIENT)
        async with town(patient, answers={"/voice": document('<Pause length="60"/>')}) as there:
            phone = await there.exchange.dial_in(patient, OURS, personas.hangs_up(2_500).life)
            await phone.until_over()
            assert 2_500 == pytest.approx(phone.now_ms, abs=40)

    at_once(story())


def test_a_stream_breaks_and_goes_dead_when_her_script_says_so() -> None:
    talks: list[Talk] = []

    async def serve(stream: Stream, socket: Socket) -> None:
        talk = await begun(socket)
        talks.append(talk)
        while await talk.next() is not None:
            pass

    async def breaks(how: str, phone: Phone) -> None:
        await phone.pass_ms(1_000)
        if how == "drop":
            await phone.drop()
        else:
            phone.stall()
        await phone.pass_ms(2_000)

    async def story(how: str) -> list[str]:
        said = {"/voice": document(CONNECT), "/ended": document("<Say>sorry, we lost the line for you</Say>")}
        async with town(Telephone(PATIENT), answers=said, serve=serve) as there:
            await (
                await there.exchange.dial_in(there.people[PATIENT], OURS, functools.partial(breaks, how))
            ).until_over()
            return list(there.exchange.said(there.exchange.calls()[0].sid))

    assert ["sorry, we lost the line for you"] == at_once(story("drop"))
    assert [] == at_once(story("stall"))
    assert [False, True] == [talk.stopped() for talk in talks]
    assert [1_000, 1_000] == [pytest.approx(len(talk.heard) / 8, abs=40) for talk in talks]

"""The carrier's reading of a conference, a gathering of digits and a rejection; the other verbs: test_twin_line."""

from __future__ import annotations

import pytest

from telephony import twiml
from telephony.twin.twiml_reader import (
    Beep,
    ConnectStream,
    Dial,
    DialConference,
    Gather,
    Hangup,
    Pause,
    Reject,
    Say,
    TwimlReason,
    TwimlRefused,
    Verb,
    read_twiml,
)


def read(inside: str) -> tuple[Verb, ...]:
    return read_twiml(f"<Response>{inside}</Response>")


def test_a_conference_is_read_with_all_that_it_says() -> None:
    [verb] = read(
        '<Dial action="/after"><Conference startConferenceOnEnter="false" endConferenceOnExit="true" waitUrl="" '
        'beep="onEnter" record="record-from-start" participantLabel="nurse" jitterBufferSize="small" '
        'statusCallback="/room" statusCallbackEvent="start  end">xfer-1</Conference></Dial>'
    )
    assert DialConference(
        "xfer-1",
        "/after",
        start_on_enter=False,
        end_on_exit=True,
        wait_url="",
        beep=Beep.ENTER,
        recorded=True,
        label="nurse",
        jitter_buffer="small",
        status_callback="/room",
        status_events=frozenset({"start", "end"}),
    ) == verb  # fmt: skip


def test_what_a_conference_does_not_say_is_as_at_twilio() -> None:
    [verb] = read("<Dial><Conference>room</Conference></Dial>")
    assert DialConference("room") == verb
    assert (True, False, None, Beep.BOTH, False, "large") == (
        DialConference("room").start_on_enter,
        DialConference("room").end_on_exit,
        DialConference("room").wait_url,
        DialConference("room").beep,
        DialConference("room").recorded,
        DialConference("room").jitter_buffer,
    )


def test_digits_are_gathered_as_the_verb_says() -> None:
    assert (Gather("/keys", (Say("Press 1"),), 1, 7, "*"),) == read(
        '<Gather action="/keys" numDigits="1" timeout="7" finishOnKey="*" input="dtmf"><Say>Press 1</Say></Gather>'
    )
    assert (Gather(None, (), None, 5, "#"),) == read("<Gather/>")


def test_a_dial_says_whether_it_records_and_who_calls() -> None:
    assert (Dial("+15550100001", None, 30, "+15550100999", recorded=True),) == read(
        '<Dial record="record-from-answer" callerId="+15550100999">+15550100001</Dial>'
    )


def test_a_rejection_has_its_reason() -> None:
    assert (Reject(busy=True), Reject()) == read('<Reject reason="busy"/><Reject reason="rejected"/>')


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ("<Dial><Conference/></Dial>", TwimlReason.NO_CONFERENCE),
        ('<Dial><Conference muted="true">a</Conference></Dial>', TwimlReason.UNKNOWN_ATTRIBUTE),
        ('<Say loop="2">a</Say>', TwimlReason.UNKNOWN_ATTRIBUTE),
        ('<Connect><Stream url="wss://a" track="both"/></Connect>', TwimlReason.UNKNOWN_ATTRIBUTE),
        ('<Dial><Conference beep="loud">a</Conference></Dial>', TwimlReason.BAD_VALUE),
        ('<Dial><Conference startConferenceOnEnter="no">a</Conference></Dial>', TwimlReason.BAD_VALUE),
        ('<Dial><Conference statusCallbackEvent="speaker">a</Conference></Dial>', TwimlReason.BAD_VALUE),
        ('<Dial><Conference jitterBufferSize="tiny">a</Conference></Dial>', TwimlReason.BAD_VALUE),
        ('<Dial record="yes">+15550100001</Dial>', TwimlReason.BAD_VALUE),
        ('<Dial timeout="soon">+15550100001</Dial>', TwimlReason.BAD_VALUE),
        ('<Redirect method="GET">/a</Redirect>', TwimlReason.BAD_VALUE),
        ('<Pause length="-1"/>', TwimlReason.BAD_VALUE),
        ('<Gather finishOnKey="12"/>', TwimlReason.BAD_VALUE),
        ('<Gather input="speech"/>', TwimlReason.BAD_VALUE),
        ('<Reject reason="tired"/>', TwimlReason.BAD_VALUE),
        ("<Gather><Dial>+15550100001</Dial></Gather>", TwimlReason.NESTED),
    ],
)
def test_what_this_carrier_does_not_follow_is_refused(inside: str, reason: TwimlReason) -> None:
    with pytest.raises(TwimlRefused) as refused:
        read(inside)
    assert reason is refused.value.reason


def test_all_that_our_line_says_is_followed() -> None:
    ended, number = "https://line.example.org/after", "+12025550142"
    documents = [
        twiml.connect("wss://line.example.org/media", ended, "a" * 43, number, ended),
        twiml.nurse_leg("wss://line.example.org/media", ended, "a" * 43),
        twiml.nurse_room("0" * 16, "nurse", ended, ended),
        twiml.patient_room("0" * 16, "patient", ended, ended, ended, number, ended),
        twiml.nurse_waits(),
        twiml.patient_waits(number),
        twiml.busy(number, ended),
        twiml.nurse(number, ended),
        twiml.lost(number, ended),
        twiml.failsafe(number, ended),
        twiml.nobody(number),
        twiml.unknown(),
        twiml.goodbye(),
    ]
    kinds = [[type(verb) for verb in read_twiml(document)] for document in documents]
    dialled, waits = [Dial, Say, Hangup], [Pause, Say, Pause, Say, Say]
    assert [
        [ConnectStream, Say, *dialled], [ConnectStream, Say, Hangup],
        [DialConference], [DialConference, Say, *dialled], waits, waits,
        [Say, *dialled], dialled, [Say, *dialled], [Say, *dialled], [Say, Hangup], [Say, Hangup], [Hangup]
    ] == kinds  # fmt: skip

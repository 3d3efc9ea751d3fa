"""Media Streams: what is right moves on, what is wrong raises and moves nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from policies.phi import PHI
from telephony import g711
from telephony.audio import SILENCE, AudioFrame
from telephony.protocol import (
    MAX_UNKNOWN_EVENTS,
    TABLE,
    Connected,
    Digit,
    Kind,
    Mark,
    Media,
    MediaStream,
    ProtocolError,
    Reason,
    Reframer,
    Started,
    State,
    Stopped,
)

SID = "MZ" + "0" * 32
CALL = "CA" + "1" * 32
ACCOUNT = "AC" + "2" * 32
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
CANARY = "zebra quartz marmalade"


def message(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "4", "streamSid": SID} | fields)


def connected() -> str:
    return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


def start(**changed: Any) -> str:
    fields = {
        "streamSid": SID,
        "accountSid": ACCOUNT,
        "callSid": CALL,
        "tracks": ["inbound"],
        "mediaFormat": FORMAT,
        "customParameters": {"t": "x" * 43},
    }
    return message("start", start=fields | changed)


def media(payload: bytes = b"\xff" * 160, track: str = "inbound") -> str:
    text = base64.b64encode(payload).decode()
    return message("media", media={"track": track, "chunk": "2", "timestamp": "40", "payload": text})


def dtmf(digit: str = "0") -> str:
    return message("dtmf", dtmf={"track": "inbound_track", "digit": digit})


def mark(name: str = "0.1") -> str:
    return message("mark", mark={"name": name})


def stop() -> str:
    return message("stop", stop={"accountSid": ACCOUNT, "callSid": CALL})


MESSAGES: dict[Kind, Callable[[], str]] = {
    Kind.CONNECTED: connected,
    Kind.START: start,
    Kind.MEDIA: media,
    Kind.DTMF: dtmf,
    Kind.MARK: mark,
    Kind.STOP: stop,
}
PATHS: dict[State, list[Kind]] = {
    State.NEW: [],
    State.CONNECTED: [Kind.CONNECTED],
    State.OPEN: [Kind.CONNECTED, Kind.START],
    State.ENDED: [Kind.CONNECTED, Kind.START, Kind.STOP],
}


def stream_in(state: State) -> MediaStream:
    stream = MediaStream()
    for kind in PATHS[state]:
        stream.receive(MESSAGES[kind]())
    stream.events()
    assert state is stream.state
    return stream


def refused(stream: MediaStream, text: str | bytes) -> Reason:
    """The reason; and asserts that nothing moved and that the error holds nothing of the message."""
    before = (stream.state, stream._unknown, stream._head, len(stream._events), len(stream._outgoing))
    with pytest.raises(ProtocolError) as caught:
        stream.receive(text)

    assert before == (stream.state, stream._unknown, stream._head, len(stream._events), len(stream._outgoing))
    assert (caught.value.reason.value,) == caught.value.args
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.reason


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
def test_the_table_is_what_happens(state: State, kind: Kind) -> None:
    stream = stream_in(state)
    following = TABLE.get((state, kind))

    if following is None:
        assert Reason.ORDER is refused(stream, MESSAGES[kind]())
    else:
        stream.receive(MESSAGES[kind]())
        assert following is stream.state
        assert 1 == len(stream.events())


def test_ended_is_final() -> None:
    assert not [pair for pair in TABLE if pair[0] is State.ENDED]


def test_a_call_in_events() -> None:
    stream = MediaStream()
    for text in (connected(), start(), media(b"abc"), dtmf("5"), mark("3.14"), stop()):
        stream.receive(text)

    first, started, heard, digit, back, last = stream.events()
    assert [] == stream.events()
    assert isinstance(first, Connected)
    assert isinstance(started, Started)
    assert (SID, CALL, ACCOUNT) == tuple(
        held.reveal() for held in (started.stream_sid, started.call_sid, started.account_sid)
    )
    assert {"t": "x" * 43} == started.parameters.reveal()
    assert isinstance(heard, Media)
    assert b"abc" == heard.payload.reveal()
    assert isinstance(digit, Digit)
    assert "5" == digit.digit.reveal()
    assert Mark("3.14") == back
    assert Stopped() == last


def test_no_event_shows_what_it_holds() -> None:
    stream = MediaStream()
    for text in (connected(), start(), media(b"abc"), dtmf("5")):
        stream.receive(text)
    shown = repr(stream.events())

    assert not [value for value in (SID, CALL, ACCOUNT, "xxx", "abc", "5") if value in shown]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"event":"stop"}', Reason.BINARY),
        ("", Reason.MALFORMED),
        ("nonsense", Reason.MALFORMED),
        ("\ufeff" + stop(), Reason.MALFORMED),
        (stop() + stop(), Reason.MALFORMED),
        ("null", Reason.SHAPE),
        ("[]", Reason.SHAPE),
        ('"stop"', Reason.SHAPE),
        ("{}", Reason.SHAPE),
        ('{"event": 7}', Reason.SHAPE),
        ('{"event": null}', Reason.SHAPE),
        (message("stop", x=float("nan")), Reason.NUMBER),
        (message("stop", x=float("inf")), Reason.NUMBER),
        (message("stop", x=float("-inf")), Reason.NUMBER),
        ('{"event":"stop","x":1e999}', Reason.NUMBER),
        ('{"event":"stop","x":' + "9" * 30 + "}", Reason.NUMBER),
        ('{"event":"stop","x":' + "9" * 5000 + "}", Reason.NUMBER),
        ('{"event":"media","event":"stop"}', Reason.DUPLICATE_KEY),
        ('{"event":"stop","x":{"a":1,"a":2}}', Reason.DUPLICATE_KEY),
        ("[" * 30_000, Reason.TOO_DEEP),
        ('{"a":' * 10_000, Reason.TOO_DEEP),
        ('{"event":"stop","x":' + "[" * 6 + "]" * 6 + "}", Reason.TOO_DEEP),
        (message("stop", x="y" * 65_536), Reason.OVERSIZE),
        (json.dumps({"x": "\u20ac" * 30_000}, ensure_ascii=False), Reason.OVERSIZE),
        (message("media"), Reason.SHAPE),
        (message("media", media=[]), Reason.SHAPE),
        (message("media", media={"track": "inbound"}), Reason.SHAPE),
        (message("media", media={"track": "inbound", "payload": 5}), Reason.SHAPE),
        (message("media", media={"payload": "AAAA"}), Reason.SHAPE),
        (message("media", media={"track": "inbound", "payload": "AAA"}), Reason.PAYLOAD),
        (message("media", media={"track": "inbound", "payload": "AA AA"}), Reason.PAYLOAD),
        (message("media", media={"track": "inbound", "payload": "AA-_"}), Reason.PAYLOAD),
        (message("media", media={"track": "inbound", "payload": "\u00e9\u00e9\u00e9\u00e9"}), Reason.PAYLOAD),
        (message("dtmf", dtmf={"digit": "00"}), Reason.SHAPE),
        (message("dtmf", dtmf={"digit": ""}), Reason.SHAPE),
        (message("dtmf", dtmf={"digit": "e"}), Reason.SHAPE),
        (message("mark", mark={"name": ""}), Reason.SHAPE),
        (message("mark", mark={"name": CANARY}), Reason.SHAPE),
        (message("mark", mark={"name": "a" * 65}), Reason.SHAPE),
        (message("mark", mark={"name": "a\n"}), Reason.SHAPE),
        (message("media", streamSid="MZother", media={"track": "inbound", "payload": "AAAA"}), Reason.OTHER_STREAM),
        (message("stop", streamSid="MZother"), Reason.OTHER_STREAM),
        (message("stop", streamSid=None), Reason.SHAPE),
        (start(), Reason.ORDER),
        (connected(), Reason.ORDER),
    ],
)
def test_what_is_wrong_on_an_open_stream_raises_and_moves_nothing(text: str | bytes, reason: Reason) -> None:
    assert reason is refused(stream_in(State.OPEN), text)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mediaFormat": FORMAT | {"encoding": "audio/x-alaw"}}, Reason.FORMAT),
        ({"mediaFormat": FORMAT | {"sampleRate": 16_000}}, Reason.FORMAT),
        ({"mediaFormat": FORMAT | {"channels": 2}}, Reason.FORMAT),
        ({"mediaFormat": {}}, Reason.FORMAT),
        ({"mediaFormat": None}, Reason.SHAPE),
        ({"callSid": None}, Reason.SHAPE),
        ({"callSid": ""}, Reason.SHAPE),
        ({"callSid": "CA/../x"}, Reason.SHAPE),
        ({"callSid": "C" * 65}, Reason.SHAPE),
        ({"accountSid": 5}, Reason.SHAPE),
        ({"streamSid": "MZother"}, Reason.OTHER_STREAM),
        ({"customParameters": []}, Reason.SHAPE),
        ({"customParameters": {"t": 5}}, Reason.SHAPE),
        ({"customParameters": {"t": "x" * 500}}, Reason.SHAPE),
        ({"customParameters": {str(n): "" for n in range(17)}}, Reason.SHAPE),
    ],
)
def test_a_start_that_is_wrong_opens_nothing(changed: dict[str, Any], reason: Reason) -> None:
    assert reason is refused(stream_in(State.CONNECTED), start(**changed))


def test_a_start_without_parameters_or_a_second_stream_name_is_fine() -> None:
    stream = stream_in(State.CONNECTED)
    fields = json.loads(start())
    del fields["start"]["customParameters"], fields["start"]["streamSid"]

    stream.receive(json.dumps(fields))

    assert State.OPEN is stream.state


@pytest.mark.parametrize("state", [State.CONNECTED, State.OPEN])
def test_what_a_carrier_may_add_one_day_is_let_pass(state: State) -> None:
    stream = stream_in(state)

    stream.receive(message("comfort", comfort={"noise": [1, {"a": [2.5]}]}, later=None))
    stream.receive(json.dumps({"event": "other"}))

    assert state is stream.state
    assert [] == stream.events()


@pytest.mark.parametrize("state", [State.NEW, State.ENDED])
def test_nothing_unknown_comes_before_the_beginning_or_after_the_end(state: State) -> None:
    assert Reason.ORDER is refused(stream_in(state), message("comfort"))


def test_unknown_events_without_end_are_refused() -> None:
    stream = stream_in(State.OPEN)
    stream._unknown = MAX_UNKNOWN_EVENTS - 1
    stream.receive(message("comfort"))

    assert Reason.UNKNOWN_FLOOD is refused(stream, message("comfort"))


def test_sound_of_another_track_and_empty_payloads_are_nothing() -> None:
    stream = stream_in(State.OPEN)
    stream.receive(media(track="outbound"))
    stream.receive(media(b""))

    assert [] == stream.events()


@given(st.one_of(st.text(), st.binary(), st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists)))
def test_junk_raises_and_moves_nothing(junk: object) -> None:
    text = junk if isinstance(junk, str | bytes) else json.dumps(junk)
    for state in State:
        refused(stream_in(state), text)


@given(st.sampled_from(list(Kind)), st.data())
def test_a_message_damaged_anywhere_is_refused_or_harmless(kind: Kind, data: st.DataObject) -> None:
    """One character replaced: the stream says why, or stays a stream that works."""
    text = MESSAGES[kind]()
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.characters()) + text[at + 1 :]
    stream = stream_in(State.OPEN if kind in (Kind.MEDIA, Kind.DTMF, Kind.MARK, Kind.STOP) else State.CONNECTED)
    before = stream.state
    caught: ProtocolError | None = None
    try:
        stream.receive(damaged)
    except ProtocolError as error:
        caught = error
    if caught is not None:
        assert before is stream.state
        assert [] == stream.events()
        assert (caught.reason.value,) == caught.args


def test_a_frame_goes_out_as_the_carrier_expects_it() -> None:
    stream = stream_in(State.OPEN)
    pcm = np.arange(-80, 80, dtype=np.int16) * 100
    stream.send_media(AudioFrame(pcm))
    stream.send_mark("0.7")
    stream.send_clear()

    sent = [json.loads(text) for text in stream.data_to_send()]

    assert [] == stream.data_to_send()
    payload = base64.b64encode(g711.encode(pcm)).decode()
    assert [
        {"event": "media", "streamSid": SID, "media": {"payload": payload}},
        {"event": "mark", "streamSid": SID, "mark": {"name": "0.7"}},
        {"event": "clear", "streamSid": SID},
    ] == sent


@pytest.mark.parametrize("state", [State.NEW, State.CONNECTED, State.ENDED])
@pytest.mark.parametrize(
    "send",
    [lambda s: s.send_media(SILENCE), lambda s: s.send_mark("0.0"), lambda s: s.send_clear()],
    ids=["media", "mark", "clear"],
)
def test_nothing_is_sent_on_a_stream_that_is_not_open(state: State, send: Callable[[MediaStream], None]) -> None:
    stream = stream_in(state)
    with pytest.raises(ProtocolError) as caught:
        send(stream)

    assert Reason.NOT_OPEN is caught.value.reason
    assert [] == stream.data_to_send()


@pytest.mark.parametrize("name", ["", 'a"b', "a b", "a" * 65, "\u00e9"])
def test_a_mark_with_a_strange_name_is_never_sent(name: str) -> None:
    stream = stream_in(State.OPEN)
    with pytest.raises(ValueError, match="mark"):
        stream.send_mark(name)
    assert [] == stream.data_to_send()


@given(st.lists(st.binary(max_size=700), max_size=30))
def test_payloads_of_any_length_become_the_same_sound_in_frames(payloads: list[bytes]) -> None:
    reframer = Reframer()
    frames = [frame for payload in payloads for frame in reframer.push(PHI(payload))]
    whole = b"".join(payloads)

    assert len(whole) // 160 == len(frames)
    heard = np.concatenate([frame.reveal() for frame in frames]) if frames else np.zeros(0, np.int16)
    assert g711.decode(whole[: len(frames) * 160]).tolist() == heard.tolist()


class AnyCarrier(RuleBasedStateMachine):
    """Any messages in any order: the stream is where the table says, and what comes out is what went in."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = MediaStream()
        self.model = State.NEW
        self.accepted = 0
        self.told = 0

    @rule(kind=st.sampled_from(list(Kind)))
    def receives(self, kind: Kind) -> None:
        following = TABLE.get((self.model, kind))
        if following is None:
            refused(self.stream, MESSAGES[kind]())
        else:
            self.stream.receive(MESSAGES[kind]())
            self.model = following
            self.accepted += 1

    @rule(junk=st.one_of(st.text(max_size=50), st.binary(max_size=50)))
    def receives_junk(self, junk: str | bytes) -> None:
        refused(self.stream, junk)

    @rule()
    def is_read(self) -> None:
        self.told += len(self.stream.events())

    @rule()
    def sends(self) -> None:
        if self.model is State.OPEN:
            self.stream.send_media(SILENCE)
            assert 1 == len(self.stream.data_to_send())
        else:
            with pytest.raises(ProtocolError):
                self.stream.send_media(SILENCE)

    @invariant()
    def is_where_the_table_says(self) -> None:
        assert self.model is self.stream.state
        assert self.accepted == self.told + len(self.stream._events)


AnyCarrier.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyCarrier = AnyCarrier.TestCase

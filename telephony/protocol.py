"""Twilio Media Streams, sans-IO: messages in, typed events out, and back.

    stream.receive(message)
    for event in stream.events(): ...
    stream.send_media(frame); stream.send_mark("1.4"); stream.send_clear()
    for text in stream.data_to_send(): await socket.send(text)

Whatever a carrier adds later is let pass (unknown events, unknown fields); whatever contradicts the protocol
raises `ProtocolError` and moves nothing.  `sequenceNumber`, `chunk` and `timestamp` are not read: TCP keeps the
order, and no call ends over a number that nobody needs.
"""

from __future__ import annotations

import base64
import binascii
import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from policies.phi import PHI
from telephony import g711
from telephony.audio import FRAME_SAMPLES, RATE_HZ, AudioFrame
from telephony.strict_json import Fault, parse_object

MAX_MESSAGE_BYTES: Final = 64 * 1024  # a media message is under 400 bytes; "any length" is promised, not used
MAX_UNKNOWN_EVENTS: Final = 10_000  # room for an event a second through the longest call, no room for a flood
MAX_PARAMETERS: Final = 16
MAX_PARAMETER_CHARS: Final = 500  # name and value together (TwiML <Parameter>)

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_MARK_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_DIGITS: Final = frozenset("0123456789*#ABCD")


class Reason(enum.Enum):
    """What the other side, or we, did wrong; closed, counted by the metrics."""

    BINARY = "binary frame"
    OVERSIZE = "message too long"
    MALFORMED = "message is not JSON"
    TOO_DEEP = "message nested too deep"
    DUPLICATE_KEY = "message has a key twice"
    NUMBER = "message has a number out of bounds"
    SHAPE = "message lacks a field or has it in another type"
    ORDER = "message in the wrong order"
    OTHER_STREAM = "message of another stream"
    FORMAT = "media format is not mu-law, 8 kHz, mono"
    PAYLOAD = "payload is not base64"
    UNKNOWN_FLOOD = "too many unknown events"
    NOT_OPEN = "sending on a stream that is not open"


_FAULTS: Final = {
    Fault.MALFORMED: Reason.MALFORMED,
    Fault.TOO_DEEP: Reason.TOO_DEEP,
    Fault.DUPLICATE_KEY: Reason.DUPLICATE_KEY,
    Fault.NUMBER: Reason.NUMBER,
    Fault.NOT_AN_OBJECT: Reason.SHAPE,
}


class ProtocolError(Exception):
    """The protocol was broken; the stream has not moved.  Holds a reason and nothing of the message."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class State(enum.Enum):
    """How far the stream is."""

    NEW = "new"
    CONNECTED = "connected"
    OPEN = "open"
    ENDED = "ended"


class Kind(enum.Enum):
    """The carrier's messages that we know."""

    CONNECTED = "connected"
    START = "start"
    MEDIA = "media"
    DTMF = "dtmf"
    MARK = "mark"
    STOP = "stop"


TABLE: Final[Mapping[tuple[State, Kind], State]] = {
    (State.NEW, Kind.CONNECTED): State.CONNECTED,
    (State.CONNECTED, Kind.START): State.OPEN,
    (State.OPEN, Kind.MEDIA): State.OPEN,
    (State.OPEN, Kind.DTMF): State.OPEN,
    (State.OPEN, Kind.MARK): State.OPEN,
    (State.OPEN, Kind.STOP): State.ENDED,
}
"""An unlisted pair is `Reason.ORDER`.  `ENDED` has no way out."""

_KINDS: Final = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Connected:
    """The carrier has opened the socket and speaks this protocol."""


@dataclass(frozen=True, slots=True, eq=False)
class Started:
    """The stream is bound to a call and is open."""

    stream_sid: PHI[str]
    call_sid: PHI[str]
    account_sid: PHI[str]
    parameters: PHI[Mapping[str, str]]
    """The `<Parameter>`s of the TwiML, by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Media:
    """Sound from the caller."""

    payload: PHI[bytes]
    """Mu-law, 8 kHz, one byte a sample, any length but 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Digit:
    """The caller pressed a key."""

    digit: PHI[str]
    """One of 0-9, *, #, A-D."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark of ours came back: what was sent before it has played, or was cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The carrier has ended the stream."""


StreamEvent = Connected | Started | Media | Digit | Mark | Stopped


class MediaStream:
    """Our side of one bidirectional stream."""

    def __init__(self, *, max_message_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._max_message_bytes = max_message_bytes
        self._state = State.NEW
        self._stream_sid: PHI[str] | None = None
        self._head = ""
        self._unknown = 0
        self._events: list[StreamEvent] = []
        self._outgoing: list[str] = []

    @property
    def state(self) -> State:
        return self._state

    def receive(self, message: str | bytes) -> None:
        """Take one message of the carrier.  Raises `ProtocolError`; then state and events are as before."""
        fields = self._parsed(message)
        name = _text(fields, "event")
        kind = _KINDS.get(name)
        if kind is None:
            self._let_pass()
            return
        following = TABLE.get((self._state, kind))
        if following is None:
            raise ProtocolError(Reason.ORDER)
        event = self._event(kind, fields)
        if isinstance(event, Started):
            self._stream_sid = event.stream_sid
            self._head = ',"streamSid":' + json.dumps(event.stream_sid.reveal())
        self._state = following
        if event is not None:
            self._events.append(event)

    def events(self) -> list[StreamEvent]:
        """What has happened since the last time, oldest first."""
        taken, self._events = self._events, []
        return taken

    def send_media(self, frame: AudioFrame) -> None:
        """20 ms of sound for the caller.  Raises `ProtocolError` unless the stream is open."""
        payload = base64.b64encode(g711.encode(frame.reveal())).decode("ascii")
        self._send(f'{{"event":"media"{self._head},"media":{{"payload":"{payload}"}}}}')

    def send_mark(self, name: str) -> None:
        """Ask to be told when everything sent so far has played.  name: `[A-Za-z0-9_.-]{1,64}`."""
        if not _MARK_NAME.fullmatch(name):
            raise ValueError("a mark's name is made of letters, digits, dots and dashes")
        self._send(f'{{"event":"mark"{self._head},"mark":{{"name":"{name}"}}}}')

    def send_clear(self) -> None:
        """Throw away what the caller has not heard yet; the carrier returns its marks."""
        self._send(f'{{"event":"clear"{self._head}}}')

    def data_to_send(self) -> list[str]:
        """Messages for the socket, in order; each is handed out once."""
        taken, self._outgoing = self._outgoing, []
        return taken

    def _send(self, message: str) -> None:
        if self._state is not State.OPEN:
            raise ProtocolError(Reason.NOT_OPEN)
        self._outgoing.append(message)

    def _parsed(self, message: str | bytes) -> dict[str, Any]:
        if not isinstance(message, str):
            raise ProtocolError(Reason.BINARY)
        longer = len(message) > self._max_message_bytes
        if longer or (not message.isascii() and len(message.encode(errors="replace")) > self._max_message_bytes):
            raise ProtocolError(Reason.OVERSIZE)
        parsed = parse_object(message)
        if isinstance(parsed, Fault):
            raise ProtocolError(_FAULTS[parsed])
        return parsed

    def _let_pass(self) -> None:
        if self._state in (State.NEW, State.ENDED):
            raise ProtocolError(Reason.ORDER)
        if self._unknown >= MAX_UNKNOWN_EVENTS:
            raise ProtocolError(Reason.UNKNOWN_FLOOD)
        self._unknown += 1

    def _event(self, kind: Kind, fields: dict[str, Any]) -> StreamEvent | None:
        if kind is Kind.CONNECTED:
            return Connected()
        if kind is Kind.START:
            return _started(fields)
        assert self._stream_sid is not None
        if _text(fields, "streamSid") != self._stream_sid.reveal():
            raise ProtocolError(Reason.OTHER_STREAM)
        match kind:
            case Kind.MEDIA:
                return _media(_object(fields, "media"))
            case Kind.DTMF:
                digit = _text(_object(fields, "dtmf"), "digit")
                if digit not in _DIGITS:
                    raise ProtocolError(Reason.SHAPE)
                return Digit(PHI(digit))
            case Kind.MARK:
                return Mark(_matching(_MARK_NAME, _object(fields, "mark"), "name"))
            case _:
                return Stopped()


def _started(fields: dict[str, Any]) -> Started:
    stream_sid = _matching(_ID, fields, "streamSid")
    start = _object(fields, "start")
    if "streamSid" in start and start["streamSid"] != stream_sid:
        raise ProtocolError(Reason.OTHER_STREAM)
    media_format = _object(start, "mediaFormat")
    spoken = (media_format.get("encoding"), media_format.get("sampleRate"), media_format.get("channels"))
    if spoken != ("audio/x-mulaw", RATE_HZ, 1):
        raise ProtocolError(Reason.FORMAT)
    return Started(
        stream_sid=PHI(stream_sid),
        call_sid=PHI(_matching(_ID, start, "callSid")),
        account_sid=PHI(_matching(_ID, start, "accountSid")),
        parameters=PHI(_parameters(start)),
    )


def _parameters(start: dict[str, Any]) -> dict[str, str]:
    given = _object(start, "customParameters") if "customParameters" in start else {}
    if len(given) > MAX_PARAMETERS:
        raise ProtocolError(Reason.SHAPE)
    for name, value in given.items():
        if not isinstance(value, str) or len(name) + len(value) > MAX_PARAMETER_CHARS:
            raise ProtocolError(Reason.SHAPE)
    return given


def _media(media: dict[str, Any]) -> Media | None:
    if _text(media, "track") != "inbound":
        return None
    text = _text(media, "payload")
    payload = b""
    try:
        payload = base64.b64decode(text, validate=True)
        junk = False
    except (binascii.Error, ValueError):
        junk = True
    if junk:
        raise ProtocolError(Reason.PAYLOAD)
    return Media(PHI(payload)) if payload else None


def _object(fields: dict[str, Any], name: str) -> dict[str, Any]:
    value = fields.get(name)
    if not isinstance(value, dict):
        raise ProtocolError(Reason.SHAPE)
    return value


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise ProtocolError(Reason.SHAPE)
    return value


def _matching(pattern: re.Pattern[str], fields: dict[str, Any], name: str) -> str:
    value = _text(fields, name)
    if not pattern.fullmatch(value):
        raise ProtocolError(Reason.SHAPE)
    return value


class Reframer:
    """Payloads of any length -> frames of 20 ms; holds less than one frame."""

    def __init__(self) -> None:
        self._rest: PHI[bytes] = PHI(b"")

    def push(self, payload: PHI[bytes]) -> list[AudioFrame]:
        """The frames that are now complete."""
        mulaw = self._rest.reveal() + payload.reveal()
        whole = len(mulaw) - len(mulaw) % FRAME_SAMPLES
        self._rest = PHI(mulaw[whole:])
        pcm = g711.decode(mulaw[:whole])
        return [AudioFrame(np.ascontiguousarray(piece)) for piece in pcm.reshape(-1, FRAME_SAMPLES)]

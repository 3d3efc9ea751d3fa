"""What the carrier understands of an answer to its webhook: TwiML text in, typed verbs out.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET


class TwimlReason(enum.Enum):
    """Why the carrier would play "an application error has occurred"; the value is the sentence shown."""

    NOT_XML = "the answer is not XML"
    NOT_RESPONSE = "the answer's root is not <Response>"
    UNKNOWN_VERB = "the answer holds a verb that a carrier does not know"
    NO_STREAM = "<Connect> holds no <Stream url>"
    QUERY = "the stream's url has a query string, which the carrier strips"
    PARAMETER = "a <Parameter> is longer than 500 characters or lacks its name"
    NO_NUMBER = "<Dial> holds no number"
    TOO_LONG = "the answer is longer than 64 KiB"


class TwimlRefused(ValueError):
    """An answer that the carrier cannot follow."""

    def __init__(self, reason: TwimlReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ConnectStream:
    """`<Connect><Stream>`: the call goes to a WebSocket until that closes."""

    url: str
    parameters: Mapping[str, str] = field(repr=False)
    action: str | None
    status_callback: str | None


@dataclass(frozen=True, slots=True)
class Dial:
    """`<Dial>`: ring a person; `action` is asked when that ends."""

    number: str
    action: str | None
    timeout_s: int


@dataclass(frozen=True, slots=True, repr=False)
class Say:
    """`<Say>`: the carrier reads this aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class Play:
    """`<Play>`: the carrier plays this file."""

    url: str


@dataclass(frozen=True, slots=True)
class Gather:
    """`<Gather>`: the carrier collects digits while it runs the verbs inside."""

    action: str | None
    inside: tuple[Verb, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """`<Redirect>`: ask there what to do next."""

    url: str


@dataclass(frozen=True, slots=True)
class Pause:
    """`<Pause>`: silence."""

    length_s: int


@dataclass(frozen=True, slots=True)
class Hangup:
    """`<Hangup>`."""


@dataclass(frozen=True, slots=True)
class Reject:
    """`<Reject>`: the call is never answered."""


Verb = ConnectStream | Dial | Say | Play | Gather | Redirect | Pause | Hangup | Reject

DIAL_TIMEOUT_S: Final = 30  # TwiML <Dial timeout>, default
PARAMETER_LIMIT: Final = 500  # TwiML <Parameter>: name and value together stay below this
LIMIT_BYTES: Final = 64 * 1024  # Twilio error 11750: a response body of more than 64 KB


def read_twiml(text: str) -> tuple[Verb, ...]:
    """The verbs in order.  Raises `TwimlRefused`."""
    if len(text.encode()) > LIMIT_BYTES:
        raise TwimlRefused(TwimlReason.TOO_LONG)
    try:
        root = ET.fromstring(text.strip())  # noqa: S314  # our own server's answer, and only in tests
    except ET.ParseError:
        root = None
    if root is None:
        raise TwimlRefused(TwimlReason.NOT_XML)
    if root.tag != "Response":
        raise TwimlRefused(TwimlReason.NOT_RESPONSE)
    return tuple(_verb(element) for element in root)


def _text(element: ET.Element) -> str:
    return (element.text or "").strip()


def _verb(element: ET.Element) -> Verb:
    match element.tag:
        case "Connect":
            return _connect(element)
        case "Dial":
            number = element.find("Number")
            spoken = _text(element) or (_text(number) if number is not None else "")
            if not spoken:
                raise TwimlRefused(TwimlReason.NO_NUMBER)
            return Dial(spoken, element.get("action"), int(element.get("timeout", DIAL_TIMEOUT_S)))
        case "Say":
            return Say(" ".join("".join(element.itertext()).split()))
        case "Play":
            return Play(_text(element))
        case "Gather":
            return Gather(element.get("action"), tuple(_verb(child) for child in element))
        case "Redirect":
            return Redirect(_text(element))
        case "Pause":
            return Pause(int(element.get("length", "1")))
        case "Hangup":
            return Hangup()
        case "Reject":
            return Reject()
    raise TwimlRefused(TwimlReason.UNKNOWN_VERB)


def _connect(element: ET.Element) -> ConnectStream:
    stream = element.find("Stream")
    url = stream.get("url") if stream is not None else None
    if stream is None or not url:
        raise TwimlRefused(TwimlReason.NO_STREAM)
    if "?" in url:
        raise TwimlRefused(TwimlReason.QUERY)
    parameters: dict[str, str] = {}
    for parameter in stream.findall("Parameter"):
        name, value = parameter.get("name", ""), parameter.get("value", "")
        if not name or len(name) + len(value) >= PARAMETER_LIMIT:
            raise TwimlRefused(TwimlReason.PARAMETER)
        parameters[name] = value
    return ConnectStream(url, parameters, element.get("action"), stream.get("statusCallback"))

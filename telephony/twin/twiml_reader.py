"""What the carrier understands of an answer to its webhook: TwiML text in, typed verbs out.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Set
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
    NO_CONFERENCE = "<Conference> has no name"
    UNKNOWN_ATTRIBUTE = "the answer holds an attribute that a carrier does not know"
    NESTED = "<Gather> holds a verb that cannot stand in it"
    BAD_VALUE = "an attribute has a value that a carrier does not take"
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
    caller_id: str | None = None
    """Whose number the called person sees; None: the caller's."""
    recorded: bool = False


class Beep(enum.Enum):
    """When those in a conference hear a beep."""

    BOTH = "true"
    NEVER = "false"
    ENTER = "onEnter"
    EXIT = "onExit"


@dataclass(frozen=True, slots=True)
class DialConference:
    """`<Dial><Conference>`: sit with others; `action` is asked when that ends for this participant."""

    name: str
    action: str | None = None
    start_on_enter: bool = True
    end_on_exit: bool = False
    wait_url: str | None = None
    """What a waiting participant hears: None is the carrier's own music, an empty one silence."""
    beep: Beep = Beep.BOTH
    recorded: bool = False
    label: str | None = None
    jitter_buffer: str = "large"
    status_callback: str | None = None
    status_events: frozenset[str] = frozenset()
    """Of `CONFERENCE_EVENTS`."""


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
    num_digits: int | None = None
    """So many are enough; None: until the finishing key or the timeout."""
    timeout_s: int = 5
    """Since the last key, or the end of what is inside."""
    finish_on_key: str = "#"
    """One key that ends the input and is no part of it; empty: none does."""


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

    busy: bool = False
    """The caller hears that the line is engaged, not that the number is out of service."""


Verb = ConnectStream | Dial | DialConference | Say | Play | Gather | Redirect | Pause | Hangup | Reject

DIAL_TIMEOUT_S: Final = 30  # TwiML <Dial timeout>, default
PARAMETER_LIMIT: Final = 500  # TwiML <Parameter>: name and value together stay below this
GATHER_TIMEOUT_S: Final = 5  # TwiML <Gather timeout>, default
CONFERENCE_EVENTS: Final = frozenset({"start", "end", "join", "leave"})  # TwiML <Conference statusCallbackEvent>
JITTER_BUFFERS: Final = frozenset({"large", "medium", "small", "off"})  # TwiML <Conference jitterBufferSize>
_KEYS: Final = "0123456789*#"
_ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "Response": frozenset(),
    "Connect": frozenset({"action", "method"}),
    "Stream": frozenset({"url", "name", "statusCallback"}),
    "Parameter": frozenset({"name", "value"}),
    "Dial": frozenset({"action", "method", "timeout", "record", "callerId"}),
    "Number": frozenset(),
    "Conference": frozenset({
        "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod", "beep", "record", "participantLabel",
        "jitterBufferSize", "statusCallback", "statusCallbackMethod", "statusCallbackEvent",
    }),
    "Say": frozenset({"language", "voice"}),
    "Play": frozenset(),
    "Gather": frozenset({"action", "method", "input", "numDigits", "timeout", "finishOnKey"}),
    "Redirect": frozenset({"method"}),
    "Pause": frozenset({"length"}),
    "Hangup": frozenset(),
    "Reject": frozenset({"reason"}),
}  # fmt: skip
"""What each element may have of the attributes in Twilio's TwiML reference: those that this carrier follows."""
_METHODS: Final = ("method", "waitMethod", "statusCallbackMethod")
_RECORDS: Final = frozenset({"do-not-record", "record-from-start"})
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
    for element in root.iter():
        known = _ATTRIBUTES.get(element.tag)
        if known is not None and not known.issuperset(element.keys()):
            raise TwimlRefused(TwimlReason.UNKNOWN_ATTRIBUTE)
        for method in _METHODS:
            _one_of(element, method, {"POST"}, "POST")
    return tuple(_verb(element) for element in root)


def _text(element: ET.Element) -> str:
    return (element.text or "").strip()


def _verb(element: ET.Element) -> Verb:
    match element.tag:
        case "Connect":
            return _connect(element)
        case "Dial":
            return _dial(element)
        case "Say":
            return Say(" ".join("".join(element.itertext()).split()))
        case "Play":
            return Play(_text(element))
        case "Gather":
            return _gather(element)
        case "Redirect":
            return Redirect(_text(element))
        case "Pause":
            return Pause(_count(element, "length", 1))
        case "Hangup":
            return Hangup()
        case "Reject":
            return Reject(_one_of(element, "reason", frozenset({"rejected", "busy"}), "rejected") == "busy")
    raise TwimlRefused(TwimlReason.UNKNOWN_VERB)


def _count(element: ET.Element, name: str, default: int) -> int:
    text = element.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise TwimlRefused(TwimlReason.BAD_VALUE)
    return int(text)


def _one_of(element: ET.Element, name: str, known: Set[str], default: str) -> str:
    value = element.get(name, default)
    if value not in known:
        raise TwimlRefused(TwimlReason.BAD_VALUE)
    return value


def _flag(element: ET.Element, name: str, *, default: bool) -> bool:
    return _one_of(element, name, frozenset({"true", "false"}), str(default).lower()) == "true"


def _dial(element: ET.Element) -> Dial | DialConference:
    conference = element.find("Conference")
    if conference is not None:
        return _conference(element, conference)
    number = element.find("Number")
    spoken = _text(element) or (_text(number) if number is not None else "")
    if not spoken:
        raise TwimlRefused(TwimlReason.NO_NUMBER)
    recorded = _one_of(element, "record", _RECORDS | {"record-from-answer"}, "do-not-record") != "do-not-record"
    timeout_s = _count(element, "timeout", DIAL_TIMEOUT_S)
    return Dial(spoken, element.get("action"), timeout_s, element.get("callerId"), recorded)


def _conference(dial: ET.Element, element: ET.Element) -> DialConference:
    if not (name := _text(element)):
        raise TwimlRefused(TwimlReason.NO_CONFERENCE)
    events = frozenset(element.get("statusCallbackEvent", "").split())
    if not events <= CONFERENCE_EVENTS:
        raise TwimlRefused(TwimlReason.BAD_VALUE)
    return DialConference(
        name,
        dial.get("action"),
        start_on_enter=_flag(element, "startConferenceOnEnter", default=True),
        end_on_exit=_flag(element, "endConferenceOnExit", default=False),
        wait_url=element.get("waitUrl"),
        beep=Beep(_one_of(element, "beep", {beep.value for beep in Beep}, Beep.BOTH.value)),
        recorded=_one_of(element, "record", _RECORDS, "do-not-record") != "do-not-record",
        label=element.get("participantLabel"),
        jitter_buffer=_one_of(element, "jitterBufferSize", JITTER_BUFFERS, "large"),
        status_callback=element.get("statusCallback"),
        status_events=events,
    )


def _gather(element: ET.Element) -> Gather:
    finish = element.get("finishOnKey", "#")
    if len(finish) > 1 or finish not in _KEYS:
        raise TwimlRefused(TwimlReason.BAD_VALUE)
    _one_of(element, "input", {"dtmf"}, "dtmf")
    inside = tuple(_verb(child) for child in element)
    if any(not isinstance(verb, Say | Play | Pause) for verb in inside):
        raise TwimlRefused(TwimlReason.NESTED)
    enough = None if element.get("numDigits") is None else _count(element, "numDigits", 1)
    return Gather(element.get("action"), inside, enough, _count(element, "timeout", GATHER_TIMEOUT_S), finish)


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

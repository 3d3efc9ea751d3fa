"""What the line tells the keeper: closed events, one line of flat JSON each, nothing in free text.

pipe.write(encode(BargeIn(call=3, verdict=Verdict.FLOOR), profile))
event = decode(line, profile)                   # the keeper checks it again
"""

from __future__ import annotations

import contextlib
import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Final, NoReturn

from policies import closed
from policies.attempts import Kept
from policies.closed import Count, NotClosed, Reason, Shape
from policies.guardrails import EscalationReason
from policies.records import AGENT, DAY, REF, SEALED, CallMetrics, NurseStatus, Profile
from policies.vocabulary import FIELDS, Event

MAX_LINE: Final = 1024  # bytes with the newline; the longest event is about half of it
CALL: Final = Count(0, 999_999_999)  # the n-th call of this process since it started; stands for nothing else
MS: Final = Count(0, 9_999_999)  # longer than the longest call
PIECE_CHARACTERS: Final = 800  # of a sealed transcript: with its other fields a line of at most about 970 bytes
MOST_PIECES: Final = -(-SEALED.longest // PIECE_CHARACTERS)


class TurnName(enum.Enum):
    """The states of turn-taking (`agent/turns.py`)."""

    NEW = "new"
    GREETING = "greeting"
    LISTENING = "listening"
    HEARING = "hearing"
    THINKING = "thinking"
    SPEAKING = "speaking"
    OVERLAP = "overlap"
    CLOSING = "closing"
    HANDING_OFF = "handing_off"
    WAITING = "waiting"
    CONNECTING = "connecting"
    ENDED = "ended"


class Holder(enum.Enum):
    """Who has the floor."""

    CALLER = "caller"
    AGENT = "agent"
    BOTH = "both"
    NOBODY = "nobody"


class Verdict(enum.Enum):
    """What a sound over the agent turned out to be."""

    FLOOR = "floor"
    """She wants to speak: the agent stops."""
    BACKCHANNEL = "backchannel"
    NOISE = "noise"


class CallRefusal(enum.Enum):
    """Why a call or a stream was not taken."""

    BUSY = "busy"
    DRAINING = "draining"
    SIGNATURE = "signature"
    TOKEN = "token"  # noqa: S105  # a reason, no token
    ORIGIN = "origin"
    NUMBER = "number"
    """No agent answers the number that was called."""
    PROTOCOL = "protocol"
    NO_START = "no_start"
    """The stream sent no `start` in time."""


@dataclass(frozen=True, slots=True)
class LineReady:
    """The line takes calls."""

    port: Annotated[int, Count(0, 65_535)]
    ms: Annotated[int, MS]
    """Since the process started."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class OpeningsReady:
    """The first clause of each approved passage has been synthesised ahead."""

    count: Annotated[int, Count(0, 99_999)]
    """Clauses that are held."""
    ms: Annotated[int, MS]
    """Since the line was ready; the calls meanwhile included, as nothing is synthesised ahead during one."""
    kilobytes: Annotated[int, Count(0, 9_999_999)]
    """Of 1,000 bytes: what they take."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """A stream began."""

    call: Annotated[int, CALL]
    agent: Annotated[str, AGENT]

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class GreetingStarted:
    """The first frame of the greeting was sent."""

    call: Annotated[int, CALL]
    ms: Annotated[int, MS]
    """After `start`."""

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class TurnState:
    """Turn-taking moved."""

    call: Annotated[int, CALL]
    state: TurnName

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class Floor:
    """Somebody took or left the floor."""

    call: Annotated[int, CALL]
    who: Holder

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class TurnTiming:
    """What each stage of one reply took.  Development profile only."""

    call: Annotated[int, CALL]
    endpoint_ms: Annotated[int, MS]
    stt_ms: Annotated[int, MS]
    answer_ms: Annotated[int, MS]
    tts_ms: Annotated[int, MS]
    gap_ms: Annotated[int, MS]

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class BargeIn:
    """A sound over the agent was understood."""

    call: Annotated[int, CALL]
    verdict: Verdict

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class Escalated:
    """A person is fetched."""

    call: Annotated[int, CALL]
    reason: EscalationReason

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key was pressed; never which."""

    call: Annotated[int, CALL]

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class Refused:
    """A call or a stream was not taken."""

    reason: CallRefusal

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call is over; with all that is kept of it."""

    call: Annotated[int, CALL]
    metrics: CallMetrics

    def __post_init__(self) -> None:
        _check_call(self.call)
        if type(self.metrics) is not CallMetrics:
            raise NotClosed(Reason.WRONG_TYPE, "metrics")


@dataclass(frozen=True, slots=True)
class TranscriptPiece:
    """A piece of a sealed transcript (`policies/pieces.py`), at `REDACTED` alone."""

    ref: Annotated[str, REF]
    agent: Annotated[str, AGENT]
    day: Annotated[int, DAY]
    number: Annotated[int, Count(0, MOST_PIECES - 1)]
    """From 0."""
    of: Annotated[int, Count(1, MOST_PIECES)]
    text: Annotated[str, Shape(rf"[A-Za-z0-9_-]{{1,{PIECE_CHARACTERS}}}", PIECE_CHARACTERS)]

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class OutreachHeld:
    """What is held of a patient who may be called, to be written: an attempt before it is dialled."""

    serial: int
    """Under which the keeper says that it is written."""
    kept: Kept

    def __post_init__(self) -> None:
        closed.check_value("serial", CALL, self.serial)


@dataclass(frozen=True, slots=True)
class OutreachWritten:
    """The keeper's word, for the line: what was told under this number is written."""

    serial: Annotated[int, CALL]

    def __post_init__(self) -> None:
        closed.check(self)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log; which fields each event has: `vocabulary.FIELDS`."""

    name: Event
    fields: Mapping[str, int | str | bool]
    """In wire form."""

    def __post_init__(self) -> None:
        if type(self.name) is not Event:
            raise NotClosed(Reason.WRONG_TYPE, "name")
        kinds = FIELDS[self.name]
        for field, value in self.fields.items():
            if field not in kinds:
                raise NotClosed(Reason.UNKNOWN_FIELD)
            closed.check_wire_value(field, kinds[field], value)


CallEvent = (
    LineReady | OpeningsReady | CallAnswered | GreetingStarted | TurnState | Floor | TurnTiming | BargeIn | Escalated
    | KeyPressed | Refused | CallEnded | TranscriptPiece | NurseStatus | OutreachHeld
    | OutreachWritten | LogLine
)  # fmt: skip

NAMES: Final[Mapping[str, type]] = MappingProxyType(
    {
        "line_ready": LineReady,
        "openings_ready": OpeningsReady,
        "call_answered": CallAnswered,
        "greeting_started": GreetingStarted,
        "turn_state": TurnState,
        "floor": Floor,
        "turn_timing": TurnTiming,
        "barge_in": BargeIn,
        "escalated": Escalated,
        "key_pressed": KeyPressed,
        "refused": Refused,
        "call_ended": CallEnded,
        "transcript_piece": TranscriptPiece,
        "nurse_status": NurseStatus,
        "outreach_held": OutreachHeld,
        "outreach_written": OutreachWritten,
        "log": LogLine,
    }
)
_NAME_OF: Final = {record: name for name, record in NAMES.items()}
DEVELOPMENT_ONLY: Final = frozenset({TurnTiming})


def encode(event: CallEvent, profile: Profile = Profile.PRODUCTION) -> str:
    """One line without its newline.  Raises `NotClosed` for an event that this profile does not send."""
    _check_profile(type(event), profile)
    flat: dict[str, int | str | bool] = {"event": _NAME_OF[type(event)]}
    match event:
        case LogLine(name, fields):
            flat |= {"name": name.value, **fields}
        case CallEnded(call, metrics):
            flat |= {"call": call, **metrics.to_wire()}
        case OutreachHeld(serial, kept):
            flat |= {"serial": serial, **closed.to_wire(kept)}
        case _:
            flat |= closed.to_wire(event)
    return json.dumps(flat, separators=(",", ":"), allow_nan=False)


def decode(line: str, profile: Profile = Profile.PRODUCTION) -> CallEvent:
    """The event again.  Raises `NotClosed` on anything that `encode` would not have written."""
    flat = _flat(line)
    name = flat.pop("event", None)
    record = NAMES.get(name) if type(name) is str else None
    if record is None:
        raise NotClosed(Reason.UNKNOWN_EVENT)
    _check_profile(record, profile)
    if record is LogLine:
        return _log_line(flat)
    if record is CallEnded:
        call = flat.pop("call", None)
        _check_call(call)
        return CallEnded(call, CallMetrics.from_wire(flat))
    if record is OutreachHeld:
        serial = flat.pop("serial", None)
        closed.check_value("serial", CALL, serial)
        return OutreachHeld(serial, closed.from_wire(Kept, flat))
    event: CallEvent = closed.from_wire(record, flat)
    return event


def _log_line(flat: dict[str, Any]) -> LogLine:
    name = flat.pop("name", None)
    for event in Event:
        if event.value == name:
            return LogLine(event, MappingProxyType(flat))
    raise NotClosed(Reason.UNKNOWN_EVENT)


def _check_call(call: object) -> None:
    closed.check_value("call", CALL, call)


def _check_profile(record: type, profile: Profile) -> None:
    if record in DEVELOPMENT_ONLY and profile is not Profile.DEVELOPMENT:
        raise NotClosed(Reason.NOT_IN_THIS_PROFILE)


class _Broken(ValueError):
    """Raised and caught inside `_flat`: the parser's own errors hold the whole line."""


def _flat(line: str) -> dict[str, Any]:
    """One flat JSON object: no duplicate key, no nesting, no real number, no null."""
    if len(line.encode("utf-8", "surrogatepass")) >= MAX_LINE:
        raise NotClosed(Reason.TOO_LONG)
    if line.count("{") != 1 or "[" in line:
        raise NotClosed(Reason.NOT_FLAT)
    flat: object = None
    with contextlib.suppress(ValueError):  # refused below, where no foreign error is the context
        flat = json.loads(
            line, object_pairs_hook=_pairs, parse_float=_refuse, parse_constant=_refuse, parse_int=_integer
        )
    if not isinstance(flat, dict):
        raise NotClosed(Reason.NOT_JSON)
    if not all(type(value) in (int, str, bool) for value in flat.values()):
        raise NotClosed(Reason.NOT_FLAT)
    return flat


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    flat = dict(pairs)
    if len(flat) != len(pairs):
        raise _Broken
    return flat


def _integer(digits: str) -> int:
    if len(digits) > 12:  # no bound of ours has more digits
        raise _Broken
    return int(digits)


def _refuse(_: str) -> NoReturn:
    raise _Broken

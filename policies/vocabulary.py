"""All words of the log: which lines there are, and which values each of their fields may hold.

Read by both ends of the pipe: `logs.py` drops what is not here, `events.py` refuses it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.closed import Bucket, Choice, Count, Flag, LogKind, OneOf
from policies.guardrails import EscalationReason
from policies.known import known
from policies.layers import Layer, Protection
from policies.reasons import REASONS
from policies.records import Outcome


class Event(enum.Enum):
    """What a log line says."""

    STARTED = "started"
    READY = "ready"
    CONFINED = "confined"
    PROVED = "proved"
    """So many kinds of forbidden act were tried, and each was refused."""
    LOCK_MISSING = "lock_missing"
    """This kernel or this user gives it not."""
    UNPROTECTED = "unprotected"
    """No lock that holds protects this."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    SETTINGS_REFUSED = "settings_refused"
    PROCESS_STARTED = "process_started"
    PROCESS_ENDED = "process_ended"
    MODEL_LOADED = "model_loaded"
    MODEL_REFUSED = "model_refused"
    AGENT_LOADED = "agent_loaded"
    AGENT_REFUSED = "agent_refused"
    BUS_READY = "bus_ready"
    BUS_LOST = "bus_lost"
    BUS_BACK = "bus_back"
    BUS_REFUSED = "bus_refused"
    """This server keeps or shows what it is told."""
    ADMIN_READY = "admin_ready"
    """The interface for those who run the line answers."""
    ADMIN_FAILED = "admin_failed"
    """It could not begin, or an operation or whoever is told of changes failed."""
    STATE_READY = "state_ready"
    STATE_FAILED = "state_failed"
    OUTREACH_FULL = "outreach_full"
    """There is no room for what is held of one more patient: nobody is called.  Told once an hour."""
    DUTY_FAILED = "duty_failed"
    """Telling policies, or ending what has run out; the keeper tries again every few seconds."""
    EXPIRY_OWED = "expiry_owed"
    """What has ended still stands in the state's files: somebody reads an older state.  Tried again likewise."""
    EXPIRY_SETTLED = "expiry_settled"
    """It is gone."""
    AUDIT_NOT_TAKEN = "audit_not_taken"
    """The collector does not take the audit log; it waits in the state."""
    AUDIT_TAKEN = "audit_taken"
    """It does again."""
    ON_CALL_CHANGED = "on_call_changed"
    """A file of who is on call is another; it holds from the next caller on."""
    ON_CALL_REFUSED = "on_call_refused"
    """It is wrong or gone; the last good list holds."""
    DESK_CLOSED = "desk_closed"
    """Wrong PINs came from a nurse's number: her menu is closed for a while."""
    CARRIER_ALARM = "carrier_alarm"
    """So much stands at the carrier, or is set there, that must not; told again when there is more of it."""
    CARRIER_SETTLED = "carrier_settled"
    """Of that kind there is nothing any more."""
    WEBHOOK_REFUSED = "webhook_refused"
    STREAM_REFUSED = "stream_refused"
    STREAM_FAILED = "stream_failed"
    CALL_ANSWERED = "call_answered"
    CALL_REFUSED = "call_refused"
    CALL_ENDED = "call_ended"
    CALL_FAILED = "call_failed"
    ESCALATED = "escalated"
    ENGINE_FAILED = "engine_failed"
    FELL_BACK = "fell_back"
    REPLY_REFUSED = "reply_refused"
    GUARD_FAILED = "guard_failed"
    QUEUE_FULL = "queue_full"
    EVENT_REFUSED = "event_refused"
    RECORD_KEPT = "record_kept"
    RECORD_REFUSED = "record_refused"
    LIBRARY = "library"
    """A library logged: which one, how loud and from where; its words are gone."""
    WARNING = "warning"
    UNCAUGHT = "uncaught"
    """An exception reached the end of the main thread, of another thread, of a task or of a `__del__`."""


class Stage(enum.Enum):
    """Which part of a reply."""

    VAD = "vad"
    STT = "stt"
    ANSWER = "answer"
    TTS = "tts"
    LEG = "leg"
    BUS = "bus"
    STATE = "state"
    HTTP = "http"


class CarrierAlarm(enum.Enum):
    """What may be found at the carrier that must not be."""

    RECORDED = "recorded"
    """Recordings were made on the account since the start."""
    TRANSCRIBED = "transcribed"
    """Transcriptions were."""
    STILL_ON = "still_on"
    """Settings that record, transcribe or analyse stay on although they were switched off."""
    OVERDUE = "overdue"
    """Records of ended calls could not be deleted in time; so many stand there."""
    WITHOUT_FALLBACK = "without_fallback"
    """Numbers of ours have no fallback, or one at ourselves: with the service down their callers reach nobody."""
    UNSEEN = "unseen"
    """The account could not be looked at."""


class Process(enum.Enum):
    """Which of our processes."""

    LAUNCHER = "launcher"
    LINE = "line"
    KEEPER = "keeper"
    REDIS = "redis"


class Library(enum.Enum):
    """Whose logger; any other name could be made of words."""

    AGENT = "agent"
    ANTHROPIC = "anthropic"
    ANYIO = "anyio"
    ASYNCIO = "asyncio"
    CONCURRENT = "concurrent"
    CTRANSLATE2 = "ctranslate2"
    FASTER_WHISPER = "faster_whisper"
    H11 = "h11"
    HTTPCORE = "httpcore"
    HTTPX = "httpx"
    HUGGINGFACE_HUB = "huggingface_hub"
    NUMPY = "numpy"
    ONNXRUNTIME = "onnxruntime"
    OPENAI = "openai"
    OTHER = "other"
    PIPER = "piper"
    POLICIES = "policies"
    PY = "py"
    REDIS = "redis"
    REQUESTS = "requests"
    ROOT = "root"
    SOXR = "soxr"
    STARLETTE = "starlette"
    STRUCTLOG = "structlog"
    TELEPHONY = "telephony"
    TOKENIZERS = "tokenizers"
    TQDM = "tqdm"
    TWILIO = "twilio"
    URLLIB3 = "urllib3"
    UVICORN = "uvicorn"
    WEBSOCKETS = "websockets"


OTHER_PLACE: Final = "elsewhere"
OTHER_KIND: Final = "Other"
KIND: Final = OneOf(known("kinds.txt") | {OTHER_KIND})
"""The class of an exception: Python's, ours, and those of the packages that we load."""
PLACE: Final = OneOf(known("places.txt") | {OTHER_PLACE})
"""The file name of a module: likewise."""
LEVEL: Final = Bucket((0, 10, 20, 30, 40, 50))  # logging's own; what lies between is rounded up
LINE: Final = Count(0, 19_999)  # the longest module that is loaded has fewer; a test counts
MOST_DROPPED: Final = 99
MOST_COUNTED: Final = 9_999
_NOTHING: Final[Mapping[str, LogKind]] = {}  # but that it was
_REASON: Final = OneOf(REASONS)
_COUNTED: Final = Count(0, MOST_COUNTED)
_WHERE: Final[Mapping[str, LogKind]] = {"kind": KIND, "place": PLACE, "line": LINE}
_FAILED: Final[Mapping[str, LogKind]] = {**_WHERE, "reason": _REASON}

_FIELDS: Final[Mapping[Event, Mapping[str, LogKind]]] = {
    Event.CONFINED: {"process": Choice(Process, optional=False), "count": Count(0, len(Layer))},
    Event.PROVED: {"count": Count(0, 199)},  # kinds of forbidden acts: about 80
    Event.LOCK_MISSING: {"layer": Choice(Layer, optional=False)},
    Event.UNPROTECTED: {"protection": Choice(Protection, optional=False)},
    Event.MODEL_REFUSED: {"reason": _REASON},
    Event.BUS_REFUSED: {"reason": _REASON},
    Event.ESCALATED: {"escalation": Choice(EscalationReason, optional=True)},
    Event.CALL_ENDED: {"outcome": Choice(Outcome, optional=False), "ok": Flag()},
    Event.CALL_FAILED: _FAILED,
    Event.STREAM_FAILED: _FAILED,
    Event.ENGINE_FAILED: {**_FAILED, "stage": Choice(Stage, optional=False)},
    Event.CARRIER_ALARM: {"alarm": Choice(CarrierAlarm, optional=False), "count": _COUNTED},
    Event.CARRIER_SETTLED: {"alarm": Choice(CarrierAlarm, optional=False)},
    Event.ADMIN_READY: {"port": Count(0, 65_535)},
    Event.ADMIN_FAILED: _FAILED,
    Event.DUTY_FAILED: _WHERE,
    Event.STATE_FAILED: {"count": _COUNTED},
    Event.EVENT_REFUSED: {"reason": _REASON, "count": _COUNTED},
    Event.RECORD_REFUSED: {"reason": _REASON, "count": _COUNTED},
    Event.LIBRARY: {"library": Choice(Library, optional=False), "level": LEVEL, "place": PLACE, "line": LINE},
    Event.WARNING: _WHERE,
    Event.UNCAUGHT: _WHERE,
}
FIELDS: Final[Mapping[Event, Mapping[str, LogKind]]] = MappingProxyType(
    {event: MappingProxyType({**_FIELDS.get(event, _NOTHING), "dropped": Count(0, MOST_DROPPED)}) for event in Event}
)
"""Which fields a line may have, and what may stand in each.  `dropped`: how many were left out of this line."""

KEEPERS: Final = frozenset(
    {
        Event.ADMIN_READY, Event.ADMIN_FAILED, Event.STATE_READY, Event.STATE_FAILED, Event.AUDIT_NOT_TAKEN,
        Event.AUDIT_TAKEN, Event.DUTY_FAILED, Event.EVENT_REFUSED, Event.EXPIRY_OWED, Event.EXPIRY_SETTLED,
        Event.OUTREACH_FULL, Event.RECORD_KEPT, Event.RECORD_REFUSED,
    }
)  # fmt: skip
"""What only the keeper says: from the line it is refused."""

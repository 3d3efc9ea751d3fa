"""All words of the log: which lines there are, and which values each of their fields may hold.

Read by both ends of the pipe: `logs.py` drops what is not here, `events.py` refuses it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from policies.closed import Choice, Count, Flag, Kind, Shape
from policies.guardrails import EscalationReason
from policies.layers import Layer, Protection
from policies.reasons import REASONS
from policies.records import MANY, EndReason, Engine, Outcome, Profile


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
    ADMIN_READY = "admin_ready"
    """The interface for those who run the line answers."""
    ADMIN_FAILED = "admin_failed"
    """It could not begin, or an operation or whoever is told of changes failed."""
    STATE_READY = "state_ready"
    STATE_FAILED = "state_failed"
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


KIND: Final = Shape(r"[A-Z][A-Za-z]{2,47}")  # the name of an exception class that can be imported by that name
PLACE: Final = Shape(r"[A-Za-z_][A-Za-z0-9_]{0,47}\.py")  # the file name of a loaded module
OTHER_PLACE: Final = "other.py"
OTHER_KIND: Final = "Other"

FIELDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "reason": Shape("|".join(sorted(REASONS))),
        "profile": Choice(Profile, optional=False),
        "engine": Choice(Engine, optional=False),
        "outcome": Choice(Outcome, optional=False),
        "end": Choice(EndReason, optional=False),
        "escalation": Choice(EscalationReason, optional=True),
        "stage": Choice(Stage, optional=False),
        "process": Choice(Process, optional=False),
        "library": Choice(Library, optional=False),
        "layer": Choice(Layer, optional=False),
        "protection": Choice(Protection, optional=False),
        "kind": KIND,
        "place": PLACE,
        "line": Count(0, 999_999),
        "level": Count(0, 100),
        "call": Count(0, 999_999_999),
        "calls": MANY,
        "capacity": MANY,
        "count": Count(0, 999_999_999),
        "ms": Count(0, 9_999_999),
        "code": Count(-64, 9_999),
        "port": Count(0, 65_535),
        "dropped": Count(0, 999_999_999),
        "ok": Flag(),
    }
)

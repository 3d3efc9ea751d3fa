"""Closed records as they come about, for tests and for hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from policies.closed import Bucket, Choice, Count, Flag, Kind, Shape, kinds_of
from policies.guardrails import EscalationReason
from policies.objectives import Covered, as_fields
from policies.records import CallMetrics, EndReason, Engine, Outcome, Presence, Profile, Transferred, ref_of


def a_call(**changed: Any) -> CallMetrics:
    """The record of an ordinary call."""
    fields: dict[str, Any] = {
        "ref": ref_of(bytes(range(16))),
        "hour": 498_000,
        "agent": "harbor-line",
        "profile": Profile.DEVELOPMENT,
        "engine": Engine.APPROVED,
        "outcome": Outcome.PERSON,
        "end": EndReason.HANDED_OVER,
        "escalation": EscalationReason.ASKED,
        "duration_s": 60,
        "turns": 4,
        "barge_ins": 1,
        "backchannels": 2,
        "false_cut_ins": 0,
        "fillers": 0,
        "silence_prompts": 0,
        "keys": 0,
        "greeting_played": True,
        "closing_played": True,
        "gap_p50_ms": 600,
        "gap_p95_ms": 900,
        "fallbacks": 0,
        "stt_retries": 0,
        "transfer": Transferred.NONE,
        "to_person_s": 0,
        "nurses_accepted": 0,
        "nurses_declined": 0,
        "nurses_no_answer": 0,
        "nurses_busy": 0,
        "nurses_voicemail": 0,
        "nurses_hung_up": 0,
        "nurses_carrier_error": 0,
        "nurses_patient_left": 0,
        "nurses_taken": 0,
        **as_fields([Covered.ANSWERED, Covered.DECLINED]),
    }
    return CallMetrics(**fields | changed)


def a_presence(**changed: Any) -> Presence:
    """A worker with one call."""
    fields: dict[str, Any] = {
        "worker": ref_of(bytes(16)), "hour": 498_000, "live_calls": 1, "capacity": 4, "draining": False
    }  # fmt: skip
    return Presence(**fields | changed)


def values(kind: Kind) -> st.SearchStrategy[Any]:
    """All values within the bounds."""
    match kind:
        case Count(low, high):
            return st.integers(low, high)
        case Bucket(edges):
            return st.sampled_from(edges)
        case Shape(pattern):
            return st.from_regex(pattern, fullmatch=True)
        case Choice(of, optional):
            return st.sampled_from([*of, None] if optional else [*of])
        case Flag():
            return st.booleans()


def records(record: type[Any]) -> st.SearchStrategy[Any]:
    """All records of a closed class."""
    return st.builds(record, **{name: values(kind) for name, kind in kinds_of(record).items()})

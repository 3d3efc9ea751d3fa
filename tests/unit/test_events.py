"""The pipe between line and keeper: closed events, one line each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import turns
from policies.attempts import Came, Kept, is_reference
from policies.closed import Count, LogKind, NotClosed, OneOf, Reason
from policies.events import (
    CALL,
    DEVELOPMENT_ONLY,
    MAX_LINE,
    NAMES,
    CallEnded,
    CallEvent,
    KeyPressed,
    LogLine,
    OutreachHeld,
    TurnName,
    TurnTiming,
    decode,
    encode,
)
from policies.records import CallMetrics, Profile, ref_of
from policies.vocabulary import FIELDS, Event
from tests.unit.examples import a_call, records, values

DEVELOPMENT = Profile.DEVELOPMENT
CANARY = "Xanthippe"


def wire_values(kind: LogKind) -> st.SearchStrategy[Any]:
    if isinstance(kind, OneOf):
        return st.sampled_from(sorted(kind.names))
    return values(kind).map(lambda value: "none" if value is None else getattr(value, "value", value))


def lines_of(event: Event) -> st.SearchStrategy[LogLine]:
    fields = {name: wire_values(kind) for name, kind in FIELDS[event].items()}
    return st.builds(LogLine, st.just(event), st.fixed_dictionaries({}, optional=fields))


logs = st.sampled_from(Event).flatmap(lines_of)
endings = st.builds(CallEnded, st.integers(0, CALL.high), records(CallMetrics))
others = [records(event) for event in NAMES.values() if event not in (LogLine, CallEnded, OutreachHeld)]
patients = st.binary(min_size=16, max_size=16).map(ref_of).filter(is_reference).map(lambda ref: Kept(patient=ref))
tried = st.builds(
    lambda kept, day, came: kept.placed(day).came(came), patients, st.integers(1, 60_000), st.sampled_from(Came)
)
held = st.builds(OutreachHeld, st.integers(0, CALL.high), st.one_of(patients, patients.map(Kept.out), tried))
events = st.one_of(logs, endings, held, *others)


@given(events)
def test_every_event_survives_the_pipe_in_one_short_line(event: CallEvent) -> None:
    line = encode(event, DEVELOPMENT)

    assert event == decode(line, DEVELOPMENT)
    assert "\n" not in line
    assert len(line.encode()) < MAX_LINE


@pytest.mark.parametrize("profile", [Profile.PRODUCTION])
def test_timings_of_turns_exist_in_development_only(profile: Profile) -> None:
    timing = TurnTiming(1, 200, 100, 50, 80, 430)

    assert {TurnTiming} == set(DEVELOPMENT_ONLY)
    for refused in (
        lambda: encode(timing),
        lambda: encode(timing, profile),
        lambda: decode(encode(timing, DEVELOPMENT)),
    ):
        with pytest.raises(NotClosed) as refusal:
            refused()
        assert Reason.NOT_IN_THIS_PROFILE is refusal.value.reason


GOOD = encode(KeyPressed(3))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", Reason.NOT_FLAT),
        (CANARY, Reason.NOT_FLAT),
        ("{}", Reason.UNKNOWN_EVENT),
        ("[]", Reason.NOT_FLAT),
        ("{", Reason.NOT_JSON),
        (f"{GOOD}{GOOD}", Reason.NOT_FLAT),
        (f"{GOOD} x", Reason.NOT_JSON),
        ('{"event":"key_pressed","call":3,"call":3}', Reason.NOT_JSON),
        ('{"event":"key_pressed","call":NaN}', Reason.NOT_JSON),
        ('{"event":"key_pressed","call":Infinity}', Reason.NOT_JSON),
        ('{"event":"key_pressed","call":3.0}', Reason.NOT_JSON),
        ('{"event":"key_pressed","call":3e0}', Reason.NOT_JSON),
        (f'{{"event":"key_pressed","call":{"9" * 800}}}', Reason.NOT_JSON),
        ('{"event":"key_pressed","call":null}', Reason.NOT_FLAT),
        ('{"event":"key_pressed","call":[3]}', Reason.NOT_FLAT),
        ('{"event":"key_pressed","call":{"x":3}}', Reason.NOT_FLAT),
        ('{"event":"key_pressed","call":true}', Reason.WRONG_TYPE),
        ('{"event":"key_pressed","call":"3"}', Reason.WRONG_TYPE),
        ('{"event":"key_pressed","call":-1}', Reason.OUT_OF_RANGE),
        ('{"event":"key_pressed"}', Reason.MISSING_FIELD),
        (f'{{"event":"key_pressed","call":3,"{CANARY}":1}}', Reason.UNKNOWN_FIELD),
        (f'{{"event":"{CANARY}","call":3}}', Reason.UNKNOWN_EVENT),
        ('{"event":1,"call":3}', Reason.UNKNOWN_EVENT),
        (f'{{"event":"turn_state","call":3,"state":"{CANARY}"}}', Reason.OUT_OF_RANGE),
        (f'{{"event":"log","name":"{CANARY}"}}', Reason.UNKNOWN_EVENT),
        (f'{{"event":"log","name":"ready","{CANARY}":1}}', Reason.UNKNOWN_FIELD),
        (f'{{"event":"log","name":"model_refused","reason":"{CANARY.lower()}"}}', Reason.OUT_OF_RANGE),
        ('{"event":"log","name":"proved","count":true}', Reason.WRONG_TYPE),
        ('{"event":"call_ended","call":1}', Reason.MISSING_FIELD),
        (f'{{"event":"key_pressed","call":3{" " * MAX_LINE}}}', Reason.TOO_LONG),
        ('{"event":"key_pressed","call":3}\ud800', Reason.NOT_JSON),
    ],
)
def test_anything_else_is_refused_and_not_repeated(line: str, reason: Reason) -> None:
    with pytest.raises(NotClosed) as refusal:
        decode(line)

    assert reason is refusal.value.reason
    assert CANARY.lower() not in str(refusal.value).lower()
    assert refusal.value.__context__ is None


@given(st.text() | st.from_regex(r'\{"event":"[a-z_]+",.*\}'))
def test_random_lines_are_refused(line: str) -> None:
    with pytest.raises(NotClosed):
        decode(line)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text(), max_size=4))
def test_random_objects_are_refused(flat: dict[str, Any]) -> None:
    with pytest.raises(NotClosed):
        decode(json.dumps(flat))


def test_the_record_of_a_call_lies_flat_in_its_event() -> None:
    flat = json.loads(encode(CallEnded(7, a_call())))

    assert {"event": "call_ended", "call": 7} | a_call().to_wire() == flat


def test_an_event_out_of_its_bounds_is_not_made() -> None:
    with pytest.raises(NotClosed):
        KeyPressed(-1)
    with pytest.raises(NotClosed):
        CallEnded(1, a_call().to_wire())  # type: ignore[arg-type]
    with pytest.raises(NotClosed):
        LogLine(Event.READY, {"words": CANARY})
    with pytest.raises(NotClosed):
        LogLine("ready", {})  # type: ignore[arg-type]


def test_the_states_are_those_of_turn_taking() -> None:
    assert [state.value for state in turns.State] == [state.value for state in TurnName]


def test_the_ordinal_of_a_call_is_a_bounded_count() -> None:
    assert Count(0, 999_999_999) == CALL

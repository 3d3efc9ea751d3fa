"""Nothing but closed records is kept, and the page that says so is true."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.attempts import Kept
from policies.closed import Bucket, Choice, Count, Flag, Kind, NotClosed, Reason, Shape, check, kinds_of
from policies.records import (
    DURATION_S,
    GAP_MS,
    AgentFile,
    AgentPolicy,
    AuditEntry,
    CallMetrics,
    Evidence,
    InForce,
    KeptTranscript,
    ListedModel,
    NurseStatus,
    Presence,
    SealedTranscript,
    Token,
    TranscriptKey,
    TreeHead,
    WorkspacePolicy,
    at_most,
    hour_of,
    ref_of,
)
from tests.unit.examples import a_call, a_presence, records

PAGE = Path(__file__).parents[2] / "docs" / "what-we-keep.md"
KEPT: list[type[Any]] = [
    CallMetrics, Presence, InForce, NurseStatus, Kept, SealedTranscript, KeptTranscript, TranscriptKey, AgentPolicy,
    WorkspacePolicy, Evidence, ListedModel, AgentFile, Token, AuditEntry, TreeHead,
]  # fmt: skip
CANARY = "Xanthippe"


@pytest.mark.parametrize("record", [a_call(), a_call(escalation=None), a_presence()])
def test_a_record_survives_the_wire(record: Any) -> None:
    wire = json.loads(json.dumps(record.to_wire()))

    assert record == type(record).from_wire(wire)


@given(records(CallMetrics))
def test_every_record_survives_the_wire(record: CallMetrics) -> None:
    assert record == CallMetrics.from_wire(json.loads(json.dumps(record.to_wire())))


@pytest.mark.parametrize("kept", KEPT)
def test_every_field_is_closed(kept: type[Any]) -> None:
    assert [field.name for field in dataclasses.fields(kept)] == list(kinds_of(kept))


def test_a_class_with_an_open_field_is_no_record() -> None:
    @dataclasses.dataclass(frozen=True)
    class Open:
        note: str

    with pytest.raises(TypeError):
        check(Open("x"))


FITTING: dict[str, object] = {"escalation": None, "greeting_played": True, "closing_played": True} | dict.fromkeys(
    [name for name, kind in kinds_of(CallMetrics).items() if isinstance(kind, Count) and name != "hour"], 1
)


@pytest.mark.parametrize("field", kinds_of(CallMetrics))
@pytest.mark.parametrize("value", [CANARY, -1, 10**9, 1.5, None, b"x", [], {}, True, 1, "", "harbor line", "A" * 23])
def test_a_value_out_of_its_bounds_makes_no_record(field: str, value: object) -> None:
    fits: object = FITTING.get(field)
    if field in FITTING and value is fits:
        a_call(**{field: value})
        return
    with pytest.raises(NotClosed) as refusal:
        a_call(**{field: value})

    assert CANARY not in str(refusal.value)
    assert field == refusal.value.field


@pytest.mark.parametrize("field", kinds_of(CallMetrics))
def test_a_missing_field_is_refused(field: str) -> None:
    wire = a_call().to_wire()
    del wire[field]

    with pytest.raises(NotClosed) as refusal:
        CallMetrics.from_wire(wire)
    assert Reason.MISSING_FIELD is refusal.value.reason


def test_an_unknown_field_is_refused_and_not_repeated() -> None:
    with pytest.raises(NotClosed) as refusal:
        CallMetrics.from_wire(a_call().to_wire() | {CANARY: 1})

    assert Reason.UNKNOWN_FIELD is refusal.value.reason
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("wire", [None, [], "{}", 1, {1: 2}, {}, {None: None}])
def test_what_is_no_flat_object_is_refused(wire: object) -> None:
    with pytest.raises(NotClosed):
        CallMetrics.from_wire(wire)  # type: ignore[arg-type]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*kinds_of(CallMetrics), "x"]) | st.text(), anything))
def test_random_fields_are_refused(wire: dict[str, Any]) -> None:
    with pytest.raises(NotClosed):
        CallMetrics.from_wire(wire)


@given(st.sampled_from(list(kinds_of(CallMetrics))), anything)
def test_one_random_value_in_a_good_record_is_refused_or_within_its_bounds(field: str, value: Any) -> None:
    try:
        record = CallMetrics.from_wire(a_call().to_wire() | {field: value})
    except NotClosed:
        return
    assert value == record.to_wire()[field]
    assert type(value) is type(record.to_wire()[field])


@given(st.floats(-1e6, 1e6))
def test_a_bucket_is_the_smallest_edge_that_holds_the_value(measured: float) -> None:
    for bucket in (DURATION_S, GAP_MS):
        edge = bucket.of(measured)

        assert edge in bucket.edges
        assert measured <= edge or edge == bucket.edges[-1]
        assert all(measured > lower for lower in bucket.edges if lower < edge)


@given(st.binary(min_size=16, max_size=16))
def test_a_ref_is_22_characters_fit_for_a_url(entropy: bytes) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", ref_of(entropy))
    a_call(ref=ref_of(entropy))


def test_a_ref_needs_16_random_bytes() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        ref_of(b"x")


@given(st.integers(438_288, 1_000_000), st.floats(0, 3599))
def test_time_is_kept_to_the_hour(hour: int, seconds: float) -> None:
    assert hour == hour_of(hour * 3600 + seconds)


@pytest.mark.parametrize(("tally", "kept"), [(0, 0), (998, 998), (999, 999), (1000, 999)])
def test_a_tally_stops_at_its_bound(tally: int, kept: int) -> None:
    assert kept == at_most(tally)


def in_words(kind: Kind) -> str:
    match kind:
        case Count(low, high):
            return f"{low} to {high}"
        case Bucket(edges):
            return "one of " + ", ".join(map(str, edges))
        case Shape(pattern, _):
            return f"text `{pattern}`".replace("|", "\\|")  # a bare one would end the cell
        case Choice(of, optional):
            return ", ".join(f"`{member.value}`" for member in of) + (", `none`" if optional else "")
        case Flag():
            return "true or false"


@pytest.mark.parametrize("kept", KEPT)
def test_the_page_says_every_field_and_no_other(kept: type[Any]) -> None:
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {kept.__name__}\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in row.split(" | ")] for row in re.findall(r"^\| (`.*) \|$", section, re.MULTILINE)]

    assert [[f"`{name}`", in_words(kind)] for name, kind in kinds_of(kept).items()] == [row[:2] for row in rows]
    assert all(row[2].endswith(".") for row in rows)


def test_the_page_counts_right() -> None:
    assert f"one record of {len(kinds_of(CallMetrics))} fields" in PAGE.read_text(encoding="utf-8")

"""Which policy was in force when: for breach notification, never more protected than it was."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.keeper.__main__ import main
from agent.keeper.aggregates import daily
from agent.keeper.api.shapes import HOUR, hour_of, spelled_hour
from agent.keeper.incidents import involved
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState
from policies import changes, workspace
from policies.acts import OffReason, Role
from policies.audit import digest
from policies.changes import Changed, level
from policies.four_eyes import Pair
from policies.incident import History
from policies.objectives import Covered
from policies.records import CallMetrics, ref_of
from policies.requests import (
    Actor,
    ApproveZeroOff,
    Around,
    AskZeroOff,
    CreateAgent,
    DeleteAgent,
    Rebuild,
    Request,
    ZeroOn,
)
from policies.retention import Retention, admit
from policies.workspace import ApproveForceOff, AskForceOff, Force, WorkspaceChanged
from tests.admin import Interface, interface
from tests.kept import sign_up, token_of
from tests.stub_line import metrics

ONE, TWO = Actor(Role.ADMIN, ref_of(bytes(16))), Actor(Role.ADMIN, ref_of(bytes(range(16))))
BUILD = "a" * 64
FIRST = 498_000


@pytest.fixture(name="state")
def _state(tmp_path: Path) -> Iterator[SqliteState]:
    with contextlib.closing(SqliteState.open(tmp_path)) as opened:
        yield opened


def call(state: SqliteState, hour: int, agent: str = "demo") -> CallMetrics:
    record = replace(metrics(), hour=hour, agent=agent)
    permitted = admit(record, Retention.ZERO)
    assert permitted is not None
    assert state.keep(permitted)
    return record


def off(ledger: Ledger, hour: int) -> None:
    sign_up(ledger, token_of(ONE), token_of(TWO))
    policy = ledger.policy("demo")
    assert policy is not None
    steps: list[tuple[Request, Actor]] = [
        (AskZeroOff(OffReason.COMPLAINT), ONE),
        (ApproveZeroOff(policy.revision + 1), TWO),
    ]
    for request, actor in steps:
        assert isinstance(ledger.change_agent("demo", request, actor, Around(hour, None)), Changed)


def test_each_call_is_told_with_the_laxest_policy_of_its_hour(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, Around(FIRST + 1, None))
    off(ledger, FIRST + 3)
    ledger.change_agent("demo", ZeroOn(), ONE, Around(FIRST + 5, None))
    last = digest(ledger.policy("demo"))
    calls = [call(state, FIRST + hours) for hours in range(7)]
    rows = list(involved(state, ledger.entries(), FIRST, FIRST + 6))

    assert [record.ref for record in calls] == [row["ref"] for row in rows]
    assert ["zero", "zero", "zero", "redacted", "redacted", "redacted", "zero"] == [row["retention"] for row in rows]
    assert [False, True, False, True, False, True, False] == [row["changed"] for row in rows]
    assert [] == rows[0]["policies"]
    assert [last] == rows[6]["policies"]
    assert [1, 3] == [len(row["policies"]) for row in (rows[1], rows[3]) if isinstance(row["policies"], list)]


def test_the_workspace_s_force_counts_from_the_hour_after_it_began(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, Around(FIRST, None))
    off(ledger, FIRST)
    assert isinstance(ledger.change_workspace(Force(), ONE, FIRST + 2), WorkspaceChanged)
    ledger.change_workspace(AskForceOff(OffReason.COMPLAINT), ONE, FIRST + 4)
    ledger.change_workspace(ApproveForceOff(ledger.workspace().revision), TWO, FIRST + 4)
    for hours in range(6):
        call(state, FIRST + hours)
    rows = list(involved(state, ledger.entries(), FIRST, FIRST + 5))

    assert ["redacted", "redacted", "redacted", "zero", "redacted", "redacted"] == [row["retention"] for row in rows]


def test_an_agent_that_nobody_set_anything_for_has_zero_retention(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, Around(FIRST, None))
    off(ledger, FIRST)
    ledger.change_agent("demo", DeleteAgent(), ONE, Around(FIRST + 1, None))
    call(state, FIRST + 2)
    call(state, FIRST + 2, "other")
    rows = list(involved(state, ledger.entries(), FIRST + 2, FIRST + 2))

    assert ["zero", "zero"] == [row["retention"] for row in rows]
    assert [False, False] == [row["live"] for row in rows]


REQUESTS = st.sampled_from(
    [
        (CreateAgent(BUILD), ONE), (DeleteAgent(), ONE), (ZeroOn(), ONE), (AskZeroOff(OffReason.COMPLAINT), ONE),
        (ApproveZeroOff(0), TWO), (Force(), ONE), (AskForceOff(OffReason.COMPLAINT), ONE), (ApproveForceOff(0), TWO),
        (Rebuild("d" * 64), ONE), (Rebuild("e" * 64), Actor(Role.KEEPER)),
    ]
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 2), REQUESTS), max_size=25))
def test_the_log_tells_the_same_as_the_policies_did(steps: list[tuple[int, tuple[object, Actor]]]) -> None:
    """At the end of each hour, whatever was asked: the level that held is never stricter in the history."""
    policy, space, hour = None, workspace.AT_FIRST, FIRST
    history, held = History(), {FIRST: [Retention.ZERO]}
    for sequence, (later, (request, actor)) in enumerate(steps):
        if later:
            last = held[hour][-1]
            hour += later
            held[hour] = [last]
        if isinstance(request, ApproveZeroOff):
            request = ApproveZeroOff(0 if policy is None else policy.revision)
        if isinstance(request, ApproveForceOff):
            request = ApproveForceOff(space.revision)
        pair = Pair(token_of(ONE), token_of(TWO))
        if isinstance(request, Force | AskForceOff | ApproveForceOff):
            switched = workspace.force(space, request, actor, hour, pair)
            event = switched.event
            space = switched.policy if isinstance(switched, WorkspaceChanged) else space
        else:
            changed = changes.change(policy, request, actor, Around(hour, space, pair=pair), "demo")  # type: ignore[arg-type]  # of the others
            event = changed.event
            policy = changed.policy if isinstance(changed, Changed) else policy
        history.add(event.numbered(sequence))
        held[hour].append(level(policy, space))
    for each, levels in held.items():
        assert history.in_force("demo", each).retention <= min(levels)
        if len(levels) == 1:
            assert history.in_force("demo", each).retention is levels[0]


def test_an_incident_is_told_at_the_terminal_as_lines_and_as_a_table(
    tmp_path: Path, state: SqliteState, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, Around(FIRST, None))
    inside, outside = call(state, FIRST + 1), call(state, FIRST + 2)
    window = ["--from", spelled_hour(FIRST), "--to", spelled_hour(FIRST + 1)]

    assert 0 == main(["incident", "--state", str(tmp_path), *window])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(inside.ref, spelled_hour(FIRST + 1), "person", "zero")] == [
        (row["ref"], row["hour"], row["outcome"], row["retention"]) for row in rows
    ]
    assert 0 == main(["incident", "--state", str(tmp_path), *window, "--format", "table"])
    table = capsys.readouterr().out
    assert inside.ref in table
    assert outside.ref not in table
    assert f"draft, agent {rows[0]['policies'][0][:12]}" in table


def test_a_state_without_any_call_has_no_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["token", "--state", str(tmp_path), "issue", "--role", "nurse", "--days", "1"])
    capsys.readouterr()

    assert 0 == main(["incident", "--state", str(tmp_path), "--from", "2026-11-22T00", "--to", "2026-11-22T01"])
    assert "" == capsys.readouterr().out


@pytest.mark.parametrize("hour", ["2026-11-22", "2026-11-22T24", "2026-02-30T10", "yesterday", "2026-11-22T1"])
def test_what_is_no_hour_is_no_window(tmp_path: Path, hour: str) -> None:
    with pytest.raises(SystemExit):
        main(["incident", "--state", str(tmp_path), "--from", hour, "--to", hour])


@given(st.integers(438_288, 700_000))
def test_an_hour_is_spelled_and_read_alike(hour: int) -> None:
    assert re.fullmatch(HOUR.pattern, spelled_hour(hour))
    assert hour == hour_of(spelled_hour(hour))
    assert hour * 3_600 == int(datetime.fromisoformat(spelled_hour(hour) + ":00").replace(tzinfo=UTC).timestamp())


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[Interface]:
    with contextlib.closing(SqliteState.open(tmp_path)) as state:
        for hours in range(5):
            call(state, FIRST + hours)
    with interface(tmp_path) as running:
        yield running


def test_an_incident_is_told_by_pages_over_http(running: Interface) -> None:
    window = f"from={spelled_hour(FIRST)}&to={spelled_hour(FIRST + 4)}"
    pages = [running.ask("GET", f"/v1/incident?{window}&most=2&first={first}", "auditor").json for first in (0, 2, 4)]

    assert [(2, True), (2, True), (1, False)] == [(len(page["calls"]), page["more"]) for page in pages]
    assert 5 == len({row["ref"] for page in pages for row in page["calls"]})


@pytest.mark.parametrize("window", ["from=2026-11-22T10&to=2026-11-22T09", "from=2026-01-01T00&to=2026-03-01T00"])
def test_a_window_that_is_none_or_too_wide_is_refused(running: Interface, window: str) -> None:
    assert 400 == running.ask("GET", f"/v1/incident?{window}", "auditor").status


def test_metrics_are_sums_and_medians_by_the_day_and_name_no_call(running: Interface) -> None:
    day = spelled_hour(FIRST)[:10]
    reply = running.ask("GET", f"/v1/metrics?from={day}&to={day}", "clinical_editor")
    rows = reply.json["days"]

    assert [(day, "demo", 5, {"person": 5}, 10, 5, 30, 500)] == [
        (
            row["day"], row["agent"], row["calls"], row["outcome"], row["turns"], row["greeting_played"],
            row["duration_s"], row["gap_p50_ms"],
        )
        for row in rows
    ]  # fmt: skip
    assert "ref" not in rows[0]


def test_a_median_of_buckets_is_a_bucket() -> None:
    records = [replace(metrics(), duration_s=seconds) for seconds in (10, 30, 60, 3_600)]

    assert 30 == daily(records)[0]["duration_s"]
    assert [] == daily([])


def test_of_each_thing_that_was_to_be_asked_the_day_says_how_often_it_was_completed() -> None:
    first = [Covered.ANSWERED, Covered.ESCALATED, Covered.DECLINED, Covered.NONE]
    second = [Covered.NOT_REACHED, Covered.ASKED, Covered.NONE, Covered.NONE]
    records = [replace(metrics(), objective_1=one, objective_2=two) for one, two in zip(first, second, strict=True)]

    assert {"objective_1": 66, "objective_2": 0} == daily(records)[0]["completed_percent"]

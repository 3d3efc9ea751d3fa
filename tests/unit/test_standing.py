"""What is set counts only while it is what the audit log says; else it is on the safe side, and that is written."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.keeper.database import FILE, StateFailed
from agent.keeper.holding import in_force
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from policies.acts import Act, OffReason, Subject
from policies.allowlist import BUILT_IN, NOTHING_LISTED
from policies.audit import AuditFault, digest, entry_of
from policies.changes import level
from policies.records import InForce, Profile
from policies.requests import CreateAgent, ZeroOn
from policies.retention import Retention
from policies.workspace import AskForceOff, Force, WorkspaceChanged
from tests.kept import BUILD, ONE, TWO, Office
from tests.unit.test_ledger import EVIDENCE

OFF_BY_HAND = "UPDATE agent_policies SET zero_retention = 0"
FORCED_OFF_BY_HAND = "UPDATE workspace SET zero_forced = 0"


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    office = Office.open(tmp_path / "state")
    office.ask(CreateAgent(BUILD))
    yield office
    office.close()


def by_hand(office: Office, *statements: str) -> None:
    """As somebody with the file and without the key would."""
    with contextlib.closing(sqlite3.connect(office.folder / FILE)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def reading(office: Office) -> LedgerReader:
    return LedgerReader(office.folder)


def held(office: Office) -> set[Retention]:
    """What the keeper goes by, the duties, and the keeper after its next start."""
    found = set()
    with contextlib.closing(reading(office)) as reader:
        found |= {level(each, reader.workspace()) for each in reader.policies()}
    found |= {level(office.ledger.policy("demo"), office.ledger.workspace())}
    again = SqliteState.open(office.folder)
    ledger = Ledger.open(office.folder, again.database)
    found |= {level(ledger.policy("demo"), ledger.workspace())}
    again.close()
    return found


def faults(office: Office) -> set[AuditFault]:
    with contextlib.closing(reading(office)) as reader:
        return {fault.what for fault in reader.verify(None, ())[1]}


def test_zero_retention_that_somebody_switched_off_in_the_file_stays_on_and_is_written_down(office: Office) -> None:
    by_hand(office, OFF_BY_HAND)
    assert {AuditFault.OTHER_STATE} == faults(office)

    assert {Retention.ZERO} == held(office)
    assert Act.STATE_ALTERED is office.acts()[-1]
    assert set() == faults(office)
    policy = office.ledger.policy("demo")
    assert policy is not None
    assert (True, 1) == (policy.zero_retention, policy.revision)


def test_a_transcript_of_an_agent_that_somebody_switched_off_in_the_file_is_not_taken(office: Office) -> None:
    ref = office.a_call()
    sealed = office.sealed(ref)
    by_hand(office, OFF_BY_HAND)
    assert not office.transcripts.take(sealed)
    office.zero_off("demo")  # by two admins
    assert office.transcripts.take(sealed)


def test_what_the_bus_is_told_of_an_altered_row_is_zero_retention(office: Office) -> None:
    office.zero_off("other")
    by_hand(office, OFF_BY_HAND)
    with contextlib.closing(reading(office)) as reader:
        told = in_force(
            reader, {"demo": BUILT_IN, "other": BUILT_IN}, NOTHING_LISTED, Profile.PRODUCTION, date(2026, 11, 22)
        )
        assert reader.is_altered()
    records = [permitted.record for permitted in told]
    assert {"demo": True, "other": False} == {
        each.agent: each.zero_retention for each in records if isinstance(each, InForce)
    }


def test_an_older_row_that_was_once_logged_is_none_that_counts(office: Office) -> None:
    office.zero_off("other")
    by_hand(office, "CREATE TABLE once AS SELECT * FROM agent_policies WHERE agent = 'other'")
    office.ask(ZeroOn(), TWO, "other")
    by_hand(
        office,
        "DELETE FROM agent_policies WHERE agent = 'other'",
        "INSERT INTO agent_policies SELECT * FROM once",
    )

    assert level(office.ledger.policy("other"), office.ledger.workspace()) is Retention.ZERO


def test_a_change_after_that_begins_at_the_safe_side_and_its_entries_say_so(office: Office) -> None:
    by_hand(office, OFF_BY_HAND)
    office.ask(ZeroOn())  # refused: it is on

    assert [Act.STATE_ALTERED, Act.ACT_REFUSED] == office.acts()[-2:]


def test_a_policy_whose_row_is_gone_is_zero_and_written_down_once(office: Office) -> None:
    by_hand(office, "DELETE FROM agent_policies")

    assert {Retention.ZERO} == held(office)
    assert {Retention.ZERO} == held(office)
    assert 1 == office.acts().count(Act.STATE_ALTERED)
    assert set() == faults(office)
    office.ask(CreateAgent(BUILD))
    assert office.ledger.policy("demo") is not None


@pytest.mark.parametrize(
    "how",
    [
        (FORCED_OFF_BY_HAND,),
        ("DELETE FROM workspace",),
        ("INSERT INTO workspace VALUES (0, 0, 'none', 'none')",),
        ("ALTER TABLE workspace ADD COLUMN note TEXT NOT NULL DEFAULT 'x'",),  # as of another version
        ("PRAGMA ignore_check_constraints = ON", "UPDATE workspace SET off_reason = 'none', off_requested_by = 'x'"),
        ("DROP TABLE workspace",),
    ],
)
def test_the_workspace_stays_forced_whatever_becomes_of_its_row(office: Office, how: tuple[str, ...]) -> None:
    office.zero_off()
    office.ledger.change_workspace(Force(), ONE, 500_000)
    by_hand(office, *how)
    again = SqliteState.open(office.folder)
    ledger = Ledger.open(office.folder, again.database)

    assert level(ledger.policy("demo"), ledger.workspace()) is Retention.ZERO
    assert ledger.workspace().zero_forced
    with contextlib.closing(reading(office)) as reader:
        last = [entry_of(line) for line in reader.lines()][-1]
    assert (Act.STATE_ALTERED, Subject.WORKSPACE, digest(ledger.workspace())) == (last.act, last.subject, last.after)
    asked = ledger.change_workspace(AskForceOff(OffReason.COMPLAINT), ONE, 500_000)
    assert isinstance(asked, WorkspaceChanged)  # and two admins end it as ever
    again.close()


def test_a_running_keeper_that_misses_the_workspace_s_row_goes_on_as_forced(office: Office) -> None:
    office.zero_off()
    office.ledger.change_workspace(Force(), ONE, 500_000)
    by_hand(office, "DELETE FROM workspace")

    assert office.ledger.workspace().zero_forced
    with contextlib.closing(reading(office)) as reader:
        assert reader.workspace().zero_forced


def test_a_new_state_has_a_row_for_the_workspace_and_nothing_to_put_right(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "state")

    assert [(0, 0)] == office.state.database.run("SELECT revision, zero_forced FROM workspace")[0]
    assert [] == office.acts()
    assert set() == faults(office)
    office.close()


@pytest.mark.parametrize("kept", ["agent_policies", "evidence"])
def test_a_state_with_policies_or_agreements_and_no_log_is_refused(office: Office, kept: str) -> None:
    office.ledger.record_evidence(EVIDENCE, ONE, 500_000)
    gone = {"agent_policies", "evidence", "tokens", "audit_entries", "audit_head"} - {kept}
    by_hand(office, *(f"DELETE FROM {table}" for table in sorted(gone)))
    again = SqliteState.open(office.folder)

    with pytest.raises(StateFailed, match="no audit log of it"):
        Ledger.open(office.folder, again.database)
    again.close()


def test_policies_without_a_log_are_a_fault(office: Office) -> None:
    by_hand(office, "DELETE FROM audit_entries", "DELETE FROM audit_head")

    assert {AuditFault.BAD_HEAD, AuditFault.OTHER_STATE} == faults(office)

"""What is held of patients who may be called, at the keeper: written at once, told to nobody, an opt-out for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from agent.briefing import MOST_BYTES
from agent.keeper import held_patients
from agent.keeper.collector import HELD_A_MINUTE, Collector
from agent.keeper.database import Database, columns_of
from agent.keeper.held_patients import HeldPatients
from agent.keeper.state import StateFailed
from policies import closed
from policies.attempts import Came, Kept
from policies.closed import Reason
from policies.events import CallEvent, LogLine, OutreachHeld, OutreachWritten
from policies.records import Profile
from policies.retention import Retention, Writable, admit
from policies.vocabulary import Event
from tests.stub_line import answered
from tests.unit.test_keeper import FullDisk, told

PATIENT: Final = Kept(patient="Zk3vQ0pT7mXs2LhYb9RcNw").placed(20_515)


def test_what_is_held_of_a_patient_is_told_to_nobody_but_that_it_is_written() -> None:
    written: list[Kept] = []

    def hold(record: Writable) -> bool:
        assert isinstance(record.record, Kept)
        written.append(record.record)
        return len(written) == 1

    heard: list[CallEvent] = []
    keeping = Collector(FullDisk(), Profile.DEVELOPMENT, answered(), heard.append, hold=hold)
    told(keeping, OutreachHeld(7, PATIENT), OutreachHeld(8, PATIENT.out()), OutreachWritten(9))

    assert [PATIENT, PATIENT.out()] == written
    assert [OutreachWritten(7)] == [event for event in heard if not isinstance(event, LogLine)]
    assert {Reason.NOT_THE_LINES: 1} == keeping.refused


def test_a_line_that_tells_of_many_patients_is_not_written_down() -> None:
    written: list[Writable] = []

    def hold(record: Writable) -> bool:
        written.append(record)
        return True

    keeping = Collector(FullDisk(), Profile.DEVELOPMENT, answered(), lambda _: None, clock=lambda: 0.0, hold=hold)
    told(keeping, *(OutreachHeld(n, PATIENT) for n in range(HELD_A_MINUTE + 5)))

    assert HELD_A_MINUTE == len(written)
    assert {Reason.TOO_MANY: 5} == keeping.refused


def test_a_state_that_cannot_be_written_says_nothing_is() -> None:
    def full(record: Writable) -> bool:
        raise StateFailed("full")

    heard: list[CallEvent] = []
    keeping = Collector(FullDisk(), Profile.DEVELOPMENT, answered(), heard.append, hold=full)
    told(keeping, OutreachHeld(7, PATIENT))

    assert [LogLine(Event.STATE_FAILED, {})] == heard


def test_full_books_are_told_once_an_hour() -> None:
    heard: list[CallEvent] = []
    now_s = [0.0]
    keeping = Collector(
        FullDisk(), Profile.DEVELOPMENT, answered(), heard.append, clock=lambda: now_s[0], hold=lambda _: False
    )
    for now_s[0] in (0.0, 30.0, 3_599.0, 3_600.0):
        told(keeping, OutreachHeld(7, PATIENT))

    assert [LogLine(Event.OUTREACH_FULL, {})] * 2 == heard


def test_full_books_take_no_new_patient_and_every_opt_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_patients, "MOST", 1)
    monkeypatch.setattr(held_patients, "MOST_OPTED_OUT", 2)
    held = HeldPatients(Database.open(tmp_path))
    others = [Kept(patient=ref).placed(20_000) for ref in ("u8Jd5WqGx1KfEoV4tPz6aA", "hT2nB7yMcR0iLpU9sDk3vQ")]

    assert held.keep(permitted(PATIENT))
    assert not held.keep(permitted(others[0]))
    assert held.keep(permitted(others[0].out()))
    assert held.keep(permitted(PATIENT.came(Came.BUSY)))
    assert held.keep(permitted(others[0].out().taken()))
    assert not held.keep(permitted(others[1].out()))
    assert {PATIENT.came(Came.BUSY), others[0].out().taken()} == set(held.all())


def test_the_line_is_told_of_as_many_patients_as_there_may_be_at_its_start() -> None:
    row = closed.to_wire(PATIENT.came(Came.NOT_VERIFIED).placed(20_516).came(Came.BUSY).out())

    assert MOST_BYTES >= held_patients.MOST_OPTED_OUT * 300
    assert len(json.dumps(row)) <= 300


def test_rows_of_patients_survive_a_restart_and_an_opt_out_is_never_taken_back(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    held = HeldPatients(database)
    assert held.keep(permitted(PATIENT.out()))
    assert held.keep(permitted(PATIENT.came(Came.BUSY)))
    database.close()

    again = HeldPatients(Database.open(tmp_path))
    assert (PATIENT.came(Came.BUSY).out(),) == again.all()
    other = Kept(patient="u8Jd5WqGx1KfEoV4tPz6aA").placed(20_000).came(Came.REACHED)
    assert again.keep(permitted(other))
    again.forget(20_300)
    assert 2 == len(again.all())
    again.forget(21_000)
    assert [PATIENT.patient] == [kept.patient for kept in again.all()]


def test_a_table_with_other_bounds_is_made_anew_with_its_rows(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    HeldPatients(database).keep(permitted(PATIENT.out()))
    database.run("ALTER TABLE outreach RENAME TO older")
    database.run(f"CREATE TABLE outreach ({columns_of(Kept, 'patient').replace('60000', '50000')}) STRICT")
    database.run("INSERT INTO outreach SELECT * FROM older")
    database.run("DROP TABLE older")

    assert (PATIENT.out(),) == HeldPatients(database).all()
    assert "60000" in database.run("SELECT sql FROM sqlite_schema WHERE name = 'outreach'")[0][0][0]


def permitted(kept: Kept) -> Writable:
    found = admit(kept, Retention.ZERO)
    assert found is not None
    return found

"""What ends by the keeper's clock: owed while somebody reads an older state, and never stopped by one thing amiss."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.keeper import duties as subject
from agent.keeper.answered import Answered
from agent.keeper.collector import Collector
from agent.keeper.database import FILE, Database, StateFailed
from agent.keeper.duties import Duties
from agent.keeper.following import PAGE
from agent.keeper.held_patients import COUNTS_DAYS, HeldPatients
from agent.keeper.holding import Place
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.transcripts import TranscriptsHere
from agent.keeping import Said, Speaker
from agent.sealing import Seal
from policies.acts import Act, Role, Subject
from policies.allowlist import days
from policies.attempts import Kept
from policies.audit import AuditEvent, canonical, entry_of, sign
from policies.events import CallEvent, LogLine, encode
from policies.merkle import Growing, leaf_hash
from policies.pieces import pieces_of
from policies.records import DAY, Evidence, EvidenceKind, Profile, SealedTranscript, ref_of
from policies.retention import Retention, admit
from policies.vocabulary import Event
from tests.kept import AUDITOR, ONE, Office, allowing
from tests.stub_line import KEY

ROOT = Path(__file__).parents[2]
TODAY = int(time.time() // 86_400)
LATER = datetime.now(UTC).date() + timedelta(days=8)
HOUR = 500_000


@pytest.fixture(name="office")
def _office(tmp_path: Path) -> Iterator[Office]:
    with allowing(tmp_path / "state") as office:
        yield office


def sealed(office: Office, ref: str, day: int = TODAY) -> SealedTranscript:
    """Of a caller whose turn could not be redacted."""
    return Seal(office.keys.public).shut([Said(Speaker.CALLER)], ref=ref, agent="demo", day=day, cut=False)


def kept(office: Office) -> tuple[str, bytes]:
    """A transcript that is there: its ref, and its key as it lies in the state's files."""
    ref = office.a_call()
    assert office.transcripts.take(sealed(office, ref))
    return ref, office.locked_key(ref).encode()


def at_work(office: Office, failed: list[Exception], owing: list[bool]) -> Duties:
    """Duties on the day when everything has run out; each of its rounds is asked for."""
    place = Place(
        office.folder,
        ROOT / "deploy" / "agents",
        ROOT / "deploy" / "allowlist.toml",
        Profile.DEVELOPMENT,
        None,
        None,
    )
    return Duties(place, office.keys, 7, None, time.time, lambda: LATER, failed=failed.append, owing=owing.append)


@contextlib.contextmanager
def reading(office: Office) -> Iterator[None]:
    """Somebody beside us reads the state as it is now, and goes on reading it."""
    with contextlib.closing(Database.open_to_read(office.folder)) as beside, beside.snapshot():
        beside.run("SELECT count(*) FROM calls")
        yield


def test_what_somebody_still_reads_is_owed_and_gone_with_the_next_round_after(office: Office) -> None:
    _, key = kept(office)
    failed: list[Exception] = []
    owing: list[bool] = []
    duties = at_work(office, failed, owing)
    with reading(office):
        duties._round()
        duties._round()
        assert key in office.bytes()
        assert [True] == owing
    duties._round()

    assert key not in office.bytes()
    assert ([True, False], []) == (owing, failed)
    assert Act.TRANSCRIPT_EXPIRED is office.acts()[-1]
    duties._close()


def test_what_is_held_of_a_patient_ends_by_the_day_and_an_opt_out_never_does(office: Office) -> None:
    held = HeldPatients(office.state.database)
    last = days(LATER) - COUNTS_DAYS
    refs = ("Zk3vQ0pT7mXs2LhYb9RcNw", "u8Jd5WqGx1KfEoV4tPz6aA", "hT2nB7yMcR0iLpU9sDk3vQ")
    for kept in (
        Kept(patient=refs[0]).placed(last),
        Kept(patient=refs[1]).placed(last).out(),
        Kept(patient=refs[2]).placed(last + 1),
    ):
        permitted = admit(kept, Retention.ZERO)
        assert permitted is not None
        assert held.keep(permitted)
    failed: list[Exception] = []
    duties = at_work(office, failed, [])
    duties._round()
    duties._close()

    assert {refs[1], refs[2]} == {kept.patient for kept in held.all()}
    assert [] == failed


def test_who_reads_does_not_hold_up_the_round(office: Office) -> None:
    for _ in range(5):
        kept(office)
    duties = at_work(office, [], [])
    duties._round()  # opens what it needs
    kept(office)
    duties.owe()
    with reading(office):
        begun_s = time.monotonic()
        duties._round()
        took_s = time.monotonic() - begun_s
    duties._close()

    assert took_s < 1.0  # once or twice 50 ms, where SQLite would wait 2 s each time


def test_what_an_interface_deletes_beside_a_reader_is_owed_by_the_duties(office: Office) -> None:
    duties = at_work(office, [], [])
    duties._round()
    ref, key = kept(office)
    here = TranscriptsHere(office.folder, office.keys, 7, duties.owe)
    with reading(office):
        assert here.delete(ref, AUDITOR)
        duties._round()
        assert key in office.bytes()
    duties._round()
    duties._close()

    assert key not in office.bytes()


def test_who_exports_the_log_slowly_reads_no_older_state(office: Office) -> None:
    ref, key = kept(office)
    for _ in range(PAGE):
        office.ledger.write(AuditEvent(hour=HOUR, role=Role.KEEPER, act=Act.PROCESS_STARTED, subject=Subject.PROCESS))
    with contextlib.closing(LedgerReader(office.folder)) as reader:
        exported, lines = reader.exported(), reader.lines()
        begun = [next(exported), next(lines)]
        assert office.transcripts.delete(ref, AUDITOR)
        assert key not in office.bytes()
        whole = [begun[0], *exported]
        assert whole[-2] == [begun[1], *lines][-1] + b"\n"

    assert Act.TRANSCRIPT_DELETED is entry_of(whole[-2].strip()).act
    assert not office.transcripts.owed


def test_the_calls_of_a_window_are_read_slowly_without_an_older_state(office: Office) -> None:
    refs = {office.a_call() for _ in range(1_100)}
    ref, key = kept(office)
    rows = office.state.between(0, 10_000_000)
    found = [next(rows).ref]
    with contextlib.closing(Database.open_to_read(office.folder)) as beside:
        beside.run("SELECT count(*) FROM calls")
        assert office.transcripts.delete(ref, AUDITOR)
    assert key not in office.bytes()
    found += [row.ref for row in rows]

    assert (refs | {ref}, 1_101) == (set(found), len(found))


def test_a_row_that_is_none_of_ours_ends_on_its_day_and_stops_no_other(office: Office) -> None:
    keys = [kept(office)[1] for _ in range(3)]
    with contextlib.closing(sqlite3.connect(office.folder / FILE)) as beside:
        beside.execute("UPDATE transcripts SET agent = 'UP', ref = 'not a ref' WHERE rowid = 1")
        beside.commit()

    swept = office.transcripts.expire(LATER)
    assert (3, False) == (swept.gone, swept.owed)
    assert [] == office.transcripts.refs()
    assert [] == [key for key in keys[1:] if key in office.bytes()]


def test_a_line_of_another_version_in_the_log_stops_no_expiry(office: Office) -> None:
    evidence = Evidence(
        party="anthropic",
        kind=EvidenceKind.BAA,
        reference="X-1",
        tier="t",
        signed=DAY.low,
        expires=DAY.low + 1,
        retention_days=0,
    )
    office.ledger.record_evidence(evidence, ONE, HOUR)
    with contextlib.closing(sqlite3.connect(office.folder / FILE)) as beside:
        lines = [line for (line,) in beside.execute("SELECT line FROM audit_entries ORDER BY sequence")]
        lines[0] = lines[0].replace(b"{", b'{"a_later_field":1,', 1)
        growing = Growing()
        for line in lines:
            growing.add(leaf_hash(line))
        beside.execute("UPDATE audit_entries SET line = ? WHERE sequence = 0", [lines[0]])
        head = sign(growing.size, growing.root, HOUR, office.ledger._key)
        beside.execute("UPDATE audit_head SET line = ?", [canonical(head)])
        beside.commit()
    ledger = Ledger.open(office.folder, office.state.database)

    assert [1, 0] == [ledger.note_expired(LATER, HOUR) for _ in range(2)]


@pytest.mark.parametrize("error", [StateFailed("no room"), ValueError("Xanthippe"), RuntimeError("Xanthippe")])
def test_a_duty_that_fails_is_told_once_and_done_with_the_next_round(
    error: Exception, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, key = kept(office)
    failed: list[Exception] = []
    duties = at_work(office, failed, [])

    def broken(*_: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(subject, "Ending", broken)
        duties._round()
        duties._round()
    assert ([error], True) == (failed, key in office.bytes())
    duties._round()
    duties._close()

    assert ([error], False) == (failed, key in office.bytes())


def test_policies_that_can_not_be_told_hold_no_expiry_up(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = kept(office)
    failed: list[Exception] = []
    duties = at_work(office, failed, [])

    def broken(*_: Any) -> Any:
        raise RuntimeError("Xanthippe")

    monkeypatch.setattr(subject, "LedgerReader", broken)
    duties._round()
    duties._close()

    assert ([RuntimeError] * 2, False) == ([type(each) for each in failed], key in office.bytes())


@pytest.mark.parametrize(("away", "taken"), [(-400, False), (-2, False), (-1, True), (0, True), (1, False)])
def test_a_transcript_is_of_today_or_yesterday(away: int, taken: bool, office: Office) -> None:
    noon = office.at(TODAY * 86_400.0 + 43_200)

    assert taken is noon.take(sealed(office, office.a_call(), TODAY + away))


@pytest.mark.parametrize("day", [DAY.low, DAY.high - 7, DAY.high])
def test_no_day_that_the_line_says_ends_the_keeper_or_keeps_words_for_good(day: int, office: Office) -> None:
    told: list[CallEvent] = []
    known = Answered({}, KEY, 1, Profile.DEVELOPMENT, lambda: day * 86_400.0)  # the collector itself refuses no day
    write, take = office.ledger.write, office.transcripts.take
    collector = Collector(office.state, Profile.DEVELOPMENT, known, told.append, write, transcripts=take)
    permitted = admit(sealed(office, office.a_call(), day), Retention.REDACTED)
    assert permitted is not None
    for piece in pieces_of(permitted):
        collector.take(encode(piece, Profile.DEVELOPMENT))

    assert [] == office.transcripts.refs()
    assert [LogLine(Event.RECORD_REFUSED, {"count": 1})] == told


def test_a_transcript_that_can_not_be_kept_as_it_is_is_counted(office: Office) -> None:
    told: list[CallEvent] = []
    tomorrow_s = DAY.high * 86_400.0
    never = office.at(tomorrow_s)
    known = Answered({}, KEY, 1, Profile.DEVELOPMENT, lambda: tomorrow_s)
    collector = Collector(office.state, Profile.DEVELOPMENT, known, told.append, transcripts=never.take)
    permitted = admit(sealed(office, office.a_call(), DAY.high), Retention.REDACTED)
    assert permitted is not None
    for piece in pieces_of(permitted):
        collector.take(encode(piece, Profile.DEVELOPMENT))

    assert [LogLine(Event.RECORD_REFUSED, {"count": 1})] == told
    assert None is office.transcripts.read(ref_of(bytes(16)), AUDITOR)

"""A change and its audit entry are written together or not at all, and the log says when somebody else wrote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.keeper.__main__ import main
from agent.keeper.collector import Collector
from agent.keeper.database import FILE, StateFailed
from agent.keeper.keys import KEY, PUBLIC, public_key, signing_key
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.parties import told
from agent.keeper.state import SqliteState
from agent.vendors import load
from policies.acts import Act, AuditReason, OffReason, Role, Subject
from policies.allowlist import BUILT_IN, Endpoint, days
from policies.audit import AuditEvent, AuditFault, digest, entry_of
from policies.changes import Changed, ChangeRefused
from policies.events import LogLine, encode
from policies.records import AuditEntry, Engine, Evidence, EvidenceKind, Profile, ref_of
from policies.requests import Actor, ApproveZeroOff, Around, AskZeroOff, CreateAgent, Request, ZeroOn
from policies.vocabulary import Event
from policies.workspace import Force, WorkspaceChanged
from tests.kept import sign_up, token_of
from tests.stub_line import answered

ROOT = Path(__file__).parents[2]
HOUR = 498_000
ONE, TWO = Actor(Role.ADMIN, ref_of(bytes(16))), Actor(Role.ADMIN, ref_of(bytes(range(16))))
AROUND = Around(HOUR, None)
BUILD = "a" * 64
EVENT = AuditEvent(hour=HOUR, role=Role.KEEPER, act=Act.PROCESS_STARTED, subject=Subject.PROCESS, thing="keeper")
EVIDENCE = Evidence(
    party="anthropic",
    kind=EvidenceKind.BAA,
    reference="C-1",
    tier="enterprise",
    signed=days(date(2026, 1, 1)),
    expires=days(date(2027, 1, 1)),
    retention_days=0,
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = SqliteState.open(tmp_path)
    yield opened
    opened.close()


def entries(folder: Path) -> list[AuditEntry]:
    reader = LedgerReader(folder)
    try:
        return [entry_of(line) for line in reader.lines()]
    finally:
        reader.close()


def faults(folder: Path) -> set[AuditFault]:
    reader = LedgerReader(folder)
    try:
        return {fault.what for fault in reader.verify(None, ())[1]}
    finally:
        reader.close()


def by_hand(folder: Path, *statements: str) -> None:
    """As somebody with the file and without the key would."""
    with contextlib.closing(sqlite3.connect(folder / FILE)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def test_what_was_changed_is_there_after_the_next_start_with_its_entries(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    sign_up(ledger, token_of(ONE), token_of(TWO))
    steps: list[tuple[Request, Actor]] = [
        (CreateAgent(BUILD), ONE),
        (AskZeroOff(OffReason.COMPLAINT), ONE),
        (ApproveZeroOff(1), TWO),
    ]
    for request, actor in steps:
        assert isinstance(ledger.change_agent("demo", request, actor, AROUND), Changed)
    ledger.record_evidence(EVIDENCE, ONE, HOUR)
    again = Ledger.open(tmp_path, state.database)
    policy = again.policy("demo")

    assert policy is not None
    assert policy == ledger.policy("demo")
    assert not policy.zero_retention
    assert [EVIDENCE] == again.evidence()
    assert digest(policy) == entries(tmp_path)[4].after
    assert [Act.AGENT_CREATED, Act.ZERO_OFF_REQUESTED, Act.ZERO_OFF_APPROVED, Act.BAA_RECORDED] == [
        entry.act for entry in entries(tmp_path)[2:]
    ]
    assert set() == faults(tmp_path)


def test_a_refusal_is_written_and_nothing_else(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)

    assert isinstance(ledger.change_agent("demo", ZeroOn(), ONE, AROUND), ChangeRefused)
    assert ledger.policy("demo") is None
    assert [(Act.ACT_REFUSED, AuditReason.NO_SUCH_AGENT)] == [(each.act, each.reason) for each in entries(tmp_path)]


def test_the_workspace_s_switch_is_looked_up_when_an_agent_is_changed(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    assert isinstance(ledger.change_workspace(Force(), ONE, HOUR), WorkspaceChanged)
    refused = ledger.change_agent("demo", AskZeroOff(OffReason.COMPLAINT), ONE, AROUND)

    assert isinstance(refused, ChangeRefused)
    assert refused.reason is AuditReason.FORCED
    assert Ledger.open(tmp_path, state.database).workspace().zero_forced


def test_evidence_with_the_same_reference_takes_the_place_of_the_old(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    renewed = Evidence(**{name: getattr(EVIDENCE, name) for name in EVIDENCE.__slots__} | {"expires": 30_000})
    ledger.record_evidence(EVIDENCE, ONE, HOUR)
    ledger.record_evidence(renewed, TWO, HOUR)

    assert [renewed] == ledger.evidence()
    assert (digest(EVIDENCE), digest(renewed)) == (entries(tmp_path)[1].before, entries(tmp_path)[1].after)


def test_an_agreement_that_has_ended_is_an_entry_once(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.record_evidence(EVIDENCE, ONE, HOUR)

    assert [0, 1, 0] == [ledger.note_expired(date(2027, 1, day), HOUR) for day in (1, 2, 3)]
    assert (Act.BAA_EXPIRED, "anthropic", digest(EVIDENCE)) == (
        entries(tmp_path)[1].act, entries(tmp_path)[1].thing, entries(tmp_path)[1].before
    )  # fmt: skip


def test_a_line_that_is_no_entry_is_exported_in_no_other_words(
    tmp_path: Path, state: SqliteState, capfd: pytest.CaptureFixture[str]
) -> None:
    Ledger.open(tmp_path, state.database).write(EVENT)
    by_hand(tmp_path, "UPDATE audit_entries SET line = X'00'")

    assert 1 == main(["audit", "--state", str(tmp_path), "export", "--format", "cef"])
    assert capfd.readouterr().err.startswith("quietline: the audit log holds a line that is no entry")


def test_the_key_is_made_once_and_for_us_alone(tmp_path: Path, state: SqliteState) -> None:
    Ledger.open(tmp_path, state.database).write(EVENT)
    key = (tmp_path / KEY).read_bytes()
    Ledger.open(tmp_path, state.database).write(EVENT)

    assert 0o600 == stat.S_IMODE((tmp_path / KEY).stat().st_mode)
    assert key == (tmp_path / KEY).read_bytes()
    assert {FILE, f"{FILE}-wal", f"{FILE}-shm", KEY, PUBLIC} == {file.name for file in tmp_path.iterdir()}


def test_a_log_whose_key_is_gone_is_not_gone_on_with(tmp_path: Path, state: SqliteState) -> None:
    Ledger.open(tmp_path, state.database).write(EVENT)
    (tmp_path / KEY).unlink()

    with pytest.raises(StateFailed, match="key is missing"):
        Ledger.open(tmp_path, state.database)
    assert not (tmp_path / KEY).exists()


@pytest.mark.parametrize("content", [None, b"", b"no key"])
def test_a_key_that_others_may_read_or_that_is_none_is_refused(
    tmp_path: Path, state: SqliteState, content: bytes | None
) -> None:
    Ledger.open(tmp_path, state.database)
    if content is None:
        (tmp_path / KEY).chmod(0o640)
    else:
        (tmp_path / KEY).write_bytes(content)

    with pytest.raises(StateFailed) as refused:
        signing_key(tmp_path, make=True)
    assert refused.value.__context__ is None


def test_another_key_is_not_taken_for_ours(tmp_path: Path, state: SqliteState) -> None:
    Ledger.open(tmp_path, state.database).write(EVENT)

    with pytest.raises(StateFailed, match="not as it was signed"):
        Ledger(state.database, Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_entries SET line = CAST(replace(line, 'keeper', 'proof!') AS BLOB) WHERE sequence = 1",
         AuditFault.BAD_ENTRY),
        ("UPDATE audit_entries SET line = (SELECT line FROM audit_entries WHERE sequence = 0) WHERE sequence = 1",
         AuditFault.OUT_OF_ORDER),
        ("DELETE FROM audit_entries WHERE sequence = 2", AuditFault.TRUNCATED),
        ("DELETE FROM audit_entries WHERE sequence = 0", AuditFault.OUT_OF_ORDER),
        ("DELETE FROM audit_head", AuditFault.BAD_HEAD),
        ("UPDATE audit_head SET line = X'00'", AuditFault.BAD_HEAD),
        ("INSERT INTO audit_entries SELECT 3, line FROM audit_entries WHERE sequence = 2", AuditFault.UNSIGNED),
    ],
)  # fmt: skip
def test_what_somebody_did_to_the_file_is_found_and_the_keeper_does_not_go_on(
    tmp_path: Path, state: SqliteState, statement: str, found: AuditFault
) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    for _ in range(3):
        ledger.write(EVENT)
    assert set() == faults(tmp_path)
    by_hand(tmp_path, statement)

    assert found in faults(tmp_path)
    with pytest.raises(StateFailed):
        Ledger.open(tmp_path, state.database)


def test_a_policy_that_somebody_wrote_out_of_its_bounds_is_no_policy(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    with pytest.raises(sqlite3.IntegrityError):
        by_hand(tmp_path, "UPDATE agent_policies SET zero_retention = 2")
    by_hand(tmp_path, "UPDATE agent_policies SET build = 'short'")

    with pytest.raises(StateFailed):
        ledger.policy("demo")


def test_two_keepers_on_one_state_write_one_log(tmp_path: Path, state: SqliteState) -> None:
    other = SqliteState.open(tmp_path)
    one, two = Ledger.open(tmp_path, state.database), Ledger.open(tmp_path, other.database)
    for _ in range(3):
        one.write(EVENT)
        two.write(EVENT)
    other.close()

    assert list(range(6)) == [entry.sequence for entry in entries(tmp_path)]
    assert set() == faults(tmp_path)


def test_a_write_that_fails_leaves_the_log_and_the_next_one_goes_on(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    by_hand(
        tmp_path,
        "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    before = ledger.policy("demo")
    with pytest.raises(StateFailed):
        ledger.change_agent("demo", AskZeroOff(OffReason.COMPLAINT), ONE, AROUND)
    assert before == ledger.policy("demo")
    by_hand(tmp_path, "DROP TRIGGER full")
    ledger.change_agent("demo", AskZeroOff(OffReason.COMPLAINT), ONE, AROUND)

    assert [0, 1] == [entry.sequence for entry in entries(tmp_path)]
    assert set() == faults(tmp_path)


def test_policies_of_an_older_schema_are_taken_over_as_far_as_they_fit(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    ledger.change_agent("other", CreateAgent(BUILD), ONE, AROUND)
    by_hand(
        tmp_path,
        "ALTER TABLE agent_policies RENAME TO old",
        "CREATE TABLE agent_policies AS SELECT * FROM old",
        "UPDATE agent_policies SET build = 'short' WHERE agent = 'other'",
        "DROP TABLE old",
    )
    again = Ledger.open(tmp_path, state.database)

    assert again.policy("demo") is not None
    assert again.policy("other") is None


KILLED = """
import os, sys
from pathlib import Path
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState
from policies.requests import AskZeroOff, DenyZeroOff
from policies.acts import OffReason
from tests.unit.test_ledger import AROUND, ONE

class Stopping(Ledger):
    def _append(self, event):
        if stops == "before the entry":
            print("now", flush=True); sys.stdin.read()
        entry = super()._append(event)
        if stops == "before the commit":
            print("now", flush=True); sys.stdin.read()
        return entry

folder, stops = Path(sys.argv[1]), sys.argv[2]
ledger = Stopping.open(folder, SqliteState.open(folder).database)
while True:
    if stops == "anywhere":
        print("now", flush=True)
    ledger.change_agent("demo", AskZeroOff(OffReason.COMPLAINT), ONE, AROUND)
    ledger.change_agent("demo", DenyZeroOff(), ONE, AROUND)
"""


@pytest.mark.parametrize("moment", ["before the entry", "before the commit", "anywhere"])
def test_a_keeper_that_is_killed_in_between_leaves_policy_and_log_as_one(tmp_path: Path, moment: str) -> None:
    state = SqliteState.open(tmp_path)
    Ledger.open(tmp_path, state.database).change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    state.close()
    for _ in range(3 if moment == "anywhere" else 1):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), moment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as process:
            assert process.stdout is not None
            for _ in range(7 if moment == "anywhere" else 1):
                assert process.stdout.readline() == b"now\n"
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert -signal.SIGKILL == process.returncode
        state = SqliteState.open(tmp_path)
        ledger = Ledger.open(tmp_path, state.database)
        policy = ledger.policy("demo")
        assert policy is not None
        assert digest(policy) == entries(tmp_path)[-1].after
        assert policy.revision == len(entries(tmp_path)) - 1
        assert moment == "anywhere" or policy.revision == 0
        assert set() == faults(tmp_path)
        ledger.write(EVENT)
        state.close()
        if moment == "anywhere":  # the entry that was just written belongs to no revision
            _forget(tmp_path)


def _forget(folder: Path) -> None:
    """A new log for the next round, so that its entries and the policy's revision count alike."""
    for file in folder.iterdir():
        file.unlink()
    state = SqliteState.open(folder)
    Ledger.open(folder, state.database).change_agent("demo", CreateAgent(BUILD), ONE, AROUND)
    state.close()


def test_two_first_starts_at_once_make_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []

    def start() -> None:
        keys.append(signing_key(tmp_path, make=True).private_bytes_raw())

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 8 == len(keys)
    assert 1 == len(set(keys))


def test_a_model_that_the_line_refused_is_in_the_audit_log_once_an_hour(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    now = [HOUR * 3600.0]
    collector = Collector(state, Profile.DEVELOPMENT, answered(), lambda _: None, ledger.write, lambda: now[0])
    refused = encode(LogLine(Event.MODEL_REFUSED, {"reason": "baa_expired"}), Profile.DEVELOPMENT)
    for later_s in (0, 1, 3600):
        now[0] += later_s
        collector.take(refused)

    assert [(Role.LINE, Act.MODEL_REFUSED, AuditReason.BAA_EXPIRED)] * 2 == [
        (entry.role, entry.act, entry.reason) for entry in entries(tmp_path)
    ]


def test_an_entry_waits_while_the_disk_is_full(tmp_path: Path, state: SqliteState) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    collector = Collector(state, Profile.DEVELOPMENT, answered(), lambda _: None, ledger.write)
    by_hand(tmp_path, "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END")
    collector.take(encode(LogLine(Event.MODEL_REFUSED, {"reason": "no_baa"}), Profile.DEVELOPMENT))
    assert collector.unkept == 1
    by_hand(tmp_path, "DROP TRIGGER full")
    collector.flush()

    assert 0 == collector.unkept
    assert 1 == len(entries(tmp_path))


def audit(capfd: pytest.CaptureFixture[str], folder: Path, *asked: object) -> tuple[int, str]:
    status = main(["audit", "--state", str(folder), *map(str, asked)])
    return status, capfd.readouterr().out


def test_an_operator_verifies_and_exports_beside_the_keeper(
    tmp_path: Path, state: SqliteState, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    ledger.write(EVENT)
    _, head = audit(capfd, tmp_path, "head")
    kept, public, exported = tmp_path / "head", tmp_path / PUBLIC, tmp_path / "log.jsonl"
    kept.write_text(head)
    ledger.write(EVENT)
    _, lines = audit(capfd, tmp_path, "export")
    exported.write_text(lines)

    assert 0 == audit(capfd, tmp_path, "verify", "--head", kept, "--key", public)[0]
    assert 0 == audit(capfd, tmp_path, "verify", "--head", kept, "--key", public, "--file", exported)[0]
    assert [3, 6002] == [
        len(lines.splitlines()),
        json.loads(audit(capfd, tmp_path, "export", "--format", "ocsf")[1].splitlines()[0])["class_uid"],
    ]
    assert audit(capfd, tmp_path, "export", "--format", "cef")[1].startswith("CEF:0|Quietline|")
    exported.write_text(lines.replace("keeper", "proof", 1))
    status, said = audit(capfd, tmp_path, "verify", "--key", public, "--file", exported)
    assert (1, True) == (status, "altered" in said)
    exported.write_text(lines.replace("\n", "\r\n"))
    assert 1 == audit(capfd, tmp_path, "verify", "--key", public, "--file", exported)[0]


def test_a_log_that_was_cut_and_signed_anew_does_not_pass_a_head_kept_elsewhere(
    tmp_path: Path, state: SqliteState, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    for _ in range(3):
        ledger.write(EVENT)
    kept = tmp_path / "head"
    kept.write_text(audit(capfd, tmp_path, "head")[1])
    by_hand(tmp_path, "DELETE FROM audit_entries", "DELETE FROM audit_head")
    Ledger(state.database, signing_key(tmp_path, make=False)).write(EVENT)

    assert 0 == audit(capfd, tmp_path, "verify")[0]
    status, said = audit(capfd, tmp_path, "verify", "--head", kept)
    assert (1, True) == (status, said.startswith("truncated"))


def test_a_log_put_back_to_an_older_state_passes_unless_a_newer_head_was_kept_and_verify_says_so(
    tmp_path: Path, state: SqliteState, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = Ledger.open(tmp_path, state.database)
    for _ in range(3):
        ledger.write(EVENT)
    older, newer = tmp_path / "older.jsonl", tmp_path / "newer"
    older.write_text(audit(capfd, tmp_path, "export")[1])
    for _ in range(3):
        ledger.write(EVENT)
    newer.write_text(audit(capfd, tmp_path, "head")[1])
    asked = ("verify", "--key", tmp_path / PUBLIC, "--file", older)

    assert (0, True) == _said(audit(capfd, tmp_path, *asked), "a cut end, its head put back too, can't be seen")
    assert (1, True) == _said(audit(capfd, tmp_path, *asked, "--head", newer), "truncated")
    assert (0, False) == _said(audit(capfd, tmp_path, "verify", "--head", newer), "a cut end")


def _said(answer: tuple[int, str], words: str) -> tuple[int, bool]:
    return answer[0], words in answer[1]


def test_what_is_no_head_no_key_or_no_state_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "junk").write_text("junk")

    assert 74 == audit(capfd, tmp_path / "none", "verify")[0]
    assert 74 == audit(capfd, tmp_path, "verify", "--head", tmp_path / "junk")[0]
    assert 74 == audit(capfd, tmp_path, "verify", "--key", tmp_path / "junk")[0]
    assert 74 == audit(capfd, tmp_path, "verify", "--file", tmp_path / "junk")[0]
    with pytest.raises(StateFailed) as refused:
        public_key(tmp_path / "junk")
    assert refused.value.__context__ is None


def test_every_party_in_the_data_path_is_printed_with_region_evidence_and_what_it_retains(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status = main(
        [
            *["vendors", "--state", str(tmp_path / "none"), "--agents", str(ROOT / "deploy" / "agents")],
            *["--allowlist", str(ROOT / "deploy" / "allowlist.toml")],
        ]
    )
    said = capfd.readouterr().out

    assert 1 == status
    for words in ("twilio", "anthropic", "google", "custom", "region us", "MISSING", "used by       demo", "retains"):
        assert words in said
    assert "demo          built in: may not leave draft: no baa" in said


def test_an_agent_whose_parties_all_have_evidence_is_said_to_be_complete() -> None:
    shipped = load(ROOT / "deploy" / "allowlist.toml")
    carrier = Evidence(**{name: getattr(EVIDENCE, name) for name in EVIDENCE.__slots__} | {"party": "twilio"})
    hosted = Endpoint(Engine.ANTHROPIC, "claude-sonnet-4-6", "https://api.anthropic.com")
    rows, complete = told(shipped.having([carrier]), {"demo": BUILT_IN}, date(2026, 11, 22))
    late, still = told(shipped.having([carrier]), {"demo": BUILT_IN}, date(2027, 1, 2))

    assert complete
    assert "  baa           C-1, enterprise, 2026-01-01 to 2027-01-01" in rows
    assert not still
    assert "  baa           C-1, enterprise, 2026-01-01 to 2027-01-01 NOT VALID TODAY" in late
    assert not told(shipped.having([carrier]), {"demo": hosted}, date(2026, 11, 22))[1]

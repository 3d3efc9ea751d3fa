"""The audit log reaches a collector over real TLS, each entry at least once, and a dead one stops nobody."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from agent import surroundings
from agent.keeper import forwarding
from agent.keeper.__main__ import main
from agent.keeper.database import Database
from agent.keeper.forwarding import Forwarding, NotTaken, Receiver, forward
from agent.keeper.ledger import Ledger, forwarded
from agent.keeper.state import SqliteState
from agent.settings import SettingsRefused, from_environment
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent, head_of
from policies.siem import CLASSES
from policies.syslog import framed
from tests.unit.syslog_server import Collector, collecting, messages

ROOT: Final = Path(__file__).parents[2]
HOUR: Final = 498_000
EVENT: Final = AuditEvent(hour=HOUR, role=Role.KEEPER, act=Act.PROCESS_STARTED, subject=Subject.PROCESS, thing="keeper")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = SqliteState.open(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def ledger(state: SqliteState, tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "state", state.database)


def receiver(collector: Collector) -> Receiver:
    return Receiver.of(collector.address, collector.ca)


def numbers(collector: Collector) -> list[int]:
    return [message.sequence_id - 1 for message in collector.all if message.name != "head"]


@pytest.mark.parametrize("act", list(Act))
def test_every_act_is_a_message_of_the_form(act: Act) -> None:
    entry = AuditEvent(hour=HOUR, role=Role.ADMIN, act=act, subject=Subject.AGENT, thing="demo").numbered(7)
    (message,) = messages(framed(entry, "{}"))

    assert (act.value, 8, "2026-10-24T00:00:00Z") == (message.name, message.sequence_id, message.when)
    assert 13 * 8 <= message.priority < 14 * 8
    assert act in CLASSES


@pytest.mark.parametrize("form", forwarding.FORMS)
def test_the_log_is_exported_to_a_collector_and_nothing_of_it_is_cut(
    form: str, ledger: Ledger, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(30):
        ledger.write(EVENT)
    with collecting(tmp_path) as collector:
        where = ["audit", "export", "--state", str(tmp_path / "state"), "--format", form]
        assert 0 == main([*where, "--to", collector.address, "--ca", str(collector.ca)])
        assert collector.came.acquire(timeout=10)
    said = capsys.readouterr().out
    assert 0 == main(where)
    texts = [message.text for message in collector.all]

    assert "30 entries sent\n" == said
    assert capsys.readouterr().out.splitlines() == texts
    assert list(range(30)) == numbers(collector)


def test_what_is_new_is_sent_and_what_was_taken_is_not_sent_again(ledger: Ledger, tmp_path: Path) -> None:
    with collecting(tmp_path) as collector:
        ledger.write(EVENT)
        assert 1 == forward(tmp_path / "state", receiver(collector), "jsonl")
        assert 0 == forward(tmp_path / "state", receiver(collector), "jsonl")
        ledger.write(EVENT)
        assert 1 == forward(tmp_path / "state", receiver(collector), "jsonl")
        assert all(collector.came.acquire(timeout=10) for _ in range(2))

    assert [0, 1] == numbers(collector)
    heads = [head_of(message.text.encode()) for message in collector.all if message.name == "head"]
    assert [1, 2] == [head.size for head in heads]
    assert ledger.head() == heads[-1]


def test_a_long_log_goes_in_batches(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "BATCH", 4)
    for _ in range(10):
        ledger.write(EVENT)
    with collecting(tmp_path) as collector:
        assert 10 == forward(tmp_path / "state", receiver(collector), "ocsf")
        assert all(collector.came.acquire(timeout=10) for _ in range(3))

    assert [4, 4, 2] == [len(messages(stream)) for stream in collector.taken]
    assert list(range(10)) == numbers(collector)


def test_what_a_collector_broke_off_is_sent_again(ledger: Ledger, tmp_path: Path) -> None:
    ledger.write(EVENT)
    with collecting(tmp_path, rude=True) as collector:
        with pytest.raises(NotTaken):
            forward(tmp_path / "state", receiver(collector), "cef")
        assert collector.came.acquire(timeout=10)
        collector.rude = False
        assert 1 == forward(tmp_path / "state", receiver(collector), "cef")
        assert collector.came.acquire(timeout=10)

    assert [0] == numbers(collector)


def test_each_collector_has_a_cursor_of_its_own(ledger: Ledger, state: SqliteState, tmp_path: Path) -> None:
    ledger.write(EVENT)
    (tmp_path / "two").mkdir()
    with collecting(tmp_path) as one, collecting(tmp_path / "two") as two:
        for each in (one, two):
            assert 1 == forward(tmp_path / "state", receiver(each), "cef")
            assert each.came.acquire(timeout=10)

    assert [0] == numbers(one) == numbers(two)
    assert 1 == forwarded(state.database, receiver(two).digest)


@pytest.mark.parametrize("wrong", ["name", "issuer", "plain", "gone"])
def test_nothing_is_sent_to_who_cannot_show_that_it_is_the_collector(
    wrong: str, ledger: Ledger, tmp_path: Path, unused_tcp_port: int
) -> None:
    ledger.write(EVENT)
    (tmp_path / "other").mkdir()
    with collecting(tmp_path, host="other.example" if wrong == "name" else "localhost") as collector:
        with collecting(tmp_path / "other") as other:
            ca = other.ca if wrong == "issuer" else collector.ca
        port = unused_tcp_port if wrong == "gone" else collector.port
        to = Receiver("localhost", port, None if wrong == "plain" else ca)
        with pytest.raises(NotTaken) as refused:
            forward(tmp_path / "state", to, "jsonl")

    assert [] == collector.taken
    assert refused.value.__context__ is None


def test_the_thread_sends_what_comes_and_goes_on_when_the_collector_is_back(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(forwarding, "AGAIN_S", (0.01, 0.05))
    told: list[bool] = []
    ledger.write(EVENT)
    with collecting(tmp_path, unused_tcp_port) as collector:
        to = receiver(collector)
        sending = Forwarding(tmp_path / "state", to, "cef", told.append)
        assert collector.came.acquire(timeout=10)
        ledger.write(EVENT)
        sending.nudge()
        assert collector.came.acquire(timeout=10)
    ledger.write(EVENT)
    sending.nudge()
    while told != [False]:
        pass
    (tmp_path / "again").mkdir()
    with collecting(tmp_path, unused_tcp_port) as back:
        assert back.came.acquire(timeout=10)
        ledger.write(EVENT)
        assert sending.close()

    assert [0, 1] == numbers(collector)
    assert [2, 3] == numbers(back)
    assert [False, True] == told


def keeper(folder: Path, address: str, ca: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.keeper", "collect", "--state", str(folder)]
    return subprocess.Popen(
        [*command, "--profile", "development", "--audit-to", address, "--audit-ca", str(ca), "--audit-format", "ocsf"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=surroundings.bare({}, PYTHONPATH=str(ROOT)),
    )  # fmt: skip


def test_a_keeper_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    with collecting(tmp_path) as collector:
        first = keeper(tmp_path / "state", collector.address, collector.ca)
        assert collector.came.acquire(timeout=20)
        first.send_signal(signal.SIGKILL)
        first.communicate()
        second = keeper(tmp_path / "state", collector.address, collector.ca)
        second.communicate()  # its pipe ends: so does it

        assert 0 == second.returncode
    acts = [json.loads(message.text)["metadata"]["event_code"] for message in collector.all]
    assert ["process_started", "process_started", "process_stopped"] == [
        act for number, act in sorted(set(zip(numbers(collector), acts, strict=True)))
    ]


def test_a_dead_collector_stops_no_keeper(tmp_path: Path, unused_tcp_port: int) -> None:
    with collecting(tmp_path) as collector:
        pass
    started = keeper(tmp_path / "state", f"syslog+tls://localhost:{unused_tcp_port}", collector.ca)
    said, _ = started.communicate()
    database = Database.open(tmp_path / "state")

    assert 0 == started.returncode
    assert b"audit_not_taken" in said
    assert 0 == forwarded(database, Receiver("localhost", unused_tcp_port, None).digest)
    database.close()


@pytest.mark.parametrize(
    "address",
    ["https://siem.example", "syslog+tls://", "syslog+tls://a:b@siem.example", "syslog+tls://s/x", "siem:6514"],
)
def test_an_address_that_is_none_is_refused(address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="a collector is"):
        Receiver.of(address, None)
    with pytest.raises(SettingsRefused, match="QUIETLINE_AUDIT_TO"):
        from_environment({"QUIETLINE_AUDIT_TO": address})
    SqliteState.open(tmp_path).close()
    assert 74 == main(["audit", "export", "--state", str(tmp_path), "--to", address])
    assert "collector" in capsys.readouterr().err


def test_the_settings_of_a_collector_reach_the_keeper(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    chosen = from_environment(
        {"QUIETLINE_AUDIT_TO": "syslog+tls://siem.example:7000", "QUIETLINE_AUDIT_CA": str(tmp_path / "ca.pem")}
    )
    assert chosen.audit_to is not None
    to = Receiver.of(chosen.audit_to.address, chosen.audit_to.ca)

    assert ("siem.example", 7000, tmp_path / "ca.pem") == (to.host, to.port, to.ca)
    assert ("localhost", 6514) == (
        Receiver.of("syslog+tls://localhost", None).host,
        Receiver.of("syslog+tls://localhost", None).port,
    )
    with pytest.raises(SettingsRefused, match="QUIETLINE_AUDIT_FORMAT"):
        from_environment({"QUIETLINE_AUDIT_FORMAT": "xml"})

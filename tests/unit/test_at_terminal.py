"""Tokens at a terminal, and the whole keeper as a process: beside calls, killed, and started again."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from agent import lines
from agent.keeper.__main__ import EXIT_SETTINGS, main
from agent.keeper.api.serving import bind
from agent.keeper.database import FILE, Database
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from agent.launcher import ASKS_THE_KEEPER
from agent.settings import SettingsRefused, from_environment
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent, entry_of
from policies.events import encode
from policies.records import Profile, hour_of
from tests.admin import AGENTS, ALLOWLIST, MERCY, ROOT
from tests.stub_line import KEY, numbered


def asked(folder: Path, *words: str) -> int:
    return main([words[0], "--state", str(folder), *words[1:]])


def entries(folder: Path) -> list[Any]:
    with contextlib.closing(LedgerReader(folder)) as reader:
        return [entry_of(line) for line in reader.lines()]


def test_a_token_is_issued_listed_and_revoked_and_the_log_says_by_whom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == asked(tmp_path, "token", "issue", "--role", "admin", "--days", "30")
    secret = capsys.readouterr().out.strip()
    ref = secret[3:25]
    assert 0 == asked(tmp_path, "token", "list")
    listed = capsys.readouterr().out
    assert [0, 1, 1] == [asked(tmp_path, "token", "revoke", each) for each in (ref, ref, "nobody")]
    assert 0 == asked(tmp_path, "token", "list")

    assert (69, True, False) == (len(secret), ref in listed, secret[-43:] in listed)
    assert "revoked token" in capsys.readouterr().out
    assert [(Act.TOKEN_ISSUED, Role.OPERATOR, ref), (Act.TOKEN_REVOKED, Role.OPERATOR, ref)] == [
        (each.act, each.role, each.thing) for each in entries(tmp_path)
    ]


def test_a_renewed_token_is_of_the_same_person_and_right_and_an_issued_one_of_somebody_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == asked(tmp_path, "token", "issue", "--role", "admin", "--days", "30")
    first = capsys.readouterr().out[3:25]
    assert 0 == asked(tmp_path, "token", "issue", "--role", "admin", "--days", "30")
    assert 0 == asked(tmp_path, "token", "revoke", first)
    capsys.readouterr()
    assert 0 == asked(tmp_path, "token", "renew", first, "--days", "3")
    again = capsys.readouterr().out[3:25]
    assert 1 == asked(tmp_path, "token", "renew", "x" * 21 + "A", "--days", "3")
    with contextlib.closing(LedgerReader(tmp_path)) as reader:
        tokens = {token.ref: token for token in reader.tokens()}

    assert tokens[first].holder == tokens[again].holder
    assert (tokens[first].role, False) == (tokens[again].role, tokens[again].revoked)
    assert 2 == len({token.holder for token in tokens.values()})
    assert all(token.holder != token.ref for token in tokens.values())
    assert 0 == asked(tmp_path, "token", "list")
    assert 2 == capsys.readouterr().out.count(tokens[first].holder)


@pytest.mark.parametrize("days", ["0", "367", "-1", "x", "1.5"])
def test_a_token_s_days_are_bounded(tmp_path: Path, days: str) -> None:
    with pytest.raises(SystemExit):
        asked(tmp_path, "token", "issue", "--role", "admin", "--days", days)


def test_no_state_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 74 == asked(tmp_path / "none", "token", "list")
    assert "quietline: there is no state to read\n" == capsys.readouterr().err


def test_the_launcher_passes_on_what_the_keeper_is_asked() -> None:
    assert {"audit", "incident", "token", "vendors"} == set(ASKS_THE_KEEPER)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"QUIETLINE_ADMIN_PORT": "0"}, "QUIETLINE_ADMIN_PORT"),
        ({"QUIETLINE_ADMIN_PORT": "8080"}, "another port"),
        ({"QUIETLINE_ADMIN_HOST": "0.0.0.0"}, "in the open"),
        ({"QUIETLINE_ADMIN_HOST": "here"}, "set QUIETLINE_ADMIN_HOST to an IP address"),
    ],
)
def test_a_setting_that_would_send_a_token_in_the_open_is_refused(environment: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsRefused, match=sentence):
        from_environment(environment)


def test_without_a_port_there_is_no_interface() -> None:
    settings = from_environment({})

    assert (None, "127.0.0.1") == (settings.admin_port, settings.admin_host)


class Keeper:
    """The real process."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        command = [sys.executable, "-P", "-m", "agent.keeper", "collect", "--state", str(folder)]
        command += ["--profile", "development", "--admin-port", str(self.port)]
        command += ["--allowlist", str(ALLOWLIST), "--agents", str(AGENTS), "--calls", "8"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "REFS_KEY": KEY.hex()},
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdin is not None
        self.out: IO[bytes] = self.process.stdout
        self.pipe: IO[bytes] = self.process.stdin
        self.said = b""
        while b"admin_ready" not in self.said:
            line = self.out.readline()
            assert line, self.process.stderr.read() if self.process.stderr else b""
            self.said += line

    def ask(self, method: str, path: str, token: str, body: object = None) -> tuple[int, Any]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None

    def end(self) -> tuple[int, bytes]:
        """Its status, and all that it said on either output."""
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, self.said + out + err


@pytest.fixture(name="secret")
def _secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert 0 == asked(tmp_path, "token", "issue", "--role", "admin", "--days", "3")
    return capsys.readouterr().out.strip()


@pytest.fixture(name="started")
def _started(tmp_path: Path, secret: str) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path)
    yield keeper
    keeper.process.kill()
    keeper.process.communicate()


def test_calls_are_kept_while_admins_change_things_and_a_terminal_comes_and_goes(
    tmp_path: Path, started: Keeper, secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hour = hour_of(time.time())
    calls = [numbered(number, KEY, hour) for number in range(1, 151)]
    records = [ended.metrics for _, ended in calls]

    def tell() -> None:
        for event in (event for call in calls for event in call):
            started.pipe.write(encode(event, Profile.DEVELOPMENT).encode("ascii") + b"\n")
            started.pipe.flush()

    telling = threading.Thread(target=tell)
    telling.start()
    statuses = []
    for turn in range(40):
        path = "/v1/workspace/zero-retention" + ("" if turn % 2 else "/off")
        statuses.append(started.ask("POST" if path.endswith("off") else "PUT", path, secret, _reason(path))[0])
        if turn % 10 == 5:
            assert 0 == asked(tmp_path, "token", "issue", "--role", "nurse", "--days", "1")
    telling.join()
    status, said = started.end()

    assert (0, [409] + [200] * 39) == (status, statuses)
    with contextlib.closing(SqliteState.open_to_read(tmp_path)) as state:
        assert {record.ref for record in records} == {record.ref for record in state.latest(1_000)}
    assert 0 == asked(tmp_path, "audit", "verify")
    assert 5 == sum(entry.act is Act.TOKEN_ISSUED for entry in entries(tmp_path))
    assert secret[-43:].encode() not in said
    assert b"library" not in said


def _reason(path: str) -> dict[str, str] | None:
    return {"reason": "complaint"} if path.endswith("off") else None


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_keeper_that_is_killed_in_the_middle_of_a_change_leaves_all_of_it_or_none(
    tmp_path: Path, started: Keeper, secret: str, after: int
) -> None:
    assert 201 == started.ask("POST", "/v1/agents", secret, MERCY)[0]
    done: list[int] = []
    many = threading.Event()

    def change() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            for turn in range(10_000):
                status, _ = started.ask("PUT", "/v1/agents/mercy", secret, {**MERCY, "hospital": f"Mercy {turn}"})
                assert status in (200, 429)
                done.append(turn)
                if turn >= after:
                    many.set()

    changing = threading.Thread(target=change)
    changing.start()
    assert many.wait(60)
    started.process.send_signal(signal.SIGKILL)
    started.process.communicate()
    changing.join()

    assert 0 == asked(tmp_path, "audit", "verify")
    again = Keeper(tmp_path)
    try:
        status, told = again.ask("GET", "/v1/agents/mercy", secret)
    finally:
        assert 0 == again.end()[0]
    assert 200 == status
    assert told["agent"] is not None
    file = lines.read(tmp_path / "agents" / "mercy.toml")
    assert told["agent"]["hospital"] == file.hospital
    assert int(file.hospital.removeprefix("Mercy ")) >= done[-1]
    assert {"mercy.toml", "mercy.accepted"} == {each.name for each in (tmp_path / "agents").iterdir()}
    assert 0 == asked(tmp_path, "audit", "verify")


def test_a_port_that_is_taken_ends_the_keeper_before_it_opens_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(bind("127.0.0.1", 0, tls=False)) as taken:
        port = str(taken.getsockname()[1])
        status = main(["collect", "--state", str(tmp_path / "s"), "--profile", "development", "--admin-port", port])

    assert EXIT_SETTINGS == status
    assert "QUIETLINE_ADMIN_PORT" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


def test_two_connections_of_a_process_keep_their_locks_when_another_process_comes_and_goes(tmp_path: Path) -> None:
    one = Database.open(tmp_path)
    ledger = Ledger.open(tmp_path, one)
    two = Database.open(tmp_path)
    other = "import sys; from pathlib import Path; from agent.keeper.database import Database as D;"
    other += "d = D.open(Path(sys.argv[1])); d.run('CREATE TABLE IF NOT EXISTS x (a)'); d.close()"
    subprocess.run(
        [sys.executable, "-c", other, str(tmp_path)], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    ledger.write(entry())

    assert (tmp_path / f"{FILE}-wal").exists()
    assert 1 == two.run("SELECT count(*) FROM audit_entries")[0][0][0]
    one.close()
    two.close()
    assert 1 == len(entries(tmp_path))


def entry() -> Any:
    return AuditEvent(hour=498_000, role=Role.KEEPER, act=Act.PROCESS_STARTED, subject=Subject.PROCESS, thing="keeper")

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent import launcher, surroundings
from agent.briefing import BriefingRefused
from agent.keeper.state import SqliteState
from agent.processes import Died, Service
from agent.settings import Settings, SettingsRefused, from_environment
from policies.acts import Act
from policies.events import CallEnded, CallEvent, KeyPressed, LineReady, LogLine
from policies.vocabulary import Event
from tests.kept import Office
from tests.stub_line import NOBODY_SAID_THIS, PATIENT

STUB = (sys.executable, *surroundings.PYTHON_FLAGS, "-m", "tests.stub_line")
ROOT = Path(__file__).parent.parent.parent

NOBODY = 65_534  # Debian's user without rights


class Started:
    """What a launch showed."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.settings: Settings = from_environment({"QUIETLINE_STATE": str(folder / "state"), **more})
        self.events: list[CallEvent] = []
        self.over = asyncio.Event()
        self.services: list[Service] = []

    def show(self, event: CallEvent) -> None:
        self.events.append(event)
        if isinstance(event, CallEnded | LogLine | KeyPressed):
            self.over.set()

    async def launch(self, *flags: str, status: int | None = 0) -> int:
        async def ready(service: Service) -> int | None:
            self.services.append(service)
            self.over.clear()
            awaited = {"--call": CallEnded, "--held": KeyPressed, "--holds": KeyPressed}
            for kind in (awaited[flag] for flag in flags if flag in awaited):
                while not any(isinstance(event, kind) for event in self.events):
                    await self.over.wait()
                    self.over.clear()
            return status

        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return await launcher.run(
            self.settings, environment, echo="all", show=self.show, ready=ready, line=_with_path(*STUB, *flags)
        )


def _with_path(*command: str) -> list[str]:
    """The stub lives in the tests, which an installed line can't see."""
    return ["/usr/bin/env", f"PYTHONPATH={ROOT}", *command]


async def test_a_call_that_ends_is_kept_before_the_launcher_returns(tmp_path: Path) -> None:
    started = Started(tmp_path)

    assert 0 == await started.launch("--call")
    state = SqliteState.open_to_read(tmp_path / "state")
    assert [event.metrics for event in started.events if isinstance(event, CallEnded)] == list(state.latest(5))
    state.close()


async def test_what_is_held_of_a_patient_is_written_before_the_line_hears_so_and_known_at_the_next_start(
    tmp_path: Path,
) -> None:
    first, again = Started(tmp_path), Started(tmp_path)

    assert 0 == await first.launch("--holds")
    assert 0 == await again.launch("--held")
    assert PATIENT not in repr([*first.events, *again.events])


async def test_the_caller_s_exit_status_is_the_launcher_s(tmp_path: Path) -> None:
    assert 3 == await Started(tmp_path).launch(status=3)


async def test_words_on_the_pipe_reach_nobody(tmp_path: Path) -> None:
    started = Started(tmp_path)
    await started.launch("--junk")

    assert 2 == sum(isinstance(e, LogLine) and e.name is Event.EVENT_REFUSED for e in started.events)
    assert NOBODY_SAID_THIS not in repr(started.events)
    written = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert NOBODY_SAID_THIS.encode() not in written


async def test_a_line_that_cannot_start_says_why(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Died, match="status 3"):
        await Started(tmp_path).launch("--die-early")

    assert "a model file is missing" in capfd.readouterr().err


async def test_what_a_line_that_was_ready_writes_to_standard_error_is_never_shown(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Died, match="status 4"):
        await Started(tmp_path).launch("--die-late", status=None)

    said = capfd.readouterr()
    assert NOBODY_SAID_THIS not in said.err + said.out


async def test_with_a_port_of_its_own_the_keeper_answers_beside_the_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = Started(tmp_path, QUIETLINE_ADMIN_PORT=str(port))
    heads: list[bytes] = []

    async def ready(_: Service) -> int | None:
        while LogLine(Event.ADMIN_READY, {"port": port}) not in started.events:
            started.over.clear()
            await started.over.wait()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v1/agents HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        heads.append(await reader.readline())
        writer.close()
        return 0

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = _with_path(*STUB)
    assert 0 == await launcher.run(started.settings, environment, echo="log", show=started.show, ready=ready, line=line)
    assert [b"HTTP/1.1 401 Unauthorized\r\n"] == heads


async def test_a_signal_ends_everything_in_order(tmp_path: Path) -> None:
    started = Started(tmp_path)

    def show(event: CallEvent) -> None:
        started.show(event)
        if isinstance(event, LineReady):
            os.kill(os.getpid(), signal.SIGTERM)

    async def ready(_: Service) -> int | None:
        return None

    line = _with_path(*STUB)
    assert 0 == await launcher.run(started.settings, os.environ, echo="all", show=show, ready=ready, line=line)


def test_the_line_sees_a_clean_environment_and_no_secret_of_the_user() -> None:
    environment = {"AWS_SECRET_ACCESS_KEY": "x", "LD_PRELOAD": "x", "PYTHONSTARTUP": "x", "TWILIO_AUTH_TOKEN": "token"}
    seen = launcher.line_environment(environment, "redis://bus")

    assert set() == seen.keys() & {"AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "PYTHONSTARTUP"}
    assert ("token", "redis://bus", "1") == (
        seen["TWILIO_AUTH_TOKEN"],
        seen["REDIS_URL"],
        seen["ORT_DISABLE_TELEMETRY"],
    )


def test_the_line_sees_neither_the_keeper_s_way_to_the_bus_nor_where_its_keys_lie() -> None:
    environment = {"KEEPER_REDIS_URL": "redis://keeper:word@127.0.0.1/0", "QUIETLINE_SEAL_KEY": "/elsewhere/seal.key"}
    seen = launcher.line_environment(environment, "redis://bus")

    assert set() == seen.keys() & environment.keys()
    assert not any("keeper:word" in value or "seal.key" in value for value in seen.values())


async def test_a_briefing_that_the_keeper_can_not_give_starts_nothing_and_says_why(tmp_path: Path) -> None:
    state = SqliteState.open(tmp_path / "state")
    state.close()
    (tmp_path / "state" / "transcripts.key").write_text("no key")

    with pytest.raises(BriefingRefused, match="a key of the transcripts"):
        await Started(tmp_path).launch()


def test_the_self_test_is_written_down_for_each_agent_where_there_is_a_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUIETLINE_STATE", str(tmp_path / "state"))
    assert 0 == launcher.main(["selftest"])
    assert not (tmp_path / "state").exists()
    office = Office.open(tmp_path / "state")
    assert 0 == launcher.main(["selftest"])

    policy = office.ledger.policy("demo")
    assert policy is not None
    assert policy.tested == policy.build != "none"
    assert [Act.AGENT_CREATED, Act.SELF_TEST_PASSED] == office.acts()
    assert 2 == capfd.readouterr().err.count("redaction passed its self-test")
    office.close()


def test_the_line_s_python_takes_every_object_from_the_c_library() -> None:
    import subprocess

    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-c", "import sys; sys._debugmallocstats()"]
    scrubbed = subprocess.run(
        command, env=surroundings.clean({}, **surroundings.SCRUB), capture_output=True, check=True
    )
    usual = subprocess.run(command, env=surroundings.clean({}), capture_output=True, check=True)

    assert b"arenas" in usual.stderr
    assert b"arenas" not in scrubbed.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("QUIETLINE_PORT", "none"), ("QUIETLINE_AGENTS", "nowhere"), ("REDIS_URL", "redis://elsewhere")]
)
def test_wrong_settings_start_nothing_and_say_one_sentence(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)

    assert 78 == launcher.main(["serve"])
    said = capfd.readouterr().err
    assert 1 == said.count("\n")
    assert name in said


@pytest.mark.parametrize("under", ["file", "file/state", "dangling", "dangling/state"])
def test_a_state_that_cannot_be_written_starts_nothing_and_says_what_to_set(
    under: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere" / "at-all")
    monkeypatch.setenv("QUIETLINE_STATE", str(tmp_path / under))

    assert 78 == launcher.main(["serve"])
    said = capfd.readouterr().err
    assert 1 == said.count("\n")
    assert "QUIETLINE_STATE" in said


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Not root for a moment: root may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


def test_a_state_without_the_right_to_write_is_refused() -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's own folders are closed to others
        folder = Path(made)
        folder.chmod(0o777)
        with nobody():
            launcher.check_state(folder)
        folder.chmod(0o555)
        with nobody(), pytest.raises(SettingsRefused, match="QUIETLINE_STATE"):
            launcher.check_state(folder)
        folder.chmod(0o700)


def test_a_state_that_the_keeper_can_make_is_not_made_by_the_launcher(tmp_path: Path) -> None:
    launcher.check_state(tmp_path / "a" / "state")

    assert [] == list(tmp_path.iterdir())

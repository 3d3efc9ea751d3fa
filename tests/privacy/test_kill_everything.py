"""Kill everything, start again: the state is equal, the audit chain verifies, and the bus is rebuilt from the state.

Launcher, keeper and Redis are real processes; the line is a stand-in that says it is ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agent.embedded_redis import die_with_parent
from agent.keeper.ledger import LedgerReader
from agent.shared import Bus
from policies.records import AgentPolicy, WorkspacePolicy
from policies.retention import Retention
from tests.kept import Office, Server, serving
from tests.real_line import ROOT

SERVE: Final = """
import asyncio, os, sys
from agent import launcher, settings, surroundings
environment = dict(os.environ)
line = ["/usr/bin/env", "PYTHONPATH=" + os.environ["PYTHONPATH"], sys.executable, *surroundings.PYTHON_FLAGS]
stub = [*line, "-m", "tests.stub_line"]
sys.exit(asyncio.run(launcher.serve(settings.from_environment(environment), environment, stub)))
"""
READY_S: Final = 30.0


@contextlib.contextmanager
def service(folder: Path, redis: Server) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", SERVE],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "QUIETLINE_STATE": str(folder / "state"),
            "REDIS_URL": redis.line.reveal(),
            "KEEPER_REDIS_URL": redis.keeper.reveal(),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        yield process
    finally:
        kill_all(process)


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            found += family(int(child))
    return found


def kill_all(process: subprocess.Popen[bytes]) -> int:
    """At once, without a word; how many."""
    pids = family(process.pid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    return len(pids)


def kept(folder: Path) -> tuple[list[AgentPolicy], WorkspacePolicy, list[str]]:
    reader = LedgerReader(folder / "state")
    try:
        transcripts = [ref for (ref,) in reader._database.run("SELECT ref FROM transcripts")[0]]
        return list(reader.policies()), reader.workspace(), transcripts
    finally:
        reader.close()


def entries(folder: Path) -> int:
    """How many entries the audit log has; it verifies."""
    reader = LedgerReader(folder / "state")
    size, faults = reader.verify(None, ())
    reader.close()
    assert () == faults
    return size


async def said(redis: Server) -> Retention | None:
    """What a line hears of the demonstration agent."""
    bus = Bus(redis.line, ["demo"], lambda _: None)
    riding = asyncio.create_task(bus.run())
    async with asyncio.timeout(READY_S):
        await bus.heard.wait()
    heard = bus.retention("demo")
    riding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await riding
    return heard


def test_killed_and_started_again_everything_is_as_it_was(tmp_path: Path) -> None:
    with serving(tmp_path) as redis:
        with service(tmp_path, redis) as first:
            assert Retention.ZERO is asyncio.run(said(redis))  # seen for the first time: zero retention is on
            office = Office.open(tmp_path / "state")
            office.zero_off()
            ref = office.a_call()
            assert office.transcripts.take(office.sealed(ref, "How do I store my insulin at home?"))
            office.close()
            _until(lambda: asyncio.run(said(redis)) is Retention.REDACTED)
            before, size = kept(tmp_path), entries(tmp_path)
            assert kill_all(first) >= 3
        redis.kill()
        assert before == kept(tmp_path)

        redis.start()
        with service(tmp_path, redis):
            assert Retention.REDACTED is asyncio.run(said(redis))
            assert before == kept(tmp_path)
            assert entries(tmp_path) == size + 1  # that the keeper was started
        assert ([ref], False) == (before[2], before[0][0].zero_retention)


def _until(holds: object) -> None:
    until_s = time.monotonic() + READY_S
    while not holds():  # type: ignore[operator]  # a function
        assert time.monotonic() < until_s
        threading.Event().wait(0.05)

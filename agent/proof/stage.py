"""What is put under proof: the service as it is deployed, and a Redis that is listened to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agent import embedded_redis, surroundings
from agent.embedded_redis import die_with_parent, free_port
from agent.settings import ROOT

READY_S: Final = 150.0
NUMBER: Final = "+12025550142"
AGENT: Final = f"""\
name = "canary"
state = "draft"
hospital = "Riverside General Hospital"
assistant_name = ""
numbers = ["{NUMBER}"]
nurse_number = "+12025550143"
time_zone = "America/New_York"
greeting = "This is an automated demonstration. Say nurse to reach a person. How can I help you?"
voice = ""
speaking_rate = 1.0
engine = "openai"
model = "says-it-back"
knowledge = "knowledge"
retention = "zero"
workflow = "post_discharge"
"""


@dataclass(slots=True)
class Running:
    """The service under proof."""

    port: int
    token: str
    folder: Path
    process: subprocess.Popen[bytes]
    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)

    @property
    def line(self) -> int:
        return int((self.folder / "pid").read_text())

    def children(self) -> list[int]:
        """Every process of the service, the launcher's first."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def named(self, part: str) -> list[int]:
        """Processes of the service whose command holds this."""
        found = []
        for pid in self.children():
            with contextlib.suppress(OSError):
                if part.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found


@dataclass(frozen=True, slots=True)
class Bus:
    """A Redis with our own configuration, and an ear at it."""

    url: str
    pid: int


@contextlib.contextmanager
def watched_redis(folder: Path, seen: bytearray) -> Iterator[Bus]:
    """As the launcher configures it, with one more user who hears every command."""
    folder.mkdir()
    port, word, ear = free_port(), "line-" + os.urandom(8).hex(), "ear-" + os.urandom(8).hex()
    text = embedded_redis.configuration(port, word, str(folder)) + f"user ear on >{ear} ~* &* +@all\n"
    server = subprocess.Popen(  # noqa: S603  # our own server
        [embedded_redis.find_server(), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    assert server.stdin is not None
    server.stdin.write(text.encode())
    server.stdin.close()
    monitor = _connected(port)
    monitor.sendall(f"AUTH ear {ear}\r\nMONITOR\r\n".encode())

    def read() -> None:
        with contextlib.suppress(OSError):
            while piece := monitor.recv(65_536):
                seen.extend(piece)

    reader = threading.Thread(target=read, name="ear", daemon=True)
    reader.start()
    try:
        yield Bus(f"redis://:{word}@127.0.0.1:{port}/0", server.pid)
    finally:
        server.terminate()
        server.wait()
        reader.join(5.0)
        monitor.close()


def _connected(port: int) -> socket.socket:
    until_s = time.monotonic() + 10
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.02)


@contextlib.asynccontextmanager
async def service(folder: Path, base_url: str, redis_url: str) -> AsyncIterator[Running]:
    """`quietline serve` on loopback, everything at DEBUG."""
    port, token = free_port(), os.urandom(16).hex()
    environment: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "QUIETLINE_PROFILE": "development",
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_AGENTS": str(folder / "agents"),
        "QUIETLINE_STATE": str(folder / "state"),
        "QUIETLINE_LIBRARY_LOG": "debug",
        "QUIETLINE_SPOKEN_AHEAD": "off",
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "canary",
        "TWILIO_AUTH_TOKEN": token,
        "REDIS_URL": redis_url,
    }
    process = subprocess.Popen(  # noqa: ASYNC220, S603  # a moment, before there is a call; our own command
        [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.serving", str(folder / "kept")],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=_may_leave_a_core,
    )
    running = Running(port, token, folder / "kept", process)
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        threading.Thread(target=_drain, args=(process.stdout.fileno(), running.output), daemon=True),
        threading.Thread(target=_drain, args=(process.stderr.fileno(), running.errors), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        await _ready(running)
        yield running
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        for reader in readers:
            reader.join(5.0)
        process.stdout.close()
        process.stderr.close()


def _may_leave_a_core() -> None:
    """The user's limit must not be what protects: the line's own must."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    die_with_parent(signal.SIGTERM)()


async def _ready(running: Running) -> None:
    until_s = time.monotonic() + READY_S
    while b'"line_ready"' not in running.output:
        if running.process.poll() is not None or time.monotonic() > until_s:
            raise RuntimeError("the service did not become ready")
        await asyncio.sleep(0.1)


def _drain(descriptor: int, into: bytearray) -> None:
    with contextlib.suppress(OSError):
        while piece := os.read(descriptor, 65_536):
            into.extend(piece)

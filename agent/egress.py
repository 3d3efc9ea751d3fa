"""The way out to hosted models: a proxy on this machine that knows the few hosts there are and opens no other.

    python -m agent.egress --port PORT --allow HOST:PORT [--allow HOST:PORT ...]

The line may neither resolve names nor reach any port but this one.  It asks with `CONNECT`, and what passes then is TLS
between the line and the provider: this process sees no word and no key.  It writes nothing and ends with the launcher.
Ours, and not a package: those that are kept well log each request, keep files, or take rules that name what is
forbidden instead of what is allowed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import resource
import signal
import sys
from collections.abc import Sequence
from typing import Final

from agent.reach import Destination

LOOPBACK: Final = "127.0.0.1"
ASK: Final = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):([0-9]{1,5}) HTTP/1\.[01]\r\n")
MOST_HEAD_BYTES: Final = 4_096
HEAD_S: Final = 5.0
CONNECT_S: Final = 5.0
IDLE_S: Final = 300.0  # longer than the line keeps an unused connection (agent.engines.wire)
MOST_TUNNELS: Final = 128
PIECE: Final = 65_536
OPENED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
REFUSED: Final = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
UNREACHED: Final = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
BUSY: Final = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


def asked(head: bytes) -> Destination | None:
    """Where a request wants to go; None for whatever is no plain `CONNECT`."""
    found = ASK.match(head)
    if found is None or not 1 <= int(found[2]) <= 65_535:
        return None
    return Destination(found[1].decode("ascii").lower(), int(found[2]))


class Egress:
    """Tunnels to allowed destinations."""

    def __init__(self, allowed: Sequence[Destination]) -> None:
        self._allowed: Final = frozenset(allowed)
        self._tunnels = 0
        self.refused = 0
        """Requests to other places."""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the line's, until either side ends it."""
        self._tunnels += 1
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await self._tunnel(reader, writer)
        finally:
            self._tunnels -= 1
            await _end(writer)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        destination = asked(head)
        if destination not in self._allowed or destination is None:
            self.refused += 1
            writer.write(REFUSED)
        elif self._tunnels > MOST_TUNNELS:
            writer.write(BUSY)
        else:
            await self._joined(destination, reader, writer)

    async def _joined(
        self, destination: Destination, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                far_reader, far_writer = await asyncio.open_connection(destination.host, destination.port)
        except (OSError, TimeoutError):
            writer.write(UNREACHED)
            return
        try:
            writer.write(OPENED)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass_on(reader, far_writer), name="out")
                tasks.create_task(_pass_on(far_reader, writer), name="back")
        finally:
            await _end(far_writer)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until this side has nothing more to say; then the other is told so."""
    with contextlib.suppress(OSError, TimeoutError):
        while True:
            async with asyncio.timeout(IDLE_S):
                piece = await reader.read(PIECE)
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.close()


async def _end(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        await writer.drain()
        writer.close()


async def serve(port: int, allowed: Sequence[Destination]) -> None:
    """Until SIGTERM.  Raises `OSError` where the port is taken."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    egress = Egress(allowed)
    server = await asyncio.start_server(egress.take, LOOPBACK, port, limit=MOST_HEAD_BYTES)
    async with server:
        await stop.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.egress", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--allow", type=Destination.of, action="append", required=True)
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(serve(given.port, given.allow))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The way out to hosted models: a proxy on this machine that knows the few hosts there are and opens no other.

    python -m agent.egress (--port PORT | --socket DESCRIPTOR) --allow HOST:PORT [--allow HOST:PORT ...]

The line may neither resolve names nor reach any port but this one.  It asks with `CONNECT`, and what passes then is TLS
between the line and the provider: this process has no key of it, so no word is in its memory but as TLS's ciphertext.
Plain text does not pass: the first thing said in a tunnel must be a hello of TLS that asks for the host of the
`CONNECT` (an address has no name to ask for), and nothing but that is sent before the server's answer.  A server behind
the same address that is told another host's name is so never reached; what stands inside TLS nobody sees here.

It writes nothing, may open no file for writing and no port but those of its list (Landlock, where the kernel has it),
and ends with the launcher.  At most `MOST_TUNNELS` connections hold about `PIECE` bytes in each direction.
Ours, and not a package: those that are kept well log each request, keep files, or take rules that name what is
forbidden instead of what is allowed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import re
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Final

from agent.confine import forbid_core_dumps, forbid_length
from agent.hello import CHANGE_CIPHER, HelloRefused, asks_again, hello_in
from agent.locks import kernel, landlock
from agent.reach import Destination

LOOPBACK: Final = "127.0.0.1"
ASK: Final = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):([0-9]{1,5}) HTTP/1\.[01]\r\n")
MOST_HEAD_BYTES: Final = 4_096
HEAD_S: Final = 5.0
CONNECT_S: Final = 5.0
HELLO_S: Final = 10.0  # from the open tunnel to the server's answer to the hello
IDLE_S: Final = 300.0  # longer than the line keeps an unused connection (agent.engines.wire)
MOST_TUNNELS: Final = 128
PIECE: Final = 65_536
DNS: Final = 53
CHANGE_CIPHER_BYTES: Final = 6
MOST_ANSWER: Final = 16_384 + 256  # a record of TLS (RFC 8446 section 5.2)
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
        self.tunnels = 0
        """Connections now."""
        self.refused = 0
        """Requests to other places."""

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the line's, until either side ends it."""
        self.tunnels += 1
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if self.tunnels <= 2 * MOST_TUNNELS:  # beyond it nobody is even told
                    await self._tunnel(reader, writer)
        finally:
            self.tunnels -= 1
            await _end(writer)

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(HEAD_S):
            head = await reader.readuntil(b"\r\n\r\n")
        destination = asked(head)
        if destination not in self._allowed or destination is None:
            self.refused += 1
            writer.write(REFUSED)
        elif self.tunnels > MOST_TUNNELS:
            writer.write(BUSY)
        else:
            await self._joined(destination, reader, writer)

    async def _joined(
        self, destination: Destination, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                far_reader, far_writer = await asyncio.open_connection(destination.host, destination.port, limit=PIECE)
        except (OSError, TimeoutError):
            writer.write(UNREACHED)
            return
        try:
            writer.write(OPENED)
            async with asyncio.timeout(HELLO_S):
                more = await self._greeted(name_of(destination), reader, far_reader, writer, far_writer)
            if more is None:
                self.refused += 1
                return
            far_writer.write(more)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass_on(reader, far_writer), name="out")
                tasks.create_task(_pass_on(far_reader, writer), name="back")
        finally:
            await _end(far_writer)

    async def _greeted(
        self,
        name: str | None,
        near: asyncio.StreamReader,
        far: asyncio.StreamReader,
        back: asyncio.StreamWriter,
        out: asyncio.StreamWriter,
    ) -> bytes | None:
        """The hello passed on, the answer passed back; once more where the server asks for it.

        Returns what the client has said beyond; None for a client that is refused.
        """
        rest = b""
        for _ in range(2):  # a server asks again once
            hello, rest = await _hello(name, near, rest)
            if not hello:
                return None
            out.write(hello)
            head = await far.readexactly(5)
            if int.from_bytes(head[3:]) > MOST_ANSWER:
                return None
            answer = head + await far.readexactly(int.from_bytes(head[3:]))
            back.write(answer)
            if not asks_again(answer):
                break
            rest = await _unlocked(near, rest, out)
        return rest


def name_of(destination: Destination) -> str | None:
    """What a hello to it asks for: an address is never asked for by name (RFC 6066 section 3)."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(destination.host)
        return None
    return destination.host


async def _hello(name: str | None, reader: asyncio.StreamReader, seen: bytes) -> tuple[bytes, bytes]:
    """The client's hello and what follows it; no hello for one that asks for another name, or is none."""
    try:
        while (hello := hello_in(seen)) is None:
            piece = await reader.read(PIECE)
            if not piece:
                return b"", b""
            seen += piece
    except HelloRefused:
        return b"", b""
    return (seen[: hello.size], seen[hello.size :]) if hello.name == name else (b"", b"")


async def _unlocked(reader: asyncio.StreamReader, seen: bytes, out: asyncio.StreamWriter) -> bytes:
    """Passes on the one empty record that may stand before a second hello (RFC 8446 appendix D.4)."""
    while len(seen) < CHANGE_CIPHER_BYTES:
        piece = await reader.read(PIECE)
        if not piece:
            return seen
        seen += piece
    if seen[0] == CHANGE_CIPHER and seen[3:CHANGE_CIPHER_BYTES] == b"\x00\x01\x01":
        out.write(seen[:CHANGE_CIPHER_BYTES])
        return seen[CHANGE_CIPHER_BYTES:]
    return seen


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


async def serve(listening: socket.socket, allowed: Sequence[Destination]) -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    egress = Egress(allowed)
    server = await asyncio.start_server(egress.take, sock=listening, limit=MOST_HEAD_BYTES)
    async with server:
        await stop.wait()


def lock(allowed: Sequence[Destination]) -> None:
    """No core dump, no file, no other port: what the kernel gives of it.  Before there is a second thread."""
    forbid_core_dumps()
    forbid_length()
    with contextlib.suppress(OSError):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        landlock.restrict(("/",), {DNS, *(each.port for each in allowed)})


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.egress", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="of loopback")
    where.add_argument("--socket", type=int, help="a descriptor that listens already")
    parser.add_argument("--allow", type=Destination.of, action="append", required=True)
    given = parser.parse_args()
    if given.socket is not None:
        listening = socket.socket(fileno=given.socket)
    else:
        listening = socket.create_server((LOOPBACK, given.port))
    lock(given.allow)
    asyncio.run(serve(listening, given.allow))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The proxy opens a tunnel to the places that were named, for TLS to the host that was named, and for nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import egress, surroundings, way_out
from agent.egress import Egress, asked
from agent.hello import ASKS_AGAIN
from agent.reach import Destination
from tests.unit.certificates import certificate, first_words, server_side

HERE: Final = "127.0.0.1"
HOST: Final = "localhost"
ROOT: Final = Path(__file__).parent.parent.parent


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4_096):
        writer.write(piece.upper())
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def serving(take: Callable[..., Awaitable[None]], **how: Any) -> AsyncIterator[int]:
    """Its port; what it still does at the end is cancelled and waited for."""
    doing: set[asyncio.Task[Any]] = set()

    async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        doing.add(task)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await take(reader, writer)
        writer.close()

    server = await asyncio.start_server(taken, HERE, 0, **how)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
    for task in doing:
        task.cancel()
    await asyncio.gather(*doing, return_exceptions=True)


async def ask(port: int, head: bytes, then: bytes = b"") -> bytes:
    reader, writer = await asyncio.open_connection(HERE, port)
    writer.write(head)
    answer = await reader.readuntil(b"\r\n\r\n")
    if then:
        writer.write(then)
        answer += await reader.readexactly(len(then))
    with contextlib.suppress(OSError):
        writer.write_eof()
    assert b"" == await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def connect(port: int, host: str = HERE) -> bytes:
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


class Provider:
    """A server with TLS that says in capitals what it hears, and what came before TLS was there."""

    def __init__(self, folder: Path, host: str = HOST) -> None:
        self.cert, key = certificate(folder, host)
        self.context = server_side(self.cert, key)
        self.port = 0

    @contextlib.asynccontextmanager
    async def reached(self, allowed: str = HOST) -> AsyncIterator[tuple[int, Egress]]:
        """The port of a proxy that may reach it by this name."""
        async with serving(echo, ssl=self.context) as self.port:
            proxy = Egress([Destination(allowed, self.port)])
            async with serving(proxy.take, limit=egress.MOST_HEAD_BYTES) as near:
                yield near, proxy

    def trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.cert))
        context.check_hostname = False
        return context


async def spoken(near: int, far: int, tls: ssl.SSLContext, host: str, name: str | None) -> bytes:
    """What a client of TLS that asks for `name` hears to "hello"; empty where it is cut off."""
    reader, writer = await asyncio.open_connection(HERE, near)
    try:
        writer.write(connect(far, host))
        assert egress.OPENED == await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(OSError):
            await writer.start_tls(tls, server_hostname=name)
            writer.write(b"hello")
            return await reader.readexactly(5)
        return b""
    finally:
        writer.close()


class Heard:
    """A server that keeps every byte, and answers the first with these."""

    def __init__(self, *answers: bytes) -> None:
        self.bytes = b""
        self.closed = asyncio.Event()
        self._answers = list(answers)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            self.bytes += piece
            if self._answers:
                writer.write(self._answers.pop(0))
        self.closed.set()
        writer.close()

    async def told(self, *said: bytes, host: str = HOST) -> bytes:
        """What of this, said after the tunnel is open, came here; each after an answer to the one before."""
        async with serving(self.take) as far:
            proxy = Egress([Destination(host, far)])
            async with serving(proxy.take, limit=egress.MOST_HEAD_BYTES) as near:
                reader, writer = await asyncio.open_connection(HERE, near)
                writer.write(connect(far, host))
                assert egress.OPENED == await reader.readuntil(b"\r\n\r\n")
                for number, each in enumerate(said):
                    writer.write(each)
                    if number + 1 < len(said):
                        await reader.read(65_536)
                writer.write_eof()
                with contextlib.suppress(OSError):
                    await reader.read()
                writer.close()
                await self.closed.wait()
        return self.bytes


async def test_tls_to_the_named_host_passes_both_ways(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    async with provider.reached() as (near, proxy):
        assert b"HELLO" == await spoken(near, provider.port, provider.trusting(), HOST, HOST)
        assert 0 == proxy.refused


@pytest.mark.parametrize("name", [None, "evil.example", "localhost.evil.example", "ocalhost"])
async def test_tls_that_asks_for_another_name_or_none_is_cut_off_and_counted(name: str | None, tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    async with provider.reached() as (near, proxy):
        assert b"" == await spoken(near, provider.port, provider.trusting(), HOST, name)
        assert 1 == proxy.refused


async def test_of_a_hello_with_another_name_and_of_plain_text_no_byte_goes_out() -> None:
    for said in (first_words("evil.example"), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"a word"):
        assert b"" == await Heard().told(said)


async def test_nothing_but_the_hello_goes_out_before_the_server_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "HELLO_S", 0.2)
    hello = first_words(HOST)

    assert hello == await Heard().told(hello + b"early words")


async def test_an_address_is_asked_for_without_a_name(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    async with provider.reached(HERE) as (near, proxy):
        assert b"HELLO" == await spoken(near, provider.port, provider.trusting(), HERE, None)
        assert b"" == await spoken(near, provider.port, provider.trusting(), HERE, HOST)
        assert 1 == proxy.refused


async def test_a_server_that_asks_for_another_hello_gets_it(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    provider.context.set_ecdh_curve("secp521r1")  # whose key no client guesses
    provider.context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with provider.reached() as (near, _):
        assert b"HELLO" == await spoken(near, provider.port, provider.trusting(), HOST, HOST)


async def test_tls_1_2_passes_too(tmp_path: Path) -> None:
    provider = Provider(tmp_path)
    provider.context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with provider.reached() as (near, _):
        assert b"HELLO" == await spoken(near, provider.port, provider.trusting(), HOST, HOST)


@pytest.mark.parametrize("between", [b"", b"\x14\x03\x03\x00\x01\x01"])
async def test_a_second_hello_asks_for_the_same_name(between: bytes) -> None:
    again = b"\x02\x00\x00\x28\x03\x03" + ASKS_AGAIN + bytes(6)
    answer = b"\x16\x03\x03" + len(again).to_bytes(2) + again
    first, other = first_words(HOST), first_words("evil.example")

    assert first + between == await Heard(answer).told(first, between + other)


async def test_more_connections_than_there_are_places_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "MOST_TUNNELS", 1)
    proxy = Egress([Destination(HERE, 9)])
    async with serving(proxy.take) as near:
        _, first = await asyncio.open_connection(HERE, near)  # connections are taken in the order they came in
        assert egress.BUSY == await ask(near, connect(9))
        first.close()


@pytest.mark.parametrize(
    "head",
    [
        lambda far: connect(far + 1),
        lambda far: connect(far, HOST),
        lambda far: connect(far, f"{HERE}.evil.example"),
        lambda far: f"GET http://{HERE}:{far}/ HTTP/1.1\r\n\r\n".encode(),
        lambda far: f"CONNECT user@{HERE}:{far} HTTP/1.1\r\n\r\n".encode(),
        lambda far: f"CONNECT {HERE}:{far}\r\n\r\n".encode(),
        lambda far: f" CONNECT {HERE}:{far} HTTP/1.1\r\n\r\n".encode(),
        lambda _: b"\x16\x03\x01\r\n\r\n",
    ],
    ids=["port", "name", "suffix", "get", "user", "no version", "space", "TLS"],
)
async def test_another_place_or_another_request_is_refused_and_counted(head: Callable[[int], bytes]) -> None:
    async with serving(echo) as far:
        proxy = Egress([Destination(HERE, far)])
        async with serving(proxy.take, limit=egress.MOST_HEAD_BYTES) as near:
            assert egress.REFUSED == await ask(near, head(far))
            assert 1 == proxy.refused


def test_a_place_that_does_not_answer_is_told() -> None:
    async def run() -> bytes:
        proxy = Egress([Destination(HERE, 9)])
        async with serving(proxy.take) as near:
            return await ask(near, connect(9))

    assert egress.UNREACHED == asyncio.run(run())


def test_a_head_without_end_is_cut() -> None:
    async def run() -> bytes:
        proxy = Egress([Destination(HERE, 9)])
        async with serving(proxy.take, limit=egress.MOST_HEAD_BYTES) as near:
            reader, writer = await asyncio.open_connection(HERE, near)
            writer.write(b"CONNECT " + b"a" * 3 * egress.MOST_HEAD_BYTES)
            answer = b""
            with contextlib.suppress(ConnectionError):
                answer = await reader.read()
            writer.close()
            return answer

    assert b"" == asyncio.run(run())


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reading_of_a_request(head: bytes) -> None:
    found = asked(head)

    assert found is None or 1 <= found.port <= 65_535


async def test_the_launchers_proxy_is_a_process_that_opens_what_it_was_told_and_ends_with_its_block(
    tmp_path: Path,
) -> None:
    provider = Provider(tmp_path)
    async with serving(echo, ssl=provider.context) as far:
        async with way_out.running([Destination(HOST, far)], surroundings.bare({}, PYTHONPATH=str(ROOT))) as near:
            assert b"HELLO" == await spoken(near, far, provider.trusting(), HOST, HOST)
            assert b"" == await spoken(near, far, provider.trusting(), HOST, "evil.example")
            assert egress.REFUSED == await ask(near, connect(far + 1, HOST))
            with pytest.raises(OSError, match="in use"):  # the port was never free for another
                await asyncio.start_server(echo, HERE, near)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HERE, near)


async def test_a_proxy_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "PYTHON_FLAGS", ("--no-such-flag",))
    with pytest.raises(way_out.WayOutFailed, match="QUIETLINE_EGRESS_PORT"):
        async with way_out.running([Destination(HOST, 9)], surroundings.bare({}, PYTHONPATH=str(ROOT))):
            pass


def test_the_proxy_holds_itself_to_its_ports_and_writes_no_file(tmp_path: Path) -> None:
    code = (
        "import errno, socket, sys\nfrom agent.egress import lock\nfrom agent.reach import Destination\n"
        "lock([Destination('localhost', int(sys.argv[1]))])\n"
        "socket.create_connection(('127.0.0.1', int(sys.argv[1])), 2).close()\n"
        "for act in (lambda: socket.create_connection(('127.0.0.1', 9), 2), lambda: open(sys.argv[2], 'w'),\n"
        "            lambda: socket.create_server(('127.0.0.1', 0))):\n"
        "    try: act()\n"
        "    except OSError as refused: print(errno.errorcode[refused.errno])\n"
    )
    with socket.create_server((HERE, 0)) as server:
        command = [sys.executable, "-c", code, str(server.getsockname()[1]), str(tmp_path / "file")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "EACCES\nEACCES\nEACCES\n" == done.stdout, done.stderr

"""The proxy opens a tunnel to the places that were named, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import egress, surroundings, way_out
from agent.egress import Egress, asked
from agent.reach import Destination

HERE = "127.0.0.1"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(4_096):
        writer.write(piece.upper())
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def serving(take: Callable[..., Awaitable[None]], **how: int) -> AsyncIterator[int]:
    server = await asyncio.start_server(take, HERE, 0, **how)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


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


async def through(allowed_host: str, head: Callable[[int], bytes], then: bytes = b"") -> tuple[bytes, int]:
    async with serving(echo) as far:
        proxy = Egress([Destination(allowed_host, far)])
        async with serving(proxy.take, limit=egress.MOST_HEAD_BYTES) as near:
            answer = await ask(near, head(far), then)
            return answer, proxy.refused


def test_a_named_place_is_reached_and_bytes_pass_both_ways() -> None:
    answer, refused = asyncio.run(through(HERE, connect, b"hello"))

    assert egress.OPENED + b"HELLO" == answer
    assert 0 == refused


@pytest.mark.parametrize(
    "head",
    [
        lambda far: connect(far + 1),
        lambda far: connect(far, "localhost"),
        lambda far: connect(far, f"{HERE}.evil.example"),
        lambda far: f"GET http://{HERE}:{far}/ HTTP/1.1\r\n\r\n".encode(),
        lambda far: f"CONNECT user@{HERE}:{far} HTTP/1.1\r\n\r\n".encode(),
        lambda far: f"CONNECT {HERE}:{far}\r\n\r\n".encode(),
        lambda far: f" CONNECT {HERE}:{far} HTTP/1.1\r\n\r\n".encode(),
        lambda _: b"\x16\x03\x01\r\n\r\n",
    ],
    ids=["port", "name", "suffix", "get", "user", "no version", "space", "TLS"],
)
def test_another_place_or_another_request_is_refused_and_counted(head: Callable[[int], bytes]) -> None:
    assert (egress.REFUSED, 1) == asyncio.run(through(HERE, head))


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


def test_the_launchers_proxy_is_a_process_that_opens_what_it_was_told_and_ends_with_its_block() -> None:
    async def run() -> tuple[bytes, bytes, bool]:
        async with serving(echo) as far:
            async with way_out.running([Destination(HERE, far)], surroundings.bare({})) as near:
                good = await ask(near, connect(far), b"ok")
                bad = await ask(near, connect(far + 1))
            gone = False
            try:
                await asyncio.open_connection(HERE, near)
            except ConnectionRefusedError:
                gone = True
            return good, bad, gone

    assert (egress.OPENED + b"OK", egress.REFUSED, True) == asyncio.run(run())

"""One provider on loopback: enough HTTP/1.1 to stream, stall, cut and keep connections, and no more.

Not Starlette on uvicorn: a cut in the middle of a chunk, junk instead of a status line and the moment at which the
other side closes are all below what they show.  What was asked is kept in memory alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from tests.providers.framing import AnthropicFraming, Framing, OpenAIFraming
from tests.providers.script import STATUS_FAULTS, Fault, Script, Texts, tokens

FRAMINGS: Final[dict[str, type[Framing]]] = {"anthropic": AnthropicFraming, "openai": OpenAIFraming}
DRIP_S: Final = 0.005
"""Between the letters of a slow drip."""


@dataclass(slots=True)
class Seen:
    """One request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Counted from 0."""
    reply: str = ""
    """The text sent, as far as it got."""

    @property
    def sent(self) -> dict[str, Any]:
        """The body's JSON."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


class Hung(Exception):  # nothing went wrong: the script says to hang up
    """The script drops the connection here."""


@dataclass
class Provider:
    """A running provider.  `script` may be changed between requests."""

    framing: Framing
    script: Script = field(default_factory=Script)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    """The client has closed a connection while it was being answered."""
    origin: str = ""
    _texts: Texts = field(init=False)
    _open: set[asyncio.Future[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._texts = Texts(self.script.seed)

    @property
    def base_url(self) -> str:
        """As settings name it: Anthropic's without `/v1`, OpenAI's with."""
        return self.origin + self.framing.path.removesuffix("/v1/messages").removesuffix("/chat/completions")

    @property
    def questions(self) -> list[Seen]:
        """The requests that ask something."""
        return [seen for seen in self.seen if seen.method == "POST"]

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection has come in."""
        self._open.add(asyncio.create_task(self._serve(reader, writer), name="provider: connection"))

    async def hang_up(self) -> None:
        """Ends every connection."""
        for connection in self._open:
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.connections
        self.connections += 1
        try:
            while (seen := await _request(reader, number)) is not None:
                self.seen.append(seen)
                if seen.method == "POST":
                    await self._answer(seen, reader, writer)
                else:
                    writer.write(b"HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n")
        except (Hung, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers, and stops as soon as the client goes away."""
        answering = asyncio.create_task(self._play(seen, writer), name="provider: answer")
        leaving = asyncio.create_task(reader.read(1), name="provider: client leaves")
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
            else:
                self.dropped.set()
                raise Hung
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _play(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        script, fault, framing = self.script, self.script.fault, self.framing
        if fault is Fault.NO_ANSWER:
            await asyncio.Event().wait()
        if fault is Fault.HANG_UP:
            raise Hung
        if fault is Fault.JUNK_HTTP:
            writer.write(f"HTTP/9.9 {script.echo}\r\n\r\n".encode())
            raise Hung
        if fault in STATUS_FAULTS:
            _status(writer, STATUS_FAULTS[fault], framing.error_body(STATUS_FAULTS[fault], script.echo), script.echo)
            return
        kind = "text/html" if fault is Fault.NOT_A_STREAM else "text/event-stream; charset=utf-8"
        coding = "content-encoding: gzip\r\n" if fault is Fault.COMPRESSED else ""
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{coding}request-id: {script.echo}\r\n"
            "transfer-encoding: chunked\r\n\r\n".encode()
        )
        async with aclosing(self._events(seen)) as events:
            async for event in events:
                writer.write(b"%x\r\n%b\r\n" % (len(event), event))
                await writer.drain()
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _events(self, seen: Seen) -> AsyncGenerator[bytes, None]:
        script, fault, framing = self.script, self.script.fault, self.framing
        yield framing.begin()
        if fault is Fault.STALL_BEFORE_TEXT:
            while True:
                yield framing.ping()
                await asyncio.sleep(DRIP_S)
        await asyncio.sleep(script.ttft_ms / 1000)
        yield framing.ping()
        text = script.text or self._texts.new()
        half = len(text) // 2
        if fault in (Fault.EMPTY, Fault.REFUSES):
            text = ""
        for piece in tokens(text):
            if len(seen.reply) > half and fault is not Fault.NONE:
                async with aclosing(self._go_wrong()) as events:
                    async for event in events:
                        yield event
                if fault is not Fault.TOKEN_LIMIT:
                    return
                break
            seen.reply += piece
            yield framing.text(piece)
            if script.tokens_per_s:
                await asyncio.sleep(1 / script.tokens_per_s)
        yield framing.end({Fault.TOKEN_LIMIT: "limit", Fault.REFUSES: "refusal"}.get(fault, "end"))

    async def _go_wrong(self) -> AsyncGenerator[bytes, None]:
        """What happens in the middle of the text."""
        fault, framing, echo = self.script.fault, self.framing, self.script.echo
        match fault:
            case Fault.STALL_AFTER_TEXT:
                await asyncio.Event().wait()
            case Fault.CUT:
                raise Hung
            case Fault.ERROR_EVENT:
                yield framing.overloaded(echo)
            case Fault.JUNK_JSON:
                yield b"event: content_block_delta\ndata: {%b\n\n" % echo.encode()
            case Fault.JUNK_SHAPE:
                yield framing.other_shape(echo)
            case Fault.JUNK_BYTES:
                yield b"event: content_block_delta\ndata: \xff\xfe%b\n\n" % echo.encode()
            case Fault.SURROGATE:
                yield framing.text("\ud800")
            case Fault.HUGE_EVENT:
                yield framing.text("a" * 1_000_000)
            case Fault.ENDLESS:
                while True:
                    yield framing.text("a" * 1_000)
            case Fault.SLOW_DRIP:
                while True:
                    yield framing.text("a")
                    await asyncio.sleep(DRIP_S)
            case _:
                return


async def _request(reader: asyncio.StreamReader, connection: int) -> Seen | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Seen(method, target, headers, body, connection)


def _status(writer: asyncio.StreamWriter, status: int, body: bytes, echo: str) -> None:
    writer.write(
        f"HTTP/1.1 {status} {echo or 'No'}\r\ncontent-type: application/json\r\nx-echo: {echo}\r\n"
        f"location: /elsewhere\r\nretry-after: 0\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        + body
    )


@asynccontextmanager
async def provider(name: str, script: Script | None = None, *, port: int = 0) -> AsyncIterator[Provider]:
    """`name`: "anthropic" or "openai".  Listens on loopback; port 0 takes a free one."""
    served = Provider(FRAMINGS[name](), script or Script())
    server = await asyncio.start_server(served.accept, "127.0.0.1", port)
    served.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield served
    finally:
        server.close()
        await served.hang_up()

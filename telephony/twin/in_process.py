"""The exchange's two ports within one process: an ASGI application is called, a stream is a pair of queues.

Nothing waits for a thread or a socket, so that it runs in virtual time.  A machine whose `Power` is cut
refuses every request and every new stream; `MemoryStreams.kill()` breaks the open ones too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from telephony.leg import Socket
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.transport import Wire
from telephony.twin.webhook import signature

WAITING: Final = 1_000  # messages in flight one way, 20 s of sound; then the sender waits, as on a full socket

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
Serve = Callable[[Stream, Socket], Awaitable[None]]
"""What the line does with a stream, until it is over."""


class _Pipe:
    """Messages one way.  After `end` what is in flight can still be read; after `cut` nothing can."""

    def __init__(self) -> None:
        self._messages: asyncio.Queue[str | None] = asyncio.Queue(WAITING)
        self._over = asyncio.Event()

    async def put(self, text: str) -> None:
        if not self._over.is_set():
            await self._messages.put(text)

    async def get(self) -> str | None:
        if self._over.is_set() and self._messages.empty():
            return None
        return await self._messages.get()

    def end(self) -> None:
        if self._over.is_set():
            return
        self._over.set()
        if self._messages.full():
            self._messages.get_nowait()  # whoever reads must hear of the end
        self._messages.put_nowait(None)

    def cut(self) -> None:
        while not self._messages.empty():
            self._messages.get_nowait()
        self._over.set()
        self._messages.put_nowait(None)


class MemoryWire:
    """The carrier's end of a pair."""

    def __init__(self, to_line: _Pipe, from_line: _Pipe) -> None:
        self._to_line = to_line
        self._from_line = from_line

    async def send(self, text: str) -> None:
        await self._to_line.put(text)

    async def receive(self) -> str | bytes | None:
        return await self._from_line.get()

    async def close(self) -> None:
        self._to_line.end()
        self._from_line.end()

    def abort(self) -> None:
        self._to_line.cut()
        self._from_line.cut()


class MemorySocket:
    """The line's end of a pair: `telephony.leg.Socket`."""

    def __init__(self, to_line: _Pipe, from_line: _Pipe) -> None:
        self._to_line = to_line
        self._from_line = from_line

    async def receive(self) -> str | bytes | None:
        return await self._to_line.get()

    async def send(self, text: str) -> None:
        await self._from_line.put(text)

    async def close(self, code: int) -> None:  # noqa: ARG002  # a pair of queues has no close frame
        self._to_line.end()
        self._from_line.end()


def duplex() -> tuple[MemoryWire, MemorySocket]:
    """A stream's two ends."""
    to_line, from_line = _Pipe(), _Pipe()
    return MemoryWire(to_line, from_line), MemorySocket(to_line, from_line)


@dataclass(slots=True)
class Power:
    """The line's machine.  Once it is off it stays off until `restore()`."""

    _on: bool = True

    def is_on(self) -> bool:
        return self._on

    def cut(self) -> None:
        self._on = False

    def restore(self) -> None:
        self._on = True


class MemoryStreams:
    """`transport.Streams`, made by `streams()`."""

    def __init__(self, serve: Serve, power: Power, tasks: asyncio.TaskGroup) -> None:
        self._serve = serve
        self._power = power
        self._tasks = tasks
        self._open: dict[asyncio.Task[None], MemoryWire] = {}

    async def connect(self, stream: Stream) -> Wire:
        if not self._power.is_on():
            raise StreamRefused(0)
        wire, socket = duplex()
        task = self._tasks.create_task(self._held(stream, socket), name="line-stream")
        self._open[task] = wire
        task.add_done_callback(self._open.pop)
        return wire

    def kill(self) -> None:
        """The machine dies: nothing of the line's runs on, every stream breaks, and new ones are refused."""
        self._power.cut()
        for task, wire in list(self._open.items()):
            task.cancel()
            wire.abort()

    async def _held(self, stream: Stream, socket: MemorySocket) -> None:
        await self._serve(stream, socket)
        await socket.close(1000)


@contextlib.asynccontextmanager
async def streams(serve: Serve, power: Power | None = None) -> AsyncIterator[MemoryStreams]:
    """Streams that `serve` answers while the block lasts; what is open at its end is cancelled."""
    async with asyncio.TaskGroup() as tasks:
        opened = MemoryStreams(serve, power or Power(), tasks)
        try:
            yield opened
        finally:
            opened.kill()


@dataclass(slots=True)
class AsgiWebhook:
    """`transport.Webhook`: the application is called, and no socket is opened."""

    app: AsgiApp
    auth_token: str | None = field(default=None, repr=False)
    power: Power = field(default_factory=Power)
    raised: list[Exception] = field(default_factory=list)
    """What the application let out; the carrier saw a 500."""

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        if not self.power.is_on():
            return 0, ""
        answer = _Answer(urlencode(form).encode())
        try:
            await self.app(self._scope(url, form), answer.receive, answer.send)
        except Exception as error:  # noqa: BLE001  # whatever it was, a server answers 500
            self.raised.append(error)
            return 500, ""
        if not self.power.is_on():  # it died while it answered
            return 0, ""
        return answer.status, bytes(answer.body).decode("utf-8", "replace")

    def _scope(self, url: str, form: Mapping[str, str]) -> dict[str, Any]:
        parts = urlsplit(url)
        headers = {
            "host": parts.netloc,
            "user-agent": "TwilioProxy/1.1",
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        }
        if self.auth_token is not None:
            headers["x-twilio-signature"] = signature(self.auth_token, url, form)
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": parts.scheme,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 0),
            "server": (parts.hostname, parts.port or 443),
        }


class _Answer:
    """One request's body, and what comes back."""

    def __init__(self, body: bytes) -> None:
        self._to_read: bytes | None = body
        self.status = 500
        self.body = bytearray()

    async def receive(self) -> Message:
        if self._to_read is None:
            return {"type": "http.disconnect"}
        body, self._to_read = self._to_read, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")

"""The line's machine within this process: the exchange's two ports without a thread or a socket, for virtual time.

    async with machine(app, serve, auth_token="...") as line:
        exchange = Exchange(numbers, line, line, telephones=[...])

Webhooks call the ASGI application.  Streams are pairs of queues: their other end goes to `serve` as a
`telephony.leg.Socket`, or, without one, to the application as an ASGI WebSocket.  Each request and each stream runs in
a task of the line's own, so that a call which is redirected or ended under it does not take it along.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from telephony.leg import Socket
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.transport import Wire
from telephony.twin.webhook import signature

WAITING: Final = 1_000  # messages in flight one way, 20 s of sound; then the sender waits, as on a full socket
BROKEN: Final = 1006  # RFC 6455, 7.4.1: the connection went without a close frame
FORBIDDEN: Final = 403  # ASGI, "Websocket close": what a close before the accept becomes

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]
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


class Machine:
    """The line's machine, made by `machine()`: both of the exchange's ports."""

    def __init__(self, app: AsgiApp, serve: Serve | None, auth_token: str | None, tasks: asyncio.TaskGroup) -> None:
        self._app = app
        self._serve = serve
        self._auth_token = auth_token
        self._tasks = tasks
        self._on = True
        self._working: set[asyncio.Task[None]] = set()
        self._wires: dict[asyncio.Task[None], MemoryWire] = {}
        self.raised: list[Exception] = []
        """What the application let out of a webhook; the carrier saw a 500."""

    def kill(self) -> None:
        """It dies: nothing of the line's runs on, every stream breaks, and whoever asks finds nobody."""
        self._on = False
        for task in self._working:
            task.cancel()
        for wire in list(self._wires.values()):
            wire.abort()

    def restart(self) -> None:
        """It answers again; what it knew is the application's business."""
        self._on = True

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        """As `transport.Webhook`."""
        if not self._on:
            return 0, ""
        answer = _Answer(urlencode(form).encode())
        content = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
        scope = self._scope("http", url, form, content) | {"method": "POST"}
        await asyncio.wait({self._work(self._answered(scope, answer), "line-webhook")})
        return (answer.status, bytes(answer.body).decode("utf-8", "replace")) if answer.whole else (0, "")

    async def connect(self, stream: Stream) -> Wire:
        """As `transport.Streams`."""
        if not self._on:
            raise StreamRefused(0)
        wire, socket = duplex()
        caller = _WebSocketCaller(socket)
        serve = self._serve
        if serve is None:
            scope = self._scope("websocket", stream.url, {}, []) | {"subprotocols": []}
            task = self._work(self._held(lambda: self._app(scope, caller.receive, caller.send), socket), "line-stream")
        else:
            caller.accept()
            task = self._work(self._held(lambda: serve(stream, socket), socket), "line-stream")
        self._wires[task] = wire
        task.add_done_callback(self._wires.pop)
        task.add_done_callback(lambda _: caller.shaken.set())
        try:
            await caller.shaken.wait()
        except asyncio.CancelledError:
            wire.abort()
            raise
        if not caller.accepted:
            raise StreamRefused(FORBIDDEN if self._on else 0)
        return wire

    def _work(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._tasks.create_task(work, name=name)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task

    async def _answered(self, scope: Message, answer: _Answer) -> None:
        try:
            await self._app(scope, answer.receive, answer.send)
        except Exception as error:  # noqa: BLE001  # whatever it was, a server answers 500
            self.raised.append(error)
            answer.fail()

    async def _held(self, serving: Callable[[], Awaitable[None]], socket: MemorySocket) -> None:
        await serving()
        await socket.close(1000)

    def _scope(
        self, kind: str, url: str, form: Mapping[str, str], headers: list[tuple[bytes, bytes]]
    ) -> dict[str, Any]:
        parts = urlsplit(url)
        headers = [(b"host", parts.netloc.encode()), (b"user-agent", b"TwilioProxy/1.1"), *headers]
        if self._auth_token is not None:
            headers.append((b"x-twilio-signature", signature(self._auth_token, url, form).encode()))
        return {
            "type": kind,
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": parts.scheme,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "query_string": parts.query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": (parts.hostname, parts.port or 443),
        }


@contextlib.asynccontextmanager
async def machine(app: AsgiApp, serve: Serve | None = None, auth_token: str | None = None) -> AsyncIterator[Machine]:
    """The line's machine while the block lasts; it is killed at the end.

    serve: who takes the streams; without one the application does.  auth_token: signs all that the carrier asks.
    """
    async with asyncio.TaskGroup() as tasks:
        running = Machine(app, serve, auth_token, tasks)
        try:
            yield running
        finally:
            running.kill()


class _Answer:
    """One request's body, and what comes back."""

    def __init__(self, body: bytes) -> None:
        self._to_read: bytes | None = body
        self.status = 500
        self.body = bytearray()
        self.whole = False
        """It has come to its end; else the machine died while it answered."""

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
            self.whole = not message.get("more_body", False)

    def fail(self) -> None:
        """The application raised."""
        self.status, self.whole = 500, True
        self.body.clear()


class _WebSocketCaller:
    """The ASGI server's part of one WebSocket: the application's `receive` and `send` on a pair's far end."""

    def __init__(self, socket: MemorySocket) -> None:
        self._socket = socket
        self._announced = False
        self.accepted = False
        self.shaken = asyncio.Event()
        """The handshake was answered, one way or the other."""

    def accept(self) -> None:
        """The stream is taken."""
        self.accepted = True
        self.shaken.set()

    async def receive(self) -> Message:
        if not self._announced:
            self._announced = True
            return {"type": "websocket.connect"}
        text = await self._socket.receive()
        if text is None:
            return {"type": "websocket.disconnect", "code": BROKEN}
        return {"type": "websocket.receive", "text": text}

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self.accept()
            case "websocket.send":
                await self._socket.send(message["text"])
            case "websocket.close":
                await self._socket.close(message.get("code", 1000))
                self.shaken.set()

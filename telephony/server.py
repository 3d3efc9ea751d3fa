"""The line's one port: webhooks, streams, health, metrics and, in development, the phone page.

uvicorn with its `websockets-sansio` protocol: the plain `websockets` one rests on that package's deprecated half
and says so when it is loaded.  No access log, no compression, nothing of a request in any answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any, Final

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request as WebSocketRequest
from websockets.http11 import Response as WebSocketResponse

from policies.phi import PHI
from telephony.doors import Doors, ServerConfig
from telephony.listening import QuietServer, quiet_config
from telephony.media import Handler, MediaEndpoint
from telephony.rooms import CallStatus, NoRooms, Rooms
from telephony.switchboard import Line, Refusal, Switchboard
from telephony.tokens import Purpose
from telephony.webhooks import (
    AFTER_NURSE,
    AFTER_ROOM,
    ENDED,
    FAILSAFE,
    MEDIA,
    NURSE,
    PLACED,
    ROOM,
    STATUS,
    VOICE,
    WAIT,
    Lines,
    Staff,
    Webhooks,
    nobody,
)

GRACE_S: Final = 10  # after the last call, for answers on their way

_EVERYWHERE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file of the phone page."""

    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Observers:
    """Who is told, and asked, about the server."""

    count: Callable[[Refusal], None] = lambda _: None
    """Called for everything that is turned away."""
    begun: Callable[[PHI[str]], None] = lambda _: None
    """Called for a call that comes in and is answered: its SID."""
    over: Callable[[PHI[str]], None] = lambda _: None
    """Called for a call that is over, or that comes to nobody here any more: its SID.  More than once for some."""
    report: Callable[[Exception], None] = lambda _: None
    """Called with what a handler raised: its type and place may be kept, its text may not."""
    ready: Callable[[], bool] = lambda: True
    """May new calls be sent here?"""
    metrics: Callable[[], str] = lambda: ""
    """The Prometheus page."""
    health: Callable[[], str] = lambda: "ok\n"
    """What those hear who may read the metrics, and ask whether we are well."""


def application(
    config: ServerConfig,
    handler: Handler,
    *,
    board: Switchboard,
    lines: Lines,
    default: Line,
    observers: Observers,
    page: Mapping[str, PageFile],
    rooms: Rooms | None = None,
    staff: Staff = nobody,
    placed: Callable[[str, CallStatus], None] = lambda _leg, _status: None,
) -> Starlette:
    """Everything that is served.

    default: whose line a stream without a number is (phone page, simulators).  page: path -> file, development only.
    rooms: who fetches nurses by calls of our own; None: nobody.  staff: which calls are nurses' who call in.
    placed: told how far a call has come that we placed.
    """
    doors = Doors(config)
    webhooks = Webhooks(
        config,
        doors,
        board,
        lines,
        observers.count,
        rooms or NoRooms(),
        staff,
        placed,
        observers.begun,
        observers.over,
    )
    media = MediaEndpoint(config, doors, board, default, handler, observers.count, observers.report)
    routes: list[BaseRoute] = [
        Route(VOICE, webhooks.voice, methods=["POST"]),
        Route(ENDED, webhooks.ended, methods=["POST"]),
        Route(ENDED + "/{stream}", webhooks.ended, methods=["POST"]),
        Route(AFTER_NURSE, webhooks.after_nurse, methods=["POST"]),
        Route(FAILSAFE, webhooks.failsafe, methods=["GET", "POST"]),
        Route(NURSE + "{leg}", webhooks.nurse, methods=["POST"]),
        Route(PLACED + "{leg}", webhooks.placed, methods=["POST"]),
        Route(STATUS, webhooks.status, methods=["POST"]),
        Route(ROOM + "{room}", webhooks.room, methods=["POST"]),
        Route(AFTER_ROOM + "{room}", webhooks.after_room, methods=["POST"]),
        Route(WAIT + "{role}", webhooks.wait, methods=["POST"]),
        WebSocketRoute(MEDIA, media.answer),
        Route("/healthz", _healthy(doors, observers), methods=["GET"]),
        Route("/readyz", _readiness(observers, board), methods=["GET"]),
        Route("/metrics", _metrics(doors, observers), methods=["GET"]),
    ]
    if config.development:
        routes.append(Route("/page/token", _page_token(doors, board, default, observers), methods=["POST"]))
        routes.extend(Route(path, _static(file, config), methods=["GET"]) for path, file in page.items())
    app = Starlette(routes=routes)
    app.add_middleware(_Threshold, doors=doors, count=observers.count)
    return app


async def serve(
    app: ASGIApp,
    listening: socket,
    *,
    calls: int,
    message_bytes: int,
    stop: asyncio.Event,
    tls: tuple[Path, Path] | None = None,
) -> None:
    """Serve until `stop` is set; then open streams are closed.  Signals are the caller's business.

    listening: bound; tls: certificate chain and key.
    """
    config = quiet_config(
        app,
        connections=4 * calls + 256,
        grace_s=GRACE_S,
        tls=tls,
        ws=_SilentWebSocket,
        ws_max_size=message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # a leg without sound is dead sooner than any ping would tell
    )
    server = QuietServer(config)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve(sockets=[listening]), name="serve")
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stopping.cancel()


class _SilentWebSocket(WebSocketsSansIOProtocol):
    """Says nothing to a handshake that fails: the library's own answer repeats what was sent."""

    def handle_connect(self, event: WebSocketRequest) -> None:
        reject = self.conn.reject

        def silently(status: int, text: str) -> WebSocketResponse:  # noqa: ARG001  # the text is what is left out
            return reject(status, "")

        self.conn.reject = silently  # type: ignore[method-assign]  # of this one connection
        super().handle_connect(event)


class _Threshold:
    """Refuses foreign `Host`s in development, and marks every answer as not to be kept."""

    def __init__(self, app: ASGIApp, *, doors: Doors, count: Callable[[Refusal], None]) -> None:
        self._app = app
        self._doors = doors
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._doors.anyone(Headers(scope=scope))
        if refusal is None:
            await self._app(scope, receive, self._marking(send))
            return
        self._count(refusal)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await Response(status_code=403)(scope, receive, self._marking(send))

    @staticmethod
    def _marking(send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_EVERYWHERE)
            await send(message)

        return marked


Endpoint = Callable[[Request], Awaitable[Response]]


def _healthy(doors: Doors, observers: Observers) -> Endpoint:
    async def healthy(request: Request) -> Response:
        near = doors.metrics(request.client.host if request.client else "", request.headers) is None
        return Response(observers.health() if near else "ok\n", media_type="text/plain")

    return healthy


def _readiness(observers: Observers, board: Switchboard) -> Endpoint:
    async def ready(_request: Request) -> Response:
        yes = observers.ready() and not board.full
        return Response("ready\n" if yes else "full\n", 200 if yes else 503, media_type="text/plain")

    return ready


def _metrics(doors: Doors, observers: Observers) -> Endpoint:
    async def metrics(request: Request) -> Response:
        refusal = doors.metrics(request.client.host if request.client else "", request.headers)
        if refusal is not None:
            observers.count(refusal)
            return Response(status_code=403)
        return Response(observers.metrics(), media_type="text/plain; version=0.0.4")

    return metrics


def _page_token(doors: Doors, board: Switchboard, default: Line, observers: Observers) -> Endpoint:
    async def page_token(request: Request) -> Response:
        refusal = doors.page(request.headers)
        if refusal is not None:
            observers.count(refusal)
            return Response(status_code=403)
        token = board.invite(Purpose.PAGE, default.agent, None)
        if token is None:
            observers.count(Refusal.BUSY)
            return Response(status_code=503)
        return JSONResponse({"token": token})

    return page_token


def _static(file: PageFile, config: ServerConfig) -> Endpoint:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; "
        f"connect-src 'self' {config.stream_origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers: dict[str, Any] = {"Content-Security-Policy": policy, "Permissions-Policy": "microphone=(self)"}

    async def static(_request: Request) -> Response:
        return Response(file.body, media_type=file.media_type, headers=headers)

    return static

"""A small service on this machine that answers POSTs of JSON and says nothing of them: no access log, no error text."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from telephony.listening import QuietServer, quiet_config

LOOPBACK: Final = "127.0.0.1"
CONNECTIONS: Final = 32
GRACE_S: Final = 1


def posted_to(scope: Scope) -> str:
    """The path of a POST; empty for any other request, and for one with a query."""
    posted = (scope["type"], scope.get("method"), scope.get("query_string")) == ("http", "POST", b"")
    return str(scope["path"]) if posted else ""


async def body_of(receive: Receive, most_bytes: int) -> bytes:
    """Empty for one that is too long."""
    body, more = b"", True
    while more and len(body) <= most_bytes:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body if len(body) <= most_bytes else b""


async def answer_with(send: Send, status: int, answer: bytes) -> None:
    """One answer of JSON."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def serve(listening: socket.socket, service: ASGIApp) -> None:
    """Until SIGTERM or SIGINT."""
    config = quiet_config(service, connections=CONNECTIONS, grace_s=GRACE_S, tls=None, ws="none", log_level="critical")
    server = QuietServer(config)

    def stop() -> None:
        server.should_exit = True

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    await server.serve(sockets=[listening])


def serve_on(port: int, service: ASGIApp) -> None:
    """On loopback, until a signal comes.  Raises `OSError` where the port is taken."""
    with socket.create_server((LOOPBACK, port)) as listening:
        asyncio.run(serve(listening, service))

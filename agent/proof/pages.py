"""Everything that the line answers over HTTP, asked for by a canary who writes: what she wrote must not come back."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote_plus

from telephony import webhooks

ROUTES: Final = (
    "/healthz", "/readyz", "/metrics", "/", "/page/token", "/nothing-here", "/docs", "/openapi.json", "/debug",
    webhooks.VOICE, webhooks.MEDIA, webhooks.ENDED, webhooks.AFTER_NURSE, webhooks.FAILSAFE,
    f"{webhooks.WAIT}nurse", f"{webhooks.WAIT}patient",
)  # fmt: skip
METHODS: Final = ("GET", "POST", "PUT", "OPTIONS")
WAIT_S: Final = 10.0
FORM: Final = "application/x-www-form-urlencoded"


def answers(port: int, words: str) -> Iterator[bytes]:
    """Head and body of each answer.  words: what the canary writes: addresses, forms, headers, broken requests."""
    for route in ROUTES:
        for method in METHODS:
            yield asked(port, method, route, words)
    for broken in _broken(words):
        yield _raw(port, broken)


def asked(port: int, method: str, route: str, words: str = "") -> bytes:
    """One answer; empty if the connection was closed without one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    told = quote_plus(words)
    try:
        connection.request(
            method,
            f"{route}?name={told}" if words else route,
            f"Name={told}&To={told}" if words and method != "GET" else None,
            {"Content-Type": FORM, "X-Name": told, "User-Agent": words or "proof"} if words else {},
        )
        answer = connection.getresponse()
        return f"{answer.status} {answer.headers}\n".encode() + answer.read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def _broken(words: str) -> Iterator[bytes]:
    raw = words.encode()
    yield b"GET /" + raw + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    yield raw + b"\r\n\r\n"
    yield b"POST /twilio/voice HTTP/1.1\r\nHost: " + raw + b"\r\nContent-Length: " + raw + b"\r\n\r\n"
    yield b"POST /twilio/voice HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 400000\r\n\r\n" + raw * 100
    yield b"GET /twilio/media HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + (
        b"Sec-WebSocket-Key: " + raw + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )


def _raw(port: int, request: bytes) -> bytes:
    said = bytearray()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), WAIT_S) as connection:
        connection.sendall(request)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65_536):
            said += piece
    return bytes(said)

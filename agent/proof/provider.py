"""A language model's provider for the proof: an OpenAI-compatible server on loopback that keeps what it hears.

It answers each question by saying it back, so that the canary is spoken and the search has to find it in the sound.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
BROKEN: Final = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
MOST_HEAD_BYTES: Final = 16_384


@dataclass(slots=True)
class Provider:
    """What was asked of it."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)
    broken: bool = False
    """Answers 500, with the question in its body."""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def heard(self) -> list[str]:
        """The last words of the caller in each request."""
        return [_last(json.loads(body)) for body in self.bodies]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST "):
                body = await reader.readexactly(_length(head))
                self.bodies.append(body)
                writer.write(BROKEN if self.broken else HEAD + _said_back(_last(json.loads(body))))
            else:
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def running() -> AsyncIterator[Provider]:
    """A provider that answers as long as the block lasts."""
    provider = Provider()
    server = await asyncio.start_server(provider.take, "127.0.0.1", 0, limit=MOST_HEAD_BYTES)
    provider.port = int(server.sockets[0].getsockname()[1])
    async with server:
        yield provider


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _last(request: dict[str, Any]) -> str:
    return next((str(m["content"]) for m in reversed(request["messages"]) if m["role"] == "user"), "")


def _said_back(words: str) -> bytes:
    pieces = [{"role": "assistant", "content": ""}, {"content": "You said this. "}, {"content": words}]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in pieces]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [{"choices": [choice]} for choice in choices]
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"

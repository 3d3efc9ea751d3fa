"""A language model's provider for the proof: an OpenAI-compatible server on loopback that keeps what it hears.

It answers each question by saying it back, so that the canary is spoken and the search has to find it in the sound;
or it is broken, in one of the ways in which providers are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from agent.proof.alike import whose
from agent.proof.canary import Canary
from agent.proof.faults import Trouble

HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
MOST_HEAD_BYTES: Final = 16_384
STALL_S: Final = 30.0  # longer than any deadline of the line's
STATUS: Final = {Trouble.ERROR: b"500 Internal Server Error", Trouble.LIMITED: b"429 Too Many Requests"}


class Asked(NamedTuple):
    """One request."""

    number: int | None
    """Whose words it holds; None if nobody's on the line."""
    body: bytes
    said: str
    """The caller's last words in it."""


@dataclass(slots=True)
class Provider:
    """What was asked of it."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    on_the_line: list[Canary] = field(default_factory=list)
    """Whose calls are under way: only their words can be here."""
    faults: dict[int, Trouble] = field(default_factory=dict)
    """By the canary's number."""
    listeners: list[Callable[[Asked], None]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def of(self, number: int) -> Sequence[Asked]:
        """What was asked in this canary's words."""
        return [each for each in self.asked if each.number == number]

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"POST "):
                await self._answer(await reader.readexactly(_length(head)), writer)
            else:
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        writer.close()

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        said = _last(json.loads(body))
        patient = whose(said, self.on_the_line)
        asked = Asked(patient.number if patient else None, body, said)
        self.asked.append(asked)
        for listener in self.listeners:
            listener(asked)
        fault = self.faults.get(patient.number) if patient else None
        match fault:
            case Trouble.ERROR | Trouble.LIMITED:
                writer.write(_broken(STATUS[fault], said))
            case Trouble.STALLED:
                await asyncio.sleep(STALL_S)
            case Trouble.CUT:
                whole = _said_back(said)
                writer.write(HEAD + whole[: whole.index(b"data: [DONE]") * 2 // 3])
            case _:
                writer.write(HEAD + _said_back(said))


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


def _broken(status: bytes, words: str) -> bytes:
    """As providers do it: the error tells what it was given."""
    body = json.dumps({"error": {"type": "server_error", "message": f"could not answer: {words}"}}).encode()
    head = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    return head % (status, len(body)) + body


def _said_back(words: str) -> bytes:
    pieces = [{"role": "assistant", "content": ""}, {"content": "You said this. "}, {"content": words}]
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in pieces]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [{"choices": [choice]} for choice in choices]
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"

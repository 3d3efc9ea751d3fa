"""A toy hospital line for the exchange's tests: what its webhooks answer is a table, its streams a coroutine.

It runs within the process, in virtual time, or on real sockets: the same application either way.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from telephony.audio import RATE_HZ, Int16, frames_of
from telephony.leg import Socket
from telephony.protocol import Digit, Mark, Media, MediaStream, Started, Stopped, StreamEvent
from telephony.twin.carrier import Stream
from telephony.twin.exchange import Exchange
from telephony.twin.faults import Faults
from telephony.twin.in_process import Machine, machine
from telephony.twin.records import PlacedCall
from telephony.twin.telephones import Telephone

ORIGIN: Final = "https://line.example.org"
OURS: Final = "+15550100999"
PATIENT: Final = "+15550100001"
NURSE: Final = "+15550100002"
OTHER: Final = "+15550100003"
TOKEN: Final = "secret"
Answer = str | tuple[int, str]


def document(inside: str) -> str:
    return f"<Response>{inside}</Response>"


@dataclass
class ToyLine:
    """What is asked of the line, and what it answers: path -> TwiML, or a status and a body."""

    answers: dict[str, Answer | Callable[[Mapping[str, str]], Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for asked, form in self.asked if asked == path]

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        self.asked.append((request.url.path, form))
        self.signatures.append(request.headers.get("x-twilio-signature", ""))
        answer = self.answers.get(request.url.path, (404, ""))
        told = answer(form) if callable(answer) else answer
        status, body = told if isinstance(told, tuple) else (200, told)
        return Response(body, status, media_type="text/xml")


class Talk:
    """The line's end of one stream, on the product's own protocol core."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.core = MediaStream()
        self.events: list[StreamEvent] = []
        self._unread: list[StreamEvent] = []
        self.heard = bytearray()

    async def next(self) -> StreamEvent | None:
        """The next event that is no sound; None when the stream is gone."""
        while True:
            while self._unread:
                event = self._unread.pop(0)
                if isinstance(event, Media):
                    self.heard += event.payload.reveal()
                    continue
                self.events.append(event)
                return event
            message = await self.socket.receive()
            if message is None:
                return None
            self.core.receive(message)
            self._unread = self.core.events()

    async def until(self, kind: type[StreamEvent]) -> StreamEvent | None:
        """The next event of that kind, or None."""
        while (event := await self.next()) is not None and not isinstance(event, kind):
            pass
        return event

    async def key(self) -> str | None:
        digit = await self.until(Digit)
        return digit.digit.reveal() if isinstance(digit, Digit) else None

    async def say(self, pcm: Int16, mark: str = "said") -> None:
        """Send sound and wait for its mark, or for the end."""
        for frame in frames_of(pcm):
            self.core.send_media(frame)
        self.core.send_mark(mark)
        for text in self.core.data_to_send():
            await self.socket.send(text)
        while (event := await self.next()) is not None and event != Mark(mark):
            pass

    def parameter(self, name: str) -> str:
        started = next(event for event in self.events if isinstance(event, Started))
        return started.parameters.reveal()[name]

    def stopped(self) -> bool:
        return any(isinstance(event, Stopped) for event in self.events)


async def begun(socket: Socket) -> Talk:
    talk = Talk(socket)
    await talk.until(Started)
    return talk


async def refuses_all(stream: Stream, socket: Socket) -> None:
    await socket.close(1000)


@dataclass
class Town:
    """An exchange within the process, and the line that it asks."""

    exchange: Exchange
    line: ToyLine
    machine: Machine
    people: dict[str, Telephone]


@contextlib.asynccontextmanager
async def town(
    *telephones: Telephone,
    answers: Mapping[str, Any] | None = None,
    serve: Callable[[Stream, Socket], Any] = refuses_all,
    faults: Faults | None = None,
    fallback: str | None = None,
) -> AsyncIterator[Town]:
    line = ToyLine(dict(answers or {}))
    async with machine(line.app(), serve, TOKEN) as running:
        exchange = Exchange(
            {OURS: ORIGIN + "/voice"},
            running,
            running,
            telephones=telephones,
            fallback={OURS: fallback} if fallback else {},
            faults=faults,
        )
        async with exchange.running():
            yield Town(exchange, line, running, {t.number: t for t in telephones})
    assert running.raised == []


async def placed(
    there: Town, twiml: str | None, *, to: str = NURSE, ring_s: int = 20, url: str | None = None, limit_s: int = 600
) -> PlacedCall:
    """Somebody is rung by the line, which is told of each step."""
    return await there.exchange.place(
        to=to, from_=OURS, twiml=twiml, url=url, ring_s=ring_s, status_callback=ORIGIN + "/status",
        status_events=frozenset({"initiated", "ringing", "answered", "completed"}), time_limit_s=limit_s,
    )  # fmt: skip


async def ended(there: Town, sid: str) -> PlacedCall:
    """The record once the call is over."""
    await there.exchange._calls[sid].over.wait()
    record = there.exchange.call(sid)
    assert record is not None
    return record


def strengths(pcm: Int16, *hz: float) -> list[float]:
    """How strong each tone is, as its root mean square in dBFS."""
    x = pcm.astype(np.float64) * np.hanning(len(pcm)) * 2
    at = np.arange(len(pcm)) / RATE_HZ
    found = [abs(np.dot(x, np.exp(-2j * np.pi * f * at))) * 2**0.5 / len(pcm) for f in hz]
    return [float(20 * np.log10(max(rms, 1e-3) / 32_768)) for rms in found]

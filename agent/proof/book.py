"""All that the carrier's twin is told or shown of calls, kept to be searched: nothing that was said may be in it.

Addresses, forms and answers of webhooks, requests to its REST, the parameters and messages of streams but their sound,
names of rooms, and its records.  What the carrier needs stands in it: its own ids; and the numbers of both sides, which
are counted under the names that they have there, and anywhere else searched for.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telephony.twin.carrier import Stream
from telephony.twin.exchange import Exchange
from telephony.twin.transport import Streams, Webhook, Wire

CALLED: Final = frozenset({"To", "Called"})
CALLER: Final = frozenset({"From", "Caller"})
"""Where a number stands in Twilio's forms (Calls resource; parameters of voice webhooks)."""
E164: Final = re.compile(r"\+[1-9][0-9]{7,14}", re.ASCII)
MOST_BYTES: Final = 16 << 20


class Book:
    """What was noted."""

    def __init__(self) -> None:
        self.pieces: Final[list[bytes]] = []
        self.numbers: Final[dict[str, Counter[str]]] = defaultdict(Counter)
        """Number -> how often it stood under which name, of `CALLED` and `CALLER` alone."""
        self._bytes = 0

    def note(self, what: str | bytes | None) -> None:
        """Whole; beyond `MOST_BYTES` of all there is a fault of ours.  Raises `ValueError`."""
        raw = what.encode("utf-8", "surrogateescape") if isinstance(what, str) else what or b""
        self._bytes += len(raw)
        if self._bytes > MOST_BYTES:
            raise ValueError("more was told to the carrier than transfers can need")
        self.pieces.append(raw)

    def note_form(self, form: Iterable[tuple[str, str]]) -> None:
        """Its names and values; a number where one belongs is counted instead."""
        for name, value in form:
            self.note(name)
            if name in CALLED | CALLER and E164.fullmatch(value):
                self.numbers[value][name] += 1
            else:
                self.note(value)

    def note_records(self, exchange: Exchange) -> None:
        """What stands at the carrier."""
        for call in exchange.calls():
            self.note_form(call.form().items())
            for text in exchange.said(call.sid):
                self.note(text)
        for room in exchange.conferences():
            for text in (room.name, *room.labels, *room.call_sids):
                self.note(text)


class HeardWebhook:
    """`transport.Webhook`, noted both ways."""

    def __init__(self, webhook: Webhook, book: Book) -> None:
        self._webhook: Final = webhook
        self._book: Final = book

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        """See `Webhook`."""
        self._book.note(url)
        self._book.note_form(form.items())
        status, body = await self._webhook.post(url, form)
        self._book.note(body)
        return status, body


class HeardStreams:
    """`transport.Streams`; of their messages to the carrier all that is no sound is noted."""

    def __init__(self, streams: Streams, book: Book) -> None:
        self._streams: Final = streams
        self._book: Final = book

    async def connect(self, stream: Stream) -> Wire:
        """See `Streams`."""
        for text in (stream.url, *stream.parameters, *stream.parameters.values()):
            self._book.note(text)
        return _HeardWire(await self._streams.connect(stream), self._book)


class _HeardWire:
    def __init__(self, wire: Wire, book: Book) -> None:
        self._wire = wire
        self._book = book

    async def send(self, text: str) -> None:
        await self._wire.send(text)

    async def receive(self) -> str | bytes | None:
        message = await self._wire.receive()
        text = message.decode("utf-8", "surrogateescape") if isinstance(message, bytes) else message
        self._book.note(_without_sound(text))
        return message

    async def close(self) -> None:
        await self._wire.close()

    def abort(self) -> None:
        self._wire.abort()


def _without_sound(text: str | None) -> str | None:
    """A message with its sound left out, and nothing else; what is no such message, whole."""
    try:
        told = json.loads(text or "")
        told["media"]["payload"] = ""
    except (ValueError, TypeError, KeyError):
        return text
    return json.dumps(told)


class HeardRest:
    """The carrier's REST as an application; what it is asked is noted: addresses, headers and bodies."""

    def __init__(self, app: ASGIApp, book: Book) -> None:
        self._app: Final = app
        self._book: Final = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http":
            self._book.note(scope["path"])
            self._book.note(scope["query_string"])
            for name, value in scope["headers"]:
                self._book.note(name + b": " + value)

        body = bytearray()

        async def heard() -> Message:
            message = await receive()
            body.extend(message.get("body") or b"")
            return message

        try:
            await self._app(scope, heard, send)
        finally:
            self._note_body(bytes(body))

    def _note_body(self, body: bytes) -> None:
        """A form's parts; of what is none, all."""
        try:
            form = parse_qsl(
                body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="surrogateescape"
            )
        except ValueError:
            self._book.note(body)
            return
        self._book.note_form(form)

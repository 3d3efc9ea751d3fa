"""The exchange's two ports over real sockets: WebSockets, and HTTP on a connection of its own for each request."""

from __future__ import annotations

import contextlib
import dataclasses
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import httpx2
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from telephony.twin.carrier import Stream, handshake, reset
from telephony.twin.transport import Wire
from telephony.twin.webhook import WEBHOOK_S, reached, signature

CONNECT_S: Final = 5.0  # Twilio, "Webhooks (HTTP callbacks): Connection overrides", ct


class _WebSocketWire:
    """`transport.Wire` on a real WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self._connection.send(text)

    async def receive(self) -> str | bytes | None:
        message: str | bytes | None = None
        with contextlib.suppress(ConnectionClosed):
            message = await self._connection.recv()
        return message

    async def close(self) -> None:
        await self._connection.close()

    def abort(self) -> None:
        reset(self._connection)


@dataclass(frozen=True, slots=True)
class WebSocketStreams:
    """`transport.Streams`.

    auth_token: signs the handshake; at: the origin really dialled, where it is not the stream's own.
    """

    auth_token: str | None = field(default=None, repr=False)
    at: str | None = None
    tls: ssl.SSLContext | None = None

    async def connect(self, stream: Stream) -> Wire:
        reachable = dataclasses.replace(stream, auth_token=self.auth_token, at=self.at, tls=self.tls)
        return _WebSocketWire(await handshake(reachable))


@dataclass(frozen=True, slots=True)
class HttpWebhook:
    """`transport.Webhook`.

    auth_token: signs the request; at: the origin really dialled, where it is not the url's own.
    """

    auth_token: str | None = field(default=None, repr=False)
    at: str | None = None
    tls: ssl.SSLContext | None = None

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        limits = httpx2.Timeout(WEBHOOK_S, connect=CONNECT_S)
        target = reached(url, self.at)
        verify = self.tls or target.startswith("https:")  # reading the authorities' certificates takes a frame's time
        try:
            async with httpx2.AsyncClient(timeout=limits, trust_env=False, verify=verify) as client:
                answer = await client.post(target, data=dict(form), headers=self._headers(url, form))
                return answer.status_code, answer.text
        except httpx2.HTTPError:
            return 0, ""

    def _headers(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        said = {"User-Agent": "TwilioProxy/1.1"}
        if self.auth_token is not None:
            said["X-Twilio-Signature"] = signature(self.auth_token, url, form)
        return said

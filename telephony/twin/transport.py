"""How the exchange reaches the line: two ports, over real sockets or within one process.

The exchange knows nothing else of the world, so that the same calls run in real time and in virtual time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from telephony.twin.carrier import Stream


class Wire(Protocol):
    """One stream's WebSocket, from the carrier's end."""

    async def send(self, text: str) -> None:
        """Returns when it is written, or when the other side has gone: then `receive` says so."""
        ...

    async def receive(self) -> str | bytes | None:
        """The next message; None when the connection is over."""
        ...

    async def close(self) -> None:
        """Close as a WebSocket closes."""
        ...

    def abort(self) -> None:
        """Break off as a dying network does: no closing handshake."""
        ...


class Streams(Protocol):
    """Opens media streams."""

    async def connect(self, stream: Stream) -> Wire:
        """Raises `StreamRefused`."""
        ...


class Webhook(Protocol):
    """Asks the line by HTTP."""

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        """A signed POST of the form.  Returns status and body; status 0 where nobody answered."""
        ...

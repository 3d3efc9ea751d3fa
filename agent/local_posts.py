"""Questions to a service on this machine: a POST each, its answer as bytes.

What is asked stands in the body alone, never in an address.  No proxy, no redirect, no cookie, no second try, and
nothing is kept between two questions.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, final

import httpx2

CONNECT_S: Final = 0.3


@final
class LocalPosts:
    """The way to one service."""

    def __init__(self, base_url: str) -> None:
        """base_url: http and loopback, as `agent.settings` has checked it."""
        self._base: Final = base_url.rstrip("/")
        limits = httpx2.Limits(max_connections=8, max_keepalive_connections=0)
        self._transport: Final = httpx2.AsyncHTTPTransport(trust_env=False, limits=limits, retries=0)

    async def ask(self, path: str, body: bytes, *, answer_s: float, most_bytes: int) -> bytes:
        """What it says; of an answer that is longer than `most_bytes` a little more than that.

        answer_s: for each wait alone; who calls sets a deadline for all of it.  Raises whatever goes wrong,
        `ValueError` for a status that isn't 200: the text may hold what was asked, so no caller lets it out.
        """
        timeout = {"connect": CONNECT_S, "pool": CONNECT_S, "read": answer_s, "write": answer_s}
        request = httpx2.Request(
            "POST",
            self._base + path,
            headers={"content-type": "application/json", "accept-encoding": "identity"},
            content=body,
            extensions={"timeout": timeout},
        )
        answer = await self._transport.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        pieces, said = aiter(answer.stream), bytearray()
        try:
            piece: bytes | None = b""
            while answer.status_code == 200 and piece is not None and len(said) <= most_bytes:
                said += piece
                piece = await anext(pieces, None)
        finally:
            await answer.stream.aclose()
            with suppress(Exception):  # what reads below meets the closed connection and ends here, in no stray task
                async for _ in pieces:
                    pass
        if answer.status_code != 200:
            raise ValueError
        return bytes(said)

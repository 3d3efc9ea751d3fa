"""Who a patient is and what her record says: one port, and its client for a service on this machine.

The identifiers go in the body of a POST, never in an address.  Nothing is kept between two questions but the
connection; what the service says is checked field by field; of what goes wrong no word leaves this module.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Final, Protocol, final

import httpx2

from agent.record_form import RecordRefused, record_of
from policies.patient import Identifiers, Matched, NotMatched, Unavailable
from policies.phi import PHI

ANSWER_S: Final = 1.0
"""For one answer, connecting included: a service on this machine takes a few milliseconds."""
CONNECT_S: Final = 0.3
MOST_BYTES: Final = 64 * 1024
"""Of one answer; a long medicine list is about 4 kB."""
MATCH: Final = "/match"


class PatientRecords(Protocol):
    """Where records are.  Holds no state of any call."""

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        """The one patient of whom all these hold.  Takes at most `ANSWER_S`; raises nothing of its own."""
        ...


@final
class LocalRecords:
    """`PatientRecords` of a service on this machine: no proxy, no redirect, no cookie, no second try."""

    def __init__(self, base_url: str) -> None:
        """base_url: http and loopback, as `agent.settings` has checked it."""
        self._url: Final = httpx2.URL(base_url.rstrip("/") + MATCH)
        limits = httpx2.Limits(max_connections=8, max_keepalive_connections=0)
        self._transport: Final = httpx2.AsyncHTTPTransport(trust_env=False, limits=limits, retries=0)

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        """See `PatientRecords`."""
        found: Matched | NotMatched | Unavailable = Unavailable.NO_ANSWER
        with suppress(Exception):  # whatever it is, its text may hold what was asked or answered
            async with asyncio.timeout(ANSWER_S):
                said = await self._ask(given.map(_body).reveal())
                found = NotMatched.NOBODY if len(said) > MOST_BYTES else _read(said)  # only a record is ever so long
        return found

    async def _ask(self, body: bytes) -> bytes:
        timeout = {"connect": CONNECT_S, "pool": CONNECT_S, "read": ANSWER_S, "write": ANSWER_S}
        request = httpx2.Request(
            "POST",
            self._url,
            headers={"content-type": "application/json", "accept-encoding": "identity"},
            content=body,
            extensions={"timeout": timeout},
        )
        answer = await self._transport.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        pieces, said = aiter(answer.stream), bytearray()
        try:
            piece: bytes | None = b""
            while answer.status_code == 200 and piece is not None and len(said) <= MOST_BYTES:
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


def _body(given: Identifiers) -> bytes:
    born = "" if given.born is None else given.born.isoformat()
    return json.dumps({"born": born, "phone_end": given.phone_end, "record": given.record}).encode("ascii")


def _read(said: bytes) -> Matched | NotMatched:
    answer = json.loads(said)
    if not isinstance(answer, dict) or set(answer) != {"patient"}:
        raise ValueError
    try:
        return NotMatched.NOBODY if answer["patient"] is None else Matched(PHI(record_of(answer["patient"])))
    except RecordRefused:  # to say that it can't be read would say that the identifiers are right
        return NotMatched.NOBODY

"""The one way out to a language model's provider: what leaves is on a list, what comes back is bounded.

`Guard` is the transport under the SDK and under our own client.  It sends one method to one address, headers on its
list with values of a listed form, and a body of the engine's own shape (`agent/engines/shapes.py`), whatever the SDK
or the environment adds; it reads nothing of an error but its status, and no header of any answer but what it needs.
Every foreign error ends here: what leaves `Guard` is `EngineFailed`.  Proxies of the environment, redirects, retries,
cookies and compression are off.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import httpx2

from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.shapes import Shape, fits

MOST_BYTES: Final = 512 * 1024
"""Of one answer, framing and all.  A spoken reply of 300 tokens is about 60 kB of events."""
MOST_EVENT_BYTES: Final = 16 * 1024
"""Between two blank lines.  The longest event of a healthy stream, the first, is below 2 kB."""
IDLE_CONNECTION_S: Final = 240.0
"""How long an unused connection is kept: a caller's longest wait between two questions, and then some."""
MOST_CONNECTIONS: Final = 64

HEADERS: Final[Mapping[str, str]] = {
    "content-type": "application/json",
    "accept": "application/json|text/event-stream",
    "authorization": "Bearer [!-~]{1,512}",  # whose key it is, is not known here
    "x-api-key": "[!-~]{1,512}",
    "anthropic-version": r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
"""All request headers that may leave, each once at most, and the form of their values, besides host and length, which
are made here.  Any other header is dropped: no cookie, trace, beta, session or machine's name."""
_BLANK_LINE: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")

_STATUS: Final[Mapping[int, EngineReason]] = {
    408: EngineReason.LATE,
    429: EngineReason.OVERLOADED,
    529: EngineReason.OVERLOADED,  # Anthropic's own: "overloaded_error"
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one engine sends, and what its body must be."""

    url: httpx2.URL
    body: Shape


def reason_of_status(status: int) -> EngineReason:
    """What an HTTP status other than 200 means to a call.  A redirect is not followed: it counts as broken."""
    if status in _STATUS:
        return _STATUS[status]
    return EngineReason.REFUSED if 400 <= status < 500 else EngineReason.BROKEN


def under(base_url: str, path: str) -> httpx2.URL:
    """`path` below a base URL that may have a path of its own."""
    return httpx2.URL(base_url.rstrip("/") + path)


def client(
    endpoint: Endpoint,
    *,
    connect_s: float,
    wait_s: float,
    egress_port: int | None,
    still: Callable[[], bool] = lambda: True,
) -> httpx2.AsyncClient:
    """A client that reaches `endpoint` and nothing else.  Keeps connections for the life of the process.

    egress_port: of the proxy on this machine that opens tunnels to it; None where it is on this machine itself.
    still: may the model be called at all now?
    """
    limits = httpx2.Limits(
        max_connections=MOST_CONNECTIONS,
        max_keepalive_connections=MOST_CONNECTIONS,
        keepalive_expiry=IDLE_CONNECTION_S,
    )
    timeout = httpx2.Timeout(wait_s, connect=connect_s, pool=connect_s)
    proxy = None if egress_port is None else httpx2.Proxy(f"http://127.0.0.1:{egress_port}")
    inner = httpx2.AsyncHTTPTransport(trust_env=False, limits=limits, retries=0, proxy=proxy)
    return httpx2.AsyncClient(
        transport=Guard(inner, endpoint, still), timeout=timeout, trust_env=False, follow_redirects=False
    )


async def connected(http: httpx2.AsyncClient, endpoint: Endpoint) -> bool:
    """Opens a connection, name and TLS included, or uses an idle one; sends neither a key nor a body.

    True if the provider answered, whatever it said.
    """
    reached = True
    try:
        await http.head(endpoint.url)
    except EngineFailed:
        reached = False
    return reached


class Guard(httpx2.AsyncBaseTransport):
    """See the module."""

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, endpoint: Endpoint, still: Callable[[], bool] = lambda: True
    ) -> None:
        self._inner = inner
        self._endpoint = endpoint
        self._still = still

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises `EngineFailed`: REFUSED before a socket opens if the request is not what this engine may send.

        So it is if the model may not be called any more: the permit is as old as the process.
        """
        if not self._still():
            raise EngineFailed(EngineReason.REFUSED)
        if request.method == "HEAD" and request.url == self._endpoint.url:
            answer = await self._send(httpx2.Request("HEAD", self._endpoint.url, extensions=request.extensions))
            await Bounded(answer).read_empty()
            return httpx2.Response(answer.status_code)
        body = request.content
        if request.method != "POST" or request.url != self._endpoint.url or not fits(body, self._endpoint.body):
            raise EngineFailed(EngineReason.REFUSED)
        headers = [(name, value) for name, value in request.headers.multi_items() if name in HEADERS]
        if len(dict(headers)) != len(headers) or not all(map(_has_its_form, headers)):
            raise EngineFailed(EngineReason.REFUSED)
        headers.append(("accept-encoding", "identity"))
        answer = await self._send(
            httpx2.Request("POST", self._endpoint.url, headers=headers, content=body, extensions=request.extensions)
        )
        reason = _objection(answer)
        if reason is not None:
            await _close(answer)
            raise EngineFailed(reason)
        return httpx2.Response(
            200, headers={"content-type": "text/event-stream"}, stream=Bounded(answer), request=request
        )

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._inner.handle_async_request(request)
        except httpx2.TimeoutException:
            reason = EngineReason.LATE
        except Exception:  # noqa: BLE001  # whatever it is, its text stays here
            reason = EngineReason.BROKEN
        raise EngineFailed(reason)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Bounded(httpx2.AsyncByteStream):
    """An answer's bytes: UTF-8, at most `MOST_BYTES`.  Closing it ends it: who still reads meets the end, no wait."""

    def __init__(self, answer: httpx2.Response) -> None:
        self._answer = answer
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        self._chunks = aiter(answer.stream)
        self._seen = 0
        self._event = _EventSize()
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._closed:
            chunk, reason = await self._next()
            if reason is not None:
                raise EngineFailed(reason)
            if chunk is None:
                return
            yield chunk

    async def _next(self) -> tuple[bytes | None, EngineReason | None]:
        try:
            chunk = await anext(self._chunks, None)
            self._utf8.decode(chunk or b"", final=chunk is None)
        except UnicodeDecodeError:
            return None, EngineReason.BROKEN
        except httpx2.TimeoutException:
            return None, EngineReason.LATE
        except Exception:  # noqa: BLE001  # whatever it is, its text stays here
            return None, EngineReason.CUT
        if chunk is not None:
            self._seen += len(chunk)
            if self._seen > MOST_BYTES or self._event.after(chunk) > MOST_EVENT_BYTES:
                return None, EngineReason.BROKEN
        return chunk, None

    async def read_empty(self) -> None:
        """Reads the end of an answer without a body, so that its connection is kept; then closes."""
        await self._next()
        await self.aclose()

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        await _close(self._answer)
        with suppress(Exception):  # the readers below meet the closed connection and end here, not in a stray task
            async for _ in self._chunks:
                pass


class _EventSize:
    """How long one event has grown: bytes without a blank line."""

    __slots__ = ("_unfinished",)

    def __init__(self) -> None:
        self._unfinished = b""

    def after(self, chunk: bytes) -> int:
        """The longest stretch without a blank line that ends in `chunk`, in bytes."""
        stretches = _BLANK_LINE.split(self._unfinished + chunk)
        self._unfinished = stretches[-1]
        return max(map(len, stretches))


def _has_its_form(header: tuple[str, str]) -> bool:
    name, value = header
    return re.fullmatch(HEADERS[name], value, re.ASCII) is not None


def _objection(answer: httpx2.Response) -> EngineReason | None:
    if answer.status_code != 200:
        return reason_of_status(answer.status_code)
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    plain = answer.headers.get("content-encoding", "identity").strip().lower() == "identity"
    return None if kind == "text/event-stream" and plain else EngineReason.BROKEN


async def _close(answer: httpx2.Response) -> None:
    assert isinstance(answer.stream, httpx2.AsyncByteStream)
    with suppress(Exception):  # nothing depends on how a dropped connection ends
        await answer.stream.aclose()

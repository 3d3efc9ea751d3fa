"""The way to Twilio's REST: which hosts there are, how long an answer may take, and what is read of a refusal.

`CarrierWire` is what the `twilio` package sends its requests with, in place of its own client: that one logs each
request's address and headers, and asks the environment for proxies and passwords.  Here no redirect, no cookie, no
retry, no compression and no name of this machine; every foreign error ends here as a `WireFailed`, which holds no text.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2

from policies import logs
from telephony.placing import HOSTS as HOSTS
from telephony.placing import CarrierReason

CONNECT_S: Final = 2.0  # as to a hosted model (agent.engines.hosted)
MOST_BYTES: Final = 1024 * 1024  # of one answer; a page of 100 calls is about 150 kB
MOST_CONNECTIONS: Final = 16
IDLE_CONNECTION_S: Final = 20.0  # below the 60 s after which load balancers drop an idle connection
LOUD: Final = ("twilio", "httpx2", "httpcore2")  # their records from DEBUG up name addresses and headers
_USER_AGENT: Final = "quietline"

_REFUSED_NUMBERS: Final = frozenset({21211, 21214, 21215, 21216, 21217, 13223, 13224, 13225, 13226, 13227})
"""Twilio's error dictionary: invalid, unreachable, not permitted by geography, blocked, unverified forms of `To`."""

logs.hush(*LOUD)


class WireFailed(Exception):
    """A request came to nothing.  `status` and `code` are HTTP's and Twilio's, 0 where there was no answer."""

    def __init__(self, reason: CarrierReason, status: int = 0, code: int = 0) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.status = status
        self.code = code


def reason_of(status: int, code: int) -> CarrierReason:
    """What an answer other than 2xx means.  A redirect is not followed: it counts as broken."""
    if status == 429:
        return CarrierReason.BUSY
    if code in _REFUSED_NUMBERS:
        return CarrierReason.NUMBER_REFUSED
    return CarrierReason.REFUSED if 400 <= status < 500 else CarrierReason.BROKEN


class CarrierWire:
    """See the module.  One a process; keeps connections until `aclose()`."""

    is_async: Final = True  # asked by the `twilio` package

    def __init__(
        self,
        *,
        answer: Callable[[int, str], Any],
        base_url: str | None,
        egress_port: int | None,
        tls: ssl.SSLContext | None,
        answer_s: float,
    ) -> None:
        """answer: of a status and a body makes what the `twilio` package reads.

        base_url: of all hosts, where they are one (a twin); None for Twilio's own.

        egress_port: of the proxy on this machine that opens tunnels.  tls: whom to trust, None for the usual.
        answer_s: from the question to the end of the answer.
        """
        self._answer: Final = answer
        self._base_url: Final = None if base_url is None else base_url.rstrip("/")
        self._answer_s: Final = answer_s
        proxy = None if egress_port is None else httpx2.Proxy(f"http://127.0.0.1:{egress_port}")
        limits = httpx2.Limits(
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=MOST_CONNECTIONS,
            keepalive_expiry=IDLE_CONNECTION_S,
        )
        transport = httpx2.AsyncHTTPTransport(
            verify=True if tls is None else tls, trust_env=False, limits=limits, retries=0, proxy=proxy
        )
        self._http: Final = httpx2.AsyncClient(
            transport=transport,
            timeout=httpx2.Timeout(answer_s, connect=CONNECT_S, pool=CONNECT_S),
            trust_env=False,
            follow_redirects=False,
        )

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002  # ours are sent
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  # ours counts
        allow_redirects: bool = False,  # noqa: ARG002  # never
    ) -> Any:
        """One request, as the `twilio` package asks for it.  Raises `WireFailed` unless the answer is 2xx."""
        if auth is None:
            raise WireFailed(CarrierReason.REFUSED)
        request = self._http.build_request(
            method,
            self._address(url, params or {}),
            headers=self._headers(method),
            content=urlencode(data or {}, doseq=True).encode() if method == "POST" else None,
        )
        status, body, reason = await self._answered(request, httpx2.BasicAuth(*auth))
        if reason is not None:
            raise WireFailed(reason)
        if not 200 <= status < 300:
            code = _code(body)
            raise WireFailed(reason_of(status, code), status, code)
        return self._answer(status, body.decode(errors="replace"))

    async def aclose(self) -> None:
        """Lets the connections go."""
        await self._http.aclose()

    def _address(self, url: str, params: Mapping[str, object]) -> str:
        parts = urlsplit(url)
        ours = self._base_url is not None and url.startswith(f"{self._base_url}/")
        if not ours and (parts.scheme != "https" or parts.netloc not in HOSTS):
            raise WireFailed(CarrierReason.REFUSED)
        origin = self._base_url or f"https://{parts.netloc}"
        query = "&".join(filter(None, (parts.query, urlencode(params, doseq=True))))
        return f"{origin}{parts.path}?{query}" if query else f"{origin}{parts.path}"

    @staticmethod
    def _headers(method: str) -> dict[str, str]:
        plain = {"accept": "application/json", "accept-encoding": "identity", "user-agent": _USER_AGENT}
        return plain | ({"content-type": "application/x-www-form-urlencoded"} if method == "POST" else {})

    async def _answered(self, request: httpx2.Request, auth: httpx2.Auth) -> tuple[int, bytes, CarrierReason | None]:
        """Status and body, or why there are none."""
        try:
            async with asyncio.timeout(self._answer_s):
                answer = await self._http.send(request, auth=auth, stream=True)
                try:
                    return answer.status_code, await _body(answer), None
                finally:
                    with contextlib.suppress(Exception):  # nothing depends on how a read answer ends
                        await answer.aclose()
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError):
            return 0, b"", CarrierReason.UNREACHABLE
        except (httpx2.TimeoutException, TimeoutError, httpx2.NetworkError, httpx2.RemoteProtocolError):
            return 0, b"", CarrierReason.TIMED_OUT  # it may have been heard
        except Exception:  # noqa: BLE001  # whatever it is, its text stays here
            return 0, b"", CarrierReason.BROKEN


async def _body(answer: httpx2.Response) -> bytes:
    """Raises `ValueError` for more than `MOST_BYTES`."""
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > MOST_BYTES:
            raise ValueError("an answer too long")
        parts.append(part)
    return b"".join(parts)


def _code(body: bytes) -> int:
    """Twilio's own number of an error, 0 if it gives none; nothing else is read."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        return 0
    code = told.get("code") if isinstance(told, dict) else None
    return code if isinstance(code, int) else 0

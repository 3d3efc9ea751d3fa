"""Is this request Twilio's?  Pure.

Twilio signs base64(HMAC-SHA1(auth token, URL + sorted form fields)) (Twilio, "Webhooks security").  The URL is
built from the configured public origin alone: `Host` and `X-Forwarded-*` are the sender's to choose.  A signature
holds no time and no nonce, so a recorded request verifies for ever; `Seen` refuses the second one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from policies.phi import PHI

MAX_SEEN: Final = 20_000  # days of calls of one line; the oldest is forgotten
_ORIGIN: Final = re.compile(r"https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?", re.ASCII)
_SIGNATURE_CHARS: Final = 28  # base64 of 20 bytes

FormFields = Sequence[tuple[str, str]]


def is_public_origin(origin: str) -> bool:
    """`https://host` or `https://host:port`, lower case, nothing behind it."""
    return _ORIGIN.fullmatch(origin) is not None


class SignatureCheck:
    """Checks against one auth token and one public origin."""

    def __init__(self, auth_token: str, origin: str) -> None:
        """Raises `ValueError` unless the origin is `https://host[:port]` and there is a token."""
        if not auth_token or not is_public_origin(origin):
            raise ValueError("a signature check needs an auth token and an https origin without a path")
        self._key: Final = auth_token.encode()
        self._https: Final = origin
        self._wss: Final = "wss" + origin.removeprefix("https")

    def form(self, path: str, query: str, fields: FormFields, signature: str) -> bool:
        """A webhook with a form.  path: ours, with its leading slash; query: as it came, without the question mark."""
        return self._any(self._https, path, query, _flat(fields), signature)

    def json(self, path: str, query: str, body: bytes, signature: str) -> bool:
        """A webhook with another body: its hash must stand in the signed query; without it nothing vouches for it."""
        claimed = parse_qs(query).get("bodySHA256", [])
        if len(claimed) != 1:
            return False
        whole = hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), claimed[0].encode(errors="replace"))
        return self._any(self._https, path, query, "", signature) and whole

    def websocket(self, path: str, query: str, signature: str) -> bool:
        """A handshake: the `wss` URL, no fields."""
        return self._any(self._wss, path, query, "", signature)

    def _any(self, origin: str, path: str, query: str, fields: str, signature: str) -> bool:
        given = signature.encode(errors="replace")
        fits = False
        for url in candidates(origin, path, query):  # all of them, so that the time tells nothing
            fits |= hmac.compare_digest(self._signed(url + fields), given)
        return fits and len(given) == _SIGNATURE_CHARS

    def _signed(self, text: str) -> bytes:
        return base64.b64encode(hmac.new(self._key, text.encode(errors="replace"), hashlib.sha1).digest())


def candidates(origin: str, path: str, query: str) -> tuple[str, ...]:
    """The forms in which Twilio may have written our URL: as configured, with a slash behind it, with its port."""
    tail = f"?{query}" if query else ""
    hosts: Iterable[str] = (origin,) if urlsplit(origin).port else (origin, origin + ":443")
    return tuple(host + form + tail for host in hosts for form in (path, path + "/"))


def _flat(fields: FormFields) -> str:
    """Names in order, each with each of its values in order, once (twilio-python, `compute_signature`)."""
    return "".join(name + value for name, value in sorted(set(fields)))


class Seen:
    """Which call has already been the subject of which event; keeps keyed digests, never the call's own name."""

    def __init__(self, *, limit: int = MAX_SEEN) -> None:
        self._limit = limit
        self._key = secrets.token_bytes(32)
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def digest(self, call_sid: PHI[str]) -> bytes:
        """A name for the call that means nothing outside this process."""
        return hmac.new(self._key, call_sid.reveal().encode(errors="replace"), hashlib.sha256).digest()

    def first(self, call_sid: PHI[str], event: str) -> bool:
        """True the first time this event comes for this call."""
        digest = self.digest(call_sid) + event.encode()
        if digest in self._digests:
            return False
        self._digests[digest] = None
        while len(self._digests) > self._limit:
            self._digests.popitem(last=False)
        return True

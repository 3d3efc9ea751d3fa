"""Who is let in: signature in production; in development loopback names and the page's own origin.

Pure: headers and fields in, a refusal or nothing out.  What counts is configured; headers are only compared with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from policies.phi import PHI
from telephony.leg import LegLimits
from telephony.signature import FormFields, SignatureCheck
from telephony.switchboard import Refusal

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_LOOPBACK_PEERS: Final = frozenset({"127.0.0.1", "::1"})
_PROXIED: Final = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via")
MAX_BODY_BYTES: Final = 16 * 1024  # a voice webhook's form is about 1 KiB
MAX_FIELDS: Final = 100  # a voice webhook's form has about 30
SIGNATURE: Final = "x-twilio-signature"
_CALL_SID: Final = re.compile(r"CA[0-9a-f]{32}", re.ASCII)  # Twilio, "What is a String Identifier (SID)?"
_ANY_CALL_SID: Final = re.compile(r"[A-Za-z0-9_-]{2,64}", re.ASCII)  # simulators choose their own
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the carrier reaches us."""

    web: str
    stream: str


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """What the server is told.  Raises `ValueError` if it does not hold together."""

    origin: str
    """Scheme, host and port as the other side names them: https in production, loopback http in development."""
    development: bool
    auth_token: PHI[str] | None = None
    """Twilio's; needed in production."""
    account_sid: str | None = None
    """Twilio's; where it is set, production answers that account's calls only."""
    calls: int = 8
    """At once; the next caller is put through to the nurse."""
    allow_unsigned_stream: bool = False
    """Development only: a stream without a token is a patient's (simulators choose their own call SID)."""
    metrics_from: frozenset[str] = frozenset()
    """Addresses, besides loopback, that may read `/metrics` in production."""
    leg: LegLimits = field(default_factory=LegLimits)

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if parts.path or parts.query or parts.fragment or not parts.netloc or parts.username:
            raise ValueError("the origin is scheme, host and port, and nothing behind it")
        if self.development and (parts.scheme != "http" or _host_name(parts.netloc) not in LOOPBACK):
            raise ValueError("the development profile answers on loopback only")
        if not self.development and (parts.scheme != "https" or self.auth_token is None):
            raise ValueError("production needs a public https origin and Twilio's auth token")
        if not self.development and self.allow_unsigned_stream:
            raise ValueError("unsigned streams are for development")

    @property
    def stream_origin(self) -> str:
        """The origin under which the stream is reached: ws for http, wss for https."""
        return "ws" + self.origin.removeprefix("http")

    @property
    def origins(self) -> Origins:
        return Origins(self.origin, self.stream_origin)


class Doors:
    """The checks of one server."""

    def __init__(self, config: ServerConfig) -> None:
        self._config = config
        port = urlsplit(config.origin).port
        suffix = f":{port}" if port is not None else ""
        self._hosts = frozenset(name + suffix for name in LOOPBACK)
        self._check: SignatureCheck | None = None
        if not config.development and config.auth_token is not None:
            self._check = SignatureCheck(config.auth_token.reveal(), config.origin)

    def anyone(self, headers: Mapping[str, str]) -> Refusal | None:
        """Any request at all: in development, by a loopback name only (a foreign page may point its name at us).

        And from this machine itself: a tunnel's end is on loopback too, but says on whose behalf it asks.
        """
        if not self._config.development:
            return None
        if headers.get("host", "") not in self._hosts:
            return Refusal.HOST
        return Refusal.PEER if _proxied(headers) else None

    def webhook(self, path: str, query: str, headers: Mapping[str, str], fields: FormFields) -> Refusal | None:
        """A webhook of Twilio's."""
        if self._check is None:
            return self._no_foreign_page(headers)
        if not self._check.form(path, query, fields, headers.get(SIGNATURE, "")):
            return Refusal.SIGNATURE
        return None

    def call_sid(self, fields: FormFields) -> str | None:
        """Whose call a form is about; None if it names none, or cannot be as Twilio sent it.

        Twilio signs names and values run together, so the same letters cut anew into names and values verify as well.
        In production a call's own name therefore has Twilio's exact form and stands nowhere inside another field.
        """
        sid = only(fields, "CallSid")
        if sid is None or self._config.development:
            return sid if sid is not None and _ANY_CALL_SID.fullmatch(sid) else None
        account = self._config.account_sid
        ours = account is None or only(fields, "AccountSid") == account
        whole = not any("CallSid" in name.removesuffix("CallSid") + " " + value for name, value in fields)
        return sid if ours and whole and _CALL_SID.fullmatch(sid) else None

    def handshake(self, path: str, query: str, headers: Mapping[str, str]) -> Refusal | None:
        """The WebSocket of a stream."""
        if self._check is None:
            return self._no_foreign_page(headers)
        if not self._check.websocket(path, query, headers.get(SIGNATURE, "")):
            return Refusal.SIGNATURE
        return None

    def page(self, headers: Mapping[str, str]) -> Refusal | None:
        """The phone page asks for a token: the browser must name the page's own origin."""
        return None if headers.get("origin") == f"http://{headers.get('host', '')}" else Refusal.ORIGIN

    def metrics(self, peer: str, headers: Mapping[str, str]) -> Refusal | None:
        """Loopback peers that ask a loopback name, and those configured; never on a proxy's behalf.

        A proxy on loopback hides the peer: its header, or the public host that it passes on, tells that there is one.
        """
        if peer in self._config.metrics_from:
            return None
        here = peer in _LOOPBACK_PEERS and _host_name(headers.get("host", "")) in LOOPBACK
        return None if here and not _proxied(headers) else Refusal.PEER

    def _no_foreign_page(self, headers: Mapping[str, str]) -> Refusal | None:
        """Browsers name the origin of the page that asks; carriers and simulators name none."""
        return None if "origin" not in headers else self.page(headers)


def form_fields(content_type: str, body: bytes) -> FormFields | None:
    """The fields of a form, in order; None if it is none."""
    if content_type.partition(";")[0].strip().lower() != _FORM:
        return None
    try:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return None


def only(fields: Sequence[tuple[str, str]], name: str) -> str | None:
    """The value of a field that stands there once; None if it is missing or there twice."""
    values = [value for key, value in fields if key == name]
    return values[0] if len(values) == 1 else None


def _proxied(headers: Mapping[str, str]) -> bool:
    return any(name in headers for name in _PROXIED)


def _host_name(netloc: str) -> str:
    return netloc.rpartition(":")[0] if not netloc.endswith("]") and ":" in netloc else netloc

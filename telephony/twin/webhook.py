"""The carrier's HTTP side: asks the voice webhook what to do with a call, signed as Twilio signs."""

from __future__ import annotations

import asyncio
import base64
import enum
import hashlib
import hmac
import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from telephony.twin.twiml_reader import Verb, read_twiml

WEBHOOK_S: Final = 15.0  # Twilio gives up on a voice webhook after this


class WebhookReason(enum.Enum):
    """Why the webhook gave nothing to do; the value is the sentence shown."""

    UNREACHABLE = "the webhook could not be reached"
    REFUSED = "the webhook answered with a status other than 200"


class WebhookFailed(Exception):
    """The carrier got no TwiML.  `status` is the HTTP status, 0 where there was none."""

    def __init__(self, reason: WebhookReason, status: int = 0) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.status = status


def signature(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 over the url and the sorted form (Twilio, "Security", validating requests).

    A WebSocket handshake is signed over its wss:// url with an empty form.
    """
    signed = url + "".join(key + form[key] for key in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def reached(url: str, at: str | None) -> str:
    """The same path on another origin: what is signed is the public url, what is dialled may be on loopback."""
    if at is None:
        return url
    there, here = urlsplit(url), urlsplit(at)
    secure = here.scheme in {"https", "wss"}
    scheme = ("wss" if secure else "ws") if there.scheme in {"ws", "wss"} else ("https" if secure else "http")
    return urlunsplit((scheme, here.netloc, there.path, there.query, ""))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls whom, as the webhook's form says it."""

    call_sid: str
    account_sid: str
    number: str
    called: str

    def form(self, **more: str) -> dict[str, str]:
        return {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.call_sid,
            "CallStatus": "ringing",
            "Called": self.called,
            "Caller": self.number,
            "Direction": "inbound",
            "From": self.number,
            "To": self.called,
        } | more


@dataclass(frozen=True, slots=True)
class Webhooks:
    """How the carrier reaches the hospital's server.

    url: the voice webhook as configured at the carrier, which is what gets signed.
    at: origin that is really dialled, where it differs (a server on loopback behind a public origin).
    """

    url: str
    auth_token: str | None = field(default=None, repr=False)
    at: str | None = None
    tls: ssl.SSLContext | None = None

    async def ask(self, url: str, form: Mapping[str, str]) -> tuple[Verb, ...]:
        """POST the form to `url` (relative ones are meant from the voice webhook) and read the TwiML.

        Raises `WebhookFailed` and `TwimlRefused`.
        """
        status, body = await asyncio.to_thread(self._post, urljoin(self.url, url), form)
        if status == 0:
            raise WebhookFailed(WebhookReason.UNREACHABLE)
        if status != http.HTTPStatus.OK:
            raise WebhookFailed(WebhookReason.REFUSED, status)
        return read_twiml(body)

    def _post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        status, body = self._fetched(url, form)
        return status, body.decode("utf-8", "replace")

    def _fetched(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Status and body as they came; 0 and nothing where nobody answered."""
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "TwilioProxy/1.1"}
        if self.auth_token is not None:
            headers["X-Twilio-Signature"] = signature(self.auth_token, url, form)
        to = urlsplit(reached(url, self.at))
        connection = (
            http.client.HTTPSConnection(to.netloc, timeout=WEBHOOK_S, context=self.tls)
            if to.scheme == "https"
            else http.client.HTTPConnection(to.netloc, timeout=WEBHOOK_S)
        )
        try:
            connection.request("POST", urlunsplit(("", "", to.path, to.query, "")) or "/", urlencode(form), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return 0, b""
        finally:
            connection.close()

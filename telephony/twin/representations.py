"""How the carrier writes its resources, lists and errors as JSON.  Pure.

A call's fields and the links of both kinds of pages are those of Twilio's published OpenAPI descriptions (twilio-oai:
`twilio_api_v2010`, `twilio_insights_v1`); of the other resources, those that the `twilio` package's types read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import urlencode

from telephony.twin.account import Conference, Kept, Number, Service, Trunk
from telephony.twin.port import PlacedCall

API: Final = "2010-04-01"
MOST_A_PAGE: Final = 1_000  # Twilio, "Paging"
USUAL_PAGE: Final = 50

Json = dict[str, Any]

MESSAGES: Final[Mapping[int, tuple[int, str]]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required"),
    21210: (400, "The source phone number provided is not yet verified for your account"),
    21211: (400, "Invalid 'To' Phone Number"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
}
"""Twilio's error dictionary: its number -> HTTP's status, the message."""


class Calendar:
    """Seconds of a clock -> the carrier's two ways of writing a time."""

    def __init__(self, began: datetime) -> None:
        """began: when the clock read 0, with its zone."""
        self._began = began

    def day(self, at_s: float) -> str:
        """`YYYY-MM-DD`, as filters name it."""
        return self._at(at_s).date().isoformat()

    def rfc2822(self, at_s: float | None) -> str | None:
        """As resources of 2010-04-01 have it."""
        return None if at_s is None else format_datetime(self._at(at_s))

    def iso(self, at_s: float) -> str:
        """As newer resources have it."""
        return self._at(at_s).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _at(self, at_s: float) -> datetime:
        return (self._began + timedelta(seconds=at_s)).astimezone(UTC).replace(microsecond=0)


def error(code: int) -> tuple[int, Json]:
    """HTTP's status and the body."""
    status, message = MESSAGES[code]
    link = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": link, "status": status}


def call(placed: PlacedCall, calendar: Calendar) -> Json:
    """A Call resource."""
    uri = f"/{API}/Accounts/{placed.account_sid}/Calls/{placed.sid}"
    talked = (placed.ended_at or 0.0) - (placed.answered_at or 0.0)
    return {
        "account_sid": placed.account_sid,
        "answered_by": None,
        "api_version": API,
        "caller_name": "",
        "date_created": calendar.rfc2822(placed.started_at),
        "date_updated": calendar.rfc2822(placed.ended_at or placed.answered_at or placed.started_at),
        "direction": placed.direction,
        "duration": str(round(talked)) if placed.status == "completed" else None,
        "end_time": calendar.rfc2822(placed.ended_at) if placed.status == "completed" else None,
        "forwarded_from": None,
        "from": placed.from_,
        "from_formatted": placed.from_,
        "group_sid": None,
        "parent_call_sid": placed.parent_sid,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": placed.sid,
        "start_time": calendar.rfc2822(placed.started_at),
        "status": placed.status,
        "subresource_uris": {
            name.lower(): f"{uri}/{name}.json"
            for name in ("Notifications", "Recordings", "Streams", "Transcriptions", "Events")
        },
        "to": placed.to,
        "to_formatted": placed.to,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def recording(kept: Kept, account_sid: str, calendar: Calendar) -> Json:
    """A Recording resource."""
    uri = f"/{API}/Accounts/{account_sid}/Recordings/{kept.sid}"
    return _kept(kept, account_sid, calendar) | {
        "call_sid": kept.call_sid,
        "channels": 1,
        "conference_sid": None,
        "encryption_details": None,
        "error_code": None,
        "media_url": f"https://api.twilio.com{uri}",
        "source": "OutboundAPI",
        "start_time": calendar.rfc2822(kept.made_at),
        "status": "completed",
        "subresource_uris": {"transcriptions": f"{uri}/Transcriptions.json"},
        "uri": f"{uri}.json",
    }


def transcription(kept: Kept, account_sid: str, calendar: Calendar) -> Json:
    """A Transcription resource."""
    return _kept(kept, account_sid, calendar) | {
        "recording_sid": None,
        "status": "completed",
        "transcription_text": "",
        "type": "fast",
        "uri": f"/{API}/Accounts/{account_sid}/Transcriptions/{kept.sid}.json",
    }


def _kept(kept: Kept, account_sid: str, calendar: Calendar) -> Json:
    made = calendar.rfc2822(kept.made_at)
    return {
        "account_sid": account_sid, "api_version": API, "date_created": made, "date_updated": made, "duration": "1",
        "price": None, "price_unit": "USD", "sid": kept.sid,
    }  # fmt: skip


def conference(held: Conference, account_sid: str, calendar: Calendar) -> Json:
    """A Conference resource."""
    uri = f"/{API}/Accounts/{account_sid}/Conferences/{held.sid}"
    made = calendar.rfc2822(held.made_at)
    return {
        "account_sid": account_sid, "api_version": API, "call_sid_ending_conference": None, "date_created": made,
        "date_updated": made, "friendly_name": held.name, "reason_conference_ended": None, "region": "us1",
        "sid": held.sid, "status": held.status, "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json", "recordings": f"{uri}/Recordings.json"},
    }  # fmt: skip


def number(owned: Number, account_sid: str, calendar: Calendar) -> Json:
    """An IncomingPhoneNumber resource."""
    made = calendar.rfc2822(0.0)
    return {
        "account_sid": account_sid, "address_requirements": "none", "address_sid": None, "api_version": API,
        "beta": False, "bundle_sid": None, "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "date_created": made, "date_updated": made, "emergency_address_sid": None,
        "emergency_address_status": "unregistered", "emergency_status": "Active", "friendly_name": owned.number,
        "identity_sid": None, "origin": "twilio", "phone_number": owned.number, "sid": owned.sid,
        "sms_application_sid": "", "sms_fallback_method": "POST", "sms_fallback_url": "", "sms_method": "POST",
        "sms_url": "", "status": "in-use", "status_callback": owned.status_callback,
        "status_callback_method": owned.status_callback_method, "trunk_sid": owned.trunk_sid, "type": "local",
        "uri": f"/{API}/Accounts/{account_sid}/IncomingPhoneNumbers/{owned.sid}.json",
        "voice_application_sid": owned.application_sid,
        "voice_caller_id_lookup": owned.name_lookup, "voice_fallback_method": owned.fallback_method,
        "voice_fallback_url": owned.fallback_url, "voice_method": "POST", "voice_receive_mode": "voice",
        "voice_url": owned.voice_url,
    }  # fmt: skip


def insights(account_sid: str, *, advanced_features: bool, voice_trace: bool) -> Json:
    """Voice Insights' settings."""
    return {
        "account_sid": account_sid, "advanced_features": advanced_features, "voice_trace": voice_trace,
        "url": "https://insights.twilio.com/v1/Voice/Settings",
    }  # fmt: skip


def trunk(owned: Trunk, account_sid: str, calendar: Calendar) -> Json:
    """A Trunk resource."""
    made, url = calendar.iso(0.0), f"https://trunking.twilio.com/v1/Trunks/{owned.sid}"
    return {
        "account_sid": account_sid, "auth_type": "", "auth_type_set": [], "cnam_lookup_enabled": False,
        "date_created": made, "date_updated": made, "disaster_recovery_method": None, "disaster_recovery_url": None,
        "domain_name": None, "friendly_name": None, "recording": trunk_recording(owned), "secure": True,
        "sid": owned.sid, "symmetric_rtp_enabled": False, "transfer_caller_id": "from-transferee",
        "transfer_mode": "disable-all", "url": url, "links": {"recording": f"{url}/Recording"},
    }  # fmt: skip


def trunk_recording(owned: Trunk) -> Json:
    """How a trunk records."""
    return {"mode": owned.mode, "trim": "do-not-trim"}


def service(owned: Service, account_sid: str, calendar: Calendar) -> Json:
    """A Service of Voice Intelligence."""
    made = calendar.iso(0.0)
    return {
        "account_sid": account_sid, "auto_redaction": False, "auto_transcribe": owned.transcribes,
        "data_logging": False, "date_created": made, "date_updated": made, "encryption_credential_sid": None,
        "friendly_name": owned.name, "language_code": "en-US", "media_redaction": False,
        "read_only_attached_operator_sids": [], "sid": owned.sid, "unique_name": owned.name, "url": f"https://intelligence.twilio.com/v2/Services/{owned.sid}",
        "version": 1, "webhook_http_method": "NULL", "webhook_url": "",
    }  # fmt: skip


def page(name: str, found: Sequence[Json], path: str, query: Mapping[str, str]) -> Json:
    """One page of a list of 2010-04-01.  Raises `ValueError` for a page or a size that is no number."""
    at, size, part = _part(found, query)
    links = {
        "first_page_uri": _link(path, query, 0, size),
        "next_page_uri": _link(path, query, at + 1, size) if (at + 1) * size < len(found) else None,
        "previous_page_uri": _link(path, query, at - 1, size) if at else None,
        "uri": _link(path, query, at, size),
    }
    return {name: part, "start": at * size, "end": at * size + len(part) - 1, "page": at, "page_size": size, **links}


def newer_page(name: str, found: Sequence[Json], url: str, query: Mapping[str, str]) -> Json:
    """One page of a newer list.  Raises `ValueError` likewise."""
    at, size, part = _part(found, query)
    links = {
        "first_page_url": _link(url, query, 0, size),
        "next_page_url": _link(url, query, at + 1, size) if (at + 1) * size < len(found) else None,
        "previous_page_url": _link(url, query, at - 1, size) if at else None,
        "url": _link(url, query, at, size),
    }
    return {name: part, "meta": {"key": name, "page": at, "page_size": size, **links}}


def _part(found: Sequence[Json], query: Mapping[str, str]) -> tuple[int, int, Sequence[Json]]:
    at = max(0, int(query.get("Page", "0")))
    size = min(max(1, int(query.get("PageSize", USUAL_PAGE))), MOST_A_PAGE)
    return at, size, found[at * size : (at + 1) * size]


def _link(path: str, query: Mapping[str, str], at: int, size: int) -> str:
    filters = {name: value for name, value in query.items() if name not in ("Page", "PageSize", "PageToken")}
    return f"{path}?{urlencode(filters | {'PageSize': size, 'Page': at})}"

"""A customer's account at the twin: its keys, its numbers, and what of it keeps more of a call than its record."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field


def fresh_sid(kind: str) -> str:
    """Two letters and 32 hex digits, as the carrier names its resources."""
    return kind + secrets.token_hex(16)


@dataclass(slots=True)
class Number:
    """A telephone number of the account."""

    number: str
    sid: str = field(default_factory=lambda: fresh_sid("PN"))
    name_lookup: bool = False
    """The name of who calls is looked up and stands in the call's record."""
    voice_url: str = ""
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    application_sid: str = ""
    """With one, or with a trunk, none of the addresses above is asked."""
    trunk_sid: str | None = None


@dataclass(slots=True)
class Trunk:
    """A SIP trunk; `mode` is how its calls are recorded."""

    sid: str = field(default_factory=lambda: fresh_sid("TK"))
    mode: str = "do-not-record"


@dataclass(slots=True)
class Service:
    """A Voice Intelligence service; `transcribes` each recording by itself."""

    sid: str = field(default_factory=lambda: fresh_sid("GA"))
    name: str = "service"
    transcribes: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording or a transcription.  made_at: seconds of the exchange's clock."""

    sid: str
    made_at: float
    call_sid: str = ""


@dataclass(frozen=True, slots=True)
class Conference:
    """A conference that was held.  status: `init`, `in-progress` or `completed`."""

    sid: str
    name: str
    status: str
    made_at: float


@dataclass(slots=True)
class Account:
    """What a customer set, and what came of it."""

    sid: str = field(default_factory=lambda: fresh_sid("AC"))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    numbers: list[Number] = field(default_factory=list)
    trunks: list[Trunk] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    advanced_features: bool = False
    voice_trace: bool = False
    stubborn: bool = False
    """Settings say that they were changed and stay as they are."""
    recordings: list[Kept] = field(default_factory=list)
    transcriptions: list[Kept] = field(default_factory=list)
    conferences: list[Conference] = field(default_factory=list)

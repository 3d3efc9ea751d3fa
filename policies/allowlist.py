"""Which language model may be called at all.  Only this module makes `Permitted`.

Provisional and strict until the evidence of a provider's agreement is on file (a later issue): the built-in
approved engine always; a hosted or local model in the development profile only.
"""

from __future__ import annotations

import enum
import ipaddress
import re
import urllib.parse
from dataclasses import InitVar, dataclass
from typing import Final, final

from policies.records import Engine, Profile

_MINT: Final = object()
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}"  # model and provider names as SDKs and local servers spell them


class ModelReason(enum.Enum):
    """Why a model may not be called; closed, counted by the metrics."""

    NO_EVIDENCE = "no_evidence"
    """Production, and no agreement with its provider is on file."""
    NOT_HTTPS = "not_https"
    BAD_URL = "bad_url"
    """No host, or a user name, query or fragment in it."""
    BAD_NAME = "bad_name"
    UNKNOWN_ENGINE = "unknown_engine"


@dataclass(frozen=True, slots=True)
class ModelRefused:
    """The model is not called; no socket opens."""

    reason: ModelReason


@final
@dataclass(frozen=True, slots=True)
class Permitted:
    """A model that may be called, at exactly this place."""

    engine: Engine
    provider: str
    model: str
    base_url: str
    """Empty for the built-in engine."""
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        if mint is not _MINT:
            raise TypeError("Permitted is made by policies.allowlist alone")


def permit(engine: Engine, provider: str, model: str, base_url: str, profile: Profile) -> Permitted | ModelRefused:
    """Refuses before a socket opens.  For `Engine.APPROVED` the other arguments are ignored."""
    if type(engine) is not Engine or type(profile) is not Profile:
        return ModelRefused(ModelReason.UNKNOWN_ENGINE)
    if engine is Engine.APPROVED:
        return Permitted(engine, "builtin", "approved", "", _MINT)
    if profile is not Profile.DEVELOPMENT:
        return ModelRefused(ModelReason.NO_EVIDENCE)
    if not all(re.fullmatch(_NAME, name, re.ASCII) for name in (provider, model)):
        return ModelRefused(ModelReason.BAD_NAME)
    problem = _url_problem(base_url)
    return Permitted(engine, provider, model, base_url, _MINT) if problem is None else ModelRefused(problem)


def _url_problem(base_url: str) -> ModelReason | None:
    if not re.fullmatch(r"[!-~]+", base_url, re.ASCII) or any(mark in base_url for mark in "@?#\\"):
        return ModelReason.BAD_URL
    try:
        parts = urllib.parse.urlsplit(base_url)
        host = parts.hostname or ""
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        return ModelReason.BAD_URL
    if not host or not port_is_sane or parts.scheme not in ("http", "https"):
        return ModelReason.BAD_URL
    if parts.scheme == "http" and not is_loopback(host):
        return ModelReason.NOT_HTTPS
    return None


def is_loopback(host: str) -> bool:
    """This machine, by name or address; a name is never resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

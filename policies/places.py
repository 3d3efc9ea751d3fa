"""Which addresses a key and a question may be sent to: https, or http on this machine, and nothing but a place."""

from __future__ import annotations

import enum
import ipaddress
import re
import urllib.parse
from typing import Final

MOST_HOST: Final = 253  # characters of a name (RFC 1035 section 2.3.4)
LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1123 section 2.1


class PlaceFault(enum.Enum):
    """Why an address is none."""

    BAD_URL = "bad_url"
    """No host or none in its normal spelling, or a user name, query or fragment in it."""
    NOT_HTTPS = "not_https"


def url_problem(base_url: str) -> PlaceFault | None:
    """Why nothing may be sent there; None if it may."""
    if not re.fullmatch(r"[!-~]+", base_url, re.ASCII) or any(mark in base_url for mark in "@?#\\"):
        return PlaceFault.BAD_URL
    try:
        parts = urllib.parse.urlsplit(base_url)
        host = parts.hostname or ""
        port_is_sane = parts.port is None or parts.port > 0
    except ValueError:
        return PlaceFault.BAD_URL
    if not host or not port_is_sane or parts.scheme not in ("http", "https"):
        return PlaceFault.BAD_URL
    if not _is_normal(base_url, parts, host):
        return PlaceFault.BAD_URL
    if parts.scheme == "http" and not is_loopback(host):
        return PlaceFault.NOT_HTTPS
    return None


def _is_normal(base_url: str, parts: urllib.parse.SplitResult, host: str) -> bool:
    """Is scheme, host and port spelled in the one way there is?  Else one place had many names, and rules for a place
    could be passed by: in small letters, no dot at the end, no port that the scheme has anyhow, addresses in full."""
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    spelled = f"[{host}]" if ":" in host else host
    return base_url.startswith(f"{parts.scheme}://{spelled}{port}{parts.path}") and _is_host(host)


def _is_host(host: str) -> bool:
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        labels = host.split(".")
    last = labels[-1]
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last, re.ASCII):
        return False  # an address in another spelling
    return len(host) <= MOST_HOST and all(re.fullmatch(LABEL, label, re.ASCII) for label in labels)


def is_loopback(host: str) -> bool:
    """This machine, by name or address; a name is never resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

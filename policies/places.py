"""Which addresses a key and a question may be sent to: https, or http on this machine, and nothing but a place."""

from __future__ import annotations

import enum
import ipaddress
import re
import urllib.parse


class PlaceFault(enum.Enum):
    """Why an address is none."""

    BAD_URL = "bad_url"
    """No host, or a user name, query or fragment in it."""
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
    if parts.scheme == "http" and not is_loopback(host):
        return PlaceFault.NOT_HTTPS
    return None


def is_loopback(host: str) -> bool:
    """This machine, by name or address; a name is never resolved."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

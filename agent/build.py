"""What of settings and models is part of a build, beside the code and an agent's file (`agent/keeper/builds.py`).

A hash over each setting that what a caller hears, or what is kept, could depend on; where this machine is reached,
where its files lie and its secrets are left out.  Models that come as packages are pinned with the code; those that the
settings name as files go in byte by byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agent.settings import Settings, SettingsRefused
from policies import closed

NOT_PART: Final = frozenset(
    {
        "host", "port", "public_origin", "tls", "agents", "workflows", "allowlist", "state", "seal_key",
        "egress_port",
        "twilio_account_sid", "twilio_auth_token", "redis_url", "keeper_redis_url", "anthropic_api_key",
        "openai_api_key",
        "admin_port", "admin_host", "line_user", "keeper_user", "audit_to",
    }
)  # fmt: skip
"""Addresses, places and secrets.  The list's evidence has its own rule: it is asked on each day."""

_FIELD_OF: Final = MappingProxyType(
    {
        "QUIETLINE_TLS_CERT": "tls",
        "QUIETLINE_TLS_KEY": "tls",
        "QUIETLINE_AUDIT_CA": "audit_to",
        "QUIETLINE_AUDIT_FORMAT": "audit_to",
    }
)
"""Variables whose names are not that of their field of `Settings`, where that field is no part."""


def is_part(variable: str) -> bool:
    """Does a build depend on this variable?  A change of it sends an agent back to draft."""
    return _FIELD_OF.get(variable, variable.removeprefix("QUIETLINE_").lower()) not in NOT_PART


def more_of(settings: Settings) -> str:
    """SHA-256 in hex, for `builds.build_of`.  Raises `SettingsRefused` where a model's file can't be read."""
    held = {each.name: repr(getattr(settings, each.name)) for each in fields(settings) if each.name not in NOT_PART}
    held |= {name: repr(sorted(each.value for each in getattr(settings, name))) for name in ("without", "unprotected")}
    models: dict[str, str] | None = None
    try:
        models = {name: _digest(Path(name)) for name in (settings.recogniser.model, settings.voice) if name}
    except OSError:
        models = None
    if models is None:
        raise SettingsRefused("set QUIETLINE_RECOGNISER and QUIETLINE_VOICE to files that this user may read")
    return hashlib.sha256(closed.canonical({"settings": held, "models": models})).hexdigest()


def _digest(path: Path) -> str:
    """Of a file, or of all files of a folder; of nothing for a name, whose files are pinned with the code."""
    beside = path.with_name(f"{path.name}.json")  # where a voice's settings lie
    files = sorted(path.rglob("*")) if path.is_dir() else [path, beside]
    total = hashlib.sha256()
    for file in files:
        if not file.is_file():
            continue
        with file.open("rb") as opened:
            total.update(f"{file.name}\0{hashlib.file_digest(opened, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()

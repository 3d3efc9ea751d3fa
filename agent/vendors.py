"""Whose hands an agent's words pass: the allowlist's file, and where the agent's model would be called.

Knows no settings, so that the keeper can import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agent.lines import Agent
from policies.allowlist import BUILT_IN, Allowlist, Endpoint, Feature
from policies.listing import LARGEST_BYTES, ListRefused, parse
from policies.records import Engine

ANTHROPIC_URL: Final = "https://api.anthropic.com"  # the SDKs' own defaults
OPENAI_URL: Final = "https://api.openai.com/v1"
FEATURES: Final[Mapping[Engine, frozenset[Feature]]] = MappingProxyType(
    {
        Engine.APPROVED: frozenset(),
        Engine.ANTHROPIC: frozenset({Feature.MESSAGES, Feature.STREAMING}),
        Engine.OPENAI: frozenset({Feature.CHAT, Feature.STREAMING}),
    }
)
"""All that our engines use of a vendor's interface (`agent/engines/wire.py` lets nothing else out)."""


def load(file: Path) -> Allowlist:
    """Raises `ListRefused`: one sentence that names the file, the table and the key."""
    allowlist, wrong = None, "is not a file that can be read"
    try:
        with file.open("rb") as opened:
            allowlist = parse(opened.read(LARGEST_BYTES + 1).decode("utf-8"))
    except ListRefused as refused:
        wrong = str(refused)
    except (OSError, UnicodeDecodeError):
        allowlist = None
    if allowlist is None:
        raise ListRefused(f"{file.name}: {wrong}")
    return allowlist


def base_url_of(engine: Engine, anthropic_url: str | None, openai_url: str | None) -> str:
    """Of a hosted engine.  The addresses are those of the settings; None: the vendor's own.  Raises KeyError."""
    return {Engine.ANTHROPIC: anthropic_url or ANTHROPIC_URL, Engine.OPENAI: openai_url or OPENAI_URL}[engine]


def endpoint_of(agent: Agent, anthropic_url: str | None, openai_url: str | None) -> Endpoint:
    """Where the agent's model would be called; the addresses as in `base_url_of`."""
    return endpoint(agent.engine, agent.model, anthropic_url, openai_url)


def endpoint(engine: Engine, model: str, anthropic_url: str | None, openai_url: str | None) -> Endpoint:
    """Likewise of a model that no agent has yet."""
    if engine is Engine.APPROVED:
        return BUILT_IN
    return Endpoint(engine, model, base_url_of(engine, anthropic_url, openai_url), FEATURES[engine])

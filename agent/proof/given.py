"""What of the operator's settings the service under proof gets, and in what it differs from hers.

It asks for two things of the machine: a right to become another user, and whether a path is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from agent.build import is_part
from agent.settings import SECRETS, VARIABLES
from agent.surroundings import THROUGH
from agent.users import may_become_another

OWN: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "QUIETLINE_PROFILE": "development",  # on loopback, without a certificate
        "QUIETLINE_LIBRARY_LOG": "debug",  # more could stay than in production, not less
        "QUIETLINE_MODEL_UNFILTERED": "1",  # what a caller says is to come back in the agent's voice
        "QUIETLINE_SPOKEN_AHEAD": "off",  # sessions are short, and the machine is needed for the calls
        "QUIETLINE_PORT": None,
        "QUIETLINE_ADMIN_PORT": None,
        "QUIETLINE_AGENTS": None,
        "QUIETLINE_STATE": None,
        "QUIETLINE_ON_CALL": None,
        "QUIETLINE_CARRIER_URL": None,
        "QUIETLINE_CONTACTS_URL": None,
        "OPENAI_BASE_URL": None,
        "OPENAI_API_KEY": None,
        "TWILIO_ACCOUNT_SID": None,
        "TWILIO_AUTH_TOKEN": None,
        "REDIS_URL": None,
    }
)
"""Variables that the proof sets itself; None: to something else in each session."""
USERS: Final = ("QUIETLINE_LINE_USER", "QUIETLINE_KEEPER_USER")
"""No part of a build, but of who can read whose memory: given where we may start others' processes."""
FILES: Final = ("QUIETLINE_RECOGNISER", "QUIETLINE_VOICE")
"""May be paths, and the service under proof stands in a folder of its own."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is passed on."""

    settings: Mapping[str, str]
    """Variable -> value as the operator set it; never a secret."""
    differs: tuple[str, ...]
    """Variables that say another thing to the service under proof than the operator's environment does."""
    through: Mapping[str, str]
    """Of her environment, what the launcher lets through to the line."""


def given(environment: Mapping[str, str]) -> Given:
    """environment: the operator's, with what stands in files (`agent.settings.with_credentials`)."""
    mine = {name: environment[name] for name in VARIABLES if environment.get(name)}
    passed = {
        name: str(Path(value).absolute()) if name in FILES and Path(value).exists() else value
        for name, value in mine.items()
        if name not in OWN and name not in SECRETS and (is_part(name) or (name in USERS and may_become_another()))
    }
    lost = mine.keys() - passed.keys() - OWN.keys()
    differs = {*lost, *(name for name, value in OWN.items() if value is None or mine.get(name) != value)}
    through = {name: environment[name] for name in THROUGH if environment.get(name)}
    return Given(passed, tuple(sorted(differs)), through)

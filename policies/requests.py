"""What may be asked of an agent's policy, by whom, and what it depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from policies.acts import OffReason, Role
from policies.allowlist import ModelReason
from policies.four_eyes import Pair
from policies.records import NONE, REF, WorkspacePolicy


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.  token: the random ref of the token that was used; `none` for a process of ours."""

    role: Role
    token: str = NONE

    @property
    def signed_in(self) -> bool:
        """The token is a ref, so a person asks."""
        return re.fullmatch(REF.pattern, self.token, re.ASCII) is not None

    @property
    def known_token(self) -> str:
        """For an audit entry: nothing that is no ref gets in."""
        return self.token if self.signed_in else NONE


@dataclass(frozen=True, slots=True)
class Around:
    """What a change depends on beside the policy itself."""

    hour: int
    """Now, in whole hours since 1970-01-01 UTC."""
    workspace: WorkspacePolicy | None
    """None while it is not known: then zero retention counts as forced."""
    lacking: ModelReason | None = None
    """`allowlist.lacking` of the agent's data path today."""
    pair: Pair = field(default_factory=Pair)
    """Whose tokens asked and approve."""


@dataclass(frozen=True, slots=True)
class CreateAgent:
    build: str


@dataclass(frozen=True, slots=True)
class DeleteAgent:
    pass


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Code, settings or models are others now."""

    build: str
    """SHA-256 over all of them, in hex."""


@dataclass(frozen=True, slots=True)
class ZeroOn:
    pass


@dataclass(frozen=True, slots=True)
class AskZeroOff:
    reason: OffReason


@dataclass(frozen=True, slots=True)
class ApproveZeroOff:
    revision: int
    """Of the policy that whoever approves has seen, with the request and its reason."""


@dataclass(frozen=True, slots=True)
class DenyZeroOff:
    """By another admin, or by the one who asked."""


@dataclass(frozen=True, slots=True)
class SelfTested:
    """The redaction self-test ran for this build."""

    build: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Proven:
    """The quick proof ran for this build."""

    build: str
    passed: bool


@dataclass(frozen=True, slots=True)
class GoLive:
    pass


@dataclass(frozen=True, slots=True)
class ToDraft:
    pass


Request = (
    CreateAgent | DeleteAgent | Rebuild | ZeroOn | AskZeroOff | ApproveZeroOff | DenyZeroOff | SelfTested | Proven
    | GoLive | ToDraft
)  # fmt: skip
_ADMIN: Final = frozenset({Role.ADMIN})
ALLOWED: Final[Mapping[type, frozenset[Role]]] = MappingProxyType(
    {
        CreateAgent: frozenset({Role.ADMIN, Role.KEEPER}),  # the keeper: for an agent file of the operator's
        DeleteAgent: _ADMIN,
        Rebuild: frozenset({Role.ADMIN, Role.KEEPER}),
        ZeroOn: _ADMIN,
        AskZeroOff: _ADMIN,
        ApproveZeroOff: _ADMIN,
        DenyZeroOff: _ADMIN,
        SelfTested: frozenset({Role.PROOF}),
        Proven: frozenset({Role.PROOF}),
        GoLive: _ADMIN,
        ToDraft: frozenset({Role.ADMIN, Role.CLINICAL_EDITOR}),
    }
)
"""Who may ask for what."""

"""One-time tokens: the proof that a media stream belongs to a call that we answered.

The signature of a WebSocket handshake covers nothing that changes, so a recorded one stays valid for ever.
The token makes each stream unique: 30 s, used once, bound to its call.  Pure; time and chance are given.
"""

from __future__ import annotations

import enum
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from policies.phi import PHI

TTL_S: Final = 30.0  # TwiML to `start` takes about a second; ten times that is generous
MAX_OUTSTANDING: Final = 256
TOKEN_CHARS: Final = 43  # 32 bytes, base64url without padding


class Purpose(enum.Enum):
    """Whose leg a stream is."""

    PATIENT = "patient"
    BACK = "back"
    """A patient's whose nurse has left the line."""
    CALLEE = "callee"
    """Of a telephone that we have rung: nobody knows yet who has picked it up."""
    REACHED = "reached"
    """Likewise, once she is known to be the patient who was rung."""
    HANDED = "handed"
    """Likewise of somebody who is not known, and is to have a person."""
    NURSE = "nurse"
    CALL_BACK = "call_back"
    """A patient's who was promised a nurse, and is called."""
    STAFF = "staff"
    """Of whoever calls from the number of a nurse with a PIN: she comes to the menu of those who are on call."""
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token stands for."""

    purpose: Purpose
    leg: str
    """The leg's random reference."""
    agent: str
    """Name of the agent that answers."""
    caller: PHI[str] | None = None
    """The number that she calls from, or is called at, as the carrier has it."""


class TokenReason(enum.Enum):
    """Why a token is not taken, or not made; closed, counted by the metrics."""

    UNKNOWN = "token unknown or used"
    EXPIRED = "token expired"
    OTHER_CALL = "token of another call"
    TOO_MANY = "too many tokens outstanding"


class TokenRefused(Exception):
    """No leg for this token.  Holds a reason and never a token."""

    def __init__(self, reason: TokenReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Issued:
    token: str
    ticket: Ticket
    call_sid: PHI[str] | None
    until_s: float


class Tokens:
    """The tokens outstanding.  All `now_s` are seconds of one monotonic clock."""

    def __init__(self, *, chance: Callable[[int], str] = secrets.token_urlsafe, limit: int = MAX_OUTSTANDING) -> None:
        self._chance = chance
        self._limit = limit
        self._issued: list[_Issued] = []

    def outstanding(self, now_s: float) -> int:
        """Tokens that may still be redeemed: each holds a place for its call."""
        self._issued = [issued for issued in self._issued if now_s < issued.until_s]
        return len(self._issued)

    def mint(
        self,
        purpose: Purpose,
        leg: str,
        agent: str,
        call_sid: PHI[str] | None,
        now_s: float,
        *,
        ttl_s: float = TTL_S,
        caller: PHI[str] | None = None,
    ) -> str:
        """A token of 43 characters.  call_sid: None where the stream's own name is not known beforehand.

        ttl_s: longer for whoever is rung first.  Raises `TokenRefused`.
        """
        if self.outstanding(now_s) >= self._limit:
            raise TokenRefused(TokenReason.TOO_MANY)
        token = self._chance(32)
        self._issued.append(_Issued(token, Ticket(purpose, leg, agent, caller), call_sid, now_s + ttl_s))
        return token

    def redeem(self, token: str, call_sid: PHI[str], now_s: float) -> Ticket:
        """What the token stands for.  Whatever comes of it, the token is used up.  Raises `TokenRefused`."""
        found: _Issued | None = None
        for issued in self._issued:  # all of them, so that the time tells nothing
            if _same(issued.token, token):
                found = issued
        if found is None:
            raise TokenRefused(TokenReason.UNKNOWN)
        self._issued.remove(found)
        if now_s >= found.until_s:
            raise TokenRefused(TokenReason.EXPIRED)
        if found.call_sid is not None and not _same(found.call_sid.reveal(), call_sid.reveal()):
            raise TokenRefused(TokenReason.OTHER_CALL)
        return found.ticket

    def forget(self, leg: str) -> None:
        """Take back the token of a leg that will not come."""
        self._issued = [issued for issued in self._issued if issued.ticket.leg != leg]


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))

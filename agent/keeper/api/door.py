"""Who comes in: one token, by its ref and its secret, and nothing that tells a stranger which refs there are.

A secret that was right once is known again by a keyed digest, in memory alone: it costs no hash, draws on a bucket of
its own, and nothing that others do keeps it out.  Whatever else comes is a stranger's: it draws on the bucket of its
address and on the one that all strangers share, and is hashed, known or not.  A ref that was guessed at too often is
locked, known or not: what is tried of it then draws on a small bucket instead, and is answered 429 unless it is right.

What was refused is written a moment later (`note`): what it takes to write an entry tells nobody what was in it.
"""

from __future__ import annotations

import hmac
import math
import os
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Final, TypeVar

from agent.keeper.api.answers import ApiRefused, ErrorWord
from agent.keeper.api.limits import Bucket, Limits
from agent.keeper.argon import Argon
from agent.keeper.ledger import Ledger
from policies import tokens
from policies.acts import Act, AuditReason, Role, Subject
from policies.audit import AuditEvent
from policies.records import NONE, Token, hour_of
from policies.requests import Actor

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="quietline"'}  # RFC 6750, section 3
KEY_BYTES: Final = 32  # of the keyed digest, SHA-256
SITE_BITS: Final = 64  # of an IPv6 address: whoever has one has all of its /64 (RFC 6177)
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Own:
    """A token whose secret was right."""

    digest: bytes
    """Of the secret, under a key that this process made."""
    bucket: Bucket


@dataclass(slots=True)
class _Guessed:
    """What is remembered of one ref, known or not, for which wrong secrets came."""

    failures: int
    since_s: float
    locked_until_s: float = 0.0


class Door:
    """Lives in one thread.  Raises `ApiRefused`, and `StateFailed` where the audit log can't be written."""

    def __init__(
        self, ledger: Ledger, limits: Limits, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        """clock: seconds since 1970; monotonic: seconds that never go back."""
        self._ledger: Final = ledger
        self._limits: Final = limits
        self._clock: Final = clock
        self._monotonic: Final = monotonic
        self._argon: Final = Argon()
        self._key: Final = os.urandom(KEY_BYTES)
        self._strangers: Final = Bucket(limits.strangers, monotonic())
        self._locked: Final = Bucket(limits.locked, monotonic())
        self._addresses: Final[OrderedDict[str, Bucket]] = OrderedDict()
        self._own: Final[dict[str, _Own]] = {}
        """By ref.  No more than there are tokens."""
        self._guessed: Final[OrderedDict[str, _Guessed]] = OrderedDict()
        self._told: set[tuple[int, Act, str]] = set()
        self._waiting: Final[deque[AuditEvent]] = deque()
        """Entries that `note` writes.  Each is one an hour for a token and a reason, or for nobody and a reason."""
        self.failures: Final[Counter[AuditReason]] = Counter()
        """Since the start; the audit log has one entry an hour for each token and reason."""

    def enter(self, authorization: list[str], address: str = "") -> Actor:
        """authorization: every header of that name.  address: who asks, as the socket has it; kept in memory alone."""
        now_s = self._monotonic()
        found = None
        if len(authorization) == 1 and authorization[0][:7].lower() == "bearer ":
            found = tokens.parts(authorization[0][7:])
        if found is None:
            self._pass(self._strangers, address, now_s)
            raise self._turned_away(AuditReason.NO_TOKEN, NONE)
        ref, secret = found
        digest = hmac.digest(self._key, f"{ref}_{secret}".encode("ascii"), "sha256")
        own = self._own.get(ref)
        if own is not None and hmac.compare_digest(own.digest, digest):
            return self._again(ref, own, now_s)
        return self._first(ref, secret, digest, address, now_s)

    def forget(self, ref: str) -> None:
        """A token that was revoked is a stranger's from now on."""
        self._own.pop(ref, None)

    def note(self) -> None:
        """Writes the entries that wait.  Raises `StateFailed`; then they wait on."""
        while self._waiting:
            self._ledger.write(self._waiting[0])
            self._waiting.popleft()

    def _again(self, ref: str, own: _Own, now_s: float) -> Actor:
        """Whose secret is the one that let somebody in before."""
        token = self._ledger.token(ref)
        reason = self._reason(token, matches=True)
        if token is None or reason is not None:
            self.forget(ref)
            raise self._turned_away(reason or AuditReason.UNKNOWN_TOKEN, NONE if token is None else ref)
        wait_s = own.bucket.take(now_s)
        if wait_s:
            self.failures[AuditReason.TOO_MANY] += 1
            self._later(Act.ACT_REFUSED, token.role.role, ref, AuditReason.TOO_MANY, actor=ref)
            raise _too_many(wait_s)
        self._sign_in(token)
        return Actor(token.role.role, ref)

    def _first(self, ref: str, secret: str, digest: bytes, address: str, now_s: float) -> Actor:
        """A stranger, so far."""
        guessed = self._guessed.get(ref)
        locked_s = 0 if guessed is None else math.ceil(max(0.0, guessed.locked_until_s - now_s))
        bucket = self._locked if locked_s else self._strangers
        from_here = self._pass(bucket, address, now_s)
        token = self._ledger.token(ref)
        matches = self._argon.matches(None if token is None else token.argon2id, secret)
        reason = self._reason(token, matches=matches)
        if not matches:
            self._count(ref, now_s, exists=token is not None)
        if token is None or reason is not None:
            away = self._turned_away(reason or AuditReason.UNKNOWN_TOKEN, NONE if token is None else ref)
            raise _too_many(locked_s) if locked_s else away
        for each in (bucket, from_here):
            each.give_back()
        self._sign_in(token)
        self._guessed.pop(ref, None)
        self._own[ref] = _Own(digest, Bucket(self._limits.token, now_s))
        return Actor(token.role.role, ref)

    def _reason(self, token: Token | None, *, matches: bool) -> AuditReason | None:
        if token is None:
            return AuditReason.UNKNOWN_TOKEN
        if not matches:
            return AuditReason.WRONG_SECRET
        return tokens.objection(token, datetime.fromtimestamp(self._clock(), UTC).date())

    def _pass(self, bucket: Bucket, address: str, now_s: float) -> Bucket:
        """Takes one from the address's bucket, which it returns, and one from that which is shared."""
        site = _site(address)
        from_here = self._addresses.get(site) or Bucket(self._limits.address, now_s)
        _remember(self._addresses, site, from_here, self._limits.remembered)
        wait_s = from_here.take(now_s) or bucket.take(now_s)
        if wait_s:
            self.failures[AuditReason.TOO_MANY] += 1
            self._later(Act.SIGN_IN_FAILED, Role.NOBODY, NONE, AuditReason.TOO_MANY)
            raise _too_many(wait_s)
        return from_here

    def _turned_away(self, reason: AuditReason, ref: str) -> ApiRefused:
        """The audit log names a ref only where there is such a token."""
        self.failures[reason] += 1
        self._later(Act.SIGN_IN_FAILED, Role.NOBODY, ref, reason)
        return ApiRefused(ErrorWord.UNAUTHENTICATED, audited=True, headers=CHALLENGE)

    def _count(self, ref: str, now_s: float, *, exists: bool) -> None:
        guessed = self._guessed.get(ref)
        if guessed is None or now_s - guessed.since_s > self._limits.lock_s:
            guessed = _Guessed(0, now_s)
        _remember(self._guessed, ref, guessed, self._limits.remembered)
        guessed.failures += 1
        if guessed.failures == self._limits.failures:
            guessed.locked_until_s = now_s + self._limits.lock_s
            if exists:
                self._later(Act.LOCKED_OUT, Role.NOBODY, ref, AuditReason.TOO_MANY)

    def _sign_in(self, token: Token) -> None:
        """Written before anybody is let in; once an hour."""
        role, ref = token.role.role, token.ref
        if self._is_new(Act.SIGN_IN, ref):
            self._ledger.write(self._event(Act.SIGN_IN, role, ref, None, actor=ref))
            self._remember_told(Act.SIGN_IN, ref)

    def _later(self, act: Act, role: Role, ref: str, reason: AuditReason, *, actor: str = NONE) -> None:
        """Once an hour for each token and reason."""
        once = f"{ref} {reason.value}"
        if self._is_new(act, once):
            self._waiting.append(self._event(act, role, ref, reason, actor=actor))
            self._remember_told(act, once)

    def _event(self, act: Act, role: Role, ref: str, reason: AuditReason | None, *, actor: str) -> AuditEvent:
        hour = hour_of(self._clock())
        return AuditEvent(hour=hour, role=role, actor=actor, act=act, subject=Subject.TOKEN, thing=ref, reason=reason)

    def _is_new(self, act: Act, once: str) -> bool:
        return (hour_of(self._clock()), act, once) not in self._told

    def _remember_told(self, act: Act, once: str) -> None:
        hour = hour_of(self._clock())
        self._told = {each for each in self._told if each[0] == hour} | {(hour, act, once)}


def _remember(held: OrderedDict[str, _V], name: str, value: _V, most: int) -> None:
    """The newest last; the oldest goes where there are too many."""
    held[name] = value
    held.move_to_end(name)
    while len(held) > most:
        held.popitem(last=False)


def _site(address: str) -> str:
    """Of whose bucket an address takes: an IPv6 address stands for its network."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return f"{int(known) >> (128 - SITE_BITS):x}"
    return str(known)


def _too_many(wait_s: int) -> ApiRefused:
    return ApiRefused(ErrorWord.TOO_MANY, audited=True, headers={"Retry-After": str(wait_s)})

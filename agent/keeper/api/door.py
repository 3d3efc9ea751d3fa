"""Who comes in: one token, by its ref and its secret, and nothing that tells a stranger which refs there are.

Before a secret is hashed, a request takes from a bucket: that of its token if it let somebody in within the hour, else
the one that all strangers share, so that who floods the door does not shut it for those who are in.  A ref that was
guessed at too often is locked, known or not.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

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


@dataclass(slots=True)
class _Ref:
    """What is remembered of one ref."""

    bucket: Bucket
    proven_s: float | None = None
    """When its secret was last right."""
    failures: int = 0
    since_s: float = 0.0
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
        self._strangers: Final = Bucket(limits.strangers, monotonic())
        self._refs: Final[OrderedDict[str, _Ref]] = OrderedDict()
        self._told: set[tuple[int, Act, str]] = set()
        self.failures: Final[Counter[AuditReason]] = Counter()
        """Since the start; the audit log has one entry an hour for each reason."""

    def enter(self, authorization: list[str]) -> Actor:
        """authorization: every header of that name."""
        now_s = self._monotonic()
        found = None
        if len(authorization) == 1 and authorization[0][:7].lower() == "bearer ":
            found = tokens.parts(authorization[0][7:])
        if found is None:
            self._take(self._strangers, now_s)
            raise self._turned_away(AuditReason.NO_TOKEN, NONE)
        ref, secret = found
        known = self._refs.get(ref) or _Ref(Bucket(self._limits.token, now_s))
        if known.locked_until_s > now_s:
            raise _too_many(int(known.locked_until_s - now_s) + 1)
        proven = known.proven_s is not None and now_s - known.proven_s < self._limits.proven_s
        bucket = known.bucket if proven else self._strangers
        self._take(bucket, now_s)
        self._remember(ref, known)
        token = self._ledger.token(ref)
        matches = self._argon.matches(None if token is None else token.argon2id, secret)
        reason = self._reason(token, matches=matches)
        if token is None or reason is not None:
            known.proven_s = None
            if not matches:
                self._count(ref, known, now_s, exists=token is not None)
            raise self._turned_away(reason or AuditReason.UNKNOWN_TOKEN, NONE if token is None else ref)
        if not proven:
            bucket.give_back()
        known.proven_s, known.failures = now_s, 0
        self._tell(Act.SIGN_IN, token.role.role, ref, None, once=ref)
        return Actor(token.role.role, ref)

    def forget(self, ref: str) -> None:
        """A token that was revoked is a stranger's from now on."""
        self._refs.pop(ref, None)

    def _reason(self, token: Token | None, *, matches: bool) -> AuditReason | None:
        if token is None:
            return AuditReason.UNKNOWN_TOKEN
        if not matches:
            return AuditReason.WRONG_SECRET
        return tokens.objection(token, datetime.fromtimestamp(self._clock(), UTC).date())

    def _take(self, bucket: Bucket, now_s: float) -> None:
        wait_s = bucket.take(now_s)
        if wait_s:
            raise _too_many(wait_s)

    def _turned_away(self, reason: AuditReason, ref: str) -> ApiRefused:
        """The audit log names a ref only where there is such a token."""
        self.failures[reason] += 1
        self._tell(Act.SIGN_IN_FAILED, Role.NOBODY, ref, reason, once=reason.value)
        return ApiRefused(ErrorWord.UNAUTHENTICATED, audited=True, headers=CHALLENGE)

    def _count(self, ref: str, known: _Ref, now_s: float, *, exists: bool) -> None:
        if now_s - known.since_s > self._limits.lock_s:
            known.failures, known.since_s = 0, now_s
        known.failures += 1
        if known.failures >= self._limits.failures:
            known.failures, known.locked_until_s = 0, now_s + self._limits.lock_s
            self.failures[AuditReason.TOO_MANY] += 1
            if exists:
                self._tell(Act.LOCKED_OUT, Role.NOBODY, ref, AuditReason.TOO_MANY, once=ref)

    def _remember(self, ref: str, known: _Ref) -> None:
        """The newest last.  Only what a bucket let through: so a flood of refs displaces nobody in time."""
        self._refs[ref] = known
        self._refs.move_to_end(ref)
        while len(self._refs) > self._limits.refs:
            self._refs.popitem(last=False)

    def _tell(self, act: Act, role: Role, ref: str, reason: AuditReason | None, *, once: str) -> None:
        """Once an hour."""
        hour = hour_of(self._clock())
        if (hour, act, once) in self._told:
            return
        actor = ref if act is Act.SIGN_IN else NONE
        self._ledger.write(
            AuditEvent(hour=hour, role=role, actor=actor, act=act, subject=Subject.TOKEN, thing=ref, reason=reason)
        )
        self._told = {each for each in self._told if each[0] == hour} | {(hour, act, once)}


def _too_many(wait_s: int) -> ApiRefused:
    return ApiRefused(ErrorWord.TOO_MANY, audited=True, headers={"Retry-After": str(wait_s)})

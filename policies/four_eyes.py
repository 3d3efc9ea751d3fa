"""That two people wanted it: what one admin asked for, another approves; pure.

objection(policy.off_requested_by, actor.token, pair, hour)     # None: these are two, and both may
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from policies import tokens
from policies.acts import AuditReason, PersonRole
from policies.allowlist import date_of
from policies.records import Token

HOURS: Final = 24  # of a day


@dataclass(frozen=True, slots=True)
class Pair:
    """The records of both tokens as they are now; None for one that is not known."""

    asker: Token | None = None
    approver: Token | None = None


def objection(asked_by: str, approved_by: str, pair: Pair, hour: int) -> AuditReason | None:
    """Why this is no approval, None where it is.  asked_by, approved_by: refs of tokens; hour: since 1970-01-01 UTC.

    Two tokens of one person are one person.  A request whose token lets nobody in any more is nobody's: whoever took it
    from her took that too.
    """
    today = date_of(hour // HOURS)
    asker, approver = pair.asker, pair.approver
    if asked_by == approved_by:
        return AuditReason.SAME_ADMIN
    if not _is_admin(approver, approved_by, today):
        return AuditReason.NOT_ALLOWED
    if not _is_admin(asker, asked_by, today):
        return AuditReason.ASKER_GONE
    assert asker is not None  # for mypy: both are admins by now
    assert approver is not None
    return AuditReason.SAME_ADMIN if asker.holder == approver.holder else None


def _is_admin(token: Token | None, ref: str, today: date) -> bool:
    return (
        token is not None
        and token.ref == ref
        and token.role is PersonRole.ADMIN
        and tokens.objection(token, today) is None
    )

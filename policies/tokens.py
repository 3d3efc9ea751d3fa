"""Tokens of those who run the line: what a secret looks like, and whether a token lets anybody in today; pure.

written = spell(ref, entropy)           # ql_<ref>_<43 characters>: shown once, kept nowhere
ref, secret = parts(written)            # the ref finds the record, the secret is held against its hash
refused = objection(token, today)       # None: it holds
"""

from __future__ import annotations

import base64
import re
from datetime import date
from typing import Final

from policies.acts import AuditReason, PersonRole
from policies.allowlist import days
from policies.records import REF, Token

SECRET_BYTES: Final = 32
LONGEST_DAYS: Final = 366
SPELLED: Final = re.compile(rf"ql_({REF.pattern})_([A-Za-z0-9_-]{{43}})", re.ASCII)
OVER_THE_NETWORK: Final = frozenset({PersonRole.CLINICAL_EDITOR, PersonRole.AUDITOR, PersonRole.NURSE})
"""What an admin may issue.  An admin's token comes from the machine's terminal alone: else one admin could make a
second one, and approve what needs two."""


def spell(ref: str, entropy: bytes) -> str:
    """The whole secret.  Raises `ValueError` unless there are 32 bytes."""
    if len(entropy) != SECRET_BYTES:
        raise ValueError("a secret is made of 32 random bytes")
    return f"ql_{ref}_{base64.urlsafe_b64encode(entropy).rstrip(b'=').decode('ascii')}"


def parts(written: str) -> tuple[str, str] | None:
    """Ref and secret; None for what is no token's shape."""
    found = SPELLED.fullmatch(written)
    return (found[1], found[2]) if found else None


def objection(token: Token, today: date) -> AuditReason | None:
    """Why it lets nobody in, whatever its secret; None where it does.  Its last day counts."""
    if token.revoked:
        return AuditReason.REVOKED_TOKEN
    return AuditReason.EXPIRED_TOKEN if token.expires < days(today) else None

"""Makes a token: its record is kept, its secret is handed over once."""

from __future__ import annotations

import os
from datetime import date

from agent.keeper.argon import Argon
from agent.keeper.ledger import Ledger
from policies import tokens
from policies.acts import Act, PersonRole, Subject
from policies.allowlist import days as day_number
from policies.audit import AuditEvent
from policies.records import Token, ref_of
from policies.requests import Actor


def issue(
    ledger: Ledger, role: PersonRole, days: int, today: date, hour: int, actor: Actor, holder: str | None = None
) -> tuple[Token, str]:
    """The record, and the secret as it is to be shown.

    days: after today.  holder: the person's, where she has or had a token; None for somebody new.
    Raises `StateFailed`.
    """
    ref = _random()
    written = tokens.spell(ref, os.urandom(tokens.SECRET_BYTES))
    token = Token(
        ref=ref,
        holder=holder or _random(),
        role=role,
        argon2id=Argon().hash(written[-43:]),
        expires=day_number(today) + days,
        revoked=False,
        revision=0,
    )
    ledger.put(
        token,
        AuditEvent(
            hour=hour,
            role=actor.role,
            actor=actor.known_token,
            act=Act.TOKEN_ISSUED,
            subject=Subject.TOKEN,
            thing=ref,
        ),
    )
    return token, written


def _random() -> str:
    ref = "-"
    while ref.startswith("-"):  # `token revoke REF` must not take it for an option
        ref = ref_of(os.urandom(16))
    return ref

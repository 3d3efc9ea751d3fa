"""Tokens: who may come in.  Issued here for every role but admin, whose tokens come from the machine's terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.desk import Desk, not_found
from agent.keeper.api.shapes import spelled
from agent.keeper.issuing import issue
from policies import closed, tokens
from policies.acts import Act, AuditReason, PersonRole, Subject
from policies.closed import Count
from policies.records import Token

MOST_TOKENS: Final = 1_000


@dataclass(frozen=True, slots=True)
class NewToken:
    """The body of a request for a token."""

    role: PersonRole
    days: Annotated[int, Count(1, tokens.LONGEST_DAYS)]

    def __post_init__(self) -> None:
        closed.check(self)


def list_tokens(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    return Answer({"tokens": [told(desk, each) for each in desk.ledger.kept(Token)]})


def issue_token(desk: Desk, asked: Asked) -> Answer:
    new: NewToken = asked.body
    if new.role not in tokens.OVER_THE_NETWORK:
        raise ApiRefused(ErrorWord.NOT_ALLOWED, AuditReason.NOT_ALLOWED)
    if len(desk.ledger.kept(Token)) >= MOST_TOKENS:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.TOO_MANY)
    token, secret = issue(desk.ledger, new.role, new.days, desk.today, desk.hour, asked.actor)
    return Answer({**told(desk, token), "secret": secret}, 201)


def revoke_token(desk: Desk, asked: Asked) -> Answer:
    token = desk.ledger.token(asked.path["ref"])
    if token is None:
        raise not_found()
    if token.revoked:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.ALREADY)
    event = desk.event(Act.TOKEN_REVOKED, Subject.TOKEN, asked.actor, token.ref)
    desk.ledger.put(replace(token, revoked=True, revision=token.revision + 1), event)
    desk.door.forget(token.ref)
    return Answer(status=204)


def told(desk: Desk, token: Token) -> dict[str, object]:
    """A token without its hash."""
    return {
        "ref": token.ref,
        "holder": token.holder,
        "role": token.role.value,
        "expires": spelled(token.expires),
        "revoked": token.revoked,
        "holds_today": tokens.objection(token, desk.today) is None,
    }

"""What an operation is asked, what it answers, and how it refuses."""

from __future__ import annotations

import enum
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from policies.acts import AuditReason
from policies.requests import Actor


class ErrorWord(enum.Enum):
    """What `error` of a refusal may say."""

    UNAUTHENTICATED = "unauthenticated"
    NOT_ALLOWED = "not_allowed"
    TOO_MANY = "too_many"
    MALFORMED = "malformed"
    MODEL_REFUSED = "model_refused"
    NOT_FOUND = "not_found"
    NO_SUCH_METHOD = "no_such_method"
    REFUSED = "refused"
    """The rule beside it says why: something else stands against it."""
    LATE = "late"
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    UNAVAILABLE = "unavailable"
    FAILED = "failed"


STATUS: Mapping[ErrorWord, int] = {
    ErrorWord.UNAUTHENTICATED: 401,
    ErrorWord.NOT_ALLOWED: 403,
    ErrorWord.TOO_MANY: 429,
    ErrorWord.MALFORMED: 400,
    ErrorWord.MODEL_REFUSED: 400,
    ErrorWord.NOT_FOUND: 404,
    ErrorWord.NO_SUCH_METHOD: 405,
    ErrorWord.REFUSED: 409,
    ErrorWord.LATE: 408,
    ErrorWord.TOO_LARGE: 413,
    ErrorWord.NOT_JSON: 415,
    ErrorWord.UNAVAILABLE: 503,
    ErrorWord.FAILED: 500,
}


class ApiRefused(Exception):
    """A request that is not answered as asked.  Holds words of our own alone."""

    def __init__(
        self,
        error: ErrorWord,
        rule: AuditReason | None = None,
        *,
        audited: bool = False,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """audited: the audit log has it already.  more: goes into the body."""
        super().__init__(error.value)
        self.error = error
        self.rule = rule
        self.audited = audited
        self.headers = dict(headers or {})
        self._more = dict(more or {})

    @property
    def status(self) -> int:
        return STATUS[self.error]

    def body(self) -> dict[str, object]:
        """`error`, and what is known of the rule."""
        rule = {} if self.rule is None else {"rule": self.rule.value}
        return {"error": self.error.value, **rule, **self._more}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, signed in and checked."""

    actor: Actor
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    """A closed record, or the mapping of an agent's keys."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    content: object = None
    """As JSON; None for no body."""
    status: int = 200
    lines: Generator[bytes, None, None] | None = None
    """Instead of `content`: written one by one."""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

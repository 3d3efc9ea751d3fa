"""What was: daily aggregates of the calls, and the calls of a window with the policy that was in force."""

from __future__ import annotations

from typing import Any, Final

from agent.keeper.aggregates import daily
from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.desk import Desk
from agent.keeper.api.shapes import day_of, hour_of
from agent.keeper.incidents import involved
from policies.acts import AuditReason

MOST_DAYS: Final = 92
MOST_HOURS: Final = 24 * 31
PAGE: Final = 1_000


def get_metrics(desk: Desk, asked: Asked) -> Answer:
    first, last = _window(asked, day_of, MOST_DAYS)
    records = desk.state.between(first * 24, last * 24 + 23)
    failures = {
        reason.value: count for reason, count in sorted(desk.door.failures.items(), key=lambda each: each[0].value)
    }
    return Answer({"days": daily(records), "sign_in_failures": failures})


def get_incident(desk: Desk, asked: Asked) -> Answer:
    first, last = _window(asked, hour_of, MOST_HOURS)
    skip, most = asked.query["first"], asked.query["most"]
    rows = []
    more = False
    for place, row in enumerate(involved(desk.state, desk.ledger.entries(), first, last)):
        if place >= skip + most:
            more = True
            break
        if place >= skip:
            rows.append(row)
    return Answer({"calls": rows, "more": more})


def _window(asked: Asked, read: Any, widest: int) -> tuple[int, int]:
    """Both ends, included.  Raises `ApiRefused`."""
    first, last = read(asked.query["from"]), read(asked.query["to"])
    if first is None or last is None or not first <= last < first + widest:
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    return first, last

"""Tokens and incidents at a terminal, by whoever may run programs on the machine.

token issue --role ROLE --days N    prints the secret, once; for the role admin this is the only way
token renew REF --days N            another for the same person, in the same right
token list                          who may come in
token revoke REF                    lets nobody in with it from now on
incident --from HOUR --to HOUR      the calls of these hours, and the policy in force; --format table or jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from agent.keeper.api.shapes import HOUR, hour_of, spelled
from agent.keeper.database import Database, StateFailed
from agent.keeper.incidents import COLUMNS, involved
from agent.keeper.issuing import issue
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from policies import records, tokens
from policies.acts import Act, PersonRole, Role, Subject
from policies.audit import AuditEvent, entry_of
from policies.closed import NotClosed
from policies.requests import Actor

VERBS: Final = frozenset({"token", "incident"})
EXIT_REFUSED: Final = 1
EXIT_STATE: Final = 74  # EX_IOERR of sysexits.h
OPERATOR: Final = Actor(Role.OPERATOR)


def add_verbs(verbs: Any) -> Sequence[argparse.ArgumentParser]:
    """The parsers of both, for whoever adds what all verbs need."""
    token: argparse.ArgumentParser = verbs.add_parser("token", help="who may use the interface")
    does = token.add_subparsers(dest="what", required=True)
    new = does.add_parser("issue", help="prints a secret, once")
    new.add_argument("--role", choices=[role.value for role in PersonRole], required=True)
    new.add_argument("--days", type=_days, required=True, help=f"1 to {tokens.LONGEST_DAYS}")
    again = does.add_parser("renew", help="likewise, for the person who has or had this token")
    again.add_argument("ref")
    again.add_argument("--days", type=_days, required=True)
    does.add_parser("list")
    does.add_parser("revoke").add_argument("ref")
    incident: argparse.ArgumentParser = verbs.add_parser("incident", help="the calls of a window of hours")
    incident.add_argument("--from", dest="first", type=_hour, required=True, help="2026-11-22T14, in UTC")
    incident.add_argument("--to", dest="last", type=_hour, required=True, help="the last hour, included")
    incident.add_argument("--format", choices=["jsonl", "table"], default="jsonl")
    return token, incident


def answer(asked: argparse.Namespace) -> int:
    """Prints it.  The exit status is 1 for a token that there is not."""
    sentence = ""
    try:
        return _incident(asked) if asked.verb == "incident" else _token(asked)
    except StateFailed as failed:
        sentence = str(failed)
    except NotClosed:
        sentence = "the audit log holds a line that is no entry: `quietline audit verify`"
    sys.stderr.write(f"quietline: {sentence}\n")
    return EXIT_STATE


def _token(asked: argparse.Namespace) -> int:
    if asked.what == "list":
        return _list(LedgerReader(asked.state).tokens())
    database = Database.open(asked.state)
    ledger = Ledger.open(asked.state, database)
    if asked.what == "issue":
        return _issue(ledger, PersonRole(asked.role), asked.days, None)
    held = ledger.token(asked.ref) if re.fullmatch(records.REF.pattern, asked.ref, re.ASCII) else None
    if held is not None and asked.what == "renew":
        return _issue(ledger, held.role, asked.days, held.holder)
    if held is None or held.revoked:
        sys.stderr.write("quietline: there is no such token, or it was revoked before\n")
        return EXIT_REFUSED
    hour = records.hour_of(time.time())
    event = AuditEvent(hour=hour, role=Role.OPERATOR, act=Act.TOKEN_REVOKED, subject=Subject.TOKEN, thing=held.ref)
    ledger.put(replace(held, revoked=True, revision=held.revision + 1), event)
    return 0


def _issue(ledger: Ledger, role: PersonRole, days: int, holder: str | None) -> int:
    today, hour = datetime.now(UTC).date(), records.hour_of(time.time())
    token, secret = issue(ledger, role, days, today, hour, OPERATOR, holder)
    sys.stdout.write(f"{secret}\n")
    sys.stderr.write(f"quietline: shown this once; {token.role.value} until {spelled(token.expires)}\n")
    return 0


def _list(held: Iterable[records.Token]) -> int:
    today = datetime.now(UTC).date()
    for token in sorted(held, key=lambda token: (token.role.value, token.ref)):
        reason = tokens.objection(token, today)
        standing = "holds" if reason is None else reason.value.replace("_", " ")
        row = f"{token.ref}  {token.role.value:<15} until {spelled(token.expires)}  of {token.holder}  {standing}\n"
        sys.stdout.write(row)
    return 0


def _incident(asked: argparse.Namespace) -> int:
    reader = LedgerReader(asked.state)
    entries = [entry_of(line) for line in reader.lines()]
    rows = involved(SqliteState.open_to_read(asked.state), entries, asked.first, asked.last)
    for line in _table(rows) if asked.format == "table" else map(json.dumps, rows):
        sys.stdout.write(line + "\n")
    return 0


def _table(rows: Iterable[dict[str, object]]) -> Iterable[str]:
    yield f"{'reference':<22}  {'hour (UTC)':<13}  {'agent':<16}  {'outcome':<9}  {'retention':<9}  policy in force"
    for row in rows:
        ref, hour, agent, outcome, retention, live, changed, policies, workspaces = (row[name] for name in COLUMNS)
        assert isinstance(policies, list)
        assert isinstance(workspaces, list)
        told = ["live" if live else "draft", *(["altered within the hour"] if changed else [])]
        told += [f"agent {policy[:12]}" for policy in policies] + [f"workspace {policy[:12]}" for policy in workspaces]
        yield f"{ref:<22}  {hour:<13}  {agent:<16}  {outcome:<9}  {retention:<9}  {', '.join(told)}"


def _hour(text: str) -> int:
    hour = hour_of(text) if re.fullmatch(HOUR.pattern, text, re.ASCII) else None
    if hour is None:
        raise argparse.ArgumentTypeError("an hour in UTC, as 2026-11-22T14")
    return hour


def _days(text: str) -> int:
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= days <= tokens.LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {tokens.LONGEST_DAYS}")
    return days

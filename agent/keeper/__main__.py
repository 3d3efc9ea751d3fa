"""The keeper: the process that writes, and hears nobody.

python -m agent.keeper collect --state FOLDER --profile development --echo all < events
python -m agent.keeper show --state FOLDER [--ref REF | --last N]
python -m agent.keeper audit --state FOLDER head | verify | export        # agent/keeper/answers.py
python -m agent.keeper vendors --state FOLDER --allowlist FILE --agents FOLDER
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agent.keeper import answers
from agent.keeper.collector import Collector, lines
from agent.keeper.forwarding import FORMS, Forwarding, Receiver
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState, StateFailed
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent
from policies.events import CallEvent, LineReady, LogLine, OpeningsReady, Refused, encode
from policies.records import Profile, hour_of
from policies.vocabulary import Event

EXIT_STATE: Final = 74  # EX_IOERR of sysexits.h
LOGGED: Final = (LogLine, LineReady, OpeningsReady, Refused)
"""What an operator's log shows; `--echo all` shows the course of each call too, for the live view."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.keeper")
    verbs = parser.add_subparsers(dest="verb", required=True)
    collect = verbs.add_parser("collect")
    show = verbs.add_parser("show")
    audit, vendors = answers.add_verbs(verbs)
    for verb in (collect, show, audit, vendors):
        verb.add_argument("--state", type=Path, required=True)
    collect.add_argument("--profile", choices=[profile.value for profile in Profile], required=True)
    collect.add_argument("--echo", choices=["log", "all"], default="log")
    collect.add_argument("--audit-to", help="syslog+tls://host:port: where the audit log is sent as it grows")
    collect.add_argument("--audit-ca", type=Path)
    collect.add_argument("--audit-format", choices=FORMS, default="jsonl")
    show.add_argument("--ref")
    show.add_argument("--last", type=int, default=1)
    asked = parser.parse_args(arguments)
    if asked.verb in answers.VERBS:
        return answers.answer(asked)
    if asked.verb == "show":
        return _show(asked.state, asked.ref, asked.last)
    to = Receiver.of(asked.audit_to, asked.audit_ca) if asked.audit_to else None
    return _collect(asked.state, Profile(asked.profile), to, asked.audit_format, everything=asked.echo == "all")


def _collect(folder: Path, profile: Profile, to: Receiver | None, form: str, *, everything: bool) -> int:
    # The end of the pipe is the only end: whoever is signalled, what the line still says is kept.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    os.umask(0o077)
    echo = _echo_to(sys.stdout.fileno(), profile, everything=everything)
    try:
        state = SqliteState.open(folder)
        ledger = Ledger.open(folder, state.database)
        ledger.write(_process(Act.PROCESS_STARTED))
        ledger.note_expired(datetime.now(UTC).date(), hour_of(time.time()))
    except StateFailed:
        echo(LogLine(Event.STATE_FAILED, {}))
        return EXIT_STATE
    echo(LogLine(Event.STATE_READY, {}))

    def told(taken: bool) -> None:
        echo(LogLine(Event.AUDIT_TAKEN if taken else Event.AUDIT_NOT_TAKEN, {}))

    forwarding = Forwarding(folder, to, form, told) if to is not None else None

    def written(event: AuditEvent) -> None:
        ledger.write(event)
        if forwarding is not None:
            forwarding.nudge()

    collector = Collector(state, profile, echo, written)
    for line in lines(sys.stdin.buffer):
        collector.take(line)
    collector.flush()
    unwritten = bool(collector.unkept)
    try:
        ledger.write(_process(Act.PROCESS_STOPPED))
    except StateFailed:
        unwritten = True
    if forwarding is not None:
        forwarding.close()
    state.close()
    return EXIT_STATE if unwritten else 0


def _process(act: Act) -> AuditEvent:
    return AuditEvent(
        hour=hour_of(time.time()), role=Role.KEEPER, act=act, subject=Subject.PROCESS, thing=Role.KEEPER.value
    )


def _echo_to(descriptor: int, profile: Profile, *, everything: bool) -> Callable[[CallEvent], None]:
    """Never waits: a reader that stands still loses lines, the line's pipe is not held up."""
    os.set_blocking(descriptor, False)

    def echo(event: CallEvent) -> None:
        if everything or isinstance(event, LOGGED):
            try:
                os.write(descriptor, encode(event, profile).encode("ascii") + b"\n")
            except OSError:  # full, or nobody reads
                return

    return echo


def _show(folder: Path, ref: str | None, most: int) -> int:
    try:
        state = SqliteState.open_to_read(folder)
        records = [state.record(ref)] if ref is not None else state.latest(most)
    except StateFailed:
        records = []
    for record in records:
        if record is not None:
            sys.stdout.write(json.dumps(record.to_wire()) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

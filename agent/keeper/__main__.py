"""The keeper: the process that writes, and hears nobody.

python -m agent.keeper collect --state FOLDER --profile development --echo all < events
python -m agent.keeper show --state FOLDER [--ref REF | --last N]
python -m agent.keeper audit --state FOLDER head | verify | export        # agent/keeper/answers.py
python -m agent.keeper vendors --state FOLDER --allowlist FILE --agents FOLDER
python -m agent.keeper token --state FOLDER issue | list | revoke REF         # agent/keeper/at_terminal.py
python -m agent.keeper incident --state FOLDER --from 2026-11-22T00 --to 2026-11-22T23
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

from agent.keeper import answers, at_terminal
from agent.keeper.collector import Collector, lines
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState, StateFailed
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent
from policies.events import CallEvent, LineReady, LogLine, OpeningsReady, Refused, encode
from policies.records import Profile, hour_of
from policies.vocabulary import Event

EXIT_STATE: Final = 74  # EX_IOERR of sysexits.h
EXIT_SETTINGS: Final = 78  # EX_CONFIG
LOGGED: Final = (LogLine, LineReady, OpeningsReady, Refused)
"""What an operator's log shows; `--echo all` shows the course of each call too, for the live view."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.keeper")
    verbs = parser.add_subparsers(dest="verb", required=True)
    collect = verbs.add_parser("collect")
    show = verbs.add_parser("show")
    for verb in (collect, show, *answers.add_verbs(verbs), *at_terminal.add_verbs(verbs)):
        verb.add_argument("--state", type=Path, required=True)
    collect.add_argument("--profile", choices=[profile.value for profile in Profile], required=True)
    collect.add_argument("--echo", choices=["log", "all"], default="log")
    for name in ("--admin-port", "--admin-host", "--admin-cert", "--admin-key", "--anthropic-url", "--openai-url"):
        collect.add_argument(name, help="for the interface; without a port there is none")
    for name in ("--allowlist", "--agents"):
        collect.add_argument(name, type=Path, help="likewise")
    show.add_argument("--ref")
    show.add_argument("--last", type=int, default=1)
    asked = parser.parse_args(arguments)
    if asked.verb in answers.VERBS:
        return answers.answer(asked)
    if asked.verb in at_terminal.VERBS:
        return at_terminal.answer(asked)
    if asked.verb == "show":
        return _show(asked.state, asked.ref, asked.last)
    if asked.admin_port is None:
        return _collect(asked, None)
    from agent.keeper.api import beginning  # its packages are not for a keeper without the interface

    listening = beginning.bound(asked)
    return EXIT_SETTINGS if listening is None else _collect(asked, lambda echo: beginning.begin(asked, listening, echo))


Echo = Callable[[CallEvent], None]


def _collect(asked: argparse.Namespace, begin: Callable[[Echo], Callable[[], None]] | None) -> int:
    """begin: the interface; gives what ends it."""
    folder, profile = asked.state, Profile(asked.profile)
    # The end of the pipe is the only end: whoever is signalled, what the line still says is kept.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    os.umask(0o077)
    echo = _echo_to(sys.stdout.fileno(), profile, everything=asked.echo == "all")
    try:
        state = SqliteState.open(folder)
        ledger = Ledger.open(folder, state.database)
        ledger.write(_process(Act.PROCESS_STARTED))
        ledger.note_expired(datetime.now(UTC).date(), hour_of(time.time()))
    except StateFailed:
        echo(LogLine(Event.STATE_FAILED, {}))
        return EXIT_STATE
    echo(LogLine(Event.STATE_READY, {}))
    end = None if begin is None else begin(echo)
    collector = Collector(state, profile, echo, ledger.write)
    for line in lines(sys.stdin.buffer):
        collector.take(line)
    if end is not None:
        end()
    collector.flush()
    unwritten = bool(collector.unkept)
    try:
        ledger.write(_process(Act.PROCESS_STOPPED))
    except StateFailed:
        unwritten = True
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

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
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Final

from agent.keeper import answers, at_terminal
from agent.keeper.api.desk import Means
from agent.keeper.api.serving import Admin, BindFailed, bind
from agent.keeper.builds import code_hash
from agent.keeper.collector import Collector, lines
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState, StateFailed
from agent.vendors import load
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent
from policies.closed import NotClosed
from policies.events import CallEvent, LineReady, LogLine, OpeningsReady, Refused, decode, encode
from policies.listing import ListRefused
from policies.logs import install
from policies.records import Profile, hour_of
from policies.vocabulary import Event

ROOT: Final = Path(__file__).resolve().parents[2]
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
    collect.add_argument("--admin-port", type=int, help="for the interface; without it there is none")
    collect.add_argument("--admin-host", default="127.0.0.1")
    collect.add_argument("--admin-cert", type=Path)
    collect.add_argument("--admin-key", type=Path)
    collect.add_argument("--allowlist", type=Path)
    collect.add_argument("--agents", type=Path)
    collect.add_argument("--anthropic-url")
    collect.add_argument("--openai-url")
    show.add_argument("--ref")
    show.add_argument("--last", type=int, default=1)
    asked = parser.parse_args(arguments)
    if asked.verb in answers.VERBS:
        return answers.answer(asked)
    if asked.verb in at_terminal.VERBS:
        return at_terminal.answer(asked)
    if asked.verb == "show":
        return _show(asked.state, asked.ref, asked.last)
    sentence = ""
    listening = None
    try:
        if asked.admin_port is not None:
            listening = bind(asked.admin_host, asked.admin_port, tls=asked.admin_cert is not None)
    except BindFailed as failed:
        sentence = str(failed)
    if sentence:
        sys.stderr.write(f"quietline: {sentence}\n")
        return EXIT_SETTINGS
    return _collect(asked, Profile(asked.profile), listening, everything=asked.echo == "all")


def _collect(asked: argparse.Namespace, profile: Profile, listening: socket | None, *, everything: bool) -> int:
    folder: Path = asked.state
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
    admin = None if listening is None else _admin(asked, listening, echo)
    collector = Collector(state, profile, echo, ledger.write)
    for line in lines(sys.stdin.buffer):
        collector.take(line)
    if admin is not None:
        admin.stop()
    collector.flush()
    unwritten = bool(collector.unkept)
    try:
        ledger.write(_process(Act.PROCESS_STOPPED))
    except StateFailed:
        unwritten = True
    state.close()
    return EXIT_STATE if unwritten else 0


def _admin(asked: argparse.Namespace, listening: socket, echo: Callable[[CallEvent], None]) -> Admin | None:
    """The interface, begun; None where it can't be, which is a line of the log: calls are kept all the same."""
    log = install(_to_log(echo))
    means = None
    try:
        means = Means(
            state=asked.state,
            agents=asked.agents,
            allowlist=load(asked.allowlist),
            code=code_hash(ROOT),
            anthropic_url=asked.anthropic_url,
            openai_url=asked.openai_url,
        )
    except (ListRefused, OSError):
        means = None
    if means is None:
        listening.close()
        log.event(Event.ADMIN_FAILED)
        return None
    tls = None if asked.admin_cert is None else (asked.admin_cert, asked.admin_key)
    admin = Admin(listening, means, lambda error: log.failure(Event.ADMIN_FAILED, error), tls=tls)
    if not admin.start():
        return None
    log.event(Event.ADMIN_READY, port=admin.port)
    return admin


def _to_log(echo: Callable[[CallEvent], None]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        with contextlib.suppress(NotClosed):
            echo(decode(line))

    return tell


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

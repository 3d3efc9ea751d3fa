"""The keeper: the process that writes, and hears nobody.

python -m agent.keeper collect --state FOLDER --profile development --echo all < events
python -m agent.keeper brief --state FOLDER --profile development --agents FOLDER --allowlist FILE > briefing
python -m agent.keeper record --state FOLDER ... --what self_test --passed yes
python -m agent.keeper show --state FOLDER [--ref REF | --last N]
python -m agent.keeper audit --state FOLDER head | verify | export        # agent/keeper/answers.py
python -m agent.keeper vendors --state FOLDER --allowlist FILE --agents FOLDER
python -m agent.keeper token --state FOLDER issue | list | revoke REF         # agent/keeper/at_terminal.py
python -m agent.keeper incident --state FOLDER --from 2026-11-22T00 --to 2026-11-22T23
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agent.keeper import answers, at_terminal, holding
from agent.keeper.answered import Answered
from agent.keeper.collector import Collector, lines
from agent.keeper.duties import Duties
from agent.keeper.forwarding import FORMS, Forwarding, Receiver
from agent.keeper.held_patients import HeldPatients
from agent.keeper.ledger import Ledger
from agent.keeper.nurses import Nurses
from agent.keeper.on_call_files import NOWHERE, OnCallFiles
from agent.keeper.state import FILE, SqliteState, StateFailed
from agent.keeper.transcript_keys import transcript_keys
from agent.keeper.transcripts import SealedTranscripts, TranscriptsHere
from agent.lines import AgentFileRefused
from policies.acts import Act, Role, Subject
from policies.allowlist import days
from policies.audit import AuditEvent
from policies.events import CallEvent, LineReady, LogLine, OpeningsReady, OutreachWritten, Refused, decode, encode
from policies.listing import ListRefused
from policies.logs import Log
from policies.phi import PHI
from policies.records import Profile, hour_of
from policies.refs import KEY_BYTES
from policies.retention import Retention
from policies.vocabulary import Event

REFS: Final = "REFS_KEY"
"""The environment's name for the key of refs, in hex; from the launcher alone."""
EXIT_STATE: Final = 74  # EX_IOERR of sysexits.h
EXIT_SETTINGS: Final = 78  # EX_CONFIG
LOGGED: Final = (LogLine, LineReady, OpeningsReady, Refused, OutreachWritten)
"""What an operator's log shows; `--echo all` shows the course of each call too, for the live view."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m agent.keeper")
    verbs = parser.add_subparsers(dest="verb", required=True)
    collect = verbs.add_parser("collect")
    brief = verbs.add_parser("brief")
    record = verbs.add_parser("record")
    show = verbs.add_parser("show")
    record.add_argument("--what", choices=[result.value for result in holding.Result], required=True)
    record.add_argument("--passed", choices=["yes", "no"], required=True)
    for verb in (collect, brief, record, show, *answers.add_verbs(verbs), *at_terminal.add_verbs(verbs)):
        verb.add_argument("--state", type=Path, required=True)
    collect.add_argument("--on-call", type=Path, help="the folder of lists of who is on call")
    for verb in (collect, brief, record):
        verb.add_argument("--profile", choices=[profile.value for profile in Profile], required=True)
        holding.add_arguments(verb)
    collect.add_argument("--echo", choices=["log", "all"], default="log")
    collect.add_argument("--calls", type=int, default=1, help="how many the line may have at once")
    collect.add_argument("--audit-to", help="syslog+tls://host:port: where the audit log is sent as it grows")
    collect.add_argument("--audit-ca", type=Path)
    collect.add_argument("--audit-format", choices=FORMS, default="jsonl")
    for name in ("--admin-port", "--admin-host", "--admin-cert", "--admin-key"):
        collect.add_argument(name, help="for the interface; without a port there is none")
    show.add_argument("--ref")
    show.add_argument("--last", type=int, default=1)
    asked = parser.parse_args(arguments)
    if asked.verb in answers.VERBS:
        return answers.answer(asked)
    if asked.verb in at_terminal.VERBS:
        return at_terminal.answer(asked)
    if asked.verb == "show":
        return _show(asked.state, asked.ref, asked.last)
    if asked.verb != "collect":
        return _brief(asked)
    if asked.admin_port is None:
        return _collect(asked, None)
    from agent.keeper.api import beginning  # its packages are not for a keeper without the interface

    listening = beginning.bound(asked)
    if listening is None:
        return EXIT_SETTINGS
    return _collect(asked, functools.partial(beginning.begin, asked, listening, more=asked.more))


def _brief(asked: argparse.Namespace) -> int:
    """What the line needs before it starts, on standard output; a sentence on standard error where it may not.

    Or, for `record`: writes the result down, and prints the names of the agents that it is of.
    """
    os.umask(0o077)
    sentence, status, content = "", EXIT_SETTINGS, b""
    try:
        place = holding.Place.of(asked)
        if asked.verb == "record" and not (asked.state / FILE).exists():
            return 0  # nobody has served from here: there is no agent whose result it could be
        state = SqliteState.open(asked.state)
        ledger = Ledger.open(asked.state, state.database)
        if place is not None and asked.verb == "record":
            passed, what = asked.passed == "yes", holding.Result(asked.what)
            names = holding.record(place, ledger, asked.more, what, passed=passed)
            content = "".join(f"{name}\n" for name in names).encode("ascii")
        elif place is not None:
            held = HeldPatients(state.database)
            held.forget(days(datetime.now(UTC).date()))
            keys = transcript_keys(asked.state, asked.seal_key)
            content = holding.brief(place, ledger, keys, asked.more, held.all()).to_bytes()
        state.close()
    except (AgentFileRefused, ListRefused) as refused:
        sentence = str(refused)
    except StateFailed as failed:
        sentence, status = str(failed), EXIT_STATE
    except OSError:  # of our own files, for the build
        sentence = "the installed code can't be read"
    if sentence:
        sys.stderr.write(f"quietline: {sentence}\n")
        return status
    sys.stdout.buffer.write(content)
    return 0


def _collect(asked: argparse.Namespace, begin: Callable[..., Callable[[], None]] | None) -> int:
    """begin: the interface; gives what ends it."""
    folder, profile = asked.state, Profile(asked.profile)
    place = holding.Place.of(asked)
    to = Receiver.of(asked.audit_to, asked.audit_ca) if asked.audit_to else None
    # The end of the pipe is the only end: whoever is signalled, what the line still says is kept.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    os.umask(0o077)
    echo = _echo_to(sys.stdout.fileno(), profile, everything=asked.echo == "all")
    try:
        state = SqliteState.open(folder)
        ledger = Ledger.open(folder, state.database)
        held = HeldPatients(state.database)
        ledger.write(_process(Act.PROCESS_STARTED))
        ledger.note_expired(datetime.now(UTC).date(), hour_of(time.time()))
        keys = transcript_keys(folder, asked.seal_key)
        allows = functools.partial(place.allowed, ledger) if place is not None else lambda _agent: Retention.ZERO
        transcripts = SealedTranscripts(state.database, ledger, keys, asked.transcript_days, allows=allows)
        transcripts.expire()
        engines = place.engines(ledger) if place is not None else {}
    except StateFailed:
        echo(LogLine(Event.STATE_FAILED, {}))
        return EXIT_STATE
    echo(LogLine(Event.STATE_READY, {}))

    def told(taken: bool) -> None:
        echo(LogLine(Event.AUDIT_TAKEN if taken else Event.AUDIT_NOT_TAKEN, {}))

    forwarding = Forwarding(folder, to, asked.audit_format, told) if to is not None else None

    def written(event: AuditEvent) -> None:
        ledger.write(event)
        if forwarding is not None:
            forwarding.nudge()

    def owing(owed: bool) -> None:
        echo(LogLine(Event.EXPIRY_OWED if owed else Event.EXPIRY_SETTLED, {}))

    lists = OnCallFiles(asked.on_call or NOWHERE)
    nurses = Nurses(lists, time.time, lambda: duties.soon() if duties is not None else None)
    log, url = Log(lambda line: echo(decode(line))), os.environ.get("REDIS_URL")
    duties = None
    if place is not None:
        duties = Duties(
            place,
            keys,
            asked.transcript_days,
            PHI(url) if url else None,
            time.time,
            failed=lambda error: log.failure(Event.DUTY_FAILED, error),
            owing=owing,
            nurses=nurses.statuses,
        )
    if duties is not None:
        duties.start()

    def changed() -> None:
        """Over the interface, in its thread."""
        for awake in (
            duties.soon if duties is not None else None,
            forwarding.nudge if forwarding is not None else None,
        ):
            if awake is not None:
                awake()

    owe = duties.owe if duties is not None else lambda: None
    here = TranscriptsHere(folder, keys, asked.transcript_days, owe)
    end = None
    if begin is not None:
        end = begin(echo, after_change=changed, transcripts=here, on_call=lists, nurses=nurses)
    answered = Answered(engines, _refs(os.environ.get(REFS)), asked.calls, profile, time.time)
    collector = Collector(
        state,
        profile,
        answered,
        echo,
        written,
        transcripts=transcripts.take,
        nurses=nurses.by_telephone,
        hold=held.keep,
    )
    for line in lines(sys.stdin.buffer):
        collector.take(line)
    if end is not None:
        end()
    collector.end()
    if duties is not None:
        duties.stop()
    unwritten = bool(collector.unkept)
    try:
        ledger.write(_process(Act.PROCESS_STOPPED))
    except StateFailed:
        unwritten = True
    if forwarding is not None:
        forwarding.close()
    state.close()
    return EXIT_STATE if unwritten else 0


def _refs(key: str | None) -> bytes:
    """The line's key for refs, from hex; one that nobody has where there is none, and no record is taken."""
    given = b""
    with contextlib.suppress(ValueError):
        given = bytes.fromhex(key or "")
    return given if len(given) == KEY_BYTES else secrets.token_bytes(KEY_BYTES)


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

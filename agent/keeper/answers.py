"""What a person asks the keeper for at a terminal: the audit log and the parties in the data path.

audit head              the signed head now; keep it where this machine can't write
audit verify            what is wrong with the log, or with an exported one (--file)
audit export --format   jsonl (which can be verified), ocsf or cef, on standard output, or --to a collector
vendors                 every party in the data path: region, evidence, what it retains
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from agent import lines
from agent.keeper.database import StateFailed
from agent.keeper.forwarding import SCHEME, NotTaken, Receiver, frame, send
from agent.keeper.keys import public_key
from agent.keeper.ledger import LedgerReader
from agent.keeper.parties import told
from agent.vendors import endpoint_of, load
from policies.audit import AuditFault, Fault, canonical, entry_of, head_of, verify_export
from policies.closed import NotClosed
from policies.listing import ListRefused
from policies.records import TreeHead
from policies.siem import cef, ocsf
from policies.syslog import framed_head

VERBS: Final = frozenset({"audit", "vendors"})
EXIT_FAULT: Final = 1
EXIT_STATE: Final = 74  # EX_IOERR of sysexits.h
EXIT_SETTINGS: Final = 78  # EX_CONFIG
LINES: Final = {"ocsf": ocsf, "cef": cef}
TOLD: Final = {
    AuditFault.ALTERED: "the entries are not those that the head stands for",
    AuditFault.BAD_ENTRY: "is no entry as we write it",
    AuditFault.OUT_OF_ORDER: "does not follow the one before it",
    AuditFault.TRUNCATED: "is where the log ends; a head stands for more",
    AuditFault.UNSIGNED: "stands in the log, and the head knows nothing of it",
    AuditFault.BAD_HEAD: "the head is missing or no head",
    AuditFault.BAD_SIGNATURE: "a head was not signed by this key",
    AuditFault.REWRITTEN: "a head that was kept elsewhere stands for another history",
    AuditFault.OTHER_STATE: "what is set for an agent or the workspace is not what the log says",
}


def add_verbs(verbs: Any) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parsers of `audit` and `vendors`, for whoever adds what both need."""
    audit: argparse.ArgumentParser = verbs.add_parser("audit", help="the audit log: head, verify, export")
    audit.add_argument("what", choices=["head", "verify", "export"])
    audit.add_argument("--format", choices=["jsonl", "ocsf", "cef"], default="jsonl", help="for export")
    audit.add_argument("--to", help="for export: a collector, syslog+tls://host:port")
    audit.add_argument("--ca", type=Path, help="for --to: certificates in PEM, one of which signed the collector's")
    audit.add_argument("--head", type=Path, action="append", default=[], help="for verify: a head kept elsewhere")
    audit.add_argument("--key", type=Path, help="for verify: the public key, kept elsewhere")
    audit.add_argument(
        "--file", type=Path, help="for verify: an exported log (jsonl) instead of the state's; needs --key"
    )
    vendors: argparse.ArgumentParser = verbs.add_parser("vendors", help="every party in the data path")
    vendors.add_argument("--allowlist", type=Path, required=True)
    vendors.add_argument("--agents", type=Path, required=True)
    vendors.add_argument("--anthropic-url")
    vendors.add_argument("--openai-url")
    return audit, vendors


def answer(asked: argparse.Namespace) -> int:
    """Prints it.  The exit status is 1 for a log that is not as it was written or a party without evidence."""
    sentence = ""
    try:
        return _vendors(asked) if asked.verb == "vendors" else _audit(asked)
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAULT
    except (ListRefused, lines.AgentFileRefused) as refused:
        sentence, status = str(refused), EXIT_SETTINGS
    except NotClosed:
        sentence, status = "the audit log holds a line that is no entry: `quietline audit verify`", EXIT_FAULT
    except (StateFailed, NotTaken) as failed:
        sentence, status = str(failed), EXIT_STATE
    sys.stderr.write(f"quietline: {sentence}\n")
    return status


def _audit(asked: argparse.Namespace) -> int:
    if asked.what == "verify":
        return _verify(asked)
    reader = LedgerReader(asked.state)
    if asked.what == "head":
        head = reader.head()
        if head is None:
            raise StateFailed("there is no audit log yet")
        exported: Iterator[str] = iter([canonical(head).decode("ascii")])
    elif asked.to is not None:
        return _sent(asked, reader)
    elif asked.format == "jsonl":
        exported = (line.decode("ascii", "backslashreplace").rstrip("\n") for line in reader.exported())
    else:
        exported = (LINES[asked.format](entry_of(line)) for line in reader.lines())
    for line in exported:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return 0


def _sent(asked: argparse.Namespace, reader: LedgerReader) -> int:
    """All of it, whatever the collector has got before."""
    receiver = None
    with contextlib.suppress(ValueError):
        receiver = Receiver.of(asked.to, asked.ca)
    if receiver is None:
        raise StateFailed(f"name the collector as {SCHEME}://host:port")
    head = reader.head()
    if head is None:
        raise StateFailed("there is no audit log yet")
    frames = [frame(line, asked.format) for line in islice(reader.lines(), head.size)]
    send(receiver, [*frames, framed_head(head)] if asked.format == "jsonl" else frames)
    sys.stdout.write(f"{len(frames)} entries sent\n")
    return 0


def _verify(asked: argparse.Namespace) -> int:
    key = public_key(asked.key) if asked.key else None
    kept = [_kept(file) for file in asked.head]
    if asked.file is not None:
        if key is None:
            raise StateFailed("name the public key (--key): an exported log holds none")
        exported = _read(asked.file)
        size, faults = max(0, len(exported) - 1), verify_export(exported, key, kept=kept)
    else:
        size, faults = LedgerReader(asked.state).verify(key, kept)
    for fault in faults:
        sys.stdout.write(_sentence(fault) + "\n")
    if not faults:
        sys.stdout.write(f"{size} entries, as they were written and signed; {len(kept)} heads kept elsewhere agree\n")
        if key is None:
            sys.stdout.write("checked with the key beside the log: name one kept elsewhere with --key\n")
        if not kept:
            sys.stdout.write("a cut end, its head put back too, can't be seen: name a head kept elsewhere\n")
    return EXIT_FAULT if faults else 0


def _vendors(asked: argparse.Namespace) -> int:
    allowlist = load(asked.allowlist)
    with contextlib.suppress(StateFailed):  # nothing was ever kept: the list's own is all there is
        reader = LedgerReader(asked.state)
        allowlist = allowlist.also(reader.listed_models()).having(reader.evidence())
    agents = lines.load(asked.agents).agents
    endpoints = {each.name: endpoint_of(each, asked.anthropic_url, asked.openai_url) for each in agents}
    rows, complete = told(allowlist, endpoints, datetime.now(UTC).date())
    sys.stdout.write("\n".join(rows) + "\n")
    return 0 if complete else EXIT_FAULT


def _kept(file: Path) -> TreeHead:
    head = None
    try:
        head = head_of(b"".join(_read(file)).strip())
    except NotClosed:
        head = None
    if head is None:
        raise StateFailed("a file of --head holds no head of an audit log")
    return head


def _read(file: Path) -> list[bytes]:
    content = None
    try:
        content = file.read_bytes()
    except OSError:
        content = None
    if content is None:
        raise StateFailed("a file that was named can't be read")
    return content.splitlines(keepends=True) if b"\r" not in content else [content]


def _sentence(fault: Fault) -> str:
    where = f"entry {fault.line} " if fault.line is not None else ""
    return f"{fault.what.value}: {where}{TOLD[fault.what]}"

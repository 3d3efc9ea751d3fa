"""The audit log: entries by the page, the signed head, and the whole of it for a SIEM."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Final

from agent.keeper.api.answers import Answer, Asked
from agent.keeper.api.desk import Desk, not_found
from agent.keeper.ledger import LedgerReader
from policies import closed
from policies.acts import Act, Subject
from policies.audit import entry_of
from policies.siem import cef, ocsf

NDJSON, PLAIN = "application/x-ndjson", "text/plain; charset=utf-8"
FORMATS: Final = {"jsonl": NDJSON, "ocsf": NDJSON, "cef": PLAIN}


def list_audit(desk: Desk, asked: Asked) -> Answer:
    desk.door.note()
    first, most = asked.query["first"], asked.query["most"]
    lines = desk.ledger.lines(first, most)
    head = desk.ledger.head()
    return Answer({"entries": [json.loads(line) for line in lines], "size": 0 if head is None else head.size})


def get_head(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    head = desk.ledger.head()
    if head is None:
        raise not_found()
    return Answer(closed.to_wire(head))


def export_audit(desk: Desk, asked: Asked) -> Answer:
    """The entry that says so is among what is exported."""
    desk.door.note()
    form = asked.query["format"]
    desk.ledger.write(desk.event(Act.AUDIT_EXPORTED, Subject.AUDIT_LOG, asked.actor, form))
    return Answer(lines=_exported(LedgerReader(desk.means.state), form), media_type=FORMATS[form])


def _exported(reader: LedgerReader, form: str) -> Generator[bytes, None, None]:
    try:
        if form == "jsonl":
            yield from reader.exported()
        else:
            spell = ocsf if form == "ocsf" else cef
            for line in reader.lines():
                yield spell(entry_of(line)).encode("ascii") + b"\n"
    finally:
        reader.close()

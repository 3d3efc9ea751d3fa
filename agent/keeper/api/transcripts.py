"""Redacted transcripts, for the auditor alone; each one that is read or deleted is an entry of the audit log."""

from __future__ import annotations

from agent.keeper.api.answers import Answer, Asked
from agent.keeper.api.desk import Desk, not_found
from policies.acts import Act, Subject


def read_transcript(desk: Desk, asked: Asked) -> Answer:
    """The entry is written before the text is handed over: what can't be noted is not read."""
    ref = asked.path["ref"]
    text = desk.means.transcripts.read(ref)
    if text is None:
        raise not_found()
    desk.ledger.write(desk.event(Act.TRANSCRIPT_READ, Subject.TRANSCRIPT, asked.actor, ref))
    return Answer({"ref": ref, "text": text})


def delete_transcript(desk: Desk, asked: Asked) -> Answer:
    ref = asked.path["ref"]
    if not desk.means.transcripts.delete(ref):
        raise not_found()
    desk.ledger.write(desk.event(Act.TRANSCRIPT_DELETED, Subject.TRANSCRIPT, asked.actor, ref))
    return Answer(status=204)

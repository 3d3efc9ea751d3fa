"""Redacted transcripts, for the auditor alone; each one that is read or deleted is an entry of the audit log."""

from __future__ import annotations

from agent.keeper.api.answers import Answer, Asked
from agent.keeper.api.desk import Desk, not_found


def read_transcript(desk: Desk, asked: Asked) -> Answer:
    """What can't be noted is not read: the entry is written first."""
    ref = asked.path["ref"]
    text = desk.means.transcripts.read(ref, asked.actor)
    if text is None:
        raise not_found()
    return Answer({"ref": ref, "text": text})


def delete_transcript(desk: Desk, asked: Asked) -> Answer:
    if not desk.means.transcripts.delete(asked.path["ref"], asked.actor):
        raise not_found()
    return Answer(status=204)

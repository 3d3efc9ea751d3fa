"""A call as it was for the caller, kept in a file between the call and its scoring.  Synthetic callers only."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from telephony.audio import Int16
from telephony.twin.measure import CallReport, Classify, Recording, Uttered, UtteredAs, all_answers, measure
from telephony.twin.playback import Cleared, How, MarkBack, Piece


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Kept:
    """One call from its file."""

    recording: Recording
    line: dict[str, Any]
    """What only the carrier's shell knows: ending, timeouts, violations, lateness."""
    about: dict[str, Any]
    """What the bench knows of it: name, part, condition."""

    def report(self, classify: Classify = all_answers) -> CallReport:
        """Measured from the sound, once more."""
        measured = measure(self.recording, self.about["name"], classify)
        line: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in self.line.items()}
        return dataclasses.replace(measured, **line)


LINE = ("ending", "close_code", "finished", "timeouts", "violations", "sent_late_ms", "after")


def keep(path: Path, recording: Recording, report: CallReport, about: dict[str, Any]) -> None:
    """Write one call."""
    pieces = [(u.as_.value, n, piece) for n, u in enumerate(recording.uttered) for piece in u.pieces]
    told = {
        "about": about,
        "line": {name: getattr(report, name) for name in LINE},
        "pieces": [(as_, n, piece.start, len(piece.pcm)) for as_, n, piece in pieces],
        "spans": recording.spans,
        "marks": [(mark.name, mark.position, mark.at, mark.how.value) for mark in recording.marks],
        "clears": [(clear.at, clear.discarded) for clear in recording.clears],
    }
    said = np.concatenate([np.zeros(0, np.int16), *(piece.pcm for _, _, piece in pieces)])
    np.savez(path, heard=recording.heard, said=said, told=np.array(json.dumps(told)))


def read(path: Path) -> Kept:
    """The call again."""
    with np.load(path) as file:
        heard, said = file["heard"].astype(np.int16), file["said"].astype(np.int16)
        told = json.loads(str(file["told"]))
    recording = Recording(
        uttered=_uttered(told["pieces"], said),
        heard=heard,
        spans=tuple((start, end) for start, end in told["spans"]),
        marks=tuple(MarkBack(name, position, at, How(how)) for name, position, at, how in told["marks"]),
        clears=tuple(Cleared(at, discarded) for at, discarded in told["clears"]),
    )
    return Kept(recording, told["line"], told["about"])


def _uttered(pieces: list[tuple[str, int, int, int]], said: Int16) -> tuple[Uttered, ...]:
    placed: dict[int, tuple[UtteredAs, list[Piece]]] = {}
    at = 0
    for as_, n, start, length in pieces:
        placed.setdefault(n, (UtteredAs(as_), []))[1].append(Piece(start, said[at : at + length]))
        at += length
    return tuple(Uttered(as_, tuple(parts)) for as_, parts in placed.values())

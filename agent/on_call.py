"""Who is rung when a caller needs a nurse: a file of them (`agent/on_call_file.py`) at a time of day."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from agent import on_call_file
from agent.on_call_file import OnCallFile
from policies.phi import PHI
from telephony.transfer import Ladder, Rank, Rung


@dataclass(frozen=True, slots=True, eq=False)
class OnCall:
    """Who may be rung now."""

    numbers: tuple[PHI[str], ...]
    ladder: Ladder


@dataclass(frozen=True, slots=True)
class OnCallList:
    """One file."""

    file: OnCallFile

    def at(self, now: time, away: Set[str] = frozenset()) -> OnCall:
        """now: in the agent's time zone.  away: ids of nurses who are not available.

        A rung on which nobody is left is none; a ladder without rungs is at its end at once.
        """
        gone = {nurse.number for nurse in self.file.nurses if nurse.id in away}
        rungs = [
            (rung, [number for number in rung.numbers if number not in gone])
            for rung in self.file.rungs
            if rung.hours is None or rung.hours.hold(now)
        ]
        numbers = list(dict.fromkeys(number for _, there in rungs for number in there))
        ladder = [
            Rung(Rank(rung.rank), tuple(map(numbers.index, there)), rung.ring_s * 1_000)
            for rung, there in rungs
            if there
        ]
        return OnCall(tuple(map(PHI, numbers)), ladder)


def load(folder: Path, name: str, answered: Iterable[str]) -> OnCallList:
    """See `agent.on_call_file.load`.  Raises `OnCallRefused`."""
    return OnCallList(on_call_file.load(folder, name, answered))

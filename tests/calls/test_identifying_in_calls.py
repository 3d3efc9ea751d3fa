"""Whole calls in which somebody asks for a patient's own record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agent.phrases import Phrase
from agent.record_form import record_of
from agent.records_service import PATIENTS, Known, load, patient
from policies.patient import Identifiers, Matched, NotMatched, Unavailable
from policies.phi import PHI
from tests.simulated import Line, Setup, hold, words

INSULIN: Final = "How do I store my insulin at home?"
DOSE: Final = "What dose of metoprolol am I on?"
BORN: Final = "March fourth nineteen fifty."
PHONE: Final = "Zero one four two."
NOBODYS: Final = "Nine nine one seven."
METOPROLOL: Final = "Your instructions list metoprolol, 25 mg, one tablet, in the morning and in the evening."


@dataclass(slots=True)
class Directory:
    """`PatientRecords` over the service's own patients, without the way there."""

    known: Sequence[Known] = field(default_factory=lambda: load(PATIENTS))
    away: bool = False
    takes_s: tuple[float, ...] = (0.01,)
    asked: int = 0

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        self.asked += 1
        await asyncio.sleep(self.takes_s[min(self.asked, len(self.takes_s)) - 1])
        found = patient(self.known, given.reveal())
        if self.away:
            return Unavailable.NO_ANSWER
        return NotMatched.NOBODY if found is None else Matched(PHI(record_of(dict(found))))


def with_records(directory: Directory | None = None) -> Setup:
    return Setup(records=directory or Directory())


def says(*turns: str) -> Callable[[Line], Coroutine[Any, Any, None]]:
    """Hears each reply out, then hangs up."""

    async def caller(line: Line) -> None:
        await line.greeting()
        for turn in turns:
            await line.say(turn)
            await line.reply()
        line.hang_up()

    return caller


def test_a_dose_is_told_once_two_identifiers_agree() -> None:
    held = hold(says(DOSE, BORN, PHONE), with_records())

    assert [
        words(Phrase.IDENTIFY), words(Phrase.ASK_SECOND), words(Phrase.CHECKED), METOPROLOL, words(Phrase.IF_IT_DIFFERS)
    ] == held.replies  # fmt: skip
    assert held.metrics.escalation is None

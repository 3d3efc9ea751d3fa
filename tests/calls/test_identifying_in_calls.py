"""Whole calls in which somebody asks for a patient's own record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from agent.keeping import Keeping, Redact
from agent.lines import Agent
from agent.phrases import Phrase
from agent.record_form import record_of
from agent.records_service import PATIENTS, Known, load, patient
from agent.retaining import Retaining
from policies.guardrails import EscalationReason
from policies.patient import Identifiers, Matched, NotMatched, Unavailable
from policies.phi import PHI
from policies.records import EndReason
from policies.redaction import Redacted
from policies.retention import Retention
from tests.fakes import Plan, Turnout
from tests.simulated import Held, Line, Setup, greeting, hold, passage, protected, words

INSULIN: Final = "How do I store my insulin at home?"
DOSE: Final = "What dose of metoprolol am I on?"
HERS: Final = "What dose of metoprolol is my mother on?"
BORN: Final = "March fourth nineteen fifty."
PHONE: Final = "Zero one four two."
NOBODYS: Final = "Nine nine one seven."
METOPROLOL: Final = "Your instructions list metoprolol, 25 mg, one tablet, in the morning and in the evening."
DIFFERS: Final = words(Phrase.IF_IT_DIFFERS)
ASKED: Final = [words(Phrase.IDENTIFY), words(Phrase.ASK_SECOND)]
TOLD: Final = [words(Phrase.CHECKED), METOPROLOL, DIFFERS]
Caller = Callable[[Line], Awaitable[None]]


@dataclass(slots=True)
class Directory:
    """`PatientRecords` over the service's own patients, without the way there."""

    known: Sequence[Known] = field(default_factory=lambda: load(PATIENTS))
    takes_s: float = 0.01
    away: bool = False
    asked: int = 0

    async def match(self, given: PHI[Identifiers]) -> Matched | NotMatched | Unavailable:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        found = patient(self.known, given.reveal())
        if self.away:
            return Unavailable.NO_ANSWER
        return NotMatched.NOBODY if found is None else Matched(PHI(record_of(dict(found))))


def says(*turns: str) -> Caller:
    """Hears each reply out, then hangs up."""

    async def caller(line: Line) -> None:
        await says_on(line, *turns)
        line.hang_up()

    return caller


async def says_on(line: Line, *turns: str) -> None:
    await line.until(lambda: len(line.spoken()) > protected(), "no greeting")
    line.press("#")  # the rest of the greeting is other tests'
    await line.quiet(200)
    for turn in turns:
        await line.say(turn)
        await line.reply()


class Keeps(Retaining):
    """Keeps all that may be kept, and shows it to the test."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._shown: Final = redact

    def keeping(self, agent: Agent) -> Keeping:
        return Keeping(Retention.REDACTED, lambda: Retention.REDACTED, self._shown)


def keys(line: Line, digits: str) -> None:
    for digit in digits:
        line.press(digit)


def test_a_dose_is_told_once_two_identifiers_agree_and_then_no_more_is_asked() -> None:
    held = hold(says(DOSE, BORN, PHONE, "When is my follow-up?"), Setup(records=Directory()))

    visit = "Your next visit is with the heart clinic, on Tuesday, February 3, 2026, at 2:30 PM."
    assert [*ASKED, *TOLD, visit] == after_greeting(held)
    assert held.metrics.escalation is None
    assert 4 == held.metrics.turns


def test_identifiers_may_be_keyed_in_and_zero_is_a_digit_in_them_alone() -> None:
    async def caller(line: Line) -> None:
        await says_on(line)
        await line.say(DOSE)
        await line.hears(500)
        keys(line, "*03041950#")
        await line.reply()
        keys(line, "*0142")
        await line.reply()
        line.press("0")
        await line.closed()

    held = hold(caller, Setup(records=Directory()))

    assert [*ASKED, *TOLD, words(Phrase.TRANSFER)] == after_greeting(held)
    assert ASKED[0] in held.cut, "the first key hushes the question"
    assert EscalationReason.KEY_ZERO is held.metrics.escalation


def test_after_two_failures_a_nurse_is_offered_and_comes() -> None:
    async def caller(line: Line) -> None:
        await says_on(line, DOSE, BORN, NOBODYS, f"{BORN} {NOBODYS}")
        await line.say("Yes please.")
        await line.closed()

    held = hold(caller, Setup(records=Directory()))

    ends = [words(Phrase.CHECK_AGAIN), words(Phrase.NOT_CHECKED), words(Phrase.TRANSFER)]
    assert [*ASKED, *ends] == after_greeting(held)
    assert EscalationReason.ASKED is held.metrics.escalation


def test_a_red_flag_comes_before_identity() -> None:
    directory = Directory()

    async def caller(line: Line) -> None:
        await says_on(line, DOSE, BORN)
        await line.say("Zero one four two, and my incision is red and hot since yesterday.")
        await line.closed()

    held = hold(caller, Setup(records=directory))

    assert words(Phrase.SYMPTOM) == held.replies[-1]
    assert (EscalationReason.SYMPTOM, EndReason.HANDED_OVER) == (held.metrics.escalation, held.metrics.end)
    assert 0 == directory.asked


def test_no_model_sees_an_identifier_or_a_fact_and_no_transcript_keeps_one() -> None:
    kept: list[str] = []

    async def redact(text: PHI[str]) -> Redacted | None:
        kept.append(text.reveal())
        return None

    setup = Setup(
        records=Directory(),
        model=Plan(usual=Turnout(after_s=0.2)),
        retaining=Keeps(redact),
    )
    held = hold(says(INSULIN, HERS, f"{BORN} {PHONE}", "I'm her daughter.", INSULIN), setup)

    assert [INSULIN, INSULIN] == held.questions
    assert METOPROLOL.replace("Your", "The patient's") in held.replies
    assert INSULIN in kept
    assert not any(part in said for said in kept for part in ("March", "Zero", "25 mg", "daughter."))


def test_a_returning_caller_without_a_source_hears_that_no_call_is_remembered_and_is_answered() -> None:
    held = hold(says(f"I called yesterday. {DOSE}", "You told me that yesterday."))

    assert [words(Phrase.NOT_REMEMBERED), *passage(DOSE)] == after_greeting(held)[: 1 + len(passage(DOSE))]
    assert 1 == held.replies.count(words(Phrase.NOT_REMEMBERED))


def test_a_check_that_she_speaks_into_is_no_try_until_she_hears_of_it() -> None:
    directory = Directory()

    async def caller(line: Line) -> None:
        await says_on(line, DOSE, BORN)
        await line.say(NOBODYS)
        await line.until(lambda: directory.asked == 1, "nobody was asked")
        await line.say("No, sorry, zero one four two.")
        await line.reply()
        line.hang_up()

    assert [*ASKED, *TOLD] == after_greeting(hold(caller, Setup(records=directory)))
    assert 2 == directory.asked


def after_greeting(held: Held) -> list[str]:
    return [said for said in held.replies if said not in greeting()]

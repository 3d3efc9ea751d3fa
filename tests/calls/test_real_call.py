"""Two calls in real time, at once, on the line's real process: real engines, real sockets, recorded voices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from agent.engines.models import recogniser_files
from agent.engines.ports import Speech, Urgency
from agent.engines.whisper import WhisperPool, WhisperSettings
from agent.knowledge import Found, Knowledge
from agent.passages import load
from policies.phi import PHI
from telephony.audio import Int16
from telephony.twin.caller import Held
from telephony.twin.script import Say
from telephony.twin.twiml_reader import Dial
from tests.caller import faults, patient
from tests.real_line import NUMBER, NURSE, ROOT, RealLine, real_line

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.models,
    pytest.mark.xdist_group("real_calls"),
    pytest.mark.timeout(240),
]

SHORTEST_WORD: Final = 4
"""Letters: shorter words are in every sentence."""


@dataclass(frozen=True, slots=True)
class Both:
    """What the two callers had of it."""

    question: Held
    key_zero: Held
    records: list[dict[str, Any]]
    dropped: list[dict[str, Any]]


@pytest.fixture(scope="module", name="both")
def _both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    async def call(line: RealLine) -> tuple[Held, Held]:
        return await asyncio.gather(
            patient("question").dials(line.webhook, line.token, called=NUMBER),
            patient("key_zero", voice="slt").dials(line.webhook, line.token, called=NUMBER),
        )

    with real_line(tmp_path_factory.mktemp("line")) as line:
        question, key_zero = asyncio.run(call(line))
        yield Both(question, key_zero, line.calls_ended(2), line.told("library"))


def asked() -> str:
    """What the first caller asks."""
    return next(step.text for step in patient("question").script.steps if isinstance(step, Say))


def told_by(transcript: list[str], sentences: Sequence[str]) -> float:
    """How much of a passage is in what was heard, 0 to 1."""
    expected = words(" ".join(sentences))
    return sum(word in transcript for word in expected) / len(expected)


def words(text: str) -> list[str]:
    plain = "".join(letter if letter.isalpha() else " " for letter in text.lower())
    return [word for word in plain.split() if len(word) >= SHORTEST_WORD]


def heard(pcm: Int16) -> str:
    """What the product's own recogniser makes of it."""

    async def listen() -> str:
        pool = WhisperPool.load(recogniser_files("base", only_checked=True), WhisperSettings(workers=1))
        try:
            return (await pool.transcribe(Speech(pcm), call=0, urgency=Urgency.FINAL)).said.words.reveal()
        finally:
            pool.close()

    return asyncio.run(listen())


def test_a_question_is_answered_from_the_right_passage(both: Both) -> None:
    material = Knowledge(load(ROOT / "deploy" / "knowledge"))
    found = material.retrieve(PHI(asked()))
    assert isinstance(found, Found)

    transcript = words(heard(both.question.heard_after(0)))

    assert [] == faults(both.question)
    assert found.passage.id == max(material.passages, key=lambda each: told_by(transcript, each.sentences)).id
    assert told_by(transcript, found.passage.sentences) >= 0.5  # a brand's name is often heard as another word


def test_key_zero_ends_at_the_nurse_s_telephone(both: Both) -> None:
    assert [] == faults(both.key_zero)
    assert "agent_closed" == both.key_zero.report.ending
    assert NURSE in [verb.number for verb in both.key_zero.after if isinstance(verb, Dial)]


def test_each_call_leaves_its_one_record(both: Both) -> None:
    kept = {(record["outcome"], record["end"], record["escalation"]) for record in both.records}

    assert {("answered", "caller_hung_up", "none"), ("person", "handed_over", "key_zero")} == kept


def test_no_noise_and_no_echo_stopped_the_agent(both: Both) -> None:
    assert () == both.question.report.unprovoked_clears_ms

"""The embedded engine speaks passages word for word, or says that it doesn't know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.engines.approved import ApprovedAnswers
from agent.engines.ports import LanguageModel
from agent.knowledge import Found, Knowledge, NotKnown
from agent.passages import load
from policies.guardrails import Answerable, Sayable, Source, Wording, screen_reply, screen_utterance
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags

NOT_KNOWN = ("I do not have approved information on that.", "Would you like to talk to a nurse?")


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(load(Path(__file__).resolve().parents[2] / "deploy" / "knowledge"))


def heard(words: str) -> Answerable:
    said = screen_utterance(Utterance(PHI(words), doubtful=False), red_flags())
    assert isinstance(said, Answerable)
    return said


def spoken(engine: LanguageModel, turns: Sequence[Answerable | Sayable]) -> list[PHI[str]]:
    async def collect() -> list[PHI[str]]:
        return [piece async for piece in engine.answer(turns)]

    return asyncio.run(collect())


def test_an_answer_is_the_passage_sentence_by_sentence_and_passes_the_guard(knowledge: Knowledge) -> None:
    engine = ApprovedAnswers(knowledge, NOT_KNOWN)
    pieces = spoken(engine, [heard("when can I take a shower with my stitches")])
    assert list(knowledge.passage("wound-shower").sentences) == [piece.reveal() for piece in pieces]
    wording = Wording.of(NOT_KNOWN, knowledge.wording())
    for piece in pieces:
        said = screen_reply(piece, wording)
        assert isinstance(said, Sayable)
        assert (Source.PASSAGE, "wound-shower") == (said.source, said.passage_id)


def test_what_is_not_known_is_said_in_the_fixed_words(knowledge: Knowledge) -> None:
    engine = ApprovedAnswers(knowledge, NOT_KNOWN)
    pieces = spoken(engine, [heard("who won the hockey game")])
    assert list(NOT_KNOWN) == [piece.reveal() for piece in pieces]
    assert list(NOT_KNOWN) == [piece.reveal() for piece in spoken(engine, [])]


def test_a_follow_up_uses_the_passage_that_was_spoken_last(knowledge: Knowledge) -> None:
    engine = ApprovedAnswers(knowledge, NOT_KNOWN)
    wording = Wording.of(NOT_KNOWN, knowledge.wording())
    spoken_before = screen_reply(PHI(knowledge.passage("wound-scab").sentences[0]), wording)
    assert isinstance(spoken_before, Sayable)
    later = heard("and do I leave it?")
    assert isinstance(engine.find(later), NotKnown)
    found = engine.find(later, [heard("can I pick my scab"), spoken_before])
    assert isinstance(found, Found)
    assert "wound-scab" == found.passage.id
    assert [*knowledge.passage("wound-scab").sentences] == [
        piece.reveal() for piece in spoken(engine, [spoken_before, later])
    ]

"""What the line itself says comes through redaction as it is: it is clean speech, and nobody's identifier is in it."""

from __future__ import annotations

import tomllib

import pytest

from agent.lexicon import GENERICS
from agent.phrases import TO_NURSES, Phrase, PhraseTexts
from agent.sentences import sentences_of
from policies.phi import PHI
from policies.redaction import Redactor
from tests.architecture.tree import ROOT

pytestmark = [pytest.mark.xdist_group("redaction"), pytest.mark.timeout(300)]

KNOWLEDGE = sorted((ROOT / "deploy" / "knowledge").glob("*.toml"))
MOST_ASKS = 0.005  # of the passages' example questions, some of which are written as a recogniser mishears them
MOST_SAID = 0.03  # of the callers' questions written for matching: 2.6 %, a third of them names, towns and days indeed


@pytest.fixture(name="redactor", scope="module")
def _redactor() -> Redactor:
    return Redactor.load()


def touched(redactor: Redactor, texts: list[str]) -> list[str]:
    return [text for text in texts if redactor.redact(PHI(text)).spans]


def passages(*fields: str) -> list[str]:
    found: list[str] = []
    for file in KNOWLEDGE:
        for passage in tomllib.loads(file.read_text(encoding="utf-8"))["passage"]:
            for field in fields:
                found += passage[field] if isinstance(passage[field], list) else [passage[field]]
    return found


@pytest.mark.parametrize("hospital", ["the demonstration hospital", "Northfield Community Hospital"])
def test_no_fixed_phrase_is_touched(redactor: Redactor, hospital: str) -> None:
    for draft in (True, False):
        texts = PhraseTexts.for_agent(hospital, "", draft=draft, days=7)
        spanish = {texts[Phrase.NOT_ENGLISH], *sentences_of(texts[Phrase.NOT_ENGLISH])}  # reads as names, and is none
        to_nurses = {part for phrase in TO_NURSES for part in (texts[phrase], *sentences_of(texts[phrase]))}
        assert [] == touched(redactor, sorted(texts.wording() - spanish - to_nurses))


def test_no_passage_and_no_title_is_touched(redactor: Redactor) -> None:
    texts = passages("text", "title")

    assert len(texts) > 200
    assert [] == touched(redactor, texts)


def test_no_medicine_is_touched_alone_or_asked_for(redactor: Redactor) -> None:
    names = sorted({name for generic, trade in GENERICS.items() for name in (generic, *trade)})

    assert [] == touched(redactor, names)
    assert [] == touched(redactor, [f"can i take {name} with my other pills" for name in names])


def test_few_of_the_questions_that_are_asked_are_touched(redactor: Redactor) -> None:
    asks = passages("asks")

    assert len(touched(redactor, asks)) <= MOST_ASKS * len(asks)


def test_few_of_the_questions_that_callers_may_say_are_touched(redactor: Redactor) -> None:
    said: list[str] = []
    for file in sorted((ROOT / "deploy" / "knowledge" / "said").glob("*.toml")):
        said += [line for one in tomllib.loads(file.read_text(encoding="utf-8")).values() for line in one["said"]]
    some = said[::5]

    assert len(some) > 500
    assert len(touched(redactor, some)) <= MOST_SAID * len(some)

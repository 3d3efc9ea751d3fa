"""Fixed wording: what it must hold, and that it is plain."""

from __future__ import annotations

import re

import pytest

from agent.disclosing import disclosures
from agent.lines import LICENSED
from agent.phrases import CLOSINGS, Phrase, PhraseTexts
from agent.plainness import grade
from agent.sentences import sentences_of
from policies.guardrails import Wording, fixed
from policies.retention import Retention

LIVE = PhraseTexts.for_agent("Saint Ann's Hospital", "Robin", draft=False, days=7)
DRAFT = PhraseTexts.for_agent("Saint Ann's Hospital", "", draft=True, days=7)


def test_every_phrase_has_words_and_no_place_is_left_unfilled() -> None:
    assert set(Phrase) == set(LIVE.texts) == set(DRAFT.texts)
    assert not [text for text in LIVE.texts.values() if not text or "{" in text]


def test_the_greeting_says_what_speaks_for_whom_and_how_to_reach_a_person() -> None:
    words = "automated AI assistant|Robin|Saint Ann's Hospital|press 0|say nurse"
    assert [] == [word for word in words.split("|") if word not in LIVE[Phrase.GREETING]]
    words = "not a nurse or a doctor|dial 911"
    assert [] == [word for word in words.split("|") if word not in LIVE[Phrase.GREETING_END]]


def test_what_is_kept_is_said_as_it_is() -> None:
    for phrase in (Phrase.KEEPS_NOTHING, Phrase.CLOSING):
        assert re.search("not recorded, and nothing you sa(y|id) is kept", LIVE[phrase])
    for phrase in (Phrase.KEEPS_TRANSCRIPT, Phrase.CLOSING_KEPT):
        assert "not recorded, but a redacted transcript is kept for seven days." in LIVE[phrase]
    for days, words in ((1, "for one day."), (31, "for thirty-one days."), (90, "for ninety days.")):
        assert words in PhraseTexts.for_agent("X", "", draft=False, days=days)[Phrase.KEEPS_TRANSCRIPT]


def test_only_a_draft_agent_says_that_it_is_a_demonstration() -> None:
    assert "demonstration" in DRAFT[Phrase.GREETING_END]
    assert "demonstration" not in LIVE[Phrase.GREETING] + LIVE[Phrase.GREETING_END]


def test_the_closing_says_again_that_a_machine_spoke_and_how_to_reach_a_person() -> None:
    for closing in CLOSINGS:
        assert [] == [w for w in ("automated AI assistant", "press 0", "nurse") if w not in LIVE[closing]]


def test_the_emergency_wording_says_911_in_its_second_sentence() -> None:
    assert "911" in sentences_of(LIVE[Phrase.EMERGENCY])[1]


@pytest.mark.parametrize(
    ("own", "ends"),
    [
        ("Hi, automated assistant {here}. Say nurse for a nurse.", "How can I help you?"),
        ("Hi, automated assistant. Say nurse for a nurse. What may I do for you?", "What may I do for you?"),
        ("May the automated assistant help you, or a nurse?", "How can I help you?"),
    ],
)
@pytest.mark.parametrize("level", Retention)
def test_after_a_hospitals_own_greeting_and_before_its_question_it_is_said_what_is_kept(
    own: str, ends: str, level: Retention
) -> None:
    texts = PhraseTexts.for_agent("X", "", draft=False, days=7, greeting=own)
    disclosure = disclosures(texts, Wording.of(texts.wording(), {}))[level]
    said = [sentence.text.reveal() for sentence in disclosure.greeting]

    keeps = Phrase.KEEPS_NOTHING if level is Retention.ZERO else Phrase.KEEPS_TRANSCRIPT
    theirs = [sentence for sentence in sentences_of(own) if sentence != ends]
    assert [*theirs, *sentences_of(texts[keeps]), ends] == said
    assert len(theirs) + 1 == disclosure.held


@pytest.mark.parametrize("phrase", Phrase)
def test_the_words_are_plain(phrase: Phrase) -> None:
    assert grade(LIVE[phrase]) <= 8


@pytest.mark.parametrize("phrase", Phrase)
def test_the_assistant_never_calls_itself_by_a_licensed_title(phrase: Phrase) -> None:
    claims = re.findall(r"(?:I'm|I am|this is)(?: a| an| your| the)? (\w+)", LIVE[phrase])
    assert not {claim.lower() for claim in claims} & LICENSED


def test_not_known_is_one_sentence_that_offers_a_nurse() -> None:
    assert [LIVE[Phrase.NOT_KNOWN]] == sentences_of(LIVE[Phrase.NOT_KNOWN])
    assert "nurse" in LIVE[Phrase.NOT_KNOWN]


def test_each_phrase_and_each_of_its_sentences_may_be_spoken() -> None:
    wording = Wording.of(LIVE.wording(), {})
    for text in LIVE.texts.values():
        for part in (text, *sentences_of(text)):
            assert part == fixed(part, wording).text.reveal()

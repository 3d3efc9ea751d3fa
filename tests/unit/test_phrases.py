"""Fixed wording: what it must hold, and that it is plain."""

from __future__ import annotations

import re

import pytest

from agent.lines import LICENSED
from agent.phrases import Phrase, PhraseTexts
from agent.plainness import grade
from agent.sentences import sentences_of
from policies.guardrails import Wording, fixed

LIVE = PhraseTexts.for_agent("Saint Ann's Hospital", "Robin", draft=False)
DRAFT = PhraseTexts.for_agent("Saint Ann's Hospital", "", draft=True)


def test_every_phrase_has_words_and_no_place_is_left_unfilled() -> None:
    assert set(Phrase) == set(LIVE.texts) == set(DRAFT.texts)
    assert not [text for text in LIVE.texts.values() if not text or "{" in text]


def test_the_greeting_says_what_speaks_for_whom_and_how_to_reach_a_person() -> None:
    words = "automated AI assistant|Robin|Saint Ann's Hospital|not a nurse or a doctor|press 0|Say nurse"
    words += "|not recorded|dial 911"
    assert [] == [word for word in words.split("|") if word not in LIVE[Phrase.GREETING]]


def test_only_a_draft_agent_says_that_it_is_a_demonstration() -> None:
    assert "demonstration" in DRAFT[Phrase.GREETING]
    assert "demonstration" not in LIVE[Phrase.GREETING]


def test_the_closing_says_again_that_a_machine_spoke_and_how_to_reach_a_person() -> None:
    assert [] == [w for w in ("automated AI assistant", "press 0", "nurse") if w not in LIVE[Phrase.CLOSING]]


def test_the_emergency_wording_says_911_in_its_second_sentence() -> None:
    assert "911" in sentences_of(LIVE[Phrase.EMERGENCY])[1]


def test_a_hospital_may_have_its_own_greeting() -> None:
    own = PhraseTexts.for_agent("X", "", draft=False, greeting="Hi, automated assistant here.")
    assert "Hi, automated assistant here." == own[Phrase.GREETING]


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

"""What a model may see, and what a caller may hear."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.guardrails import (
    Answerable,
    Care,
    Defer,
    Escalate,
    EscalationReason,
    NotWording,
    Refused,
    Sayable,
    Source,
    Wording,
    clauses_of,
    fixed,
    normal,
    screen_reply,
    screen_utterance,
    to_callee,
)
from policies.phi import PHI, Utterance
from policies.right_party import Line
from policies.right_party_wording import Callee, NotSpeakable
from policies.rules.written import red_flags

RULES = red_flags()
GREETING = "Hello, this is an automated assistant."
SENTENCE = "Keep the wound dry, and change the dressing every day."
BOTH = "Please call the ward."
WORDING = Wording.of([GREETING, BOTH], {SENTENCE: "wound-1", BOTH: "ward-1"})
OPEN = dataclasses.replace(WORDING, unfiltered=True)


def heard(words: str, rules: Any = RULES) -> Answerable | Escalate | Defer:
    return screen_utterance(Utterance(words=PHI(words), doubtful=False), rules)


def said(sayable: Sayable | Refused) -> tuple[str, Source, str]:
    assert isinstance(sayable, Sayable)
    return sayable.text.reveal(), sayable.source, sayable.passage_id


@pytest.mark.parametrize("words", ["", " ", ".", "...", " , \n"])
def test_where_nothing_was_said_there_is_nothing_to_answer(words: str) -> None:
    assert heard(words) is Defer.NOTHING_SAID


def test_a_red_flag_fetches_a_person() -> None:
    assert Escalate(EscalationReason.RED_FLAG) == heard("I have this pain in my chest.")


def heard_as_likely(words: str, *likely: float) -> object:
    return screen_utterance(Utterance(PHI(words), doubtful=False, urgency=PHI(np.array(likely, np.float32))), RULES)


@pytest.mark.parametrize(
    ("words", "likely", "reason"),
    [
        ("I can't breathe", (0.8, 0.1, 0, 0.1), EscalationReason.RED_FLAG),
        ("I can't breathe", (0.97, 0.01, 0.01, 0.01), EscalationReason.SYMPTOM),
        ("I can't breathe", (0, 1, 0, 0), EscalationReason.SYMPTOM),
        ("I can't breathe", (np.nan,) * 4, EscalationReason.RED_FLAG),
        ("my toast is burnt", (0, 0, 0, 1), EscalationReason.RED_FLAG),
        ("my toast is burnt", (0, 0, 1, 0), EscalationReason.CRISIS),
        ("my toast is burnt", (0, 1, 0, 0), EscalationReason.SYMPTOM),
        ("my toast is burnt", (np.nan,) * 4, EscalationReason.SYMPTOM),
        ("my incision is red and hot", (1, 0, 0, 0), EscalationReason.SYMPTOM),
        ("burnt toast", (0.05, 0, 0, 0.95), EscalationReason.RED_FLAG),
        ("burnt toast", (0.05, 0.95, 0, 0), EscalationReason.SYMPTOM),
        ("can't breathe", (0.3, 0, 0, 0.7), EscalationReason.RED_FLAG),
        ("I want to die", (0.5, 0.2, 0.3, 0), EscalationReason.CRISIS),
    ],
)
def test_a_rule_brings_a_nurse_at_least_and_the_reader_only_raises(
    words: str, likely: tuple[float, ...], reason: EscalationReason
) -> None:
    assert Escalate(reason) == heard_as_likely(words, *likely)


def test_what_rules_and_reader_find_routine_is_answered() -> None:
    assert isinstance(heard_as_likely("my toast is burnt", 1, 0, 0, 0), Answerable)
    assert isinstance(heard_as_likely("burnt toast", 0.2, 0, 0, 0.8), Answerable)


def test_a_red_flag_weighs_more_than_a_wish_for_a_person() -> None:
    assert Escalate(EscalationReason.RED_FLAG) == heard("Get me a nurse, I can't breathe.")


def test_who_asks_for_a_person_gets_one() -> None:
    assert Escalate(EscalationReason.ASKED) == heard("Could I talk to a nurse, please?")


def test_an_ordinary_question_may_be_seen_by_the_model_and_is_the_same_utterance() -> None:
    utterance = Utterance(words=PHI("When may I take a shower?"), doubtful=False)

    answerable = screen_utterance(utterance, RULES)

    assert isinstance(answerable, Answerable)
    assert answerable.said is utterance


def test_a_guard_that_fails_fetches_a_person() -> None:
    class Broken:
        def seen_in(self, words: str) -> frozenset[object]:
            raise RuntimeError(words)

    assert Escalate(EscalationReason.GUARD_FAILED) == heard("When may I take a shower?", Broken())


def test_a_guard_that_fails_on_what_is_no_text_fetches_a_person() -> None:
    utterance = Utterance(words=PHI(None), doubtful=False)  # type: ignore[arg-type]

    assert Escalate(EscalationReason.GUARD_FAILED) == screen_utterance(utterance, RULES)


@given(st.text())
def test_every_text_gets_a_verdict(words: str) -> None:
    assert isinstance(heard(words), Answerable | Escalate | Defer)


def test_fixed_wording_passes() -> None:
    assert (GREETING, Source.FIXED, "") == said(screen_reply(PHI(GREETING), WORDING))


def test_a_verbatim_passage_sentence_passes_with_its_passage() -> None:
    assert (SENTENCE, Source.PASSAGE, "wound-1") == said(screen_reply(PHI(f"  {SENTENCE}\n"), WORDING))


def test_the_hint_decides_only_between_two_that_are_true() -> None:
    assert (BOTH, Source.FIXED, "") == said(screen_reply(PHI(BOTH), WORDING))
    assert (BOTH, Source.PASSAGE, "ward-1") == said(screen_reply(PHI(BOTH), WORDING, source_hint=Source.PASSAGE))
    assert Source.FIXED is said(screen_reply(PHI(GREETING), WORDING, source_hint=Source.PASSAGE))[1]
    assert Refused.NOT_APPROVED is screen_reply(PHI("Take two."), WORDING, source_hint=Source.FIXED)


@pytest.mark.parametrize("text", [SENTENCE.lower(), SENTENCE[:-1], f"{SENTENCE} Take two.", "Take two.", "", " "])
def test_anything_else_is_refused(text: str) -> None:
    assert Refused.NOT_APPROVED is screen_reply(PHI(text), WORDING)


def test_a_models_own_sentence_passes_only_where_the_wording_lets_it() -> None:
    assert ("Take two.", Source.MODEL, "") == said(screen_reply(PHI("Take two."), OPEN))
    assert Refused.NOT_APPROVED is screen_reply(PHI(" "), OPEN)


@given(st.text())
def test_no_text_that_is_not_written_down_is_sayable(text: str) -> None:
    written = normal(text) in WORDING.fixed or normal(text) in WORDING.passages

    assert written is isinstance(screen_reply(PHI(text), WORDING), Sayable)


def test_a_phrase_of_ours_must_be_written_down() -> None:
    assert (GREETING, Source.FIXED, "") == said(fixed(GREETING, WORDING))
    with pytest.raises(NotWording):
        fixed(SENTENCE, WORDING)


def test_clauses_are_of_the_same_source_as_their_sentence() -> None:
    pieces = ["Keep the wound dry,", "and change the dressing every day."]
    sentence = screen_reply(PHI(SENTENCE), WORDING)
    assert isinstance(sentence, Sayable)

    clauses = clauses_of(sentence, pieces)

    assert [(piece, Source.PASSAGE, "wound-1") for piece in pieces] == [said(clause) for clause in clauses]


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [""],
        ["Keep the wound dry,"],
        ["and change the dressing every day.", "Keep the wound dry,"],
        ["Keep the wound dry,", "", "and change the dressing every day."],
        ["Keep the wound dry, ", "and change the dressing every day."],
        ["Keep the wound wet,", "and change the dressing every day."],
        ["Keep the wound d", "ry, and change the dressing every day."],
    ],
)
def test_pieces_that_are_not_the_sentence_are_refused(pieces: list[str]) -> None:
    sentence = screen_reply(PHI(SENTENCE), WORDING)
    assert isinstance(sentence, Sayable)

    with pytest.raises(NotWording):
        clauses_of(sentence, pieces)


@given(st.lists(st.integers(1, 9), max_size=4))
def test_every_cut_between_words_is_a_way_to_say_it(cuts: list[int]) -> None:
    words = SENTENCE.split()
    at = [0, *sorted(set(cuts)), len(words)]
    pieces = [" ".join(words[a:b]) for a, b in itertools.pairwise(at) if words[a:b]]
    sentence = fixed(SENTENCE, Wording.of([SENTENCE], {}))

    assert pieces == [clause.text.reveal() for clause in clauses_of(sentence, pieces)]


def test_nobody_else_makes_a_permit() -> None:
    with pytest.raises(TypeError):
        Answerable(Utterance(words=PHI(""), doubtful=False), Care.NONE, object())
    with pytest.raises(TypeError):
        Sayable(PHI("Take two."), Source.FIXED, "", object())


def test_a_permit_cannot_be_rewritten() -> None:
    sayable = fixed(GREETING, WORDING)

    with pytest.raises(dataclasses.FrozenInstanceError):
        sayable.text = PHI("Take two.")  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(sayable, text=PHI("Take two."))  # type: ignore[call-arg]
    assert (GREETING, Source.FIXED, "") == said(sayable)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("I really have to go now.", None),
        ("Okay, gotta run, thanks, bye.", None),
        ("I have to go now, my chest is crushing.", EscalationReason.RED_FLAG),
        ("I have to go to the bathroom and it is all blood", EscalationReason.RED_FLAG),
    ],
)
def test_who_only_says_that_she_must_go_is_in_no_danger(words: str, reason: EscalationReason | None) -> None:
    screened = heard_as_likely(words, 0.1, 0.05, 0.05, 0.8)

    assert reason is (screened.reason if isinstance(screened, Escalate) else None)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("No hablo ingles, necesito ayuda por favor con mi medicina", EscalationReason.NOT_UNDERSTOOD),
        ("it is like an elephant sitting down on me and it goes to my jaw", EscalationReason.RED_FLAG),
    ],
)
def test_danger_that_the_reader_alone_hears_in_another_language_is_told_in_both(
    words: str, reason: EscalationReason
) -> None:
    assert Escalate(reason) == heard_as_likely(words, 0.02, 0.03, 0.0, 0.95)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("since it got dark i have been alone and he does not know where he is", EscalationReason.CRISIS),
        ("i have saved up my pills and i want to die", EscalationReason.RED_FLAG),
    ],
)
def test_a_thought_of_suicide_is_a_hint_of_danger_for_signs_of_despair_alone(
    words: str, reason: EscalationReason
) -> None:
    assert Escalate(reason) == heard_as_likely(words, 0.01, 0.02, 0.95, 0.02)


def test_a_sentence_with_her_name_is_as_her_record_and_made_of_a_name_alone() -> None:
    callee = Callee(PHI("Zephyrine"), "Mercy Hospital", "202, 555, 0143", named_on_machine=False)
    said = to_callee(Line.ASK_FOR, callee)

    assert {Source.RECORD} == {sentence.source for sentence in said}
    assert "May I speak with Zephyrine?" in [sentence.text.reveal() for sentence in said]
    assert "Zephyrine" not in repr(said)
    with pytest.raises(NotSpeakable):
        Callee(PHI("Zephyrine, about her surgery"), "Mercy Hospital", "202, 555, 0143", named_on_machine=False)

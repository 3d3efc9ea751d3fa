"""Tokens -> sentences -> clauses."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.sentences import FIRST_MOST, LATER_MOST, LONGEST_CHARS, Sentences, clauses, sentences_of
from policies.guardrails import Wording, clauses_of, fixed, normal

WORDS = st.sampled_from(
    "take it with food and water, but do not stop; if you feel dizzy or 500 mg 2.5 a.m. Dr. Smith call us. Is that OK?"
    " yes! Wash your hands: then 8 to 10 days before bed\n\n- one\n2. two".split(" ")
)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)


def fed(pieces: list[str]) -> list[str]:
    stream = Sentences()
    return [sentence for piece in pieces for sentence in stream.feed(piece)] + stream.flush()


@given(TEXTS, st.randoms(use_true_random=False))
def test_how_the_tokens_were_cut_makes_no_difference(text: str, random: Random) -> None:
    cut = sorted(random.sample(range(len(text) + 1), k=min(8, len(text))))
    pieces = [text[a:b] for a, b in zip([0, *cut], [*cut, len(text)], strict=True)]
    assert sentences_of(text) == fed(pieces)


@given(TEXTS)
def test_every_sentence_is_in_normal_form_and_no_word_is_lost(text: str) -> None:
    sentences = sentences_of(text)
    assert sentences == [normal(sentence) for sentence in sentences]
    kept = [word.strip(".") for word in " ".join(sentences).split()]
    assert [w for w in kept if w.isalpha()] == [s for w in text.split() if (s := w.strip(".")).isalpha()]


@given(st.text(max_size=300))
def test_any_text_at_all_is_cut_without_an_error_and_nothing_is_held_back(text: str) -> None:
    stream = Sentences()
    stream.feed(text)
    stream.flush()
    assert [] == stream.flush()


@given(TEXTS | st.text())
def test_the_clauses_joined_by_single_spaces_are_the_sentence(text: str) -> None:
    assert normal(text) == " ".join(clauses(text))
    assert all(clauses(text))


@example("take take take take take take take take stop; take take")
@given(TEXTS)
def test_no_clause_but_an_unbreakable_one_is_long(text: str) -> None:
    for n, clause in enumerate(clauses(text)):
        most = FIRST_MOST if n == 0 else LATER_MOST
        words = clause.split()
        inside = words[4 : min(most - 1, len(words) - 3)]  # no break leaves a rest of one or two words
        spoken = [word for word in words if any(sign.isalnum() for sign in word)]
        assert len(spoken) <= most or not any(word.endswith((",", ";")) for word in inside)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Take it now. Then rest.", ["Take it now.", "Then rest."]),
        ("Take 2.5 mg at 8 a.m. every day. Drink water.", ["Take 2.5 mg at 8 a.m. every day.", "Drink water."]),
        ("It is at 8 a.m. Come early.", ["It is at 8 a.m.", "Come early."]),
        ("Ask Dr. Smith at St. Mary's. She knows.", ["Ask Dr. Smith at St. Mary's.", "She knows."]),
        ("No. Do not stop.", ["No.", "Do not stop."]),
        ("It is in room No. 5 today.", ["It is in room No. 5 today."]),
        ("Is it red? Call us! Now.", ["Is it red?", "Call us!", "Now."]),
        ("Take **all** of `it`, _please_.", ["Take all of it, please."]),
        ("Steps:\n1. Wash it\n2. Dry it\n- Rest", ["Steps:", "Wash it.", "Dry it.", "Rest."]),
        ("# Fever\n\nCall us.", ["Fever.", "Call us."]),
        ("See [the leaflet](https://example.org/a).", ["See the leaflet."]),
        ("A line\nthat goes on.", ["A line that goes on."]),
        ("Take vitamin C. Rest.", ["Take vitamin C.", "Rest."]),
        ("...", []),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, sentences: list[str]) -> None:
    assert sentences == sentences_of(text)


def test_a_sentence_comes_as_soon_as_the_next_one_has_begun() -> None:
    stream = Sentences()
    assert [] == stream.feed("Take it with food.")
    assert [] == stream.feed(" ")
    assert ["Take it with food."] == stream.feed("T")


def test_an_engine_may_give_whole_sentences_without_the_space_between_them() -> None:
    assert ["Rest today.", "Call us."] == fed(["Rest today.", "Call us."])


def test_a_text_without_an_end_is_cut_between_words() -> None:
    sentences = sentences_of("word " * 400)
    assert LONGEST_CHARS >= max(map(len, sentences))
    assert 400 == sum(len(sentence.split()) for sentence in sentences)


@pytest.mark.parametrize(
    ("sentence", "pieces"),
    [
        ("Take it with food or milk.", ["Take it with food or milk."]),
        (
            "Call your care team if you have a fever, chills, or more redness.",
            ["Call your care team if you have a fever,", "chills, or more redness."],
        ),
        (
            "You can take it with food or milk if it upsets your stomach.",
            ["You can take it with food or milk", "if it upsets your stomach."],
        ),
        (
            "Do not take more than 4000 mg of acetaminophen in one day from all of your medicines together.",
            ["Do not take more than 4000 mg of acetaminophen", "in one day from all of your medicines together."],
        ),
        (
            "Your next visit to the clinic is on June 3, 2026 in the morning.",
            ["Your next visit to the clinic is on June 3, 2026", "in the morning."],
        ),
    ],
)
def test_the_first_clause_is_short_and_ends_where_a_speaker_breathes(sentence: str, pieces: list[str]) -> None:
    assert pieces == clauses(sentence)


def test_a_figure_stays_with_its_unit_and_a_refusal_with_what_is_refused() -> None:
    for clause in clauses("You must not take more than 8 to 10 mg in a day and never with a glass of wine at night."):
        assert clause.split()[-1] not in {"not", "never", "than", "8", "10", "to"}


def test_the_guard_takes_the_clauses_of_a_sentence() -> None:
    text = "Call your care team if you have a fever, chills, or more redness."
    sentence = fixed(text, Wording.of([text], {}))
    assert clauses(text) == [clause.text.reveal() for clause in clauses_of(sentence, clauses(text))]

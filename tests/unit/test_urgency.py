"""The second voice: how urgent what a caller says is, in words that nobody wrote a rule for."""

from __future__ import annotations

import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.teaching.sentences import read
from policies import sentence_model
from policies.phi import PHI, SensitiveLeak
from policies.rules.taught import load_reader
from policies.sentence_model import strong
from policies.urgency import STEP, TAUGHT, TOKENS, WINDOW, Urgency, UrgencyReader, heard_as, parts
from policies.wordpiece import WordPiece

pytestmark = pytest.mark.models


@functools.cache
def reader() -> UrgencyReader:
    return load_reader()


def heard(text: str) -> Any:
    return reader().read(PHI(text))[0].reveal()


def danger(text: str) -> float:
    found = heard(text)
    return float(found[Urgency.CRISIS_988] + found[Urgency.EMERGENCY_911])


@pytest.mark.parametrize(
    "text",
    [
        "it's like somebody parked a truck on my ribs and i'm sweating through my shirt",
        "Half his face slid down and he's talking like he's drunk.",
        "she won't wake up properly, she just groans",
        "i lined up all the tablets and i'm going to take them tonight",
    ],
)
def test_danger_is_heard_in_words_that_no_rule_has(text: str) -> None:
    assert danger(text) > 0.5


@pytest.mark.parametrize(
    "text",
    ["Where should I keep my insulin?", "thank you that's all i wanted", "what time does the pharmacy close on sunday"],
)
def test_plain_questions_are_routine(text: str) -> None:
    assert heard(text)[Urgency.ROUTINE] > 0.5


def test_danger_in_the_middle_of_a_long_story_is_heard() -> None:
    story = "so on monday my sister came by and we looked at the garden and she brought soup from her neighbour "
    sign = "and now i have a crushing pain in my chest going down my left arm and i can hardly breathe "

    assert danger(story * 3) < 0.5
    assert danger(story * 2 + sign + story * 2) > 0.5


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_text_has_an_answer_and_the_same_one_again(text: str) -> None:
    found = heard(text)

    assert (len(Urgency),) == found.shape
    assert abs(float(found.sum()) - 1) < 1e-5
    assert (found >= 0).all()
    assert (found == heard(text)).all()


@given(st.lists(st.integers(200, 9_000), max_size=400))
def test_every_piece_is_read_and_each_that_has_neighbours_with_them(pieces: list[int]) -> None:
    read_parts = list(parts([101, *pieces, 102]))
    inner = [part[1:-1] for part in read_parts]

    assert all(len(part) <= TOKENS and (part[0], part[-1]) == (101, 102) for part in read_parts)
    assert pieces == [*inner[0], *(piece for part in inner[1:] for piece in part[WINDOW - STEP :])]


def test_a_symptom_for_the_nurse_does_not_hide_danger_further_on() -> None:
    symptoms = (
        "my incision has been red and hot since tuesday and it smells bad and i have a fever of a hundred and one and "
        "the pain pills are not helping and a couple of the stitches came loose and there is yellow stuff coming out "
    )
    sign = "and now my chest is crushing and i can't breathe"

    assert Urgency.EMERGENCY_911 is heard_as(heard(symptoms * 2 + sign))


def test_danger_behind_a_list_of_drugs_is_heard() -> None:
    drugs = (
        "i take lisinopril metformin atorvastatin furosemide gabapentin omeprazole amlodipine metoprolol warfarin "
        "levothyroxine hydrochlorothiazide pantoprazole clopidogrel and sertraline "
    )

    assert danger(drugs + "and i can't breathe and my chest is crushing") > 0.5


def test_what_was_heard_is_held_as_the_words_are() -> None:
    found, _ = reader().read(PHI("my chest hurts"))

    assert "<PHI>" == repr(found)
    with pytest.raises(SensitiveLeak):
        pickle.dumps(found)


def test_the_numbers_of_a_callers_words_are_not_left_in_the_row_that_held_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    forward = UrgencyReader._forward

    def looking(self: UrgencyReader, rows: Any) -> Any:
        assert rows.any()
        seen.append(rows)
        return forward(self, rows)

    monkeypatch.setattr(UrgencyReader, "_forward", looking)
    heard("my chest hurts")

    assert [False] == [rows.any() for rows in seen]


def test_what_was_taught_is_numbers_of_half_precision() -> None:
    taught = sentence_model.taught("policies.rules", TAUGHT)

    assert {np.dtype(np.float16)} == {array.dtype for array in taught.values()}
    assert all(np.isfinite(array).all() for array in taught.values())


def test_what_was_taught_to_another_reader_is_refused() -> None:
    base, taught = strong(), dict(sentence_model.taught("policies.rules", TAUGHT))
    pieces = WordPiece(sentence_model.vocabulary())

    with pytest.raises(ValueError, match="urgency"):
        UrgencyReader(pieces, base, taught | {"urgency.judge": taught["urgency.judge"][:, :2]})
    with pytest.raises(KeyError):
        UrgencyReader(pieces, base, {name: array for name, array in taught.items() if name != "scope.look"})


def test_every_sentence_is_a_sentence_with_a_label_and_no_two_are_the_same() -> None:
    said = read()

    assert set(Urgency) == {one.urgency for one in said}
    assert len(said) == len({one.text.lower() for one in said})
    assert [] == [one.text for one in said if not 0 < len(one.text.split()) < 90]


def test_a_line_without_a_label_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "my chest", "label": "bad", "sign": "none", "kind": "talk"}\n')

    with pytest.raises(ValueError, match=r"a\.jsonl, line 1") as refused:
        read(tmp_path)
    assert "chest" not in str(refused.value)


@pytest.mark.parametrize(
    ("likely", "urgency"),
    [
        ((1, 0, 0, 0), Urgency.ROUTINE),
        ((0, 1, 0, 0), Urgency.NURSE_NOW),
        ((0, 0, 1, 0), Urgency.CRISIS_988),
        ((0, 0, 0, 1), Urgency.EMERGENCY_911),
        ((0, 0.2, 0.5, 0.3), Urgency.CRISIS_988),
        ((0.05, 0.95, 0, 0), Urgency.NURSE_NOW),
        ((0.2, 0.8, 0, 0), Urgency.ROUTINE),
        ((np.nan, np.nan, np.nan, np.nan), Urgency.NURSE_NOW),
    ],
)
def test_what_is_likely_is_an_urgency_and_what_cannot_be_read_is_a_nurses(
    likely: tuple[float, ...], urgency: Urgency
) -> None:
    assert urgency is heard_as(np.array(likely, np.float32))

"""The reader of a model's sentences."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

from agent.engines import alarm
from agent.engines.models import ModelFileWrong, ModelReason
from policies import mpnet, sentence_model
from policies.phi import PHI
from policies.spoken import taught as spoken
from policies.spoken.taught import load_weigher
from policies.weighing import PAIR, SENTENCE, TAUGHT, SpokenReader, paired
from policies.wordpiece import WordPiece

pytestmark = pytest.mark.models

PASSAGE = "Keep the plaster dry. You may shower after three days. Ask for a nurse if your toes turn cold or blue."


@functools.cache
def reader() -> SpokenReader:
    return load_weigher()


def safe(sentence: str, passage: str = PASSAGE) -> float:
    return reader().weigh(PHI(sentence), passage).reveal()


@pytest.mark.parametrize(
    ("well", "turned"),
    [
        ("Wait three days before you shower.", "There is no need to wait three days before you shower."),
        ("If your toes go blue or cold, ask for a nurse.", "Cold toes are no reason to ask for a nurse."),
        ("Don't let the plaster get wet.", "It does no harm if the plaster gets wet."),
    ],
)
def test_a_passage_put_well_is_told_from_the_same_turned_around(well: str, turned: str) -> None:
    assert safe(well) > 0.5 > safe(turned)


def test_the_same_sentence_is_weighed_by_the_passage_beside_it() -> None:
    sentence = "You may shower after three days."

    assert safe(sentence) > 0.5 > safe(sentence, "Do not shower before the nurse has seen the wound.")


def test_what_is_too_long_to_be_read_cannot_be_weighed() -> None:
    assert math.isnan(safe("keep it dry and " * SENTENCE))


def test_two_texts_become_one_row_of_bounded_length() -> None:
    assert [0, 5, 6, 2, 2, 7, 8, 2] == paired([0, 5, 6, 2], [0, 7, 8, 2])
    assert PAIR == len(paired([0, *range(9, 99), 2], [0, *range(9, 300), 2]))


def test_nothing_of_a_sentence_is_left_in_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    forward = mpnet.MPNet.__call__

    def looking(self: Any, rows: Any) -> Any:
        seen.append(rows)
        return forward(self, rows)

    monkeypatch.setattr(mpnet.MPNet, "__call__", looking)
    safe("Keep it dry.")

    assert [False] == [rows.any() for rows in seen]


def test_what_was_taught_is_this_question_alone_in_half_precision() -> None:
    taught = sentence_model.taught("policies.spoken", TAUGHT)

    assert {np.dtype(np.float16)} == {array.dtype for array in taught.values()}
    assert [] == [name for name in taught if name.startswith(("urgency", "scope"))]


def test_what_was_taught_to_another_reader_is_refused_and_what_is_absent_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base, taught = sentence_model.strong(), dict(sentence_model.taught("policies.spoken", TAUGHT))
    with pytest.raises(ValueError, match="spoken"):
        SpokenReader(
            WordPiece(sentence_model.vocabulary()), base, taught | {"spoken.judge": taught["spoken.judge"][:, :1]}
        )

    def absent() -> SpokenReader:
        raise FileNotFoundError("spoken.npz")

    monkeypatch.setattr(spoken, "load_weigher", absent)
    with pytest.raises(ModelFileWrong, match="reader of a model's sentences cannot be made") as refused:
        alarm.load_weigher()
    assert ModelReason.MISSING is refused.value.reason

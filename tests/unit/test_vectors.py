"""Vectors that were computed beforehand: the same as computed now, and only ever a shortcut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines import vectors as module
from agent.engines.vectors import FILE, MARK, MODEL, VectorFile, key_of
from agent.engines.write_vectors import SHIPPED, own_texts, write
from policies.meaning import WIDTH, Floats, Meaning
from tests.fakes import sentence_model

TEXTS = ("can I shower", "when may I drive", "what does the blue pill do")
ROUNDED = 0.015  # of a vector of length 1: 384 numbers, each rounded by at most half of 1/127 of the largest


@pytest.fixture(scope="module", name="meaning")
def _meaning() -> Meaning:
    return sentence_model()


def some(count: int = 3) -> VectorFile:
    """A file of made-up vectors."""
    drawn = np.random.default_rng(1).integers(-127, 128, (count, WIDTH), np.int8)
    return VectorFile({key_of(str(number)): number for number in range(count)}, drawn)


class Refuses:
    """Stands where nothing may be computed."""

    def vectors(self, texts: tuple[str, ...]) -> Floats:
        assert not texts
        return np.empty((0, WIDTH), np.float32)


def known(file: VectorFile, *texts: str) -> Floats:
    return file.of(texts, Refuses())  # type: ignore[arg-type]  # stands for a `Meaning`, a final class


def test_a_file_reads_back_as_it_was_written() -> None:
    again = VectorFile.from_bytes(some().to_bytes())

    assert 3 == len(again)
    assert ("3", "a") == again.lacks(["0", "3", "2", "a"])
    assert known(some(), "2", "0").tobytes() == known(again, "2", "0").tobytes()
    assert some().to_bytes() == again.to_bytes()


def test_rows_have_length_one_and_stand_in_the_order_of_the_texts() -> None:
    found = known(some(), "2", "0", "2")

    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert found[0].tobytes() == found[2].tobytes() == known(some(), "2")[0].tobytes()
    assert (0, WIDTH) == known(some()).shape


@given(place=st.integers(0, len(some().to_bytes()) - 1), flipped=st.integers(1, 255))
def test_one_damaged_byte_and_the_file_is_passed_over(place: int, flipped: int) -> None:
    raw = bytearray(some().to_bytes())
    raw[place] ^= flipped

    assert 0 == len(VectorFile.from_bytes(bytes(raw)))


@given(raw=st.binary(max_size=600) | st.binary(max_size=600).map(lambda tail: MARK + MODEL + tail))
def test_what_is_no_such_file_is_passed_over(raw: bytes) -> None:
    assert 0 == len(VectorFile.from_bytes(raw))


@pytest.mark.parametrize("cut", [0, 1, 8, 40, 72, -1, -33])
def test_a_file_that_was_cut_is_passed_over(cut: int) -> None:
    assert 0 == len(VectorFile.from_bytes(some().to_bytes()[:cut]))


def test_another_models_file_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = some().to_bytes()
    monkeypatch.setattr(module, "MODEL", bytes(32))

    assert 0 == len(VectorFile.from_bytes(raw))


def test_a_file_that_is_absent_a_folder_or_too_large_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_bytes(some().to_bytes())
    assert 3 == len(VectorFile.read(tmp_path / FILE))
    assert [0, 0] == [len(VectorFile.read(path)) for path in (tmp_path / "none", tmp_path)]
    monkeypatch.setattr(module, "LARGEST_BYTES", 100)

    assert 0 == len(VectorFile.read(tmp_path / FILE))


@pytest.mark.models
def test_a_vector_of_the_file_is_the_computed_one_but_for_rounding(meaning: Meaning) -> None:
    computed = meaning.vectors(TEXTS)
    kept = known(VectorFile.empty().holding(TEXTS, meaning), *TEXTS)

    assert float(np.linalg.norm(kept - computed, axis=1).max()) < ROUNDED
    np.testing.assert_allclose(kept @ computed.T, computed @ computed.T, atol=0.002)


@pytest.mark.models
def test_what_the_file_does_not_know_is_computed(meaning: Meaning) -> None:
    file = VectorFile.empty().holding(TEXTS[:2], meaning)
    asked = ("quite another thing", TEXTS[1], TEXTS[2])

    found = file.of(asked, meaning)

    np.testing.assert_allclose(found, meaning.vectors(asked), atol=ROUNDED)
    np.testing.assert_allclose(found[[0, 2]], meaning.vectors([asked[0], asked[2]]), atol=1e-6)
    np.testing.assert_allclose(VectorFile.empty().of(TEXTS, meaning), meaning.vectors(TEXTS), atol=1e-6)


@pytest.mark.models
def test_what_is_known_keeps_its_bytes_and_what_is_gone_goes(meaning: Meaning) -> None:
    before = VectorFile({key_of(TEXTS[0]): 0, key_of("gone"): 1}, some(2)._bytes)
    after = before.holding([*TEXTS, TEXTS[0]], meaning)

    assert 3 == len(after)
    assert ("gone",) == after.lacks([*TEXTS, "gone"])
    assert known(before, TEXTS[0]).tobytes() == known(after, TEXTS[0]).tobytes()


@pytest.mark.models
def test_the_shipped_vectors_are_those_of_todays_model_and_code(meaning: Meaning) -> None:
    every = own_texts(SHIPPED)
    texts = [*every[::97], max(every, key=len), min(every, key=len)]
    kept = known(VectorFile.read(SHIPPED / FILE), *texts)

    assert float(np.linalg.norm(kept - meaning.vectors(texts), axis=1).max()) < ROUNDED


@pytest.mark.models
def test_the_script_writes_beside_the_passages_the_same_bytes_each_time(tmp_path: Path) -> None:
    source = min(SHIPPED.glob("*.toml"), key=lambda path: path.stat().st_size)
    (tmp_path / source.name).write_bytes(source.read_bytes())
    write(tmp_path)
    first = (tmp_path / FILE).read_bytes()
    write(tmp_path)

    assert first == (tmp_path / FILE).read_bytes()
    assert () == VectorFile.from_bytes(first).lacks(own_texts(tmp_path))
    assert not [text for text in own_texts(tmp_path) if text.encode() in first]

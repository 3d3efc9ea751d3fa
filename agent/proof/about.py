"""What was put under proof, by hashes: the code, the settings, the models, the packages, the machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.engines.models import DEFAULT_RECOGNISER, DEFAULT_VOICE, activity_file, recogniser_files, voice_files
from agent.keeper.builds import code_hash
from agent.proof.given import Given
from agent.proof.outside import may_watch
from agent.proof.parts import PACKAGES, settings_hash
from agent.settings import ROOT
from policies.closed import canonical


class CodeChanged(Exception):
    """The files that a proof is about are not those it began with: it proves nothing about either."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What is under proof, as it was before the first session."""

    given: Given
    told: Mapping[str, Any]
    """The parts of a report that say what it is about."""

    @classmethod
    def now(cls, given: Given) -> Proven:
        """Raises `agent.engines.models.ModelFileWrong`."""
        return cls(given, this_build(given))

    def check(self) -> None:
        """Before each session and after the last.  Raises `CodeChanged`, `ModelFileWrong`."""
        if this_build(self.given) != self.told:
            raise CodeChanged("code, models, packages or what is deployed changed during the proof: no report")


def this_build(given: Given) -> dict[str, Any]:
    """The parts of a report that say what it is about."""
    return {
        "build": {
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
            "code": code_hash(ROOT),
            "deployed": _deployed(),
            "commit": _commit(),
            "python": sys.version.split()[0],
            "packages": {name: _version(name) for name in PACKAGES},
        },
        "settings": {
            "sha256": settings_hash(given.settings, given.differs),
            "given": dict(given.settings),
            "differs": list(given.differs),
        },
        "models": _models(given.settings),
        "machine": {
            "kernel": os.uname().release,
            "machine": os.uname().machine,
            "core_pattern": _read("/proc/sys/kernel/core_pattern"),
            "init_on_free": "init_on_free=1" in _read("/proc/cmdline").split(),
            "root": may_watch(),
        },
    }


def _deployed() -> str:
    """SHA-256 over the names and contents of what is deployed with the code, in the order of names."""
    total = hashlib.sha256()
    for path in sorted(_files()):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files() -> Iterator[Path]:
    for path in (ROOT / "deploy").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _models(settings: Mapping[str, str]) -> dict[str, str]:
    """Kind and name -> SHA-256 over all files of the models that the line loads with these settings."""
    ear = recogniser_files(settings.get("QUIETLINE_RECOGNISER") or DEFAULT_RECOGNISER, only_checked=False)
    voice = voice_files(settings.get("QUIETLINE_VOICE") or DEFAULT_VOICE, only_checked=False)
    return {
        f"recogniser {Path(ear.name).name}": _sum(ear.files),
        f"voice {Path(voice.name).name}": _sum({"voice.onnx": voice.model, "voice.onnx.json": canonical(voice.config)}),
        "activity silero": _sum({"silero.onnx": activity_file()}),
    }


def _sum(files: Mapping[str, bytes]) -> str:
    total = hashlib.sha256()
    for name, content in sorted(files.items()):
        total.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _commit() -> str:
    """Of the checkout, with a mark where it differs; nothing where there is none."""
    try:
        said = subprocess.run(  # noqa: S603  # fixed words
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40"],  # noqa: S607  # on the PATH
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
    except OSError:
        return ""
    return said.stdout.strip()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""

"""What was put under proof, by hashes: the code, the settings, the models, the packages, the machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from agent.engines.models import recogniser_files, voice_files
from agent.keeper.builds import code_hash
from agent.proof.outside import may_watch
from agent.settings import ROOT, SECRETS, VARIABLES

PACKAGES: Final = ("anthropic", "ctranslate2", "faster-whisper", "httpx2", "numpy", "onnxruntime", "piper-tts", "redis",
    "starlette", "structlog", "uvicorn", "webrtcvad-wheels", "websockets")  # fmt: skip
LEFT_OUT: Final = frozenset({*SECRETS, "KEEPER_REDIS_URL", "TWILIO_ACCOUNT_SID"})


def this_build() -> dict[str, Any]:
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
        "settings": {"sha256": _settings(), "set": sorted(name for name in VARIABLES if os.environ.get(name))},
        "models": _models(),
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


def _settings() -> str:
    """Over the settings of whoever proves, secrets left out: the service under proof has its own ports and folders."""
    total = hashlib.sha256()
    for name in sorted(VARIABLES):
        if name not in LEFT_OUT:
            total.update(f"{name}={os.environ.get(name, '')}\n".encode())
    return total.hexdigest()


def _models() -> dict[str, str]:
    """Model -> SHA-256 of its main file."""
    ear, voice = recogniser_files("base", only_checked=True), voice_files("joe", only_checked=True)
    return {
        f"recogniser {ear.name}": hashlib.sha256(ear.files["model.bin"]).hexdigest(),
        f"voice {voice.name}": hashlib.sha256(voice.model).hexdigest(),
    }


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

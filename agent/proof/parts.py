"""What a report names of build and machine, as closed lists, and the hash of what it says of settings.  Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from policies.closed import canonical

PACKAGES: Final = ("anthropic", "ctranslate2", "faster-whisper", "httpx2", "numpy", "onnxruntime", "piper-tts", "redis",
    "starlette", "structlog", "uvicorn", "webrtcvad-wheels", "websockets")  # fmt: skip
MODELS: Final = ("activity", "recogniser", "voice")
"""Kinds, each of which the line loads one of; a report names it as "voice joe"."""
BUILD: Final = frozenset({"version", "code", "deployed", "commit", "python", "packages"})
MACHINE: Final = frozenset({"kernel", "machine", "core_pattern", "init_on_free", "root"})
ANOTHER: Final = "another process of the service"
"""One that is none of those with a name, or that was gone before anybody looked at it."""
ACTS_OF_ANOTHER_USER: Final = (
    "read its memory", "read its environment", "list its files", "attach a debugger", "send it a signal",
)  # fmt: skip


def settings_hash(given: Mapping[str, str], differs: Sequence[str]) -> str:
    """SHA-256 in hex.  given: variables that the service under proof got as the operator set them.

    differs: names of those in which it differs from what the operator set.
    """
    return hashlib.sha256(canonical({"given": dict(given), "differs": list(differs)})).hexdigest()

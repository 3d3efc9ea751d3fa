"""What self-test and proof must have passed for: one hash over our code, the pins of its packages, and an agent's file.

Models stand in the code with their SHA-256 sums (`agent/engines/models.py`).  What only the environment says (another
recogniser, another voice) the keeper can't see: whoever composes it may give `build_of` a `more` that stands for that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from policies import closed

PACKAGES: Final = ("agent", "telephony", "policies")
LOCKS: Final = ("requirements.lock", "requirements-bare.lock")


def code_hash(root: Path) -> str:
    """SHA-256 over every file of our packages, and the pins of those they stand on.  Raises `OSError`."""
    found = [file for package in PACKAGES for file in (root / package).rglob("*") if "__pycache__" not in file.parts]
    total = hashlib.sha256()
    for file in sorted([*found, *(root / name for name in LOCKS)]):
        if file.is_file():
            total.update(f"{file.relative_to(root)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def build_of(code: str, table: Mapping[str, Any], more: str = "") -> str:
    """code: of `code_hash`; table: the agent's file.  Its `state` is no part of it: leaving draft is no change."""
    held = {key: value for key, value in table.items() if key != "state"}
    return hashlib.sha256(closed.canonical({"code": code, "agent": held, "more": more})).hexdigest()

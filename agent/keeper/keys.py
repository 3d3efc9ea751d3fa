"""Keys that sign: of the audit log's head, read by the keeper alone, and of a proof's report.

audit.key           Ed25519, PKCS8 in PEM, mode 0600
audit.pub           its public half, for whoever verifies; keep a copy where this machine can't write
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from agent.keeper.database import StateFailed

KEY: Final = "audit.key"
PUBLIC: Final = "audit.pub"
MOST_BYTES: Final = 4_096


def signing_key(folder: Path, *, make: bool, name: str = KEY, public: str = PUBLIC) -> Ed25519PrivateKey:
    """The key in this folder; by its usual name that of the audit log.

    make: a new one where there is none, which for the log is right without entries alone.
    Raises `StateFailed` where it is missing, is readable by others, or is none.
    """
    key: object = None
    try:
        if make:
            _make(folder / name, folder / public)
        with (folder / name).open("rb") as opened:
            private = not stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077
            key = load_pem_private_key(opened.read(MOST_BYTES), None) if private else None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: one that has a password
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise StateFailed("the signing key is missing, readable by others, or no key")
    return key


def public_key(file: Path) -> Ed25519PublicKey:
    """The public half in a file of its own.  Raises `StateFailed`."""
    key: object = None
    try:
        with file.open("rb") as opened:
            key = load_pem_public_key(opened.read(MOST_BYTES))
    except (OSError, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise StateFailed("there is no public key in that file")
    return key


def _make(private: Path, public: Path) -> None:
    """Whole or not at all: a process that is killed here leaves no half key.  Raises `OSError`."""
    if not private.exists():
        key = Ed25519PrivateKey.generate()
        with contextlib.suppress(FileExistsError):  # another keeper was first: its key is the key
            put_once(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    if not public.exists():
        held = load_pem_private_key(private.read_bytes(), None)
        half = held.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with contextlib.suppress(FileExistsError):
            put_once(public, half, 0o644)


def put_once(file: Path, content: bytes, mode: int) -> None:
    """A file whole or not at all.  Raises `FileExistsError` where there is such a file."""
    fresh = file.with_name(f"{file.name}.{threading.get_native_id()}")
    with contextlib.suppress(FileNotFoundError):  # left by one of that number that was killed
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(fresh, file)
    finally:
        fresh.unlink()

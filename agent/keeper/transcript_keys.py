"""Keys of transcripts, read by the keeper alone; made where they are missing.

transcripts.key     X25519, 32 bytes in hex, mode 0600: what the line seals to its public half, this opens
transcripts.pub     its public half, in hex; the launcher gives it to the line at its start
seal.key            AES-256, 32 bytes in hex, mode 0600: locks the key that each transcript has of its own.  It may lie
                    elsewhere (`QUIETLINE_SEAL_KEY`), so that who has the state, or a copy of it, can read nothing
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from agent.keeper.database import StateFailed
from agent.keeper.keys import put_once
from policies.phi import PHI
from policies.records import KEY_BYTES

PRIVATE: Final = "transcripts.key"
PUBLIC: Final = "transcripts.pub"
SEAL: Final = "seal.key"
BYTES: Final = 32  # of an X25519 key too (RFC 7748)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TranscriptKeys:
    """What opens transcripts."""

    private: X25519PrivateKey
    locking: PHI[bytes]
    """The key for keys."""
    made: bool
    """One of them was missing, and is new: what was sealed with another can't be read."""

    @property
    def public(self) -> str:
        """For the line: 32 bytes in hex."""
        return self.private.public_key().public_bytes_raw().hex()


def transcript_keys(folder: Path, seal: Path | None) -> TranscriptKeys:
    """seal: where the key for keys lies; None for the state's folder.  Raises `StateFailed`."""
    private, made_private = _key(folder / PRIVATE)
    locking, made_locking = _key(seal or folder / SEAL)
    keys = TranscriptKeys(
        X25519PrivateKey.from_private_bytes(private.reveal()), locking, made=made_private or made_locking
    )
    failed = False
    try:
        with contextlib.suppress(FileExistsError):
            put_once(folder / PUBLIC, f"{keys.public}\n".encode(), 0o644)
        failed = (folder / PUBLIC).read_text("ascii").strip() != keys.public
    except (OSError, ValueError):
        failed = True
    if failed:
        raise StateFailed("the public half of the transcripts' key can't be written, or is another key's")
    return keys


def _key(file: Path) -> tuple[PHI[bytes], bool]:
    """The key in this file, and whether it was made just now."""
    found, made = b"", False
    try:
        if not file.exists():
            with contextlib.suppress(FileExistsError):  # another keeper was first: its key is the key
                put_once(file, f"{secrets.token_hex(BYTES)}\n".encode(), 0o600)
                made = True
        with file.open("rb") as opened:
            if not stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                found = bytes.fromhex(opened.read(2 * BYTES + 2).decode("ascii"))
    except (OSError, ValueError):
        found = b""
    if len(found) != KEY_BYTES:
        raise StateFailed("a key of the transcripts is readable by others, or no key: mode 0600, 32 bytes in hex")
    return PHI(found), made

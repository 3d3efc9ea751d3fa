"""Secrets of tokens as Argon2id hashes; the only importer of argon2.

Of the five settings that OWASP's Password Storage Cheat Sheet gives as equal, the one that takes least memory: 7 MiB,
five passes, one lane.  The keeper shares its machine with calls; and a secret of 256 random bits is not guessed, so the
hash guards against who reads the state, at any of the five.
"""

from __future__ import annotations

from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB: Final = 7_168
PASSES: Final = 5
LANES: Final = 1
HASH_BYTES, SALT_BYTES = 32, 16  # as the Argon2 paper (RFC 9106, section 4) recommends


class Argon:
    """Hashes, and compares in a time that says nothing of the hash."""

    def __init__(self) -> None:
        self._hasher: Final = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=HASH_BYTES, salt_len=SALT_BYTES
        )
        self._nobody: Final = self._hasher.hash("of no token")

    def hash(self, secret: str) -> str:
        """Salted: another one each time."""
        return self._hasher.hash(secret)

    def matches(self, held: str | None, secret: str) -> bool:
        """held: None where there is no such token; that takes the same work, and is never a match."""
        same = False
        try:
            same = self._hasher.verify(held or self._nobody, secret)
        except (VerificationError, InvalidHashError):
            same = False
        return same and held is not None

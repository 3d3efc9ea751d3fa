"""A set of things said that is itself no place of them: it holds hashes under a key of its own.  Pure."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from typing import Final, final

DIGEST_BYTES: Final = 8
"""Of 100,000 things held, one that is none of them is taken for one in 2**47."""


class Blind(Exception):
    """A search did not find what was put before it."""


@final
class Hidden:
    """`thing in hidden`, and no more can be got out of it."""

    def __init__(self, things: Iterable[bytes]) -> None:
        self._key: Final = secrets.token_bytes(16)
        self._held: Final = frozenset(map(self._hash, things))

    def __contains__(self, thing: bytes) -> bool:
        return self._hash(thing) in self._held

    def _hash(self, thing: bytes) -> bytes:
        return hashlib.blake2b(thing, digest_size=DIGEST_BYTES, key=self._key).digest()

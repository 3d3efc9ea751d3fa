"""Which ref the n-th call of a line has: keeper and line both know, so that a ref can hold nothing else.

A key of 32 random bytes is made at each start and held in memory alone.  To whoever lacks it a ref is 16 random bytes,
and stands for no call; the keeper refuses a record whose ref is another.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from policies.records import ref_of

KEY_BYTES: Final = 32  # as long as the hash of HMAC-SHA-256 (RFC 2104, 3)


def ref_at(key: bytes, call: int) -> str:
    """call: the n-th of this line since it started.  Raises `ValueError` for a key of another length."""
    if len(key) != KEY_BYTES:
        raise ValueError("the key of refs has 32 bytes")
    return ref_of(hmac.digest(key, call.to_bytes(8, "big"), hashlib.sha256)[:16])

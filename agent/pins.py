"""PINs of nurses, as salted hashes: what a list holds, and whether keys that were pressed are the PIN.

Six digits can be tried out by whoever has the file: the hash makes that cost hours, it does not forbid it.  On the
telephone three wrong PINs close the menu (`agent/staff_desk.py`), and that is what holds there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

from policies.phi import PHI

FEWEST_DIGITS: Final = 6  # three tries a quarter of an hour take years to come through a million
MOST_DIGITS: Final = 12
DIGITS: Final = re.compile(rf"[0-9]{{{FEWEST_DIGITS},{MOST_DIGITS}}}", re.ASCII)
COST, BLOCK, LANES = 2**14, 8, 5  # OWASP, Password Storage Cheat Sheet: the scrypt setting of 16 MiB
SALT_BYTES, HASH_BYTES = 16, 32
MOST_MEMORY: Final = 64 * 1024 * 1024  # bytes; OpenSSL refuses beyond it
FORM: Final = "scrypt"
PIN_HASH: Final = re.compile(rf"{FORM}:([A-Za-z0-9_-]{{22}}):([A-Za-z0-9_-]{{43}})", re.ASCII)
"""The costs are not in it: a file can't ask for more."""


def hashed(pin: PHI[str]) -> str:
    """Salted: another one each time.  Takes a fifth of a second of one core.  Raises `ValueError`."""
    if DIGITS.fullmatch(pin.reveal()) is None:
        raise ValueError(f"a PIN is {FEWEST_DIGITS} to {MOST_DIGITS} digits")
    salt = secrets.token_bytes(SALT_BYTES)
    return f"{FORM}:{_spelled(salt)}:{_spelled(_digest(pin, salt))}"


def is_pin(held: str, keyed: PHI[str]) -> bool:
    """Are these keys the PIN?  In a time that says nothing of it; as long as `hashed`, so not on an event loop.

    held: what a list holds; any other text is nobody's PIN.
    """
    found = PIN_HASH.fullmatch(held)
    if found is None:
        return False
    salt, digest = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in found.groups())
    return hmac.compare_digest(_digest(keyed, salt), digest)


def _digest(pin: PHI[str], salt: bytes) -> bytes:
    return hashlib.scrypt(
        pin.reveal().encode("utf-8", "replace"),
        salt=salt,
        n=COST,
        r=BLOCK,
        p=LANES,
        maxmem=MOST_MEMORY,
        dklen=HASH_BYTES,
    )


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")

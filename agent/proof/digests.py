"""Digests of who called: a number, a chart number or the carrier's id of the call, put through a hash.  Pure.

Such a digest names a person to whoever can guess the number, and ten digits are guessed in a second.  A digest under a
secret key can't be known from outside; a report says so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator
from typing import Final, final

from agent.proof.fragments import TOKEN, decoded
from agent.proof.hidden import Blind, Hidden

ALGORITHMS: Final = (
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3_256",
    "sha3_512",
    "blake2b",
    "blake2s",
)
KEPT: Final = 8
"""Bytes of a digest's beginning that are sought: it may have been shortened."""


@final
class Digests:
    """Of some identities.  Is itself no place of them."""

    def __init__(self, identities: Iterable[str]) -> None:
        """identities: what names a caller, each as it was sent.  Raises `Blind` where its own digest is not found."""
        known = tuple(identities)
        texts = {text for identity in known for text in writings(identity)}
        self._known: Final = Hidden(digest[:KEPT] for text in texts for digest in digests(text))
        for identity in known:
            first = next(digests(identity))
            for token in (base64.urlsafe_b64encode(first[:16]).rstrip(b"="), binascii.hexlify(first)):
                if not self.inside(b'{"ref":"' + token + b'"}'):
                    raise Blind("a digest of what was sent was not found")

    def inside(self, piece: bytes) -> bool:
        """Does the beginning of such a digest stand in this, in base64 or hex?"""
        return any(
            whole[:KEPT] in self._known
            for token in TOKEN.finditer(piece)
            for whole in decoded(token[0])
            if len(whole) >= KEPT
        )


def writings(identity: str) -> Iterator[str]:
    """As it was sent, in small letters and in capitals, and its digits alone with and without the country's."""
    digits = "".join(filter(str.isdigit, identity))
    yield from dict.fromkeys([identity, identity.lower(), identity.upper(), digits, digits[-10:]])


def digests(text: str) -> Iterator[bytes]:
    """By each of `ALGORITHMS`; of at least `KEPT` bytes each."""
    for algorithm in ALGORITHMS:
        yield hashlib.new(algorithm, text.encode(), usedforsecurity=False).digest()

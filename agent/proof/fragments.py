"""Part of what was heard, coded into something that looks random: a ref, a token, an id.  Pure.

A needle is a name or a number in full; sixteen bytes of a sentence need hold neither.  So whatever in a place could be
base64 or hex is decoded, and any eight signs in a row of what was said are sought in it.  In plain text eight signs
come about by chance; in what was decoded they don't.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import Final, final

from agent.proof.hidden import Blind, Hidden

GRAM: Final = 8
"""Signs in a row: 16 random bytes hold eight letters, digits and blanks in a row once in 400,000, and seldom those."""
TOKEN: Final = re.compile(rb"[A-Za-z0-9+/_-]{14,4096}")  # ten bytes in base64, and no longer than a header may be
PLAIN: Final = re.compile(rb"[a-z0-9 ]{8,}")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")


@final
class Fragments:
    """For what was said and heard on some calls.  Is itself no place of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises `Blind` where a text of its own is not found in it."""
        plain = [_plain(text) for text in texts]
        self._known: Final = Hidden(gram for said in plain for gram in _grams(said))
        for said in plain:
            if len(said) >= GRAM and not self.inside(b"ref " + base64.urlsafe_b64encode(said[-16:]) + b"."):
                raise Blind("part of what was said, in base64, was not found")

    def inside(self, piece: bytes) -> bool:
        """Is part of it coded in this?"""
        return any(self.shown(raw) for token in TOKEN.finditer(piece) for raw in decoded(token[0]))

    def shown(self, piece: bytes) -> bool:
        """Does part of it stand in this as it is?  For what holds no sentences of its own: names of threads."""
        runs = PLAIN.finditer(piece.lower())
        return any(gram in self._known for run in runs for gram in _grams(run[0]))


def _plain(text: str) -> bytes:
    return " ".join(_NO_WORD.sub(" ", text.lower()).split()).encode()


def _grams(text: bytes) -> Iterator[bytes]:
    return (text[at : at + GRAM] for at in range(len(text) - GRAM + 1))


def decoded(token: bytes) -> Iterator[bytes]:
    """A token as base64 from each of its first four signs on, as something may stand before it; and as hex."""
    standard = token.translate(bytes.maketrans(b"-_", b"+/"))
    for start in range(4):
        whole = standard[start : start + (len(standard) - start) // 4 * 4]
        yield base64.b64decode(whole)
    for start in range(2):
        hexed = re.match(rb"(?:[0-9a-fA-F]{2})+", token[start:])
        if hexed:
            yield binascii.unhexlify(hexed[0])

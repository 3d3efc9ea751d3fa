"""What a TLS client says first, read without any key: the name it asks for.  Pure.

Sources: RFC 8446 sections 4.1.2, 4.1.3 and 5.1, RFC 6066 section 3, draft-ietf-tls-esni (encrypted hellos).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

HANDSHAKE: Final = 22  # record types
CHANGE_CIPHER: Final = 20
CLIENT_HELLO: Final = 1  # handshake types
SERVER_HELLO: Final = 2
RECORD_HEAD: Final = 5
MOST_RECORD: Final = 16_384
MOST_HELLO: Final = 16_384  # ours are under 2,000 bytes, a key that withstands quantum computers included
SERVER_NAME: Final = 0  # extensions
ENCRYPTED_HELLO: Final = 0xFE0D
HOST_NAME: Final = 0
RANDOM_AT: Final = slice(6, 38)
ASKS_AGAIN: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The random of a server hello that asks the client to say its hello once more."""


class HelloReason(enum.Enum):
    """Why these bytes open no tunnel."""

    NOT_TLS = "not_tls"
    TOO_LONG = "too_long"
    BROKEN = "broken"
    HIDDEN = "hidden"
    """It holds an encrypted hello, whose name could be another."""


class HelloRefused(Exception):
    """No hello of TLS that can be read."""

    def __init__(self, reason: HelloReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Hello:
    """A whole one."""

    name: str | None
    """In small letters; None where it asks for none."""
    size: int
    """Bytes of the records that held it."""


def hello_in(seen: bytes) -> Hello | None:
    """None while more must come.  Raises `HelloRefused`."""
    body, at = b"", 0
    while len(body) < 4 or len(body) < 4 + int.from_bytes(body[1:4]):
        if len(body) >= 4 and (body[0] != CLIENT_HELLO or int.from_bytes(body[1:4]) > MOST_HELLO):
            raise HelloRefused(HelloReason.NOT_TLS if body[0] != CLIENT_HELLO else HelloReason.TOO_LONG)
        head = seen[at : at + RECORD_HEAD]
        if any(byte != wanted for byte, wanted in zip(head, (HANDSHAKE, 3), strict=False)):
            raise HelloRefused(HelloReason.NOT_TLS)
        if at > 2 * MOST_HELLO:  # in very many small records
            raise HelloRefused(HelloReason.TOO_LONG)
        if len(head) < RECORD_HEAD:
            return None
        length = int.from_bytes(head[3:])
        if not 0 < length <= MOST_RECORD:
            raise HelloRefused(HelloReason.BROKEN)
        piece = seen[at + RECORD_HEAD : at + RECORD_HEAD + length]
        if len(piece) < length:
            return None
        body, at = body + piece, at + RECORD_HEAD + length
    if body[0] != CLIENT_HELLO:
        raise HelloRefused(HelloReason.NOT_TLS)
    if len(body) != 4 + int.from_bytes(body[1:4]):
        raise HelloRefused(HelloReason.BROKEN)
    return Hello(_name(_Reader(body[4:])), at)


def asks_again(record: bytes) -> bool:
    """Does this first record of a server's, its head included, want another hello of the client?"""
    body = record[RECORD_HEAD:]
    return record[:1] == bytes([HANDSHAKE]) and body[:1] == bytes([SERVER_HELLO]) and body[RANDOM_AT] == ASKS_AGAIN


class _Reader:
    """Raises `HelloRefused` past the end."""

    def __init__(self, of: bytes) -> None:
        self._of = of

    @property
    def more(self) -> bool:
        return bool(self._of)

    def number(self, size: int) -> int:
        return int.from_bytes(self._taken(size))

    def vector(self, size: int) -> bytes:
        """What stands after its own length, a number of so many bytes."""
        return self._taken(self.number(size))

    def skip(self, size: int) -> None:
        self._taken(size)

    def _taken(self, size: int) -> bytes:
        if len(self._of) < size:
            raise HelloRefused(HelloReason.BROKEN)
        taken, self._of = self._of[:size], self._of[size:]
        return taken


def _name(hello: _Reader) -> str | None:
    hello.skip(2 + 32)  # version, random
    for size in (1, 2, 1):  # session, ciphers, compressions
        hello.vector(size)
    extensions = _Reader(hello.vector(2)) if hello.more else _Reader(b"")
    if hello.more:
        raise HelloRefused(HelloReason.BROKEN)
    found: dict[int, bytes] = {}
    while extensions.more:
        kind = extensions.number(2)
        if kind in found:
            raise HelloRefused(HelloReason.BROKEN)
        found[kind] = extensions.vector(2)
    if ENCRYPTED_HELLO in found:
        raise HelloRefused(HelloReason.HIDDEN)
    return _host(found[SERVER_NAME]) if SERVER_NAME in found else None


def _host(extension: bytes) -> str:
    """The one name in it."""
    whole = _Reader(extension)
    names = _Reader(whole.vector(2))
    kind, name = names.number(1), names.vector(2)
    if whole.more or names.more or kind != HOST_NAME or not name or not name.isascii():
        raise HelloRefused(HelloReason.BROKEN)
    return name.decode("ascii").lower()

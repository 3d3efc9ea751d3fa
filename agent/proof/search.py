"""Finds needles in bytes, also in what lies compressed in them.  Says which, in which form; never shows a byte."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol, final

from ahocorasick_rs import BytesAhoCorasick

MOST_UNPACKED: Final = 64 << 20  # of one stream: a bomb must not end the search
MOST_STREAMS: Final = 2_000  # in one place; more are counted as not examined
DEEPEST: Final = 2  # a stream in a stream


class Hit(NamedTuple):
    """A needle that was found.  Both are safe to print."""

    needle: str
    form: str


class Findable(Protocol):
    """Something to look for."""

    name: str
    """Safe to print."""

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """(form, bytes) of each way in which it could be held."""
        ...


class Sought(NamedTuple):
    """What came of one place."""

    hits: frozenset[Hit]
    whole: bool
    """False: it held more compressed streams than were looked into."""


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _lzma() -> _Unpacker:
    return lzma.LZMADecompressor(memlimit=MOST_UNPACKED)


PACKED: Final[Sequence[tuple[str, bytes, Callable[[], _Unpacker]]]] = (
    ("gzip", b"\x1f\x8b\x08", lambda: zlib.decompressobj(31)),
    ("zlib", b"\x78\x01", lambda: zlib.decompressobj(15)),
    ("zlib", b"\x78\x5e", lambda: zlib.decompressobj(15)),
    ("zlib", b"\x78\x9c", lambda: zlib.decompressobj(15)),
    ("zlib", b"\x78\xda", lambda: zlib.decompressobj(15)),
    ("bzip2", b"BZh", bz2.BZ2Decompressor),
    ("xz", b"\xfd7zXZ\x00", _lzma),
    ("zip", b"PK\x03\x04", lambda: zlib.decompressobj(-15)),
)
"""(name, how it begins, what unpacks it); of a ZIP archive each entry's own deflated bytes, see `_streams`."""


@final
class Search:
    """For one set of needles.  Built once; `look` may be called on anything."""

    def __init__(self, needles: Sequence[Findable]) -> None:
        """Raises `ValueError` without needles: such a search would find nothing and prove nothing."""
        if not needles:
            raise ValueError("nothing to look for")
        self._hits: list[Hit] = []
        patterns: list[bytes] = []
        for needle in needles:
            for form, pattern in needle.forms():
                self._hits.append(Hit(needle.name, form))
                patterns.append(pattern)
        self._found: Final = BytesAhoCorasick(patterns)

    @property
    def patterns(self) -> int:
        """Forms of all needles."""
        return len(self._hits)

    def look(self, data: bytes | memoryview, *, unpack: bool = True) -> Sought:
        """unpack: look into compressed streams too; not for a process's memory, where every beginning is by chance."""
        hits = self._in(data)
        if not unpack:
            return Sought(frozenset(hits), whole=True)
        inside, whole = self._packed(bytes(data), DEEPEST)
        return Sought(frozenset(hits | inside), whole)

    def _in(self, data: bytes | memoryview) -> set[Hit]:
        return {self._hits[place] for place, _, _ in self._found.find_matches_as_indexes(data, overlapping=True)}

    def _packed(self, data: bytes, deeper: int) -> tuple[set[Hit], bool]:
        hits: set[Hit] = set()
        for tried, (name, unpacked) in enumerate(_streams(data)):
            if tried >= MOST_STREAMS:
                return hits, False
            hits |= {Hit(hit.needle, f"{hit.form}, in {name}") for hit in self._in(unpacked)}
            if deeper > 1:
                found, _ = self._packed(unpacked, deeper - 1)
                hits |= {Hit(hit.needle, f"{hit.form}, in {name}") for hit in found}
        return hits, True


def _streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What can be unpacked, wherever it begins."""
    for name, begin, unpacker in PACKED:
        at = data.find(begin)
        while at >= 0:
            start = at + _header(data, at) if name == "zip" else at
            unpacked = _unpacked(unpacker(), data[start : start + MOST_UNPACKED])
            if unpacked:
                yield name, unpacked
            at = data.find(begin, at + 1)


def _header(data: bytes, at: int) -> int:
    """Of a ZIP archive's entry: 30 bytes, its name and its extra field (PKWARE's APPNOTE, 4.3.7)."""
    lengths = data[at + 26 : at + 30]
    return 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")


def _unpacked(unpacker: _Unpacker, data: bytes) -> bytes:
    """As much as comes out before it breaks."""
    out = bytearray()
    for start in range(0, len(data), 4096):
        try:
            out += unpacker.decompress(data[start : start + 4096], MOST_UNPACKED)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            break
        if unpacker.eof or len(out) >= MOST_UNPACKED:
            break
    return bytes(out)

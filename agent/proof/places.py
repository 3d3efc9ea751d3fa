"""Goes through the places where a word could have stayed, and through a copy of each with every form of a decoy in it.

The decoys prove the search: where a planted form is not found, nothing is proven about that place.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from agent.proof.report import Looked, Place, Seen
from agent.proof.search import MOST_UNPACKED, Findable, Hit, Search

PIECE: Final = 256 << 20
"""Bytes of a file that are held at once."""
OVERLAP: Final = MOST_UNPACKED
"""Bytes that two pieces share: more than any form of a needle, and as many as are taken of a compressed stream."""
FILESYSTEMS_OF_THE_KERNEL: Final = ("/proc", "/sys", "/dev/pts", "/dev/mqueue")
SAMPLE: Final = 4_096  # bytes of a place, before and behind each planted form
ELF_CORE: Final = 4  # e_type of a core dump, <elf.h>

Bytes = Iterable[bytes]


class Searcher:
    """Looks for the canaries' needles, and for the decoys' forms, with one and the same search."""

    def __init__(self, needles: Sequence[Findable], decoys: Sequence[Findable]) -> None:
        self._search: Final = Search([*needles, *decoys])
        self._decoys: Final = {decoy.name for decoy in decoys}
        self.planted: Final = tuple((Hit(decoy.name, form), raw) for decoy in decoys for form, raw in decoy.forms())
        """Each form of each decoy."""

    def look(self, place: Place, pieces: Bytes, *, unpack: bool = True) -> Looked:
        """Search a place that is given as bytes; then a copy of its beginning with each form of the decoys in it."""
        hits: set[Hit] = set()
        size, whole, sample = 0, True, b""
        for piece in pieces:
            sought = self._search.look(piece, unpack=unpack)
            hits |= {hit for hit in sought.hits if hit.needle not in self._decoys}
            whole = whole and sought.whole
            size += len(piece)
            sample = sample or piece[:SAMPLE]
        found = sum(self._found_in_a_copy(sample, hit, raw, unpack=unpack) for hit, raw in self.planted)
        named = tuple(sorted(f"{hit.needle}: {hit.form}" for hit in hits))
        if not named and not whole:
            why = "a file was too large, unreadable, or full of compressed streams"
            return Looked(place, Seen.NOT_EXAMINED, size, found, len(self.planted), why=why)
        return Looked(place, Seen.FOUND if named else Seen.NOTHING, size, found, len(self.planted), named)

    def decoys_in(self, pieces: Bytes, *, unpack: bool = False) -> set[Hit]:
        """Which forms of the decoys are there: for places in which they were really planted."""
        found: set[Hit] = set()
        for piece in pieces:
            found |= {hit for hit in self._search.look(piece, unpack=unpack).hits if hit.needle in self._decoys}
        return found

    def _found_in_a_copy(self, sample: bytes, hit: Hit, raw: bytes, *, unpack: bool) -> bool:
        copy = sample + b"\x00" + raw + b"\x00" + sample
        return hit in self._search.look(copy, unpack=unpack).hits


def not_examined(place: Place, why: str) -> Looked:
    return Looked(place, Seen.NOT_EXAMINED, 0, 0, 0, why=why)


def merged(rows: Iterable[Looked]) -> list[Looked]:
    """One row a place: what was found in any, and no more of the planted forms than in the worst of them."""
    by_place: dict[Place, Looked] = {}
    for row in rows:
        before = by_place.get(row.place)
        by_place[row.place] = row if before is None else _both(before, row)
    return list(by_place.values())


def _both(one: Looked, other: Looked) -> Looked:
    hits = tuple(sorted({*one.hits, *other.hits}))
    worst = next((seen for seen in (Seen.FOUND, Seen.NOT_EXAMINED) if seen in (one.seen, other.seen)), Seen.NOTHING)
    fewer = min(one, other, key=lambda row: row.forms - row.planted)
    return Looked(one.place, worst, one.size + other.size, fewer.forms, fewer.planted, hits, one.why or other.why)


def changed(since_s: float, but: Sequence[Path], root: Path = Path("/")) -> Iterator[Path]:
    """Files, folders, links and pipes of this machine that were changed after a moment.

    but: folders that are the proof's own.
    """
    left_out = {str(path.resolve()) for path in but} | set(FILESYSTEMS_OF_THE_KERNEL)
    for folder, folders, files in os.walk(root, onerror=None):
        folders[:] = [name for name in folders if str(Path(folder, name)) not in left_out]
        for name in (*folders, *files):
            path = Path(folder, name)
            status = _status(path)
            if status is not None and max(status.st_mtime, status.st_ctime) >= since_s:
                yield path


def is_file(path: Path) -> bool:
    """A regular one: to open a pipe would wait for whoever writes to it."""
    status = _status(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:  # gone meanwhile, or nobody may look
        return None


def names(path: Path) -> bytes:
    """What can be written on it without opening it: its name, where it leads as a link, its extended attributes."""
    found = [os.fsencode(path)]
    with contextlib.suppress(OSError):
        found.append(os.fsencode(path.readlink()))
    with contextlib.suppress(OSError):
        for attribute in os.listxattr(path, follow_symlinks=False):
            found.append(os.fsencode(attribute))
            found.append(os.getxattr(path, attribute, follow_symlinks=False))
    return b"\n".join(found)


def contents(
    paths: Iterable[Path], left_out: Callable[[Path], None], piece: int = PIECE, overlap: int = OVERLAP
) -> Iterator[bytes]:
    """Whole, in pieces that overlap.  left_out: told of a file that can't be read to its end.

    One that is gone meanwhile is nowhere.
    """
    for path in paths:
        try:
            with path.open("rb") as file:
                yield from _pieces(file, piece, overlap)
        except FileNotFoundError:
            continue
        except OSError:
            left_out(path)


def _pieces(file: BinaryIO, piece: int, overlap: int) -> Iterator[bytes]:
    held = file.read(piece)
    while held:
        yield held
        more = file.read(piece - overlap)
        held = held[-overlap:] + more if more else b""


class Pieces:
    """Files as bytes, read anew each time that they are gone through: none is held whole."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths: Final = tuple(paths)
        self.left_out: Final[set[Path]] = set()
        """What could not be read to its end."""

    def __iter__(self) -> Iterator[bytes]:
        return contents(self.paths, self.left_out.add)


def is_core(path: Path) -> bool:
    """A core dump, whatever it is called: core_pattern may name it anything."""
    if not is_file(path):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(18)
    except OSError:
        return False
    return head[:4] == b"\x7fELF" and len(head) == 18 and struct.unpack_from("<H", head, 16)[0] == ELF_CORE

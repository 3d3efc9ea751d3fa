"""Goes through the places where a word could have stayed, and through a copy of each with every form of a decoy in it.

The decoy proves the search: where a planted form is not found, nothing is proven about that place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from agent.proof.needles import Needle
from agent.proof.report import Looked, Place, Seen
from agent.proof.search import Hit, Search, Sought

LARGEST_FILE: Final = 256 << 20  # larger ones that changed meanwhile are named as not examined
FILESYSTEMS_OF_THE_KERNEL: Final = ("/proc", "/sys", "/dev/pts", "/dev/mqueue")

Bytes = Iterable[bytes]


class Searcher:
    """Looks for the canaries' needles, and for the decoy's forms, with one and the same search."""

    def __init__(self, needles: Sequence[Needle], decoy: Needle) -> None:
        self._search: Final = Search([*needles, decoy])
        self._decoy: Final = decoy

    @property
    def planted(self) -> int:
        """Forms of the decoy."""
        return sum(1 for _ in self._decoy.forms())

    def look(self, place: Place, pieces: Bytes, *, unpack: bool = True) -> Looked:
        """Search a place that is given as bytes; then a copy of its beginning with each form of the decoy in it."""
        hits: set[Hit] = set()
        size, whole, sample = 0, True, b""
        for piece in pieces:
            sought = self._search.look(piece, unpack=unpack)
            hits |= sought.hits
            whole = whole and sought.whole
            size += len(piece)
            sample = sample or piece[:4_096]
        found = self._found_in_copies(sample, unpack=unpack)
        return self._told(place, hits, size, found, whole=whole)

    def of(self, place: Place, hits: Iterable[Hit], size: int, found: int, *, whole: bool) -> Looked:
        """A place whose decoys were really put there and looked for in the same way."""
        return self._told(place, {hit for hit in hits if hit.needle != self._decoy.name}, size, found, whole=whole)

    def sought(self, piece: bytes) -> Sought:
        return self._search.look(piece)

    def decoys(self, hits: Iterable[Hit]) -> int:
        """How many forms of the decoy are among these."""
        return len({hit.form for hit in hits if hit.needle == self._decoy.name})

    def forms_of_decoy(self) -> Iterator[tuple[str, bytes]]:
        return self._decoy.forms()

    def _found_in_copies(self, sample: bytes, *, unpack: bool) -> int:
        found = 0
        for form, planted in self._decoy.forms():
            copy = sample + b"\x00" + planted + b"\x00" + sample
            found += Hit(self._decoy.name, form) in self._search.look(copy, unpack=unpack).hits
        return found

    def _told(self, place: Place, hits: Iterable[Hit], size: int, found: int, *, whole: bool) -> Looked:
        named = tuple(sorted(f"{hit.needle}: {hit.form}" for hit in hits))
        if not named and not whole:
            return Looked(
                place,
                Seen.NOT_EXAMINED,
                size,
                found,
                self.planted,
                why="a file was too large, unreadable, or full of compressed streams",
            )
        return Looked(place, Seen.FOUND if named else Seen.NOTHING, size, found, self.planted, named)


def not_examined(place: Place, why: str) -> Looked:
    return Looked(place, Seen.NOT_EXAMINED, 0, 0, 0, why=why)


def changed_files(since_s: float, but: Sequence[Path]) -> Iterator[Path]:
    """Regular files on this machine that were changed after a moment; `but`: folders that are the proof's own."""
    left_out = {str(path.resolve()) for path in but} | set(FILESYSTEMS_OF_THE_KERNEL)
    for folder, folders, files in os.walk("/", onerror=None):
        folders[:] = [name for name in folders if str(Path(folder, name)) not in left_out]
        for name in files:
            path = Path(folder, name)
            try:
                status = path.lstat()
            except OSError:
                continue
            if max(status.st_mtime, status.st_ctime) >= since_s and (status.st_mode & 0o170000) == 0o100000:
                yield path


def contents(paths: Iterable[Path], left_out: Callable[[Path], None]) -> Iterator[bytes]:
    """left_out: told of a file that is too large or can't be read.  One that is gone meanwhile is nowhere."""
    for path in paths:
        try:
            if path.stat().st_size > LARGEST_FILE:
                left_out(path)
            else:
                yield path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError:
            left_out(path)

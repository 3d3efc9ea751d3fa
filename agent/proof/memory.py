"""The memory of a running process, stretch by stretch.

Needs the right to trace it: root's, as the line may not be traced by its own user.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PIECE: Final = 16 << 20
OVERLAP: Final = 8_192  # longer than any form of a needle, which may lie across two pieces
STRETCH: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (....) \S+ \S+ (\S+)\s*(.*)$")
NO_MEMORY: Final = ("[vvar]", "[vsyscall]", "[vvar_vclock]")


class NotReadable(Exception):
    """This process's memory may not be read by us."""


def stretches(pid: int, *, own_alone: bool = False, piece: int = PIECE) -> Iterator[bytes]:
    """All that is mapped and readable.  Raises `NotReadable`; a stretch that is gone meanwhile is left out.

    own_alone: only what the process itself can have written; the rest are files, page by page as they lie on the disk.
    piece: bytes read at once.
    """
    memory = None
    try:
        maps = Path(f"/proc/{pid}/maps").read_text()
        memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        maps = ""
    if memory is None:
        raise NotReadable
    try:
        for line in maps.splitlines():
            found = STRETCH.match(line)
            if found is None or found[3][0] != "r" or found[5] in NO_MEMORY:
                continue
            if own_alone and found[3][1] != "w":
                continue
            yield from _pieces(memory, int(found[1], 16), int(found[2], 16), piece)
    finally:
        os.close(memory)


def _pieces(descriptor: int, start: int, end: int, most: int) -> Iterator[bytes]:
    at = start
    while at < end:
        try:
            piece = os.pread(descriptor, min(most, end - at), at)
        except OSError:
            return
        if not piece:
            return
        yield piece
        at += len(piece) if len(piece) <= OVERLAP or at + len(piece) >= end else len(piece) - OVERLAP

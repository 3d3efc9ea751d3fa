"""Core dumps: which process left one, by the kernel's own note in it.

One that a process of the service left is a leak whatever is in it: the process was to leave none.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Set
from pathlib import Path
from typing import Final, NamedTuple

PT_NOTE: Final = 4  # <elf.h>
NT_PRPSINFO: Final = 3  # <linux/elfcore.h>
MOST_NOTES: Final = 16 << 20  # bytes; the notes come first, before the memory
NO_NOTE: Final = "a core dump does not say which process left it"
_PROGRAM: Final = struct.Struct("<II6Q")
"""Of a 64-bit dump: type, flags, place in the file, two addresses, size in the file, in memory, alignment."""
_NOTE: Final = struct.Struct("<III")
_PROCESSES: Final = struct.Struct("<ii")
_AT: Final = 24
"""Of the pid and its parent's in elf_prpsinfo of a 64-bit machine, <linux/elfcore.h>."""


class LeftBy(NamedTuple):
    """Whose memory it is."""

    pid: int
    parent: int


def left_by(path: Path) -> LeftBy | None:
    """None for a dump that does not say it: cut off, or of another kind of machine.  Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[4:6] != b"\x02\x01":  # 64 bits, the little end first
            return None
        at, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
        file.seek(at)
        table = file.read(count * _PROGRAM.size)
        for number in range(len(table) // _PROGRAM.size):
            kind, _, place, _, _, size, *_ = _PROGRAM.unpack_from(table, number * _PROGRAM.size)
            if kind == PT_NOTE:
                file.seek(place)
                found = _told(file.read(min(size, MOST_NOTES)))
                if found is not None:
                    return found
    return None


def _told(notes: bytes) -> LeftBy | None:
    at = 0
    while at + _NOTE.size <= len(notes):
        name, size, kind = _NOTE.unpack_from(notes, at)
        held = at + _NOTE.size + (name + 3) // 4 * 4
        if kind == NT_PRPSINFO and size >= _AT + _PROCESSES.size <= len(notes) - held:
            return LeftBy(*_PROCESSES.unpack_from(notes, held + _AT))
        at = held + (size + 3) // 4 * 4
    return None


def whose(paths: Iterable[Path], pids: Set[int], ours: Set[Path]) -> tuple[int, bool]:
    """How many of these dumps are of these processes or their children, or lie where only the service writes; and does
    each say whose it is?
    """
    left, told = 0, True
    for path in paths:
        by = None
        try:
            by = left_by(path)
        except OSError:  # not ours to read, or gone: told to whoever reads it whole
            by = None
        left += path in ours or (by is not None and not pids.isdisjoint(by))
        told = told and (by is not None or path in ours)
    return left, told

"""Files that were changed while the proof ran: whose each is, and in what order those of others are read."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.proof import cores
from agent.proof.parts import ANOTHER
from agent.proof.places import Pieces, Searcher, is_core, not_examined
from agent.proof.report import MOST_WRITES, NOT_ALL_OF_OTHERS, Looked, Place, Seen
from agent.proof.written import Written

MOST_OF_OTHERS: Final = 512 << 20
"""Bytes of files that other programs of the machine changed meanwhile: on a busy one there is no end to them."""
FIRST: Final = ("/var/log", "/run", "/var/tmp", "/tmp", "/dev/shm")  # noqa: S108  # to be looked at, not to be used
"""Where programs and whoever logs for them leave things, the likeliest first; read before a busy home."""
UNREADABLE: Final = "a file of the service could not be read to its end"
NOBODY_WATCHED: Final = "nobody watched who wrote what, and not all files of the machine were searched whole"
CORE_UNREAD: Final = "a core dump could not be read to its end"
CORE_LEFT: Final = "a core dump of a process of the service"


@dataclass(slots=True)
class Own:
    """Whose folders and processes these are."""

    folders: list[Path] = field(default_factory=list)
    """In which the service runs: its working folder and its home."""
    proofs: list[Path] = field(default_factory=list)
    """Of these, and of the machine, what is the proof's own or a place of its own: they are not searched as files."""
    processes: dict[int, str] = field(default_factory=dict)
    """Pid -> what it is."""

    def served(self, path: str | Path) -> bool:
        """Does it lie where nobody but the service writes?"""
        return _under(path, self.folders) and not _under(path, self.proofs)


class Files:
    """Those that a process of the service opened for writing, or that lie in its folder, are searched to the last byte;
    else the place is not examined.

    Other programs change files too: what of these is too much is left out, and said so.
    """

    def __init__(self, paths: Sequence[Path], writes: Written | None, own: Own) -> None:
        watched = writes is not None and writes.whole
        ours = writes.of(set(own.processes)) if writes is not None else set()
        of_the_service = {path for path in paths if str(path) in ours or own.served(path)}
        self._ours: Final = [path for path in paths if path in of_the_service]
        self._others: Final = sorted((path for path in paths if path not in of_the_service), key=_rank)
        self._watched: Final = watched
        self._pids: Final = set(own.processes)
        self.cores: Final = Pieces(path for path in paths if is_core(path))
        """To be gone through like any other place."""

    def looked(self, searcher: Searcher) -> Iterator[Looked]:
        ours = Pieces(self._ours)
        row = searcher.look(Place.FILES, ours)
        yield dataclasses.replace(row, seen=Seen.NOT_EXAMINED, why=UNREADABLE) if _lacks(row, ours) else row
        others = Pieces(self._others)
        some = _AtMost(others, MOST_OF_OTHERS)
        row = searcher.look(Place.FILES, some)
        if _lacks(row, others) or some.cut or row.seen is Seen.NOT_EXAMINED:
            row = dataclasses.replace(row, seen=self._seen(row), why=self._why())
        yield row

    def of_cores(self) -> Iterator[Looked]:
        """What is true of the dumps whatever is in them; after they were gone through."""
        left, told = cores.whose(self.cores.paths, self._pids, set(self._ours))
        if left:
            yield Looked(Place.CORES, Seen.FOUND, 0, 0, 0, (CORE_LEFT,))
        if self.cores.left_out:
            yield not_examined(Place.CORES, CORE_UNREAD)
        if not told:
            yield not_examined(Place.CORES, cores.NO_NOTE)

    def _seen(self, row: Looked) -> Seen:
        if row.hits:
            return Seen.FOUND
        return Seen.NOTHING if self._watched else Seen.NOT_EXAMINED

    def _why(self) -> str:
        return NOT_ALL_OF_OTHERS if self._watched else NOBODY_WATCHED


class _AtMost:
    """So many bytes of them."""

    def __init__(self, pieces: Pieces, most: int) -> None:
        self._pieces, self._most = pieces, most
        self.cut = False
        """There were more."""

    def __iter__(self) -> Iterator[bytes]:
        total = 0
        for piece in self._pieces:
            total += len(piece)
            if total > self._most:
                self.cut = True
                return
            yield piece


def _lacks(row: Looked, pieces: Pieces) -> bool:
    return bool(pieces.left_out) and row.seen is not Seen.FOUND


def _rank(path: Path) -> tuple[int, int, str]:
    """The likeliest folders first, the smaller file first within."""
    folder = next((at for at, each in enumerate(FIRST) if path.is_relative_to(each)), len(FIRST))
    try:
        return folder, path.lstat().st_size, str(path)
    except OSError:  # gone meanwhile
        return folder, 0, str(path)


def _under(path: str | Path, folders: Sequence[Path]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def written(writes: Written | None, own: Own) -> dict[str, Any] | None:
    """Files that the service's processes opened for writing; those of a place of its own are counted as its own."""
    if writes is None:
        return None
    roles = {*own.processes.values(), ANOTHER}
    rows: Mapping[str, set[str]] = {
        role: writes.of({pid for pid, each in own.processes.items() if each == role}) for role in roles
    }
    strangers = writes.of(writes.by.keys() - own.processes.keys() - {os.getpid()})
    rows[ANOTHER].update(path for path in strangers if own.served(path))
    return {"whole": writes.whole, "mounts": writes.mounts, "by": {r: _row(r, rows[r], own) for r in sorted(rows)}}


MAY_WRITE: Final[Mapping[str, str]] = {"the keeper": "state", "Redis": "redis", ANOTHER: ""}
"""Role -> the one sub-folder of the service's that it may write to; Redis is forced to by the proof itself, at the end.

Another process is the proof's copy of what the line says, or the keeper asked for a moment."""


def _row(role: str, paths: set[str], own: Own) -> dict[str, Any]:
    foreign = sorted(path for path in paths if path != "/dev/null")
    name = MAY_WRITE.get(role)
    allowed = [] if name is None else [each for each in own.proofs if name in ("", each.name)]
    other = [path for path in foreign if not _under(path, allowed)]
    return {"own": len(foreign) - len(other), "other": [Path(path).name for path in other][:MOST_WRITES]}

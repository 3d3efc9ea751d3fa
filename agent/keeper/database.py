"""The keeper's one file, in SQLite: opened, checked to be ours, and its tables made; only importer of sqlite3.

A table holds a closed record, one column a field, whose bounds the database checks too: a third pair of eyes after
whoever made the record and the collector.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from policies import closed

FILE: Final = "quietline.sqlite3"
OURS: Final = 0x514C_4E45  # "QLNE": marks the file as ours (SQLite's application_id)
BUSY_MS: Final = 2_000  # another process may write while the keeper does
SCRUB_MS: Final = 50  # whoever reads at the moment is waited for later: policies are told by the same thread


class StateFailed(Exception):
    """The state could not be read or written: disk full, no right to it, or a file that is none of ours."""


class Database:
    """One file in a folder that only we can read.  Every method raises `StateFailed`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open = False

    @classmethod
    def open(cls, folder: Path) -> Database:
        """Makes the folder and the file where they are missing."""
        connection = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make(folder / FILE)
            connection = sqlite3.connect(folder / FILE, isolation_level=None, timeout=BUSY_MS / 1000)
            _own(connection)
        except (OSError, sqlite3.Error):
            _close(connection)
            connection = None
        if connection is None:
            raise StateFailed("the state can't be opened")
        return cls(connection)

    @classmethod
    def open_to_read(cls, folder: Path) -> Database:
        """For a look beside a running keeper, where something was ever kept."""
        connection = None
        try:
            address = (folder / FILE).absolute().as_uri() + "?mode=ro"
            connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
            ours = _pragma(connection, "application_id") == OURS
        except sqlite3.Error:
            ours = False
        if connection is None or not ours:
            _close(connection)
            raise StateFailed("there is no state to read")
        return cls(connection)

    def run(self, statement: str, values: Sequence[object] = ()) -> tuple[list[tuple[Any, ...]], int]:
        """The rows, and how many were written."""
        done = None
        try:
            cursor = self._connection.execute(statement, values)
            done = cursor.fetchall(), cursor.rowcount
        except sqlite3.Error:
            done = None
        if done is None:
            raise StateFailed("the state can't be read or written")
        return done

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, also when the process is killed; nobody else writes meanwhile."""
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read within belongs together, whatever is written meanwhile; within another, that one goes on."""
        if self.busy:
            yield
            return
        self.run("BEGIN")
        try:
            yield
        finally:
            self._roll_back()

    @property
    def busy(self) -> bool:
        """A transaction or a snapshot is open."""
        return self._connection.in_transaction

    def scrub(self) -> bool:
        """Empties the write-ahead log, where what was deleted still stands; False while somebody reads beside us."""
        self.run(f"PRAGMA busy_timeout = {SCRUB_MS}")
        try:
            return bool(self.run("PRAGMA wal_checkpoint(TRUNCATE)")[0][0][0] == 0)
        finally:
            self.run(f"PRAGMA busy_timeout = {BUSY_MS}")

    def close(self) -> None:
        _close(self._connection)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self.run("ROLLBACK")


def columns_of(record: type, key: str) -> str:
    """The columns of a record's table, as SQL; `key` is unique."""
    return ", ".join(_column(name, kind, unique=name == key) for name, kind in closed.kinds_of(record).items())


def schema_of(columns: str) -> int:
    """A number that stands for these columns."""
    return zlib.crc32(columns.encode()) & 0x7FFF_FFFF or 1


def row_of(record: object) -> tuple[list[str], list[int | str | bool]]:
    """Names and values, in the order of the fields."""
    wire = closed.to_wire(record)
    return list(wire), list(wire.values())


def record_of(record: type[Any], row: Sequence[object]) -> Any:
    """The record of a row.  Raises `NotClosed` for one that somebody else wrote."""
    kinds: Mapping[str, closed.Kind] = closed.kinds_of(record)
    values = zip(kinds.items(), row, strict=True)
    wire = {name: bool(value) if isinstance(kind, closed.Flag) else value for (name, kind), value in values}
    return closed.from_wire(record, wire)


def _make(file: Path) -> None:
    """Ours to read alone, from its first moment.  Raises `OSError`.

    Never opened by us where it is there: to close a file ends every lock that the process holds on it (POSIX), and
    without its locks a connection of another thread's loses its log to the next process that comes and goes.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _own(connection: sqlite3.Connection) -> None:
    """Raises `sqlite3.Error` for a file that is not ours."""
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if _pragma(connection, "application_id") != OURS and tables:
        raise sqlite3.DatabaseError("not ours")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a call a minute: what was kept stays kept when the power goes
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA application_id = {OURS}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _column(name: str, kind: closed.Kind, *, unique: bool) -> str:
    only = " UNIQUE" if unique else ""
    match kind:
        case closed.Count(low, high):
            return f"{name} INTEGER NOT NULL{only} CHECK ({name} BETWEEN {low} AND {high})"
        case closed.Bucket(edges):
            return f"{name} INTEGER NOT NULL CHECK ({name} IN ({', '.join(map(str, edges))}))"
        case closed.Flag():
            return f"{name} INTEGER NOT NULL CHECK ({name} IN (0, 1))"
        case closed.Choice(of, optional):
            words = [member.value for member in of] + ([closed.NONE] if optional else [])
            return f"{name} TEXT NOT NULL CHECK ({name} IN ({', '.join(map(repr, words))}))"
        case closed.Shape(_, longest):
            return f"{name} TEXT NOT NULL{only} CHECK (length({name}) <= {longest})"


def _close(connection: sqlite3.Connection | None) -> None:
    if connection is not None:
        connection.close()

"""Durable state behind one narrow port; here in SQLite.  Only closed records get in."""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from policies import closed
from policies.records import CallMetrics
from policies.retention import Writable

FILE: Final = "quietline.sqlite3"
OURS: Final = 0x514C_4E45  # "QLNE": marks the file as ours (SQLite's application_id)
BUSY_MS: Final = 2_000  # another process may read while the keeper writes


class StateFailed(Exception):
    """The state could not be read or written: disk full, no right to it, or a file that is none of ours."""


class State(Protocol):
    """What is kept.  Every method raises `StateFailed`."""

    def keep(self, record: Writable) -> bool:
        """Writes a call's record; False if it is there already."""
        ...

    def record(self, ref: str) -> CallMetrics | None: ...

    def latest(self, most: int) -> Sequence[CallMetrics]:
        """The newest records first."""
        ...

    def close(self) -> None: ...


class SqliteState:
    """One file in a folder that only we can read."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._names = tuple(closed.kinds_of(CallMetrics))

    @classmethod
    def open(cls, folder: Path) -> SqliteState:
        """Makes the folder and the file where they are missing.  Raises `StateFailed`."""
        database = None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.close(descriptor)
            database = sqlite3.connect(folder / FILE, isolation_level=None, timeout=BUSY_MS / 1000)
            _prepare(database)
        except (OSError, sqlite3.Error):
            _close(database)
            database = None
        if database is None:
            raise StateFailed("the state can't be opened")
        return cls(database)

    @classmethod
    def open_to_read(cls, folder: Path) -> SqliteState:
        """For a look beside a running keeper.  Raises `StateFailed` where nothing was ever kept."""
        database = None
        try:
            address = (folder / FILE).absolute().as_uri() + "?mode=ro"
            database = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
            ours = _pragma(database, "application_id") == OURS
        except sqlite3.Error:
            ours = False
        if database is None or not ours:
            _close(database)
            raise StateFailed("there is no state to read")
        return cls(database)

    def keep(self, record: Writable) -> bool:
        wire = closed.to_wire(record.record)
        if not isinstance(record.record, CallMetrics):
            raise StateFailed("only a call's record is durable")
        names = ", ".join(self._names)
        marks = ", ".join("?" for _ in self._names)
        statement = f"INSERT INTO calls ({names}) VALUES ({marks}) ON CONFLICT (ref) DO NOTHING"  # noqa: S608  # our own field names
        return self._run(statement, [wire[name] for name in self._names])[1] == 1

    def record(self, ref: str) -> CallMetrics | None:
        return next(iter(self._select("WHERE ref = ?", ref)), None)

    def latest(self, most: int) -> Sequence[CallMetrics]:
        return self._select("ORDER BY rowid DESC LIMIT ?", most)

    def close(self) -> None:
        _close(self._database)

    def _select(self, clause: str, value: str | int) -> list[CallMetrics]:
        statement = f"SELECT {', '.join(self._names)} FROM calls {clause}"  # noqa: S608  # our own field names
        rows, _ = self._run(statement, [value])
        return [self._row(row) for row in rows]

    def _row(self, row: Sequence[object]) -> CallMetrics:
        flags = {name for name, kind in closed.kinds_of(CallMetrics).items() if isinstance(kind, closed.Flag)}
        wire = {name: bool(value) if name in flags else value for name, value in zip(self._names, row, strict=True)}
        return CallMetrics.from_wire(wire)

    def _run(self, statement: str, values: Sequence[object]) -> tuple[list[tuple[object, ...]], int]:
        done = None
        try:
            cursor = self._database.execute(statement, values)
            done = cursor.fetchall(), cursor.rowcount
        except sqlite3.Error:
            done = None
        if done is None:
            raise StateFailed("the state can't be read or written")
        return done


def _prepare(database: sqlite3.Connection) -> None:
    """Raises `sqlite3.Error` for a file that is not ours."""
    owner, version = _pragma(database, "application_id"), _pragma(database, "user_version")
    tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner != OURS and tables:
        raise sqlite3.DatabaseError("not ours")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")  # a call a minute: what was kept stays kept when the power goes
    database.execute("PRAGMA secure_delete = ON")
    columns = ", ".join(_column(name, kind) for name, kind in closed.kinds_of(CallMetrics).items())
    current = _schema(columns)
    if version == current:
        return
    database.execute("BEGIN IMMEDIATE")
    if tables:  # the record has other fields now: what was kept stays, under the number of its schema
        database.execute(f"ALTER TABLE calls RENAME TO calls_{version}")
    database.execute(f"CREATE TABLE calls ({columns}) STRICT")
    database.execute(f"PRAGMA application_id = {OURS}")
    database.execute(f"PRAGMA user_version = {current}")
    database.execute("COMMIT")


def _schema(columns: str) -> int:
    """A number that stands for these columns."""
    return zlib.crc32(columns.encode()) & 0x7FFF_FFFF or 1


def _pragma(database: sqlite3.Connection, name: str) -> int:
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def _column(name: str, kind: closed.Kind) -> str:
    """The database checks the bounds too: a third pair of eyes after the line and the collector."""
    match kind:
        case closed.Count(low, high):
            return f"{name} INTEGER NOT NULL CHECK ({name} BETWEEN {low} AND {high})"
        case closed.Bucket(edges):
            return f"{name} INTEGER NOT NULL CHECK ({name} IN ({', '.join(map(str, edges))}))"
        case closed.Flag():
            return f"{name} INTEGER NOT NULL CHECK ({name} IN (0, 1))"
        case closed.Choice(of, optional):
            words = [member.value for member in of] + ([closed.NONE] if optional else [])
            return f"{name} TEXT NOT NULL CHECK ({name} IN ({', '.join(map(repr, words))}))"
        case closed.Shape():
            return f"{name} TEXT NOT NULL{' UNIQUE' if name == 'ref' else ''} CHECK (length({name}) <= 32)"


def _close(database: sqlite3.Connection | None) -> None:
    if database is not None:
        database.close()

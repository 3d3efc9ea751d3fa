"""Durable state of calls behind one narrow port; here in SQLite.  Only closed records get in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from agent.keeper.database import FILE, OURS, Database, StateFailed, columns_of, record_of, row_of, schema_of
from policies import closed
from policies.records import CallMetrics
from policies.retention import Writable

__all__ = ["FILE", "OURS", "SqliteState", "State", "StateFailed"]

NAMES: Final = tuple(closed.kinds_of(CallMetrics))
PAGE: Final = 500  # rows read at once: between two pages nobody holds an old state of the file open


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

    def __init__(self, database: Database) -> None:
        self.database: Final = database

    @classmethod
    def open(cls, folder: Path) -> SqliteState:
        """Makes the folder and the file where they are missing.  Raises `StateFailed`."""
        database = Database.open(folder)
        _prepare(database)
        return cls(database)

    @classmethod
    def open_to_read(cls, folder: Path) -> SqliteState:
        """For a look beside a running keeper.  Raises `StateFailed` where nothing was ever kept."""
        return cls(Database.open_to_read(folder))

    def keep(self, record: Writable) -> bool:
        if not isinstance(record.record, CallMetrics):
            raise StateFailed("only a call's record is durable")
        names, values = row_of(record.record)
        marks = ", ".join("?" for _ in names)
        statement = f"INSERT INTO calls ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (ref) DO NOTHING"  # noqa: S608  # our own field names
        return self.database.run(statement, values)[1] == 1

    def record(self, ref: str) -> CallMetrics | None:
        return next(iter(self._select("WHERE ref = ?", ref)), None)

    def latest(self, most: int) -> Sequence[CallMetrics]:
        return self._select("ORDER BY rowid DESC LIMIT ?", most)

    def between(self, first_hour: int, last_hour: int) -> Iterator[CallMetrics]:
        """The records of the calls that were answered in these hours, both included, oldest first; page by page."""
        if not self.database.run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'calls'")[0]:
            return  # a state in which no call was ever kept
        clause = "WHERE hour <= ? AND (hour, rowid) > (?, ?) ORDER BY hour, rowid LIMIT ?"
        asked = f"SELECT hour, rowid, {', '.join(NAMES)} FROM calls {clause}"  # noqa: S608  # our own field names
        after = [first_hour, -1]
        while page := self.database.run(asked, [last_hour, *after, PAGE])[0]:
            for row in page:
                yield record_of(CallMetrics, row[2:])
            after = [page[-1][0], page[-1][1]]

    def close(self) -> None:
        self.database.close()

    def _select(self, clause: str, value: str | int) -> list[CallMetrics]:
        rows, _ = self.database.run(f"SELECT {', '.join(NAMES)} FROM calls {clause}", [value])  # noqa: S608  # our own field names
        return [record_of(CallMetrics, row) for row in rows]


def _prepare(database: Database) -> None:
    """Makes the table of calls; one with other fields stays beside it, under the number of its schema."""
    columns = columns_of(CallMetrics, "ref")
    current = schema_of(columns)
    with database.transaction():
        version = database.run("PRAGMA user_version")[0][0][0]
        if version == current:
            return
        if database.run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'calls'")[0]:
            database.run(f"ALTER TABLE calls RENAME TO calls_{version}")
        database.run(f"CREATE TABLE calls ({columns}) STRICT")
        database.run(f"PRAGMA user_version = {current}")

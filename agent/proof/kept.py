"""What is kept of patients who were called: `policies.attempts.Kept`, and beside it nothing that names them.

Where such a record may stand, in the keeper's table and in the line's word to the keeper, it is taken out before the
rest is searched for the hospital's reference.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from agent.keeper.database import Database, StateFailed, record_of
from agent.keeper.held_patients import NAMES, TABLE
from policies.attempts import Kept
from policies.closed import NotClosed
from policies.events import OutreachHeld, decode, encode
from policies.records import Profile


def held_of(state: Path, reference: str) -> Kept | None:
    """The one record of hers that is on the disk at this moment; None where there is none, or no state."""
    return next((each for each in records(state) if each.patient == reference), None)


def records(state: Path) -> tuple[Kept, ...]:
    """All of them; none where there is no state."""
    with _opened(state) as database:
        return () if database is None else tuple(kept for kept in _held(database) if kept is not None)


def beside_in_state(state: Path) -> bytes:
    """All that the keeper's tables hold but such records; empty where there is no state."""
    with _opened(state) as database:
        if database is None:
            return b""
        names = [str(row[0]) for row in database.run("SELECT name FROM sqlite_schema WHERE type = 'table'")[0]]
        others = [name for name in names if name != TABLE]
        rows = [row for name in others for row in database.run(f'SELECT * FROM "{name}"')[0]]  # noqa: S608  # of its own
        if None in _held(database):
            rows += database.run(f"SELECT * FROM {TABLE}")[0]  # noqa: S608  # our own name
        return b"\n".join(_bytes(value) for row in rows for value in row)


def beside_in_pipe(told: bytes) -> bytes:
    """What the line told the keeper but lines that are such a record, whole and with nothing else."""
    return b"\n".join(line for line in told.split(b"\n") if not _is_record(line))


@contextlib.contextmanager
def _opened(state: Path) -> Iterator[Database | None]:
    database = None
    with contextlib.suppress(StateFailed):
        database = Database.open_to_read(state)
    try:
        yield database
    finally:
        if database is not None:
            database.close()


def _held(database: Database) -> list[Kept | None]:
    """None for a row that is no such record, and for a table that has other columns."""
    if not database.run("SELECT 1 FROM sqlite_schema WHERE name = ?", [TABLE])[0]:
        return []
    columns = tuple(row[0] for row in database.run("SELECT name FROM pragma_table_info(?)", [TABLE])[0])
    if columns != NAMES:
        return [None]
    found: list[Kept | None] = []
    for row in database.run(f"SELECT {', '.join(NAMES)} FROM {TABLE}")[0]:  # noqa: S608  # our own names
        kept = None
        with contextlib.suppress(NotClosed):
            kept = record_of(Kept, row)
        found.append(kept)
    return found


def _is_record(line: bytes) -> bool:
    event = None
    with contextlib.suppress(NotClosed, UnicodeDecodeError):
        event = decode(line.decode("ascii"), Profile.DEVELOPMENT)
    return isinstance(event, OutreachHeld) and encode(event, Profile.DEVELOPMENT).encode() == line


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")

"""What is held of patients who may be called, in the keeper's file: one row a reference, `policies.attempts.Kept`.

An opt-out that stands there is never taken back, whatever the line says later.
"""

from __future__ import annotations

from typing import Final

from agent.keeper.database import Database, StateFailed, columns_of, record_of, row_of
from policies import closed
from policies.attempts import NO_DAY, Kept
from policies.retention import Writable

TABLE: Final = "outreach"
NAMES: Final = tuple(closed.kinds_of(Kept))
FOR_GOOD: Final = frozenset({"opted_out", "told"})
MOST: Final = 20_000  # references; as many as one list of the hospital's holds (`agent.contacts.MOST_LISTED`)
MOST_OPTED_OUT: Final = 2 * MOST  # rows in all, of which the last are opt-outs: `agent.briefing` bears as many
COUNTS_DAYS: Final = 366  # a campaign that is longer forgets what was before; the caps look back a week


class HeldPatients:
    """On an open state.  Every method raises `StateFailed`."""

    def __init__(self, database: Database) -> None:
        """Makes the table where it is missing; one with other bounds is made anew, with its rows."""
        self._database: Final = database
        statement = f"CREATE TABLE {TABLE} ({columns_of(Kept, 'patient')}) STRICT"
        with database.transaction():
            found = database.run("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [TABLE])[0]
            if found and found[0][0] == statement:
                return
            rows = self.all() if found else ()
            database.run(f"DROP TABLE IF EXISTS {TABLE}")
            database.run(statement)
            for each in rows:
                self._write(each)

    def keep(self, record: Writable) -> bool:
        """Writes it; False where there is no room for another patient.

        Who is held already is always written, and who opts out until there are `MOST_OPTED_OUT` rows.
        """
        if not isinstance(record.record, Kept):
            raise StateFailed("only what is held of a patient stands there")
        kept = record.record
        rows = self._database.run(f"SELECT count(*), coalesce(sum(patient = ?), 0) FROM {TABLE}", [kept.patient])[0]  # noqa: S608  # our own name
        held, known = rows[0]
        if not known and held >= (MOST_OPTED_OUT if kept.opted_out else MOST):
            return False
        self._write(kept)
        return True

    def all(self) -> tuple[Kept, ...]:
        """In the order of their references."""
        rows, _ = self._database.run(f"SELECT {', '.join(NAMES)} FROM {TABLE} ORDER BY patient")  # noqa: S608  # our own field names
        return tuple(record_of(Kept, row) for row in rows)

    def forget(self, today: int) -> None:
        """What no rule counts any more is deleted; an opt-out never is.  today: in days since 1970-01-01."""
        self._database.run(
            f"DELETE FROM {TABLE} WHERE opted_out = 0 AND day_1 BETWEEN {NO_DAY} AND ?",  # noqa: S608  # our own name
            [today - COUNTS_DAYS],
        )

    def _write(self, kept: Kept) -> None:
        names, values = row_of(kept)
        changes = ", ".join(
            f"{name} = max({name}, excluded.{name})" if name in FOR_GOOD else f"{name} = excluded.{name}"
            for name in names
            if name != "patient"
        )
        marks = ", ".join("?" for _ in names)
        self._database.run(
            f"INSERT INTO {TABLE} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (patient) DO UPDATE SET {changes}",  # noqa: S608  # our own field names
            values,
        )

"""The audit log as its table holds it, and how far somebody has read it.

read = Followed().caught_up(database, key)      # the whole of it, once
read = read.caught_up(database, key)            # what has come since

Read together with the tables in one transaction or snapshot, `standing` says what they must hold.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent.keeper.database import Database, StateFailed
from policies.audit import head_of, is_signed_by
from policies.closed import NotClosed
from policies.merkle import Growing, leaf_hash
from policies.records import TreeHead
from policies.standing import Standing

PAGE: Final = 500  # entries read at once: between two pages nobody holds an old state of the file open


@dataclass(frozen=True, slots=True)
class Followed:
    """A log that was read up to somewhere: its tree, and what it says is set.  Each step is a new one."""

    growing: Growing = field(default_factory=Growing)
    standing: Standing = field(default_factory=Standing)

    def with_line(self, line: bytes) -> Followed:
        """With one line more."""
        further = Followed(self.growing.copy(), self.standing.copy())
        further.growing.add(leaf_hash(line))
        further.standing.add(line)
        return further

    def caught_up(self, database: Database, key: Ed25519PublicKey) -> Followed:
        """With what was appended since, by whomever.  Raises `StateFailed` for a log that its head does not fit."""
        further, head = Followed(self.growing.copy(), self.standing.copy()), head_in(database)
        for line in lines_in(database, self.growing.size):
            further.growing.add(leaf_hash(line))
            further.standing.add(line)
        size, root = further.growing.size, further.growing.root.hex()
        if head is None and size == 0:
            return further
        if head is None or (head.size, head.root) != (size, root) or not is_signed_by(head, key):
            raise StateFailed("the audit log is not as it was signed: `quietline audit verify` says what is wrong")
        return further


def has(database: Database, table: str) -> bool:
    return bool(database.run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [table])[0])


def lines_in(database: Database, first: int = 0) -> Iterator[bytes]:
    """The entries as they are hashed, from this number on; page by page, so that no snapshot is held open."""
    page = page_in(database, first)
    while page:
        for _, line in page:
            yield line
        page = page_in(database, page[-1][0] + 1) if len(page) == PAGE else []


def page_in(database: Database, first: int, most: int = PAGE) -> Sequence[tuple[int, bytes]]:
    """The next entries from this number on, with their numbers; fewer than `most` are the last."""
    asked = "SELECT sequence, line FROM audit_entries WHERE sequence >= ? ORDER BY sequence LIMIT ?"
    rows = database.run(asked, [first, most])[0] if has(database, "audit_entries") else []
    return [(int(sequence), bytes(line)) for sequence, line in rows]


def head_in(database: Database) -> TreeHead | None:
    """The signed head; None for a log without entries."""
    rows = database.run("SELECT line FROM audit_head")[0] if has(database, "audit_head") else []
    head = None
    with contextlib.suppress(NotClosed):
        head = head_of(rows[0][0]) if rows else None
    if rows and head is None:
        raise StateFailed("the audit log's head is none")
    return head

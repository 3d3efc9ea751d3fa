"""Redacted transcripts at rest: each locked with a key of its own, and gone with that key.

transcripts.take(sealed)                         # asks the policy once more; opens nothing
transcripts.read(ref, actor)                     # an entry of the audit log, then the text
transcripts.delete(ref, actor)
transcripts.expire(today)

A transcript comes sealed by the line.  Here it is locked once more, with a random key of its own, and that key with the
state's key for keys.  To make it unreadable for good its key's row is overwritten (secure_delete), the write-ahead log
emptied, and then the transcript itself goes the same way: a crash between leaves bytes that nobody can open.  While
somebody beside us reads an older state, SQLite can't empty that log: then it is owed (`owed`), and whoever owes tries
again.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.keeper.database import Database, StateFailed, columns_of, record_of, row_of
from agent.keeper.ledger import Ledger
from agent.keeper.transcript_keys import TranscriptKeys
from agent.sealing import SUITE, info_of
from policies import closed
from policies.acts import Act, Role, Subject
from policies.allowlist import days
from policies.audit import AuditEvent
from policies.changes import level
from policies.phi import PHI
from policies.pieces import is_recent
from policies.records import KEY_BYTES, NONE, REF, KeptTranscript, SealedTranscript, TranscriptKey, hour_of
from policies.requests import Actor
from policies.retention import Retention, Writable, admit

TABLES: Final[dict[str, type]] = {"transcripts": KeptTranscript, "transcript_keys": TranscriptKey}
NONCE_BYTES: Final = 12  # AES-GCM's own (NIST SP 800-38D, 8.2)
_OF_KEEPER: Final = Actor(Role.KEEPER, NONE)


@dataclass(frozen=True, slots=True)
class Expired:
    """What `expire` did."""

    gone: int
    """Transcripts whose time was up."""
    owed: bool
    """Their bytes, or those of others before, still stand in the write-ahead log: ask again in a moment."""


class SealedTranscripts:
    """For the keeper alone.  Every method raises `StateFailed`; then nothing was kept, read or deleted."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        keys: TranscriptKeys,
        kept_days: int,
        clock: Callable[[], float] = time.time,
        allows: Callable[[str], Retention] = lambda _agent: Retention.ZERO,
    ) -> None:
        """allows: the laxest level that an agent's own file lets the switches reach; without it nothing is taken."""
        self._database: Final = database
        self._ledger: Final = ledger
        self._keys: Final = keys
        self._kept_days: Final = kept_days
        self._clock: Final = clock
        self._allows: Final = allows
        self.owed = True
        """The write-ahead log may hold what was deleted: after a crash too.  `expire` tries again."""
        with database.transaction():
            for name, record in TABLES.items():
                database.run(f"CREATE TABLE IF NOT EXISTS {name} ({columns_of(record, 'ref')}) STRICT")
        if keys.made and self.refs():
            ledger.write(self._entry(Act.KEY_CHANGED, NONE, _OF_KEEPER, Subject.KEY))

    def take(self, sealed: SealedTranscript) -> bool:
        """False for one that may not be kept now, that is of no call we know of, or that is there already.

        So for one of another day than today or yesterday: the line says which, and on it hangs when it ends.

        The policy is read in the transaction that writes: zero retention that is on by then holds.  So does the file.
        """
        with self._database.transaction():
            set_now = level(self._ledger.policy(sealed.agent), self._ledger.workspace())
            now = max(set_now, self._allows(sealed.agent))
            permitted = admit(sealed, now)
            recent = is_recent(sealed.day, days(self._today()))
            if permitted is None or not recent or not self._is_of_a_call(sealed) or self._has(sealed.ref):
                return False
            self._keep(permitted)
        return True

    def _is_of_a_call(self, sealed: SealedTranscript) -> bool:
        known = "SELECT 1 FROM calls WHERE ref = ? AND agent = ?"
        return bool(self._database.run(known, [sealed.ref, sealed.agent])[0])

    def _keep(self, permitted: Writable) -> None:
        """Within a transaction.  The seal is not opened: the keeper need not know what it says."""
        sealed = permitted.record
        if not isinstance(sealed, SealedTranscript):
            raise StateFailed("only a sealed transcript is kept here")
        key = secrets.token_bytes(KEY_BYTES)
        bound = info_of(sealed.ref, sealed.agent, sealed.day)
        kept = KeptTranscript(
            ref=sealed.ref,
            agent=sealed.agent,
            day=sealed.day,
            expires=sealed.day + self._kept_days,
            locked=_text(_locked(key, _bytes(sealed.sealed), bound)),
        )
        own = TranscriptKey(ref=sealed.ref, locked=_text(_locked(self._keys.locking.reveal(), key, bound)))
        _insert(self._database, "transcripts", kept)
        _insert(self._database, "transcript_keys", own)

    def refs(self) -> Sequence[str]:
        """Of those that are kept, the oldest first."""
        return [ref for (ref,) in self._database.run("SELECT ref FROM transcripts ORDER BY day, rowid")[0]]

    def read(self, ref: str, actor: Actor | None = None) -> str | None:
        """The text, a line for each turn or sentence; None where there is none.  First it is an entry of the audit log.

        actor: who reads; None where the caller of this has written that entry already.
        """
        kept = self._row("transcripts", ref)
        own = self._row("transcript_keys", ref)
        if kept is None or own is None or self._is_over(kept, self._today()):
            return None
        if actor is not None:
            self._ledger.write(self._entry(Act.TRANSCRIPT_READ, ref, actor))
        return self._opened(kept, own).reveal()

    def delete(self, ref: str, actor: Actor | None = None) -> bool:
        """False where there is none.  actor: as in `read`."""
        there = self._has(ref)
        if there:
            self._end_key(ref, self._entry(Act.TRANSCRIPT_DELETED, ref, actor) if actor is not None else None)
            self._finish()
        return there

    def expire(self, today: date | None = None) -> Expired:
        """Destroys those whose time is up.  A time set shorter holds for all; a longer does not.

        A row is judged by its days alone: one that is none of ours otherwise ends on its day as well.
        """
        until = days(today or self._today())
        over = "SELECT ref FROM transcripts WHERE min(expires, day + ?) <= ? ORDER BY day, rowid"
        refs = [ref for (ref,) in self._database.run(over, [self._kept_days, until])[0]]
        for ref in refs:
            known = ref if re.fullmatch(REF.pattern, ref, re.ASCII) else NONE
            self._end_key(ref, self._entry(Act.TRANSCRIPT_EXPIRED, known, _OF_KEEPER))
        self._finish()
        return Expired(len(refs), self.owed)

    def _end_key(self, ref: str, entry: AuditEvent | None) -> None:
        """The key, with its entry: from then on nobody opens the transcript."""

        def without_key() -> None:
            self._database.run("DELETE FROM transcript_keys WHERE ref = ?", [ref])

        self.owed = True
        if entry is not None:
            self._ledger.write(entry, without_key)
        else:
            without_key()

    def _finish(self) -> None:
        """First the log that may hold keys, then each transcript without one, also of a crash, then the log again."""
        self.owed = not self._database.scrub()
        orphans = "FROM transcripts WHERE ref NOT IN (SELECT ref FROM transcript_keys)"
        if self._database.run(f"SELECT 1 {orphans} LIMIT 1")[0]:
            self.owed = True
            self._database.run(f"DELETE {orphans}")
            self.owed = not self._database.scrub()

    def _opened(self, kept: KeptTranscript, own: TranscriptKey) -> PHI[str]:
        bound = info_of(kept.ref, kept.agent, kept.day)
        lines: Any = None
        try:
            key = _unlocked(self._keys.locking.reveal(), _bytes(own.locked), bound)
            lines = json.loads(SUITE.decrypt(_unlocked(key, _bytes(kept.locked), bound), self._keys.private, bound))
        except (InvalidTag, ValueError):  # another key, or bytes that are not as they were
            lines = None
        if not isinstance(lines, list):
            raise StateFailed("the transcript can't be opened with the keys that there are")
        return PHI("".join(f"{line}\n" for line in lines))

    def _is_over(self, kept: KeptTranscript, today: date) -> bool:
        return min(kept.expires, kept.day + self._kept_days) <= days(today)

    def _has(self, ref: str) -> bool:
        return bool(self._database.run("SELECT 1 FROM transcripts WHERE ref = ?", [ref])[0])

    def _row(self, table: str, ref: str) -> Any:
        if re.fullmatch(REF.pattern, ref, re.ASCII) is None:
            return None
        record = TABLES[table]
        names = ", ".join(closed.kinds_of(record))
        rows, _ = self._database.run(f"SELECT {names} FROM {table} WHERE ref = ?", [ref])  # noqa: S608  # our own names
        found = None
        if rows:
            try:
                found = record_of(record, rows[0])
            except closed.NotClosed:
                found = None
            if found is None:
                raise StateFailed("the state holds a record that is none of ours")
        return found

    def _entry(self, act: Act, thing: str, actor: Actor, subject: Subject = Subject.TRANSCRIPT) -> AuditEvent:
        return AuditEvent(
            hour=hour_of(self._clock()), role=actor.role, actor=actor.known_token, act=act, subject=subject, thing=thing
        )

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock(), UTC).date()


class TranscriptsHere:
    """The same for an interface whose threads come later: each opens a connection of its own when it first asks.

    `read` and `delete` raise `StateFailed`.
    """

    def __init__(
        self, folder: Path, keys: TranscriptKeys, kept_days: int, owing: Callable[[], None] = lambda: None
    ) -> None:
        """owing: told, in the thread that asked, when what was deleted still stands in the write-ahead log."""
        self._owing: Final = owing
        self._folder: Final = folder
        self._keys: Final = keys
        self._kept_days: Final = kept_days
        self._of_thread: Final = threading.local()

    def read(self, ref: str, actor: Actor) -> str | None:
        return self._open().read(ref, actor)

    def delete(self, ref: str, actor: Actor) -> bool:
        transcripts = self._open()
        there = transcripts.delete(ref, actor)
        if there and transcripts.owed:
            self._owing()
        return there

    def _open(self) -> SealedTranscripts:
        found: SealedTranscripts | None = getattr(self._of_thread, "transcripts", None)
        if found is None:
            database = Database.open(self._folder)
            ledger = Ledger.open(self._folder, database)
            found = SealedTranscripts(database, ledger, self._keys, self._kept_days)
            self._of_thread.transcripts = found
        return found


def _insert(database: Database, table: str, record: object) -> None:
    names, values = row_of(record)
    marks = ", ".join("?" for _ in names)
    database.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608  # our own names


def _locked(key: bytes, plain: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def _unlocked(key: bytes, locked: bytes, bound: bytes) -> bytes:
    """Raises `InvalidTag`."""
    return AESGCM(key).decrypt(locked[:NONCE_BYTES], locked[NONCE_BYTES:], bound)


def _text(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

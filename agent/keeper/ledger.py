"""What must survive beside the calls: the audit log, what is set for agents and workspace, vendors' evidence.

Every change is one transaction: the record, its audit entry and the log's new signed head, or none of them.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from agent.keeper.database import Database, StateFailed, columns_of, record_of, row_of, schema_of
from agent.keeper.following import PAGE, Followed, has, head_in, lines_in, page_in
from agent.keeper.keys import PUBLIC, public_key, signing_key
from policies import closed, workspace
from policies.acts import Act, Role, Subject
from policies.allowlist import days
from policies.audit import (
    AuditEvent,
    AuditFault,
    Fault,
    canonical,
    digest,
    entry_of,
    export,
    line_of,
    sign,
    verify,
)
from policies.changes import Changed, ChangeRefused, change
from policies.closed import NotClosed
from policies.four_eyes import Pair
from policies.records import (
    NONE,
    AgentFile,
    AgentPolicy,
    AuditEntry,
    Evidence,
    EvidenceKind,
    Forwarded,
    ListedModel,
    Token,
    TreeHead,
    WorkspacePolicy,
    hour_of,
)
from policies.requests import Actor, Around, Request
from policies.standing import Altered, Standing
from policies.workspace import ForceRequest, WorkspaceChanged, WorkspaceRefused, force

_R = TypeVar("_R")
Kept = Evidence | ListedModel | Token
"""What `put` and `remove` take: records whose changes need no decision of `policies`."""

LOG_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS audit_entries"
    " (sequence INTEGER PRIMARY KEY, line BLOB NOT NULL CHECK (length(line) <= 1024)) STRICT",
    "CREATE TABLE IF NOT EXISTS audit_head"
    " (id INTEGER PRIMARY KEY CHECK (id = 1), line BLOB NOT NULL CHECK (length(line) <= 1024)) STRICT",
)
"""Lines as they are hashed, whatever fields an entry has in a later version: the log goes on."""
TABLES: Final[dict[str, tuple[type, str]]] = {
    "agent_policies": (AgentPolicy, "agent"),
    "workspace": (WorkspacePolicy, "revision"),
    "evidence": (Evidence, "reference"),
    "forwarded": (Forwarded, "collector"),
    "listed_models": (ListedModel, "entry"),
    "agent_files": (AgentFile, "agent"),
    "tokens": (Token, "ref"),
}
"""The record each table holds, and which of its fields is unique."""
LOGGED: Final = ("agent_policies", "agent_files", "evidence", "listed_models", "tokens")
"""What has rows has an audit log.  The workspace has one from the start."""
NAMES: Final = {record: name for name, (record, _) in TABLES.items()}
RECORDED: Final = {EvidenceKind.BAA: Act.BAA_RECORDED, EvidenceKind.ZDR: Act.ZDR_RECORDED}
EXPIRED: Final = {EvidenceKind.BAA: Act.BAA_EXPIRED, EvidenceKind.ZDR: Act.ZDR_EXPIRED}


class Ledger:
    """For the keeper alone.  Every method raises `StateFailed`; then nothing was written."""

    def __init__(self, database: Database, key: Ed25519PrivateKey) -> None:
        """database: with its tables, as `open` makes them.

        What is set and is not what the log says is put right, on the safe side, and written down.  Raises `StateFailed`
        where the log is not as its head says, or the head not of this key.
        """
        self._database: Final = database
        self._key: Final = key
        self._read = Followed()
        self._writing = self._read
        with self._transaction():
            self._mend()

    @classmethod
    def open(cls, folder: Path, database: Database) -> Ledger:
        """The ledger in this folder; at its first start it makes the signing key.  Raises `StateFailed`."""
        _prepare(database)
        first = head_in(database) is None and next(lines_in(database), None) is None
        if first and any(_records(database, table) for table in LOGGED):
            raise StateFailed("the state holds what was set, and no audit log of it: it is not as it was kept")
        return cls(database, signing_key(folder, make=first))

    def write(self, event: AuditEvent, doing: Callable[[], object] = lambda: None) -> AuditEntry:
        """One more entry, with what it is an entry of.  doing: in the same transaction."""
        with self._transaction():
            doing()
            return self._append(event)

    def change_agent(
        self, agent: str, request: Request, actor: Actor, around: Around, file: AgentFile | None = None
    ) -> Changed | ChangeRefused:
        """Decides by `policies.changes`, and writes the policy and its entry, or the refusal's entry.

        What is set for the workspace and whose tokens asked and approve is read here, in the same transaction, whatever
        `around` says.
        file: which file stands for the agent from now on; None leaves what is recorded, and a deleted agent has none.
        """
        with self._transaction():
            self._mend()
            policy = self.policy(agent)
            pair = self._pair(policy.off_requested_by if policy is not None else NONE, actor)
            known = Around(around.hour, self.workspace(), around.lacking, pair)
            outcome = change(policy, request, actor, known, agent)
            if isinstance(outcome, Changed):
                self._database.run("DELETE FROM agent_policies WHERE agent = ?", [agent])
                if outcome.policy is not None:
                    _insert(self._database, "agent_policies", outcome.policy)
                if file is not None or outcome.policy is None:
                    self._database.run("DELETE FROM agent_files WHERE agent = ?", [agent])
                if file is not None:
                    _insert(self._database, "agent_files", file)
            self._append(outcome.event)
        return outcome

    def change_workspace(self, request: ForceRequest, actor: Actor, hour: int) -> WorkspaceChanged | WorkspaceRefused:
        """Likewise for the switch of all agents."""
        with self._transaction():
            self._mend()
            policy = self.workspace()
            outcome = force(policy, request, actor, hour, self._pair(policy.off_requested_by, actor))
            if isinstance(outcome, WorkspaceChanged):
                self._set_workspace(outcome.policy)
            self._append(outcome.event)
        return outcome

    def put(self, record: Kept, event: AuditEvent) -> AuditEntry:
        """The record in the place of the one with its key, if there is one; `before` and `after` are filled in."""
        name, key = NAMES[type(record)], TABLES[NAMES[type(record)]][1]
        with self._transaction():
            before = self._having(type(record), getattr(record, key))
            self._database.run(f"DELETE FROM {name} WHERE {key} = ?", [getattr(record, key)])  # noqa: S608  # our own names
            _insert(self._database, name, record)
            return self._append(replace(event, before=digest(before), after=digest(record)))

    def remove(self, kind: type[Kept], key: str, event: AuditEvent) -> bool:
        """False, and nothing is written, where there is none."""
        name, field = NAMES[kind], TABLES[NAMES[kind]][1]
        with self._transaction():
            before = self._having(kind, key)
            if before is not None:
                self._database.run(f"DELETE FROM {name} WHERE {field} = ?", [key])  # noqa: S608  # our own names
                self._append(replace(event, before=digest(before)))
        return before is not None

    def kept(self, kind: type[_R]) -> Sequence[_R]:
        """All records of one kind, in the order of their keys."""
        key = TABLES[NAMES[kind]][1]
        return sorted(_records(self._database, NAMES[kind]), key=lambda record: str(getattr(record, key)))

    def listed_models(self) -> Sequence[ListedModel]:
        return self.kept(ListedModel)

    def agent_files(self) -> Sequence[AgentFile]:
        """Which files were accepted over the network."""
        return self.kept(AgentFile)

    def agent_file(self, agent: str) -> AgentFile | None:
        """Which file was accepted over the network; None for an agent of the operator's own."""
        return self._having(AgentFile, agent)

    def token(self, ref: str) -> Token | None:
        return self._having(Token, ref)

    def record_evidence(self, evidence: Evidence, actor: Actor, hour: int) -> AuditEntry:
        """One more agreement; one with the same reference is replaced."""
        event = AuditEvent(
            hour=hour,
            role=actor.role,
            actor=actor.token,
            act=RECORDED[evidence.kind],
            subject=Subject.EVIDENCE,
            thing=evidence.party,
        )
        return self.put(evidence, event)

    def note_expired(self, today: date, hour: int) -> int:
        """Writes an entry for each agreement that has ended and has none yet; how many."""
        ended = [each for each in self.evidence() if each.expires < days(today)]
        new = [
            AuditEvent(
                hour=hour,
                role=Role.KEEPER,
                act=EXPIRED[each.kind],
                subject=Subject.EVIDENCE,
                thing=each.party,
                before=digest(each),
                after=digest(each),
            )
            for each in ended
        ]
        known = set(map(_act_and_before, lines_in(self._database))) if new else set()
        fresh = [event for event in new if (event.act.value, event.before) not in known]
        for event in fresh:
            self.write(event)
        return len(fresh)

    def policy(self, agent: str) -> AgentPolicy | None:
        """What is set for the agent; None where it is not known, which is `ZERO` (`policies.changes.level`)."""
        return next((each for each in self.policies() if each.agent == agent), None)

    def policies(self) -> Sequence[AgentPolicy]:
        """What is set for each; one that is not what the log says is as strict as it can be."""
        with self._standing() as standing:
            return standing.policies(_records(self._database, "agent_policies"))

    def workspace(self) -> WorkspacePolicy:
        """Likewise of the switch of all agents: forced."""
        with self._standing() as standing:
            return standing.workspace(_records(self._database, "workspace", lenient=True))

    def evidence(self) -> Sequence[Evidence]:
        return _records(self._database, "evidence")

    def head(self) -> TreeHead | None:
        """The signed head now; None for a log without entries."""
        return head_in(self._database)

    def lines(self, first: int, most: int) -> Sequence[bytes]:
        """A page of the log: so many entries, from that number on."""
        return [line for _, line in page_in(self._database, first, most)]

    def entries(self) -> Iterator[AuditEntry]:
        """All of it, one by one.  Raises `NotClosed` at a line that is no entry."""
        return map(entry_of, lines_in(self._database))

    def _having(self, kind: type[_R], key: str) -> _R | None:
        name, field = NAMES[kind], TABLES[NAMES[kind]][1]
        columns = ", ".join(closed.kinds_of(kind))
        rows, _ = self._database.run(f"SELECT {columns} FROM {name} WHERE {field} = ?", [key])  # noqa: S608  # our own names
        found: _R | None = None
        with contextlib.suppress(NotClosed):
            found = record_of(kind, rows[0]) if rows else None
        if rows and found is None:
            raise StateFailed("the state holds a record that is none of ours")
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._database.transaction():
            self._writing = self._read.caught_up(self._database, self._key.public_key())
            yield
        self._read = self._writing

    @contextmanager
    def _standing(self) -> Iterator[Standing]:
        """What the log says is set; what is read within belongs to it."""
        lasting = not self._database.busy  # else some of it is of a transaction that may yet be taken back
        with self._database.snapshot():
            found = self._read.caught_up(self._database, self._key.public_key())
            if lasting:
                self._read = found
            yield found.standing

    def _mend(self) -> None:
        """Within a transaction: what is not as it was logged is on the safe side, and an entry says so."""
        for each in _altered(self._database, self._writing.standing):
            if isinstance(each.instead, WorkspacePolicy):
                self._set_workspace(each.instead)
            else:
                self._database.run("DELETE FROM agent_policies WHERE agent = ?", [each.thing])
            if isinstance(each.instead, AgentPolicy):
                _insert(self._database, "agent_policies", each.instead)
            self._append(
                AuditEvent(
                    hour=hour_of(time.time()),
                    role=Role.KEEPER,
                    act=Act.STATE_ALTERED,
                    subject=each.subject,
                    thing=each.thing,
                    before=digest(each.found),
                    after=digest(each.instead),
                )
            )
        if not self._database.run("SELECT 1 FROM workspace")[0]:  # of a state that was just made
            self._set_workspace(workspace.AT_FIRST)

    def _pair(self, asked_by: str, actor: Actor) -> Pair:
        """The tokens of whoever asked and whoever acts, as they are now."""
        return Pair(self.token(asked_by), self.token(actor.token))

    def _set_workspace(self, policy: WorkspacePolicy) -> None:
        self._database.run("DELETE FROM workspace")
        _insert(self._database, "workspace", policy)

    def _append(self, event: AuditEvent) -> AuditEntry:
        """Within a transaction."""
        entry = event.numbered(self._writing.growing.size)
        line = line_of(entry)
        grown = self._writing.with_line(line)
        signed = sign(grown.growing.size, grown.growing.root, event.hour, self._key)
        self._database.run("INSERT INTO audit_entries (sequence, line) VALUES (?, ?)", [entry.sequence, line])
        self._database.run("REPLACE INTO audit_head (id, line) VALUES (1, ?)", [canonical(signed)])
        self._writing = grown
        return entry


class LedgerReader:
    """A look at the ledger beside a running keeper, without its key.  Every method raises `StateFailed`."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._database: Final = Database.open_to_read(folder)
        self._read = Followed()

    def head(self) -> TreeHead | None:
        return head_in(self._database)

    def exported(self) -> Iterator[bytes]:
        """The log as JSON lines, with the signed head that the last of them stands under.

        However slowly it is read, nothing is held open meanwhile: what is deleted then is gone.
        """
        first = 0
        while True:
            with self._database.snapshot():
                head, page = self.head(), page_in(self._database, first)
            if head is None:
                raise StateFailed("there is no audit log yet")
            if len(page) < PAGE:
                break
            for sequence, line in page:
                first = sequence + 1
                yield line + b"\n"
        yield from export((line for _, line in page), head)

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """The entries alone, from this number on; page by page, as `exported`."""
        return lines_in(self._database, first)

    def verify(self, key: Ed25519PublicKey | None, kept: Sequence[TreeHead]) -> tuple[int, tuple[Fault, ...]]:
        """How many entries there are, and what is wrong.  key: None for the one that stands beside the log."""
        with self._database.snapshot():
            head, standing, size = None, Standing(), 0
            for line in lines_in(self._database):
                standing.add(line)
                size += 1
            try:
                head = self.head()
            except StateFailed:
                return size, (Fault(AuditFault.BAD_HEAD),)
            other = tuple(Fault(AuditFault.OTHER_STATE) for _ in _altered(self._database, standing))
            if head is None:
                return size, (Fault(AuditFault.BAD_HEAD), *other) if size or kept or other else ()
            public = key or public_key(self._folder / PUBLIC)
            return size, (*verify(lines_in(self._database), head, public, kept=kept), *other)

    def evidence(self) -> Sequence[Evidence]:
        return _records(self._database, "evidence")

    def policies(self) -> Sequence[AgentPolicy]:
        """As `Ledger.policies`."""
        with self._database.snapshot():
            return self._standing().policies(_records(self._database, "agent_policies"))

    def workspace(self) -> WorkspacePolicy:
        """As `Ledger.workspace`."""
        with self._database.snapshot():
            return self._standing().workspace(_records(self._database, "workspace", lenient=True))

    def is_altered(self) -> bool:
        """Something is set that is not what the log says: whoever opens a `Ledger` now puts it right."""
        with self._database.snapshot():
            return any(_altered(self._database, self._standing()))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read within belongs together."""
        with self._database.snapshot():
            yield

    def listed_models(self) -> Sequence[ListedModel]:
        return _records(self._database, "listed_models")

    def agent_files(self) -> Sequence[AgentFile]:
        return _records(self._database, "agent_files")

    def tokens(self) -> Sequence[Token]:
        return _records(self._database, "tokens")

    def close(self) -> None:
        self._database.close()

    def _standing(self) -> Standing:
        """Within a snapshot, of what is written for good: so it is remembered."""
        if self.head() is not None or self._read.growing.size:
            self._read = self._read.caught_up(self._database, public_key(self._folder / PUBLIC))
        return self._read.standing


def forwarded(database: Database, collector: str) -> int:
    """The first entry that this collector has not taken.  Raises `StateFailed`."""
    known = _records(database, "forwarded")
    return next((each.next_sequence for each in known if each.collector == collector), 0)


def set_forwarded(database: Database, collector: str, next_sequence: int) -> None:
    """Raises `StateFailed`; then the collector will get some entries again."""
    with database.transaction():
        database.run("DELETE FROM forwarded WHERE collector = ?", [collector])
        _insert(database, "forwarded", Forwarded(collector=collector, next_sequence=next_sequence))


def _prepare(database: Database) -> None:
    """Makes the tables.  One whose fields or bounds are others now is renamed, and what still fits is taken over."""
    with database.transaction():
        for statement in LOG_TABLES:
            database.run(statement)
        for table, (record, key) in TABLES.items():
            wanted = f"CREATE TABLE {table} ({columns_of(record, key)}) STRICT"
            there = database.run("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", [table])[0]
            if there and there[0][0] == wanted:
                continue
            if there:
                database.run(f"ALTER TABLE {table} RENAME TO {table}_{schema_of(there[0][0])}")
            database.run(wanted)
            if there:
                _take_over(database, f"{table}_{schema_of(there[0][0])}", table)


def _take_over(database: Database, old: str, table: str) -> None:
    """What does not fit stays in the old table alone.

    An agent without a policy is served at `ZERO`, and a workspace without its row is forced as soon as it was ever
    changed (`policies.standing`); without the rest nobody comes in, and no hosted model is called.
    """
    names = [name for _, name, *_ in database.run(f"PRAGMA table_info({old})")[0]]
    if set(names) == set(closed.kinds_of(TABLES[table][0])):
        for record in _records(database, table, stored_in=old, lenient=True):
            _insert(database, table, record)


def _act_and_before(line: bytes) -> tuple[object, object]:
    """Of an entry of any version of ours; of what is none, nothing."""
    entry: object = None
    with contextlib.suppress(ValueError):
        entry = json.loads(line)
    return (entry.get("act"), entry.get("before")) if isinstance(entry, dict) else (None, None)


def _altered(database: Database, standing: Standing) -> list[Altered]:
    """Within a snapshot or a transaction."""
    found = _records(database, "agent_policies"), _records(database, "workspace", lenient=True)
    return list(standing.altered(*found))


def _records(database: Database, table: str, *, stored_in: str = "", lenient: bool = False) -> list[Any]:
    """lenient: without those that are out of bounds; else they raise `StateFailed`."""
    record = TABLES[table][0]
    if not has(database, stored_in or table):
        return []
    rows, _ = database.run(f"SELECT {', '.join(closed.kinds_of(record))} FROM {stored_in or table}")  # noqa: S608  # our own names
    found = []
    for row in rows:
        with contextlib.suppress(NotClosed):
            found.append(record_of(record, row))
    if len(found) != len(rows) and not lenient:
        raise StateFailed("the state holds a record that is none of ours")
    return found


def _insert(database: Database, table: str, record: object) -> None:
    names, values = row_of(record)
    marks = ", ".join("?" for _ in names)
    database.run(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values)  # noqa: S608  # our own names

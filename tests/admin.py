"""The keeper's interface, running for a test: the real application on a real socket, with a token for each role."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from agent.keeper.api.desk import Means
from agent.keeper.api.limits import Limits, Rate
from agent.keeper.api.serving import Admin, bind
from agent.keeper.database import Database
from agent.keeper.issuing import issue
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.nurses import Nurses
from agent.keeper.on_call_files import OnCallFiles
from agent.vendors import load
from policies.acts import Act, AuditReason, PersonRole, Role
from policies.audit import entry_of
from policies.records import AuditEntry, hour_of
from policies.requests import Actor

ROOT: Final = Path(__file__).parents[1]
AGENTS: Final = ROOT / "deploy" / "agents"
ALLOWLIST: Final = ROOT / "deploy" / "allowlist.toml"
CODE: Final = "c" * 64
EVER: Final = Rate(100_000, 100_000.0)
MANY: Final = Limits(strangers=EVER, address=EVER, token=EVER, failures=100_000)
MERCY: Final[Mapping[str, Any]] = {
    "name": "mercy",
    "state": "draft",
    "hospital": "Mercy Hospital",
    "numbers": ["+12025550199"],
    "nurse_number": "+12025550143",
    "time_zone": "America/New_York",
    "engine": "approved",
    "knowledge": "../knowledge",
    "retention": "zero",
    "workflow": "post_discharge",
}
"""An agent's keys that are taken."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(slots=True)
class Interface:
    """One that answers."""

    folder: Path
    port: int
    tokens: dict[str, str]
    """Secrets, by whose they are: admin, other_admin, clinical_editor, auditor, nurse."""
    failures: list[Exception] = field(default_factory=list)
    """What operations raised."""
    changes: list[None] = field(default_factory=list)
    """Grows with each word of a change."""

    def ask(
        self,
        method: str,
        path: str,
        who: str | None = "admin",
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        """One request on a connection of its own.  who: of `tokens`, or None for nobody."""
        given = dict(headers or {})
        if who is not None:
            given["Authorization"] = f"Bearer {self.tokens[who]}"
        content = raw
        if body is not None:
            content = json.dumps(body).encode()
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, content, given)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())

    def approve(self, off: str, who: str = "other_admin") -> Reply:
        """What is asked for now of the agent, or the workspace, that `off` is the route of."""
        told = self.ask("GET", off.split("/zero-retention")[0]).json
        return self.ask("POST", f"{off}/approve", who, {"revision": told.get("policy", told)["revision"]})

    def entries(self) -> list[AuditEntry]:
        with contextlib.closing(LedgerReader(self.folder)) as reader:
            return [entry_of(line) for line in reader.lines()]

    def noted(self) -> list[tuple[Act, AuditReason | None]]:
        """What the audit log has of acts and refusals, without the signing in."""
        return [(each.act, each.reason) for each in self.entries() if each.act not in QUIET]

    def faults(self) -> tuple[object, ...]:
        with contextlib.closing(LedgerReader(self.folder)) as reader:
            return reader.verify(None, ())[1]


QUIET: Final = {Act.TOKEN_ISSUED, Act.SIGN_IN, Act.SIGN_IN_FAILED}


def means(folder: Path) -> Means:
    """With a folder of lists of its own, which holds the demonstration's."""
    lists = folder / "lists"
    lists.mkdir(parents=True, exist_ok=True)
    (lists / "demo.toml").write_bytes((ROOT / "deploy" / "on_call" / "demo.toml").read_bytes())
    files = OnCallFiles(lists)
    nurses = Nurses(files, time.time)
    return Means(state=folder, agents=AGENTS, allowlist=load(ALLOWLIST), code=CODE, on_call=files, nurses=nurses)


def tokens(folder: Path, roles: Mapping[str, PersonRole]) -> dict[str, str]:
    """A secret for each, as at a terminal."""
    database = Database.open(folder)
    with contextlib.closing(database):
        ledger = Ledger.open(folder, database)
        today, hour = datetime.now(UTC).date(), hour_of(time.time())
        operator = Actor(Role.OPERATOR)
        return {name: issue(ledger, role, 3, today, hour, operator)[1] for name, role in roles.items()}


EVERYBODY: Final = {role.value: role for role in PersonRole} | {"other_admin": PersonRole.ADMIN}


@contextlib.contextmanager
def interface(
    folder: Path, given: Means | None = None, limits: Limits = MANY, *, told: bool = True
) -> Iterator[Interface]:
    """Answers until the test is over; fails it where an operation raised what it should not have.

    told: changes are counted; else `given` says who is told of them.
    """
    running = Interface(folder, 0, tokens(folder, EVERYBODY))
    held = given or means(folder)
    if told:
        held = replace(held, after_change=lambda: running.changes.append(None))
    admin = Admin(bind("127.0.0.1", 0, tls=False), held, running.failures.append, limits=limits)
    running.port = admin.port
    admin.start()
    assert admin.wait(), running.failures
    try:
        yield running
    finally:
        admin.stop()
    assert [] == running.failures

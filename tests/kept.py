"""A keeper's state for tests of what may be kept: admins, calls, transcripts, and what of them its files hold."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import os
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from agent import embedded_redis, surroundings
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from agent.keeper.transcript_keys import TranscriptKeys, transcript_keys
from agent.keeper.transcripts import SealedTranscripts
from agent.keeping import Said, Speaker
from agent.sealing import Seal
from policies.acts import Act, OffReason, PersonRole, Role, Subject
from policies.audit import AuditEvent, entry_of
from policies.changes import Changed, ChangeRefused
from policies.phi import PHI
from policies.records import SealedTranscript, Token, hour_of, ref_of
from policies.requests import Actor, ApproveZeroOff, Around, AskZeroOff, CreateAgent, Request, ZeroOn
from policies.retention import Retention, admit
from tests.stub_line import metrics

if TYPE_CHECKING:
    from policies.redaction import Redacted, Redactor

ONE, TWO = (Actor(Role.ADMIN, ref_of(bytes([number]) * 16)) for number in (1, 2))
AUDITOR = Actor(Role.AUDITOR, ref_of(bytes([3]) * 16))
BUILD = "b" * 64
HASHED = f"$argon2id$v=19$m=7168,t=5,p=1${'A' * 22}${'A' * 43}"
CANARY = "Xanthippe Quillfeather"


def token_of(actor: Actor, **changed: Any) -> Token:
    """A record of the token that an admin acts with, whose secret nobody knows: its holder is a person of its own."""
    held = Token(
        ref=actor.token,
        holder=actor.token,
        role=PersonRole.ADMIN,
        argon2id=HASHED,
        expires=60_000,
        revoked=False,
        revision=0,
    )
    return dataclasses.replace(held, **changed)


def sign_up(ledger: Ledger, *tokens: Token) -> None:
    """Each with its entry, unless it is there."""
    for token in tokens:
        if ledger.token(token.ref) != token:
            event = AuditEvent(
                hour=498_000, role=Role.OPERATOR, act=Act.TOKEN_ISSUED, subject=Subject.TOKEN, thing=token.ref
            )
            ledger.put(token, event)


@functools.cache
def redactor() -> Redactor:
    """The real one, loaded once a process."""
    from policies.redaction import Redactor

    return Redactor.load()


class Redacts:
    """`agent.redacting.Redacting` on a loop of virtual time, which can't wait for a thread."""

    def __init__(self, takes_s: float = 0.01) -> None:
        self.takes_s = takes_s
        self.asked = 0

    async def redact(self, words: PHI[str]) -> Redacted | None:
        self.asked += 1
        await asyncio.sleep(self.takes_s)
        return redactor().redact(words)

    def close(self) -> None: ...


@dataclass(slots=True)
class Office:
    """A keeper's state, open."""

    folder: Path
    state: SqliteState
    ledger: Ledger
    keys: TranscriptKeys
    transcripts: SealedTranscripts

    @classmethod
    def open(
        cls,
        folder: Path,
        kept_days: int = 7,
        seal: Path | None = None,
        allows: Callable[[str], Retention] = lambda _agent: Retention.REDACTED,
    ) -> Office:
        """allows: what the agents' files say."""
        state = SqliteState.open(folder)
        ledger = Ledger.open(folder, state.database)
        sign_up(ledger, token_of(ONE), token_of(TWO))
        keys = transcript_keys(folder, seal)
        transcripts = SealedTranscripts(state.database, ledger, keys, kept_days, allows=allows)
        return cls(folder, state, ledger, keys, transcripts)

    def at(self, when_s: float) -> SealedTranscripts:
        """Its transcripts by a clock that stands."""
        return SealedTranscripts(
            self.state.database, self.ledger, self.keys, 7, lambda: when_s, lambda _agent: Retention.REDACTED
        )

    def ask(self, request: Request, actor: Actor = ONE, agent: str = "demo") -> Changed | ChangeRefused:
        return self.ledger.change_agent(agent, request, actor, Around(hour_of(time.time()), None))

    def zero_off(self, agent: str = "demo") -> None:
        """By two admins; the agent is made where there is none."""
        self.ask(CreateAgent(BUILD), agent=agent)
        assert isinstance(self.ask(AskZeroOff(OffReason.NO_PATIENTS), ONE, agent), Changed)
        assert isinstance(self.approve(TWO, agent), Changed)

    def approve(self, actor: Actor = TWO, agent: str = "demo") -> Changed | ChangeRefused:
        """What is asked for now."""
        policy = self.ledger.policy(agent)
        assert policy is not None
        return self.ask(ApproveZeroOff(policy.revision), actor, agent)

    def zero_on(self, agent: str = "demo") -> None:
        assert isinstance(self.ask(ZeroOn(), TWO, agent), Changed)

    def a_call(self, agent: str = "demo") -> str:
        """The ref of a call whose record is there."""
        record = dataclasses.replace(metrics(), agent=agent)
        permitted = admit(record, Retention.ZERO)
        assert permitted is not None
        self.state.keep(permitted)
        return record.ref

    def sealed(self, ref: str, *texts: str, agent: str = "demo", day: int | None = None) -> SealedTranscript:
        redacted = {text: redactor().redact(PHI(text)) for text in set(texts)}
        said = [Said(Speaker.CALLER, redacted[text]) for text in texts]
        when = int(time.time() // 86_400) if day is None else day
        return Seal(self.keys.public).shut(said, ref=ref, agent=agent, day=when, cut=False)

    def locked_key(self, ref: str) -> str:
        """Of a transcript, as it lies in the state's files."""
        return str(self.state.database.run("SELECT locked FROM transcript_keys WHERE ref = ?", [ref])[0][0][0])

    def acts(self) -> list[Act]:
        """Without the admins' own tokens."""
        reader = LedgerReader(self.folder)
        found = [entry_of(line).act for line in reader.lines()]
        reader.close()
        return [act for act in found if act is not Act.TOKEN_ISSUED]

    def bytes(self) -> bytes:
        """Of every file of the state but the keys."""
        files = sorted(self.folder.iterdir())
        return b"".join(file.read_bytes() for file in files if file.is_file() and file.suffix not in (".key", ".pub"))

    def close(self) -> None:
        self.state.close()


@contextlib.contextmanager
def allowing(folder: Path) -> Iterator[Office]:
    """One in which two admins have switched zero retention off for `demo`."""
    office = Office.open(folder)
    office.zero_off()
    try:
        yield office
    finally:
        office.close()


class Server:
    """A Redis that can be gone and come back, at one address."""

    def __init__(self, folder: Path) -> None:
        self.port: Final = embedded_redis.free_port()
        self._folder: Final = folder
        self._words: Final = [secrets.token_hex(8) for _ in range(3)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def line(self) -> PHI[str]:
        return PHI(f"redis://:{self._words[0]}@127.0.0.1:{self.port}/0")

    @property
    def keeper(self) -> PHI[str]:
        return PHI(f"redis://keeper:{self._words[1]}@127.0.0.1:{self.port}/0")

    @property
    def ear(self) -> PHI[str]:
        """Of somebody who may hear and do everything."""
        return PHI(f"redis://ear:{self._words[2]}@127.0.0.1:{self.port}/0")

    def start(self) -> None:
        text = embedded_redis.configuration(self.port, self._words[0], str(self._folder), self._words[1])
        text += f"user ear on >{self._words[2]} ~* &* +@all\n"
        self._process = subprocess.Popen(
            [embedded_redis.find_server(), "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=surroundings.bare(os.environ),
        )
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.close()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()

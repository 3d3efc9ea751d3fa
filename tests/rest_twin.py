"""The carrier's REST on a real socket, with an exchange that is a dictionary: no phone rings, no sound passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp
from twilio.rest import Client

from policies.phi import PHI
from telephony.listening import QuietServer, quiet_config
from telephony.rest import CarrierAccount, TwilioCarrier
from telephony.twin.account import Account, Number, fresh_sid
from telephony.twin.mishaps import Faults
from telephony.twin.port import OVER, CallLive, CallOver
from telephony.twin.resources import Resources

OURS: Final = "+12025550100"
NURSE: Final = "+12025550142"
PATIENT: Final = "+12025550177"
BEGAN: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Held:
    """A call of the dictionary."""

    sid: str
    account_sid: str
    to: str
    from_: str
    direction: str = "outbound-api"
    status: str = "ringing"
    parent_sid: str | None = None
    started_at: float | None = 0.0
    answered_at: float | None = None
    ended_at: float | None = None


@dataclass
class Exchange:
    """An `ExchangePort` without a phone.  `now_s` is its clock and stands still unless it is set."""

    account: Account = field(default_factory=lambda: Account(numbers=[Number(OURS)]))
    now_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    changes: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)

    async def place(self, **asked: Any) -> Held:
        self.asked.append(asked)
        return self.add(to=asked["to"], from_=asked["from_"])

    async def change(
        self, sid: str, *, twiml: str | None = None, url: str | None = None, status: str | None = None
    ) -> None:
        if self.held[sid].status in OVER:
            raise CallOver
        self.changes.append((sid, {"twiml": twiml, "url": url, "status": status}))
        if status is not None:
            self.end(sid, status)

    def call(self, sid: str) -> Held | None:
        return self.held.get(sid)

    def calls(self) -> Sequence[Held]:
        return tuple(self.held.values())

    def forget(self, sid: str) -> None:
        if self.held[sid].status not in OVER:
            raise CallLive
        del self.held[sid]

    def add(self, **more: Any) -> Held:
        """A call that is there."""
        told: dict[str, Any] = {"to": OURS, "from_": PATIENT, "started_at": self.now_s} | more
        made = Held(fresh_sid("CA"), self.account.sid, **told)
        self.held[made.sid] = made
        return made

    def answer(self, sid: str) -> None:
        self.held[sid] = replace(self.held[sid], status="in-progress", answered_at=self.now_s)

    def end(self, sid: str, status: str = "completed") -> None:
        self.held[sid] = replace(self.held[sid], status=status, ended_at=self.now_s)

    def ended(self, **more: Any) -> PHI[str]:
        """The SID of a call that is over."""
        return PHI(self.add(status="completed", answered_at=self.now_s, ended_at=self.now_s, **more).sid)


@dataclass
class Twin:
    """A REST side that runs."""

    exchange: Exchange
    resources: Resources
    port: int = 0
    scheme: str = "http"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://localhost:{self.port}"

    def settings(self, **more: Any) -> CarrierAccount:
        """How our side reaches it."""
        own = self.exchange.account
        usual = {"base_url": self.origin, "caller_id": OURS, "numbers": (OURS,)}
        return CarrierAccount(sid=own.sid, **({"auth_token": PHI(own.auth_token)} | usual | more))

    @contextlib.asynccontextmanager
    async def carrier(
        self, *, place_s: float = 5.0, records_s: float = 10.0, **more: Any
    ) -> AsyncIterator[TwilioCarrier]:
        """Our side of it."""
        carrier = TwilioCarrier(self.settings(**more), started=BEGAN, place_s=place_s, records_s=records_s)
        try:
            yield carrier
        finally:
            await carrier.aclose()

    def client(self, auth_token: str | None = None) -> Client:
        """Twilio's own client as it comes, but for where it asks."""
        own = self.exchange.account
        made = Client(own.sid, auth_token or own.auth_token)
        for domain in (made.api, made.insights, made.trunking, made.intelligence):
            domain.base_url = self.origin
        return made


@contextlib.asynccontextmanager
async def twin(faults: Faults | None = None, tls: tuple[Path, Path] | None = None) -> AsyncIterator[Twin]:
    """A REST side on a free port of this machine."""
    exchange = Exchange()
    resources = Resources(exchange, exchange.account, clock=lambda: exchange.now_s, began=BEGAN, faults=faults)
    async with served(resources.application, tls) as port:
        yield Twin(exchange, resources, port, "https" if tls else "http")


@contextlib.asynccontextmanager
async def served(application: ASGIApp, tls: tuple[Path, Path] | None = None) -> AsyncIterator[int]:
    """An application on a free port."""
    server = QuietServer(quiet_config(application, connections=64, grace_s=1, tls=tls, host="127.0.0.1", port=0))
    ready = asyncio.Event()
    begin = server.startup

    async def told(*arguments: Any, **more: Any) -> None:
        await begin(*arguments, **more)
        ready.set()

    server.startup = told  # type: ignore[method-assign]  # uvicorn has no other word for "it listens"
    running = asyncio.create_task(server.serve(), name="twin: REST")
    waiting = asyncio.create_task(ready.wait(), name="twin: ready")
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running

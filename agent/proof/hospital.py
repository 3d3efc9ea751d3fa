"""The hospital of the proof, that lists canaries to be called: its contacts on this machine, and when a call may be.

The rules for real calls hold for these: a canary is in a zone in which it is the right part of the day now.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from agent.contacts_service import Contact, ContactList
from agent.embedded_redis import free_port
from agent.keeper.database import Database
from agent.keeper.held_patients import HeldPatients
from agent.local_service import CONNECTIONS, GRACE_S, LOOPBACK
from agent.proof.canary import Canary
from agent.records_service import Known
from policies.attempts import Came, Kept
from policies.outreach import DAY_S, EPOCH, CallNow, Campaign, Patient, Standing, Zone, may_call
from policies.patient import PHONE_END
from policies.retention import Retention, admit
from telephony.listening import QuietServer, quiet_config

BEFORE_DAYS: Final = 3
"""So long ago was the earlier attempt of a canary who is called in the evening."""
LASTS_S: Final = 1_200
"""From the start of a session to its last call that the line places, at most: the hour must do until then."""
EITHER_SIDE_DAYS: Final = 7  # of today: the campaign
AGAIN_S: Final = 60.0
MAIN: Final = "+12025550140"
READY: Final = Standing(agent_live=True, nurse_free=True)
ANYBODY: Final = "Zk3vQ0pT7mXs2LhYb9RcNw"
"""A reference, to ask the rules with."""


@dataclass(frozen=True, slots=True)
class Hour:
    """Where somebody may be called now."""

    zone: Zone
    tried: int
    """Attempts that must have been before, by the ladder: 0 or 1."""

    def before(self, reference: str, now_s: int) -> Kept | None:
        """What is held of her from before; None where nothing must be."""
        if not self.tried:
            return None
        return Kept(patient=reference).placed(now_s // DAY_S - BEFORE_DAYS).came(Came.NO_ANSWER)


def hour(now_s: int) -> Hour | None:
    """None between 11 and 12 o'clock UTC or so, when it is night in all of the United States."""
    for tried in (0, 1):
        for zone in Zone:
            one = Hour(zone, tried)
            patient = Patient(one.before(ANYBODY, now_s) or Kept(patient=ANYBODY), zone, consented=True)
            asked = (may_call(at_s, patient, campaign(now_s), READY) for at_s in (now_s, now_s + LASTS_S))
            if all(isinstance(answer, CallNow) for answer in asked):
                return one
    return None


async def an_hour(tell: Callable[[str], None]) -> Hour:
    """Waits until there is one."""
    while (found := hour(int(time.time()))) is None:
        tell("waiting: nowhere in the United States may a patient be called at this hour")
        await asyncio.sleep(AGAIN_S)
    return found


@dataclass(slots=True)
class Hospital:
    """Lists canaries, for one session."""

    patients: Sequence[Canary]
    hour: Hour
    port: int = field(default_factory=free_port)
    contacts: ContactList = field(init=False)

    def __post_init__(self) -> None:
        self.contacts = ContactList([contact(patient, self.hour.zone) for patient in self.patients])

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def agent(self) -> str:
        """What makes an agent call them, as lines of its file."""
        first, last = (EPOCH + timedelta(day) for day in _days(int(time.time())))
        return f'calls_from = "{first}"\ncalls_until = "{last}"\nmain_number = "{MAIN}"\nleaves_message = true\n'

    def seed(self, state: Path) -> None:
        """What is held from before is written as the keeper would have it; the folder's owner keeps the file.

        Raises `StateFailed`.
        """
        now_s = int(time.time())
        before = [self.hour.before(patient.reference, now_s) for patient in self.patients]
        kept = [admit(each, Retention.ZERO) for each in before if each is not None]
        if not kept:
            return
        database = Database.open(state)
        held = HeldPatients(database)
        for record in kept:
            assert record is not None  # for mypy: this record passes at every level
            held.keep(record)
        database.close()
        owner = state.stat()
        for path in state.iterdir():
            os.chown(path, owner.st_uid, owner.st_gid)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers while the block lasts."""
        config = quiet_config(self.contacts, connections=CONNECTIONS, grace_s=GRACE_S, tls=None, ws="none")
        server = QuietServer(config)
        with socket.create_server((LOOPBACK, self.port)) as listening:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(server.serve(sockets=[listening]), name="hospital")
                try:
                    yield
                finally:
                    server.should_exit = True


def contact(patient: Canary, zone: Zone) -> Contact:
    """As the hospital has her.  She wants no machine to be told her name."""
    hers = Known(patient.birthday.isoformat(), patient.phone[-PHONE_END:], patient.record, {})
    return Contact(patient.reference, f"+1{patient.phone}", patient.name, False, zone, consented=True, hers=hers)


def campaign(now_s: int) -> Campaign:
    """The one of the proof's agent."""
    return Campaign(*_days(now_s))


def _days(now_s: int) -> tuple[int, int]:
    return now_s // DAY_S - EITHER_SIDE_DAYS, now_s // DAY_S + EITHER_SIDE_DAYS

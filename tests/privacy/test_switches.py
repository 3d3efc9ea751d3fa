"""Zero retention switched by admins while a call lasts: with a real state, keeper's clock, Redis and line's ear.

What the call gathers is that of `agent.keeping`; in `tests/calls/test_levels.py` it is gathered by a whole call.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from agent import lines
from agent.keeper.database import FILE
from agent.keeper.duties import Duties
from agent.keeper.holding import Place
from agent.keeping import Keeping, Speaker
from agent.retaining import Retaining
from agent.sealing import Seal
from agent.settings import ROOT
from agent.shared import Bus
from policies.acts import Act, AuditReason, OffReason
from policies.changes import Changed, ChangeRefused
from policies.events import CallEvent, TranscriptPiece
from policies.phi import PHI
from policies.pieces import Assembly
from policies.records import Profile
from policies.requests import AskZeroOff, CreateAgent, ZeroOn
from policies.retention import Retention
from policies.workspace import Force, WorkspaceChanged
from tests.kept import BUILD, ONE, Office, Redacts, Server, serving

REDACTED, ZERO = Retention.REDACTED, Retention.ZERO
WITHIN_S: Final = 30.0  # a bus that was gone is tried again within 5 s, and told within 2 s; the machine may be busy
DEMO: Final = replace(lines.load(ROOT / "deploy" / "agents").default, retention=REDACTED)
TODAY: Final = int(time.time() // 86_400)


@dataclass(slots=True)
class World:
    """Everything that runs."""

    server: Server
    office: Office
    duties: Duties
    bus: Bus
    retaining: Retaining
    heard: asyncio.Event
    told: list[CallEvent]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Whenever something is heard of a policy, looks again."""
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                self.heard.clear()
                await self.heard.wait()

    async def says(self, level: Retention | None) -> None:
        self.duties.soon()
        await self.until(lambda: self.bus.retention("demo") is level)

    def switch(self, *changes: Changed | ChangeRefused) -> None:
        """As the routes of the API do: a change, then word of it."""
        assert all(isinstance(change, Changed) for change in changes)
        self.duties.soon()

    def off(self) -> None:
        self.switch(self.office.ask(AskZeroOff(OffReason.NO_PATIENTS), ONE), self.office.approve())

    def answer(self) -> Keeping:
        return self.retaining.keeping(DEMO)

    async def say(self, keeping: Keeping, words: str) -> None:
        keeping.hear(Speaker.CALLER, PHI(words), asyncio.create_task)
        await keeping.settle()

    def hang_up(self, keeping: Keeping) -> bool:
        """Is the transcript of this call in the keeper's state?"""
        ref = self.office.a_call()
        self.told.clear()
        self.retaining.leave(keeping, self.told.append, ref=ref, agent="demo", day=TODAY, whole=True)
        assembly = Assembly()
        pieces = [event for event in self.told if isinstance(event, TranscriptPiece)]
        for whole in filter(None, map(assembly.take, pieces)):
            self.office.transcripts.take(whole)
        return ref in self.office.transcripts.refs()


@contextlib.asynccontextmanager
async def living(folder: Path) -> AsyncIterator[World]:
    """A line at `ZERO`: the keeper has seen the agent for the first time, and told it."""
    with serving(folder) as server:
        office = Office.open(folder / "state")
        office.ask(CreateAgent(BUILD))
        place = Place(
            folder / "state",
            ROOT / "deploy" / "agents",
            ROOT / "deploy" / "allowlist.toml",
            Profile.DEVELOPMENT,
            None,
            None,
        )
        duties = Duties(place, office.keys, 7, server.keeper, time.time)
        redacts: Any = Redacts(takes_s=0)
        retaining = Retaining(redacts, Seal(office.keys.public))
        heard = asyncio.Event()

        def changed() -> None:
            retaining.changed()
            heard.set()

        bus = Bus(server.line, ["demo"], lambda _: heard.set(), changed)
        retaining.listen(bus.retention)
        riding = asyncio.create_task(bus.run())
        duties.start()
        world = World(server, office, duties, bus, retaining, heard, [])
        try:
            await world.says(ZERO)
            yield world
        finally:
            riding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await riding
            await asyncio.to_thread(duties.stop)
            office.close()


async def test_off_by_two_admins_lets_the_next_call_be_kept_and_on_drops_it_in_mid_call(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        kept = world.answer()
        await world.say(kept, "How do I store my insulin?")
        assert world.hang_up(kept)

        live = world.answer()
        await world.say(live, "How do I store my insulin?")
        assert 1 == len(live._said)
        world.switch(world.office.ask(ZeroOn(), ONE))
        await world.until(lambda: live.level is ZERO)
        assert [] == live._said
        await world.say(live, "And when may I drive?")
        assert [] == live._said
        assert not world.hang_up(live)
        assert 1 == len(world.office.transcripts.refs())  # what was kept before stays until its day


async def test_off_in_mid_call_touches_no_live_call(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        live = world.answer()
        world.off()
        await world.says(REDACTED)
        await world.say(live, "How do I store my insulin?")

        assert ZERO is live.level
        assert not world.hang_up(live)
        after = world.answer()
        await world.say(after, "How do I store my insulin?")
        assert world.hang_up(after)


async def test_on_and_off_again_within_one_call_is_on_for_it(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        live = world.answer()
        await world.say(live, "How do I store my insulin?")
        world.switch(world.office.ask(ZeroOn(), ONE))
        await world.says(ZERO)
        world.off()
        await world.says(REDACTED)
        await world.say(live, "And when may I drive?")

        assert not world.hang_up(live)


async def test_what_somebody_alters_in_the_file_is_zero_retention_for_every_line_and_written_down(
    tmp_path: Path,
) -> None:
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        with contextlib.closing(sqlite3.connect(tmp_path / "state" / FILE)) as database:
            database.execute("UPDATE agent_policies SET live = 1")
            database.commit()
        await world.says(ZERO)
        await asyncio.to_thread(world.duties.stop)

        assert Act.STATE_ALTERED is world.office.acts()[-1]


async def test_a_request_that_nobody_else_approves_changes_nothing(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        world.switch(world.office.ask(AskZeroOff(OffReason.COMPLAINT), ONE))
        again = world.office.approve(ONE)
        world.duties.soon()
        world.switch(world.office.ask(CreateAgent(BUILD), ONE, "other"))

        assert isinstance(again, ChangeRefused)
        assert AuditReason.SAME_ADMIN is again.reason
        assert [Act.ZERO_OFF_REQUESTED, Act.ACT_REFUSED, Act.AGENT_CREATED] == world.office.acts()[-3:]
        await world.says(ZERO)
        live = world.answer()
        await world.say(live, "How do I store my insulin?")
        assert not world.hang_up(live)


async def test_the_workspace_forces_it_on_for_all_in_mid_call_too(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        live = world.answer()
        await world.say(live, "How do I store my insulin?")
        assert isinstance(world.office.ledger.change_workspace(Force(), ONE, 500_000), WorkspaceChanged)
        await world.says(ZERO)

        assert [] == live._said
        assert not world.hang_up(live)
        refused = world.office.ask(AskZeroOff(OffReason.NO_PATIENTS), ONE)
        assert isinstance(refused, ChangeRefused)


async def test_a_line_that_has_heard_nothing_keeps_nothing_of_the_call_it_answers(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        redacts: Any = Redacts(takes_s=0)
        office = Office.open(tmp_path / "state")
        retaining = Retaining(redacts, Seal(office.keys.public))
        there = asyncio.Event()
        bus = Bus(server.line, ["demo"], lambda _: there.set(), retaining.changed)
        retaining.listen(bus.retention)
        riding = asyncio.create_task(bus.run())
        await there.wait()
        live = retaining.keeping(DEMO)

        assert (None, ZERO) == (bus.retention("demo"), live.level)
        riding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await riding
        office.close()


async def test_redis_gone_in_mid_call_drops_what_was_gathered_and_back_again_brings_nothing_back(
    tmp_path: Path,
) -> None:
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        live, other = world.answer(), world.answer()
        await world.say(live, "How do I store my insulin?")
        world.server.kill()
        await world.until(lambda: live.level is ZERO)
        assert [] == live._said
        assert not world.hang_up(other)

        world.server.start()
        await world.says(REDACTED)  # the keeper tells it again, by itself
        await world.say(live, "And when may I drive?")
        assert not world.hang_up(live)
        after = world.answer()
        await world.say(after, "How do I store my insulin?")
        assert world.hang_up(after)


async def test_zero_switched_on_while_the_bus_is_gone_holds_when_the_transcript_arrives(tmp_path: Path) -> None:
    """A line that still takes the old policy for granted is told no by the keeper."""
    async with living(tmp_path) as world:
        world.off()
        await world.says(REDACTED)
        live = world.answer()
        await world.say(live, "How do I store my insulin?")
        world.office.zero_on()  # and nobody is told

        assert not world.hang_up(live)
        assert world.told != []


async def test_the_keeper_ends_what_has_run_out_when_a_day_begins(tmp_path: Path) -> None:
    async with living(tmp_path) as world:
        world.off()
        ref = world.office.a_call()
        assert world.office.at((TODAY - 6) * 86_400.0).take(
            world.office.sealed(ref, "How do I store my insulin?", day=TODAY - 6)
        )
        await asyncio.to_thread(world.duties.stop)
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        place = world.duties._place
        later = Duties(place, world.office.keys, 7, world.server.keeper, time.time, lambda: tomorrow)
        later.start()
        await world.says(REDACTED)
        await asyncio.to_thread(later.stop)

        assert [] == world.office.transcripts.refs()
        assert Act.TRANSCRIPT_EXPIRED in world.office.acts()

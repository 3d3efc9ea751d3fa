"""One run of the service from its start to its end: canary calls, some of them broken, and what is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.proof import bus as redis
from agent.proof import control, memory, outside, pages
from agent.proof.bus import Bus
from agent.proof.called import Callee, called
from agent.proof.canary import REFERENCE, Canary
from agent.proof.faults import ENDS_THE_SERVICE, Trouble
from agent.proof.given import Given
from agent.proof.heard import needles_of
from agent.proof.hospital import Hospital, an_hour
from agent.proof.interface import Interface
from agent.proof.kept import beside_in_pipe, beside_in_state, records
from agent.proof.needles import Needle
from agent.proof.part import Call, Found, Part
from agent.proof.places import Searcher, not_examined
from agent.proof.placing import Overheard, Placed, Studio, Switchroom
from agent.proof.provider import Asked, Provider
from agent.proof.report import NEEDS_ROOT, Looked, Place
from agent.proof.scenes import Scene
from agent.proof.search import Findable
from agent.proof.shown import shown
from agent.proof.stage import NUMBER, Calls, Carrier, Running, service
from agent.proof.transfers import Nurses, carried

ROUND: Final = 20
"""Calls, after which the memories are searched for their words."""
SETTLED_S: Final = 5.0
"""After the last hang-up: what is still in memory then was not forgotten."""
STRIKES_AFTER_S: Final = 1.5
"""From her words' reaching the provider to the fault: the answer has begun."""
ENDED_S: Final = 45.0
READY_TRIES: Final = 300  # in 30 s: it looks at the carrier again after 2 s, and after 30
STAGGER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Session:
    """What a session needs from outside."""

    studio: Studio
    model: Provider
    folder: Path
    decoys: Sequence[Findable]
    clerk: Canary
    """Who writes to the keeper's interface."""
    writer: Canary
    """Who writes to the line's pages."""
    lanes: int
    """Calls at once."""
    found: Found
    given: Given
    tell: Callable[[str], None]

    async def run(self, part: Part) -> None:
        """Raises what the service's parts raise when they can't be started."""
        self.tell(f"starting the service: {part.name}")
        self.found.sessions.append(part.name)
        nurses = Nurses(os.urandom(16).hex()) if part.transfers or part.rings else None
        hospital = Hospital([each for each, _ in part.rings], await an_hour(self.tell)) if part.rings else None
        with redis.listened_to(self.folder / "redis") as bus:
            self.found.ports |= {bus.port: "Redis", self.model.port: "the provider"}
            if nurses is not None:
                self.found.ports[nurses.port] = "the carrier"
            carrier = None if nurses is None else Carrier(nurses.url, nurses.account.sid, nurses.token)
            calls = None if hospital is None else Calls(hospital.url, hospital.agent(), hospital.seed)
            model, failing = self.model.base_url, part.failing
            async with contextlib.AsyncExitStack() as open_:
                if hospital is not None:
                    self.found.ports[hospital.port] = "the contacts"
                    await open_.enter_async_context(hospital.open())
                under_proof = service(
                    self.folder, model, bus.url, self.given, failing=failing, carrier=carrier, calls=calls
                )
                running = await open_.enter_async_context(under_proof)
                await self._while_it_runs(part, running, bus, nurses, hospital)
            if bus.process.poll() is None:
                self.found.looked.append(self._memory(Place.BUS_MEMORY, [bus.pid], part))
                self.found.captured[Place.BUS_KEPT].append(bus.keys_and_values())
                self.found.captured[Place.BUS_FILES] += bus.forced_files()
                self.found.own.proofs.append(self.folder / "redis")
            self.found.captured[Place.BUS] += bus.told()
        self._afterwards(running)

    async def _while_it_runs(
        self, part: Part, running: Running, bus: Bus, nurses: Nurses | None, hospital: Hospital | None
    ) -> None:
        found = self.found
        found.ports |= {running.port: "the line", running.admin: "the keeper"}
        found.own.processes |= running.processes() | {bus.pid: "Redis"}
        found.own.proofs += [running.kept, running.state, self.folder / "sounds"]
        interface = await asyncio.to_thread(Interface.entered, running.admin, running.state)
        found.seen.append(await asyncio.to_thread(outside.seen, running.line))
        if nurses is not None:
            await self._transfers(part, running, bus, interface, nurses, hospital)
        webhooks = Overheard(f"http://127.0.0.1:{running.port}/twilio/voice", running.token)
        room = Switchroom(self.studio, webhooks, NUMBER, self.folder / "sounds", self.model)
        room.folder.mkdir()
        async with asyncio.TaskGroup() as tasks:
            watching = control.Control(running.line, self.model, tasks)
            found.controls.append(watching)
            for at in range(0, len(part.calls), ROUND):
                placed = await self._at_once(part.calls[at : at + ROUND], part.spare, room, watching)
                await self._look(placed, running, bus, interface)
            for patient, fault in part.alone:
                placed = [await self._alone(patient, fault, room, running, bus, watching)]
                if fault not in ENDS_THE_SERVICE:
                    await self._look(placed, running, bus, interface)
        found.captured[Place.CARRIER] += webhooks.answers

    async def _transfers(
        self,
        part: Part,
        running: Running,
        bus: Bus,
        interface: Interface,
        nurses: Nurses,
        hospital: Hospital | None,
    ) -> None:
        """Calls that the line places, and transfers; after each that the service outlives, everything is looked at."""
        folder = self.folder / "transfers"
        folder.mkdir()
        self.found.own.proofs.append(folder)
        callees = [
            await asyncio.to_thread(Callee.made, patient, ring, self.studio, folder, running.state, self.model)
            for patient, ring in part.rings
        ]

        def kill() -> None:
            os.kill(running.line, signal.SIGKILL)

        async with nurses.open(running.port, [callee.telephone for callee in callees]) as exchange:
            await asyncio.to_thread(_may_call, running.port)
            if hospital is not None:
                rung = await called(callees, self.studio, nurses.book, hospital)
                self.found.rung += rung
                for each in rung:
                    lacks = ", ".join(step.value for step in each.lacks)
                    self.tell(
                        f"call to {each.placed.number} ({each.ring.value}): "
                        + (f"does not count: not {lacks}" if lacks else "counts")
                    )
                await self._look([each.placed for each in rung], running, bus, interface)
            for patient, scene in part.transfers:
                one = await carried(exchange, self.studio, patient, scene, folder, kill)
                self.found.carried.append(one)
                lacks = f"does not count: not {', '.join(step.value for step in one.lacks)}" if one.lacks else "counts"
                self.tell(f"transfer {patient.number} ({scene.value}): {lacks}")
                if scene is Scene.KILLED:
                    await _ended(running)
                else:
                    await self._look([one.placed], running, bus, interface)
        self.found.captured[Place.BOOK].append(b"\n".join(nurses.book.pieces))

    async def _at_once(
        self, calls: Sequence[Call], spare: list[Canary], room: Switchroom, watching: control.Control
    ) -> list[Placed]:
        """A call that does not count stays in the report; another is placed instead, with the same fault."""
        waiting = list(reversed(calls))
        placed: list[Placed] = []

        async def lane(number: int) -> None:
            await asyncio.sleep(number * STAGGER_S)
            while waiting:
                patient, fault = waiting.pop()
                controlled = patient is calls[0][0] or fault is not None
                on_sound = watching.watch(patient) if controlled else None
                one = await room.place(patient, fault, number, on_sound)
                placed.append(one)
                self._tell_of(one)
                if one.lacks and spare:
                    waiting.append((spare.pop(), fault))

        async with asyncio.TaskGroup() as lanes:
            for number in range(min(self.lanes, len(calls))):
                lanes.create_task(lane(number), name=f"lane {number}")
        self.found.placed += placed
        return placed

    async def _alone(
        self,
        patient: Canary,
        fault: Trouble | None,
        room: Switchroom,
        running: Running,
        bus: Bus,
        watching: control.Control,
    ) -> Placed:
        struck = asyncio.Event()
        loop = asyncio.get_running_loop()

        def strike() -> None:
            struck.set()
            target, by = {
                Trouble.BUS_GONE: ([bus.pid], signal.SIGKILL),
                Trouble.KILLED: ([running.line], signal.SIGKILL),
                Trouble.CRASHED: ([running.line], signal.SIGSEGV),
                Trouble.KEEPER_GONE: (running.named("agent.keeper"), signal.SIGKILL),
            }.get(fault or Trouble.ERROR, ([], signal.SIGTERM))
            for pid in target:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, by)

        def asked(request: Asked) -> None:
            if request.number == patient.number and not struck.is_set():
                loop.call_later(STRIKES_AFTER_S, strike)

        on_sound = watching.watch(patient)
        self.model.listeners.append(asked)
        one = await room.place(patient, fault, 0, on_sound)
        self.model.listeners.remove(asked)
        if fault in ENDS_THE_SERVICE:
            await _ended(running)
        self.found.placed.append(one)
        self._tell_of(one)
        return one

    def _tell_of(self, one: Placed) -> None:
        what = f" ({one.fault.value})" if one.fault else ""
        lacks = f"does not count: not {', '.join(step.value for step in one.lacks)}" if one.lacks else "counts"
        self.tell(f"call {one.number}{what}: {lacks}")

    async def _look(self, placed: Sequence[Placed], running: Running, bus: Bus, interface: Interface) -> None:
        """At everything, between calls.

        Memories have their time, so pages, which take a moment, are before them and the interface, of seconds, behind.
        """
        await self._pages(running, bus)
        await self._search_memories(placed, running, bus)
        await self._interface(interface)

    async def _pages(self, running: Running, bus: Bus) -> None:
        """What can be asked of the line, by a canary who writes; and of Redis as long as it is there."""
        captured = self.found.captured
        self.found.own.processes |= running.processes()
        captured[Place.PAGES].append(await asyncio.to_thread(_joined, running.port, self.writer.name))
        if bus.process.poll() is None:
            captured[Place.BUS_KEPT].append(await asyncio.to_thread(bus.keys_and_values))

    async def _interface(self, interface: Interface) -> None:
        self.tell("reading the keeper's interface")
        told, unread = await asyncio.to_thread(interface.read, self.clerk.name)
        self.found.captured[Place.INTERFACE].append(told)
        if unread:
            self.found.looked.append(not_examined(Place.INTERFACE, f"not answered: {', '.join(unread)}"))

    async def _search_memories(self, placed: Sequence[Placed], running: Running, bus: Bus) -> None:
        await asyncio.sleep(SETTLED_S)
        self.tell("searching memories")
        if running.process.poll() is None:
            captured = self.found.captured
            captured[Place.SHOWN].append(await asyncio.to_thread(shown, running.children(), self.found.keys))
            captured[Place.METRICS].append(await asyncio.to_thread(pages.asked, running.port, "GET", "/metrics"))
        rows = await asyncio.to_thread(self._memories, placed, running, bus)
        self.found.looked += rows

    def _memories(self, placed: Sequence[Placed], running: Running, bus: Bus) -> list[Looked]:
        needles = [*needles_for(placed), *names_of(self.writer)]
        searcher = Searcher([*needles, *names_of(self.clerk)], self.decoys)
        held = [
            needle for needle in needles if not is_reference(needle)
        ]  # which these three hold, or pass on at a start
        ours = Searcher([*held, *names_of(self.clerk)], self.decoys)
        keepers = Searcher(held, self.decoys)  # it was written to itself: what admins type is not scrubbed there
        by_place = {Place.LINE_MEMORY: ours, Place.LAUNCHER_MEMORY: ours, Place.KEEPER_MEMORY: keepers}
        rows = []
        for place, pids in (
            (Place.LINE_MEMORY, [running.line]),
            (Place.KEEPER_MEMORY, running.named("agent.keeper")),
            (Place.LAUNCHER_MEMORY, [running.process.pid]),
            (Place.EGRESS_MEMORY, running.named("agent.egress")),
            (Place.BUS_MEMORY, [bus.pid] if bus.process.poll() is None else []),
        ):
            rows.append(_in_memory(by_place.get(place, searcher), place, pids))
        return [row for row in rows if row is not None]

    def _memory(self, place: Place, pids: Sequence[int], part: Part) -> Looked:
        """Of what has outlived the service."""
        numbers = {patient.number for patient, _ in part.alone}
        placed = [one for one in self.found.placed if one.number in numbers]
        placed += [one.placed for one in self.found.carried if part.transfers]
        placed += [one.placed for one in self.found.rung if part.rings]
        needles = needles_for(placed)
        found = _in_memory(Searcher(needles, self.decoys), place, pids)
        return found or not_examined(place, "it is gone")

    def _afterwards(self, running: Running) -> None:
        captured = self.found.captured
        captured[Place.OUTPUT].append(bytes(running.output))
        captured[Place.ERRORS].append(bytes(running.errors))
        told = (running.kept / "stdout").read_bytes()
        self.found.accounts.append(told)
        captured[Place.PIPE].append(told)
        captured[Place.LINE_ERRORS].append((running.kept / "stderr").read_bytes())
        self.found.kept += records(running.state)
        self.found.beside[Place.PIPE].append(beside_in_pipe(told))
        self.found.beside[Place.STATE].append(beside_in_state(running.state))
        captured[Place.STATE] += [path.read_bytes() for path in sorted(running.state.rglob("*")) if path.is_file()]


def names_of(*writers: Canary) -> list[Findable]:
    """Of those who write and don't call."""
    named = [(one, *text) for one in writers for text in one.texts() if text[0].startswith("name")]
    return [Needle(f"writer {one.number} {name}", text) for one, name, text in named]


async def _ended(running: Running) -> None:
    """Waits for the service to end, which has lost a part of it; or no longer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ENDED_S):
            await asyncio.to_thread(running.process.wait, ENDED_S)


def _may_call(port: int) -> None:
    """Waits until the line takes calls: it has seen first that nothing is recorded at the carrier.

    Raises `RuntimeError` where it does not come to that.
    """
    for _ in range(READY_TRIES):
        if pages.asked(port, "GET", "/readyz").startswith(b"200 "):
            return
        time.sleep(0.1)
    raise RuntimeError("the line with a nurse to be rung did not become ready")


def _joined(port: int, words: str) -> bytes:
    return b"\n".join(pages.answers(port, words))


def needles_for(placed: Sequence[Placed]) -> list[Findable]:
    """What these calls said, what was heard of it, and the carrier's ids of them."""
    sids = [Needle(f"{one.number} the carrier's id of the call", one.sid) for one in placed if one.sid]
    return [*needles_of([(one.patient, one.heard, one.sounds) for one in placed]), *sids]


def is_known_to_carriers(needle: Findable) -> bool:
    """The id of her call; her number is counted where it belongs, and nowhere else may it be (`agent.proof.book`)."""
    return "the carrier's id" in needle.name


def is_reference(needle: Findable) -> bool:
    """The hospital's, of one who was called."""
    return f" {REFERENCE}" in needle.name


def _in_memory(searcher: Searcher, place: Place, pids: Sequence[int]) -> Looked | None:
    """None where there is no such process.  Compressed streams are not looked for: in a memory every beginning is by
    chance.
    """
    if not pids:
        return None
    looked = None
    with contextlib.suppress(memory.NotReadable):
        looked = searcher.look(place, (piece for pid in pids for piece in memory.stretches(pid)), unpack=False)
    return looked or not_examined(place, NEEDS_ROOT)

"""This process on the bus: what the keeper says is heard there, and that it is there, and how busy, is told."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import time
from typing import Final

from agent.availability import Availability
from agent.bus_check import examined
from agent.lines import Lines
from agent.metrics import LineMetrics
from agent.retaining import Retaining
from agent.settings import Settings
from agent.shared import HEARTBEAT_S, POLICY_EVERY_S, Bus
from policies.logs import Log
from policies.phi import PHI
from policies.records import Presence, at_most, hour_of, ref_of
from policies.retention import Retention, admit
from policies.vocabulary import Event as LogEvent
from telephony.switchboard import Switchboard

FIRST_WORD_S: Final = POLICY_EVERY_S + 0.5  # the keeper has told all policies once within that, if it tells them


def bus_of(
    settings: Settings, lines: Lines, metrics: LineMetrics, retaining: Retaining, log: Log, availability: Availability
) -> Bus | None:
    """What the keeper says comes by it; None where there is none, and each call is at `ZERO`."""
    if settings.redis_url is None:
        return None
    names = [agent.name for agent in lines.agents]
    trusted = functools.partial(bus_trusted, settings.redis_url, settings, log)
    bus = Bus(
        settings.redis_url,
        names,
        lambda there: metrics.bus(there=there),
        retaining.changed,
        trusted=trusted,
        on_nurse=availability.heard,
    )
    retaining.listen(bus.retention)
    return bus


async def bus_trusted(url: PHI[str], settings: Settings, log: Log) -> bool:
    """One that was not there at the start, or was set up anew since, may keep what it is told.

    What is wrong is logged; production goes on without this bus, as if it were lost.
    """
    found = await examined(url)
    for fault in found.wrong:
        log.event(LogEvent.BUS_REFUSED, reason=fault)
    return found.answers and (settings.development or not found.wrong)


async def first_word(bus: Bus) -> None:
    """Waits a moment for what the keeper says: a call that is answered before is at `ZERO` to its end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_WORD_S):
            await bus.heard.wait()


async def keep_presence(bus: Bus, settings: Settings, board: Switchboard, metrics: LineMetrics) -> None:
    """Tells the bus that this worker is there, and how busy; a lost bus changes nothing for a caller."""
    worker = ref_of(os.urandom(16))

    async def beat() -> None:
        while True:
            metrics.live(board.live)
            presence = Presence(
                worker=worker,
                hour=hour_of(time.time()),
                live_calls=at_most(board.live),
                capacity=at_most(settings.limits.calls),
                draining=board.draining,
            )
            permitted = admit(presence, Retention.ZERO)
            if permitted is not None:
                bus.send(permitted)
            await asyncio.sleep(HEARTBEAT_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bus.run(), name="bus-run")
        tasks.create_task(beat(), name="bus-beat")

"""`agent/staff_desk.py`: whose calls come to the menu, and how often a PIN may be tried."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

import pytest

from agent.availability import Availability
from agent.desk_menu import Verdict
from agent.handoff import Voice
from agent.on_call_lists import OnCallLists
from agent.staff_desk import CLOSED_S, MOST_EXPECTED, MOST_TRIES, StaffDesk
from policies.phi import PHI
from policies.records import NurseStatus
from telephony.leg import Ended, EndReason, LegEvent
from telephony.switchboard import EndDecision

DANA, LEE = "+12025550151", "+12025550152"
PIN: Final = "483920"
FORM: Final = f"scrypt:{'A' * 22}:{'B' * 43}"
LIST: Final = f"""[about]
owner = "ward"
[[nurse]]
id = "dana"
number = "{DANA}"
pin = "{FORM}"
[[nurse]]
id = "lee"
number = "{LEE}"
[[rung]]
rank = "unit"
numbers = ["{DANA}", "{LEE}"]
ring_s = 18
"""


class World:
    """A desk, its clock, and who decides what a PIN is."""

    def __init__(self, folder: Path) -> None:
        (folder / "ward.toml").write_text(LIST, encoding="utf-8")
        self.now_s = 100.0
        self.known = Availability(lambda: self.now_s)
        self.waits: asyncio.Event | None = None
        lists = OnCallLists(folder, {"demo": "ward", "other": "ward"}, [])
        digest = lambda sid: sid.reveal().encode()  # noqa: E731  # a test's own
        self.closed: list[None] = []
        self.desk = StaffDesk(
            lists, self.known, digest, lambda: self.now_s, self.matches, lambda: self.closed.append(None)
        )

    async def matches(self, held: str, keyed: PHI[str]) -> bool:
        assert FORM == held
        if self.waits is not None:
            await self.waits.wait()
        return keyed.reveal() == PIN

    def expects(self, number: str = DANA, call: str = "CA1", agent: str = "demo") -> bool:
        return self.desk.expects(agent, PHI(number), PHI(call))

    async def tries(self, pin: str = "000000", call: str = "CA1") -> Verdict:
        if call.encode() not in self.desk._expected:
            self.expects(call=call)
        return await self.desk.verdict(self.desk._expected[call.encode()], PHI(pin))


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_only_a_number_with_a_pin_of_the_called_agents_list_comes_to_the_menu(world: World) -> None:
    assert [True, False, False, False] == [
        world.expects(),
        world.expects(LEE),
        world.expects("+12025550199"),
        world.expects(agent="mercy"),
    ]


async def test_the_right_pin_says_whether_she_is_available(world: World) -> None:
    assert Verdict.RIGHT_AVAILABLE is await world.tries(PIN)
    world.known.set(NurseStatus(on_call="ward", nurse="dana", available=False))

    assert Verdict.RIGHT_AWAY is await world.tries(PIN)


async def test_the_last_wrong_pin_closes_the_menu_and_even_the_right_one_is_not_taken(world: World) -> None:
    tried = [await world.tries() for _ in range(MOST_TRIES)]

    assert [Verdict.WRONG] * (MOST_TRIES - 1) + [Verdict.WRONG_AT_LAST] == tried
    assert [None] == world.closed
    assert (Verdict.WRONG_AT_LAST, False) == (await world.tries(PIN), world.expects(call="CA2"))
    world.now_s += CLOSED_S
    assert world.expects(call="CA2")
    assert Verdict.RIGHT_AVAILABLE is await world.tries(PIN, "CA2")


async def test_a_right_pin_forgives_the_wrong_ones_before_it(world: World) -> None:
    for pin in ("000000", "000000", PIN, "000000", "000000"):
        last = await world.tries(pin)

    assert Verdict.WRONG is last


async def test_calls_at_the_same_time_have_no_more_tries_together(world: World) -> None:
    """Each try counts before its outcome is known."""
    world.waits = asyncio.Event()
    assert all(world.expects(call=f"CA{n}") for n in range(10))
    tries = [asyncio.create_task(world.tries(call=f"CA{n}")) for n in range(10)]
    await asyncio.sleep(0)
    world.waits.set()
    found = await asyncio.gather(*tries)

    assert 10 - found.count(Verdict.WRONG_AT_LAST) < MOST_TRIES
    assert MOST_TRIES == world.desk._tries[DANA].count


async def test_the_right_pin_as_the_last_try_is_taken(world: World) -> None:
    for _ in range(MOST_TRIES - 1):
        await world.tries()

    assert Verdict.RIGHT_AVAILABLE is await world.tries(PIN)


def test_calls_whose_stream_never_comes_are_forgotten_beyond_a_bound(world: World) -> None:
    for n in range(MOST_EXPECTED + 5):
        world.expects(call=f"CA{n}")

    assert MOST_EXPECTED == len(world.desk._expected)
    assert b"CA0" not in world.desk._expected


async def test_who_keyed_nothing_and_whose_stream_breaks_is_put_through_as_any_caller_is(world: World) -> None:
    class Breaks:
        call_sid = PHI("CA1")

        async def run(self) -> None:
            return

        async def next(self) -> LegEvent:
            return Ended(EndReason.STOPPED)

        async def close(self) -> None:
            raise AssertionError("nobody closes it")

    world.expects()
    leg: Any = Breaks()
    nothing: Any = None
    voice = Voice(nothing, nothing, defaultdict(lambda: nothing))

    assert EndDecision.LOST is await world.desk.answer(leg, voice)


async def test_a_stream_that_is_not_awaited_goes_to_the_assistant(world: World) -> None:
    closed: list[bool] = []

    class Unknown:
        call_sid = PHI("CA9")

        async def close(self) -> None:
            closed.append(True)

    leg: Any = Unknown()
    nothing: Any = None
    after: Any = await world.desk.answer(leg, nothing)

    assert ("assistant", [True]) == (after.value, closed)

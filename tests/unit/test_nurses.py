"""`agent/keeper/nurses.py`: who is available, by telephone and over the interface, and what the audit log has of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from pathlib import Path
from typing import Final

import pytest

from agent import embedded_redis
from agent.availability import Availability
from agent.keeper.duties import Duties
from agent.keeper.holding import Place
from agent.keeper.nurses import BY_TELEPHONE_A_MINUTE, MOST_HELD, Nurses
from agent.keeper.on_call_files import OnCallFiles
from agent.shared import Bus
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent
from policies.closed import Reason
from policies.records import NurseStatus, Profile
from tests.architecture.tree import ROOT
from tests.kept import Office

RUNG: Final = '[[rung]]\nrank = "unit"\nnumbers = ["+12025550151", "+12025550152"]\nring_s = 18\n'
DANA: Final = f'[[nurse]]\nid = "dana"\nnumber = "+12025550151"\npin = "scrypt:{"A" * 22}:{"B" * 43}"\n'
LEE: Final = '[[nurse]]\nid = "lee"\nnumber = "+12025550152"\n'
AWAY: Final = NurseStatus(on_call="ward", nurse="dana", available=False)
HERE: Final = NurseStatus(on_call="ward", nurse="dana", available=True)


class Clock:
    """Seconds since 1970."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="told")
def _told() -> list[None]:
    return []


@pytest.fixture(name="nurses")
def _nurses(tmp_path: Path, clock: Clock, told: list[None]) -> Nurses:
    (tmp_path / "ward.toml").write_text(f'[about]\nowner = "ward"\n{DANA}{LEE}{RUNG}', encoding="utf-8")
    return Nurses(OnCallFiles(tmp_path), clock, lambda: told.append(None))


def test_everybody_is_available_at_the_start(nurses: Nurses) -> None:
    assert (True, []) == (nurses.is_available("ward", "dana"), list(nurses.statuses()))


def test_what_a_nurse_sets_by_telephone_holds_at_once_and_is_told_with_its_entry(
    nurses: Nurses, told: list[None]
) -> None:
    event = nurses.by_telephone(AWAY)

    assert isinstance(event, AuditEvent)
    assert (Role.LINE, Act.NURSE_AWAY, Subject.NURSE, "dana") == (event.role, event.act, event.subject, event.thing)
    assert "none" not in (event.before, event.after)
    assert (False, [AWAY], 1) == (nurses.is_available("ward", "dana"), list(nurses.statuses()), len(told))


def test_who_is_available_again_is_still_told_so(nurses: Nurses) -> None:
    """A line that set it by itself must hear that it is over."""
    nurses.by_telephone(AWAY)
    event = nurses.by_telephone(HERE)

    assert isinstance(event, AuditEvent)
    assert (Act.NURSE_AVAILABLE, [HERE]) == (event.act, list(nurses.statuses()))


def test_what_is_so_already_is_no_entry(nurses: Nurses, told: list[None]) -> None:
    assert (None, []) == (nurses.by_telephone(HERE), told)


@pytest.mark.parametrize(
    "stranger",
    [
        NurseStatus(on_call="ward", nurse="lee", available=False),
        NurseStatus(on_call="ward", nurse="kim", available=False),
        NurseStatus(on_call="night", nurse="dana", available=False),
    ],
)
def test_a_line_sets_nobody_who_has_no_pin_in_a_list(nurses: Nurses, stranger: NurseStatus) -> None:
    assert Reason.NO_SUCH_NURSE is nurses.by_telephone(stranger)
    assert [] == list(nurses.statuses())


def test_a_line_sets_so_many_in_a_minute_and_no_more(nurses: Nurses, clock: Clock) -> None:
    outcomes = [nurses.by_telephone(AWAY if n % 2 else HERE) for n in range(BY_TELEPHONE_A_MINUTE + 5)]
    clock.now_s += 60

    assert [Reason.TOO_MANY] * 5 == outcomes[-5:]
    assert isinstance(nurses.by_telephone(HERE), AuditEvent)


def test_what_is_held_has_a_bound_and_who_was_set_first_is_available_beyond_it(nurses: Nurses) -> None:
    for n in range(MOST_HELD):
        nurses.set(NurseStatus(on_call="ward", nurse=f"n{n}", available=False))
    nurses.set(NurseStatus(on_call="ward", nurse="n0", available=False))
    nurses.set(AWAY)

    assert MOST_HELD == len(nurses.statuses())
    assert [False, True] == [nurses.is_available("ward", nurse) for nurse in ("n0", "n1")]


def test_it_may_be_asked_while_it_is_set_from_other_threads(nurses: Nurses) -> None:
    def work(start: int) -> None:
        for n in range(start, start + 500):
            nurses.set(NurseStatus(on_call="ward", nurse=f"n{n}", available=bool(n % 2)))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 500)]
    for thread in threads:
        thread.start()
    sizes = [len(nurses.statuses()) for _ in range(200)]
    for thread in threads:
        thread.join()

    assert sorted(sizes) == sizes
    assert 1_000 == len(nurses.statuses())


async def test_what_one_line_tells_the_keeper_another_goes_by(
    tmp_path: Path, nurses: Nurses, redis_server: embedded_redis.Bus
) -> None:
    """By a real bus: from the keeper's thread to a line's loop."""
    office = Office.open(tmp_path / "state")
    agents, allowlist = ROOT / "deploy" / "agents", ROOT / "deploy" / "allowlist.toml"
    place = Place(tmp_path / "state", agents, allowlist, Profile.DEVELOPMENT, None, None)
    duties = Duties(place, office.keys, 7, redis_server.keeper_url, time.time, nurses=nurses.statuses)
    there, heard = asyncio.Event(), asyncio.Event()
    line = Availability(time.monotonic)

    def hear(status: NurseStatus) -> None:
        line.heard(status)
        heard.set()

    bus = Bus(redis_server.url, ["demo"], lambda _: there.set(), on_nurse=hear)
    riding = asyncio.create_task(bus.run())
    await there.wait()
    duties.start()
    found = []
    for status in (AWAY, HERE):
        nurses.by_telephone(status)
        duties.soon()
        while line.is_available("ward", "dana") is not status.available:
            heard.clear()
            await asyncio.wait_for(heard.wait(), 30)
        found.append(line.away("ward"))
    await asyncio.to_thread(duties.stop)
    riding.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await riding
    office.close()

    assert [frozenset({"dana"}), frozenset()] == found

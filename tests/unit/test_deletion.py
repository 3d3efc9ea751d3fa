"""The carrier's records are deleted in time whatever fails, in virtual time, with a carrier in the same process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.phi import PHI
from policies.vocabulary import CarrierAlarm
from telephony import ledger
from telephony.deletion import AGAIN_S, DOUBT_S, HOUR_S, Deletions
from telephony.ledger import LIVE_S, SETTLING_S, Ledger
from telephony.placing import AccountState, CarrierFailed, CarrierReason, Deleted
from telephony.twin.mishaps import Faults
from tests.rest_twin import twin
from tests.virtual_time import at_once

IN_TIME_S = 300.0  # the bar: deleted and verified so long after the call's end
AFTER_A_CRASH_S = 900.0
QUIET = AccountState(switched_off=0, still_on=0, recordings=0, transcriptions=0)


@dataclass
class Keeper:
    """A carrier's records.  `failing` is the share of requests that come to nothing; half of those were heard."""

    failing: float = 0.0
    seed: int = 0
    unfinished_s: float = 0.0
    returning: float = 0.0
    """Of the deleted records: they are there again a minute later."""
    state: AccountState | None = QUIET
    ended_at: dict[str, float] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    gone_at: dict[str, float] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def end(self, sid: str) -> PHI[str]:
        self.live.discard(sid)
        self.ended_at[sid] = self.now_s
        return PHI(sid)

    async def delete(self, call_sid: PHI[str]) -> Deleted:
        sid = call_sid.reveal()
        failed, heard = await self._asked()
        if sid in self.live:
            found = Deleted.LIVE
        elif sid not in self.ended_at:
            found = Deleted.GONE
        elif self.now_s < self.ended_at[sid] + self.unfinished_s:
            found = Deleted.UNFINISHED
        else:
            found = Deleted.DELETED
            if not failed or heard:
                self._forget(sid)
        if failed:
            raise CarrierFailed(CarrierReason.TIMED_OUT)
        return found

    async def completed(self) -> Sequence[PHI[str]]:
        failed, _ = await self._asked()
        if failed:
            raise CarrierFailed(CarrierReason.BROKEN)
        return tuple(map(PHI, self.ended_at))

    async def switch_off(self) -> AccountState:
        failed, _ = await self._asked()
        if failed or self.state is None:
            raise CarrierFailed(CarrierReason.BROKEN)
        return self.state

    async def _asked(self) -> tuple[bool, bool]:
        """Did it fail, and was it heard?  A request that fails takes its whole deadline."""
        self.asked += 1
        failed = self._chance.random() < self.failing
        await asyncio.sleep(10.0 if failed else 0.5)
        return failed, self._chance.random() < 0.5

    def _forget(self, sid: str) -> None:
        del self.ended_at[sid]
        self.gone_at[sid] = self.now_s
        if self._chance.random() < self.returning:
            asyncio.get_running_loop().call_later(60.0, self.ended_at.setdefault, sid, self.now_s)


@asynccontextmanager
async def deleting(keeper: Keeper, most: int = 20_000) -> AsyncIterator[Deletions]:
    """A process that deletes, until it is killed."""
    deletions = Deletions(keeper, clock=asyncio.get_running_loop().time, most=most, chance=random.Random(0))
    running = asyncio.create_task(deletions.run())
    try:
        yield deletions
    finally:
        running.cancel()
        await asyncio.wait({running})


def still(deletions: Deletions) -> bool:
    """All is confirmed to be off, as of now."""
    return deletions.confirmed


def raised(deletions: Deletions) -> dict[CarrierAlarm, int]:
    """The alarms that an operator is shown."""
    return {alarm: count for alarm, count in deletions.standing().alarms().items() if count}


def in_virtual_time(work: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await work()

    at_once(whole())


def test_of_500_calls_with_a_fifth_of_all_requests_failing_none_is_late() -> None:
    ends: dict[str, float] = {}

    async def work() -> None:
        keeper, chance = Keeper(failing=0.2, unfinished_s=75.0), random.Random(1)
        async with deleting(keeper) as deletions:
            for number in range(500):
                await asyncio.sleep(chance.expovariate(1 / 7.0))
                deletions.ended(keeper.end(f"CA{number}"))
                ends[f"CA{number}"] = keeper.now_s
            await asyncio.sleep(IN_TIME_S)
            late = [sid for sid, at_s in ends.items() if keeper.gone_at.get(sid, 1e9) - at_s > IN_TIME_S]
            assert 0 == len(late)  # the bar is 99.9 %, of 500 that is all
            assert {} == keeper.ended_at
            assert (500, 0, 0.0) == (deletions.deleted, deletions.undeleted, deletions.oldest_s)
            assert deletions.failures > 100

    in_virtual_time(work)


def test_500_calls_that_end_at_once_are_deleted_in_time() -> None:
    async def work() -> None:
        keeper = Keeper(failing=0.05, seed=2)
        async with deleting(keeper) as deletions:
            for number in range(500):
                deletions.ended(keeper.end(f"CA{number}"))
            await asyncio.sleep(IN_TIME_S)
            assert (500, 0) == (deletions.deleted, deletions.undeleted)

    in_virtual_time(work)


def test_nothing_is_asked_in_the_first_minute_after_a_calls_end() -> None:
    async def work() -> None:
        keeper = Keeper()
        async with deleting(keeper) as deletions:
            await asyncio.sleep(1.0)
            before = keeper.asked
            deletions.ended(keeper.end("CA1"))
            await asyncio.sleep(SETTLING_S - 1.0)
            assert (before, 1) == (keeper.asked, deletions.undeleted)
            assert SETTLING_S - 1.0 == pytest.approx(deletions.oldest_s)
            await asyncio.sleep(2.0)
            assert (1, 0) == (deletions.deleted, deletions.undeleted)

    in_virtual_time(work)


def test_after_a_crash_what_had_ended_is_found_at_the_carrier_and_deleted() -> None:
    async def work() -> None:
        keeper = Keeper(failing=0.2, seed=3, unfinished_s=60.0)
        async with deleting(keeper) as deletions:
            for number in range(200):
                deletions.ended(keeper.end(f"CA{number}"))
            await asyncio.sleep(61.5)  # some of them are deleted, and then the process is killed
        left = len(keeper.ended_at)
        assert 100 < left < 200
        async with deleting(keeper) as deletions:
            await asyncio.sleep(AFTER_A_CRASH_S)
            assert {} == keeper.ended_at
            assert (0, True) == (deletions.undeleted, deletions.deleted >= left)

    in_virtual_time(work)


def test_calls_that_outlive_the_process_are_left_alone_and_deleted_when_they_are_over() -> None:
    async def work() -> None:
        keeper, chance, ends = Keeper(failing=0.2, seed=4), random.Random(4), {}
        keeper.live = {f"CA{number}" for number in range(50)}
        async with deleting(keeper) as deletions:
            for number in range(50):
                await asyncio.sleep(chance.uniform(0.0, 60.0))
                assert not set(keeper.gone_at) & keeper.live
                ends[f"CA{number}"] = keeper.now_s
                keeper.end(f"CA{number}")  # nobody tells us
            await asyncio.sleep(AFTER_A_CRASH_S)
            assert {} == keeper.ended_at
            assert 0 == sum(keeper.gone_at[sid] - at_s > AFTER_A_CRASH_S for sid, at_s in ends.items())
            assert 50 == deletions.deleted

    in_virtual_time(work)


def test_a_live_call_is_not_deleted_however_often_it_is_told_to_be_over() -> None:
    async def work() -> None:
        keeper = Keeper(live={"CA1"})
        async with deleting(keeper) as deletions:
            for _ in range(3):
                deletions.ended(PHI("CA1"))
            await asyncio.sleep(HOUR_S)
            assert ({"CA1"}, {}) == (keeper.live, keeper.gone_at)
            assert (0, 0, 0.0) == (deletions.deleted, deletions.undeleted, deletions.oldest_s)  # owed from its end on
            keeper.end("CA1")
            await asyncio.sleep(LIVE_S + 1.0)
            assert {"CA1"} == set(keeper.gone_at)

    in_virtual_time(work)


def test_records_that_come_back_are_found_and_deleted_again() -> None:
    async def work() -> None:
        keeper = Keeper(returning=0.5, seed=5)
        async with deleting(keeper) as deletions:
            for number in range(40):
                deletions.ended(keeper.end(f"CA{number}"))
            await asyncio.sleep(2 * HOUR_S - 1.0)
            assert {} == keeper.ended_at
            assert deletions.deleted > 40
            assert 0 == deletions.undeleted

    in_virtual_time(work)


def test_what_finds_no_place_is_counted_and_found_again_at_the_carrier() -> None:
    async def work() -> None:
        keeper = Keeper(unfinished_s=60.0)
        async with deleting(keeper, most=10) as deletions:
            for number in range(35):
                deletions.ended(keeper.end(f"CA{number}"))
            assert (35, 10) == (deletions.undeleted, len(deletions._ledger._owed))
            await asyncio.sleep(HOUR_S)
            assert ({}, 35, 0) == (keeper.ended_at, deletions.deleted, deletions.undeleted)

    in_virtual_time(work)


def test_a_record_that_cannot_be_deleted_is_shown_and_asked_for_ever_more_seldom() -> None:
    async def work() -> None:
        keeper = Keeper(unfinished_s=1e9)
        async with deleting(keeper) as deletions:
            deletions.ended(keeper.end("CA1"))
            await asyncio.sleep(HOUR_S)
            hour = keeper.asked
            await asyncio.sleep(HOUR_S - 2.0)
            assert (0, 1) == (deletions.deleted, deletions.undeleted)
            assert 2 * HOUR_S - 2.0 == pytest.approx(deletions.oldest_s)
            assert keeper.asked - hour < hour

    in_virtual_time(work)


def test_no_call_may_be_taken_before_all_is_seen_to_be_off() -> None:
    async def work() -> None:
        keeper = Keeper(state=None)
        async with deleting(keeper) as deletions:
            await asyncio.sleep(HOUR_S)
            assert not still(deletions)
            keeper.state = replace(QUIET, switched_off=2, still_on=1)
            await asyncio.sleep(AGAIN_S + 1.0)
            assert not still(deletions)
            keeper.state = QUIET
            await asyncio.sleep(AGAIN_S + 1.0)
            assert still(deletions)

    in_virtual_time(work)


def test_a_confirmation_ends_when_something_stays_on() -> None:
    async def work() -> None:
        keeper = Keeper()
        async with deleting(keeper) as deletions:
            await asyncio.sleep(1.0)
            assert still(deletions)
            keeper.state = replace(QUIET, still_on=1)
            await asyncio.sleep(HOUR_S + 1.0)
            assert not still(deletions)

    in_virtual_time(work)


def test_a_confirmation_outlives_two_failed_looks_and_no_more() -> None:
    now_s = 0.0
    keeper = Keeper()
    deletions = Deletions(keeper, clock=lambda: now_s)
    deletions._state = QUIET
    now_s = DOUBT_S
    assert still(deletions)
    now_s = DOUBT_S + 1.0
    assert not still(deletions)
    assert 2 * HOUR_S < DOUBT_S < 3 * HOUR_S


def test_recordings_and_transcriptions_are_an_alarm() -> None:
    async def work() -> None:
        keeper = Keeper(state=replace(QUIET, recordings=2, transcriptions=1))
        async with deleting(keeper) as deletions:
            assert {CarrierAlarm.UNSEEN: 1} == raised(deletions)
            await asyncio.sleep(1.0)
            assert {CarrierAlarm.RECORDED: 2, CarrierAlarm.TRANSCRIBED: 1} == raised(deletions)
            assert deletions.confirmed

    in_virtual_time(work)


def test_a_number_without_a_fallback_and_a_setting_that_stays_on_are_alarms() -> None:
    async def work() -> None:
        keeper = Keeper(state=replace(QUIET, still_on=1, without_fallback=2))
        async with deleting(keeper) as deletions:
            await asyncio.sleep(1.0)
            assert {CarrierAlarm.STILL_ON: 1, CarrierAlarm.WITHOUT_FALLBACK: 2} == raised(deletions)

    in_virtual_time(work)


def test_a_record_that_stays_is_an_alarm_once_it_is_overdue_and_none_when_it_is_gone() -> None:
    async def work() -> None:
        keeper = Keeper(unfinished_s=600.0)
        async with deleting(keeper) as deletions:
            deletions.ended(keeper.end("CA1"))
            await asyncio.sleep(IN_TIME_S - 1.0)
            assert {} == raised(deletions)
            await asyncio.sleep(2.0)
            assert {CarrierAlarm.OVERDUE: 1} == raised(deletions)
            shown = deletions.standing()
            assert (1, True) == (shown.undeleted, IN_TIME_S < shown.oldest_s < IN_TIME_S + 2.0)
            await asyncio.sleep(1_500.0)
            assert ({}, 0, 1) == (raised(deletions), deletions.undeleted, deletions.standing().deleted)

    in_virtual_time(work)


@given(st.integers(1, 90))
def test_a_call_that_goes_on_after_it_was_left_to_the_carrier_is_deleted_soon_after_its_end(minutes: int) -> None:
    async def work() -> None:
        keeper = Keeper(live={"CA1"}, unfinished_s=60.0)
        async with deleting(keeper) as deletions:
            deletions.ended(PHI("CA1"))
            await asyncio.sleep(60.0 * minutes)
            assert {} == raised(deletions)
            keeper.end("CA1")
            await asyncio.sleep(IN_TIME_S)
            assert {"CA1"} == set(keeper.gone_at)

    in_virtual_time(work)


@given(
    st.lists(st.tuples(st.sampled_from(["ended", "swept", "due", "settled", "failed"]), st.integers(0, 5)), max_size=60)
)
def test_the_ledger_loses_no_record_and_hands_none_out_twice(steps: list[tuple[str, int]]) -> None:
    owing, in_hand, now_s = Ledger(most=4, chance=random.Random(0)), [], 0.0
    told: set[int] = set()
    for step, number in steps:
        now_s += 20.0
        if step == "ended":
            room = len(owing._owed) < 4 or number in told
            owing.ended(PHI(f"CA{number}"), now_s)
            told |= {number} if room else set()
        elif step == "swept":
            for each in range(number):
                told |= {each} if len(told) < 4 else set()
            owing.sweeping()
            owing.found([PHI(f"CA{each}") for each in range(number)], now_s)
            owing.swept()
            assert owing.missed == len(set(range(number)) - told)
        elif step == "due":
            in_hand += owing.due(now_s, number)
        elif in_hand:
            owed = in_hand.pop(0)
            if step == "settled":
                owing.settled(owed)
                told.discard(int(owed.call_sid.reveal()[2:]))
            else:
                owing.failed(owed, now_s)
                assert all(due_s > now_s for due_s, _, each in owing._waiting if each is owed)
        assert told == {int(owed.call_sid.reveal()[2:]) for owed in owing._owed.values()}
        assert len(in_hand) == len({id(owed) for owed in in_hand}) <= 4
        assert owing.undeleted == len(told) + owing.missed


def test_a_list_that_was_asked_for_before_a_record_went_does_not_bring_it_back() -> None:
    owing = Ledger()
    owing.ended(PHI("CA1"), -SETTLING_S)
    [owed] = owing.due(0.0, 4)
    owing.sweeping()
    owing.settled(owed)
    owing.found([PHI("CA1"), PHI("CA2")], 1.0)
    owing.swept()
    assert ["CA2"] == [each.call_sid.reveal() for each in owing.due(1.0, 4)]
    owing.sweeping()
    owing.found([PHI("CA1")], 2.0)  # it is there again
    owing.swept()
    assert (2, 1) == (owing.undeleted, owing.deleted)


async def test_over_real_http_with_a_fifth_of_all_requests_failing_nothing_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ledger, "SETTLING_S", 0.0)
    monkeypatch.setattr(ledger, "WAITS_S", (0.01,))
    faults = Faults(seed=6, errors=0.1, busy=0.08, silences=0.02)
    async with twin(faults) as served, served.carrier(records_s=0.3) as carrier, asyncio.timeout(60.0):
        live = served.exchange.add().sid
        told = [served.exchange.ended() for _ in range(15)]
        for _ in range(15):
            served.exchange.ended()
        deletions = Deletions(carrier, clock=asyncio.get_running_loop().time)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(deletions.run())
            for call_sid in told:
                deletions.ended(call_sid)

            def settled() -> bool:
                return set(served.exchange.held) == {live} and not deletions.undeleted and still(deletions)

            while not settled():  # noqa: ASYNC110  # the twin's records and the ledger tell of it by no event
                await asyncio.sleep(0.01)
            running.cancel()
    assert 30 == deletions.deleted

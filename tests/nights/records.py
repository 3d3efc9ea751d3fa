"""What the carrier keeps of a night's calls: `telephony.placing.Records` on an exchange, whose requests may fail.

As `telephony.rest` asks: reads, deletes and reads again, each request up to three times.  Of a record that is gone the
moment is noted; the exchange keeps its call, by which the night is judged.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from policies.phi import PHI
from telephony.placing import AccountState, CarrierFailed, CarrierReason, Deleted
from telephony.rest import FIRST_PAUSE_S, RECORDS_S, TRIES
from telephony.twin.exchange import Exchange
from telephony.twin.records import PlacedCall
from tests.nights.plans import RecordFaults

T = TypeVar("T")
OFF: Final = AccountState(switched_off=0, still_on=0, recordings=0, transcriptions=0)


class Kept:
    """The carrier's side; it outlives the line."""

    def __init__(self, exchange: Callable[[], Exchange], faults: RecordFaults, seed: int) -> None:
        self.gone: Final[dict[str, float]] = {}
        """When the record of each call was seen to be gone."""
        self._deleted: Final[set[str]] = set()
        self.failed = 0
        """Single requests that did."""
        self._exchange: Final = exchange
        self._faults: Final = faults
        self._chance: Final = random.Random(f"records {seed}")
        self._seed: Final = seed
        self._changed: Final = asyncio.Event()

    def stuck(self) -> frozenset[str]:
        """Ended calls whose records can't be deleted all night, and those whose children's can't."""
        calls = self._exchange().calls()
        held = {call.sid for call in calls if self._is_stuck(calls.index(call))}
        return frozenset(held | {call.parent_sid for call in calls if call.sid in held and call.parent_sid})

    def left(self) -> list[PlacedCall]:
        """Records that are there and could go."""
        stuck = self.stuck()
        return [call for call in self._exchange().calls() if call.sid not in self.gone and call.sid not in stuck]

    async def emptied(self, within_s: float) -> None:
        """Until nothing is left that could go, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.left():
                    self._changed.clear()
                    await self._changed.wait()

    async def delete(self, call_sid: PHI[str]) -> Deleted:
        """See `Records`."""
        sid = call_sid.reveal()
        call = await self._ask(lambda: self._found(sid))
        if call is None:
            self._seen_gone(sid)
            return Deleted.GONE
        if not call.is_over:
            return Deleted.LIVE
        dialled = [each for each in self._exchange().calls() if each.parent_sid == sid]
        there = await self._ask(lambda: [each for each in dialled if each.sid not in self._deleted])
        self._seen_gone(*(each.sid for each in dialled if each not in there))
        for leg in there:
            if not leg.is_over:
                return Deleted.LIVE
            if not await self._removed(leg.sid):
                return Deleted.UNFINISHED
        return Deleted.DELETED if await self._removed(sid) else Deleted.UNFINISHED

    async def completed(self) -> Sequence[PHI[str]]:
        """See `Records`."""
        return await self._ask(lambda: [PHI(call.sid) for call in self._there() if call.is_over])

    async def switch_off(self) -> AccountState:
        """See `Records`."""
        return await self._ask(lambda: OFF)

    async def _removed(self, sid: str) -> bool:
        if not await self._ask(lambda: self._forget(sid)):
            return False
        if await self._ask(lambda: self._found(sid)) is not None:
            raise CarrierFailed(CarrierReason.BROKEN)
        self._seen_gone(sid)
        return True

    def _seen_gone(self, *sids: str) -> None:
        for sid in sids:
            self.gone.setdefault(sid, asyncio.get_running_loop().time())
        self._changed.set()

    def _forget(self, sid: str) -> bool:
        """False where the carrier is not done with the call."""
        call = self._found(sid)
        if call is None:
            return True
        now_s = asyncio.get_running_loop().time()
        place = self._exchange().calls().index(call)
        if call.ended_at is None or now_s < call.ended_at + self._faults.unfinished_s or self._is_stuck(place):
            return False
        self._deleted.add(sid)
        return True

    def _is_stuck(self, place: int) -> bool:
        """By the call's place in the night: SIDs are drawn anew each time."""
        return random.Random(f"stuck {self._seed} {place}").random() < self._faults.stuck

    def _there(self) -> list[PlacedCall]:
        return [call for call in self._exchange().calls() if call.sid not in self._deleted]

    def _found(self, sid: str) -> PlacedCall | None:
        return None if sid in self._deleted else self._exchange().call(sid)

    async def _ask(self, act: Callable[[], T]) -> T:
        """One request, asked again where that may help."""
        reason = CarrierReason.BROKEN
        for tried in range(TRIES):
            drawn = self._drawn()
            if drawn is None:
                await asyncio.sleep(self._chance.uniform(0.05, 0.5))
                return act()
            self.failed, reason = self.failed + 1, drawn
            if reason is CarrierReason.TIMED_OUT:
                if self._chance.random() < 0.5:
                    act()
                await asyncio.sleep(RECORDS_S)
            await asyncio.sleep(FIRST_PAUSE_S * 2**tried)
        raise CarrierFailed(reason)

    def _drawn(self) -> CarrierReason | None:
        drawn = self._chance.random()
        for share, reason in (
            (self._faults.broken, CarrierReason.BROKEN),
            (self._faults.busy, CarrierReason.BUSY),
            (self._faults.silent, CarrierReason.TIMED_OUT),
        ):
            if drawn < share:
                return reason
            drawn -= share
        return None

"""Sees to it that nothing of our calls stays at the carrier: deletes their records, keeps recording switched off.

    deletions = Deletions(carrier, clock=loop.time)
    tasks.create_task(deletions.run())       # for the life of the process
    deletions.ended(call_sid)                # whenever a call of ours is over

Nothing of it is written anywhere.  What stays at the carrier all the same is counted, and shown: `standing`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from policies.phi import PHI
from telephony.ledger import MOST_RECORDS, Ledger, Owed
from telephony.placing import AccountState, CarrierFailed, Deleted, Records
from telephony.standing import Standing

AT_ONCE: Final = 4  # deletions; the carrier's own port asks no more at once (telephony.rest)
HOUR_S: Final = 3_600.0  # between two looks at the carrier's list and the account's settings
EARLY_S: Final = 300.0  # between two looks at the list while calls of an earlier process may still be ending ...
EARLY_FOR_S: Final = 2 * HOUR_S  # ... which is longer than the longest call that the settings allow
PART: Final = 500  # records of a list taken up at once: about 2 ms of the loop's 20
AGAIN_S: Final = 30.0  # after a look that failed
AT_FIRST_S: Final = 2.0  # ... and before the first that succeeded: no call is taken until then
DOUBT_S: Final = 2.5 * HOUR_S  # a confirmation holds while at most two looks at the account have failed


class Deletions:
    """The carrier's records of one process's numbers."""

    def __init__(
        self,
        carrier: Records,
        *,
        clock: Callable[[], float],
        most: int = MOST_RECORDS,
        chance: random.Random | None = None,
    ) -> None:
        """clock: monotonic seconds, as the event loop counts them.  most: records remembered at once."""
        self._carrier = carrier
        self._clock = clock
        self._ledger = Ledger(most=most, chance=chance)
        self._began_s = clock()
        self._woken = asyncio.Event()
        self._in_hand = 0
        self._state: AccountState | None = None
        self._state_at_s = 0.0
        self.failures = 0
        """Requests of any kind that failed, each after its own tries; it only grows."""

    @property
    def deleted(self) -> int:
        """Records deleted and seen to be gone."""
        return self._ledger.deleted

    @property
    def undeleted(self) -> int:
        """Records that stand at the carrier, as far as we know."""
        return self._ledger.undeleted

    @property
    def oldest_s(self) -> float:
        """How long the oldest of them has stood there since its call ended."""
        return self._ledger.oldest_s(self._clock())

    @property
    def confirmed(self) -> bool:
        """All that records, transcribes or analyses was seen switched off: without it no zero-retention call is taken.

        False until then, when a look finds something that stays on, and when no look has succeeded for `DOUBT_S`.
        """
        return self._state is not None and self._state.confirmed and self._lately

    def standing(self) -> Standing:
        """What an operator is shown."""
        state = self._state or AccountState(switched_off=0, still_on=0, recordings=0, transcriptions=0)
        return Standing(
            undeleted=self.undeleted,
            oldest_s=self.oldest_s,
            deleted=self.deleted,
            failures=self.failures,
            recordings=state.recordings,
            transcriptions=state.transcriptions,
            still_on=state.still_on,
            without_fallback=state.without_fallback,
            seen=self._state is not None and self._lately,
        )

    @property
    def _lately(self) -> bool:
        return self._clock() - self._state_at_s <= DOUBT_S

    def begun(self, call_sid: PHI[str]) -> None:
        """A call of ours goes on: its end is looked for, whether anybody tells of it or not."""
        self._ledger.begun(call_sid, self._clock())
        self._woken.set()

    def ended(self, call_sid: PHI[str]) -> None:
        """A call of ours is over, or nothing more of it comes to us.  May be told more than once."""
        self._ledger.ended(call_sid, self._clock())
        self._woken.set()

    async def run(self) -> None:
        """Deletes, sweeps and looks until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._sweep(), name="deletions: sweep")
            tasks.create_task(self._watch(), name="deletions: watch the account")
            while True:
                for owed in self._ledger.due(self._clock(), AT_ONCE - self._in_hand):
                    self._in_hand += 1
                    tasks.create_task(self._delete(owed), name="deletions: delete")
                await self._wait()

    async def _wait(self) -> None:
        """Until something is due and may be begun."""
        self._woken.clear()
        next_s = self._ledger.next_s() if self._in_hand < AT_ONCE else None
        with suppress(TimeoutError):
            async with asyncio.timeout(None if next_s is None else max(0.0, next_s - self._clock())):
                await self._woken.wait()

    async def _delete(self, owed: Owed) -> None:
        found: Deleted | None = None
        try:
            found = await self._carrier.delete(owed.call_sid)
        except CarrierFailed:
            self.failures += 1
        finally:
            self._in_hand -= 1
            self._woken.set()
        if found in (Deleted.DELETED, Deleted.GONE):
            self._ledger.settled(owed)
        elif found is Deleted.LIVE:
            self._ledger.live(owed, self._clock())
        else:
            self._ledger.failed(owed, self._clock(), over=found is Deleted.UNFINISHED)

    async def _sweep(self) -> None:
        """Of what an earlier process left, of calls whose end nobody told, and of records that came back."""
        while True:
            wait_s = EARLY_S if self._clock() - self._began_s < EARLY_FOR_S else HOUR_S
            self._ledger.sweeping()
            try:
                listed = await self._carrier.completed()
            except CarrierFailed:
                self.failures += 1
                wait_s = AGAIN_S
            else:
                for first in range(0, len(listed), PART):
                    self._ledger.found(listed[first : first + PART], self._clock())
                    self._woken.set()
                    await asyncio.sleep(0)  # others' turn
                self._ledger.swept()
            if self._ledger.missed:
                wait_s = min(wait_s, EARLY_S)  # the rest is there to be found as soon as these are gone
            await asyncio.sleep(wait_s)

    async def _watch(self) -> None:
        while True:
            wait_s = HOUR_S
            try:
                self._state = await self._carrier.switch_off()
                self._state_at_s = self._clock()
            except CarrierFailed:
                self.failures += 1
                wait_s = AGAIN_S
            if not self.confirmed:
                wait_s = AT_FIRST_S if self._state is None else AGAIN_S
            await asyncio.sleep(wait_s)

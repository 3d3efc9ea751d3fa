"""Which of our calls' records are still to be deleted at the carrier, and when each is tried next.  Pure; no clock.

In memory only: after a crash the carrier itself is the ledger, and its list of ended calls fills this one again.
All `now_s` are seconds of one monotonic clock.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.phi import PHI
from telephony.signature import Seen

MOST_RECORDS: Final = 20_000  # one line's calls of a day or more; beyond it the carrier remembers, see `Ledger`
SETTLING_S: Final = 60.0  # "wait at least 1 minute to make your DELETE request" (Twilio, error 20009)
LIVE_S: Final = (
    60.0  # between two looks at a call that was told to be over and goes on: its record may go a minute later
)
WAITS_S: Final = (12.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 60.0, 60.0, 300.0, 900.0, 3_600.0)
"""After each failure in turn; the last for ever.  Nine tries fall into the 5 minutes of the bar; "in rare cases" it
takes the carrier 14 days (Twilio, error 20009)."""
LONGEST_S: Final = 7_200.0  # of a call (agent.settings): beyond it what was not seen to go on counts as over


@dataclass(slots=True)
class Owed:
    """A record that is still there, as far as we know."""

    call_sid: PHI[str]
    since_s: float
    """The call's end; of a record found at the carrier, when it was found; of a call that goes on, when it last did."""
    live: bool = False
    """Its call goes on, as far as we know: it is looked at, and not owed yet."""
    tries: int = 0


class Ledger:
    """The records owed.

    At its bound it takes no more: such a record is counted, and found again by the next sweep of the carrier's list.
    """

    def __init__(self, *, most: int = MOST_RECORDS, chance: random.Random | None = None) -> None:
        self._most = most
        self._chance = chance or random.Random()
        self._names = Seen(limit=1)  # only for its keyed digests: no SID is a key of anything
        self._owed: dict[bytes, Owed] = {}
        self._waiting: list[tuple[float, int, Owed]] = []  # a heap: when it is due, in which order it came
        self._order = itertools.count()
        self._missed_before = 0
        self._unplaced = 0
        self._gone: set[bytes] | None = None  # while a list is on its way: at most what is deleted in that time
        self.deleted = 0
        """Records that are gone, verified."""
        self.missed = 0
        """Records that found no place since the last whole sweep."""

    @property
    def undeleted(self) -> int:
        """Records that are not deleted yet, or not known to be."""
        return sum(not owed.live for owed in self._owed.values()) + self.missed

    def oldest_s(self, now_s: float) -> float:
        """How long the oldest has been owed; 0 if there is none."""
        return max((now_s - owed.since_s for owed in self._owed.values() if not owed.live), default=0.0)

    def begun(self, call_sid: PHI[str], now_s: float) -> None:
        """A call of ours goes on: it is looked at each minute, should nobody tell of its end.  Told again: nothing."""
        name = self._names.digest(call_sid)
        if name not in self._owed and self._take(call_sid, now_s, now_s + LIVE_S):
            self._owed[name].live = True

    def ended(self, call_sid: PHI[str], now_s: float) -> None:
        """A call of ours is over; told again it changes nothing."""
        owed = self._owed.get(self._names.digest(call_sid))
        if owed is not None and owed.live:
            owed.live, owed.since_s = False, now_s
        if not self._take(call_sid, now_s, now_s + SETTLING_S):
            self.missed += 1

    def sweeping(self) -> None:
        """The carrier is asked for its list now: what is deleted from here on may still stand on it."""
        self._gone = set()
        self._missed_before, self._unplaced = self.missed, 0

    def found(self, call_sids: Sequence[PHI[str]], now_s: float) -> None:
        """A part of the list: due at once, but for what is known already or gone since `sweeping`."""
        gone = self._gone or set()
        for call_sid in call_sids:
            if self._names.digest(call_sid) not in gone and not self._take(call_sid, now_s, now_s):
                self._unplaced += 1

    def swept(self) -> None:
        """That was the whole list."""
        self.missed += self._unplaced - self._missed_before
        self._gone = None

    def due(self, now_s: float, most: int) -> list[Owed]:
        """Takes in hand what is to be tried now, the longest due first; `settled` or `failed` must follow for each."""
        taken: list[Owed] = []
        while self._waiting and self._waiting[0][0] <= now_s and len(taken) < most:
            taken.append(heapq.heappop(self._waiting)[2])
        return taken

    def next_s(self) -> float | None:
        """When something is due; None if nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    def settled(self, owed: Owed) -> None:
        """Its record is gone."""
        name = self._names.digest(owed.call_sid)
        self._owed.pop(name, None)
        if self._gone is not None:
            self._gone.add(name)
        self.deleted += 1

    def failed(self, owed: Owed, now_s: float, *, over: bool = False) -> None:
        """Its record is still there, or may be.  over: its call has been seen to be over."""
        if owed.live and not over and now_s - owed.since_s < LONGEST_S:
            self._wait(owed, now_s + WAITS_S[0])  # of a call that goes on nothing is due yet
            return
        owed.live = False
        wait_s = WAITS_S[min(owed.tries, len(WAITS_S) - 1)]
        owed.tries += 1
        self._wait(owed, now_s + wait_s * self._chance.uniform(0.8, 1.0))

    def live(self, owed: Owed, now_s: float) -> None:
        """Its call goes on: it is owed from its end, which is looked for again soon."""
        owed.live, owed.since_s, owed.tries = True, now_s, 0
        self._wait(owed, now_s + LIVE_S * self._chance.uniform(0.8, 1.0))

    def _take(self, call_sid: PHI[str], since_s: float, due_s: float) -> bool:
        """False if there is no place for it."""
        name = self._names.digest(call_sid)
        if name in self._owed:
            return True
        if len(self._owed) >= self._most:
            return False
        owed = self._owed[name] = Owed(call_sid, since_s)
        self._wait(owed, due_s)
        return True

    def _wait(self, owed: Owed, due_s: float) -> None:
        heapq.heappush(self._waiting, (due_s, next(self._order), owed))

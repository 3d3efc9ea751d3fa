"""Which patients are called when, sans-IO: references in, references out; no number is ever known here.

    outreach.listed(refs, now_s)                # the hospital's list, again and again
    for ref in outreach.due(now_s, standing):   # reserved; now her number is asked for
        if outreach.place(ref, now_s, standing):    # checked once more and held as an attempt: dial
            outreach.over(ref, came)            # else, without a number: outreach.release(ref)

An attempt is held before it is dialled, so that whatever breaks in between counts as a call.  What is held of each
patient is one `Kept`, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from policies.attempts import Came, Kept
from policies.outreach import (
    DAY_S,
    WEEK_DAYS,
    CallNow,
    Campaign,
    NotNow,
    NotNowReason,
    Patient,
    Standing,
    Zone,
    may_call,
)


class Outreach:
    """One campaign's calls.  Holds references, zones, and what is kept against each reference."""

    def __init__(self, campaign: Campaign, kept: Iterable[Kept] = (), *, most_at_once: int = 1) -> None:
        """most_at_once: calls at the same time; no more than nurses could take an escalation from."""
        self._campaign: Final = campaign
        self._kept: Final = {each.patient: each for each in kept}
        self._zones: Mapping[str, Zone] = {}
        self._reserved: Final[set[str]] = set()
        self._in_call: Final[set[str]] = set()
        self._numberless: Final[set[str]] = set()
        self._most_at_once: Final = most_at_once

    def kept(self) -> tuple[Kept, ...]:
        """All that would be written."""
        return tuple(self._kept[ref] for ref in sorted(self._kept))

    def held(self, ref: str) -> Kept:
        """All that is held of her."""
        return self._of(ref)

    def listed(self, consented: Mapping[str, Zone], now_s: int) -> None:
        """The hospital's list as it is now: who isn't on it has no consent.  What no rule counts is dropped."""
        self._zones = dict(consented)
        self._numberless.clear()
        oldest = min(self._campaign.first_day, now_s // DAY_S - WEEK_DAYS - 1)
        for ref, kept in list(self._kept.items()):
            counts = any(attempt.day >= oldest for attempt in kept.attempts)
            if not (kept.opted_out or counts or ref in self._zones):
                del self._kept[ref]

    def due(self, now_s: int, standing: Standing) -> tuple[str, ...]:
        """Who is to be called now, reserved until `place` or `release`; those with the fewest attempts first."""
        free = self._most_at_once - len(self._reserved) - len(self._in_call)
        found: list[str] = []
        waiting = self._zones.keys() - self._reserved - self._in_call - self._numberless
        for ref in sorted(waiting, key=lambda ref: (len(self._of(ref).attempts), ref)):
            if len(found) >= free:
                break
            if isinstance(self._may_call(ref, now_s, standing), CallNow):
                found.append(ref)
        self._reserved.update(found)
        return tuple(found)

    def place(self, ref: str, now_s: int, standing: Standing) -> bool:
        """Whether to dial her now.  If so, it is held as an attempt already.  Raises `ValueError` unless reserved."""
        self._unreserve(ref)
        answer = self._may_call(ref, now_s, standing)
        if isinstance(answer, NotNow):
            return False
        self._kept[ref] = self._of(ref).placed(answer.day)
        self._in_call.add(ref)
        return True

    def release(self, ref: str) -> None:
        """No number was told: she isn't asked for before the next list.  Raises `ValueError` unless reserved."""
        self._unreserve(ref)
        self._numberless.add(ref)

    def over(self, ref: str, came: Came) -> None:
        """What came of the call.  Raises `ValueError` where none is going on."""
        if ref not in self._in_call:
            raise ValueError("no call of this reference is going on")
        self._in_call.discard(ref)
        if came is not Came.PLACED:
            self._kept[ref] = self._of(ref).came(came)

    def opt_out(self, ref: str) -> None:
        """She wants no such calls, from this moment on and for ever."""
        self._kept[ref] = self._of(ref).out()

    def untold(self) -> tuple[str, ...]:
        """Whose opt-out the hospital has not taken yet."""
        return tuple(kept.patient for kept in self.kept() if kept.opted_out and not kept.told)

    def told(self, ref: str) -> None:
        """The hospital has taken it."""
        self._kept[ref] = self._of(ref).taken()

    def waiting_for(self, now_s: int, standing: Standing) -> Counter[NotNowReason | None]:
        """How many of the list wait for what; None for those who could be called."""
        answers = (self._may_call(ref, now_s, standing) for ref in self._zones)
        return Counter(answer.reason if isinstance(answer, NotNow) else None for answer in answers)

    def _of(self, ref: str) -> Kept:
        return self._kept.get(ref) or Kept(patient=ref)

    def _may_call(self, ref: str, now_s: int, standing: Standing) -> CallNow | NotNow:
        consented = ref in self._zones
        patient = Patient(self._of(ref), self._zones.get(ref, Zone.UNKNOWN), consented)
        return may_call(now_s, patient, self._campaign, standing)

    def _unreserve(self, ref: str) -> None:
        if ref not in self._reserved:
            raise ValueError("this reference is not reserved")
        self._reserved.discard(ref)

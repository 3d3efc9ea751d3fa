"""Which patients are called when, sans-IO: references in, references out; no number is ever known here.

    outreach.listed(refs, now_s)                # the hospital's list, again and again
    for step in outreach.due(now_s, standing):  # each step is short: others may run in between
        ref, = step                             # reserved; now her number is asked for
        if outreach.place(ref, now_s, standing):    # checked once more and held as an attempt: dial
            outreach.over(ref, came)            # else, without a number: outreach.release(ref)

An attempt is held before it is dialled, so that whatever breaks in between counts as a call.  What is held of each
patient is one `Kept`, and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from policies.attempts import MOST_KEPT, Came, Kept
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
    may_call_now,
)

STEP: Final = 100
"""Patients who are judged before others may run: 1 ms of them, of the 20 ms that a frame of sound takes."""


class Outreach:
    """One campaign's calls.  Holds references, zones, and what is kept against each reference."""

    def __init__(self, campaign: Campaign, kept: Iterable[Kept] = (), *, most_at_once: int = 1) -> None:
        """most_at_once: calls at the same time; no more than nurses could take an escalation from."""
        self._campaign: Final = campaign
        self._kept: Final = {each.patient: each for each in kept}
        self._zones: Mapping[str, Zone] = {}
        self._order: tuple[str, ...] = ()
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
        self._order = tuple(sorted(consented))
        self._numberless.clear()
        oldest = min(self._campaign.first_day, now_s // DAY_S - WEEK_DAYS - 1)
        for ref, kept in list(self._kept.items()):
            if kept.opted_out or ref in self._zones or any(attempt.day >= oldest for attempt in kept.attempts):
                continue
            del self._kept[ref]

    def due(self, now_s: int, standing: Standing) -> Iterator[tuple[str, ...]]:
        """Who is to be called now, reserved until `place` or `release`; those with the fewest attempts first.

        In steps, of which each judges at most `STEP` patients and may find none of them due.  What happens between two
        steps counts from then on.
        """
        if not (standing.agent_live and standing.nurse_free):
            return
        order = self._order
        for tries in range(MOST_KEPT + 1):
            for start in range(0, len(order), STEP):
                if self._free <= 0:
                    return
                yield self._reserve(order[start : start + STEP], tries, now_s, standing)

    @property
    def _free(self) -> int:
        """How many more calls may go on."""
        return self._most_at_once - len(self._reserved) - len(self._in_call)

    def _reserve(self, refs: tuple[str, ...], tries: int, now_s: int, standing: Standing) -> tuple[str, ...]:
        """Those of them who are due and were called so often."""
        found = []
        for ref in refs:
            kept = self._kept.get(ref)
            if self._free <= 0:
                break
            if (0 if kept is None else len(kept.attempts)) != tries:
                continue
            if ref in self._reserved or ref in self._in_call or ref in self._numberless:
                continue
            if isinstance(may_call_now(now_s, self._patient(ref), self._campaign, standing), CallNow):
                self._reserved.add(ref)
                found.append(ref)
        return tuple(found)

    def place(self, ref: str, now_s: int, standing: Standing) -> bool:
        """Whether to dial her now.  If so, it is held as an attempt already.  Raises `ValueError` unless reserved."""
        self._unreserve(ref)
        answer = may_call_now(now_s, self._patient(ref), self._campaign, standing)
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
        return tuple(sorted(ref for ref, kept in self._kept.items() if kept.opted_out and not kept.told))

    def told(self, ref: str) -> None:
        """The hospital has taken it."""
        self._kept[ref] = self._of(ref).taken()

    def waiting_for(self, now_s: int, standing: Standing) -> Counter[NotNowReason | None]:
        """How many of the list wait for what; None for those who could be called."""
        answers = (may_call(now_s, self._patient(ref), self._campaign, standing) for ref in self._zones)
        return Counter(answer.reason if isinstance(answer, NotNow) else None for answer in answers)

    def _of(self, ref: str) -> Kept:
        return self._kept.get(ref) or Kept(patient=ref)

    def _patient(self, ref: str) -> Patient:
        return Patient(self._of(ref), self._zones.get(ref, Zone.UNKNOWN), consented=ref in self._zones)

    def _unreserve(self, ref: str) -> None:
        if ref not in self._reserved:
            raise ValueError("this reference is not reserved")
        self._reserved.discard(ref)

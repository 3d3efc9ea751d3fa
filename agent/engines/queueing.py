"""Whose turn it is at the models: first by urgency, then one request a call in turn.  Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final, Generic, TypeVar, final

from agent.engines.ports import Urgency

J = TypeVar("J")


class QueueFull(Exception):
    """No room, and nothing less urgent to give way."""

    def __init__(self) -> None:
        super().__init__("the models have more to do than they can")


@final
class FairQueue(Generic[J]):
    """Requests that wait.

    A lower `Urgency` value goes first.  Within one urgency calls take turns, each call's requests in their order; a
    call that comes anew stands behind those that wait.  When full, a less urgent request gives way to a more urgent
    one: the newest of the call that asks most.
    """

    def __init__(self, bound: int) -> None:
        if bound < 1:
            raise ValueError("a queue holds at least one")
        self._bound: Final = bound
        self._rings: Final[dict[Urgency, OrderedDict[int, deque[J]]]] = {urgency: OrderedDict() for urgency in Urgency}
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def put(self, job: J, call: int, urgency: Urgency) -> J | None:
        """Let it wait; returns the request that had to give way.  Raises `QueueFull`."""
        gone: J | None = None
        if self._waiting >= self._bound:
            weaker = [other for other in Urgency if other > urgency and self._rings[other]]
            if not weaker:
                raise QueueFull
            ring = self._rings[max(weaker)]
            loser = max(reversed(ring), key=lambda each: len(ring[each]))  # the call that asks most of it
            gone = ring[loser].pop()
            if not ring[loser]:
                del ring[loser]
            self._waiting -= 1
        self._rings[urgency].setdefault(call, deque()).append(job)
        self._waiting += 1
        return gone

    def take(self, least_urgent: Urgency = Urgency.SNAPSHOT) -> J | None:
        """The next one that is at least so urgent; None where there is none."""
        for urgency in Urgency:
            ring = self._rings[urgency]
            if urgency > least_urgent or not ring:
                continue
            call, jobs = ring.popitem(last=False)
            job = jobs.popleft()
            if jobs:
                ring[call] = jobs
            self._waiting -= 1
            return job
        return None

    def remove(self, job: J, call: int, urgency: Urgency) -> bool:
        """Take it out unserved; False if it does not wait."""
        ring = self._rings[urgency]
        jobs = ring.get(call, deque())
        kept = deque(other for other in jobs if other is not job)
        if len(kept) == len(jobs):
            return False
        if kept:
            ring[call] = kept
        else:
            del ring[call]
        self._waiting -= 1
        return True

    def clear(self) -> list[J]:
        """Everything that waited."""
        left = [job for ring in self._rings.values() for jobs in ring.values() for job in jobs]
        for ring in self._rings.values():
            ring.clear()
        self._waiting = 0
        return left

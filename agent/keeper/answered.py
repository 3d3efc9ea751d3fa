"""Which calls a line may leave a record of: those that it said it answered, each once, and in what they could be.

A line that somebody has taken over can still choose among the closed values of a record.  What it can't is make a
record of a call that was not answered, name an agent that is not there or another's engine, choose a ref or a time, or
leave more records than its places could hold calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agent.keeper.pace import Pace
from policies.closed import Reason
from policies.events import CallAnswered, CallEnded, TranscriptPiece
from policies.pieces import is_recent
from policies.records import Engine, Profile, hour_of
from policies.refs import ref_at

CALLS_A_MINUTE: Final = 30  # on each place: every two seconds one that hangs up at once
LONGEST_H: Final = 2  # no call is longer than an hour, and one may begin at the end of an hour
LOST: Final = 64  # numbers follow one another, but for what a full pipe dropped; more choice would be choice of a ref
DAY_S: Final = 86_400


class Answered:
    """What the keeper holds of the calls under way: numbers and agents, no more than the line has places."""

    def __init__(
        self,
        agents: Mapping[str, Engine],
        key: bytes,
        places: int,
        profile: Profile,
        clock: Callable[[], float],
    ) -> None:
        """agents: those that may answer, with their engines.  key: as the line has it, for `policies.refs`.

        places: calls at once.  clock: seconds since 1970.
        """
        self._agents: Final = dict(agents)
        self._key: Final = key
        self._places: Final = places
        self._profile: Final = profile
        self._clock: Final = clock
        self._pace: Final = Pace(places * CALLS_A_MINUTE, clock)
        self._last = 0
        self._live: dict[int, str] = {}

    def begin(self, event: CallAnswered) -> Reason | None:
        """Why it is refused; None if the call is under way from now on."""
        if event.agent not in self._agents or not self._last < event.call <= self._last + LOST:
            return Reason.NO_SUCH_CALL
        self._last = event.call
        if not self._pace.allows():
            return Reason.TOO_MANY
        self._live[event.call] = event.agent
        while len(self._live) > self._places:  # one of which no end was told: it leaves no record
            self._live.pop(next(iter(self._live)))
        return None

    def end(self, event: CallEnded) -> Reason | None:
        """Why it leaves no record; None if it may, which it then may not again."""
        metrics, agent = event.metrics, self._live.pop(event.call, None)
        if agent is None or metrics.agent != agent or metrics.ref != ref_at(self._key, event.call):
            return Reason.NO_SUCH_CALL
        if metrics.profile is not self._profile or metrics.engine is not self._agents[agent]:
            return Reason.NO_SUCH_CALL
        now = hour_of(self._clock())
        return None if now - LONGEST_H <= metrics.hour <= now else Reason.NO_SUCH_CALL

    def is_of_now(self, piece: TranscriptPiece) -> bool:
        """By the keeper's clock: see `policies.pieces.is_recent`."""
        return is_recent(piece.day, int(self._clock() // DAY_S))

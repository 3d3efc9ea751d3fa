"""A nurse was promised to a caller who has hung up: the promise as one table, sans-IO.

Nurses are called round after round (`telephony.transfer`); once one has accepted, the patient's telephone is rung, and
only a key of hers lets her in to that nurse: a voicemail presses none.

    promise = Promise()
    for action in promise.begin(now_ms): ...
    for action in promise.on(Event.TAKEN, now_ms): ...
    for action in promise.at(now_ms): ...                # what time itself brings about

Every event may come twice, late or out of order; each pair of state and event is listed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final


class State(enum.Enum):
    """How far the promise is."""

    PAGING = "paging"
    """Nurses are being called."""
    RESTING = "resting"
    """None took it, or she did not pick up: later again."""
    RINGING = "ringing"
    """A nurse has accepted, and the patient's telephone rings."""
    ASKING = "asking"
    """Somebody, or something, has picked up and hears what this is."""
    MEETING = "meeting"
    """She pressed 1: she is let in to the nurse."""
    KEPT = "kept"
    """They were together."""
    WITHDRAWN = "withdrawn"
    """She needs no nurse any more, or is on the line with us again."""
    UNANSWERED = "unanswered"
    """She did not pick up, each time that a nurse was there for her."""
    BROKEN = "broken"
    """No nurse took it for too long, or the process ends."""


class Event(enum.Enum):
    """What happened."""

    TAKEN = "taken"
    """A nurse has accepted."""
    NOBODY = "nobody"
    """A round is over: every rung was tried."""
    LATER = "later"
    """Others are served first."""
    NURSE_LOST = "nurse_lost"
    """She who had accepted is gone; the others are being called by themselves."""
    PICKED_UP = "picked_up"
    NOT_PLACED = "not_placed"
    """The carrier did not ring her."""
    NO_ANSWER = "no_answer"
    """Her telephone was busy or was not picked up; or that call is over."""
    ONE = "one"
    TWO = "two"
    MET = "met"
    BACK = "back"
    """The nurse left before they met, and she is with the agent again, who calls others."""
    WITHDRAWN = "withdrawn"
    """She has talked with a nurse by another way."""
    ENDS = "ends"
    """The process ends soon: who is about to have a nurse has some seconds left."""
    CUT_OFF = "cut_off"
    """It ends now."""
    LATE = "late"
    """The state's time is up."""
    TOO_LATE = "too_late"
    """And so is the promise's own."""


class Action(enum.Enum):
    """What is to be done, in this order."""

    PAGE = "page"
    """Call nurses, a new round."""
    RING = "ring"
    """Call the patient."""
    ASK = "ask"
    """Say who calls and why, and which keys there are."""
    LET_IN = "let_in"
    """To the nurse."""
    RELEASE = "release"
    """No nurse is needed now: whoever is rung or waits is told so."""
    SAY_LOST = "say_lost"
    """The nurse is gone; then her call ends."""
    SAY_REFUSED = "say_refused"
    """As she wishes; then her call ends."""
    HANG_UP = "hang_up"
    """End the patient's call, whatever it is doing."""


S, E, A = State, Event, Action
OVER: Final = (S.KEPT, S.WITHDRAWN, S.UNANSWERED, S.BROKEN)
OPEN: Final = tuple(state for state in S if state not in OVER)

TABLE: Final[dict[tuple[State, Event], tuple[State, tuple[Action, ...]]]] = {
    (S.PAGING, E.TAKEN): (S.RINGING, (A.RING,)),
    (S.PAGING, E.NOBODY): (S.RESTING, ()),
    (S.PAGING, E.LATER): (S.RESTING, ()),
    (S.RESTING, E.LATE): (S.PAGING, (A.PAGE,)),
    (S.RINGING, E.PICKED_UP): (S.ASKING, (A.ASK,)),
    (S.RINGING, E.NOT_PLACED): (S.RESTING, (A.RELEASE,)),
    (S.RINGING, E.NO_ANSWER): (S.RESTING, (A.RELEASE,)),
    (S.RINGING, E.NURSE_LOST): (S.PAGING, (A.HANG_UP,)),
    (S.RINGING, E.LATE): (S.RESTING, (A.HANG_UP, A.RELEASE)),
    (S.ASKING, E.ONE): (S.MEETING, (A.LET_IN,)),
    (S.ASKING, E.TWO): (S.WITHDRAWN, (A.SAY_REFUSED, A.RELEASE)),
    (S.ASKING, E.NO_ANSWER): (S.RESTING, (A.RELEASE,)),
    (S.ASKING, E.NURSE_LOST): (S.PAGING, (A.SAY_LOST,)),
    (S.ASKING, E.LATE): (S.RESTING, (A.HANG_UP, A.RELEASE)),
    (S.MEETING, E.MET): (S.KEPT, ()),
    (S.MEETING, E.BACK): (S.WITHDRAWN, ()),
    (S.MEETING, E.NO_ANSWER): (S.RESTING, (A.RELEASE,)),
    (S.MEETING, E.NURSE_LOST): (S.PAGING, (A.SAY_LOST,)),
    (S.MEETING, E.LATE): (S.RESTING, (A.HANG_UP, A.RELEASE)),
}
_TALKS: Final = (S.RINGING, S.ASKING, S.MEETING)
for waits in OPEN:
    off = (A.HANG_UP, A.RELEASE) if waits in _TALKS else (A.RELEASE,)
    TABLE[waits, E.WITHDRAWN] = (S.WITHDRAWN, off)
    TABLE[waits, E.ENDS] = (waits, ()) if waits in _TALKS else (S.BROKEN, off)
    TABLE[waits, E.CUT_OFF] = (S.BROKEN, off)
    TABLE[waits, E.TOO_LATE] = (waits, ()) if waits in _TALKS else (S.BROKEN, (A.RELEASE,))
# Every other pair may be brought about by what comes late or twice, and stays put.
TABLE.update({(state, event): (state, ()) for state in S for event in E if (state, event) not in TABLE})


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    ringing_ms: int = 32_000  # five rings, and 7 s of the carrier's own (`telephony.transfer.Times.carrier_ms`)
    asking_ms: int = 34_000  # said twice, 10 s each, with time to find the key; a voicemail presses none
    meeting_ms: int = 8_000
    next_rounds_ms: tuple[int, ...] = (60_000, 180_000, 600_000, 1_200_000)  # who did not take it is asked ever less
    ring_again_ms: int = 300_000
    longest_ms: int = 4 * 3_600_000  # a night's shift has half of it left; she was told to call again after 30 minutes


MOST_RINGS: Final = 3  # of her telephone: for each a nurse is there, and waits
_TIMES: Final = {S.RINGING: "ringing_ms", S.ASKING: "asking_ms", S.MEETING: "meeting_ms"}


@dataclass(slots=True)
class Promise:
    """One patient's.  All `now_ms` are milliseconds of one clock that never runs backwards."""

    times: Times = field(default_factory=Times)
    state: State = State.PAGING
    rings: int = 0
    """How often her telephone was rung for nothing."""
    rounds: int = 0
    """In which no nurse took it."""
    _until_ms: float | None = None
    _ends_ms: float = 0.0

    @property
    def over(self) -> bool:
        return self.state in OVER

    @property
    def due_ms(self) -> float | None:
        """When something is due next; None if nothing is."""
        if self.over:
            return None
        times = [] if self._until_ms is None else [self._until_ms]
        return min([*times, self._ends_ms] if self.state not in _TALKS else times)

    def begin(self, now_ms: float) -> list[Action]:
        self._ends_ms = now_ms + self.times.longest_ms
        return [Action.PAGE]

    def on(self, event: Event, now_ms: float) -> list[Action]:
        return list(self._step(event, now_ms))

    def at(self, now_ms: float) -> list[Action]:
        """What is due by now."""
        actions: list[Action] = []
        if self.state not in _TALKS and self._ends_ms <= now_ms:
            actions += self._step(Event.TOO_LATE, now_ms)
        if self._until_ms is not None and self._until_ms <= now_ms:
            self._until_ms = None
            actions += self._step(Event.LATE, now_ms)
        return actions

    def _step(self, event: Event, now_ms: float) -> Iterator[Action]:
        before = self.state
        self.state, actions = TABLE[before, event]
        if self.state is not before:
            self._moved(event, now_ms)
        yield from actions

    def _moved(self, event: Event, now_ms: float) -> None:
        if self.state is State.RESTING:
            self._rests(event, now_ms)
        elif self.state in _TIMES:
            self._until_ms = now_ms + getattr(self.times, _TIMES[self.state])
        else:
            self._until_ms = None

    def _rests(self, event: Event, now_ms: float) -> None:
        waits_ms = self.times.next_rounds_ms
        if event in (Event.NO_ANSWER, Event.LATE):
            self.rings += 1
            self._until_ms = now_ms + self.times.ring_again_ms
            if self.rings >= MOST_RINGS:
                self.state, self._until_ms = State.UNANSWERED, None
        else:
            self._until_ms = now_ms + waits_ms[min(self.rounds, len(waits_ms) - 1)]
            self.rounds += event is Event.NOBODY

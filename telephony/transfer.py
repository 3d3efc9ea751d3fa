"""Warm transfer, sans-IO: nurses are rung by a ladder, and a patient is put through to the one who accepted.

Two tables: what a nurse's leg does, and what becomes of the patient.  A nurse presses 1 twice, once for the brief and
once for the patient: only that leads into a room, there is no other way in.  The patient stays with the agent until
that nurse is in the room, so whatever breaks before finds her where she was.

    transfer = Transfer(ladder)
    for action in transfer.begin(now_ms): ...
    for action in transfer.nurse(leg, NurseEvent.ONE, now_ms): ...
    for action in transfer.patient(PatientEvent.TOLD, now_ms): ...
    for action in transfer.at(now_ms): ...              # what time itself brings about

Legs are ordinals, nurses their places in the ladder: no number, no name, no word of anybody is known here.  Every
event may come twice, late or out of order: what is over stays over, and each pair of a table's state and event is
listed; one that is not raises.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final


class Rank(enum.Enum):
    """Who is on a rung."""

    UNIT = "unit"
    CHARGE = "charge"
    SUPERVISOR = "supervisor"
    ON_CALL = "on_call"


@dataclass(frozen=True, slots=True)
class Rung:
    """Nurses who are rung at the same time."""

    rank: Rank
    nurses: tuple[int, ...]
    """Places in the list of those who may be rung; at least one."""
    ring_ms: int


Ladder = Sequence[Rung]


class NurseState(enum.Enum):
    """Where a nurse's leg is."""

    PLACING = "placing"
    """The carrier is being asked to ring her."""
    RINGING = "ringing"
    OFFERED = "offered"
    """She, or her voicemail, hears that a patient is waiting."""
    BRIEFED = "briefed"
    """She pressed 1: the patient is hers to take, and she hears why."""
    JOINING = "joining"
    """She pressed 1 again: her stream is closed, and the carrier asks where she goes, into the room."""
    JOINED = "joined"
    PARTING = "parting"
    """She hears why she isn't needed."""
    CALLED_OFF = "called_off"
    """The carrier was asked to end her leg."""
    OVER = "over"


class NurseEvent(enum.Enum):
    """What happened on a nurse's leg."""

    PLACED = "placed"
    """The carrier took the order."""
    UNKNOWN = "unknown"
    """The carrier did not say whether it took the order: she may be rung."""
    REFUSED = "refused"
    """The carrier did not, or the call failed."""
    RINGS = "rings"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    OPENED = "opened"
    """Her stream is open: somebody, or something, answered."""
    HEARD = "heard"
    """All that was being said to her has been played."""
    ONE = "one"
    TWO = "two"
    NINE = "nine"
    OTHER_KEY = "other_key"
    LOST = "lost"
    """Her stream is over, and not by us."""
    ENDED = "ended"
    """Her call is over."""
    ENTERED = "entered"
    """She is in the room."""
    LEFT = "left"
    """She has left it."""
    LATE = "late"
    """The state's time is up."""
    TAKEN = "taken"
    """Another nurse has pressed 1."""
    GONE = "gone"
    """The patient has left, or wants nobody any more."""


class Outcome(enum.Enum):
    """What came of ringing a nurse; closed, counted."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    """Something answered and pressed nothing."""
    HUNG_UP = "hung_up"
    """She answered, and left before she had accepted."""
    CARRIER_ERROR = "carrier_error"
    PATIENT_LEFT = "patient_left"
    TAKEN = "taken"
    """Another nurse was sooner."""


class NurseAction(enum.Enum):
    """What is to be done with a nurse's leg."""

    PLACE = "place"
    SAY_OFFER = "say_offer"
    SAY_BRIEF = "say_brief"
    SAY_KEYS = "say_keys"
    """Which keys there are."""
    SAY_TAKEN = "say_taken"
    SAY_THANKS = "say_thanks"
    SAY_PATIENT_LEFT = "say_patient_left"
    JOIN = "join"
    """Close her stream; into the room."""
    HANG_UP = "hang_up"
    """End her call, whatever it is doing."""


N, E, A = NurseState, NurseEvent, NurseAction
Step = tuple[NurseState, tuple[NurseAction, ...], Outcome | None]
OFF: Final = (A.HANG_UP,)

NURSE: Final[dict[tuple[NurseState, NurseEvent], Step]] = {
    (N.OFFERED, E.ONE): (N.BRIEFED, (A.SAY_BRIEF,), None),
    (N.OFFERED, E.TWO): (N.PARTING, (A.SAY_THANKS,), Outcome.DECLINED),
    (N.OFFERED, E.NINE): (N.OFFERED, (A.SAY_OFFER,), None),
    (N.OFFERED, E.OTHER_KEY): (N.OFFERED, (A.SAY_OFFER,), None),
    (N.OFFERED, E.LATE): (N.CALLED_OFF, OFF, Outcome.VOICEMAIL),
    (N.OFFERED, E.TAKEN): (N.PARTING, (A.SAY_TAKEN,), Outcome.TAKEN),
    (N.BRIEFED, E.ONE): (N.JOINING, (A.JOIN,), Outcome.ACCEPTED),
    (N.BRIEFED, E.TWO): (N.PARTING, (A.SAY_THANKS,), Outcome.DECLINED),
    (N.BRIEFED, E.NINE): (N.BRIEFED, (A.SAY_BRIEF,), None),
    (N.BRIEFED, E.OTHER_KEY): (N.BRIEFED, (A.SAY_KEYS,), None),
    (N.BRIEFED, E.LATE): (N.CALLED_OFF, OFF, Outcome.DECLINED),
    (N.JOINING, E.ENTERED): (N.JOINED, (), None),
    (N.JOINING, E.LATE): (N.CALLED_OFF, OFF, Outcome.CARRIER_ERROR),
    (N.JOINING, E.LEFT): (N.OVER, (), Outcome.HUNG_UP),
    (N.JOINING, E.ENDED): (N.OVER, (), Outcome.HUNG_UP),
    (N.JOINING, E.REFUSED): (N.OVER, (), Outcome.CARRIER_ERROR),
    (N.JOINING, E.GONE): (N.CALLED_OFF, OFF, Outcome.PATIENT_LEFT),
    (N.JOINED, E.LEFT): (N.OVER, (), None),
    (N.JOINED, E.ENDED): (N.OVER, (), None),
    (N.JOINED, E.GONE): (N.CALLED_OFF, OFF, None),
    (N.PARTING, E.HEARD): (N.CALLED_OFF, OFF, None),
    (N.PARTING, E.LATE): (N.CALLED_OFF, OFF, None),
    (N.CALLED_OFF, E.LATE): (N.OVER, OFF, None),  # asked once more, and no longer waited for
    (N.CALLED_OFF, E.OPENED): (N.CALLED_OFF, OFF, None),
    (N.OVER, E.OPENED): (N.OVER, OFF, None),  # she was given up as not rung, and picks up
}
for before in (N.PLACING, N.RINGING):
    NURSE.update(
        {
            (before, E.PLACED): (N.RINGING, (), None),
            (before, E.UNKNOWN): (N.RINGING, (), None),
            (before, E.RINGS): (N.RINGING, (), None),
            (before, E.REFUSED): (N.OVER, (), Outcome.CARRIER_ERROR),
            (before, E.BUSY): (N.OVER, (), Outcome.BUSY),
            (before, E.NO_ANSWER): (N.OVER, (), Outcome.NO_ANSWER),
            (before, E.ENDED): (N.OVER, (), Outcome.CARRIER_ERROR),
            (before, E.OPENED): (N.OFFERED, (A.SAY_OFFER,), None),
            (before, E.LATE): (N.CALLED_OFF, OFF, Outcome.NO_ANSWER),
            (before, E.TAKEN): (N.CALLED_OFF, OFF, Outcome.TAKEN),
            (before, E.GONE): (N.CALLED_OFF, OFF, Outcome.PATIENT_LEFT),
        }
    )
for heard in (N.OFFERED, N.BRIEFED):
    NURSE.update(
        {
            (heard, E.LOST): (N.CALLED_OFF, OFF, Outcome.HUNG_UP),
            (heard, E.ENDED): (N.OVER, (), Outcome.HUNG_UP),
            (heard, E.REFUSED): (N.OVER, (), Outcome.CARRIER_ERROR),
            (heard, E.GONE): (N.PARTING, (A.SAY_PATIENT_LEFT,), Outcome.PATIENT_LEFT),
        }
    )
for ending in (N.PARTING, N.CALLED_OFF):
    NURSE.update({(ending, end): (N.OVER, (), None) for end in (E.ENDED, E.REFUSED, E.BUSY, E.NO_ANSWER)})
    NURSE[ending, E.LOST] = (N.CALLED_OFF, OFF if ending is N.PARTING else (), None)
# Every other pair may be brought about by a callback that comes late or twice, and stays put.
NURSE.update({(state, event): (state, (), None) for state in N for event in E if (state, event) not in NURSE})


class Phase(enum.Enum):
    """What becomes of the patient."""

    FETCHING = "fetching"
    TAKEN = "taken"
    """A nurse hears the brief."""
    COMING = "coming"
    """She has accepted and is on her way into the room; the patient is being told."""
    JOINING = "joining"
    """The nurse is in the room, and the patient on her way into it."""
    TOGETHER = "together"
    NOBODY = "nobody"
    """All rungs have been tried."""
    STOPPED = "stopped"
    """The patient wants no nurse any more, and stays with the agent."""
    LEFT = "left"
    """The patient has hung up."""
    DROPPED = "dropped"
    """The nurse has left the room and the patient has not."""


class PatientEvent(enum.Enum):
    """What happened on the patient's side."""

    TOLD = "told"
    """She has heard who is coming on, to the end."""
    STOPS = "stops"
    GONE = "gone"
    """Her call is over."""
    ENTERED = "entered"
    """She is in the room."""
    BACK = "back"
    """The room is over for her, and her call is not."""


class PatientAction(enum.Enum):
    """What is to be done for the patient."""

    TELL_TRYING = "tell_trying"
    """Others are being rung."""
    TELL_FOUND = "tell_found"
    """A nurse hears the brief."""
    TELL_COMING = "tell_coming"
    TELL_LOST = "tell_lost"
    """She who had picked up is gone again; others are being rung."""
    JOIN = "join"
    """Close her stream; into the room, where the nurse is."""
    BRING_BACK = "bring_back"
    """Out of a room in which nobody is: to the agent."""
    TELL_NOBODY = "tell_nobody"


@dataclass(frozen=True, slots=True)
class ForNurse:
    """Do this with that leg."""

    action: NurseAction
    leg: int
    nurse: int


@dataclass(frozen=True, slots=True)
class ForPatient:
    """Do this for the patient."""

    action: PatientAction


Action = ForNurse | ForPatient


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds; each state of a leg has its end."""

    carrier_ms: int = 7_000  # Twilio rings up to 5 s longer than told ("Timeout" of a call), and takes orders in 2
    offer_ms: int = 20_000  # telephony dossier, 1.4: answered without a key for so long is a voicemail
    brief_ms: int = 45_000  # a brief of 20 s, and time to decide
    join_ms: int = 6_000  # closing a stream and asking where the call goes takes the carrier about 1 s
    parting_ms: int = 8_000
    off_ms: int = 8_000
    told_ms: int = 20_000  # the longest words of a hand-off are heard out first, 13 s; "Connecting you now" takes 1 s
    together_ms: int = 3_600_000  # as long as a nurse's call may last
    alone_ms: int = 3_000  # a room that ends asks at once where the patient goes


LATEST: Final[dict[NurseState, str]] = {
    N.OFFERED: "offer_ms",
    N.BRIEFED: "brief_ms",
    N.JOINING: "join_ms",
    N.PARTING: "parting_ms",
    N.CALLED_OFF: "off_ms",
}
WAITS: Final = (N.PLACING, N.RINGING)
RUNG: Final = (*WAITS, N.OFFERED)


class UnlistedEvent(RuntimeError):
    """No leg has this ordinal: a bug of ours, never of the carrier."""


@dataclass(slots=True)
class _NurseLeg:
    nurse: int
    rung: int
    state: NurseState
    until_ms: float
    outcome: Outcome | None = None


@dataclass(slots=True)
class Transfer:
    """One patient's.  All `now_ms` are milliseconds of one clock that never runs backwards."""

    ladder: Ladder
    times: Times = field(default_factory=Times)
    phase: Phase = Phase.FETCHING
    holder: int | None = None
    """The leg of the nurse who has the patient."""
    _legs: list[_NurseLeg] = field(default_factory=list)
    _rung: int = -1
    _rung_until_ms: float = 0.0
    _phase_until_ms: float | None = None
    _told: bool = False

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Of each leg that has one, in their order."""
        return tuple(leg.outcome for leg in self._legs if leg.outcome is not None)

    @property
    def over(self) -> bool:
        """Nothing can happen any more: every leg is over, and so is the phase, with what was to follow it."""
        done = self.phase in (Phase.NOBODY, Phase.STOPPED, Phase.LEFT, Phase.DROPPED)
        return done and self._phase_until_ms is None and all(leg.state is N.OVER for leg in self._legs)

    def state(self, leg: int) -> NurseState:
        return self._leg(leg).state

    def begin(self, now_ms: float) -> list[Action]:
        """Ring the first rung."""
        return list(self._next_rung(now_ms))

    def nurse(self, leg: int, event: NurseEvent, now_ms: float) -> list[Action]:
        """An event of a nurse's leg.  Raises `UnlistedEvent`."""
        self._leg(leg)
        return list(self._step(leg, event, now_ms))

    def patient(self, event: PatientEvent, now_ms: float) -> list[Action]:
        return list(self._of_patient(event, now_ms))

    def at(self, now_ms: float) -> list[Action]:
        """What is due by now."""
        return list(self._due(now_ms))

    @property
    def due_ms(self) -> float | None:
        """When something is due next; None if nothing is."""
        times = [leg.until_ms for leg in self._legs if leg.state in LATEST or leg.state in WAITS]
        if self.phase is Phase.FETCHING:
            times.append(self._rung_until_ms)
        if self._phase_until_ms is not None:
            times.append(self._phase_until_ms)
        return min(times, default=None)

    # -- legs ----------------------------------------------------------------------------------------------------------

    def _leg(self, leg: int) -> _NurseLeg:
        if not 0 <= leg < len(self._legs):
            raise UnlistedEvent("no leg of this transfer has that ordinal")
        return self._legs[leg]

    def _step(self, number: int, event: NurseEvent, now_ms: float) -> Iterator[Action]:
        leg = self._legs[number]
        before = leg.state
        leg.state, actions, outcome = NURSE[before, event]
        if leg.outcome is None or (outcome is not None and leg.outcome is Outcome.ACCEPTED):
            leg.outcome = outcome if outcome is not None else leg.outcome
        anew = leg.state is not before or A.SAY_BRIEF in actions or A.SAY_OFFER in actions
        if anew and leg.state in LATEST:
            leg.until_ms = now_ms + getattr(self.times, LATEST[leg.state])
        yield from (ForNurse(action, number, leg.nurse) for action in actions)
        if leg.state is not before:
            yield from self._moved(number, before, leg.state, now_ms)

    def _moved(self, number: int, before: NurseState, after: NurseState, now_ms: float) -> Iterator[Action]:
        if after is N.BRIEFED:
            self.phase, self.holder = Phase.TAKEN, number
            for other, leg in enumerate(self._legs):
                if other != number and leg.state in RUNG:
                    yield from self._step(other, E.TAKEN, now_ms)
            yield ForPatient(PatientAction.TELL_FOUND)
        elif after is N.JOINING:
            self.phase, self._told, self._phase_until_ms = Phase.COMING, False, now_ms + self.times.told_ms
            yield ForPatient(PatientAction.TELL_COMING)
        elif after is N.JOINED:
            yield from self._put_through(now_ms)
        elif number == self.holder and after in (N.PARTING, N.CALLED_OFF, N.OVER):
            yield from self._holder_lost(now_ms)
        elif self.phase is Phase.FETCHING and before in RUNG and self._rung_is_over():
            yield from self._next_rung(now_ms)

    def _put_through(self, now_ms: float) -> Iterator[Action]:
        """When the patient knows and the nurse is in the room."""
        held = self.holder is not None and self._legs[self.holder].state is N.JOINED
        if self.phase is Phase.COMING and self._told and held:
            self.phase, self._phase_until_ms = Phase.JOINING, now_ms + self.times.join_ms
            yield ForPatient(PatientAction.JOIN)

    def _holder_lost(self, now_ms: float) -> Iterator[Action]:
        """She who had the patient is gone: whoever was sent away for her is rung again, then the next rung."""
        self.holder = None
        if self.phase in (Phase.TAKEN, Phase.COMING):
            self.phase, self._phase_until_ms = Phase.FETCHING, None
            yield from self._again(now_ms)
        elif self.phase in (Phase.JOINING, Phase.TOGETHER):
            self.phase, self._phase_until_ms = Phase.DROPPED, now_ms + self.times.alone_ms

    # -- the ladder ----------------------------------------------------------------------------------------------------

    def _rung_is_over(self) -> bool:
        return all(leg.state not in RUNG for leg in self._legs if leg.rung == self._rung)

    def _again(self, now_ms: float) -> Iterator[Action]:
        sent_away = tuple(leg.nurse for leg in self._legs if leg.rung == self._rung and leg.outcome is Outcome.TAKEN)
        refused = {leg.nurse for leg in self._legs if leg.outcome not in (None, Outcome.TAKEN)}
        nurses = tuple(nurse for nurse in dict.fromkeys(sent_away) if nurse not in refused)
        yield ForPatient(PatientAction.TELL_LOST)
        if nurses:
            self._legs_over(self._rung)
            yield from self._ring(nurses, self.ladder[self._rung].ring_ms, now_ms)
        else:
            yield from self._next_rung(now_ms, told=True)

    def _legs_over(self, rung: int) -> None:
        """Their places are rung anew: what they were sent away for no longer counts."""
        for leg in self._legs:
            if leg.rung == rung and leg.outcome is Outcome.TAKEN:
                leg.rung = -1

    def _next_rung(self, now_ms: float, *, told: bool = False) -> Iterator[Action]:
        """told: the patient knows already that others are rung."""
        if self._rung + 1 < len(self.ladder):
            self._rung += 1
            if self._rung and not told:
                yield ForPatient(PatientAction.TELL_TRYING)
            rung = self.ladder[self._rung]
            yield from self._ring(rung.nurses, rung.ring_ms, now_ms)
        elif all(leg.state not in RUNG for leg in self._legs):
            self.phase = Phase.NOBODY
            yield ForPatient(PatientAction.TELL_NOBODY)
        else:
            self._rung_until_ms = float("inf")  # somebody who answered late still hears the offer

    def _ring(self, nurses: Sequence[int], ring_ms: int, now_ms: float) -> Iterator[Action]:
        until_ms = now_ms + ring_ms + self.times.carrier_ms
        self._rung_until_ms = until_ms
        for nurse in nurses:
            self._legs.append(_NurseLeg(nurse, self._rung, N.PLACING, until_ms))
            yield ForNurse(A.PLACE, len(self._legs) - 1, nurse)

    # -- the patient ---------------------------------------------------------------------------------------------------

    def _of_patient(self, event: PatientEvent, now_ms: float) -> Iterator[Action]:
        before = self.phase
        self.phase = PHASE[before, event]
        if event is PatientEvent.TOLD and before is Phase.COMING:
            self._told, self._phase_until_ms = True, None
            yield from self._put_through(now_ms)
        if event is PatientEvent.BACK and before is Phase.DROPPED:
            self._phase_until_ms = None  # she came by herself
        if self.phase is before or self.phase is Phase.JOINING:
            return
        self._phase_until_ms = now_ms + self.times.together_ms if self.phase is Phase.TOGETHER else None
        if event in (PatientEvent.GONE, PatientEvent.STOPS, PatientEvent.BACK):
            self.holder = None
            for number in range(len(self._legs)):
                yield from self._step(number, E.GONE, now_ms)

    def _due(self, now_ms: float) -> Iterator[Action]:
        for number, leg in enumerate(self._legs):
            if (leg.state in LATEST or leg.state in WAITS) and leg.until_ms <= now_ms:
                yield from self._step(number, E.LATE, now_ms)
        if self._phase_until_ms is not None and self._phase_until_ms <= now_ms:
            self._phase_until_ms = None
            yield from self._phase_is_late(now_ms)
        if self.phase is Phase.FETCHING and self._rung_until_ms <= now_ms:
            yield from self._next_rung(now_ms)

    def _phase_is_late(self, now_ms: float) -> Iterator[Action]:
        match self.phase:
            case Phase.COMING:  # the mark is late; she was told, and a nurse who has accepted waits for nobody
                yield from self._of_patient(PatientEvent.TOLD, now_ms)
            case (
                Phase.JOINING | Phase.TOGETHER
            ):  # she never arrived: the carrier's fail-safe has her; or nobody told us
                yield from self._of_patient(PatientEvent.GONE, now_ms)
            case Phase.DROPPED:
                yield ForPatient(PatientAction.BRING_BACK)
            case _:
                pass


P, F = PatientEvent, Phase
PHASE: Final[dict[tuple[Phase, PatientEvent], Phase]] = {
    (F.JOINING, P.ENTERED): F.TOGETHER,
    (F.JOINING, P.BACK): F.DROPPED,
    (F.TOGETHER, P.BACK): F.DROPPED,
    **{(phase, P.STOPS): F.STOPPED for phase in (F.FETCHING, F.TAKEN, F.COMING)},
    **{(phase, P.GONE): F.LEFT for phase in F if phase is not F.LEFT},
}
PHASE.update({(phase, event): phase for phase in F for event in P if (phase, event) not in PHASE})

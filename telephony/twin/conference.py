"""Several telephones that hear each other: mixing, and the conferences that are made of it.

Each hears the sum of all others, frame by frame, and never herself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from telephony.audio import Int16
from telephony.twin.mouth import FULL_SCALE, NOTHING
from telephony.twin.segments import MUSIC, Tone
from telephony.twin.stream_side import fresh_sid
from telephony.twin.twiml_reader import Beep, DialConference

BEEP_FRAMES: Final = 15  # 300 ms, about as long as the beep of a conference
_BEEP: Final = Tone(620, -20.0)


def mixed(sounds: list[Int16]) -> Int16:
    """The sum of frames, clipped at full scale."""
    audible = [sound for sound in sounds if sound is not NOTHING]
    if not audible:
        return NOTHING
    if len(audible) == 1:
        return audible[0]
    total = np.sum(audible, axis=0, dtype=np.int32)
    return np.clip(total, -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)


class Sound(Protocol):
    """What a telephone hears that waits."""

    def take(self, start: int) -> Int16:
        """The 20 ms from sample `start` of the exchange's clock."""
        ...


class Table:
    """Where several telephones sit together."""

    def __init__(self) -> None:
        self.seats: list[Seat] = []
        self.open = True
        """They hear each other; before that each hears what waiting sounds like."""

    def join(self, waits_with: Sound | None = None) -> Seat:
        """One more.  waits_with: what is heard while the table is not open; None: silence."""
        seat = Seat(self, waits_with)
        self.seats.append(seat)
        return seat

    def leave(self, seat: Seat) -> None:
        if seat in self.seats:
            self.seats.remove(seat)
        seat.over.set()


class Seat:
    """One participant's place: a `segments.Connection`."""

    def __init__(self, table: Table, waits_with: Sound | None) -> None:
        self._table = table
        self.waits_with = waits_with
        """What its telephone hears while the table is not open; None: silence."""
        self._beep_left = 0
        self.sound: Int16 = NOTHING
        """What its telephone said in this frame."""
        self.over = asyncio.Event()
        """It is no longer at the table."""

    def give(self, sound: Int16) -> None:
        self.sound = sound

    def take(self, start: int) -> Int16:
        if not self._table.open:
            return NOTHING if self.waits_with is None else self.waits_with.take(start)
        sounds = [seat.sound for seat in self._table.seats if seat is not self]
        if self._beep_left:
            self._beep_left -= 1
            sounds.append(_BEEP.take(start))
        return mixed(sounds)

    def beep(self) -> None:
        """Its telephone hears a beep."""
        self._beep_left = BEEP_FRAMES

    def press(self, digit: str) -> None:
        """Keys do nothing in a conference."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One participant's time in a conference.  Times are seconds of the loop's clock."""

    call_sid: str
    label: str
    """Empty where it has none."""
    from_s: float
    until_s: float | None = None
    """None while it lasts."""


@dataclass(frozen=True, slots=True)
class ConferenceRecord:
    """What the carrier keeps of a conference.  Times are seconds of the loop's clock."""

    sid: str
    name: str
    status: str
    """init, in-progress or completed."""
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    recorded: bool = False
    """Somebody joined with recording on."""
    call_sids: tuple[str, ...] = ()
    """Of all who were in it, in the order in which they came."""
    labels: tuple[str, ...] = ()
    """Their labels; empty where one has none."""
    stays: tuple[Stay, ...] = ()
    """In the order in which they came."""


@dataclass(frozen=True, slots=True)
class ConferenceEvent:
    """What a status callback tells.  call_sid, verb: of the participant who joins, leaves, starts or ends it."""

    kind: str
    """start, end, join or leave."""
    call_sid: str
    verb: DialConference


Tell = Callable[[ConferenceRecord, ConferenceEvent, DialConference], None]
"""record, event, and the verb of the participant who asked for callbacks first."""


@dataclass(slots=True, eq=False)
class Participant:
    """One call in a conference."""

    call_sid: str
    verb: DialConference
    seat: Seat


@dataclass(slots=True)
class Conference:
    """A conference from its first participant to its end."""

    record: ConferenceRecord
    tell: Tell
    clock_s: Callable[[], float]
    table: Table = field(default_factory=Table)
    participants: list[Participant] = field(default_factory=list)
    _told_to: DialConference | None = None

    def __post_init__(self) -> None:
        self.table.open = False

    @property
    def is_over(self) -> bool:
        return self.record.ended_at is not None

    @property
    def has_begun(self) -> bool:
        return self.record.started_at is not None

    def join(self, call_sid: str, verb: DialConference) -> Participant:
        """A call comes in; its seat's `over` is set when it must leave."""
        participant = Participant(call_sid, verb, self.table.join(MUSIC if verb.wait_url is None else None))
        self.participants.append(participant)
        if self._told_to is None and verb.status_callback is not None:
            self._told_to = verb
        before = self.record
        self.record = replace(
            before,
            recorded=before.recorded or verb.recorded,
            call_sids=(*before.call_sids, call_sid),
            labels=(*before.labels, verb.label or ""),
            stays=(*before.stays, Stay(call_sid, verb.label or "", self.clock_s())),
        )
        begins = len(self.participants) > 1 and any(each.verb.start_on_enter for each in self.participants)
        if begins and not self.table.open:  # Twilio, <Conference>: it "will not start until at least two" are in it
            self.table.open = True
            self.record = replace(self.record, status="in-progress", started_at=self.clock_s())
            self._report("start", participant)
        self._report("join", participant)
        if verb.beep in (Beep.BOTH, Beep.ENTER):
            self._beep()
        return participant

    def leave(self, participant: Participant) -> None:
        """A call goes, by itself or because the conference ended.  A second time: nothing."""
        if participant not in self.participants:
            return
        self._goes(participant)
        if participant.verb.beep in (Beep.BOTH, Beep.EXIT):
            self._beep()
        if participant.verb.end_on_exit or not self.participants:
            self._end(participant)

    def _end(self, last: Participant) -> None:
        if self.is_over:
            return
        self.record = replace(self.record, status="completed", ended_at=self.clock_s())
        for participant in list(self.participants):
            self._goes(participant)
        self._report("end", last)

    def _goes(self, participant: Participant) -> None:
        self.participants.remove(participant)
        self.table.leave(participant.seat)
        ended = [
            replace(stay, until_s=self.clock_s())
            if stay.call_sid == participant.call_sid and stay.until_s is None
            else stay
            for stay in self.record.stays
        ]
        self.record = replace(self.record, stays=tuple(ended))
        self._report("leave", participant)

    def _beep(self) -> None:
        for participant in self.participants:
            participant.seat.beep()

    def _report(self, kind: str, participant: Participant) -> None:
        if self._told_to is not None and kind in self._told_to.status_events:
            self.tell(self.record, ConferenceEvent(kind, participant.call_sid, participant.verb), self._told_to)


class Rooms:
    """All conferences of an exchange, by name while they last."""

    def __init__(self, tell: Tell, clock_s: Callable[[], float]) -> None:
        self._tell = tell
        self._clock_s = clock_s
        self._all: list[Conference] = []

    def join(self, call_sid: str, verb: DialConference) -> tuple[Conference, Participant]:
        """The live conference of that name, or a new one."""
        conference = next((c for c in self._all if c.record.name == verb.name and not c.is_over), None)
        if conference is None:
            record = ConferenceRecord(fresh_sid("CF"), verb.name, "init", self._clock_s())
            conference = Conference(record, self._tell, self._clock_s)
            self._all.append(conference)
        return conference, conference.join(call_sid, verb)

    def records(self) -> tuple[ConferenceRecord, ...]:
        """Of all conferences, ended ones too."""
        return tuple(conference.record for conference in self._all)

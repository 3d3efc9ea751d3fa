"""The moments of a transfer in which a process of the line dies, and who is on the telephone in each."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from telephony.audio import FRAME_SAMPLES
from telephony.twin.personas import NEVER_ANSWERS, answers, tone
from telephony.twin.telephones import Persona, Phone, Pickup, Telephone
from tests.exchanges import strengths

ORIGIN: Final = "https://line.example.org"
QUIET_MS: Final = 200
ANSWERS_S: Final = 0.2
PICKS_UP_S: Final = 1.0  # after the death, where it rings in it
AGENT_HZ: Final = 500.0
PATIENT_HZ: Final = 800.0
NURSE_HZ: Final = 900.0
LINE_HZ: Final = 1_000.0
LOUD_DBFS: Final = -30.0
DIED: Final = "died"
TALKS_S: Final = 0.5
UNHURRIED: Final = 0.7
"""The speaking rate of an agent that takes its time to say that she is being connected."""


class Moment(enum.Enum):
    """Of a transfer; the process dies in it.  The value names the agent that has it."""

    FIRST_WORDS = "first-words"
    """She is told that a nurse is fetched; no telephone rings yet."""
    RINGING = "ringing"
    """The nurse picks up afterwards."""
    UNANSWERED = "unanswered"
    """It rings, and the nurse never picks up."""
    OFFER = "offer"
    """The nurse hears that a patient is waiting."""
    BRIEF = "brief"
    """The nurse hears why."""
    ACCEPTED = "accepted"
    """The nurse has pressed 1 again, and the carrier asks where she goes."""
    COMING = "coming"
    """The nurse is in the room, and the patient is being told."""
    JOINING = "joining"
    """The nurse is in the room, and the carrier asks where the patient goes."""
    NURSE_LEAVES = "nurse-leaves"
    """Both are in the room; later the nurse hangs up first."""
    PATIENT_LEAVES = "patient-leaves"
    """Both are in the room; later the patient hangs up first."""
    DROPPED = "dropped"
    """The nurse has left, and the carrier asks where the patient goes."""
    BACK = "back"
    """She is with the agent again."""
    NOBODY = "nobody"
    """Nobody came, and the carrier rings the nurse line."""


IN_ROOM: Final = (Moment.NURSE_LEAVES, Moment.PATIENT_LEAVES)
"""Patient and nurse have each other when it dies."""
ALONE: Final = (Moment.COMING, Moment.JOINING)
"""The nurse is in the room without the patient."""
AT_LEISURE: Final = (*IN_ROOM, Moment.BACK, Moment.NOBODY, Moment.OFFER, Moment.BRIEF)
"""These last; whoever is in another moment comes when these are there."""
ACCEPTS: Final = (Moment.ACCEPTED, Moment.COMING, Moment.JOINING, *IN_ROOM, Moment.DROPPED, Moment.BACK)
"""The nurse presses 1 twice before it."""


@dataclass(slots=True, eq=False)
class Heard:
    """What one telephone got.  Times are seconds since the process died; what was before is not in it."""

    said: list[tuple[float, str]] = field(default_factory=list)
    """What the carrier read out, and when it began to."""
    rang_s: float | None = None
    """0 where it rang before."""
    answered_s: float | None = None
    over_s: float | None = None
    """When its call ended, by whomever; None: it went on, or there was none."""


@dataclass(frozen=True, slots=True)
class PicksUpLate:
    """`Bell` of a telephone that rings until the process is dead, and is picked up then."""

    died: asyncio.Event

    async def ring(self, rings: Callable[[], None]) -> Pickup:
        """See `Bell`."""
        rings()
        await self.died.wait()
        await asyncio.sleep(PICKS_UP_S)
        return Pickup.ANSWERS


@dataclass(slots=True, eq=False)
class Ward:
    """Everybody who is there for one moment."""

    moment: Moment
    place: int
    there: asyncio.Event = field(default_factory=asyncio.Event)
    """The moment has come."""
    died: asyncio.Event = field(default_factory=asyncio.Event)
    patient_leaves: asyncio.Event = field(default_factory=asyncio.Event)
    nurse_leaves: asyncio.Event = field(default_factory=asyncio.Event)
    heard: Heard = field(default_factory=Heard)
    """By the patient."""
    by_nurse: Heard = field(default_factory=Heard)
    by_line: Heard = field(default_factory=Heard)
    """By the nurse line."""
    patient: Telephone = field(init=False)
    nurse: Telephone = field(init=False)
    nurse_line: Telephone = field(init=False)

    def __post_init__(self) -> None:
        self.patient = Telephone(f"+12025554{self.place:03}", answers())
        bell = PicksUpLate(self.died) if self.moment is Moment.RINGING else None
        self.nurse = Telephone(f"+12025552{self.place:03}", self._nurse(), bell=bell)
        self.nurse_line = Telephone(f"+12025553{self.place:03}", answers(self._line_life, ANSWERS_S))

    @property
    def ours(self) -> str:
        """The number that the patient calls."""
        return f"+12025551{self.place:03}"

    @property
    def rate(self) -> float:
        return UNHURRIED if self.moment is Moment.COMING else 1.0

    async def patient_life(self, phone: Phone) -> None:
        """She asks for a person by key, and stays until she is told to leave."""
        await phone.hears_something()
        await phone.quiet(QUIET_MS)
        await phone.press("0")
        await phone.hears_something()
        if self.moment is Moment.FIRST_WORDS:
            self.there.set()
        if self.moment is Moment.BACK:
            while not self.nurse_leaves.is_set():
                await phone.tick()
            await phone.pass_ms(QUIET_MS)
            await phone.hears_something()
            self.there.set()
        await _stays(phone, self.patient_leaves, PATIENT_HZ if self.moment in IN_ROOM else None, self.died)

    def patient_heard_nurse(self) -> bool:
        """After the death."""
        return _heard(self.patient.calls[0], NURSE_HZ)

    def nurse_heard_patient(self) -> bool:
        """Likewise."""
        return _heard(self.nurse.calls[0], PATIENT_HZ)

    def patient_heard_agent(self) -> bool:
        """Likewise."""
        phone = self.patient.calls[0]
        return _heard(phone, AGENT_HZ, phone.moments[DIED])

    def _nurse(self) -> Persona:
        match self.moment:
            case Moment.UNANSWERED:
                return NEVER_ANSWERS
            case Moment.NOBODY:
                return Persona(pickup=Pickup.BUSY)
            case _:
                return answers(self._nurse_life, ANSWERS_S)

    async def _nurse_life(self, phone: Phone) -> None:
        presses = 2 if self.moment in ACCEPTS else 1 if self.moment is Moment.BRIEF else 0
        for _ in range(presses):
            await phone.hears_something()
            await phone.quiet(QUIET_MS)
            await phone.press("1")
        if self.moment in (Moment.OFFER, Moment.BRIEF):
            await phone.hears_something()
            self.there.set()
        await _stays(phone, self.nurse_leaves, NURSE_HZ if self.moment in IN_ROOM else None, self.died)

    async def _line_life(self, phone: Phone) -> None:
        await phone.say(tone(LINE_HZ, TALKS_S))
        await phone.until_over()


def _heard(phone: Phone, hz: float, since: int = 0) -> bool:
    """Was a steady tone of this pitch in its ear?"""
    pcm = phone.heard(since, phone.now())
    return any(
        strengths(pcm[at : at + FRAME_SAMPLES * 10], hz)[0] > LOUD_DBFS
        for at in range(0, len(pcm) - FRAME_SAMPLES * 10, FRAME_SAMPLES * 5)
    )


async def _stays(phone: Phone, until: asyncio.Event, hz: float | None, speaks: asyncio.Event) -> None:
    """On the line until she is told to leave; hz: what she says again and again once `speaks` is set."""
    while not until.is_set():
        if hz is not None and speaks.is_set():
            await phone.say(tone(hz, TALKS_S))
        await phone.tick()

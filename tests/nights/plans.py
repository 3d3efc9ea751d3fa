"""What one night is made of, drawn from a seed.  Pure."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass, replace
from typing import Final

from telephony.transfer import Rank, Rung
from telephony.twin.faults import Faults
from telephony.twin.line_noise import Conditions

RINGS_MS: Final = (10_000, 14_000, 18_000)  # `agent.on_call`: 10 to 30 s; the shorter ones make shorter nights


class Says(enum.Enum):
    """What a patient brings up; the words are those by which the line is to know it."""

    RED_FLAG = "I have chest pain right now."
    CRISIS = "I want to kill myself."
    SYMPTOM = "My wound is red and swollen."
    PERSON = "I want to talk to a nurse."
    KEY_ZERO = "0"
    """Nothing: she presses the key."""
    NEVER_MIND = "Never mind, I don't need a nurse."
    HOW_LONG = "How much longer will it take?"

    @property
    def grave(self) -> bool:
        """She is to be told of 911, or of 988 and 911."""
        return self in (Says.RED_FLAG, Says.CRISIS)

    @property
    def fetches(self) -> bool:
        """A person is to be fetched for it."""
        return self not in (Says.NEVER_MIND, Says.HOW_LONG)


@dataclass(frozen=True, slots=True)
class Later:
    """Something more that she says, so long after she has said the first."""

    after_s: float
    says: Says


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """What a patient does."""

    opening: Says
    later: tuple[Later, ...] = ()
    hangs_up_s: float | None = None
    """So long after her first words she puts the receiver down, wherever she is; None: she stays."""
    talks_s: float = 4.0
    """With a nurse, before she hangs up."""
    asks_again: bool = False
    """When she comes back from a room she asks for a nurse once more; else she hangs up."""
    answers_offer: str = ""
    """The key with which she answers the offer of a call back; empty: none."""
    called_back: tuple[CalledBack, ...] = ()
    """Each time that she is called back; the last one stands for all later times.  Empty: she is there."""


class Pickup(enum.Enum):
    """What becomes of ringing her."""

    ANSWERS = "answers"
    VOICEMAIL = "voicemail"
    NEVER = "never"
    BUSY = "busy"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class CalledBack:
    """What becomes of ringing the patient."""

    pickup: Pickup
    after_s: float = 4.0
    """Of ringing."""
    key: str = "1"
    """That she presses when she has heard what it is; empty: none."""


class Ending(enum.Enum):
    """How a nurse's part in a call ends by herself."""

    STAYS = "stays"
    """The patient ends it."""
    LEAVES_ROOM = "leaves_room"
    """She hangs up once she has spoken with the patient."""
    HANGS_UP = "hangs_up"
    """She hangs up right after her last key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One press, so long after the one before, or after her answer.

    heard: she waits first until what is being said to her has begun.
    """

    digit: str
    after_s: float
    heard: bool = True


@dataclass(frozen=True, slots=True)
class NursePlan:
    """What a nurse, or what is in her place, does when she is rung."""

    pickup: Pickup
    after_s: float = 3.0
    """Of ringing."""
    keys: tuple[Key, ...] = ()
    ending: Ending = Ending.STAYS
    later: NursePlan | None = None
    """What she does when she is rung again; None: the same."""

    @property
    def can_ring(self) -> bool:
        """Her telephone rings when it is called."""
        return self.pickup not in (Pickup.BUSY, Pickup.FAILS)

    @property
    def takes_it(self) -> bool:
        """Her keys accept a patient, if nothing comes between."""
        return self.pickup is Pickup.ANSWERS and sum(key.digit == "1" for key in self.keys) >= 2


@dataclass(frozen=True, slots=True)
class RecordFaults:
    """Shares of the single requests about what the carrier keeps, and what it is slow with."""

    broken: float = 0.0
    """Answered with a 5xx; nothing was done."""
    busy: float = 0.0
    """Answered with a 429; nothing was done."""
    silent: float = 0.0
    """Never answered; half of them were done."""
    unfinished_s: float = 0.0
    """So long after a call's end its record can't be deleted."""
    stuck: float = 0.0
    """Of the records: they can't be deleted all night."""


@dataclass(frozen=True, slots=True)
class Unreliable:
    """Shares of the line's requests to the carrier that fail."""

    seed: int = 0
    refused: float = 0.0
    unreachable: float = 0.0
    broken: float = 0.0
    """Answered with a 5xx; half of them were done."""
    silent: float = 0.0
    """Never answered; half of them were done."""
    ends_fail: float = 0.0
    """Of the requests to end or to redirect a call, all tries fail."""
    slow_s: float = 0.3
    """What an answer may take."""
    records: RecordFaults = RecordFaults()


@dataclass(frozen=True, slots=True)
class Plan:
    """One night."""

    seed: int
    patient: PatientPlan
    nurses: tuple[NursePlan, ...]
    ladder: tuple[Rung, ...]
    faults: Faults
    requests: Unreliable
    dies_s: float | None = None
    """So long after the patient dialled the line's machine dies; None: it lives."""

    @property
    def rough(self) -> bool:
        """Something goes wrong by itself at the carrier or on the way."""
        return self.faults.callback_lost > 0


def drawn(seed: int) -> Plan:
    """The night of a seed."""
    chance = random.Random(seed)
    ladder, nurses = _ladder(chance)
    rough = chance.random() < 0.6
    dies_s = round(chance.uniform(0.5, 60.0), 2) if chance.random() < 0.15 else None
    return Plan(
        seed=seed,
        patient=_patient(chance),
        nurses=nurses,
        ladder=ladder,
        faults=_faults(chance, seed) if rough else Faults(seed=seed),
        requests=_requests(chance, seed) if rough else Unreliable(seed=seed),
        dies_s=dies_s,
    )


def _patient(chance: random.Random) -> PatientPlan:
    openings = [Says.RED_FLAG] * 4 + [Says.CRISIS, Says.SYMPTOM, Says.SYMPTOM, Says.PERSON, Says.PERSON, Says.KEY_ZERO]
    opening = chance.choice(openings)
    later: list[Later] = []
    if chance.random() < 0.15:
        later.append(Later(chance.uniform(4.0, 30.0), Says.NEVER_MIND))
        if chance.random() < 0.5:  # and then she does
            later.append(Later(later[-1].after_s + chance.uniform(6.0, 15.0), chance.choice(openings)))
    elif chance.random() < 0.25:
        later.append(Later(chance.uniform(2.0, 30.0), chance.choice([*openings, Says.HOW_LONG])))
    return PatientPlan(
        opening,
        tuple(later),
        chance.uniform(0.2, 45.0) if chance.random() < 0.2 else None,
        chance.uniform(1.0, 5.0),
        chance.random() < 0.5,
        chance.choice(["1", "1", "1", "2", ""]),
        tuple(_called_back(chance) for _ in range(chance.choice([1, 1, 2, 4]))),
    )


def _called_back(chance: random.Random) -> CalledBack:
    after_s = round(chance.uniform(1.0, 15.0), 2)
    pickup = chance.choices(list(Pickup), [0.7, 0.12, 0.08, 0.06, 0.04])[0]
    return CalledBack(pickup, after_s, chance.choice(["1", "1", "1", "1", "1", "2", "", "5"]))


def _ladder(chance: random.Random) -> tuple[tuple[Rung, ...], tuple[NursePlan, ...]]:
    nurses: list[NursePlan] = []
    rungs: list[Rung] = []
    at_once = chance.random() < 0.3
    for rank in list(Rank)[: chance.choice([1, 2, 2, 3])]:
        places = tuple(range(len(nurses), len(nurses) + chance.choice([1, 2, 2, 3])))
        nurses += [_nurse(chance, 2.0 if at_once else None) for _ in places]
        rungs.append(Rung(rank, places, chance.choice(RINGS_MS)))
    return tuple(rungs), tuple(nurses)


def _nurse(chance: random.Random, together_s: float | None) -> NursePlan:
    """together_s: those who take it answer after just so long, and press at the same moments."""
    kind = chance.random()
    after_s = round(chance.uniform(0.5, 12.0), 2)
    reads_s, decides_s = round(chance.uniform(0.2, 8.0), 2), round(chance.uniform(0.2, 15.0), 2)
    if together_s is not None:
        after_s, reads_s, decides_s = together_s, 3.0, 6.0
    one, again = Key("1", reads_s), Key("1", decides_s)
    if kind < 0.40:
        ending = chance.choices(list(Ending), [0.75, 0.15, 0.10])[0]
        return NursePlan(Pickup.ANSWERS, after_s, (one, again), ending)
    odd: tuple[tuple[Key, ...], ...] = (
        (Key("2", reads_s),),
        (one, Key("2", decides_s)),
        (Key("1", 0.3, heard=False), Key("1", 0.3, heard=False)),  # before anything was said
        (Key("5", reads_s), Key("#", 0.5), one, Key("7", 0.4), again),
        (one, Key("9", decides_s), again),
        (one,),
        (),
    )
    if kind < 0.65:
        keys = chance.choice(odd)
        ending = Ending.HANGS_UP if not keys or chance.random() < 0.4 else Ending.STAYS
        return NursePlan(Pickup.ANSWERS, after_s, keys, ending)
    never = NursePlan(chance.choice([kind for kind in Pickup if kind is not Pickup.ANSWERS]), after_s)
    takes_it_later = NursePlan(Pickup.ANSWERS, after_s, (one, again))
    return replace(never, later=takes_it_later if chance.random() < 0.5 else None)


def _faults(chance: random.Random, seed: int) -> Faults:
    rough_line = chance.random() < 0.3
    return Faults(
        seed=seed,
        callback_lost=chance.choice([0.02, 0.1, 0.3]),
        callback_twice=0.1,
        callback_late=chance.choice([0.05, 0.2]),
        callback_overtaken=0.1,
        webhook_late=0.03,
        webhook_late_s=4.0,
        stream_reset=0.03,
        stream_reset_s=40.0,
        conditions=Conditions(loss=0.01, jitter_ms=40.0, seed=seed) if rough_line else None,
    )


def _requests(chance: random.Random, seed: int) -> Unreliable:
    return Unreliable(
        seed=seed,
        refused=0.02,
        unreachable=0.02,
        broken=0.03,
        silent=0.03,
        ends_fail=0.02,
        slow_s=chance.choice([0.3, 1.0]),
        records=_record_faults(random.Random(f"records {seed}")),  # its own: the rest of a seed's night stays as it was
    )


def _record_faults(chance: random.Random) -> RecordFaults:
    return RecordFaults(
        broken=chance.choice([0.02, 0.1, 0.2]),
        busy=chance.choice([0.02, 0.1, 0.2]),
        silent=chance.choice([0.01, 0.05, 0.1]),
        unfinished_s=chance.choice([0.0, 60.0, 120.0]),
        stuck=chance.choice([0.0, 0.0, 0.0, 0.1]),
    )

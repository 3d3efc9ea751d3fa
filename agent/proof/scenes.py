"""How the proof's transfers go, and the calls that it has placed; what must be seen of each to count.  Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Passed(enum.Enum):
    """What was seen of a transfer; the value is what the report says where it was not."""

    RANG = "a nurse's telephone answered"
    BRIEFED = "her words in the brief that the nurse heard"
    UNTOLD = "nothing of her words where nobody had pressed a key"
    MET = "both in the room"
    TOLD = "her words where nobody had pressed a key"
    """Never to be seen."""


class Scene(enum.Enum):
    """One way in which a transfer goes."""

    TOGETHER = "a nurse hears the brief and accepts, and both are in the room"
    VOICEMAIL = "a voicemail answers"
    HANGS_UP = "the nurse hangs up in the middle of the brief"
    KILLED = "the line is killed in the middle of the brief (SIGKILL)"


NEEDS: Final[Mapping[Scene, frozenset[Passed]]] = MappingProxyType(
    {
        Scene.TOGETHER: frozenset({Passed.RANG, Passed.BRIEFED, Passed.MET}),
        Scene.VOICEMAIL: frozenset({Passed.RANG, Passed.UNTOLD}),
        Scene.HANGS_UP: frozenset({Passed.RANG, Passed.BRIEFED}),
        Scene.KILLED: frozenset({Passed.RANG, Passed.BRIEFED}),
    }
)


def wanting(seen: frozenset[Passed], scene: Scene) -> tuple[Passed, ...]:
    """What a transfer lacks to count."""
    return tuple(step for step in Passed if step in NEEDS[scene] - seen)


OFFERED: Final = frozenset({"discharge", "patient", "press", "brief", "call", "waiting"})
"""Words of the offer (`agent.phrases.Phrase.OFFER_CALLER`): a message that holds none of them was not heard."""
LEAST_OFFERED: Final = 2


def heard_offer(message: str) -> bool:
    """Enough of what may be said to a voicemail was recognised in its message."""
    return len(OFFERED & set(re.findall(r"[a-z]+", message.lower()))) >= LEAST_OFFERED


class Reached(enum.Enum):
    """What was seen of a call that the line placed; the value is what the report says where it was not."""

    WRITTEN = "the attempt on the keeper's disk before her telephone rang"
    ANSWERED = "her telephone answered"
    NUMBER = "her number at the carrier as the one to be called, and as nothing else"
    KNOWN = "identified, and her words at the language model's side"
    MESSAGE = "the hospital and a number on the machine, and nothing of hers"
    OPTED_OUT = "the hospital told that she wants no calls"
    KEPT = "what came of it on the keeper's disk"


class Ring(enum.Enum):
    """One way in which a call to a patient goes."""

    KNOWN = "she keys in who she is, and the call goes on"
    MACHINE = "a voicemail answers"
    STOPS = "she says her date of birth, and wants no more calls"


_ALWAYS: Final = frozenset({Reached.WRITTEN, Reached.ANSWERED, Reached.NUMBER, Reached.KEPT})
RING_NEEDS: Final[Mapping[Ring, frozenset[Reached]]] = MappingProxyType(
    {
        Ring.KNOWN: _ALWAYS | {Reached.KNOWN},
        Ring.MACHINE: _ALWAYS | {Reached.MESSAGE},
        Ring.STOPS: _ALWAYS | {Reached.OPTED_OUT},
    }
)


def missing(seen: frozenset[Reached], ring: Ring) -> tuple[Reached, ...]:
    """What a call that the line placed lacks to count."""
    return tuple(step for step in Reached if step in RING_NEEDS[ring] - seen)

"""How the proof's transfers go, and what must be seen of each for it to count.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Passed(enum.Enum):
    """What was seen of a transfer; the value is what the report says where it was not."""

    RANG = "a nurse's telephone answered"
    BRIEFED = "her words in the brief that the nurse heard"
    UNTOLD = "nothing of her words where nobody had pressed a key"
    MET = "both in the room"


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

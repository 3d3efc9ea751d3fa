"""The positive control: while a call lasts, her words and sound are in the line's memory, and the search finds them.

In the real process, by the same reading as after the call.  Where it finds nothing then, finding nothing later would
prove nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agent.proof import memory
from agent.proof.canary import Canary
from agent.proof.needles import Needle
from agent.proof.provider import Asked, Provider
from agent.proof.search import Findable, Search
from agent.proof.sound import sound_needles
from telephony.audio import Int16

PIECE: Final = 2 << 20  # bytes read at once: calls go on meanwhile


@dataclass(slots=True)
class Control:
    """Looks into the line's memory at the moments when it must find something."""

    line: int
    """Its process."""
    provider: Provider
    tasks: asyncio.TaskGroup
    words: dict[int, bool] = field(default_factory=dict)
    """Call -> her words were found while she was on the line."""
    sounds: dict[int, bool] = field(default_factory=dict)
    readable: bool = True

    def watch(self, patient: Canary) -> Callable[[Int16], None]:
        """From now on, for one call.  Returns what is to be told of her sound."""

        def asked(request: Asked) -> None:
            if request.number == patient.number and patient.number not in self.words:
                self.words[patient.number] = False
                needles = [Needle(name, text) for name, text in (*patient.texts(), ("heard", request.said)) if text]
                self._look(self.words, patient.number, needles)

        def sounded(sound: Int16) -> None:
            self.sounds[patient.number] = False
            self._look(self.sounds, patient.number, sound_needles("hers", sound))

        self.provider.listeners.append(asked)
        return sounded

    def _look(self, into: dict[int, bool], number: int, needles: Sequence[Findable]) -> None:
        async def look() -> None:
            into[number] = await asyncio.to_thread(self._found, needles)

        self.tasks.create_task(look(), name="control")

    def _found(self, needles: Sequence[Findable]) -> bool:
        if not needles:
            return False
        search = Search(needles)
        try:
            pieces = memory.stretches(self.line, own_alone=True, piece=PIECE)
            return any(search.look(piece, unpack=False).hits for piece in pieces)
        except memory.NotReadable:
            self.readable = False
            return False


def told(controls: Sequence[Control]) -> dict[str, Any]:
    """For the report."""
    words = {number: found for control in controls for number, found in control.words.items()}
    sounds = {number: found for control in controls for number, found in control.sounds.items()}
    return {
        "readable": all(control.readable for control in controls),
        "words": {"looked": sorted(words), "found": sorted(number for number in words if words[number])},
        "sounds": {"looked": sorted(sounds), "found": sorted(number for number in sounds if sounds[number])},
    }

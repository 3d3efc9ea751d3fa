"""What the agent says on one leg: sentences become clips, and what the caller has heard of them is known from marks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from agent.delivery import Delivery
from agent.engines.ports import EngineFailed, EngineReason, TextToSpeech
from agent.tally import TurnTimes
from policies.guardrails import Sayable
from telephony.audio import AudioFrame
from telephony.leg import Leg


class VoiceFailed(EngineFailed):
    """The voice gave no sound: no other language model would help."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Holds a prepared reply back until the turn is really over; the reply is dropped by cancelling its task."""

    opened: asyncio.Event

    @classmethod
    def shut(cls) -> Gate:
        return cls(asyncio.Event())

    def open(self) -> None:
        self.opened.set()


class Mouth:
    """One voice on one leg.  `ready` gives fixed wording that was synthesised at start, or None."""

    def __init__(
        self,
        leg: Leg,
        tts: TextToSpeech,
        ready: Callable[[Sayable], Sequence[AudioFrame] | None],
        spoke: Callable[[Sayable], None] = lambda _: None,
    ) -> None:
        """spoke: told each sentence but an aside when its first frame is given to the leg."""
        self._leg: Final = leg
        self._tts: Final = tts
        self._ready: Final = ready
        self._spoke: Final = spoke
        self.delivery: Final = Delivery()
        """How fast and how loud; what is said next is said so."""
        self._clips = 0
        self._unheard: dict[int, Sayable] = {}
        self._asides: set[int] = set()
        self._last_said: list[Sayable] = []

    @property
    def busy(self) -> bool:
        """Something was given to the leg that has not come back as played."""
        return any(clip not in self._asides for clip in self._unheard)

    @property
    def at_last(self) -> bool:
        """At most the last sentence of the reply is still to be heard."""
        return sum(clip not in self._asides for clip in self._unheard) <= 1

    @property
    def last_said(self) -> Sequence[Sayable]:
        """The sentences of the present reply, or of the last one, heard or not."""
        return self._last_said

    async def say(
        self,
        sentence: Sayable,
        gate: Gate | None = None,
        *,
        aside: bool = False,
        first: bool = False,
        times: TurnTimes | None = None,
        begun: Callable[[Sayable], None] | None = None,
    ) -> int:
        """Give one sentence to the leg, at the pace at which it is played; waits for the gate before the first frame.

        first: a new reply begins with it.  times: told what its first clause took to be synthesised.
        begun: told when its first frame is given to the leg.  Returns the number of its clip.  Raises `VoiceFailed`.
        """
        rate = self.delivery.rate
        if rate == 1.0 and self._ready(sentence) is not None:
            clip = await self._say_ready(sentence, gate, aside, first, begun)
        else:
            loop = asyncio.get_running_loop()
            asked_s = loop.time()
            sound = self._tts.speak(sentence, after_ms=self._leg.queued_ms, rate=rate)
            failed: EngineReason | None = None
            clip = 0
            try:
                async for frame in sound:
                    if not clip:
                        if times is not None:
                            times.tts_ms = int((loop.time() - asked_s) * 1000)
                        if gate is not None:
                            await gate.opened.wait()
                        clip = self._new(sentence, aside, first)
                        if begun is not None:
                            begun(sentence)
                    await self._leg.room()
                    self._leg.play(clip, self.delivery.at_level(frame))
            except EngineFailed as failure:
                failed = failure.reason
            finally:
                await sound.aclose()
            if not clip and self._ready(sentence) is not None:  # at the usual rate rather than not at all
                clip = await self._say_ready(sentence, gate, aside, first, begun)
            elif failed is not None or not clip:
                raise VoiceFailed(failed or EngineReason.BROKEN)
        self._leg.end_clip(clip)
        return clip

    async def _say_ready(
        self,
        sentence: Sayable,
        gate: Gate | None,
        aside: bool,
        first: bool,
        begun: Callable[[Sayable], None] | None,
    ) -> int:
        """What was synthesised at start, all of it given to the leg."""
        if gate is not None:
            await gate.opened.wait()
        clip = self._new(sentence, aside, first)
        if begun is not None:
            begun(sentence)
        for frame in self._ready(sentence) or ():
            await self._leg.room()
            self._leg.play(clip, self.delivery.at_level(frame))
        return clip

    def played(self, clip: int) -> bool:
        """Its end has come back as played.  True if it was part of an answer, False for an aside or a stale clip."""
        aside = clip in self._asides
        self._asides.discard(clip)
        return self._unheard.pop(clip, None) is not None and not aside

    def saying(self, clip: int) -> Sayable | None:
        """The sentence of this clip; None for an aside, and for one that was hushed or has been played."""
        return None if clip in self._asides else self._unheard.get(clip)

    def is_aside(self, clip: int) -> bool:
        return clip in self._asides

    def hush(self) -> list[Sayable]:
        """Clear all that is queued.  Returns, in order, the sentences that the caller has not heard to their end."""
        self._leg.clear()
        cut = [said for clip, said in self._unheard.items() if clip not in self._asides]
        self._unheard.clear()
        self._asides.clear()
        return cut

    def forget(self) -> None:
        """No sentence stays, hers from a record neither."""
        self._unheard.clear()
        self._asides.clear()
        self._last_said = []

    def _new(self, sentence: Sayable, aside: bool, first: bool) -> int:
        self._clips += 1
        if first:
            self._last_said = []
        self._unheard[self._clips] = sentence
        if aside:
            self._asides.add(self._clips)
        else:
            self._last_said.append(sentence)
            self._spoke(sentence)
        return self._clips

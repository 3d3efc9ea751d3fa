"""People at their telephones: a mouth, an ear, keys and a hook, on one clock for the whole call.

The clock counts samples from the moment at which the telephone is on the line (she dialled, or she answered), and runs
on whatever the call is connected to.  So all that she said and heard can be kept as one recording.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.hearing import Listener
from telephony.twin.line import LineDead
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.measure import PER_MS
from telephony.twin.mouth import NOTHING, Mouth
from telephony.twin.wav import stereo_wav

PATIENCE_S: Final = 60.0  # who waits by ear for longer has heard what there is: the longest reply is well below


class Hook(Protocol):
    """The call, as its telephone knows it."""

    def pressed(self, digit: str) -> None: ...

    def put_down(self) -> None: ...

    def status(self) -> str:
        """As the carrier's record has it."""
        ...

    def lose_stream(self) -> None:
        """Break the media stream that the call is connected to, if any, with a reset."""
        ...

    def stall_stream(self) -> None:
        """Let the media stream go dead without a sign."""
        ...


class Phone:
    """One telephone in one call, as the person holds it.  Satisfies `line.Line`."""

    def __init__(self, number: str, hook: Hook, conditions: Conditions | None, floor: Floor | None) -> None:
        """Without conditions the line is digitally silent when she is."""
        self.number: Final = number
        self.moments: Final[dict[str, int]] = {}
        """Moments that its person wants remembered, in samples of the clock."""
        self._hook = hook
        self._conditions = conditions or Conditions()
        self._mouth = Mouth(self._conditions, self.heard, floor)
        self._ear: list[Int16] = []
        self._listener = Listener()
        self._over = False
        self._tick = asyncio.Event()
        self._began_s = asyncio.get_running_loop().time()

    @property
    def conditions(self) -> Conditions:
        return self._conditions

    @property
    def began_s(self) -> float:
        """When her clock began, in seconds of the loop's."""
        return self._began_s

    @property
    def now_ms(self) -> int:
        """Her clock."""
        return len(self._ear) * FRAME_MS

    @property
    def is_over(self) -> bool:
        """The call has ended."""
        return self._over

    @property
    def status(self) -> str:
        """What the carrier says of the call: that it rings, goes on, or how it ended."""
        return self._hook.status()

    def now(self) -> int:
        """Her clock, in samples."""
        return len(self._ear) * FRAME_SAMPLES

    def heard(self, start: int, end: int) -> Int16:
        """What the ear heard between two samples of her clock; silence outside the call."""
        return _between(self._ear, start, end)

    def spoken(self) -> Int16:
        """What went into the telephone, noise and echo included."""
        return self._mouth.sent()

    def stereo_wav(self) -> bytes:
        """The whole call: left what she said, right what she heard.  Synthetic people only."""
        return stereo_wav(self.spoken(), self.heard(0, self.now()))

    def utter(self, at: int, pcm: Int16) -> int:
        """Speak from sample `at`, or from the next frame.  Returns where it really begins."""
        return self._mouth.say(at, pcm)

    def more_comes(self) -> bool:
        """Never known: she has only her ear."""
        return False

    async def tick(self) -> int:
        """Wait for the next 20 ms.  Returns her clock in samples; raises `LineDead` once the call is over."""
        if not self._over:
            await self._tick.wait()
        if self._over:
            raise LineDead
        return self.now()

    async def pass_ms(self, ms: int) -> None:
        """Do nothing for so long.  Raises `LineDead`."""
        until = self.now() + ms * PER_MS
        while self.now() < until:
            await self.tick()

    async def say(self, pcm: Int16) -> None:
        """Speak, and return when all has been said.  Raises `LineDead`."""
        start = self._mouth.say(self.now(), pcm)
        while await self.tick() < start + len(pcm):
            pass

    async def press(self, digit: str) -> None:
        """Press a key.  Raises `LineDead`."""
        if self._over:
            raise LineDead
        self._hook.pressed(digit)

    async def hang_up(self) -> None:
        """Put the receiver down."""
        if not self._over:
            self._hook.put_down()

    async def drop(self) -> None:
        """The stream that she is connected to breaks with a reset."""
        self._hook.lose_stream()

    def stall(self) -> None:
        """The stream that she is connected to goes dead without a sign."""
        self._hook.stall_stream()

    async def hears_something(self, timeout_s: float = PATIENCE_S) -> bool:
        """Wait until something is heard; False if nothing was in time.  Raises `LineDead`."""
        since = self.now()
        while self._listen().began_after(since) is None:
            if await self.tick() > since + timeout_s * RATE_HZ:
                return False
        return True

    async def quiet(self, ms: int, timeout_s: float = PATIENCE_S) -> bool:
        """Wait until nothing has been heard for so long; False if it was never quiet in time.  Raises `LineDead`."""
        since = self.now()
        while self.now() - max(since, self._listen().quiet_since()) < ms * PER_MS:
            if await self.tick() > since + timeout_s * RATE_HZ:
                return False
        return True

    async def until_over(self) -> None:
        """Stay on the line until somebody else ends the call."""
        while not self._over:
            await self._tick.wait()

    def frame(self) -> Int16:
        """For the exchange: the next 20 ms of the mouth."""
        return self._mouth.frame()

    def hear(self, sound: Int16) -> None:
        """For the exchange: the next 20 ms for the ear; her clock goes on."""
        self._ear.append(sound)
        self._move()

    def finish(self) -> None:
        """For the exchange: the call is over."""
        self._over = True
        self._move()

    def _move(self) -> None:
        self._tick.set()
        if not self._over:
            self._tick = asyncio.Event()

    def _listen(self) -> Listener:
        if self._listener.heard_to < self.now():
            self._listener.listen(self._listener.heard_to, self.heard(self._listener.heard_to, self.now()))
        return self._listener


def _between(frames: list[Int16], start: int, end: int) -> Int16:
    out = np.zeros(max(0, end - start), np.int16)
    first, last = max(0, start // FRAME_SAMPLES), min(len(frames), -(-end // FRAME_SAMPLES))
    for n in range(first, last):
        if frames[n] is NOTHING:
            continue
        at = n * FRAME_SAMPLES
        begin, stop = max(start, at), min(end, at + FRAME_SAMPLES)
        out[begin - start : stop - start] = frames[n][begin - at : stop - at]
    return out


Life = Callable[[Phone], Awaitable[None]]
"""What a person does in a call.  When it returns she hangs up; a call that ends under it raises `LineDead` in it."""


async def listens(phone: Phone) -> None:
    """Says nothing and stays until the other side ends the call."""
    await phone.until_over()


class Pickup(enum.Enum):
    """What comes of ringing a telephone."""

    ANSWERS = "answers"
    BUSY = "busy"
    NEVER = "never"
    FAILS = "fails"
    """The carrier cannot reach it."""


@dataclass(frozen=True, slots=True)
class Persona:
    """How somebody takes a call."""

    life: Life = listens
    after_s: float = 3.0
    """From the first ring to the answer."""
    pickup: Pickup = Pickup.ANSWERS


class Bell(Protocol):
    """A telephone outside the twin: whether it is answered is found out by ringing it."""

    async def ring(self, rings: Callable[[], None]) -> Pickup:
        """Ring it until something comes of it.  rings: told when it begins to.  Cancelled: it stops ringing."""
        ...


@dataclass(slots=True, repr=False)
class Telephone:
    """A number, and who is there.  The persona may be changed between two calls."""

    number: str
    persona: Persona = field(default_factory=Persona)
    conditions: Conditions | None = None
    bell: Bell | None = None
    """With one, the persona says only what is done in the call, not whether it is taken."""
    calls: list[Phone] = field(default_factory=list)
    """Every call in which it was on the line, oldest first."""
    rings: int = 0
    """How often it has rung."""

    def in_a_call(self) -> bool:
        """Is its person on the line?"""
        return bool(self.calls) and not self.calls[-1].is_over

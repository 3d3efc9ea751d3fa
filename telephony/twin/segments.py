"""What a call can be connected to for a while: nothing, a tone, a media stream.  (A seat beside others: `mixing`.)

Each 20 ms the exchange gives every connection the telephone's sound, then takes from every one what its ear hears.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import numpy as np

from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.line_noise import Conditions, late_ms
from telephony.twin.mouth import NOTHING
from telephony.twin.stream_side import StreamSide
from telephony.twin.transport import Wire

SAID_CHARS_PER_S: Final = 15.0  # about 150 words a minute, as `<Say>` reads
WAITING_FRAMES: Final = 250  # 5 s that a line does not read; then its sound is lost (Twilio warning 31930)


class Connection(Protocol):
    """The other end of a call's two-way path."""

    def give(self, sound: Int16) -> None:
        """The next 20 ms from the telephone."""
        ...

    def take(self, start: int) -> Int16:
        """The 20 ms that the telephone hears from sample `start` of the exchange's clock."""
        ...

    def press(self, digit: str) -> None:
        """A key on the telephone."""
        ...


class Nothing:
    """Silence: the call rings, waits, or is asked about."""

    def give(self, sound: Int16) -> None:
        """Nobody listens."""

    def take(self, start: int) -> Int16:  # noqa: ARG002  # silence is the same at any time
        return NOTHING

    def press(self, digit: str) -> None:
        """Nobody notices."""


class Tone:
    """A soft steady tone in place of words or music."""

    def __init__(self, hz: int, dbfs: float) -> None:
        height = 10 ** (dbfs / 20) * 32_768 * 2**0.5
        wave = height * np.sin(2 * np.pi * hz / RATE_HZ * np.arange(RATE_HZ + FRAME_SAMPLES))
        self._second: Int16 = np.rint(wave).astype(np.int16)

    def give(self, sound: Int16) -> None:
        """Nobody listens."""

    def take(self, start: int) -> Int16:
        at = start % RATE_HZ  # whole periods fit into a second: hz is a whole number
        return self._second[at : at + FRAME_SAMPLES]

    def press(self, digit: str) -> None:
        """Nobody notices."""


WORDS: Final = Tone(300, -30.0)  # audible, and softer than a person
MUSIC: Final = Tone(440, -30.0)


class StreamSegment:
    """A media stream: the telephone's sound goes out in messages, what comes back plays from a buffer.

    `feed()` runs until the wire is closed; `listen()` returns when the line, or the network, has ended the stream.
    """

    def __init__(
        self,
        side: StreamSide,
        wire: Wire,
        clock: Callable[[], int],
        conditions: Conditions,
        reset_after_s: float | None,
    ) -> None:
        """clock: samples; it never runs backwards.  reset_after_s: the network breaks then."""
        self._side = side
        self._wire = wire
        self._clock = clock
        self._conditions = conditions
        self._reset_frame = None if reset_after_s is None else round(reset_after_s * 1000 / FRAME_MS)
        self._outgoing: deque[tuple[float, str | None]] = deque()
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._frames = 0
        self._last_s = 0.0
        self._over = False
        self.stalled = False
        """No frame goes out any more, although the socket is open."""
        self.unread_frames = 0
        """Frames of the caller that were thrown away because the line did not read."""

    def begin(self, parameters: Mapping[str, str]) -> None:
        """`connected` and `start`."""
        for text in self._side.begin(parameters):
            self._put(text)

    def give(self, sound: Int16) -> None:
        if self._over or self.stalled:
            return
        if self._frames == self._reset_frame:
            self.reset()
            return
        text = self._side.media(sound)
        late_s = late_ms(self._conditions, self._frames) / 1000
        self._frames += 1
        if len(self._outgoing) >= WAITING_FRAMES:
            self.unread_frames += 1
        else:
            self._put(text, late_s)

    def take(self, start: int) -> Int16:
        self._return_marks()
        if self._side.playback.tail <= start:
            return NOTHING
        return self._side.playback.heard(start, start + FRAME_SAMPLES)

    def press(self, digit: str) -> None:
        if not self._over:
            self._put(self._side.key(digit))

    def reset(self) -> None:
        """The network between carrier and line breaks."""
        self._over = True
        self._wire.abort()

    async def listen(self) -> None:
        """Take what the line sends until the stream is over."""
        while (message := await self._wire.receive()) is not None:
            if not self._over:
                self._side.take(message, self._clock())
                self._return_marks()
        self._end(None)

    def leave(self) -> None:
        """The carrier ends the stream: `stop`, and the socket is closed.  After its end: nothing."""
        if not self._over:
            self._end(self._side.stop())

    async def feed(self) -> None:
        """Send what is due, in order, and close the wire when the stream is over."""
        try:
            while True:
                while self._outgoing:
                    due_s, text = self._outgoing.popleft()
                    if text is None:
                        await self._wire.close()
                        return
                    if due_s > self._loop.time():
                        await asyncio.sleep(due_s - self._loop.time())
                    await self._wire.send(text)
                self._wake.clear()
                await self._wake.wait()
        except asyncio.CancelledError:
            self._wire.abort()
            raise

    def _return_marks(self) -> None:
        if not self._over:
            for text in self._side.marks_due(self._clock()):
                self._put(text)

    def _end(self, last: str | None) -> None:
        self._over = True
        if last is not None:
            self._put(last)
        self._outgoing.append((0.0, None))
        self._wake.set()

    def _put(self, text: str, late_s: float = 0.0) -> None:
        self._last_s = max(self._last_s, self._loop.time() + late_s)  # late or not, the order is kept
        self._outgoing.append((self._last_s, text))
        self._wake.set()

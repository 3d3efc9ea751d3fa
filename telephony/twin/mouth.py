"""The caller's microphone: what she says, placed on her clock, with what the line adds.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from telephony.audio import FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.line_noise import Conditions, Floor, lost
from telephony.twin.playback import Piece

FULL_SCALE: Final = 32_767


def _nothing() -> Int16:
    nothing = np.zeros(FRAME_SAMPLES, np.int16)
    nothing.flags.writeable = False
    return nothing


NOTHING: Final = _nothing()
"""20 ms of digital silence.  Known by its identity, so that silence costs nothing to mix, encode and hear."""


class Mouth:
    """Frame n holds the samples from 160 n of the caller's clock; each frame is asked for once, in order.

    ear: what the caller's ear heard between two sample positions; her microphone picks it up as echo.
    floor: what is on the line when nobody speaks; without one, and without echo, a silent frame is `NOTHING`.
    """

    def __init__(self, conditions: Conditions, ear: Callable[[int, int], Int16], floor: Floor | None) -> None:
        self._conditions = conditions
        self._floor = floor
        self._ear = ear
        self._gain = 0.0 if conditions.echo_db is None else 10 ** (conditions.echo_db / 20)
        self._delay = conditions.echo_delay_ms * RATE_HZ // 1000
        self._ahead: list[Piece] = []
        self._frames = 0
        self._sent: list[Int16] = []

    @property
    def next_sample(self) -> int:
        """The first sample that has not gone out."""
        return self._frames * FRAME_SAMPLES

    def say(self, at: int, pcm: Int16) -> int:
        """Speak from `at`, or from the next frame where that has gone out.  Returns where it really begins."""
        start = max(at, self.next_sample)
        self._ahead.append(Piece(start, pcm))
        return start

    def hush(self) -> None:
        """Break off whatever is being said."""
        self._ahead.clear()

    def frame(self) -> Int16:
        """The next 20 ms.  Returns shape (160,)."""
        start, end = self.next_sample, self.next_sample + FRAME_SAMPLES
        speaks = any(piece.start < end for piece in self._ahead)
        if lost(self._conditions, self._frames) or not (speaks or self._gain or self._floor):
            frame = NOTHING
        else:
            sound = np.zeros(FRAME_SAMPLES) if self._floor is None else self._floor.between(start, end).astype(float)
            if self._gain:
                sound += self._ear(start - self._delay, end - self._delay) * self._gain
            for piece in self._ahead:
                first, last = max(start, piece.start), min(end, piece.end)
                if first < last:
                    sound[first - start : last - start] += piece.pcm[first - piece.start : last - piece.start]
            frame = np.clip(np.rint(sound), -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)
        self._ahead = [piece for piece in self._ahead if piece.end > end]
        self._frames += 1
        self._sent.append(frame)
        return frame

    def sent(self) -> Int16:
        """All that went out, noise and echo included."""
        return np.concatenate(self._sent) if self._sent else np.zeros(0, np.int16)

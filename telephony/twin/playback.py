"""The carrier's playback buffer: what the agent sent, and when the caller's ear hears it.  Pure.

Time is a sample count of the caller's clock: 8000 a second from `start`.  Media is appended to what is buffered,
or begins at its arrival where nothing is; a mark comes back when the sound before it has played, at once where
nothing is buffered; `clear` empties the buffer and gives all pending marks back (Media Streams, "mark", "clear").
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16

LIMIT_SAMPLES: Final = 10 * 60 * RATE_HZ  # Twilio error 31931: more than 10 minutes buffered is discarded


class How(enum.Enum):
    """Why a mark came back."""

    PLAYED = "played"
    CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class MarkBack:
    """A mark on its way back.  Positions are samples of the caller's clock."""

    name: str
    position: int
    """Where the sound before the mark ends (would have ended, if cleared)."""
    at: int
    """When it came back."""
    how: How


@dataclass(frozen=True, slots=True)
class Cleared:
    """One `clear`: when, and how many samples of sound it threw away."""

    at: int
    discarded: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Piece:
    """Sound at its place on the clock."""

    start: int
    pcm: Int16

    @property
    def end(self) -> int:
        return self.start + len(self.pcm)


class Playback:
    """One call's buffer.  The clock never runs backwards: an earlier `at` raises `ValueError`."""

    def __init__(self, limit: int = LIMIT_SAMPLES) -> None:
        self._limit = limit
        self._now = 0
        self._tail = 0
        self._pieces: list[Piece] = []
        self._pending: deque[tuple[int, str]] = deque()
        self._back: deque[MarkBack] = deque()
        self._clears: list[Cleared] = []

    @property
    def tail(self) -> int:
        """Where the buffered sound ends; not after the clock where nothing is buffered."""
        return self._tail

    @property
    def clears(self) -> tuple[Cleared, ...]:
        return tuple(self._clears)

    @property
    def next_mark(self) -> int | None:
        """When the next mark is due."""
        if self._back:
            return self._back[0].at
        return self._pending[0][0] if self._pending else None

    def append(self, at: int, pcm: Int16) -> int:
        """Sound arrives.  Returns how many samples did not fit and were thrown away."""
        self._advance(at)
        start = max(at, self._tail)
        room = max(0, at + self._limit - start)
        fits = pcm[:room]
        if len(fits):
            self._pieces.append(Piece(start, fits))
            self._tail = start + len(fits)
        return len(pcm) - len(fits)

    def mark(self, at: int, name: str) -> None:
        self._advance(at)
        self._pending.append((max(at, self._tail), name))

    def clear(self, at: int) -> None:
        """Only what has been heard by now stays."""
        self._advance(at)
        self._clears.append(Cleared(at, max(0, self._tail - at)))
        while self._pieces and self._pieces[-1].end > at:
            piece = self._pieces.pop()
            if piece.start < at:
                self._pieces.append(Piece(piece.start, piece.pcm[: at - piece.start]))
        self._tail = min(self._tail, at)
        self._back.extend(MarkBack(name, position, at, How.CLEARED) for position, name in self._pending)
        self._pending.clear()

    def due(self, at: int) -> list[MarkBack]:
        """The marks that come back by now, in the order in which they were sent."""
        self._advance(at)
        back = list(self._back)
        self._back.clear()
        return back

    def _advance(self, at: int) -> None:
        if at < self._now:
            raise ValueError("the playback clock ran backwards")
        self._now = at
        while self._pending and self._pending[0][0] <= at:
            position, name = self._pending.popleft()
            self._back.append(MarkBack(name, position, position, How.PLAYED))

    def heard(self, start: int, end: int) -> Int16:
        """What the ear hears from `start` to `end`; silence where nothing plays.  Ask about the past:
        what lies ahead of the clock may still be cleared."""
        out = np.zeros(max(0, end - start), np.int16)
        for piece in reversed(self._pieces):
            if piece.end <= start:
                break
            first, last = max(start, piece.start), min(end, piece.end)
            if first < last:
                out[first - start : last - start] = piece.pcm[first - piece.start : last - piece.start]
        return out

    def spans(self) -> tuple[tuple[int, int], ...]:
        """Where sound played without the buffer running dry: (start, end) of each stretch."""
        spans: list[tuple[int, int]] = []
        for piece in self._pieces:
            if spans and spans[-1][1] == piece.start:
                spans[-1] = (spans[-1][0], piece.end)
            else:
                spans.append((piece.start, piece.end))
        return tuple(spans)

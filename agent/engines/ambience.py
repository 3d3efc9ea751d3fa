"""What the line sounds like when nobody speaks, and whether these 20 ms are more than that.  Pure.

Three signals meet here.  Silero's probability holds in noise but comes late and has holes on a clean line; webrtcvad is
quick and whole on a clean line but takes noise for speech; the level says how far either can be trusted.  So webrtcvad
is believed only well above what the line has shown to be noise, on a noisy line only where Silero is not sure of the
contrary (a knock is loud, and no voice), and Silero only above the line's floor, which ends a turn sooner.
Thresholds: docs/decisions/0003-voice-activity.md.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, final

from telephony.audio import FRAME_MS, SILENCE_DBFS


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a frame is speech."""

    begin: float = 0.5
    """Silero's probability that begins speech; its authors' own value."""
    go_on: float = 0.35
    """Silero's probability that holds it; its authors' own value, 0.15 lower."""
    begin_over_db: float = 12.0
    """Above the ambient noise by so much, webrtcvad's word begins speech."""
    go_on_over_db: float = 9.0
    """Above the ambient noise by so much, webrtcvad's word holds it."""
    over_floor_db: float = 1.0
    """Nothing nearer to the line's floor is speech."""
    noisy_dbfs: float = -48.0
    """A line whose floor is louder is a noisy one; comfort noise lies near -66, a room 10 dB under a voice near -32."""
    noisy_go_on: float = 0.6
    """What holds speech on a noisy line, where Silero lets go of a word 50 ms later than on a clean one."""
    backed: float = 0.3
    """On a noisy line webrtcvad's word counts only if Silero's probability was this high within `BACKED_FRAMES`."""

    def __post_init__(self) -> None:
        if not (0 < self.go_on <= self.begin < 1 and 0 <= self.go_on_over_db <= self.begin_over_db <= 60):
            raise ValueError("a threshold of voice activity is out of range")


BACKED_FRAMES: Final = 6  # 120 ms: Silero is late by up to three of its 32 ms


@final
class Floor:
    """The quietest that the line was in the last 4 s: between words everybody pauses for 60 ms."""

    BLOCK: Final = 500 // FRAME_MS
    BLOCKS: Final = 8
    SMOOTH: Final = 60 // FRAME_MS
    BIAS_DB: Final = 2.0  # a minimum lies below the mean of what it is taken from
    LEAST_DBFS: Final = -66.0  # mu-law's own noise on a silent line is lower
    MOST_DBFS: Final = -38.0  # on a call that begins in the middle of a word

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=self.SMOOTH)
        self._minima: deque[float] = deque(maxlen=self.BLOCKS)
        self._block: list[float] = []

    def hear(self, level_dbfs: float) -> float:
        """The floor in dBFS, the new frame included."""
        self._recent.append(level_dbfs)
        # the mean in dB, not of power: one loud frame must not hide a quiet neighbour
        self._block.append(sum(self._recent) / len(self._recent))
        lowest = min(min(self._block), *self._minima) if self._minima else min(self._block)
        if len(self._block) == self.BLOCK:
            self._minima.append(min(self._block))
            self._block.clear()
        return min(self.MOST_DBFS, max(self.LEAST_DBFS, lowest + self.BIAS_DB))


@final
class Ambient:
    """The level that noise on this line seldom passes: the loudest few percent of frames that are surely no speech."""

    SURELY_NONE: Final = 0.05  # Silero's probability; 93 of 100 frames of noise lie below
    STEP_DB: Final = 0.6
    QUANTILE: Final = 0.97
    FALL: Final = 3.0  # falls faster than a true quantile would, so that one door slam is forgotten in seconds
    LEAST_DBFS: Final = -62.0
    UNKNOWN_DBFS: Final = -45.0  # before anything was heard: trust webrtcvad on loud speech only

    def __init__(self) -> None:
        self.dbfs = self.UNKNOWN_DBFS

    def hear(self, level_dbfs: float, probability: float) -> None:
        """Take one frame."""
        if probability >= self.SURELY_NONE:
            return
        step = self.QUANTILE if level_dbfs > self.dbfs else -(1 - self.QUANTILE) * self.FALL
        self.dbfs = max(self.LEAST_DBFS, self.dbfs + self.STEP_DB * step)


@final
class Judge:
    """Speech or not, frame by frame, for one leg."""

    __slots__ = ("_ambient", "_floor", "_lately", "_speaking", "_thresholds", "noisy")

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds: Final = thresholds
        self._floor: Final = Floor()
        self._ambient: Final = Ambient()
        self._lately: Final[deque[float]] = deque(maxlen=BACKED_FRAMES)
        self._speaking = False
        self.noisy = False
        """The line's floor is loud."""

    def judge(self, level_dbfs: float, probability: float, *, strict: bool, lenient: bool) -> bool:
        """Whether the frame is speech.

        probability: Silero's, of the latest 32 ms that are whole.  strict, lenient: webrtcvad's word on the frame, at
        its most and its less aggressive mode; the strict one begins speech, the lenient one holds it.
        """
        t = self._thresholds
        floor = self._floor.hear(level_dbfs)
        over_floor = max(SILENCE_DBFS, level_dbfs) - floor
        over_noise = level_dbfs - self._ambient.dbfs
        self._lately.append(probability)
        self.noisy = floor > t.noisy_dbfs
        believed = not self.noisy or max(self._lately) >= t.backed
        if self._speaking:
            likely = probability >= (t.noisy_go_on if self.noisy else t.go_on)
            quick = lenient and believed and over_noise >= t.go_on_over_db
        else:
            likely = probability >= t.begin
            quick = strict and believed and over_noise >= t.begin_over_db
        self._speaking = quick or (likely and over_floor >= t.over_floor_db)
        self._ambient.hear(level_dbfs, probability)
        return self._speaking

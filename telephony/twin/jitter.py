"""A few frames between two clocks of the same rate: what is late or missing is silence.  Pure, for two threads."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

from telephony.audio import Int16
from telephony.twin.mouth import NOTHING

DEPTH: Final = 2  # frames: two clocks of 20 ms are at most one apart, and one frame may come late
MOST: Final = 6  # frames, 120 ms: more than that behind, and people talk into each other (ITU-T G.114)


class Jitter:
    """Frames in, from one clock; frames out, one for each step of the other."""

    def __init__(self, depth: int = DEPTH, most: int = MOST) -> None:
        """depth: how many are gathered before the first is given, at the start and after a gap.  most: the bound; where
        one more comes, the oldest is thrown away.  Raises `ValueError` unless 0 < depth <= most.
        """
        if not 0 < depth <= most:
            raise ValueError("the depth is at least one frame, and within the bound")
        self._depth = depth
        self._frames: deque[Int16] = deque(maxlen=most)
        self._flowing = False
        self._lock = threading.Lock()
        self.missing = 0
        """Gaps: how often a frame was asked for that had not come."""
        self.thrown_away = 0
        """Frames that came too fast."""

    def put(self, frame: Int16) -> None:
        """The next 20 ms, shape (160,); not to be written into afterwards."""
        with self._lock:
            self.thrown_away += len(self._frames) == self._frames.maxlen
            self._frames.append(frame)

    def take(self) -> Int16:
        """The next 20 ms; `NOTHING` while there are too few."""
        with self._lock:
            if self._flowing and not self._frames:
                self._flowing = False
                self.missing += 1
            elif len(self._frames) >= self._depth:
                self._flowing = True
            return self._frames.popleft() if self._flowing else NOTHING

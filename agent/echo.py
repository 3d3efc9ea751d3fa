"""Is this frame the agent's own voice coming back?  Pure.

What a line returns is learned from the line itself, while the agent speaks and nobody else does; the greeting alone
gives enough.  A line that returns nothing lets the softest beginning of the caller's first word pass.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np


class EchoGate:
    """One leg's.  Levels in dBFS, of 20 ms each; loss: how far what comes back lies below what was said, in dB."""

    ASSUMED_LOSS_DB: Final = 14.0  # a handset returns the far voice at -20 dB or less, a poor speakerphone at about -12
    NOISY_LOSS_DB: Final = 20.0  # a handset's echo is below such a noise, and a louder one can't be told from it
    LEAST_LOSS_DB: Final = 10.0  # what held no words is more often a hum than an echo: more would deafen us to her
    MOST_LOSS_DB: Final = 24.0  # so far down no voice begins
    STEP_DB: Final = 2.0
    LOUD_DBFS: Final = -30.0  # of ours: below it an echo is lost in the noise of the line
    FRAMES: Final = 500  # 10 s of our own voice
    ENOUGH: Final = 100  # 2 s
    EVERY: Final = 25
    LOUDEST: Final = 0.05  # of what came back: so much of it may be louder than what the loss is taken from
    MARGIN_DB: Final = 3.0

    def __init__(self) -> None:
        self._below_db: deque[float] = deque(maxlen=self.FRAMES)
        self._heard = 0
        self._learned_db = self.ASSUMED_LOSS_DB
        self._fooled_db = 0.0

    def loss_db(self, *, noisy: bool) -> float:
        """What is taken for echo lies at least so far below our own voice."""
        return max(self.LEAST_LOSS_DB, (self.NOISY_LOSS_DB if noisy else self._learned_db) - self._fooled_db)

    def passes(self, level: float, echo_dbfs: float, *, noisy: bool = False) -> bool:
        """True if the frame is louder than an echo of what the agent has just said could be.

        noisy: the line's own noise is loud, so that an echo could not be told from it.
        """
        return level > echo_dbfs - self.loss_db(noisy=noisy)

    def listen(self, level: float, echo_dbfs: float) -> None:
        """Take a frame of a quiet line on which nobody but the agent speaks.

        echo_dbfs: the loudest that we were lately, as far back as an echo may take.
        """
        if echo_dbfs < self.LOUD_DBFS:
            return
        self._below_db.append(echo_dbfs - level)
        self._heard += 1
        if self._heard % self.EVERY == 0 and len(self._below_db) >= self.ENOUGH:
            nearest = float(np.quantile(np.array(self._below_db), self.LOUDEST)) - self.MARGIN_DB
            self._learned_db = min(self.MOST_LOSS_DB, max(self.LEAST_LOSS_DB, nearest))

    def believed(self) -> None:
        """It was she: what noises made of the line before says nothing of its echo."""
        self._fooled_db = 0.0

    def fooled(self) -> None:
        """An overlap held no words of hers: the echo is louder than was thought."""
        self._fooled_db = min(self._fooled_db + self.STEP_DB, self.MOST_LOSS_DB - self.LEAST_LOSS_DB)

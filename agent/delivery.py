"""How the agent speaks in one call: how fast and how loud, as the caller has asked for it.  Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from agent.wishes import Wish
from telephony.audio import AudioFrame, Int16

RATES: Final = (1.2, 1.0, 0.7, 0.55)
"""Speaking rate by step, from the fastest; 1 is the agent's own.  As the default voice was measured on eight of our
sentences: 229, 210, 164 and about 130 words a minute.  People talk at 160 to 200, and at 90 to 100 when they are asked
to speak as clearly as they can (Picheny and others, 1986)."""
GAINS_DB: Final = tuple(20 * math.log10(times) for times in (0.5, 1.0, 2.0, 4.0))
"""Gain by step, from the softest: the sound halved, as it is, doubled, doubled again.  3 dB is about the least that is
heard as louder, so each step of 6 dB is.  At the loudest, speech is at -11 dBFS, its peaks bent, and the recogniser
hears eight of our sentences as well as at the usual level (12 % of words wrong, 13 %)."""
KNEE: Final = 0.70  # of full scale: below it the sound is only louder
PEAK: Final = 0.96  # mu-law's largest value is 0.98 of full scale; above it the line would cut
_STEPS: Final = {Wish.FASTER: (-1, 0), Wish.SLOWER: (1, 0), Wish.LOUDER: (0, 1), Wish.SOFTER: (0, -1)}


class Delivery:
    """Of one call; begins as the agent's file has it."""

    __slots__ = ("_gain_step", "_rate_step")

    def __init__(self) -> None:
        self._rate_step = RATES.index(1.0)
        self._gain_step = GAINS_DB.index(0.0)

    @property
    def rate(self) -> float:
        """Times the agent's own."""
        return RATES[self._rate_step]

    @property
    def gain_db(self) -> float:
        return GAINS_DB[self._gain_step]

    def change(self, wishes: Iterable[Wish]) -> bool:
        """One step for each that asks for one.  False if one of them has come to its end."""
        granted = True
        for wish in wishes:
            faster, louder = _STEPS.get(wish, (0, 0))
            rate_step, gain_step = self._rate_step + faster, self._gain_step + louder
            if 0 <= rate_step < len(RATES) and 0 <= gain_step < len(GAINS_DB):
                self._rate_step, self._gain_step = rate_step, gain_step
            else:
                granted = False
        return granted

    def at_level(self, frame: AudioFrame) -> AudioFrame:
        """The same sound at the present gain, bent rather than cut where it would be louder than the line carries."""
        return frame if self.gain_db == 0.0 else AudioFrame(amplified(frame.reveal(), self.gain_db))


def amplified(pcm: Int16, gain_db: float) -> Int16:
    """Straight up to `KNEE`, bent towards `PEAK` beyond it; each sample by itself, so frames join without a seam."""
    x = pcm.astype(np.float32) / 32768.0 * np.float32(10 ** (gain_db / 20))
    over = np.maximum(np.abs(x) - KNEE, 0.0)
    bent = np.minimum(np.abs(x), KNEE) + (PEAK - KNEE) * np.tanh(over / (PEAK - KNEE))
    return np.asarray(np.rint(np.sign(x) * bent * 32767.0), np.int16)

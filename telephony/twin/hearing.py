"""When is something audible?  Energy of the sound itself, exact to the sample.  Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from telephony.audio import RATE_HZ, Int16

AUDIBLE_DBFS: Final = -45.0  # about 20 dB under speech at telephone level: below it a listener calls it silence
WINDOW: Final = RATE_HZ // 100  # 10 ms: longer than one period of the lowest voice
BRIDGE_MS: Final = 150  # shorter gaps are stops and breath inside speech, not silence

Run = tuple[int, int]
"""First audible sample, first sample after the last audible one."""


def audible_runs(pcm: Int16, bridge_ms: int = BRIDGE_MS, floor_dbfs: float = AUDIBLE_DBFS) -> list[Run]:
    """Stretches of audible sound; those less than `bridge_ms` apart are one.

    A 10 ms window is audible if its root mean square is above the floor; windows stand at every sample, and a run's
    edges are the first and last sample in it that are themselves as large as the floor.
    """
    if len(pcm) < WINDOW:
        pcm = np.concatenate([pcm, np.zeros(WINDOW - len(pcm), np.int16)])
    threshold = 10 ** (floor_dbfs / 20) * 32_768
    x = pcm.astype(np.float64)
    energy = np.concatenate([[0.0], np.cumsum(x * x)])
    loud = energy[WINDOW:] - energy[:-WINDOW] > WINDOW * threshold**2
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    large = np.flatnonzero(np.abs(x) >= threshold)
    runs: list[Run] = []
    for first, last in zip(edges[::2], edges[1::2] - 1 + WINDOW, strict=True):
        inside = large[np.searchsorted(large, first) : np.searchsorted(large, last)]
        if not len(inside):
            continue
        start, end = int(inside[0]), int(inside[-1]) + 1
        if runs and start - runs[-1][1] < bridge_ms * RATE_HZ // 1000:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return runs


def is_audible(pcm: Int16) -> bool:
    return bool(audible_runs(pcm))


def trimmed(pcm: Int16, before_ms: int = 20, after_ms: int = 40) -> Int16:
    """Without the silence around it, but for these margins."""
    runs = audible_runs(pcm)
    if not runs:
        return pcm
    per_ms = RATE_HZ // 1000
    return pcm[max(0, runs[0][0] - before_ms * per_ms) : runs[-1][1] + after_ms * per_ms]


class Listener:
    """The caller's attention while the call runs: when did the agent last become or cease to be audible?

    Coarse (10 ms blocks); what the report says is measured afterwards by `audible_runs`.
    """

    def __init__(self) -> None:
        self._heard_to = 0
        self._runs: list[Run] = []

    def listen(self, start: int, pcm: Int16) -> None:
        """The next stretch of the ear's sound; `start` is where the last one ended."""
        if start != self._heard_to:
            raise ValueError("a stretch was left out")
        usable = len(pcm) - len(pcm) % WINDOW
        for at in range(0, usable, WINDOW):
            block = pcm[at : at + WINDOW].astype(np.float64)
            if np.sqrt(np.mean(block * block)) > 10 ** (AUDIBLE_DBFS / 20) * 32_768:
                first = start + at
                if self._runs and first - self._runs[-1][1] < BRIDGE_MS * RATE_HZ // 1000:
                    self._runs[-1] = (self._runs[-1][0], first + WINDOW)
                else:
                    self._runs.append((first, first + WINDOW))
        self._heard_to = start + usable

    @property
    def heard_to(self) -> int:
        """How far the ear has listened."""
        return self._heard_to

    def began_after(self, at: int) -> int | None:
        """When the agent was first heard after `at`; `at` itself if it was speaking then."""
        return next((max(start, at) for start, end in self._runs if end > at), None)

    def after(self, at: int) -> list[Run]:
        """The agent's sound that was heard, in part at least, after `at`."""
        return [run for run in self._runs if run[1] > at]

    def quiet_since(self) -> int:
        """When the agent's sound last ended; 0 if nothing was heard yet."""
        return self._runs[-1][1] if self._runs else 0

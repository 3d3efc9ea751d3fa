"""Sound that says what it is: a square wave whose heights are numbers, exact through mu-law.

A frame's first half carries which sentence or word it belongs to, its second half which frame of it this is.  So a test
can read from what the caller's ear got, to the frame, what was said, how much of it was heard and whether any was lost;
and a recogniser made of this hears only what really is in the sound it was given.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np

from telephony import g711
from telephony.audio import FRAME_SAMPLES, AudioFrame, Int16

_BASE: Final = 32
_ALL: Final = sorted({int(level) for level in g711.decode(bytes(range(256))) if level > 0})
AGENT: Final = tuple(_ALL[-80:-48])  # about -24 to -13 dBFS
CALLER: Final = tuple(_ALL[-48:-16])  # about -18 to -7 dBFS: louder than an echo of ours can be
MOST: Final = _BASE * _BASE
HALF: Final = FRAME_SAMPLES // 2
_SIGNS: Final = np.where(np.arange(HALF) // 4 % 2 == 0, 1, -1)


def _broad() -> Int16:
    """Signs by chance, but for the two that `read` looks at: a caller's words hold no steady tone, as no voice does."""
    signs = np.where(np.random.default_rng(11).random(HALF) < 0.5, 1, -1).astype(np.int16)
    signs[0], signs[4] = 1, -1
    return signs


_CALLERS: Final = _broad()


@dataclass(frozen=True, slots=True)
class Tag:
    """What one frame says."""

    what: int
    """Number of the sentence or word, below `MOST`."""
    nth: int
    """Which frame of it, from 0, below `MOST`."""


@functools.cache
def frame(tag: Tag, levels: tuple[int, ...]) -> Int16:
    """160 samples, not to be written into."""
    return np.concatenate([_half(tag.what, levels), _half(tag.nth, levels)])


def read(pcm: Int16, levels: tuple[int, ...]) -> Tag | None:
    """The tag of 160 samples, or None if they are not a whole frame made of these levels."""
    if len(pcm) != FRAME_SAMPLES:
        return None
    digits = [levels.index(int(h)) if int(h) in levels else -1 for h in (pcm[0], -pcm[4], pcm[HALF], -pcm[HALF + 4])]
    if min(digits) < 0:
        return None
    tag = Tag(digits[0] * _BASE + digits[1], digits[2] * _BASE + digits[3])
    return tag if np.array_equal(frame(tag, levels), pcm) else None


def noise(rng: np.random.Generator, height: int = 6_000) -> AudioFrame:
    """20 ms of loud sound that says nothing."""
    return AudioFrame(rng.integers(-height, height, FRAME_SAMPLES, dtype=np.int16))


def _half(number: int, levels: tuple[int, ...]) -> Int16:
    high, low = levels[number // _BASE], levels[number % _BASE]
    return np.where((_CALLERS if levels == CALLER else _SIGNS) > 0, high, -low).astype(np.int16)

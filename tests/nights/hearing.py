"""What an ear at the carrier heard: the agent's sentences, read back from their sound.  Pure.

A stream's sound stands at any sample of an ear's clock, so frames are looked for where sound begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from telephony.audio import FRAME_MS, FRAME_SAMPLES, Int16
from telephony.twin.measure import PER_MS
from tests.fakes import World
from tests.tones import AGENT, Tag, read


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence as an ear got it.  Times are milliseconds of its clock."""

    text: str
    from_ms: int
    until_ms: int
    frames: int
    of: int

    @property
    def whole(self) -> bool:
        """Every frame of it was heard, in order."""
        return self.frames == self.of


def sentences(sound: Int16, world: World) -> list[Sentence]:
    """In the order in which they began; a frame out of its sentence's order begins another."""
    found: list[tuple[int, list[int], int, int]] = []
    at = 0
    begins = np.flatnonzero(np.isin(sound, AGENT))
    while (after := int(np.searchsorted(begins, at))) < len(begins):
        at = int(begins[after])
        tag = _frame(sound, at, world)
        goes_on = tag is not None and bool(found) and found[-1][0] == tag.what and tag.nth == found[-1][1][-1] + 1
        if tag is None or not (goes_on or _frame(sound, at + FRAME_SAMPLES, world) == Tag(tag.what, tag.nth + 1)):
            at += 1
            continue
        if goes_on:
            what, nths, begun, _ = found.pop()
            nths.append(tag.nth)
            found.append((what, nths, begun, at + FRAME_SAMPLES))
        else:
            found.append((tag.what, [tag.nth], at, at + FRAME_SAMPLES))
        at += FRAME_SAMPLES
    return [
        Sentence(
            world.sentences[what],
            begun // PER_MS,
            ended // PER_MS,
            len(nths),
            world.length_ms(world.sentences[what]) // FRAME_MS,
        )
        for what, nths, begun, ended in found
    ]


def _frame(sound: Int16, at: int, world: World) -> Tag | None:
    """What the frame says that begins there; None where none does.  Two halves of frames can pass for one."""
    tag = read(sound[at : at + FRAME_SAMPLES], AGENT)
    return None if tag is None or tag.what >= len(world.sentences) else tag


def silences(sounding: Sequence[tuple[float, float]], from_s: float, until_s: float) -> float:
    """The longest stretch without sound between two moments, in seconds.  sounding: from and until, in any order."""
    longest, quiet_since = 0.0, from_s
    for begun, ended in sorted(sounding):
        if ended <= from_s or begun >= until_s:
            continue
        longest = max(longest, begun - quiet_since)
        quiet_since = max(quiet_since, ended)
    return max(longest, until_s - quiet_since)

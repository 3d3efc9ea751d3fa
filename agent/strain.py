"""How she speaks, in rhythm and in loudness against her own start: it may only raise care, by one question.  Pure.

Heard are rhythm and loudness, never words.  They are no diagnosis and no emotion, and nothing here is named after one:
people pause to think, walk away from the telephone, or speak to a child.  So one cue alone is nothing.  A turn is
strained where two different cues fall together, or where one comes in two turns in a row.

Every number below is a choice of our own, none is measured on patients, and none is taken from a study.  In noise the
detector hears voice in her pauses, and the noise as her level: then there are fewer cues, not more.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from telephony.audio import FRAME_MS

QUIETER_DB: Final = 10.0
"""So far under her own start a turn is quiet, in dB of her median level: plainly quieter to anybody who listens, and
more than a voice wanders between two sentences.  Who turns from the telephone may do so too.  Our own choice."""
OF_START: Final = 2
"""Turns that are her own start: one alone may be a shout over the greeting.  Our own choice."""
LEAST_OF_START_MS: Final = 1_000
"""Of voice in each of them, in ms: a shorter turn ("hello?") tells no level of hers.  Our own choice."""
LONG_MS: Final = 4_000
"""From her first sound to her last, in ms: in a shorter turn rhythm can't be told.  Our own choice."""
LEAST_STRETCHES: Final = 4
"""So many stretches of voice at least make a turn in pieces: three are an ordinary sentence with two commas."""
SHORT_MS: Final = 700
"""A stretch below this, in ms, is short: two or three words of an unhurried voice.  Our own choice."""
GAP_MS: Final = 250
"""Silence of so many ms parts two stretches; less is the closing of a consonant, or a comma.  Our own choice."""
LONGEST_GAP_MS: Final = 1_200
"""A longer pause, in ms, is one of thinking or looking something up, not of a breath.  Our own choice."""
CLICK_MS: Final = 80
"""What is shorter, in ms, is no stretch of voice: `agent.endpointing.Timing.shortest_ms`."""
LEAST_VOICE: Final = 0.35
"""Below this share of the time voice, a long turn halts: fluent speech is voice most of the time.  Our own choice."""
LATE_MS: Final = 4_000
"""Silence, in ms, before the answer to a question about a symptom: long beside an ordinary answer, half the 8 s after
which she is prompted (`agent.turns.Patience`); a prompt begins the count anew.  Our own choice."""
MOST_MS: Final = 60_000
"""A turn is bounded, as its sound is (`agent.endpointing.Endpointer.MOST_S`); of a longer one the end is judged."""


class Cue(enum.Enum):
    """What was heard, not what it may mean."""

    QUIETER = "quieter"
    IN_PIECES = "in_pieces"
    HALTING = "halting"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class _Turn:
    """One turn, as it was heard."""

    levels: tuple[float | None, ...] = ()
    """dBFS of each 20 ms frame of voice; None where there is none."""
    late: bool = False


@dataclass(frozen=True, slots=True)
class _Before:
    """What is left of the turns before."""

    start: tuple[float, ...] = ()
    """Her median levels in the turns that are her own start, dBFS; at most `OF_START`."""
    cues: frozenset[Cue] = frozenset()
    """Of the turn right before."""


class Strain:
    """Of one call.  Fed by the ear with every frame and with where turns begin and end."""

    def __init__(self) -> None:
        self.of_trouble = False
        """A question of ours is open whose answer may fetch a person."""
        self._before = _Before()
        self._last = _Turn()
        self._kept = _Turn()
        self._levels: list[float | None] = []
        self._late = False
        self._hers = False
        self._quiet_ms = 0

    def hear(self, level: float | None, *, audible: bool) -> None:
        """Take 20 ms.  level: dBFS of a frame of her voice, None for any other; audible: our own voice sounds."""
        if self._hers:
            self._levels.append(level)
            del self._levels[: -MOST_MS // FRAME_MS]
        self._quiet_ms = 0 if audible else self._quiet_ms + FRAME_MS

    def began(self) -> None:
        """A turn of hers begins with the next frame."""
        self._hers = True
        self._late = self.of_trouble and self._quiet_ms >= LATE_MS

    def over(self) -> None:
        """The turn has ended.  What was before it can't be reopened any more."""
        self._before, self._last = self._known, self._turn
        self._close()

    def reopen(self) -> None:
        """The turn that has just ended was not over: what is heard next is added to it."""
        self._kept = self._last

    def drop(self) -> None:
        """What is heard was no turn of hers."""
        self._close()

    def forget(self) -> None:
        """The call is over: nothing of her voice stays."""
        self._before, self._last = _Before(), _Turn()
        self._close()

    def strained(self) -> bool:
        """Her turn so far, or the one that has just ended: is she to be asked?  Silence after it changes nothing."""
        turn, known = (self._turn, self._known) if self._hers else (self._last, self._before)
        cues = _cues(turn, known.start)
        return len(cues) > 1 or bool(cues & known.cues)

    @property
    def _turn(self) -> _Turn:
        """The present one, with what it holds from before it was reopened."""
        levels = (*self._kept.levels, *self._levels)[-MOST_MS // FRAME_MS :]
        return _Turn(levels, self._kept.late if self._kept.levels else self._late)

    @property
    def _known(self) -> _Before:
        """What is before the present turn: the last one too, unless it goes on."""
        if self._kept.levels or not self._last.levels:
            return self._before
        start = self._before.start
        voice = _voice(self._last)
        if len(start) < OF_START and len(voice) * FRAME_MS >= LEAST_OF_START_MS:
            start = (*start, float(np.median(voice)))
        return _Before(start, _cues(self._last, self._before.start))

    def _close(self) -> None:
        self._kept, self._levels, self._late, self._hers = _Turn(), [], False, False


def _cues(turn: _Turn, start: Sequence[float]) -> frozenset[Cue]:
    voice = _voice(turn)
    stretches = _stretches(turn.levels)
    found = {Cue.LATE} if turn.late else set[Cue]()
    if voice and len(start) == OF_START and float(np.median(voice)) <= sum(start) / OF_START - QUIETER_DB:
        found.add(Cue.QUIETER)
    if stretches and stretches[-1][1] - stretches[0][0] >= LONG_MS:
        lengths = [end - begin for begin, end in stretches]
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(stretches)]
        short = sum(length < SHORT_MS for length in lengths)
        if len(lengths) >= LEAST_STRETCHES and short * 2 > len(lengths) and max(gaps) <= LONGEST_GAP_MS:
            found.add(Cue.IN_PIECES)
        if len(voice) * FRAME_MS < LEAST_VOICE * (stretches[-1][1] - stretches[0][0]):
            found.add(Cue.HALTING)
    return frozenset(found)


def _voice(turn: _Turn) -> list[float]:
    return [level for level in turn.levels if level is not None]


def _stretches(levels: Sequence[float | None]) -> list[tuple[int, int]]:
    """Where her voice begins and ends, in ms of the turn; clicks left out."""
    found: list[tuple[int, int]] = []
    for nth, level in enumerate(levels):
        if level is None:
            continue
        begin, end = nth * FRAME_MS, (nth + 1) * FRAME_MS
        if found and begin - found[-1][1] < GAP_MS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return [(begin, end) for begin, end in found if end - begin >= CLICK_MS]

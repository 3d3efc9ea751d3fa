"""What a call was like for the caller, measured on the sound itself.  Pure.

Every time is milliseconds of the caller's clock, zero when `start` went out; no clock of the agent's is used.

- gap: from the last audible sample that the caller spoke to the first audible sample of the agent's next sound.
- answer gap: the same to the first audible sample that is no filler (see `Classify`).
- silence after a barge-in: from the caller's first audible sample to the end of the agent's last audible sample
  before the caller has finished.  Silence means nothing audible for at least 150 ms, so the closure of a "p" does
  not count, and an agent that stops and starts again under the caller's words has stopped only at the second.
- a dry spell: the buffer ran empty and was filled again within a second, without a `clear` or a sound of the caller
  between (an agent that listens is no underrun).  It is audible, and so a fault, where sound stood within 40 ms on
  either side.  Where she had made a sound in the 300 ms before it, it is a hesitation: the agent stopped feeding to
  listen, and the carrier had no more than that of its sound left.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from telephony.audio import RATE_HZ, Int16
from telephony.twin.hearing import BRIDGE_MS, Run, audible_runs, is_audible
from telephony.twin.playback import Cleared, MarkBack, Piece

PER_MS: Final = RATE_HZ // 1000
PAUSE_MS: Final = 300  # a silence this long inside a turn is a pause; stops and breaths are shorter
CUT_IN_AFTER_MS: Final = 300  # a sound this soon after a pause was decided in it
MMHM_WINDOW_MS: Final = 2_500  # what happens to the agent's sound this long after "mm-hm" is put down to it
STOPPED_MS: Final = 1_000  # silence that long is a stop, not a hesitation
PROVOKED_MS: Final = 1_500  # a `clear` within this after the caller's sound may be an answer to it
DRY_MS: Final = 1_000
EDGE_MS: Final = 40
LEFT_MS: Final = 300  # the most of its sound that a carrier may hold when the agent stops feeding (the requirement)


class Heard(enum.Enum):
    """What a stretch of the agent's sound was."""

    ANSWER = "answer"
    FILLER = "filler"
    """A filler, a continuer or a prompt: counted apart from the answer."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Sound:
    """One stretch of the agent's audible sound, at least 150 ms of silence before and after it."""

    start: int
    pcm: Int16
    marks: tuple[str, ...]
    """Names of the marks that stood in it or in the silence after it."""


Classify = Callable[[Sound], Heard]
"""Asked after the call, in a thread, once for each stretch: it may take its time and transcribe."""


def all_answers(_: Sound) -> Heard:
    """For callers who need no difference."""
    return Heard.ANSWER


class UtteredAs(enum.Enum):
    """Why the caller made a sound."""

    TURN = "turn"
    BARGE_IN = "barge_in"
    MMHM = "mmhm"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Uttered:
    """One turn, barge-in or "mm-hm" of the caller, clean, as placed on her clock."""

    as_: UtteredAs
    pieces: tuple[Piece, ...]

    def sound(self) -> tuple[int, Int16]:
        """Where it begins, and its samples with the pauses in it."""
        start, end = self.pieces[0].start, max(piece.end for piece in self.pieces)
        pcm = np.zeros(end - start, np.int16)
        for piece in self.pieces:
            pcm[piece.start - start : piece.end - start] = piece.pcm
        return start, pcm


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Recording:
    """One call as it was for the caller.  In memory only."""

    uttered: tuple[Uttered, ...]
    heard: Int16
    """What her ear heard, from sample 0 to the end of the stream."""
    spans: tuple[Run, ...] = ()
    marks: tuple[MarkBack, ...] = ()
    clears: tuple[Cleared, ...] = ()


@dataclass(frozen=True, slots=True)
class PauseReport:
    """A silence of the caller inside one turn."""

    at_ms: float
    ms: float
    spoken_into: bool
    """An answer began in it, or so soon after it that it was decided in it."""


@dataclass(frozen=True, slots=True)
class TurnReport:
    """One turn of the caller, barge-ins included."""

    began_ms: float
    ended_ms: float
    """The last audible sample of the caller's turn."""
    barged_in: bool
    gap_ms: float | None
    """None: nothing was heard until the caller spoke again or the call ended; counts as infinite."""
    answer_gap_ms: float | None
    pauses: tuple[PauseReport, ...]


@dataclass(frozen=True, slots=True)
class BargeInReport:
    """The caller spoke over the agent and wanted the floor."""

    onset_ms: float
    over_speech: bool
    """The agent was audible when the caller began; if not, this was no barge-in and counts for nothing."""
    silence_ms: float | None
    """None: the agent was still audible when the caller had finished: missed, counts as infinite."""


@dataclass(frozen=True, slots=True)
class MmHmReport:
    """The caller agreed while the agent spoke, and did not want the floor."""

    onset_ms: float
    over_speech: bool
    stopped: bool
    """The agent's sound was cleared, or fell silent for a second or more.  A reply that happens to end then counts
    as stopped: scripts put "mm-hm" early in a reply."""
    hesitated_ms: float
    """The longest silence that followed."""


@dataclass(frozen=True, slots=True)
class DrySpell:
    """The playback buffer ran empty and was filled again soon after."""

    at_ms: float
    ms: float
    audible: bool
    hesitation: bool = False
    """She had just made a sound."""

    @property
    def fault(self) -> bool:
        """A gap inside a sentence for no reason of hers."""
        return self.audible and not self.hesitation


@dataclass(frozen=True, slots=True)
class CallReport:
    """Numbers only: no sound and no word."""

    script: str
    duration_ms: float
    greeting_ms: float | None
    """From `start` to the first audible sample."""
    turns: tuple[TurnReport, ...]
    barge_ins: tuple[BargeInReport, ...]
    mmhms: tuple[MmHmReport, ...]
    dry_spells: tuple[DrySpell, ...]
    unprovoked_clears_ms: tuple[float, ...]
    """When sound was thrown away though the caller was silent: stops by noise or echo."""
    ending: str = ""
    close_code: int | None = None
    finished: bool = True
    """The caller came to the end of her script: the line did not end before."""
    timeouts: tuple[int, ...] = ()
    """The steps (from 1) that waited in vain."""
    violations: Mapping[str, int] = field(default_factory=dict)
    sent_late_ms: float = 0.0
    after: tuple[str, ...] = ()
    """What the `action` TwiML does after the stream: verbs' names, e.g. ("Dial",)."""

    @property
    def ok(self) -> bool:
        """The agent kept to the protocol, and nothing that the script waited for failed to come."""
        return self.finished and not self.violations and not self.timeouts

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"ok": self.ok}


def measure(recording: Recording, script: str = "", classify: Classify = all_answers) -> CallReport:
    """All that the sound tells; what only the line knows is added by the caller's shell."""
    heard = recording.heard
    agent = audible_runs(heard)
    answers = _answers(recording, agent, classify)
    hers = [_runs_of(u) for u in recording.uttered]
    onsets = [(runs[0][0], u.as_) for u, runs in zip(recording.uttered, hers, strict=True) if runs]
    turns, barge_ins, mmhms = [], [], []
    for uttered, runs in zip(recording.uttered, hers, strict=True):
        if not runs:
            continue
        begins, ends = runs[0][0], runs[-1][1]
        until = min((at for at, as_ in onsets if at > begins and as_ is not UtteredAs.MMHM), default=len(heard))
        if uttered.as_ is UtteredAs.MMHM:
            mmhms.append(_mmhm(recording, agent, begins))
            continue
        if uttered.as_ is UtteredAs.BARGE_IN:
            barge_ins.append(_barge_in(agent, begins, ends))
        gap, answer_gap = (_gap(sounds, ends, until) for sounds in (agent, answers))
        barged = uttered.as_ is UtteredAs.BARGE_IN
        turns.append(TurnReport(_ms(begins), _ms(ends), barged, gap, answer_gap, _pauses(runs, answers)))
    return CallReport(
        script=script,
        duration_ms=_ms(len(heard)),
        greeting_ms=_ms(agent[0][0]) if agent and (not onsets or agent[0][0] < onsets[0][0]) else None,
        turns=tuple(turns),
        barge_ins=tuple(barge_ins),
        mmhms=tuple(mmhms),
        dry_spells=_dry_spells(recording, [run for runs in hers for run in runs]),
        unprovoked_clears_ms=_unprovoked(recording.clears, [run for runs in hers for run in runs]),
    )


def _ms(samples: int) -> float:
    return round(samples / PER_MS, 1)


def _runs_of(uttered: Uttered) -> list[Run]:
    start, pcm = uttered.sound()
    return [(start + first, start + last) for first, last in audible_runs(pcm, PAUSE_MS)]


def _answers(recording: Recording, agent: list[Run], classify: Classify) -> list[Run]:
    """The stretches that are no fillers."""
    answers = []
    for (start, end), (until, _) in itertools.pairwise([*agent, (len(recording.heard) + 1, 0)]):
        marks = tuple(mark.name for mark in recording.marks if start < mark.position < until)
        if classify(Sound(start, recording.heard[start:end], marks)) is Heard.ANSWER:
            answers.append((start, end))
    return answers


def _gap(sounds: list[Run], ends: int, until: int) -> float | None:
    return next((_ms(start - ends) for start, _ in sounds if ends <= start < until), None)


def _pauses(runs: list[Run], agent: list[Run]) -> tuple[PauseReport, ...]:
    pauses = []
    for (_, quiet), (again, _) in itertools.pairwise(runs):
        spoken_into = any(quiet <= start < again + CUT_IN_AFTER_MS * PER_MS for start, _ in agent)
        pauses.append(PauseReport(_ms(quiet), _ms(again - quiet), spoken_into))
    return tuple(pauses)


def _over_speech(agent: list[Run], at: int) -> bool:
    return any(start <= at < end + BRIDGE_MS * PER_MS for start, end in agent)


def _barge_in(agent: list[Run], begins: int, ends: int) -> BargeInReport:
    if not _over_speech(agent, begins):
        return BargeInReport(_ms(begins), over_speech=False, silence_ms=None)
    if any(start < ends < end for start, end in agent):
        return BargeInReport(_ms(begins), over_speech=True, silence_ms=None)
    last = max((end for start, end in agent if start < ends), default=begins)
    return BargeInReport(_ms(begins), over_speech=True, silence_ms=_ms(max(0, last - begins)))


def _mmhm(recording: Recording, agent: list[Run], begins: int) -> MmHmReport:
    over, until = _over_speech(agent, begins), begins + MMHM_WINDOW_MS * PER_MS
    cleared = any(begins <= clear.at < until and clear.discarded for clear in recording.clears)
    silences, at = [], begins
    for start, end in agent:
        if end > begins:
            silences.append((at, start))
            at = max(at, end)
    silences.append((at, len(recording.heard)))
    lengths = [end - max(begins, start) for start, end in silences if start < until and end > begins]
    longest_ms = _ms(max(lengths, default=0))
    return MmHmReport(_ms(begins), over, over and (cleared or longest_ms >= STOPPED_MS), longest_ms if over else 0.0)


def _dry_spells(recording: Recording, hers: list[Run]) -> tuple[DrySpell, ...]:
    spells = []
    for (_, dry), (again, _) in itertools.pairwise(recording.spans):
        if again - dry >= DRY_MS * PER_MS or any(dry <= clear.at <= again for clear in recording.clears):
            continue
        if any(start < again and dry < end for start, end in hers):
            continue
        edge = EDGE_MS * PER_MS
        before, after = recording.heard[max(0, dry - edge) : dry], recording.heard[again : again + edge]
        hesitation = any(end <= dry < end + LEFT_MS * PER_MS for _, end in hers)
        spells.append(DrySpell(_ms(dry), _ms(again - dry), is_audible(before) and is_audible(after), hesitation))
    return tuple(spells)


def _unprovoked(clears: tuple[Cleared, ...], hers: list[Run]) -> tuple[float, ...]:
    late = PROVOKED_MS * PER_MS
    return tuple(
        _ms(clear.at)
        for clear in clears
        if clear.discarded and not any(start <= clear.at < end + late for start, end in hers)
    )

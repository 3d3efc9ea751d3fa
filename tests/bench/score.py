"""From a call's sound and words to numbers.  Pure: recordings in, counts and times out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from telephony.twin.hearing import Run, audible_runs
from telephony.twin.measure import PER_MS, CallReport, Heard, Sound, TurnReport, UtteredAs
from tests.bench.plan import Turn, sayable_turns
from tests.bench.recorded import Kept
from tests.bench.wording import Fixed, Word, begins_with_prompt, holds, is_not_known, leading_asides, plain

MISSING: Final = math.inf
LONG_MS: Final = 3_000  # an answer this long gives noise a chance to stop it
HELD_MS: Final = 1_000  # longer than the agent's breath between two sentences
UNDERRUN_MS: Final = 20.0  # one frame
LATE_PROMPT_MS: Final = 4_000  # a prompt this late answers silence, not the caller
SILENT_MS: Final = 3_000  # after it a sound of the agent is a prompt, or an answer to nobody
MERGED_MS: Final = 400  # a stretch that goes on this long after a filler holds the answer too


@dataclass(frozen=True, slots=True)
class ScoredTurn:
    """One turn of the caller.  Times in ms; infinite where nothing came."""

    number: int
    """From 1."""
    barged_in: bool
    gap_ms: float
    """To the next sound of the agent."""
    answer_gap_ms: float
    """To the first sound that is no filler, continuer or late prompt; infinite where a barge-in was missed, as what is
    heard then is the rest of the old reply."""
    cut_into: bool
    """The agent spoke into a pause of it: what came after its end may be the rest of that, so it times nothing."""
    asides: int
    asked: bool
    """The script says what an answer should hold, and the reply was heard out."""
    addressed: bool
    not_known: bool
    told: str
    """What the agent answered, in plain words; empty where the reply was not heard out."""


@dataclass(frozen=True, slots=True)
class ScoredCall:
    """One call."""

    name: str
    part: str
    voice: str
    line: str
    greeting_ms: float
    turns: tuple[ScoredTurn, ...]
    never_asked: int
    """Turns whose answer would have been judged, had the line not ended."""
    pauses: tuple[tuple[float, bool], ...]
    """(length, spoken into)."""
    silences_ms: tuple[float, ...]
    """For each barge-in over speech, from her onset to silence; infinite: missed."""
    barge_ins_late: int
    """Planned, but the reply was over or never came."""
    mmhms: tuple[bool, ...]
    """For each over speech: it stopped the agent."""
    listening: tuple[bool, ...]
    """For each long answer on a bad line during which she made no sound: it was stopped."""
    held: int
    """Of those, how many had a silence of a second or more inside."""
    underruns_ms: tuple[float, ...]
    hesitations_ms: tuple[float, ...]
    """The same right after a sound of hers."""
    answers_to_nobody: int
    """Times the agent began to speak out of silence with nobody having said anything."""
    violations: int
    finished: bool
    sent_late_ms: float
    off_ms: float
    """Of those who stop together: by how much she missed the moment at worst."""


def quantile(values: Sequence[float], q: float) -> float:
    """Nearest rank, so that a missing one stays infinite; nan of nothing."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else math.nan


def asides_of(runs: Sequence[Run], words: Sequence[Word], ended: int, fixed: Fixed) -> tuple[set[int], float | None]:
    """Starts of the stretches that are fillers; and when the answer begins (ms) where it stands in one of those."""
    asides = leading_asides(words, fixed)
    if not asides:
        return set(), None
    over = asides[-1][2] * PER_MS
    within = [run for run in runs if run[0] >= ended and run[0] < over - MERGED_MS * PER_MS / 2]
    merged = within[-1][1] > over + MERGED_MS * PER_MS if within else False
    return {start for start, _ in within}, asides[-1][2] if merged else None


def score(kept: Kept, heard: Mapping[str, Any], scripted: Sequence[Turn], fixed: Fixed) -> ScoredCall:
    """Everything of one call.  heard: what `tests.bench.listening` wrote.  scripted: the turns of its script."""
    raw = kept.report()
    runs = audible_runs(kept.recording.heard)
    replies: list[list[Word]] = [[(w, a, b) for w, a, b in words] for words in heard["replies"]]
    fillers: set[int] = set()
    merged: dict[int, float] = {}
    for n, turn in enumerate(raw.turns):
        found, begins_ms = asides_of(runs, replies[n], int(turn.ended_ms * PER_MS), fixed)
        fillers |= found
        if begins_ms is not None:
            merged[n] = begins_ms
    for pause in heard["in_pauses"]:
        if leading_asides([(w, a, b) for w, a, b in pause["words"]], fixed):
            fillers.add(pause["start"])

    def classify(sound: Sound) -> Heard:
        return Heard.FILLER if sound.start in fillers else Heard.ANSWER

    report = kept.report(classify)
    said = sayable_turns(scripted, report.timeouts)
    cut = _cut(report)
    missed = {
        barge_in.onset_ms for barge_in in report.barge_ins if barge_in.over_speech and barge_in.silence_ms is None
    }
    turns = tuple(
        _turn(
            turn,
            n + 1,
            said[n] if n < len(said) else None,
            replies[n],
            merged.get(n),
            fixed,
            cut=n in cut,
            missed=turn.barged_in and turn.began_ms in missed,
        )
        for n, turn in enumerate(report.turns)
    )
    over = [barge_in for barge_in in report.barge_ins if barge_in.over_speech]
    listening = _listening(kept, report, runs) if kept.about["line"] != "clean" else []
    return ScoredCall(
        name=kept.about["name"],
        part=kept.about["part"],
        voice=kept.about["voice"],
        line=kept.about["line"],
        greeting_ms=_or_missing(report.greeting_ms),
        turns=turns,
        never_asked=sum(bool(turn.expect) for turn in said[len(report.turns) :]),
        pauses=tuple((pause.ms, pause.spoken_into) for turn in report.turns for pause in turn.pauses),
        silences_ms=tuple(_or_missing(barge_in.silence_ms) for barge_in in over),
        barge_ins_late=sum(turn.barge_in for turn in scripted) - len(over),
        mmhms=tuple(mmhm.stopped for mmhm in report.mmhms if mmhm.over_speech),
        listening=tuple(stopped for stopped, _ in listening),
        held=sum(held for _, held in listening),
        underruns_ms=tuple(s.ms for s in report.dry_spells if s.fault and s.ms >= UNDERRUN_MS),
        hesitations_ms=tuple(s.ms for s in report.dry_spells if s.audible and s.hesitation and s.ms >= UNDERRUN_MS),
        answers_to_nobody=_to_nobody(report, runs),
        violations=sum(report.violations.values()),
        finished=report.finished,
        sent_late_ms=report.sent_late_ms,
        off_ms=kept.about.get("off_ms", 0.0),
    )


def _or_missing(ms: float | None) -> float:
    return MISSING if ms is None else ms


def _cut(report: CallReport) -> set[int]:
    """Turns whose reply she broke into: not heard out."""
    onsets = [barge_in.onset_ms for barge_in in report.barge_ins if barge_in.over_speech]
    return {n - 1 for n, turn in enumerate(report.turns) if turn.barged_in and turn.began_ms in onsets}


def _turn(
    turn: TurnReport,
    number: int,
    said: Turn | None,
    words: Sequence[Word],
    begins_ms: float | None,
    fixed: Fixed,
    *,
    cut: bool,
    missed: bool,
) -> ScoredTurn:
    answer = _or_missing(turn.answer_gap_ms)
    if begins_ms is not None:
        answer = min(answer, begins_ms - turn.ended_ms)
    asides = leading_asides(words, fixed)
    after = [word for word in words if not asides or word[1] >= asides[-1][2]]
    if missed or (answer >= LATE_PROMPT_MS and begins_with_prompt(after, fixed)):
        answer = MISSING
    text = " ".join(word for word, _, _ in words)
    asked = said is not None and bool(said.expect) and not cut
    return ScoredTurn(
        number=number,
        barged_in=turn.barged_in,
        gap_ms=_or_missing(turn.gap_ms),
        answer_gap_ms=answer,
        cut_into=any(pause.spoken_into for pause in turn.pauses),
        asides=len(asides),
        asked=asked,
        addressed=asked and said is not None and holds(text, said.expect),
        not_known=asked and is_not_known(text, fixed),
        told="" if cut else plain(text),
    )


def _listening(kept: Kept, report: CallReport, runs: Sequence[Run]) -> list[tuple[bool, bool]]:
    """(stopped, held) of each long answer during which the caller made no sound."""
    onsets = sorted(uttered.pieces[0].start for uttered in kept.recording.uttered)
    mmhms = {uttered.pieces[0].start for uttered in kept.recording.uttered if uttered.as_ is UtteredAs.MMHM}
    found = []
    for turn in report.turns:
        ended = int(turn.ended_ms * PER_MS)
        until = min((at for at in onsets if at > ended), default=len(kept.recording.heard))
        reply = [run for run in runs if ended <= run[0] < until]
        broken_into = until in mmhms or any(start < until < end for start, end in reply)
        if not reply or broken_into or reply[-1][1] - reply[0][0] < LONG_MS * PER_MS:
            continue
        stopped = any(reply[0][0] <= clear.at < until for clear in kept.recording.clears)
        gaps = [after[0] - before[1] for before, after in itertools.pairwise(reply)]
        found.append((stopped, any(gap >= HELD_MS * PER_MS for gap in gaps)))
    return found


def _to_nobody(report: CallReport, runs: Sequence[Run]) -> int:
    """Sounds out of a silence of both that is longer than the agent's breath."""
    ends = [turn.ended_ms for turn in report.turns]
    count = 0
    for before, run in itertools.pairwise(runs):
        start_ms, quiet_ms = run[0] / PER_MS, before[1] / PER_MS
        spoke = any(quiet_ms - 1_000 <= end <= start_ms for end in ends)
        count += not spoke and start_ms - quiet_ms >= SILENT_MS
    return count

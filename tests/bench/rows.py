"""The table: each measure of the issue with its bar, from scored calls.  Pure."""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tests.bench.score import MISSING, ScoredCall, ScoredTurn, quantile, share

LONGEST_PAUSE_MS: Final = 1_290.0  # 1.2 s of silence and the margins of a rendering's cut (60 ms), and a frame
REPORTED: Final = "reported"
TALK: Final = ("one", "four")
SLOW_MS: Final = 1_600  # the bar of the 95th percentile with four calls
LATE_SILENCE_MS: Final = 350  # the bar of the 95th percentile
BUSY_MS: Final = 60  # three frames
STAGES: Final = ("endpoint_ms", "stt_ms", "answer_ms", "tts_ms", "gap_ms")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.  Of several runs: medians of their values, the sum of their n."""

    measure: str
    p50: float | None
    p95: float | None
    share: float | None
    n: int
    bar: str
    met: bool | None
    """None: reported only, or nothing was measured."""
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            key: "inf" if value == MISSING else None if isinstance(value, float) and math.isnan(value) else value
            for key, value in asdict(self).items()
        }


Run = Sequence[ScoredCall]
Values = Callable[[Run], Sequence[float]]
Hits = Callable[[Run], Sequence[bool]]


def times(
    measure: str,
    runs: Sequence[Run],
    values: Values,
    p50: float | None = None,
    p95: float | None = None,
    note: str = "",
) -> Row:
    """A row of times against bars on its median, its 95th percentile, or both."""
    by_run = [values(run) for run in runs]
    got50 = _median([quantile(of_run, 0.5) for of_run in by_run if of_run])
    got95 = _median([quantile(of_run, 0.95) for of_run in by_run if of_run])
    bars = [f"{name} <= {most:.0f}" for name, most in (("p50", p50), ("p95", p95)) if most is not None]
    met = None
    if bars and not math.isnan(got50):
        met = (p50 is None or got50 <= p50) and (p95 is None or got95 <= p95)
    missing = sum(value == MISSING for of_run in by_run for value in of_run)
    said = ", ".join(part for part in (note, f"{missing} never came" if missing else "") if part)
    n = sum(len(of_run) for of_run in by_run)
    return Row(measure, got50, got95, None, n, ", ".join(bars) or REPORTED, met, said)


def shares(
    measure: str, runs: Sequence[Run], hits: Hits, most: float | None = None, least: float | None = None, note: str = ""
) -> Row:
    """A row of a share against a bar above or below it."""
    by_run = [hits(run) for run in runs]
    got = _median([share(of_run) for of_run in by_run if of_run])
    met = None
    if (most is not None or least is not None) and not math.isnan(got):
        met = (most is None or got <= most) and (least is None or got >= least)
    bar = f"<= {most:.0%}" if most is not None else f">= {least:.0%}" if least is not None else REPORTED
    n, count = sum(len(of_run) for of_run in by_run), sum(sum(of_run) for of_run in by_run)
    return Row(measure, None, None, got, n, bar, met, ", ".join(part for part in (f"{count} of {n}", note) if part))


def count(measure: str, found: float, n: int, note: str = "") -> Row:
    """A number without a bar; it stands in the column of the medians."""
    return Row(measure, found, None, None, n, REPORTED, None, note)


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def _turns(run: Run, *parts: str) -> list[ScoredTurn]:
    return [turn for call in run if call.part in parts for turn in call.turns]


def _talk(run: Run) -> list[ScoredCall]:
    return [call for call in run if call.part in TALK]


def gap_rows(runs: Sequence[Run]) -> list[Row]:
    """How fast she is answered."""

    def gaps(part: str, only: Callable[[ScoredCall, ScoredTurn], bool] = lambda _, __: True) -> Values:
        return lambda run: [
            t.answer_gap_ms for c in run if c.part == part for t in c.turns if not t.cut_into and only(c, t)
        ]

    def left_out(part: str) -> str:
        turns = sum(turn.cut_into for run in runs for turn in _turns(run, part))
        return f"{turns} more whose pause was spoken into" if turns else ""

    rows = []
    for part, calls, p50, p95 in (("one", "1 call", 600, 1_100), ("four", "4 calls at once", 900, 1_600)):
        rows.append(times(f"reply gap, {calls} (ms)", runs, gaps(part), p50, p95, left_out(part)))
        rows.append(times("  after a barge-in", runs, gaps(part, lambda _, turn: turn.barged_in)))
        rows += [
            times(f"  {line}", runs, gaps(part, lambda call, _, line=line: kind(call.line) == line))  # type: ignore[misc]
            for line in ("clean", "noise", "echo")
        ]
    off_ms = max((call.off_ms for run in runs for call in run), default=0.0)
    rows.append(times("all four stop together (ms)", runs, gaps("together"), note=f"within {off_ms:.0f} ms"))
    rows.append(times("with a model of 300 ms, 80 tokens/s (ms)", runs, gaps("model"), 750, note="1 call"))
    return rows


def kind(line: str) -> str:
    """Noise of any kind is one condition of the issue."""
    return line if line in ("clean", "echo") else "noise"


def conversation_rows(runs: Sequence[Run]) -> list[Row]:
    """How well turns are taken."""

    def pauses(run: Run) -> list[bool]:
        return [into for call in _talk(run) for ms, into in call.pauses if ms <= LONGEST_PAUSE_MS]

    def missed(run: Run) -> list[bool]:
        return [ms == MISSING for call in _talk(run) for ms in call.silences_ms]

    def listening(run: Run) -> list[bool]:
        return [stopped for call in _talk(run) for stopped in call.listening]

    def mmhms(run: Run) -> list[bool]:
        return [stopped for call in _talk(run) for stopped in call.mmhms]

    def addressed(run: Run) -> list[bool]:
        return [turn.addressed for turn in _turns(run, *TALK) if turn.asked]

    def not_known(run: Run) -> list[bool]:
        return [turn.not_known and not turn.addressed for turn in _turns(run, *TALK) if turn.asked]

    def asides(run: Run) -> list[bool]:
        return [turn.asides > 0 for turn in _turns(run, *TALK)]

    every = [call for run in runs for call in _talk(run)]
    late = sum(call.barge_ins_late for call in every)
    held = sum(call.held for call in every)
    nobody = sum(call.answers_to_nobody for call in every)
    never = sum(call.never_asked for call in every)
    return [
        times("greeting after `start` (ms)", runs, lambda run: [call.greeting_ms for call in _talk(run)], None, 300),
        times(
            "barge-in: onset to silence (ms)",
            runs,
            lambda run: [ms for call in _talk(run) for ms in call.silences_ms],
            None,
            350,
            f"{late} more came too late to be one" if late else "",
        ),
        shares("barge-ins missed", runs, missed, 0.02, None),
        shares("replies into a mid-sentence pause", runs, pauses, 0.03, None),
        shares("mm-hm that stops the agent", runs, mmhms, 0.10, None),
        shares(
            "stops by noise or echo", runs, listening, 0.02, None, f"long answers; {held} with 1 s of silence inside"
        ),
        shares(
            "answers that address the question", runs, addressed, None, 0.95, f"{never} never asked" if never else ""
        ),
        shares("  honestly not known instead", runs, not_known),
        shares("turns with a filler or continuer", runs, asides),
        count("sounds out of a long silence", nobody, len(every), "n: calls; prompts, or answers to nobody"),
    ]


def sound_rows(runs: Sequence[Run]) -> list[Row]:
    """Whether her ear is ever left without sound inside a sentence."""
    rows = []
    for part, calls in (("four", "4 calls"), ("one", "1 call")):
        chosen = [call for run in runs for call in run if call.part == part]
        found = [ms for call in chosen for ms in call.underruns_ms]
        note = "n: calls" + (f"; longest {max(found):.0f} ms" if found else "")
        if paused := [ms for call in chosen for ms in call.hesitations_ms]:
            note += f"; {len(paused)} more as she made a sound, longest {max(paused):.0f} ms"
        row = count(f"gaps of 20 ms and more in a sentence, {calls}", len(found), len(chosen), note)
        rows.append(dataclasses.replace(row, bar="0", met=not found) if part == "four" and chosen else row)
    return rows


def resource_rows(
    parts: Mapping[str, Sequence[Mapping[str, float]]], resident_mb_by_call: Sequence[float]
) -> list[Row]:
    """What the line process costs.  parts: of each run, `Meter.spent()` with `call_s`, by the part's name."""
    rows = []
    for part, calls in (("one", "1 call"), ("four", "4 calls")):
        if spent := parts.get(part, ()):
            cpu = _median([60 * run["line_cpu_s"] / max(run["call_s"], 1e-9) for run in spent])
            minutes = round(sum(run["call_s"] for run in spent) / 60)
            most = _median([run["resident_mb_most"] for run in spent])
            rows.append(count(f"line: CPU seconds a call-minute, {calls}", cpu, minutes, "n: minutes of call"))
            rows.append(count(f"line: resident memory, {calls} (MB)", most, len(spent), "n: runs; the most seen"))
    if resident_mb_by_call:
        at, last = min(14, len(resident_mb_by_call)), len(resident_mb_by_call)
        note = f"after the first {resident_mb_by_call[0]:.0f}, after the last of {last} {resident_mb_by_call[-1]:.0f}"
        rows.append(count(f"line: resident memory after {at} calls (MB)", resident_mb_by_call[at - 1], at, note))
    return rows


def recognition_rows(result: Mapping[str, Any] | None) -> list[Row]:
    """What `tests.bench.recognition` found; None: it could not be run."""
    if result is None:
        skipped = "skipped: the recordings are not beside this repository"
        return [Row("word errors, telephone, no bias", None, None, None, 0, "<= 14%", None, skipped)]
    errors, strings, right = _errors_of(result["score"])
    return [
        Row("word errors, telephone, no bias", None, None, errors, 1, "<= 14%", errors <= 0.14, "n: the set"),
        Row("digit strings right", None, None, right, strings, ">= 90%", right >= 0.90, "n: strings"),
    ]


def _errors_of(score: Mapping[str, Any]) -> tuple[float, int, float]:
    """(word error rate, digit strings, share of them right) in the scorer's output, telephone condition."""
    strings = score["digits"]["tel"]
    right = strings["strings_right"] / max(1, strings["strings"])
    return float(score["wer"]["all/tel"]["wer"]), strings["strings"], right


def stages(timings: Sequence[Mapping[str, int]]) -> list[dict[str, Any]]:
    """Each stage's p50 and p95, and its share of the gap's median, from the line's own timings."""
    gap = quantile([float(t["gap_ms"]) for t in timings], 0.5)
    found = []
    for stage in STAGES:
        values = [float(t[stage]) for t in timings]
        p50 = quantile(values, 0.5)
        found.append(
            {
                "stage": stage.removesuffix("_ms"),
                "p50_ms": p50,
                "p95_ms": quantile(values, 0.95),
                "share": round(p50 / gap, 2) if gap else None,
                "n": len(values),
            }
        )
    return found


def faults(runs: Sequence[Run]) -> list[str]:
    """Where to look: every call and turn that went wrong, one line each, without a word of it."""
    found = []
    for run in runs:
        for call in run:
            at = f"{call.part}: {call.name} ({call.voice}, {call.line})"
            found += [f"{at} {what}" for turn in call.turns for what in _turn_faults(turn, judged=call.part in TALK)]
            found += [f"{at}: {what}" for what in _call_faults(call)]
    return found


def _turn_faults(turn: ScoredTurn, *, judged: bool) -> list[str]:
    found = []
    if turn.answer_gap_ms == MISSING:
        found.append(f"turn {turn.number}: no answer")
    elif turn.answer_gap_ms > SLOW_MS:
        found.append(f"turn {turn.number}: answered after {turn.answer_gap_ms:.0f} ms")
    if judged and turn.asked and not turn.addressed:
        found.append(f"turn {turn.number}: " + ("said not known" if turn.not_known else "not addressed"))
    return found


def _call_faults(call: ScoredCall) -> list[str]:
    return [
        *(f"a pause of {ms:.0f} ms was spoken into" for ms, into in call.pauses if into),
        *("a barge-in was missed" for ms in call.silences_ms if ms == MISSING),
        *(f"silence only {ms:.0f} ms after a barge-in" for ms in call.silences_ms if LATE_SILENCE_MS < ms < MISSING),
        *("a mm-hm stopped the agent" for stopped in call.mmhms if stopped),
        *("the line's noise stopped an answer" for stopped in call.listening if stopped),
        *(f"{ms:.0f} ms without sound inside a sentence" for ms in call.underruns_ms),
        *([f"{call.violations} protocol violations"] if call.violations else ()),
        *(() if call.finished else [f"the line ended before the script, {call.never_asked} questions never asked"]),
        *(
            [f"the caller's own frames were up to {call.sent_late_ms:.0f} ms late"]
            if call.sent_late_ms > BUSY_MS
            else ()
        ),
    ]


def table(rows: Sequence[Row]) -> str:
    """For the terminal."""
    head = ("measure", "p50", "p95", "n", "bar", "", "")
    lines = [head, *(_shown(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column in (1, 2, 3) else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _shown(row: Row) -> tuple[str, ...]:
    middle = f"{row.share:.1%}" if row.share is not None and not math.isnan(row.share) else _number(row.p50)
    met = "" if row.met is None else "met" if row.met else "NOT MET"
    return row.measure, middle, _number(row.p95), str(row.n), row.bar, met, row.note


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return "inf" if value == MISSING else f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"

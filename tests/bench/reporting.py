"""A run as JSON and as text for the terminal."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from tests.bench import cost, resources, rows, service
from tests.bench.parts import Bench
from tests.bench.plan import Makeup
from tests.bench.score import ScoredCall

LEAST: Final = Makeup(turns=120, pauses=100, barge_ins=0, mmhms=0)
"""What the conversation rows need, by the issue."""


def report(
    asked: argparse.Namespace,
    load: float,
    quiet_load: float,
    took_s: float,
    makeup: Makeup,
    benches: Sequence[Bench],
    scored: Sequence[Sequence[ScoredCall]],
    words: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything, ready for JSON.  Holds no word that anybody said."""
    parts: dict[str, list[dict[str, float]]] = {}
    timings: dict[str, list[dict[str, int]]] = {}
    for bench in benches:
        for name, spent in bench.parts.items():
            parts.setdefault(name, []).append(spent)
        for name, told in bench.timings.items():
            timings.setdefault(name, []).extend(told)
    found = [*rows.gap_rows(scored), *rows.conversation_rows(scored), *rows.sound_rows(scored), *cost.rows(scored)]
    found += rows.resource_rows(parts, benches[0].resident_mb_by_call if benches else [])
    if "recognition" in asked.rows.split(",") and not asked.quick:
        found += rows.recognition_rows(words)
    return {
        "quick": asked.quick,
        "quiet": load <= quiet_load,
        "enough": makeup.turns >= LEAST.turns and makeup.pauses >= LEAST.pauses,
        "runs": asked.runs,
        "seed": asked.seed,
        "settings": service.settings(),
        "scripts": asdict(makeup),
        "greeting": service.GREETING,
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(load, 2),
            "load_after": round(resources.load(), 2),
        },
        "seconds": round(took_s),
        "rows": [row.to_json() for row in found],
        "table": rows.table([row for row in found if row.n or row.note.startswith("skipped")]),
        "stages": {name: rows.stages(told) for name, told in timings.items() if told},
        "parts": parts,
        "start_s": [bench.start_s for bench in benches],
        "spoken_ahead": [bench.spoken_ahead for bench in benches],
        "idle_mb": [bench.idle for bench in benches],
        "resident_mb_by_call": [bench.resident_mb_by_call for bench in benches],
        "events": [bench.events for bench in benches],
        "failed": [line for bench in benches for line in bench.failed],
        "faults": rows.faults(scored),
        "recognition": words,
    }


def printed(report: Mapping[str, Any]) -> str:
    """All for the terminal."""
    machine, said = report["machine"], report["scripts"]
    lines = [
        "",
        report["table"],
        "",
        "times in ms; one configuration for all conversation rows, one run of the service for 1 call and 4 calls; of "
        f"{report['runs']} runs the medians",
        f"scripts: {said['turns']} turns, {said['pauses']} pauses, {said['barge_ins']} barge-ins, "
        f"{said['mmhms']} mm-hms; the greeting is a short one of the bench's own",
        f"load before {machine['load_before']}, after {machine['load_after']}; {machine['cores']} cores, Python "
        f"{machine['python']}, {report['seconds']} s; settings: {report['settings'] or 'as shipped'}",
        *(f"answers begin {_ahead(each)}" for each in _different(report["spoken_ahead"])),
        "",
        "stages by the line's own clock: p50 / p95 ms (share of the median gap); recognition and synthesis run while "
        "the endpoint waits, so shares overlap",
        *(f"  {name:<16}{_stages(stages)}" for name, stages in report["stages"].items()),
        "cores kept busy by neither the line nor its callers",
        *(
            f"  {name:<16}" + ", ".join(f"{spent['other_cores_busy']:.2f}" for spent in every)
            for name, every in report["parts"].items()
        ),
    ]
    lines += [f"FAILED CALL {line}" for line in report["failed"]]
    if report["faults"]:
        lines += ["what went wrong, by part, script and turn", *(f"  {line}" for line in report["faults"])]
    if report["quick"]:
        lines.append("QUICK: too few turns to prove anything")
    elif not report["enough"]:
        lines.append(f"TOO FEW: the conversation rows need {LEAST.turns} turns and {LEAST.pauses} pauses")
    if not report["quiet"]:
        lines.append(f"NOT QUIET: the load was {machine['load_before']} at the start; no time above is to be believed")
    return "\n".join(lines) + "\n"


def _different(every: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[Mapping[str, Any]]:
    """Each once."""
    found: list[Mapping[str, Any]] = []
    for ahead in (ahead for services in every for ahead in services.values()):
        if ahead not in found:
            found.append(ahead)
    return found


def _ahead(ahead: Mapping[str, Any]) -> str:
    if not ahead["on"]:
        return "with synthesis: nothing is spoken ahead (QUIETLINE_SPOKEN_AHEAD=off)"
    return f"without synthesis: {ahead['count']} clauses spoken ahead in {ahead['s']} s, {ahead['kilobytes']} kB"


def _stages(stages: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{stage['stage']} {stage['p50_ms']:.0f} / {stage['p95_ms']:.0f}"
        + (f" ({stage['share']:.0%})" if stage["share"] is not None else "")
        for stage in stages
    )

"""Is it fast, and does it take turns well?  `make bench`, or `python -P -m tests.bench --help`.

The real service runs as the launcher runs it; the callers (the carrier's twin) run in processes of their own; what they
heard is transcribed after the calls, when the service has ended.  All conversation rows come from one configuration in
one run: some scripts one call at a time, the others four at once.  The service's greeting is a short one, to save time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from telephony.twin.script import Script, read_script
from telephony.twin.voices import build
from tests.bench import reporting, resources, service
from tests.bench.parts import FULL, QUICK, Amount, Bench, child, say, script_of
from tests.bench.plan import Makeup, planned, split
from tests.bench.score import ScoredCall
from tests.bench.service import ROOT

SCRIPTS: Final = Path(__file__).parent / "scripts"
SHARED: Final = ROOT.parent / "shared" / "eval"  # lies beside the repository in the project's own workshop, not in it
QUIET_LOAD: Final = 0.6
ROWS: Final = ("talk", "together", "model", "recognition")
COST: Final = "cost"
"""Asked for by name: it compares services, and takes as long again."""


def scripts() -> list[tuple[str, Path, Script]]:
    """Every script, the house's and the stranger's, by its folder and name."""
    return [(f"{path.parent.name}/{path.stem}", path, read_script(path)) for path in sorted(SCRIPTS.glob("*/*.toml"))]


def recognition() -> dict[str, Any] | None:
    """The telephone recordings of the development set through the product's recogniser, no bias words."""
    manifest, scorer = SHARED / "asr" / "dev" / "manifest.jsonl", SHARED / "score_asr.py"
    if not (manifest.is_file() and scorer.is_file()):
        say("  recognition: skipped, the recordings are not beside this repository (../shared/eval/asr/dev)")
        return None
    said = child("tests.bench.recognition", "--manifest", str(manifest), "--scorer", str(scorer), "--condition", "tel")
    found: dict[str, Any] = json.loads(said)
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -P -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few turns of everything; proves nothing")
    parser.add_argument("--rows", default=",".join(ROWS), help="some of: " + ",".join((*ROWS, COST)))
    parser.add_argument("--runs", type=int, default=1, help="runs of the whole; the table holds medians over them")
    parser.add_argument("--seed", type=int, default=1, help="of phases, lines and noise; each run takes the next")
    parser.add_argument("--json", type=Path, help="where the numbers go as JSON")
    parser.add_argument("--keep", type=Path, help="a folder in which the recordings of the synthetic calls stay")
    parser.add_argument("--voices", type=Path, help="a folder that keeps the callers' rendered sentences")
    parser.add_argument("--only", default="", help="scripts whose name holds this")
    parser.add_argument("--wait-quiet-s", type=float, default=180.0, help="how long to wait for a quiet machine")
    asked = parser.parse_args()
    if unknown := set(asked.rows.split(",")) - {*ROWS, COST}:
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    return asked


def chosen_scripts(amount: Amount, only: str) -> list[tuple[str, Path, Script]]:
    """In quick runs a few of them, always the same."""
    found = [entry for entry in scripts() if only in entry[0]]
    if amount.scripts is not None:
        random.Random(1).shuffle(found)
        found = sorted(found[: amount.scripts])
    return found


def run(
    asked: argparse.Namespace, amount: Amount, folder: Path, voices: Path, seed: int
) -> tuple[Bench, list[ScoredCall]]:
    """One run of the rows that are asked for, but for recognition."""
    bench = Bench(amount, folder, voices, seed)
    wanted = asked.rows.split(",")
    calls = planned(chosen_scripts(amount, asked.only), seed)
    said = [(call.script.voice, text) for call in calls for text in build.sentences(script_of(call, amount))]
    say(f"  {build.build(dict.fromkeys(said), voices)} sentences rendered")
    if {"talk", "together"} & set(wanted):
        with service.running(folder / "approved") as running:
            bench.start_s = round(running.ready_s, 1)
            bench.spoken_ahead["approved"] = running.spoken_ahead
            bench.idle["before"] = resources.proportional_mb(running.line)
            if "talk" in wanted:
                bench.talk(running, calls)
            if "together" in wanted:
                bench.together(running)
            bench.idle["after"] = resources.proportional_mb(running.line)
    if "model" in wanted:
        bench.model(split(calls, amount.model_turns, seed + 500)[0])
    if COST in wanted:
        bench.cost(split(calls, amount.cost_turns, seed + 900)[0])
    return bench, bench.scored({call.name: call for call in calls})


def main() -> int:
    asked = arguments()
    amount = QUICK if asked.quick else FULL
    makeup = Makeup.of([script for _, _, script in chosen_scripts(amount, asked.only)])
    load = resources.load()
    if load > QUIET_LOAD:
        say(f"bench: the load is {load:.2f}; waiting up to {asked.wait_quiet_s:.0f} s for {QUIET_LOAD}")
        load = resources.await_quiet(QUIET_LOAD, asked.wait_quiet_s)
    began_s = time.monotonic()
    wanted = asked.rows.split(",")
    benches: list[Bench] = []
    scored: list[list[ScoredCall]] = []
    with tempfile.TemporaryDirectory(prefix="quietline-bench-") as temporary:
        voices = asked.voices or Path(temporary) / "voices"
        voices.mkdir(parents=True, exist_ok=True)
        if set(wanted) - {"recognition"}:
            for n in range(asked.runs):
                say(f"run {n + 1} of {asked.runs}")
                folder = Path(asked.keep or temporary).absolute() / f"run{n + 1}-{os.getpid()}"
                folder.mkdir(parents=True)
                bench, calls = run(asked, amount, folder, voices, asked.seed + n)
                benches.append(bench)
                scored.append(calls)
        words = recognition() if "recognition" in wanted and not asked.quick else None
    report = reporting.report(asked, load, QUIET_LOAD, time.monotonic() - began_s, makeup, benches, scored, words)
    if asked.json:
        asked.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(reporting.printed(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())

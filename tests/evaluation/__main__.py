"""How well does the line judge what is said?  `make eval`, or `python -P -m tests.evaluation --help`.

The development sets go through the product's own code, synthetic patients through whole calls.  One scoreboard: each
measure with its bar, what was found with its count and Wilson 95 % interval, and whether the bar is met; then every
miss.  What is printed holds the sets' sentences: it goes to the terminal, and to no file.  Ends with 1 where a bar is
missed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the launcher does: else numpy spins a second thread

import argparse
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from agent.engines.minilm import load_meaning
from policies.meaning import Meaning
from policies.rules.taught import load_reader
from policies.rules.written import red_flags
from policies.spoken.taught import load_weigher
from policies.urgency import UrgencyReader
from tests.evaluation import calls, cost, firewall, hearing, nights, retrieval, scope, spoken, text, unseen
from tests.evaluation.board import Board
from tests.evaluation.sets import BESIDE, Sets, SetsMissing

PARTS: Final = (
    "text",
    "scope",
    "unseen",
    "firewall",
    "retrieval",
    "cost",
    "spoken",
    "unseen_spoken",
    "calls",
    "nights",
)


@cache
def reader() -> UrgencyReader:
    return load_reader()


@cache
def meaning() -> Meaning:
    return load_meaning()


@cache
def engines() -> hearing.Engines:
    return hearing.Engines.load(meaning(), reader(), retrieval.knowledge_of(meaning()), red_flags())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -P -m tests.evaluation", description=__doc__)
    parser.add_argument("--only", default="", help="some of: " + ",".join(PARTS))
    parser.add_argument("--sets", type=Path, default=BESIDE, help="the folder of the development sets")
    parser.add_argument("--ids", action="store_true", help="misses by their ids alone, without what was said")
    parser.add_argument("--patients", default="", help="of the calls: patients whose name holds this")
    parser.add_argument("--firewall", type=Path, default=firewall.ROWS, help="rows for the firewall")
    parser.add_argument("--nights", type=int, default=nights.NIGHTS, help="how many nights are drawn")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first of them")
    asked = parser.parse_args()
    if unknown := set(filter(None, asked.only.split(","))) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return asked


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def parts(asked: argparse.Namespace) -> Mapping[str, Callable[[], Board | None]]:
    """Each part by its name, to be run."""
    sets = Sets(asked.sets)
    return {
        "text": lambda: text.evaluate(sets, reader(), red_flags()),
        "scope": lambda: scope.evaluate(sets, reader()),
        "unseen": lambda: unseen.evaluate(sets, reader(), red_flags()),
        "firewall": lambda: firewall.evaluate(asked.firewall, retrieval.knowledge_of(meaning()), load_weigher()),
        "retrieval": lambda: retrieval.evaluate(meaning()),
        "cost": lambda: cost.evaluate(sets, reader(), red_flags(), meaning()),
        "spoken": lambda: spoken.evaluate(sets, reader(), red_flags(), engines()),
        "unseen_spoken": lambda: spoken.of_strangers(sets, reader(), red_flags(), engines()),
        "calls": lambda: calls.evaluate(engines(), asked.patients),
        "nights": lambda: nights.evaluate(asked.nights, asked.first),
    }


def main() -> int:
    asked = arguments()
    met = True
    wanted = [name for name in asked.only.split(",") if name]
    for name, run in parts(asked).items():
        if wanted and name not in wanted:
            continue
        try:
            board = run()
        except SetsMissing as missing:
            say(str(missing))
            return 1
        if board is None:
            say(f"== {name}: its rows are not there, nothing was measured\n")
            met = met and name not in wanted
            continue
        say(board.printed(with_text=not asked.ids))
        met = met and board.met
    say("every bar that was measured is met" if met else "NOT every bar is met")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

"""What each red-flag rule finds and misses in our own sentences: `python -m deploy.teaching.rules [--rule ID]`.

For whoever edits `policies/rules`: of each rule how many sentences of each urgency it finds, how many no other rule
finds, and how many routine ones it takes for a sign.  With `--rule` the sentences themselves.  What counts stays what
is measured on sentences that nobody here wrote (`make eval`).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.teaching.sentences import FOLDER, Said, read
from policies.redflags import RedFlags
from policies.rules.written import red_flags
from policies.urgency import Urgency

TRAPS: Final = Path(__file__).parent / "traps"
"""Sentences by which rules were mended; the reader was not taught on them."""


@dataclass(slots=True)
class Finds:
    """Of one rule, each by its own urgency or a lower one of what was an hour ago."""

    found: Counter[Urgency] = field(default_factory=Counter)
    alone: list[Said] = field(default_factory=list)
    """In need of a person, and found by no other rule."""
    wrongly: list[Said] = field(default_factory=list)


def finds(rules: RedFlags, rule_id: str, sentences: Sequence[Said]) -> Finds:
    """Raises `ValueError` where no rule is called so."""
    if rule_id not in {rule.id for rule in rules.rules}:
        raise ValueError(f"no rule is called {rule_id}: see policies/rules")
    only = RedFlags(tuple(rule for rule in rules.rules if rule.id == rule_id), rules.context)
    rest = rules.without(rule_id)
    told = Finds()
    for said in sentences:
        if only.judge(said.text).urgency is Urgency.ROUTINE:
            continue
        told.found[said.urgency] += 1
        if said.urgency is Urgency.ROUTINE:
            told.wrongly.append(said)
        elif rest.judge(said.text).urgency is Urgency.ROUTINE:
            told.alone.append(said)
    return told


def table(rules: RedFlags, sentences: Sequence[Said]) -> list[str]:
    """One line a rule."""
    lines = [f"{'rule':28}{'911':>6}{'988':>6}{'nurse':>7}{'alone':>7}{'wrongly':>9}"]
    for rule in rules.rules:
        told = finds(rules, rule.id, sentences)
        of = told.found
        counts = (of[Urgency.EMERGENCY_911], of[Urgency.CRISIS_988], of[Urgency.NURSE_NOW])
        lines.append(f"{rule.id:28}{counts[0]:6}{counts[1]:6}{counts[2]:7}{len(told.alone):7}{len(told.wrongly):9}")
    return lines


def shown(told: Finds) -> list[str]:
    """The sentences of one rule."""
    alone = [f"  {said.text}" for said in told.alone]
    wrongly = [f"  {said.text}" for said in told.wrongly]
    return ["found by no other rule:", *alone, "routine, and found:", *wrongly]


def main() -> None:
    parser = argparse.ArgumentParser(description="What each rule finds in our own sentences.")
    parser.add_argument("--rule", default="", metavar="ID", help="show the sentences of this rule")
    given = parser.parse_args()
    rules, sentences = red_flags(), [*read(FOLDER), *read(TRAPS)]
    if given.rule:
        try:
            lines = shown(finds(rules, given.rule, sentences))
        except ValueError as wrong:
            sys.exit(str(wrong))
    else:
        lines = table(rules, sentences)
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

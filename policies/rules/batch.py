"""Many lines at once, for measuring: `python -m policies.redflags < in.jsonl > out.jsonl`, and `policies.scope`.

Each line in is an object with "id" and "text", each line out one with "id", "label" and "rule".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TextIO

from policies.guardrails import READER, found_in
from policies.phi import PHI, Utterance
from policies.rules.taught import load_reader
from policies.rules.written import red_flags
from policies.scope import routed
from policies.urgency import Urgency

LABELS: Final = {
    Urgency.ROUTINE: "routine",
    Urgency.NURSE_NOW: "nurse_now",
    Urgency.CRISIS_988: "emergency_911",  # the sets know three
    Urgency.EMERGENCY_911: "emergency_911",
}


class BadLine(ValueError):
    """A line that is no question; its text names the line's number and holds nothing of it."""


def urgencies(lines: Iterable[str], out: TextIO) -> None:
    """Raises `BadLine`, and OSError where the reader's files are not there."""
    rules, reader = red_flags(), load_reader()
    for given, text in parsed(lines):
        words = PHI(text)
        finding = found_in(Utterance(words, doubtful=False, urgency=reader.read(words)[0]), rules)
        out.write(json.dumps({"id": given, "label": LABELS[finding.urgency], "rule": finding.rule}) + "\n")


def routes(lines: Iterable[str], out: TextIO) -> None:
    """Raises as `urgencies` does."""
    reader = load_reader()
    for given, text in parsed(lines):
        route = routed(reader.read(PHI(text))[1].reveal())
        out.write(json.dumps({"id": given, "label": route.value, "rule": READER}) + "\n")


def run(work: Callable[[Iterable[str], TextIO], None]) -> str | None:
    """From standard input to standard output; what was wrong, if anything was."""
    try:
        work(sys.stdin, sys.stdout)
    except (BadLine, OSError) as wrong:
        return str(wrong)
    except Exception as wrong:  # noqa: BLE001  # its text may hold what was said
        return f"it failed: {type(wrong).__name__}"
    return None


def parsed(lines: Iterable[str]) -> Iterator[tuple[object, str]]:
    """(id, text) of each line.  Raises `BadLine`."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = None
        try:
            row = json.loads(line)
        except ValueError:  # its text is the line
            row = None
        if not isinstance(row, dict) or "id" not in row or type(row.get("text")) is not str:
            raise BadLine(f'line {number} is no JSON object with an "id" and a "text" of letters')
        yield row["id"], row["text"]

"""Red flags in what was written: rules and reader together as in a call, and each alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from policies.redflags import RedFlags
from policies.urgency import IN_CALLS, UrgencyReader
from tests.evaluation.board import Board, Miss, Share
from tests.evaluation.judging import (
    BARS,
    GRID,
    Found,
    by_reader_alone,
    by_rules_alone,
    choose_thresholds,
    left_out,
    read_by,
    scorer_module,
    urgencies,
)
from tests.evaluation.sets import Line, Sets, accepted, share

SCORER: Final = "score_redflag.py"
SET: Final = "redflag_dev.jsonl"
TRAPS: Final = {
    "negated": ("negation",),
    "past": ("history", "resolved"),
    "supposed or asked": ("hypothetical", "question"),
    "somebody else's": ("family_history", "third_person"),
}
"""By the set's `phenomenon`: lines whose words alone mislead.  A daughter speaking for her mother is among them."""
TRAPS_BAR: Final = 95.0


def evaluate(sets: Sets, reader: UrgencyReader, rules: RedFlags) -> Board:
    lines = sets.lines(SET)
    read = read_by(reader, lines)
    known = Found.of(rules, read)
    labels = urgencies(read, known)
    board = Board("Red flags, written")
    barred(board, sets.score(SCORER, lines, labels))
    traps(board, lines, labels)
    for name, alone in (("rules alone", by_rules_alone(read, known)), ("reader alone", by_reader_alone(read, rules))):
        reported(board, name, sets.score(SCORER, lines, alone), lines, alone)
    choose = choose_thresholds(scorer_module(sets.folder / SCORER).metrics)
    without, chosen = left_out(lines, GRID, lambda sure: urgencies(read, known, sure), choose)
    reported(board, "a source left out", sets.score(SCORER, lines, without), lines, without)
    board.notes.append(
        "a source left out: emergency, person and hint of 125 settings, those with which the bars are missed by the"
        " fewest points together on all other sources, of equal ones the middle; scored on the source, pooled"
    )
    in_use = (IN_CALLS.emergency, IN_CALLS.person, IN_CALLS.hint)
    board.notes += [f"{source}: {(t.emergency, t.person, t.hint)}" for source, t in chosen.items()]
    board.notes.append(f"in calls: {in_use}")
    board.misses = misses(lines, labels)
    return board


def barred(board: Board, score: Mapping[str, Any]) -> None:
    """The five measures against their bars."""
    for name, (bar, more) in BARS.items():
        (board.at_least if more else board.at_most)(name, share(score, name), bar)


def reported(
    board: Board, how: str, score: Mapping[str, Any], lines: Sequence[Line], labels: Mapping[str, str]
) -> None:
    for name in BARS:
        board.say(f"{how}: {name}", share(score, name))
    board.say(f"{how}: traps right", right_of(lines, labels, sum(TRAPS.values(), ())))


def traps(board: Board, lines: Sequence[Line], labels: Mapping[str, str]) -> None:
    board.at_least("traps right", right_of(lines, labels, sum(TRAPS.values(), ())), TRAPS_BAR)
    for name, phenomena in TRAPS.items():
        board.say(f"  {name}", right_of(lines, labels, phenomena))


def right_of(lines: Sequence[Line], labels: Mapping[str, str], phenomena: Sequence[str]) -> Share:
    """Of the lines of these phenomena, how many got a label that the set accepts."""
    chosen = [line for line in lines if line["phenomenon"] in phenomena]
    return Share(sum(accepted(line, labels[line["id"]]) for line in chosen), len(chosen))


def misses(lines: Sequence[Line], labels: Mapping[str, str]) -> list[Miss]:
    """Every line whose label the set does not accept; the graver first."""
    wrong = [line for line in lines if not accepted(line, labels[line["id"]])]
    found = [
        Miss(line["phenomenon"], line["id"], line["label"], labels[line["id"]], str(line["text"])) for line in wrong
    ]
    return sorted(found, key=lambda miss: (miss.got != "routine", miss.expected, miss.id))

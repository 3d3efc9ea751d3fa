"""The sets of strangers (`heldout/README.md`), each looked at once: what is measured on them now is no news."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from policies.redflags import RedFlags
from policies.urgency import UrgencyReader
from tests.evaluation import scope, text
from tests.evaluation.board import Board
from tests.evaluation.judging import Found, read_by, routes, urgencies
from tests.evaluation.sets import Sets, rows

FOLDER: Final = Path(__file__).parent / "heldout"
PHENOMENA: Final = (*(one for some in text.TRAPS.values() for one in some), "idiom")


def evaluate(sets: Sets, reader: UrgencyReader, rules: RedFlags) -> Board:
    """Raises `SetsMissing` where the scorers are not beside the repository."""
    board = Board("The sets of strangers, each looked at once")
    for file in sorted(FOLDER.glob("urgency_*.jsonl")):
        board.take(urgent(file, sets, reader, rules))
    for file in sorted(FOLDER.glob("scope_*.jsonl")):
        board.take(routed(file, sets, reader))
    return board


def urgent(file: Path, sets: Sets, reader: UrgencyReader, rules: RedFlags) -> Board:
    board, lines = Board(file.stem), rows(file)
    read = read_by(reader, lines)
    labels = urgencies(read, Found.of(rules, read))
    text.barred(board, sets.score(text.SCORER, lines, labels))
    traps = [line for line in lines if line["label"] == "routine"]
    board.at_least("traps right", text.right_of(traps, labels, PHENOMENA), text.TRAPS_BAR)
    board.misses = text.misses(lines, labels)
    return board


def routed(file: Path, sets: Sets, reader: UrgencyReader) -> Board:
    board, lines = Board(file.stem), rows(file)
    labels = routes(read_by(reader, lines))
    scope.barred(board, sets.score(scope.SCORER, lines, labels))
    board.misses = scope.misses(lines, labels)
    return board

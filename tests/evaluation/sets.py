"""The development sets and their scorers, which lie beside the repository in the project's own workshop."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.evaluation.board import Share

ROOT: Final = Path(__file__).resolve().parents[2]
BESIDE: Final = ROOT.parent / "shared" / "eval"

Line = Mapping[str, Any]
"""One line of a set: id, text, label and more (the sets' README.md)."""


class SetsMissing(Exception):
    """The sets are not there; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Sets:
    """A folder of sets."""

    folder: Path

    def lines(self, name: str) -> list[Line]:
        """Raises `SetsMissing`."""
        file = self.folder / name
        if not file.is_file():
            raise SetsMissing(f"{file} is not there: say with --sets where the development sets are")
        return rows(file)

    def score(self, scorer: str, gold: Iterable[Line], labels: Mapping[str, str]) -> Mapping[str, Any]:
        """What a scorer says of these labels.  Lines and labels go to it in memory, no file is written."""
        given = [{"id": id_, "label": label} for id_, label in labels.items()]
        with _in_memory(gold) as first, _in_memory(given) as second:
            command = [sys.executable, str(self.folder / scorer), f"/proc/self/fd/{first}", f"/proc/self/fd/{second}"]
            done = subprocess.run(command, check=True, capture_output=True, text=True, pass_fds=(first, second))
        found: Mapping[str, Any] = json.loads(done.stdout)
        return found


def rows(file: Path) -> list[Line]:
    """A file of JSON objects, one a line."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def share(score: Mapping[str, Any], measure: str) -> Share:
    """A scorer's count."""
    return Share(score[measure]["k"], score[measure]["n"])


def source_of(line: Line) -> str:
    """Where a line comes from, without the consultation or dialogue: one source is left out at a time."""
    return str(line["source"]).split("#")[0].split()[0].rstrip(",")


def sources(lines: Sequence[Line]) -> list[str]:
    """Every source, in the order of the alphabet."""
    return sorted({source_of(line) for line in lines})


def accepted(line: Line, label: str) -> bool:
    """The label is right, or one that a careful nurse could defend too."""
    return label == line["label"] or label in line.get("also_ok", ())


@contextlib.contextmanager
def _in_memory(lines: Iterable[Line]) -> Iterator[int]:
    number = os.memfd_create("evaluation")
    try:
        with open(number, "w", encoding="utf-8", closefd=False) as file:  # a descriptor has no path
            file.writelines(json.dumps(line) + "\n" for line in lines)
        yield number
    finally:
        os.close(number)

"""The sentences the reader is trained on, and the check that none of them stands in an evaluation set."""

from __future__ import annotations

import enum
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from policies.scope import Route
from policies.urgency import Urgency

FOLDER: Final = Path(__file__).parent / "said"
ASKED: Final = Path(__file__).parent / "asked"
SPOKEN: Final = Path(__file__).parent / "spoken"
KNOWLEDGE: Final = Path(__file__).parents[1] / "knowledge"
Row = Mapping[str, Any]
Line = TypeVar("Line")
RUN: Final = 5
"""Words in a row that no sentence may share with an evaluation set."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a caller, written by hand."""

    text: str
    urgency: Urgency
    sign: str
    kind: str
    author: str
    """The file it stands in: one author each."""


def read(folder: Path = FOLDER) -> list[Said]:
    """Every sentence, in the order of the files.  Raises `ValueError` that names file and line."""

    def said(row: Row, author: str) -> Said:
        return Said(row["text"], Urgency[row["label"].upper()], row["sign"], row["kind"], author)

    return _each(folder, said, "sentence with a label")


def _each(folder: Path, made: Callable[[Row, str], Line], what: str) -> list[Line]:
    """made: of a row and its author.  Raises `ValueError` that names file and line."""
    found = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            try:
                found.append(made(json.loads(line), file.stem))
            except (ValueError, KeyError) as wrong:
                raise ValueError(f"{file.name}, line {number}: no {what} ({type(wrong).__name__})") from None
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a caller, written by hand."""

    text: str
    route: Route
    author: str


def read_asked(folder: Path = ASKED) -> list[Asked]:
    """Every question, in the order of the files.  Raises `ValueError` that names file and line."""
    return _each(folder, lambda row, author: Asked(row["text"], Route(row["label"]), author), "question with a route")


class Fault(enum.Enum):
    """What is wrong with a sentence that a model might say; `SAFE`: nothing."""

    SAFE = "safe"
    DOSE = "dose"
    DIAGNOSIS = "diagnosis"
    REASSURANCE = "reassurance"
    PROMISE = "promise"
    FIGURE = "figure"
    CONTRARY = "contrary"
    ADDED = "added"
    LICENCE = "licence"


@dataclass(frozen=True, slots=True)
class Phrased:
    """One sentence that a model might say beside an approved passage, written by hand."""

    text: str
    passage: str
    """The passage's text."""
    fault: Fault
    author: str


def read_spoken(folder: Path = SPOKEN, knowledge: Path = KNOWLEDGE) -> list[Phrased]:
    """Every such sentence, in the order of the files.  Raises `ValueError` that names file and line."""
    texts = {
        one["id"]: one["text"]
        for file in knowledge.glob("*.toml")
        for one in tomllib.loads(file.read_text("utf-8"))["passage"]
    }

    def phrased(row: Row, author: str) -> Phrased:
        return Phrased(row["text"], texts[row["passage"]], Fault(row["label"]), author)

    return _each(folder, phrased, "sentence beside a passage")


def words(text: str) -> list[str]:
    return re.sub(
        r"[^a-z0-9 ]+", " ", text.lower().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    ).split()


def runs(text: str) -> set[tuple[str, ...]]:
    """Every `RUN` words in a row."""
    found = words(text)
    return {tuple(found[at : at + RUN]) for at in range(len(found) - RUN + 1)}


def shared(texts: Iterable[str], evaluated: Iterable[str]) -> list[str]:
    """Those that share `RUN` words in a row with any text of an evaluation set, or are one of its texts."""
    known = set[tuple[str, ...]]()
    whole = set[tuple[str, ...]]()
    for text in evaluated:
        known |= runs(text)
        whole.add(tuple(words(text)))
    return [text for text in texts if runs(text) & known or tuple(words(text)) in whole]

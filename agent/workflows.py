"""The workflows, as files: what a line must ask before a goodbye.  Loaded and checked before the line takes calls.

One file a workflow, `<folder>/<name>.toml`: `[about]` with owner and source, then `[[item]]` tables in the order in
which they are asked.  Questions are spoken word for word.
"""

from __future__ import annotations

import contextlib
import enum
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from agent.lines import Workflow
from agent.sentences import sentences_of
from policies.objectives import MOST_ITEMS, Fetch, Item, Kind, Objectives, Trouble
from policies.readings import UNITS, Measure

LONGEST_QUESTION: Final = 160  # characters: about ten seconds of speech
LONGEST_POINT: Final = 400
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SPEAKABLE: Final = re.compile(r"[A-Za-z0-9 ,.'?-]+")
_COMMON: Final = frozenset({"id", "ask", "kind"})
_KEYS: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.YES_NO: frozenset({"trouble", "fetch"}),
    Kind.NUMBER: frozenset({"measure"}),
    Kind.TEACH_BACK: frozenset({"point", "enough"}),
}
"""What an item of each kind has beside the keys of all."""
MEASURED: Final = (*(measure for measure in UNITS if measure not in (Measure.SYSTOLIC, Measure.DIASTOLIC)),
                   Measure.BLOOD_PRESSURE)  # fmt: skip
"""What can be asked for: a blood pressure is asked for whole."""


NOTHING: Final = Objectives(Workflow.NONE.value, "a line that only answers", "", "", ())


class WorkflowRefused(Exception):
    """A workflow's file can't be used.  One sentence that names the file, the item and what to do."""


def load(folder: Path, workflow: Workflow) -> Objectives:
    """Raises `WorkflowRefused`."""
    if workflow is Workflow.NONE:
        return NOTHING
    name = f"{workflow.value}.toml"
    held: str | None = None
    with contextlib.suppress(OSError, UnicodeDecodeError):
        held = (folder / name).read_text("utf-8")
    if held is None:
        raise WorkflowRefused(f"{name}: put this file into the folder that QUIETLINE_WORKFLOWS names")
    return read(name, held)


def read(name: str, text: str) -> Objectives:
    """name: of the file.  Raises `WorkflowRefused`."""
    table: Mapping[str, Any] | None = None
    with contextlib.suppress(tomllib.TOMLDecodeError, RecursionError):
        table = tomllib.loads(text)
    if table is None:
        raise WorkflowRefused(f"{name}: is not TOML; correct it")
    return _Reader(name).objectives(table)


_E = TypeVar("_E", bound=enum.Enum)


class _Reader:
    def __init__(self, name: str) -> None:
        self._name: Final = name

    def objectives(self, table: Mapping[str, Any]) -> Objectives:
        about = table.get("about")
        known = isinstance(about, dict) and set(about) == {"is", "owner", "source"}
        self._must(
            known and set(table) == {"about", "item"}, "[about]", "give `is`, `owner` and `source`, then [[item]]s"
        )
        assert isinstance(about, dict)  # for mypy: `_must` has raised
        given = table["item"]
        several = (
            isinstance(given, list) and 1 <= len(given) <= MOST_ITEMS and all(isinstance(one, dict) for one in given)
        )
        self._must(several, "[[item]]", f"give 1 to {MOST_ITEMS} of them")
        items = [self._item(one) for one in given]
        for what, all_of in (("id", [item.id for item in items]), ("ask", [item.ask for item in items])):
            self._must(len(set(all_of)) == len(all_of), what, "is there twice; give each item its own")
        for key in ("is", "owner", "source"):
            self._must(isinstance(about[key], str) and bool(about[key].strip()), key, "write one line")
        return Objectives(self._name.removesuffix(".toml"), about["is"], about["owner"], about["source"], tuple(items))

    def _item(self, given: Mapping[str, Any]) -> Item:
        id_ = given.get("id")
        self._must(
            isinstance(id_, str) and _ID.fullmatch(id_) is not None, "id", "use small letters, digits and hyphens"
        )
        kind = self._one_of(Kind, given.get("kind"), f"{id_}: kind")
        extra = sorted(set(given) - _COMMON - _KEYS[kind])
        missing = sorted((_COMMON | (_KEYS[kind] - {"fetch"})) - set(given))
        self._must(not extra, f"{id_}: {', '.join(extra)[:60]}", f"an item of the kind {kind.value} has no such key")
        self._must(not missing, f"{id_}: {', '.join(missing)}", "is missing")
        ask = self._text(given["ask"], f"{id_}: ask", LONGEST_QUESTION)
        one = ask.endswith("?") and ask.count("?") == 1 and len(sentences_of(ask)) == 1
        self._must(one, f"{id_}: ask", "write one question that ends in a question mark")
        match kind:
            case Kind.YES_NO:
                trouble = self._one_of(Trouble, given["trouble"], f"{id_}: trouble")
                fetch = self._one_of(Fetch, given.get("fetch", Fetch.NURSE.value), f"{id_}: fetch")
                return Item(str(id_), ask, kind, trouble=trouble, fetch=fetch)
            case Kind.NUMBER:
                measure = self._one_of(Measure, given["measure"], f"{id_}: measure", MEASURED)
                return Item(str(id_), ask, kind, measure=measure)
            case Kind.TEACH_BACK:
                point = self._text(given["point"], f"{id_}: point", LONGEST_POINT)
                enough = given["enough"]
                item = Item(str(id_), ask, kind, point=point, enough=enough)
                fits = type(enough) is int and 1 <= enough <= len(item.wanted)
                remedy = f"say how many of the point's own {len(item.wanted)} content words are an answer"
                self._must(fits, f"{id_}: enough", remedy)
                return item

    def _text(self, value: object, where: str, longest: int) -> str:
        fits = isinstance(value, str) and 0 < len(value) <= longest and _SPEAKABLE.fullmatch(value) is not None
        self._must(
            fits and value == " ".join(str(value).split()), where, f"write up to {longest} plain letters on one line"
        )
        return str(value)

    def _one_of(self, of: type[_E], value: object, where: str, only: Sequence[_E] = ()) -> _E:
        members = {member.value: member for member in only or of}
        self._must(isinstance(value, str) and value in members, where, "must be " + " or ".join(sorted(members)))
        return members[str(value)]

    def _must(self, holds: bool, where: str, remedy: str) -> None:
        if not holds:
            raise WorkflowRefused(f"{self._name}: {where}: {remedy}")

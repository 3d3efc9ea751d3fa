"""What the documents hold of the code: the turn table, the file tree, and every number with a name.

    python -m tests.architecture.draw_turns --write

A drawn part stands between `<!-- drawn NAME -->` and `<!-- /drawn -->`; a number stands behind
`<!-- value agent.endpointing.Waits.complete_ms -->`, without a space.  Both are made from the code, never by hand.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from agent.turns import FROM_ANYWHERE, LIVE, MAY_RACE, TABLE, Action, State
from telephony.promise import TABLE as PROMISE
from telephony.transfer import NURSE, PHASE
from tests.architecture.tree import PACKAGES, ROOT

DRAWN: Final = re.compile(r"(<!-- drawn (\w+) -->\n).*?(<!-- /drawn -->)", re.DOTALL)
VALUE: Final = re.compile(r"(<!-- value ([\w.]+) -->)(-?\d[\d,]*(?:\.\d+)?)?")
LONGEST: Final = 90  # characters of a module's meaning; the line holds its name too


def documents() -> Iterator[Path]:
    """Every page that somebody reads."""
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "docs").rglob("*.md"))


def up_to_date(text: str) -> str:
    """The page as the code says it is now.  Raises `LookupError` for a name that the code does not have."""
    drawn = DRAWN.sub(lambda found: f"{found[1]}{DRAWINGS[found[2]]()}\n{found[3]}", text)
    return VALUE.sub(lambda found: f"{found[1]}{value(found[2])}", drawn)


def value(dotted: str) -> str:
    """The number of that name: a constant of a module or class, or a dataclass's default."""
    parts = dotted.split(".")
    module = next(
        (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1) if _is_module(".".join(parts[:end]))), None
    )
    if module is None:
        raise LookupError(f"{dotted}: no such module")
    held: object = importlib.import_module(module)
    for name in parts[module.count(".") + 1 :]:
        held = _inside(held, name)
    if isinstance(held, int | float) and not isinstance(held, bool):
        return f"{int(held):,}" if held == int(held) else str(held)
    raise LookupError(f"{dotted}: not a number of the code")


def _inside(held: object, name: str) -> object:
    defaults = {f.name: f.default for f in dataclasses.fields(held)} if dataclasses.is_dataclass(held) else {}
    return defaults[name] if name in defaults else vars(held).get(name)


def diagram() -> str:
    """The table as a Mermaid diagram, without what may happen in every state and what changes nothing."""
    arrows: dict[tuple[State, State], list[str]] = {}
    for (state, event), (following, actions) in TABLE.items():
        everywhere = state in LIVE and event in FROM_ANYWHERE
        if not everywhere and (actions or following is not state):
            arrows.setdefault((state, following), []).append(_words(event.value))
    rows = [f"    {old.value} --> {new.value}: {', '.join(events)}" for (old, new), events in arrows.items()]
    return "\n".join(
        ["```mermaid", "stateDiagram-v2", "    direction TB", "    [*] --> new", *rows, "    ended --> [*]", "```"]
    )


def turns() -> str:
    """Diagram, table, and the pairs that may race."""
    rows = ["| in state | on event | goes to | and does |", "|---|---|---|---|"]
    for event, (following, actions) in FROM_ANYWHERE.items():
        rows.append(f"| any live state | {_words(event.value)} | {_words(following.value)} | {_done(actions)} |")
    for (state, event), (following, actions) in TABLE.items():
        if not (state in LIVE and event in FROM_ANYWHERE) and (actions or following is not state):
            to = "stays" if following is state else _words(following.value)
            rows.append(f"| {_words(state.value)} | {_words(event.value)} | {to} | {_done(actions)} |")
    races = ["| in state | these change nothing |", "|---|---|"]
    for state, events in MAY_RACE.items():
        races.append(f"| {_words(state.value)} | {', '.join(_words(event.value) for event in events)} |")
    live = ", ".join(_words(state.value) for state in LIVE)
    return "\n".join(
        [
            diagram(),
            "",
            f"Live states: {live}.",
            "",
            *rows,
            "",
            "Listed because a race can bring them about:",
            "",
            *races,
        ]
    )


def tree() -> str:
    """Every module of the product with the first sentence of its docstring."""
    rows = ["```"]
    for package in PACKAGES:
        rows += _folder(ROOT / package, "")
    return "\n".join([*rows, "```"])


def transfer() -> str:
    """What a nurse's leg does, and what becomes of the patient; pairs that stay put are left out."""
    rows = ["| a nurse's leg is | on | goes to | and | outcome |", "|---|---|---|---|---|"]
    for (state, event), (following, acts, outcome) in NURSE.items():
        if acts or following is not state:
            to = "stays" if following is state else _words(following.value)
            does = ", ".join(_words(act.value) for act in acts) or "nothing"
            came = "" if outcome is None else _words(outcome.value)
            rows.append(f"| {_words(state.value)} | {_words(event.value)} | {to} | {does} | {came} |")
    phases = ["| the patient's transfer is | on | goes to |", "|---|---|---|"]
    for (phase, happened), after in PHASE.items():
        if after is not phase:
            phases.append(f"| {_words(phase.value)} | {_words(happened.value)} | {_words(after.value)} |")
    return "\n".join([*rows, "", *phases])


def promise() -> str:
    """What becomes of a promised call back; pairs that stay put are left out."""
    rows = ["| a promise is | on | goes to | and |", "|---|---|---|---|"]
    for (state, event), (following, acts) in PROMISE.items():
        if acts or following is not state:
            does = ", ".join(_words(act.value) for act in acts) or "nothing"
            rows.append(f"| {_words(state.value)} | {_words(event.value)} | {_words(following.value)} | {does} |")
    return "\n".join(rows)


DRAWINGS: Final[Mapping[str, Callable[[], str]]] = {
    "turns": turns,
    "tree": tree,
    "transfer": transfer,
    "promise": promise,
}


def _folder(folder: Path, indent: str) -> Iterator[str]:
    yield f"{indent}{folder.name}/".ljust(27) + _meaning(folder / "__init__.py")
    for entry in sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if entry.is_dir() and (entry / "__init__.py").is_file():
            yield from _folder(entry, indent + "  ")
        elif entry.suffix == ".py" and entry.name != "__init__.py":
            yield f"{indent}  {entry.name}".ljust(27) + _meaning(entry)
        elif entry.is_dir() and not entry.name.startswith("__"):
            yield f"{indent}  {entry.name}/".ljust(27) + ", ".join(
                sorted({f"*{file.suffix}" for file in _files(entry)})
            )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _meaning(file: Path) -> str:
    """The first sentence of a module's docstring; of a long one its beginning."""
    told = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    sentence = re.split(r"\.(?=\s|$)|(?<=\?)(?=\s|$)", " ".join(told.split("\n\n")[0].split()))[0]
    for sign in (";", ":", ","):
        if len(sentence) > LONGEST:
            sentence = sentence.rpartition(sign)[0] or sentence
    return sentence


def _done(actions: tuple[Action, ...]) -> str:
    return ", ".join(_words(action.value) for action in actions) or "nothing"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _is_module(dotted: str) -> bool:
    path = ROOT / Path(*dotted.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def _write() -> None:
    for page in documents():
        text = page.read_text(encoding="utf-8")
        if (fresh := up_to_date(text)) != text:
            page.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.architecture.draw_turns --write")
    _write()

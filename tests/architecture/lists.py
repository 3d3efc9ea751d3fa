"""The written lists that the architecture is held to; `python -m tests.architecture.lists --write` renews them.

A longer `reveal.txt` is one more place that sees what a caller said: it needs a line under Privacy in the change log.
"""

from __future__ import annotations

import ast
import builtins
import enum
import importlib
import pkgutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.architecture.tree import PACKAGES, ROOT, dotted, modules, who

REVEAL: Final = Path(__file__).with_name("reveal.txt")
REASONS: Final = ROOT / "policies" / "reasons.py"
KNOWN: Final = ROOT / "policies" / "known"
SILENT: Final = ("anthropic.types.", "tests.")
"""Of their modules none logs or raises: they are two thousand shapes of requests, and no part of the product."""
NEVER_SERVES: Final = (".__main__", ".twin", ".proof")


class Marks(enum.Enum):
    """How an enum of reasons is known by its name."""

    REASON = "Reason"
    REFUSAL = "Refusal"
    FAULT = "Fault"


def reveals(node: ast.AST) -> bool:
    """Takes a sensitive value out, or hands on the way to: `.reveal`, `.map` of a PHI, the name in quotes."""
    if isinstance(node, ast.Attribute):
        return node.attr == "reveal" or (node.attr == "map" and isinstance(node.ctx, ast.Load))
    return isinstance(node, ast.Constant) and node.value == "reveal"


def revealers() -> list[str]:
    """Every module of the product that opens a sensitive value."""
    return sorted(who(reveals))


def reasons() -> list[str]:
    """The names of all members of all enums of reasons, in lower case, and `other`."""
    found = {"other"}
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and node.name.endswith(tuple(mark.value for mark in Marks)):
                targets = [t for s in node.body if isinstance(s, ast.Assign) for t in s.targets]
                found |= {t.id.lower() for t in targets if isinstance(t, ast.Name) and t.id.isupper()}
    return sorted(found)


def written_reveal() -> list[str]:
    """What `reveal.txt` says."""
    return REVEAL.read_text(encoding="utf-8").split()


def own_places() -> set[str]:
    """The file names of all our modules."""
    return {path.name for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def own_kinds() -> set[str]:
    """Our classes of exceptions."""
    classes = [node for _, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    found = {
        name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, BaseException)
    }
    python = frozenset(found)
    while more := {each.name for each in classes if found & {dotted(base) for base in each.bases}} - found:
        found |= more
    return found - python


def loaded_kinds() -> set[str]:
    """Of all modules that are loaded: what exceptions they hold under their own name."""
    held = [pair for module in list(sys.modules.values()) for pair in list(vars(module).items())]
    classes = [(name, each) for name, each in held if isinstance(each, type) and issubclass(each, BaseException)]
    return {name for name, each in classes if each.__name__ == name and not each.__module__.startswith(SILENT)}


def loaded_places() -> set[str]:
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    return {Path(file).name for name, file in files.items() if file.endswith(".py") and not name.startswith(SILENT)}


def load_everything() -> None:
    """What line and keeper load, and what they would."""
    for package in PACKAGES:
        path = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(path, f"{package}."):
            if not any(part in module.name for part in NEVER_SERVES):
                importlib.import_module(module.name)


def _written(file: str, names: Iterable[str]) -> None:
    (KNOWN / file).write_text("".join(f"{name}\n" for name in sorted(names)), encoding="ascii")


def _write() -> None:
    load_everything()
    _written("kinds.txt", own_kinds() | loaded_kinds())
    _written("places.txt", own_places() | loaded_places())
    REVEAL.write_text("".join(f"{name}\n" for name in revealers()), encoding="utf-8")
    head, _, tail = REASONS.read_text(encoding="utf-8").partition("    {\n")
    _, _, tail = tail.partition("    }\n")
    body = "".join(f'        "{name}",\n' for name in reasons())
    REASONS.write_text(f"{head}    {{\n{body}    }}\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.architecture.lists --write")
    _write()

"""The source of the product as trees, for the rules that import-linter cannot say."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("agent", "telephony", "policies")


@functools.cache  # the tree does not change while the tests run
def modules(*packages: str) -> tuple[tuple[str, ast.Module], ...]:
    """Each module of these packages by its dotted name, in order."""
    found = []
    for package in packages or PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found.append((dotted, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)


def who(does: Callable[[ast.AST], bool], *packages: str) -> set[str]:
    """The modules in which a node of this sort stands."""
    return {name for name, tree in modules(*packages) if any(map(does, ast.walk(tree)))}


def called(node: ast.AST) -> str:
    """The dotted name that a call is made by, as written: `open`, `os.fork`, `self.tasks.create_task`; else empty."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    """`a.b.c`; what is no plain name becomes `?`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def imported(tree: ast.AST) -> set[str]:
    """Every module that is imported anywhere in the tree, and every `module.name` of a from-import."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def reached(*roots: str) -> set[str]:
    """Our modules that are loaded when these are, packages on the way included."""
    trees = dict(modules())
    found: set[str] = set()
    waiting = [root for root in roots if root in trees]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            above = name.rpartition(".")[0]
            waiting += [module for module in {above, *imported(trees[name])} if module in trees]
    return found

"""The written lists that the architecture is held to; `python -m tests.architecture.lists --write` renews them.

A longer `reveal.txt` is one more place that sees what a caller said: it needs a line under Privacy in the change log.
"""

from __future__ import annotations

import ast
import enum
import sys
from pathlib import Path
from typing import Final

from tests.architecture.tree import ROOT, modules, who

REVEAL: Final = Path(__file__).with_name("reveal.txt")
REASONS: Final = ROOT / "policies" / "reasons.py"


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


def _write() -> None:
    REVEAL.write_text("".join(f"{name}\n" for name in revealers()), encoding="utf-8")
    head, _, tail = REASONS.read_text(encoding="utf-8").partition("    {\n")
    _, _, tail = tail.partition("    }\n")
    body = "".join(f'        "{name}",\n' for name in reasons())
    REASONS.write_text(f"{head}    {{\n{body}    }}\n{tail}", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.architecture.lists --write")
    _write()

"""Writes the vectors of a folder's passages beside them:  python -m agent.engines.write_vectors [FOLDER]

Run by a person when a way of asking was added or changed; without a folder, for the passages that we ship.  What the
file holds already stays as it is; to compute all of it anew, remove it first.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from agent.engines.minilm import load_meaning
from agent.engines.vectors import FILE, VectorFile
from agent.passages import load

SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "knowledge"


def own_texts(folder: Path) -> tuple[str, ...]:
    """All that is known to be said for the passages, and what is outside.  Raises `KnowledgeRefused`."""
    material = load(folder)
    return tuple(text for group in (*material.examples(), *material.sayings.outside.values()) for text in group)


def write(folder: Path) -> None:
    """Raises `KnowledgeRefused` and `ModelFileWrong`."""
    path = folder / FILE
    path.write_bytes(VectorFile.read(path).holding(own_texts(folder), load_meaning()).to_bytes())


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: python -m agent.engines.write_vectors [FOLDER]")
    write(Path(sys.argv[1]) if len(sys.argv) == 2 else SHIPPED)

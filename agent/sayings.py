"""What callers may say for each passage, and what no passage answers: examples for matching by meaning.

They lie beside the passages in a folder `said`; nothing of them is ever spoken.
"""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

FOLDER: Final = "said"
LONGEST: Final = 300  # letters of one saying
MOST: Final = 8_000  # sayings in all: each costs 400 bytes of its file and a few microseconds a question


class Outside(enum.Enum):
    """Kinds of saying that no passage answers; each is a table of `said/outside.toml`."""

    NONE = "none"
    """Another department's business, small talk, medicine that no passage covers."""
    DOSE = "dose"
    """To change, skip, stop or restart a medicine."""
    DIAGNOSIS = "diagnosis"
    BACKGROUND = "background"
    """A whole statement after which the question is still to come."""


class SayingsRefused(Exception):
    """A file of sayings doesn't hold together.  Names the file, which is the hospital's own, and what to do."""


@dataclass(frozen=True, slots=True)
class Sayings:
    """Examples by passage id, and by kind of what is outside."""

    inside: Mapping[str, tuple[str, ...]]
    outside: Mapping[Outside, tuple[str, ...]]

    @classmethod
    def none(cls) -> Sayings:
        return cls(MappingProxyType({}), MappingProxyType({}))


def load(folder: Path, ids: Collection[str]) -> Sayings:
    """The sayings beside a folder's passages; none if there are none.  Raises `SayingsRefused`."""
    inside: dict[str, tuple[str, ...]] = {}
    outside: dict[Outside, tuple[str, ...]] = {}
    kinds = {kind.value: kind for kind in Outside}
    for path in sorted((folder / FOLDER).glob("*.toml")):
        for name, said in _read(path).items():
            if path.stem == "outside" and name in kinds:
                outside[kinds[name]] = said
            elif path.stem != "outside" and name in ids and name not in inside:
                inside[name] = said
            else:
                raise SayingsRefused(f"{FOLDER}/{path.name}: a table is no passage's id, or stands twice: correct it")
    if sum(map(len, (*inside.values(), *outside.values()))) > MOST:
        raise SayingsRefused(f"{FOLDER}: more than {MOST} sayings: take some out")
    return Sayings(MappingProxyType(inside), MappingProxyType(outside))


def _read(path: Path) -> Mapping[str, tuple[str, ...]]:
    content: dict[str, Any] | None = None
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        content = None
    if content is None:
        raise SayingsRefused(f"{FOLDER}/{path.name}: is not TOML in UTF-8: correct it")
    found: dict[str, tuple[str, ...]] = {}
    for name, table in content.items():
        said = table.get("said") if isinstance(table, dict) and set(table) == {"said"} else None
        if not isinstance(said, list) or not all(isinstance(s, str) and 0 < len(s.strip()) <= LONGEST for s in said):
            raise SayingsRefused(f"{FOLDER}/{path.name}: each table holds `said`, a list of texts, and nothing else")
        found[name] = tuple(said)
    return found

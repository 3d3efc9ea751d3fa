"""One leak: where it is put, and where words come out.  Pure, but for reading its file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "written"
"""Written by somebody who had seen neither these tests nor the scanner."""


class LeakRefused(Exception):
    """It can't be put in; the message names the leak and the file."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands once in a file, and what stands there instead."""

    file: str
    find: str
    replace: str


@dataclass(frozen=True, slots=True)
class Leak:
    """One file of `FOLDER`."""

    name: str
    about: str
    sink: str
    end_to_end: bool
    """A call to the running service makes it leak."""
    edits: tuple[Edit, ...]

    @classmethod
    def read(cls, path: Path) -> Leak:
        """Raises `LeakRefused`."""
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if table.keys() != {"about", "sink", "end_to_end", "edit"}:
            raise LeakRefused(f"{path.name}: about, sink, end_to_end and [[edit]], no more and no less")
        edits = tuple(Edit(**each) for each in table["edit"])
        return cls(path.stem, table["about"], table["sink"], table["end_to_end"], edits)

    def put_into(self, root: Path) -> tuple[Path, ...]:
        """Changes the copy; returns the files.  Raises `LeakRefused` where what is to be replaced is not there once."""
        changed = []
        for edit in self.edits:
            path = root / edit.file
            text = path.read_text(encoding="utf-8") if path.is_file() else ""
            if text.count(edit.find) != 1:
                raise LeakRefused(f"{self.name}: {edit.file}: found {text.count(edit.find)} times, not once")
            path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")
            changed.append(path)
        return tuple(dict.fromkeys(changed))


def leaks() -> list[Leak]:
    """All of them, by name."""
    return [Leak.read(path) for path in sorted(FOLDER.glob("*.toml"))]

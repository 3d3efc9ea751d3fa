"""The lists of who is on call, in the folder that the line watches: read, and replaced whole or not at all.

The file is the list, whoever wrote it: a person's editor or the interface.  Its version is the SHA-256 of its bytes;
what the interface writes holds a random comment, so that nobody finds a number by trying out hashes of the audit log.
A file keeps its mode when it is replaced; a new one can be read by its group where the folder can, by nobody else.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import stat
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent import on_call_file
from agent.keeper.agent_files import toml
from agent.keeper.database import StateFailed
from agent.keeper.whole_files import OURS_ALONE, sync, write_down
from agent.on_call_file import LARGEST_BYTES, OnCallFile, OnCallRefused
from policies.records import NONE

KEPT: Final = "kept"
"""In place of a PIN's hash: nobody is told it, and who sends it back leaves it as it is."""
NONCE_BYTES: Final = 16
GROUP_READS: Final = 0o040
NOWHERE: Final = Path("/nonexistent")  # FHS 3.0 keeps the name free: a folder without lists
SUFFIX: Final = ".toml"
ASIDE: Final = ".aside"


@dataclass(frozen=True, slots=True)
class Held:
    """One file as it is now."""

    version: str
    """SHA-256 in hex."""
    table: Mapping[str, Any] | None
    """Its keys; None where it is no TOML."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Written aside; `OnCallFiles.put` gives it its name."""

    name: str
    version: str


class OnCallFiles:
    """One folder.  It may not be there, and may be another's to write."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder

    def names(self) -> Sequence[str]:
        """Of those that there are, in their order."""
        found = []
        with contextlib.suppress(OSError):
            found = sorted(file.stem for file in self._folder.glob(f"*{SUFFIX}"))
        return [name for name in found if on_call_file.NAME.fullmatch(name)]

    def held(self, name: str) -> Held | None:
        """None where there is no such list.  Raises `StateFailed` where it can't be read."""
        content: bytes | None = None
        gone = failed = False
        try:
            content = on_call_file.content_of(self._file(name))
        except FileNotFoundError:
            gone = True
        except OSError:
            failed = True
        if failed:
            raise StateFailed("a list of who is on call can't be read")
        if gone or content is None:
            return None
        return Held(_version(content), on_call_file.table_in(content))

    def list_of(self, name: str, answered: Set[str] = frozenset()) -> OnCallFile | None:
        """The list, if it is one.  Raises `StateFailed`."""
        held, found = self.held(name), None
        if held is not None and held.table is not None:
            with contextlib.suppress(OnCallRefused):
                found = on_call_file.read(name, held.table, answered)
        return found

    def prepare(self, name: str, table: Mapping[str, Any], answered: Set[str]) -> Prepared:
        """Writes these keys aside, PINs that are `KEPT` taken from the file that is there.

        Raises `OnCallRefused`, `StateFailed`.
        """
        on_call_file.check_name(name)
        whole = _with_pins(table, self.list_of(name))
        on_call_file.read(name, whole, answered)
        content = text_of(whole)
        if len(content) > LARGEST_BYTES:
            raise OnCallRefused(f"{name}.toml: must be at most {LARGEST_BYTES:,} bytes")
        failed = False
        try:
            write_down(self._aside(name), content, self._mode(name))
        except OSError:
            failed = True
        if failed:
            raise StateFailed("a list of who is on call can't be written")
        return Prepared(name, _version(content))

    def put(self, prepared: Prepared) -> None:
        """From now on this is the list.  Raises `StateFailed`."""
        failed = False
        try:
            self._aside(prepared.name).rename(self._file(prepared.name))
            with contextlib.suppress(OSError):  # it is the list, whether or not that outlives a loss of power
                sync(self._folder)
        except OSError:
            failed = True
        if failed:
            raise StateFailed("a list of who is on call can't be written")

    def _mode(self, name: str) -> int:
        """Raises `OSError`."""
        with contextlib.suppress(FileNotFoundError):
            return stat.S_IMODE(self._file(name).stat().st_mode)
        return OURS_ALONE | (self._folder.stat().st_mode & GROUP_READS)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"

    def _aside(self, name: str) -> Path:
        return self._folder / f".{name}{SUFFIX}{ASIDE}"


def shown(table: Mapping[str, Any], checked: OnCallFile) -> dict[str, object]:
    """A good file's keys, all of them, each PIN as `KEPT`."""
    return {
        "about": {"owner": table["about"]["owner"]},
        "rung": [{"hours": "", **rung} for rung in table["rung"]],
        "nurse": [
            {"id": nurse.id, "number": nurse.number, "pin": KEPT if nurse.pin else ""} for nurse in checked.nurses
        ],
    }


def text_of(table: Mapping[str, Any]) -> bytes:
    """The file of keys that `on_call_file.read` takes, as TOML in UTF-8."""
    parts = [f"# written over the interface; {secrets.token_hex(NONCE_BYTES)}\n[about]\n".encode("ascii")]
    parts.append(toml(table["about"]))
    for kind in ("rung", "nurse"):
        for each in table.get(kind, []):
            parts += [f"\n[[{kind}]]\n".encode("ascii"), toml(each)]
    return b"".join(parts)


def _with_pins(table: Mapping[str, Any], before: OnCallFile | None) -> Mapping[str, Any]:
    nurses = table.get("nurse")
    if before is None or not isinstance(nurses, list):
        return table
    return {**table, "nurse": [_with_pin(nurse, before) for nurse in nurses]}


def _with_pin(nurse: object, before: OnCallFile) -> object:
    """One whose PIN is to stay, and who had none, stays as she was sent: she is refused."""
    if not isinstance(nurse, dict) or nurse.get("pin") != KEPT:
        return nurse
    known = before.nurse(str(nurse.get("id")))
    return {**nurse, "pin": known.pin} if known is not None and known.pin else nurse


def _version(content: bytes | None) -> str:
    return NONE if content is None else hashlib.sha256(content).hexdigest()

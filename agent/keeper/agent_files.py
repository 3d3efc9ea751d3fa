"""Agent files that came over the network: written whole or not at all, beside a record of which file was accepted.

<state>/agents/<name>.accepted      the keys as they were accepted
<state>/agents/<name>.accepted.new  written, and not yet what counts
<state>/agents/<name>.toml          made of them, for people: with `live` or `draft` as it is now

The record (`AgentFile`, in one transaction with the agent's policy and the audit entry) decides.  A file is written
aside first; then the record is; then the file takes its name.  Whoever is killed between is put right by `settle`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Set
from pathlib import Path
from typing import Any, Final

from agent import lines
from agent.keeper.database import StateFailed
from agent.keeper.whole_files import sync, write_down
from agent.lines import Agent, AgentFileRefused, AgentState
from policies.records import AGENT, AgentFile

FOLDER: Final = "agents"
ACCEPTED: Final = ".accepted"
NEW: Final = ".new"
ASIDE: Final = ".unknown"


class AgentFiles:
    """The folder of one state, and the operator's own."""

    def __init__(self, state: Path, shipped: Path) -> None:
        """shipped: the operator's agent files, read once, as the line reads them.  Raises `AgentFileRefused`."""
        self._folder: Final = state / FOLDER
        self._place: Final = shipped.absolute()
        self.shipped: Final[Mapping[str, Agent]] = {
            file.stem: lines.read(file) for file in sorted(self._place.glob("*.toml"))
        }
        self._tables: Final = {name: lines.table_of(self._place / f"{name}.toml") for name in self.shipped}

    def table(self, name: str, accepted: AgentFile | None) -> dict[str, Any] | None:
        """An agent's keys, `knowledge` seen from the operator's folder; None for a file that is not as accepted."""
        if accepted is None:
            return dict(self._tables[name]) if name in self._tables else None
        content = self._content(accepted)
        if content is None:
            return None
        table = dict(lines.table_in(content, name))
        return {**table, "knowledge": os.path.relpath(str(table["knowledge"]), self._place)}

    def read(self, name: str, table: Mapping[str, Any]) -> Agent:
        """The agent that these keys make once it is live.  Raises `AgentFileRefused`.

        Its passages must lie where those of one of the operator's agents lie: the line is let read the folders that
        agent files name, and nobody may open others to it over the network.
        """
        if re.fullmatch(AGENT.pattern, name, re.ASCII) is None:
            _refuse("name", "must be small letters, digits and hyphens, starting with a letter")
        if table.get("state") == AgentState.LIVE.value:
            _refuse("state", "must be draft: an agent leaves draft by a route of its own")
        # as it will be once it is live: its own greeting is checked now (`lines.read_table` hides it from a draft)
        own = {**table, "state": AgentState.LIVE.value} if table.get("state") == AgentState.DRAFT.value else table
        agent = lines.read_table(self._file(name), self.placed(own))
        if agent.knowledge not in {other.knowledge for other in self.shipped.values()}:
            _refuse("knowledge", "must be a folder that an agent file of the operator names")
        return agent

    def placed(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The same with `knowledge` as an absolute path."""
        folder = table.get("knowledge")
        if not isinstance(folder, str) or not folder or not folder.isprintable() or len(folder) > lines.LONGEST_PATH:
            return dict(table)
        return {**table, "knowledge": os.path.normpath(self._place / folder)}

    def prepare(self, name: str, table: Mapping[str, Any]) -> AgentFile:
        """Writes keys that `read` took aside, down to the disk; what stands for them.  Raises `StateFailed`."""
        content = toml(self.placed(table))
        with _or_state_failed():
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_down(self._accepted(name, NEW), content)
        return AgentFile(agent=name, content=hashlib.sha256(content).hexdigest())

    def settle(self, accepted: Iterable[AgentFile], live: Set[str]) -> None:
        """Makes the folder hold what was accepted and nothing else: after each change, and at the start.

        live: the agents that have left draft.  A file of which nothing was ever recorded is set aside, not deleted.
        Raises `StateFailed`.
        """
        with _or_state_failed():
            if self._folder.is_dir():
                self._settle({each.agent: each for each in accepted}, live)
                sync(self._folder)

    def _settle(self, accepted: Mapping[str, AgentFile], live: Set[str]) -> None:
        for fresh in sorted(self._folder.glob(f"*{ACCEPTED}{NEW}")):
            name = fresh.name.removesuffix(f"{ACCEPTED}{NEW}")
            if name in accepted and accepted[name].content == hashlib.sha256(fresh.read_bytes()).hexdigest():
                fresh.rename(self._accepted(name))
            else:
                fresh.unlink()
        for old in sorted(self._folder.glob(f"*{ACCEPTED}")):
            name = old.name.removesuffix(ACCEPTED)
            if name not in accepted:
                self._file(name).unlink(missing_ok=True)
                old.unlink()
        for file in sorted(self._folder.glob("*.toml")):
            if file.stem not in accepted:
                file.rename(file.with_name(file.name + ASIDE))
        for name, record in accepted.items():
            content = self._content(record)
            if content is not None:
                self._derive(name, lines.table_in(content, name), live=name in live)

    def _derive(self, name: str, table: Mapping[str, Any], *, live: bool) -> None:
        """The line's file: what was accepted, and whether it is live."""
        content = toml({**table, "state": state_of(live=live)})
        if not self._file(name).is_file() or self._file(name).read_bytes() != content:
            fresh = self._file(name).with_suffix(f".toml{NEW}")
            write_down(fresh, content)
            fresh.rename(self._file(name))

    def _content(self, accepted: AgentFile) -> bytes | None:
        """Of the accepted file, if it is the one that was accepted."""
        content = b""
        with contextlib.suppress(OSError):
            content = self._accepted(accepted.agent).read_bytes()
        return content if hashlib.sha256(content).hexdigest() == accepted.content else None

    def _accepted(self, name: str, more: str = "") -> Path:
        return self._folder / f"{name}{ACCEPTED}{more}"

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.toml"


def accepted_table(state: Path, accepted: AgentFile) -> Mapping[str, Any] | None:
    """The keys that were accepted, of whichever file holds exactly those; None where none does.

    The one that was written aside counts too: who is killed before it takes its name has recorded it.
    Raises `AgentFileRefused`.
    """
    for name in (f"{accepted.agent}{ACCEPTED}", f"{accepted.agent}{ACCEPTED}{NEW}"):
        content = b""
        with contextlib.suppress(OSError):
            content = (state / FOLDER / name).read_bytes()
        if hashlib.sha256(content).hexdigest() == accepted.content:
            return lines.table_in(content, accepted.agent)
    return None


def state_of(*, live: bool) -> str:
    """What an agent's file says of it."""
    state = AgentState.LIVE if live else AgentState.DRAFT
    return str(state.value)


def toml(table: Mapping[str, Any]) -> bytes:
    """Keys with texts, numbers, flags and lists of texts, as TOML in UTF-8.

    A basic string of TOML 1.0 escapes what JSON escapes; what JSON leaves and TOML does not take, no key may hold.
    """
    rows = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items()]
    return "".join(rows).encode("utf-8")


@contextlib.contextmanager
def _or_state_failed() -> Iterator[None]:
    failed = False
    try:
        yield
    except OSError:
        failed = True
    if failed:
        raise StateFailed("an agent file can't be written")


def _refuse(key: str, rule: str) -> None:
    raise AgentFileRefused(f"{key}: {rule}", key, rule)

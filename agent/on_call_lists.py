"""The lists of who is on call as their files say now: looked at while the line runs, used for the next caller.

A changed file is read when it has stood still for one look, so that nobody is rung by half of what an editor writes.
One that is wrong changes nothing: the last good list holds, and it is told that the file is wrong, and when it is right
again.  Hand-offs that have begun go by the list that they began with.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent import on_call_file
from agent.on_call import OnCallList
from agent.on_call_file import OnCallRefused

LOOK_S: Final = 2.0  # between looks; a change holds after two of them
Told = Callable[[bool, int], None]
"""Of a change that was noticed: is it used, or is the file wrong and the last good list holds?  And of how many files
that is so now."""
_Stamp = tuple[int, int, int, int]


@dataclass(slots=True)
class _Kept:
    """One file."""

    good: OnCallList
    used: _Stamp | None
    """Of the file as it was read last, right or wrong; None: there was none."""
    seen: _Stamp | None
    """Of the last look."""
    wrong: bool = False


class OnCallLists:
    """Of the agents of one line."""

    def __init__(
        self,
        folder: Path,
        names: Mapping[str, str],
        answered: Iterable[str],
        told: Told = lambda _good, _wrong: None,
    ) -> None:
        """names: each agent's list.  answered: as for `agent.on_call_file.load`.  Reads them all.

        told: on the loop.  Raises `OnCallRefused`.
        """
        self._folder: Final = folder
        self._names: Final = dict(names)
        self._answered: Final = frozenset(answered)
        self._told: Final = told
        self._kept: Final[dict[str, _Kept]] = {}
        for name in self._names.values():
            stamp = self._stamp(name)
            self._kept[name] = _Kept(self._read(name), stamp, stamp)

    def name(self, agent: str) -> str | None:
        """Of the agent's list; None for one that has none."""
        return self._names.get(agent)

    def of(self, agent: str) -> OnCallList | None:
        """The agent's list now; None likewise."""
        name = self._names.get(agent)
        return None if name is None else self._kept[name].good

    @property
    def wrong(self) -> int:
        """How many files are wrong now, so that an older list holds."""
        return sum(kept.wrong for kept in self._kept.values())

    async def run(self, look_s: float = LOOK_S) -> None:
        """Looks now and then, until it is cancelled."""
        while True:
            await asyncio.sleep(look_s)
            for good in await asyncio.to_thread(self.look):
                self._told(good, self.wrong)

    def look(self) -> list[bool]:
        """One look at each file.  Returns what `told` is to be told.  Blocks; raises nothing."""
        found = []
        for name, kept in self._kept.items():
            stamp, before = self._stamp(name), kept.seen
            kept.seen = stamp
            if stamp == kept.used or stamp != before:
                continue
            fresh = None
            with contextlib.suppress(OnCallRefused):
                fresh = self._read(name)
            kept.used, kept.wrong = stamp, fresh is None
            if fresh is not None:
                kept.good = fresh
            found.append(fresh is not None)
        return found

    def _read(self, name: str) -> OnCallList:
        return OnCallList(on_call_file.load(self._folder, name, self._answered))

    def _stamp(self, name: str) -> _Stamp | None:
        """What differs where a file was written or replaced; None where there is none."""
        found = None
        with contextlib.suppress(OSError):
            there = (self._folder / f"{name}.toml").stat()
            found = (there.st_ino, there.st_size, there.st_mtime_ns, there.st_ctime_ns)
        return found

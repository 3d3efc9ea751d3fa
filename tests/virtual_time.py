"""An event loop whose clock moves only when nothing is left to do: minutes of a call pass in milliseconds.

`at_once(work())` runs a coroutine to its end on such a loop.  What waits for nothing that can come is told as `Stuck`,
and so is a call that never ends.  Nothing on the loop may wait for a thread or a real socket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar

T = TypeVar("T")

LONGEST_S: Final = 2 * 60 * 60.0
"""Beyond the longest call that the product allows."""


class Stuck(Exception):
    """Everything waits, and no timer will end it; or the virtual time has run out."""


class _Clock(selectors.BaseSelector):
    """Stands where the loop would sleep: moves the time on instead."""

    def __init__(self) -> None:
        self._files = selectors.DefaultSelector()  # the loop's own wake-up pipe lives here
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._files.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise Stuck("everything waits and no timer is set")
        self.now_s += timeout
        if self.now_s > LONGEST_S:
            raise Stuck("two hours of virtual time have passed")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._files.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._files.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._files.modify(fileobj, events, data)

    def close(self) -> None:
        self._files.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._files.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at 0."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now_s


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` in virtual time.  Raises what it raises, and `Stuck`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)

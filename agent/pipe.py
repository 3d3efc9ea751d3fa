"""The line's way out: standard output, a pipe of closed events to the keeper.

Writing never waits: a keeper that stands still must not make a caller wait.  What does not fit is kept in a bounded
queue; beyond it everything but the end of a call is dropped and counted.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from typing import Final

from policies.events import CallEnded, CallEvent, encode
from policies.records import Profile

MOST_WAITING: Final = 4_096  # lines of at most 1 KiB


class EventPipe:
    """One line an event.  Lines are shorter than PIPE_BUF, so each is written whole or not at all."""

    def __init__(self, descriptor: int, profile: Profile) -> None:
        self._descriptor: Final = descriptor
        self._profile: Final = profile
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on_drop: Callable[[], None] = lambda: None
        """Told of every line that was dropped."""
        os.set_blocking(descriptor, False)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on what did not fit is written when the pipe has room."""
        self._loop = loop

    def tell(self, event: CallEvent) -> None:
        """Raises `NotClosed` for an event that this profile does not send."""
        self._put(encode(event, self._profile), keep=isinstance(event, CallEnded))

    def write(self, line: str) -> None:
        """An event that is encoded already: the log's sink."""
        self._put(line, keep=False)

    def _put(self, line: str, *, keep: bool) -> None:
        self._waiting.append((line.encode("ascii") + b"\n", keep))
        if len(self._waiting) > MOST_WAITING:
            self._shed()
        self._flush()

    def _shed(self) -> None:
        """Drops the oldest line that may be dropped."""
        place = next((at for at, (_, keep) in enumerate(self._waiting) if not keep), 0)
        del self._waiting[place]
        self.on_drop()

    def _flush(self) -> None:
        while self._waiting:
            try:
                os.write(self._descriptor, self._waiting[0][0])
            except BlockingIOError:
                if self._loop is not None:
                    self._loop.add_writer(self._descriptor, self._flush)
                return
            except OSError:  # nobody reads any more
                self._waiting.clear()
                break
            self._waiting.popleft()
        if self._loop is not None:
            self._loop.remove_writer(self._descriptor)

"""The line's way out: standard output, a pipe of closed events to the keeper.

Writing never waits: a keeper that stands still must not make a caller wait.  What does not fit is kept in a bounded
queue; beyond it lines are dropped and counted, the oldest of the kind that matters least.  Any thread may write, as the
log speaks from wherever something failed.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from policies.events import CallAnswered, CallEnded, CallEvent, OutreachHeld, encode
from policies.records import NurseStatus, Profile

KEPT: Final = (CallAnswered, CallEnded, NurseStatus, OutreachHeld)
"""Dropped only while nothing else waits; of these what is held of patients, with their opt-outs, last."""
MOST_WAITING: Final = 4_096  # lines of at most 1 KiB


class _Matters(enum.IntEnum):
    """How long a line is held when not all fit; what matters less is dropped first."""

    LITTLE = 0
    MUCH = 1
    """A call that isn't told is missing from the record."""
    MOST = 2
    """Whoever opted out would be called again."""


def _matters(event: CallEvent) -> _Matters:
    if isinstance(event, OutreachHeld):
        return _Matters.MOST
    return _Matters.MUCH if isinstance(event, KEPT) else _Matters.LITTLE


class EventPipe:
    """One line an event.  Lines are shorter than PIPE_BUF, so each is written whole or not at all."""

    def __init__(self, descriptor: int, profile: Profile) -> None:
        self._descriptor: Final = descriptor
        self._profile: Final = profile
        self._waiting: deque[tuple[bytes, _Matters]] = deque()
        self._lock: Final = threading.RLock()
        """Held while the queue is changed and written out, which does not block; a finalizer may log meanwhile, in the
        thread that holds it: hence one that may be taken twice."""
        self._writing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched = False
        """The loop will call when the pipe has room; touched by the loop's thread alone."""
        self.on_drop: Callable[[], None] = lambda: None
        """Told of every line that was dropped; from any thread."""
        os.set_blocking(descriptor, False)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on what did not fit is written when the pipe has room."""
        self._loop = loop

    def tell(self, event: CallEvent) -> None:
        """Raises `NotClosed` for an event that this profile does not send."""
        self._put(encode(event, self._profile), _matters(event))

    def write(self, line: str) -> None:
        """An event that is encoded already: the log's sink."""
        self._put(line, _Matters.LITTLE)

    def _put(self, line: str, matters: _Matters) -> None:
        dropped = False
        with self._lock:
            self._waiting.append((line.encode("ascii") + b"\n", matters))
            if len(self._waiting) > MOST_WAITING and not self._writing:
                self._shed()
                dropped = True
            full = self._flush()
        if dropped:
            self.on_drop()
        if full and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: what waits goes with the next line
                self._loop.call_soon_threadsafe(self._watch)

    def _shed(self) -> None:
        """Drops the oldest line of those that matter least."""
        for least in _Matters:
            place = next((at for at, (_, matters) in enumerate(self._waiting) if matters is least), None)
            if place is not None:
                del self._waiting[place]
                return

    def _flush(self) -> bool:
        """Writes as much as fits, one writer at a time; True if something waits for room."""
        if self._writing:  # by this thread, further up: it goes on with what was put meanwhile
            return False
        self._writing = True
        try:
            while self._waiting:
                os.write(self._descriptor, self._waiting[0][0])
                self._waiting.popleft()
        except BlockingIOError:
            return True
        except OSError:  # nobody reads any more
            self._waiting.clear()
        finally:
            self._writing = False
        return False

    def _watch(self) -> None:
        """In the loop's thread."""
        if self._loop is not None and not self._watched:
            self._watched = True
            self._loop.add_writer(self._descriptor, self._drain)

    def _drain(self) -> None:
        """In the loop's thread: the pipe has room."""
        with self._lock:
            full = self._flush()
        if not full and self._loop is not None and self._watched:
            self._watched = False
            self._loop.remove_writer(self._descriptor)

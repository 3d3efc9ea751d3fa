"""The pool in which clauses are synthesised: a few threads of its own, the clause that is due first goes first."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import queue
import threading
from collections.abc import Callable
from typing import Final, TypeAlias, final

import onnxruntime

from agent.engines.ports import EngineReason
from agent.engines.priority import give_way
from policies.phi import PHI
from telephony.audio import AudioFrame

WAITING: Final = 64  # clauses that may wait; beyond it speech would come seconds late in any case
NICENESS: Final = 3  # hearing the caller matters more than the next clause
ORT_FATAL: Final = 4  # ONNX Runtime's severity "fatal": a run that we end early is not an error worth a line on stderr

Frames: TypeAlias = tuple[AudioFrame, ...]
Synthesise: TypeAlias = Callable[[str, onnxruntime.RunOptions], Frames]


@final
class Job:
    """One clause that waits for, or is in, the pool."""

    __slots__ = ("_dropped", "_loop", "_run", "_synthesise", "_words", "done")

    def __init__(self, words: PHI[str], synthesise: Synthesise, loop: asyncio.AbstractEventLoop) -> None:
        self._words: PHI[str] | None = words
        self._synthesise: Final = synthesise
        self._run: Final = onnxruntime.RunOptions()
        self._run.log_severity_level = ORT_FATAL
        self._loop: Final = loop
        self._dropped = False
        self.done: Final[asyncio.Future[Frames | EngineReason]] = loop.create_future()
        """Its frames, or why there are none; cancelled when dropped."""

    @property
    def wanted(self) -> bool:
        """Not dropped."""
        return not self._dropped

    def drop(self) -> None:
        """Nobody waits for it any more: not begun if it waits, ended if it runs.  On the loop."""
        self._dropped = True
        self._words = None
        self._run.terminate = True
        self.done.cancel()

    def serve(self) -> None:
        """Synthesise and hand the frames to the loop.  On a worker's thread; raises nothing."""
        words = self._words
        if words is None:
            return
        told: Frames | EngineReason = EngineReason.BROKEN
        with contextlib.suppress(Exception):  # its text may quote the words: only that it broke is kept
            told = self._synthesise(words.reveal(), self._run)
        if not self._dropped:
            with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits
                self._loop.call_soon_threadsafe(self.settle, told)

    def settle(self, told: Frames | EngineReason) -> None:
        """On the loop."""
        self._words = None
        if not self.done.done():
            self.done.set_result(told)


@final
class SpeechPool:
    """Made once; `close()` ends its threads."""

    def __init__(self, workers: int = 2, wash: Callable[[], None] = lambda: None) -> None:
        """workers: clauses synthesised at once, 1..8.

        wash: rids the thread it is called in of the last clause's words; called after each, when its sound is told.
        """
        if not 1 <= workers <= 8:
            raise ValueError("a speech pool has 1 to 8 workers")
        self._jobs: Final[queue.PriorityQueue[tuple[float, int, Job | None]]] = queue.PriorityQueue()
        self._order: Final = itertools.count()
        self._wash: Final = wash
        self._threads: Final = [
            threading.Thread(target=self._work, name=f"speech-{n}", daemon=True) for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, words: PHI[str], synthesise: Synthesise, due_s: float) -> Job:
        """due_s: when its sound is wanted, on the monotonic clock.  Told OVERLOADED if too many wait."""
        job = Job(words, synthesise, asyncio.get_running_loop())
        if self.waiting >= WAITING:
            job.settle(EngineReason.OVERLOADED)
        else:
            self._jobs.put((due_s, next(self._order), job))
        return job

    @property
    def waiting(self) -> int:
        """Clauses that no thread has taken yet and that somebody still wants."""
        with self._jobs.mutex:
            return sum(job is not None and job.wanted for _, _, job in self._jobs.queue)

    def close(self) -> None:
        """Ends the threads after the clauses they are at; what waits is not served."""
        for _ in self._threads:
            self._jobs.put((float("-inf"), next(self._order), None))
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        give_way(NICENESS)
        while self._serve(self._jobs.get()[2]):  # no name holds the job while the thread waits for the next
            with contextlib.suppress(Exception):  # what failed to speak may fail to wash; the thread goes on
                self._wash()

    @staticmethod
    def _serve(job: Job | None) -> bool:
        if job is not None:
            job.serve()
        return job is not None

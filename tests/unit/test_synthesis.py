"""The pool in which clauses are synthesised, on scripted work."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import onnxruntime
import pytest

from agent.engines.ports import EngineReason
from agent.engines.synthesis import NICENESS, WAITING, Frames, SpeechPool
from policies.phi import PHI
from telephony.audio import SILENCE


@pytest.fixture(name="pool")
def _pool() -> Iterator[SpeechPool]:
    pool = SpeechPool(workers=1)
    yield pool
    pool.close()


class Work:
    """Synthesis that waits until it is let go, and remembers what it was given."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.let_go = threading.Event()
        self.busy = threading.Event()

    def __call__(self, text: str, run: onnxruntime.RunOptions) -> Frames:
        self.begun.append(text)
        self.busy.set()
        assert self.let_go.wait(10)
        return (SILENCE,)


async def until_busy(work: Work) -> None:
    assert await asyncio.to_thread(work.busy.wait, 10)


async def test_the_clause_that_is_due_first_goes_first(pool: SpeechPool) -> None:
    work = Work()
    jobs = [pool.submit(PHI("now"), work, 0.0)]
    await until_busy(work)
    jobs += [pool.submit(PHI(f"due {due}"), work, due) for due in (3.0, 1.0, 2.0)]
    work.let_go.set()
    await asyncio.gather(*(job.done for job in jobs))
    assert ["now", "due 1.0", "due 2.0", "due 3.0"] == work.begun


async def test_a_dropped_clause_is_never_begun_and_one_that_runs_is_told_to_end(pool: SpeechPool) -> None:
    work = Work()
    running = pool.submit(PHI("running"), work, 0.0)
    await until_busy(work)
    waiting = pool.submit(PHI("waiting"), work, 0.0)
    running.drop()
    waiting.drop()
    work.let_go.set()
    last = pool.submit(PHI("last"), work, 1.0)
    assert (SILENCE,) == await last.done
    assert ["running", "last"] == work.begun
    assert running.done.cancelled()
    assert waiting.done.cancelled()


async def test_beyond_its_bound_the_pool_says_that_it_is_overloaded(pool: SpeechPool) -> None:
    work = Work()
    jobs = [pool.submit(PHI("now"), work, 0.0)]
    await until_busy(work)
    jobs += [pool.submit(PHI("x"), work, 1.0) for _ in range(WAITING + 1)]
    work.let_go.set()
    told = await asyncio.gather(*(job.done for job in jobs))
    assert WAITING + 1 == told.count((SILENCE,))
    assert [EngineReason.OVERLOADED] == [one for one in told if isinstance(one, EngineReason)]


async def test_work_that_breaks_says_so_and_nothing_of_what_it_said_gets_out(pool: SpeechPool) -> None:
    def broken(text: str, run: onnxruntime.RunOptions) -> Frames:
        raise RuntimeError(text)

    assert EngineReason.BROKEN is await pool.submit(PHI("a secret"), broken, 0.0).done
    assert (SILENCE,) == await pool.submit(PHI("after"), lambda *_: (SILENCE,), 0.0).done


async def test_its_threads_give_way_to_recognition(pool: SpeechPool) -> None:
    def niceness(text: str, run: onnxruntime.RunOptions) -> Frames:
        return (SILENCE,) * os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    told = await pool.submit(PHI("x"), niceness, 0.0).done
    assert not isinstance(told, EngineReason)
    assert sys.platform != "linux" or NICENESS <= len(told)


async def test_a_pool_that_was_closed_leaves_no_thread() -> None:
    def threads() -> int:
        return sum(thread.name.startswith("speech-") for thread in threading.enumerate())

    before = threads()
    pool = SpeechPool(workers=3)
    assert before + 3 == threads()
    pool.close()
    assert before == threads()

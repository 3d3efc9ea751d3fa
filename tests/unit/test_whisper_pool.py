"""The pool in front of the recogniser: order, shares, cancelling, bounds.  The recogniser is a function of the test."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from agent.engines.ports import Bias, EngineFailed, EngineReason, Speech, Transcript, Urgency
from agent.engines.whisper import WhisperPool, WhisperSettings
from policies.phi import PHI, Utterance


def speech(number: int) -> Speech:
    """A speech that tells which it is by its length."""
    return Speech(np.zeros(number, np.int16))


class Recogniser:
    """Hears nothing until it is let go on; remembers the order in which it was asked."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.begun = threading.Semaphore(0)
        self.may_go_on = threading.Semaphore(0)

    def hear(self, speech: Speech, bias: Bias | None) -> Transcript:
        number = len(speech.reveal())
        self.asked.append(number)
        self.begun.release()
        assert self.may_go_on.acquire(timeout=30)
        if number == 666:
            raise RuntimeError("what she said")
        return Transcript(Utterance(PHI(str(number)), doubtful=False), -0.1, 0.0)

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.begun.acquire, timeout=30)

    def go_on(self, times: int = 1) -> None:
        self.may_go_on.release(times)


@pytest.fixture(name="recogniser")
def _recogniser() -> Recogniser:
    return Recogniser()


@pytest.fixture(name="pool")
def _pool(recogniser: Recogniser) -> Iterator[WhisperPool]:
    pool = WhisperPool(recogniser.hear, WhisperSettings(workers=1, waiting=3))
    yield pool
    recogniser.go_on(100)
    pool.close()


def ask(pool: WhisperPool, number: int, call: int, urgency: Urgency) -> asyncio.Task[Transcript]:
    return asyncio.create_task(pool.transcribe(speech(number), call=call, urgency=urgency))


async def reason(task: asyncio.Task[Transcript]) -> EngineReason:
    with pytest.raises(EngineFailed) as failed:
        await task
    assert failed.value.__context__ is None
    assert failed.value.__cause__ is None
    return failed.value.reason


async def test_the_words_come_back(pool: WhisperPool, recogniser: Recogniser) -> None:
    recogniser.go_on()
    heard = await pool.transcribe(speech(7), call=1, urgency=Urgency.FINAL)
    assert heard.said.words.reveal() == "7"


async def test_finals_overtake_speculations_and_snapshots(pool: WhisperPool, recogniser: Recogniser) -> None:
    tasks = [ask(pool, 1, 1, Urgency.SNAPSHOT)]
    await recogniser.has_begun()
    tasks += [ask(pool, 2, 2, Urgency.SNAPSHOT), ask(pool, 3, 3, Urgency.SPECULATIVE), ask(pool, 4, 4, Urgency.FINAL)]
    await asyncio.sleep(0)
    recogniser.go_on(4)
    await asyncio.gather(*tasks)
    assert recogniser.asked == [1, 4, 3, 2]


async def test_calls_take_turns(recogniser: Recogniser) -> None:
    pool = WhisperPool(recogniser.hear, WhisperSettings(workers=1))
    tasks = [ask(pool, 10, 1, Urgency.FINAL)]
    await recogniser.has_begun()
    tasks += [ask(pool, number, 1, Urgency.FINAL) for number in (11, 12, 13)]
    tasks += [ask(pool, 20, 2, Urgency.FINAL), ask(pool, 30, 3, Urgency.FINAL)]
    await asyncio.sleep(0)
    recogniser.go_on(6)
    await asyncio.gather(*tasks)
    assert recogniser.asked == [10, 11, 20, 30, 12, 13]
    pool.close()


async def test_what_is_cancelled_before_it_began_is_never_heard(pool: WhisperPool, recogniser: Recogniser) -> None:
    first = ask(pool, 1, 1, Urgency.FINAL)
    await recogniser.has_begun()
    unwanted, wanted = ask(pool, 2, 2, Urgency.FINAL), ask(pool, 3, 3, Urgency.FINAL)
    await asyncio.sleep(0)
    unwanted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unwanted
    recogniser.go_on(2)
    await asyncio.gather(first, wanted)
    assert recogniser.asked == [1, 3]


async def test_what_is_cancelled_after_it_began_disturbs_nobody(pool: WhisperPool, recogniser: Recogniser) -> None:
    unwanted = ask(pool, 1, 1, Urgency.FINAL)
    await recogniser.has_begun()
    unwanted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await unwanted
    recogniser.go_on(2)
    heard = await pool.transcribe(speech(2), call=1, urgency=Urgency.FINAL)
    assert heard.said.words.reveal() == "2"


async def test_the_same_speech_asked_again_is_heard_once_and_at_the_higher_urgency(
    pool: WhisperPool, recogniser: Recogniser
) -> None:
    first = ask(pool, 1, 1, Urgency.FINAL)
    await recogniser.has_begun()
    same = speech(5)
    early = asyncio.create_task(pool.transcribe(same, call=2, urgency=Urgency.SPECULATIVE))
    other = ask(pool, 3, 3, Urgency.SPECULATIVE)
    await asyncio.sleep(0)
    final = asyncio.create_task(pool.transcribe(same, call=2, urgency=Urgency.FINAL))
    await asyncio.sleep(0)
    early.cancel()
    recogniser.go_on(3)
    await asyncio.gather(first, other)
    assert (await final).said.words.reveal() == "5"
    assert recogniser.asked == [1, 5, 3]


async def test_two_callers_who_speak_equally_long_are_each_heard(pool: WhisperPool, recogniser: Recogniser) -> None:
    first = ask(pool, 1, 1, Urgency.FINAL)
    await recogniser.has_begun()
    both = [ask(pool, 5, call, Urgency.FINAL) for call in (2, 3)]
    await asyncio.sleep(0)  # one turn of the loop, in which both come to stand in the queue
    recogniser.go_on(3)
    await asyncio.gather(first, *both)
    assert recogniser.asked == [1, 5, 5]


async def test_a_worker_without_work_holds_no_sound(pool: WhisperPool, recogniser: Recogniser) -> None:
    gone = asyncio.Event()
    sound = np.zeros(7, np.int16)
    weakref.finalize(sound, asyncio.get_running_loop().call_soon_threadsafe, gone.set)
    recogniser.go_on()
    await pool.transcribe(Speech(sound), call=1, urgency=Urgency.FINAL)
    assert not gone.is_set()
    del sound
    gc.collect()
    async with asyncio.timeout(10):  # the thread lets go of it when the words are told
        await gone.wait()


async def test_a_full_queue_refuses_in_one_word(pool: WhisperPool, recogniser: Recogniser) -> None:
    tasks = [ask(pool, 1, 1, Urgency.FINAL)]
    await recogniser.has_begun()
    tasks += [ask(pool, number, number, Urgency.FINAL) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    assert await reason(ask(pool, 5, 5, Urgency.FINAL)) is EngineReason.OVERLOADED
    recogniser.go_on(4)
    await asyncio.gather(*tasks)


async def test_a_snapshot_gives_way_to_a_final_in_a_full_queue(pool: WhisperPool, recogniser: Recogniser) -> None:
    tasks = [ask(pool, 1, 1, Urgency.FINAL)]
    await recogniser.has_begun()
    tasks += [ask(pool, number, number, Urgency.FINAL) for number in (2, 3)]
    snapshot = ask(pool, 4, 4, Urgency.SNAPSHOT)
    await asyncio.sleep(0)
    tasks += [ask(pool, 5, 5, Urgency.FINAL)]
    assert await reason(snapshot) is EngineReason.OVERLOADED
    recogniser.go_on(4)
    await asyncio.gather(*tasks)


async def test_snapshots_leave_a_worker_free(recogniser: Recogniser) -> None:
    pool = WhisperPool(recogniser.hear, WhisperSettings(workers=2))
    snapshots = [ask(pool, number, number, Urgency.SNAPSHOT) for number in (1, 2)]
    await recogniser.has_begun()
    final = ask(pool, 3, 3, Urgency.FINAL)
    await recogniser.has_begun()
    assert sorted(recogniser.asked) == [1, 3]
    recogniser.go_on(3)
    await asyncio.gather(final, *snapshots)
    pool.close()


async def test_a_recogniser_that_raises_is_broken_and_its_words_go_nowhere(
    pool: WhisperPool, recogniser: Recogniser
) -> None:
    recogniser.go_on(2)
    assert await reason(ask(pool, 666, 1, Urgency.FINAL)) is EngineReason.BROKEN
    heard = await pool.transcribe(speech(2), call=1, urgency=Urgency.FINAL)
    assert heard.said.words.reveal() == "2"


async def test_a_recogniser_that_hangs_is_late(recogniser: Recogniser) -> None:
    pool = WhisperPool(recogniser.hear, WhisperSettings(workers=1, late_s=0.01))
    assert await reason(ask(pool, 1, 1, Urgency.FINAL)) is EngineReason.LATE
    recogniser.go_on()
    pool.close()


async def test_closing_cuts_what_waits_and_refuses_what_comes(recogniser: Recogniser) -> None:
    pool = WhisperPool(recogniser.hear, WhisperSettings(workers=1))
    runs = ask(pool, 1, 1, Urgency.FINAL)
    await recogniser.has_begun()
    waits = ask(pool, 2, 2, Urgency.FINAL)
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(pool.close))
    assert await reason(waits) is EngineReason.CUT
    assert await reason(ask(pool, 3, 3, Urgency.FINAL)) is EngineReason.CUT
    recogniser.go_on()
    await closing
    assert (await runs).said.words.reveal() == "1"

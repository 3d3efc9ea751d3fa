"""The line's way out takes lines from any thread, waits for nobody, and sends each once."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from agent.pipe import MOST_WAITING, EventPipe
from policies.attempts import Kept
from policies.events import CallAnswered, KeyPressed, OutreachHeld, encode
from policies.records import Profile

WRITERS, LINES = 4, 3_000
Ends = tuple[int, EventPipe]


@pytest.fixture(name="ends")
def _ends() -> Iterator[Ends]:
    read, write = os.pipe()
    yield read, EventPipe(write, Profile.PRODUCTION)
    for each in (read, write):
        os.close(each)


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def all_at_once(*works: Callable[[], None]) -> list[BaseException]:
    """What they raised."""
    raised: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # it is what the test is about
            raised.append(error)

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def speaking(pipe: EventPipe, who: int) -> Callable[[], None]:
    def speak() -> None:
        for number in range(LINES):
            pipe.write(f"{who} {number}")

    return speak


async def test_each_line_of_each_thread_is_sent_once_and_in_its_order(ends: Ends) -> None:
    read, pipe = ends
    pipe.attach(asyncio.get_running_loop())
    dropped: list[None] = []
    pipe.on_drop = lambda: dropped.append(None)
    content = bytearray()

    def hear() -> None:
        while content.count(b"\n") + len(dropped) < WRITERS * LINES:
            content.extend(os.read(read, 65_536))

    hearing = asyncio.create_task(asyncio.to_thread(hear))
    raised = await asyncio.to_thread(all_at_once, *(speaking(pipe, who) for who in range(WRITERS)))
    await hearing

    said = [row.split(" ") for row in content.decode("ascii").splitlines()]
    assert [] == raised
    assert 1 == max(Counter(map(tuple, said)).values())
    assert WRITERS * LINES == len(said) + len(dropped)
    for who in range(WRITERS):
        numbers = [int(number) for each, number in said if each == str(who)]
        assert sorted(numbers) == numbers


async def test_what_did_not_fit_goes_out_when_there_is_room(ends: Ends) -> None:
    read, pipe = ends
    pipe.attach(asyncio.get_running_loop())
    await asyncio.to_thread(all_at_once, *(speaking(pipe, who) for who in range(1)))
    content = bytearray()
    async with asyncio.timeout(10):
        while content.count(b"\n") < LINES:
            content += await asyncio.to_thread(os.read, read, 65_536)

    assert [f"0 {number}" for number in range(LINES)] == content.decode("ascii").splitlines()


def test_nobody_waits_for_a_keeper_that_stands_still_and_calls_are_not_what_is_dropped(ends: Ends) -> None:
    read, pipe = ends
    dropped: list[None] = []
    pipe.on_drop = lambda: dropped.append(None)
    pipe.tell(CallAnswered(1, "demo"))
    for _ in range(3 * MOST_WAITING):
        pipe.tell(KeyPressed(1))
    pipe.tell(CallAnswered(2, "demo"))
    for _ in range(2 * MOST_WAITING):
        pipe.tell(KeyPressed(1))

    assert dropped
    assert MOST_WAITING == len(pipe._waiting)
    assert encode(CallAnswered(2, "demo")).encode() + b"\n" in [line for line, _ in pipe._waiting]
    assert os.read(read, 65_536).startswith(encode(CallAnswered(1, "demo")).encode())


def test_what_is_held_of_a_patient_is_dropped_only_when_nothing_else_waits(ends: Ends) -> None:
    _, pipe = ends
    dropped: list[None] = []
    pipe.on_drop = lambda: dropped.append(None)
    for _ in range(2 * MOST_WAITING):  # until the pipe itself is full and these alone wait
        pipe.tell(CallAnswered(1, "demo"))
    out = OutreachHeld(1, Kept(patient="Zk3vQ0pT7mXs2LhYb9RcNw").out())
    pipe.tell(out)
    for _ in range(2 * MOST_WAITING):
        pipe.tell(CallAnswered(2, "demo"))
        pipe.tell(KeyPressed(1))

    lines = [line for line, _ in pipe._waiting]
    assert dropped
    assert MOST_WAITING == len(lines)
    assert encode(out).encode() + b"\n" in lines


def test_a_finalizer_that_logs_while_a_line_goes_out_neither_waits_nor_tears_it(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collector of garbage runs what it likes in the thread that holds the lock."""
    read, pipe = ends
    write, inside = os.write, [False]

    def interrupted(descriptor: int, line: bytes) -> int:
        if not inside[0]:
            inside[0] = True
            pipe.write("said by a finalizer")
        return write(descriptor, line)

    monkeypatch.setattr(os, "write", interrupted)
    pipe.write("one")
    pipe.write("two")

    assert b"one\nsaid by a finalizer\ntwo\n" == os.read(read, 4_096)


def test_a_keeper_that_is_gone_ends_nothing(ends: Ends) -> None:
    _, pipe = ends
    pipe._descriptor, there = os.dup(0), pipe._descriptor  # type: ignore[misc]  # a descriptor that is closed
    os.close(pipe._descriptor)
    pipe.write("one")

    assert not pipe._waiting
    pipe._descriptor = there  # type: ignore[misc]  # for the fixture

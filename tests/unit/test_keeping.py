"""A call's level only gets stricter, whatever is heard of policies while it lasts, and words go with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.keeping import MOST_IN_FLIGHT, MOST_SAID, Keeping, Speaker
from policies.phi import PHI
from policies.retention import Retention
from tests.virtual_time import at_once

levels = st.sampled_from(Retention)
REDACTED, ZERO = Retention.REDACTED, Retention.ZERO


async def redacts(_: PHI[str]) -> Any:
    return None


class Says:
    """What is heard of the policy at each time it is asked."""

    def __init__(self, *said: Retention | None) -> None:
        self.said = list(said)

    def __call__(self) -> Retention | None:
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


def test_an_agent_file_allows_and_gives_nothing() -> None:
    assert ZERO is Keeping(ZERO, lambda: REDACTED, redacts).level
    assert ZERO is Keeping(REDACTED, lambda: ZERO, redacts).level
    assert ZERO is Keeping(REDACTED, lambda: None, redacts).level
    assert ZERO is Keeping(REDACTED, lambda: REDACTED, None).level
    assert REDACTED is Keeping(REDACTED, lambda: REDACTED, redacts).level


@given(levels, st.lists(st.none() | levels, min_size=1))
def test_whatever_is_heard_in_whatever_order_no_call_gets_laxer(
    allowed: Retention, heard: list[Retention | None]
) -> None:
    keeping = Keeping(allowed, Says(*heard), redacts)
    seen = [keeping.level, *(keeping.ask() for _ in heard)]

    assert sorted(seen) == seen
    assert max([allowed, *(ZERO if each is None else each for each in heard)]) is seen[-1]


def test_on_and_off_again_is_on() -> None:
    keeping = Keeping(REDACTED, Says(REDACTED, ZERO, REDACTED), redacts)

    assert [ZERO, ZERO] == [keeping.ask(), keeping.ask()]


@given(st.lists(st.sampled_from(["say", "ask"]), max_size=20), st.lists(st.none() | levels, min_size=1))
def test_nothing_is_gathered_at_zero_at_any_moment(steps: list[str], heard: list[Retention | None]) -> None:
    async def hold() -> None:
        keeping = Keeping(REDACTED, Says(*heard), redacts)
        async with asyncio.TaskGroup() as tasks:
            for step in steps:
                if step == "say":
                    keeping.hear(Speaker.CALLER, PHI("a word"), tasks.create_task)
                else:
                    keeping.ask()
                if keeping.level is ZERO:
                    assert [] == keeping._said
        if keeping.ask() is ZERO:
            assert () == keeping.gathered()

    at_once(hold())


def test_a_backlog_and_a_call_without_end_are_bounded_and_say_so() -> None:
    async def hold() -> None:
        release = asyncio.Event()

        async def slow(_: PHI[str]) -> Any:
            await release.wait()

        async with asyncio.TaskGroup() as tasks:
            keeping = Keeping(REDACTED, lambda: REDACTED, slow)
            for _ in range(MOST_IN_FLIGHT + 5):
                keeping.hear(Speaker.CALLER, PHI("a word"), tasks.create_task)
            assert (MOST_IN_FLIGHT, True) == (len(keeping.gathered()), keeping.cut)
            release.set()
        async with asyncio.TaskGroup() as tasks:
            endless = Keeping(REDACTED, lambda: REDACTED, redacts)
            for _ in range(MOST_SAID + 5):
                endless.hear(Speaker.AGENT, PHI("a word"), tasks.create_task)
                await endless.settle()
            assert (MOST_SAID, True) == (len(endless.gathered()), endless.cut)

    at_once(hold())


def test_what_is_under_way_is_cancelled_when_zero_comes() -> None:
    async def hold() -> None:
        said = Says(REDACTED, REDACTED, ZERO)
        done: list[str] = []

        async def slow(_: PHI[str]) -> Any:
            await asyncio.sleep(1)
            done.append("redacted")

        async with asyncio.TaskGroup() as tasks:
            keeping = Keeping(REDACTED, said, slow)
            keeping.hear(Speaker.CALLER, PHI("a word"), tasks.create_task)
            await asyncio.sleep(0.1)
            keeping.ask()
            await keeping.settle()
        assert ([], ()) == (done, keeping.gathered())

    at_once(hold())


@pytest.mark.parametrize("late_s", [1.0, 60.0])
def test_the_end_of_a_call_waits_a_little_and_not_longer(late_s: float) -> None:
    async def hold() -> float:
        async def slow(_: PHI[str]) -> Any:
            await asyncio.sleep(late_s)
            return "redacted"

        loop = asyncio.get_running_loop()
        began_s = loop.time()
        keeping = Keeping(REDACTED, lambda: REDACTED, slow)
        async with asyncio.TaskGroup() as tasks:
            keeping.hear(Speaker.CALLER, PHI("a word"), tasks.create_task)
            await keeping.settle()
            took_s = loop.time() - began_s
        assert ["redacted" if late_s < 2 else None] == [said.redacted for said in keeping.gathered()]
        return took_s

    assert min(late_s, 2.0) == pytest.approx(at_once(hold()))

"""Whole calls of somebody who calls us and wants no calls of ours."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from agent.phrases import Phrase
from agent.stopping import OptOut, Stopped
from tests.simulated import Held, Line, Setup, hold, words

WISH: Final = "Please stop calling me."
SAID: Final = {
    Stopped.DONE: Phrase.NO_MORE_CALLS,
    Stopped.NOBODY: Phrase.NOT_CALLED,
    Stopped.NOT_NOW: Phrase.NO_STOP_NOW,
}


def asks(opt_out: OptOut | None, said: str = WISH) -> Held:
    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say(said)
        await line.reply()
        line.hang_up()

    return hold(caller, Setup(opt_out=opt_out))


@pytest.mark.parametrize("came", Stopped)
def test_a_caller_who_wants_no_calls_hears_what_came_of_it(came: Stopped) -> None:
    asked: list[int] = []

    async def opt_out() -> Stopped:
        asked.append(1)
        return came

    held = asks(opt_out)

    assert [words(SAID[came])] == held.replies
    assert [1] == asked, "not by a reply that was prepared ahead, and once"


def test_a_hospital_that_takes_its_time_is_waited_for() -> None:
    async def opt_out() -> Stopped:
        await asyncio.sleep(3.0)
        return Stopped.NOT_NOW

    held = asks(opt_out)

    assert words(Phrase.NO_STOP_NOW) == held.replies[-1]


def test_who_goes_on_after_a_pause_is_taken_by_the_whole_of_it() -> None:
    asked: list[int] = []

    async def opt_out() -> Stopped:
        asked.append(1)
        return Stopped.DONE

    async def caller(line: Line) -> None:
        await line.greeting()
        await line.say("Stop calling me")
        await line.wait(300)
        await line.say("names, my brother says, is that bad for the wound?")
        await line.reply()
        line.hang_up()

    hold(caller, Setup(opt_out=opt_out))

    assert [] == asked


def test_a_line_that_places_no_calls_has_none_to_stop() -> None:
    held = asks(None)

    assert not {words(phrase) for phrase in SAID.values()} & set(held.replies)

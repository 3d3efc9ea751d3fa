"""The end of a process with calls on it: `agent.draining.drain` and the switchboard's part in it."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from agent.draining import FINISH_S, HAND_OVER_S, drain
from policies.phi import PHI
from telephony.switchboard import ASKED_S, EndDecision, Switchboard
from telephony.tokens import Purpose
from tests.virtual_time import at_once

SID: Final = PHI("CA" + "1" * 32)


class Calls:
    """How often it was told to hand its callers over."""

    def __init__(self) -> None:
        self.handed_over = 0
        self.promises_broken: list[bool] = []
        self.hung_up = 0

    def hand_over(self) -> None:
        self.handed_over += 1

    async def hang_up_unanswered(self) -> None:
        self.hung_up += 1

    async def break_promises(self, *, now: bool) -> None:
        self.promises_broken.append(now)


def stopped(ends_after_s: float | None, *, asks: bool = True) -> tuple[float, int]:
    """A process with one call that ends after so long (None: none).  When it stops, and how often it handed over."""

    async def run() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        board, calls = Switchboard(calls=2, clock=loop.time), Calls()
        asked, stop = asyncio.Event(), asyncio.Event()
        stopped_s = 0.0

        async def ends() -> None:
            nonlocal stopped_s
            await drain(asked, stop, board, calls)  # type: ignore[arg-type]  # these two alone
            stopped_s = loop.time()

        draining = asyncio.create_task(ends())
        if ends_after_s is not None:
            board.begin(SID)
        began_s = loop.time()
        asked.set()
        await asyncio.sleep(0)
        if ends_after_s is not None:
            await asyncio.sleep(ends_after_s)
            board.settle(SID, EndDecision.TRANSFER)
            if asks:
                await asyncio.sleep(0.5)
                await board.outcome(SID, 1.0)
        await draining
        assert stop.is_set()
        assert 1 == calls.hung_up
        assert [False, True] == calls.promises_broken  # and those that were made meanwhile
        return stopped_s - began_s, calls.handed_over

    return at_once(run())


def test_without_a_call_it_stops_at_once() -> None:
    assert (0.0, 0) == stopped(None)


def test_a_call_that_ends_by_itself_is_waited_for_until_the_carrier_has_asked() -> None:
    assert (5.5, 0) == stopped(5.0)


def test_a_caller_who_hung_up_is_not_waited_for_for_long() -> None:
    assert (5.0 + ASKED_S, 0) == stopped(5.0, asks=False)


def test_a_call_that_goes_on_is_handed_over() -> None:
    assert (FINISH_S + 5.5, 1) == stopped(FINISH_S + 5.0)


def test_a_call_that_cannot_be_handed_over_does_not_hold_the_process() -> None:
    assert (FINISH_S + HAND_OVER_S, 1) == stopped(FINISH_S + HAND_OVER_S + 20.0)


@pytest.mark.parametrize("draining", [False, True])
def test_who_is_about_to_end_takes_no_new_call(draining: bool) -> None:
    board = Switchboard(calls=2, clock=lambda: 0.0)
    board.draining = draining

    assert draining is (board.invite(Purpose.PATIENT, "demo", SID) is None)

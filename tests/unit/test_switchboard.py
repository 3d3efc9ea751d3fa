"""Places, and what becomes of a call when its stream is over."""

from __future__ import annotations

import asyncio

import pytest

from policies.phi import PHI
from telephony.switchboard import OUTCOMES, EndDecision, Switchboard
from telephony.tokens import TTL_S, Purpose

CALL = PHI("CA1")


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_place_is_promised_with_the_token_and_free_again_when_nobody_comes() -> None:
    clock = Clock()
    board = Switchboard(calls=1, clock=clock)

    assert board.invite(Purpose.PATIENT, "a", CALL) is not None
    assert board.full
    assert board.invite(Purpose.PATIENT, "a", PHI("CA2")) is None
    clock.now_s = TTL_S
    assert not board.full


def test_a_live_call_holds_its_place_and_an_ended_one_does_not() -> None:
    board = Switchboard(calls=1, clock=Clock())
    token = board.invite(Purpose.PATIENT, "a", CALL)
    assert token is not None
    assert board.redeem(token, CALL) is not None
    assert board.redeem(token, CALL) is None

    assert [1] == [board.begin(CALL)]
    assert board.full
    board.settle(CALL, EndDecision.GOODBYE)
    assert (False, 0) == (board.full, board.live)


async def test_it_tells_when_no_call_is_live() -> None:
    board = Switchboard(calls=2, clock=Clock())
    await board.idle()
    board.begin(CALL)
    board.begin(PHI("CA2"))
    waits = asyncio.create_task(board.idle())
    for call_sid, idle in ((CALL, False), (PHI("CA2"), True)):
        await asyncio.sleep(0)
        assert not waits.done()
        board.settle(call_sid, EndDecision.GOODBYE)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert idle is waits.done()
    await waits


@pytest.mark.parametrize("decision", EndDecision)
async def test_what_was_decided_is_told_once(decision: EndDecision) -> None:
    board = Switchboard(calls=1, clock=Clock())
    board.begin(CALL)
    board.settle(CALL, decision)

    assert decision is await board.outcome(CALL, 1)
    assert EndDecision.LOST is await board.outcome(CALL, 1)


async def test_a_call_that_is_just_ending_is_waited_for() -> None:
    board = Switchboard(calls=1, clock=Clock())
    board.begin(CALL)
    asked = asyncio.create_task(board.outcome(CALL, 10))
    await asyncio.sleep(0)
    assert not asked.done()

    board.settle(CALL, EndDecision.TRANSFER)

    assert EndDecision.TRANSFER is await asked


async def test_a_call_that_does_not_end_is_lost() -> None:
    board = Switchboard(calls=1, clock=Clock())
    board.begin(CALL)

    assert EndDecision.LOST is await board.outcome(CALL, 0.01)


async def test_only_so_many_outcomes_are_remembered_and_none_by_its_name() -> None:
    board = Switchboard(calls=1, clock=Clock())
    for n in range(OUTCOMES + 10):
        board.begin(PHI(f"CA{n}"))
        board.settle(PHI(f"CA{n}"), EndDecision.GOODBYE)

    assert OUTCOMES == len(board._outcomes)
    assert not set(board._outcomes) & {f"CA{n}".encode() for n in range(OUTCOMES + 10)}
    assert {32} == {len(digest) for digest in board._outcomes}
    assert EndDecision.LOST is await board.outcome(PHI("CA0"), 1)


def test_somebody_is_rung_by_us_only_while_half_of_the_places_are_left_for_callers() -> None:
    clock = Clock()
    board = Switchboard(calls=4, clock=clock)
    first = board.invite_callee("leg1", "a", 25)
    assert first is not None
    assert board.invite(Purpose.PATIENT, "a", CALL) is not None

    assert board.invite_callee("leg2", "a", 25) is None
    board.uninvite_callee("leg1")
    assert board.redeem(first, CALL) is None
    assert board.invite_callee("leg2", "a", 25) is not None


def test_a_telephone_that_is_rung_holds_its_place_for_as_long_as_it_may_ring() -> None:
    clock = Clock()
    board = Switchboard(calls=2, clock=clock)
    token = board.invite_callee("leg1", "a", 25)
    assert token is not None
    clock.now_s = 25 + TTL_S - 1

    assert not board.spare
    ticket = board.redeem(token, CALL)
    assert ticket is not None
    assert (Purpose.CALLEE, "leg1") == (ticket.purpose, ticket.leg)


def test_nobody_is_rung_by_a_line_that_takes_no_calls() -> None:
    draining, unsure = Switchboard(calls=4, clock=Clock()), Switchboard(calls=4, clock=Clock())
    draining.draining = True
    unsure.may_take = lambda: False

    assert [None, None] == [board.invite_callee("leg1", "a", 25) for board in (draining, unsure)]


@pytest.mark.parametrize("purpose", [Purpose.REACHED, Purpose.HANDED])
def test_a_call_that_goes_on_is_never_refused_its_next_stream(purpose: Purpose) -> None:
    board = Switchboard(calls=1, clock=Clock())
    board.begin(CALL)
    board.draining = True

    assert board.invite(purpose, "a", CALL) is not None

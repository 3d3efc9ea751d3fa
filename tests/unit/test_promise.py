"""The table of a promised call back."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.promise import MOST_RINGS, OVER, TABLE, Action, Event, Promise, State, Times

TIMES: Final = Times()


def begun() -> Promise:
    promise = Promise()
    assert [Action.PAGE] == promise.begin(0)
    return promise


def rung(promise: Promise, now_ms: float = 0) -> Promise:
    assert [Action.RING] == promise.on(Event.TAKEN, now_ms)
    return promise


def test_every_pair_of_state_and_event_has_a_result() -> None:
    assert {(state, event) for state in State for event in Event} == set(TABLE)


@pytest.mark.parametrize("state", OVER)
def test_what_is_over_stays_over(state: State) -> None:
    assert {(state, ())} == {TABLE[state, event] for event in Event}


def test_nobody_is_let_in_but_by_her_own_key() -> None:
    lets_in = {pair for pair, (_, actions) in TABLE.items() if Action.LET_IN in actions}

    assert {(State.ASKING, Event.ONE)} == lets_in


def test_her_telephone_is_rung_when_a_nurse_has_accepted_and_then_alone() -> None:
    rings = {pair for pair, (_, actions) in TABLE.items() if Action.RING in actions}

    assert {(State.PAGING, Event.TAKEN)} == rings


def test_a_nurse_and_then_she_are_put_through() -> None:
    promise = rung(begun())

    assert [Action.ASK] == promise.on(Event.PICKED_UP, 5_000)
    assert [Action.LET_IN] == promise.on(Event.ONE, 9_000)
    assert [] == promise.on(Event.MET, 10_000)
    assert State.KEPT is promise.state
    assert promise.due_ms is None


def test_a_round_that_brought_nobody_is_followed_by_another() -> None:
    promise = begun()

    assert [] == promise.on(Event.NOBODY, 40_000)
    assert 40_000 + TIMES.next_rounds_ms[0] == promise.due_ms
    assert [] == promise.at(40_000 + TIMES.next_rounds_ms[0] - 1)
    assert [Action.PAGE] == promise.at(40_000 + TIMES.next_rounds_ms[0])


def test_a_voicemail_presses_no_key_and_the_nurse_is_let_go() -> None:
    promise = rung(begun())
    promise.on(Event.PICKED_UP, 5_000)

    assert [Action.HANG_UP, Action.RELEASE] == promise.at(5_000 + TIMES.asking_ms)
    assert State.RESTING is promise.state
    assert 5_000 + TIMES.asking_ms + TIMES.ring_again_ms == promise.due_ms


def test_who_never_picks_up_is_rung_no_more_after_some_tries() -> None:
    promise = begun()
    for n in range(MOST_RINGS):
        rung(promise, n * 1_000_000)
        assert [Action.RELEASE] == promise.on(Event.NO_ANSWER, n * 1_000_000 + 20_000)
        if n < MOST_RINGS - 1:
            assert [Action.PAGE] == promise.at(n * 1_000_000 + 20_000 + TIMES.ring_again_ms)

    assert State.UNANSWERED is promise.state


def test_a_nurse_who_is_lost_while_it_rings_stops_the_ringing() -> None:
    promise = rung(begun())

    assert [Action.HANG_UP] == promise.on(Event.NURSE_LOST, 3_000)
    assert State.PAGING is promise.state


@pytest.mark.parametrize("steps", [[Event.PICKED_UP], [Event.PICKED_UP, Event.ONE]])
def test_a_nurse_who_is_lost_when_she_has_picked_up_is_told_of(steps: list[Event]) -> None:
    promise = rung(begun())
    for event in steps:
        promise.on(event, 3_000)

    assert [Action.SAY_LOST] == promise.on(Event.NURSE_LOST, 4_000)
    assert State.PAGING is promise.state


def test_a_nurse_who_hung_up_and_an_order_that_failed_count_as_no_ring() -> None:
    promise = begun()
    for n in range(MOST_RINGS + 1):
        rung(promise, n * 10_000)
        promise.on(Event.NURSE_LOST, n * 10_000 + 1_000)
    rung(promise, 100_000)
    assert [Action.RELEASE] == promise.on(Event.NOT_PLACED, 100_500)

    assert 0 == promise.rings
    assert State.RESTING is promise.state


def test_who_came_back_to_the_agent_is_not_hung_up_on() -> None:
    promise = rung(begun())
    promise.on(Event.PICKED_UP, 3_000)
    promise.on(Event.ONE, 4_000)

    assert [] == promise.on(Event.BACK, 5_000)
    assert State.WITHDRAWN is promise.state


def test_key_2_ends_it() -> None:
    promise = rung(begun())
    promise.on(Event.PICKED_UP, 3_000)

    assert [Action.SAY_REFUSED, Action.RELEASE] == promise.on(Event.TWO, 4_000)
    assert State.WITHDRAWN is promise.state


def test_a_promise_that_nobody_took_for_too_long_is_broken_and_not_while_they_talk() -> None:
    promise = begun()
    assert [Action.RELEASE] == promise.at(TIMES.longest_ms)
    assert State.BROKEN is promise.state

    talking = rung(begun(), TIMES.longest_ms - 1)
    assert [] == talking.at(TIMES.longest_ms)
    assert State.RINGING is talking.state


@given(
    st.lists(
        st.one_of(st.sampled_from([e for e in Event if e not in (Event.LATE, Event.TOO_LATE)]), st.floats(1, 400_000))
    )
)
def test_whatever_happens_it_comes_to_an_end(events: list[Event | float]) -> None:
    promise, now_ms = begun(), 0.0
    for event in events:
        if isinstance(event, Event):
            promise.on(event, now_ms)
        else:
            now_ms += event
            promise.at(now_ms)
    for _ in range(1_000):
        due_ms = promise.due_ms
        if due_ms is None:
            break
        now_ms = max(now_ms, due_ms)
        for action in promise.at(now_ms):
            if action is Action.PAGE:
                promise.on(Event.NOBODY, now_ms + 1)
    assert promise.over
    assert MOST_RINGS >= promise.rings

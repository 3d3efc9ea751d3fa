"""`telephony/transfer.py`: every pair of both tables, whole transfers, and whatever may happen in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.transfer import (
    NURSE,
    PHASE,
    Action,
    ForNurse,
    ForPatient,
    NurseAction,
    NurseEvent,
    NurseState,
    Outcome,
    PatientAction,
    PatientEvent,
    Phase,
    Rank,
    Rung,
    Times,
    Transfer,
    UnlistedEvent,
)

UNIT: Final = Rung(Rank.UNIT, (0, 1, 2), 18_000)
CHARGE: Final = Rung(Rank.CHARGE, (3,), 18_000)
LADDER: Final = (UNIT, CHARGE)
HELD: Final = (NurseState.BRIEFED, NurseState.JOINING, NurseState.JOINED)
LONGEST_MS: Final = 90 * 60_000  # a call that nobody ended, and all before it


def done(actions: Sequence[Action]) -> list[NurseAction | PatientAction]:
    return [action.action for action in actions]


def rung_up(ladder: Sequence[Rung] = LADDER) -> Transfer:
    transfer = Transfer(ladder)
    transfer.begin(0)
    return transfer


def answered(*legs: int, ladder: Sequence[Rung] = LADDER) -> Transfer:
    """These legs hear the offer."""
    transfer = rung_up(ladder)
    for leg in legs:
        transfer.nurse(leg, NurseEvent.PLACED, 100)
        transfer.nurse(leg, NurseEvent.OPENED, 3_000)
    return transfer


def accepted(leg: int = 0) -> Transfer:
    transfer = answered(leg)
    transfer.nurse(leg, NurseEvent.ONE, 8_000)
    for other in {0, 1, 2} - {leg}:
        transfer.nurse(other, NurseEvent.ENDED, 9_000)
    transfer.nurse(leg, NurseEvent.ONE, 20_000)
    return transfer


def together(leg: int = 0) -> Transfer:
    transfer = accepted(leg)
    transfer.nurse(leg, NurseEvent.ENTERED, 20_400)
    transfer.patient(PatientEvent.TOLD, 21_000)
    transfer.patient(PatientEvent.ENTERED, 21_500)
    return transfer


# -- the tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", NurseState)
@pytest.mark.parametrize("event", NurseEvent)
def test_every_state_of_a_leg_has_a_result_for_every_event(state: NurseState, event: NurseEvent) -> None:
    after, _, outcome = NURSE[state, event]

    assert after in NurseState
    assert outcome is None or outcome in Outcome


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("event", PatientEvent)
def test_every_phase_has_a_result_for_every_event_of_the_patient(phase: Phase, event: PatientEvent) -> None:
    assert PHASE[phase, event] in Phase


def test_only_a_key_of_a_nurse_who_hears_the_brief_leads_into_a_room() -> None:
    leads = [pair for pair, (_, actions, _) in NURSE.items() if NurseAction.JOIN in actions]

    assert [(NurseState.BRIEFED, NurseEvent.ONE)] == leads


def test_only_a_key_of_a_nurse_who_heard_the_offer_leads_to_the_brief() -> None:
    tells = [pair for pair, (_, actions, _) in NURSE.items() if NurseAction.SAY_BRIEF in actions]

    assert {(NurseState.OFFERED, NurseEvent.ONE), (NurseState.BRIEFED, NurseEvent.NINE)} == set(tells)


def test_what_is_over_stays_over() -> None:
    assert {NurseState.OVER} == {NURSE[NurseState.OVER, event][0] for event in NurseEvent}


def test_a_leg_that_is_given_up_and_picks_up_all_the_same_is_hung_up() -> None:
    assert (NurseAction.HANG_UP,) == NURSE[NurseState.OVER, NurseEvent.OPENED][1]


def test_a_leg_that_nobody_knows_raises() -> None:
    with pytest.raises(UnlistedEvent):
        rung_up().nurse(9, NurseEvent.RINGS, 0)


# -- whole transfers ---------------------------------------------------------------------------------------------------


def test_the_first_rung_is_rung_at_once() -> None:
    assert [ForNurse(NurseAction.PLACE, leg, leg) for leg in range(3)] == Transfer(LADDER).begin(0)


def test_a_nurse_who_presses_1_hears_the_brief_and_the_others_are_let_go() -> None:
    transfer = answered(0, 1)

    actions = transfer.nurse(0, NurseEvent.ONE, 8_000)

    assert ForNurse(NurseAction.SAY_BRIEF, 0, 0) in actions
    assert ForNurse(NurseAction.SAY_TAKEN, 1, 1) in actions
    assert ForNurse(NurseAction.HANG_UP, 2, 2) in actions
    assert ForPatient(PatientAction.TELL_FOUND) in actions


def test_of_two_who_press_1_at_once_one_hears_that_it_is_taken() -> None:
    transfer = answered(0, 1)
    transfer.nurse(0, NurseEvent.ONE, 8_000)

    assert NurseState.PARTING is transfer.state(1)
    assert [] == transfer.nurse(1, NurseEvent.ONE, 8_000)
    assert transfer.holder == 0


def test_a_nurse_who_answers_after_another_has_pressed_1_never_hears_the_brief() -> None:
    transfer = answered(0)
    transfer.nurse(0, NurseEvent.ONE, 8_000)

    late = transfer.nurse(1, NurseEvent.OPENED, 8_100)

    assert [ForNurse(NurseAction.HANG_UP, 1, 1)] == late


def test_the_patient_stays_until_the_nurse_is_in_the_room() -> None:
    transfer = accepted()

    assert [] == transfer.patient(PatientEvent.TOLD, 21_000)
    assert [ForPatient(PatientAction.JOIN)] == transfer.nurse(0, NurseEvent.ENTERED, 21_200)


def test_the_patient_stays_until_she_has_been_told() -> None:
    transfer = accepted()

    assert [] == transfer.nurse(0, NurseEvent.ENTERED, 20_300)
    assert [ForPatient(PatientAction.JOIN)] == transfer.patient(PatientEvent.TOLD, 21_000)


def test_both_are_together_when_the_patient_is_in_the_room_too() -> None:
    transfer = together()

    assert Phase.TOGETHER is transfer.phase
    assert Outcome.ACCEPTED in transfer.outcomes


def test_a_mark_that_never_comes_back_holds_the_patient_no_longer_than_it_takes_to_tell_her() -> None:
    transfer = accepted()
    transfer.nurse(0, NurseEvent.ENTERED, 20_300)

    assert [PatientAction.JOIN] == done(transfer.at(20_000 + Times().told_ms))


def test_a_nurse_who_accepts_and_never_comes_into_the_room_is_replaced() -> None:
    transfer = accepted()

    actions = transfer.at(20_000 + Times().join_ms)

    assert Phase.FETCHING is transfer.phase
    assert NurseAction.PLACE in done(actions)
    assert PatientAction.TELL_LOST in done(actions)
    assert PatientAction.JOIN not in done(actions)


def test_who_was_sent_away_is_rung_again_when_the_nurse_with_the_patient_is_lost() -> None:
    transfer = answered(0, 1)
    transfer.nurse(0, NurseEvent.ONE, 8_000)

    actions = transfer.nurse(0, NurseEvent.ENDED, 12_000)

    assert {1, 2} == {each.nurse for each in actions if isinstance(each, ForNurse)}
    assert Outcome.HUNG_UP in transfer.outcomes


def test_who_declined_is_not_rung_again_on_that_rung() -> None:
    transfer = answered(0, 1)
    transfer.nurse(1, NurseEvent.TWO, 5_000)
    transfer.nurse(0, NurseEvent.ONE, 8_000)

    actions = transfer.nurse(0, NurseEvent.TWO, 12_000)

    assert {2} == {each.nurse for each in actions if isinstance(each, ForNurse) and each.action is NurseAction.PLACE}


def test_a_rung_on_which_nobody_is_left_gives_way_to_the_next() -> None:
    transfer = rung_up()
    transfer.nurse(0, NurseEvent.BUSY, 1_000)
    transfer.nurse(1, NurseEvent.REFUSED, 1_100)

    actions = transfer.nurse(2, NurseEvent.NO_ANSWER, 19_000)

    assert [ForPatient(PatientAction.TELL_TRYING), ForNurse(NurseAction.PLACE, 3, 3)] == actions
    assert Counter((Outcome.BUSY, Outcome.CARRIER_ERROR, Outcome.NO_ANSWER)) == Counter(transfer.outcomes)


def test_a_rung_of_which_the_carrier_says_nothing_gives_way_in_time() -> None:
    transfer = rung_up()

    actions = transfer.at(18_000 + Times().carrier_ms)

    assert ForNurse(NurseAction.PLACE, 3, 3) in actions
    assert 3 == done(actions).count(NurseAction.HANG_UP)


def test_a_voicemail_presses_nothing_and_hears_no_brief() -> None:
    transfer = answered(0)

    actions = transfer.at(3_000 + Times().offer_ms)

    assert ForNurse(NurseAction.HANG_UP, 0, 0) in actions
    assert NurseAction.SAY_BRIEF not in done(actions)
    assert Outcome.VOICEMAIL in transfer.outcomes


def test_who_answers_late_keeps_her_offer_while_the_next_rung_is_rung() -> None:
    transfer = rung_up()
    transfer.nurse(0, NurseEvent.OPENED, 24_000)
    transfer.at(18_000 + Times().carrier_ms)

    actions = transfer.nurse(0, NurseEvent.ONE, 30_000)

    assert ForNurse(NurseAction.SAY_BRIEF, 0, 0) in actions
    assert ForNurse(NurseAction.HANG_UP, 3, 3) in actions


def test_when_all_rungs_have_been_tried_the_patient_is_told() -> None:
    transfer = rung_up((CHARGE,))

    actions = transfer.nurse(0, NurseEvent.BUSY, 1_000)

    assert [ForPatient(PatientAction.TELL_NOBODY)] == actions
    assert Phase.NOBODY is transfer.phase
    assert transfer.over


def test_a_ladder_without_rungs_tells_the_patient_at_once() -> None:
    assert [ForPatient(PatientAction.TELL_NOBODY)] == Transfer(()).begin(0)


def test_a_patient_who_leaves_lets_everybody_go() -> None:
    transfer = answered(0)

    actions = transfer.patient(PatientEvent.GONE, 5_000)

    assert ForNurse(NurseAction.SAY_PATIENT_LEFT, 0, 0) in actions
    assert {1, 2} == {each.leg for each in actions if isinstance(each, ForNurse) and each.action is NurseAction.HANG_UP}
    assert {Outcome.PATIENT_LEFT} == set(transfer.outcomes)


def test_a_patient_who_wants_nobody_any_more_lets_everybody_go_and_stays() -> None:
    transfer = answered(0)
    transfer.patient(PatientEvent.STOPS, 5_000)

    assert Phase.STOPPED is transfer.phase
    assert NurseState.PARTING is transfer.state(0)


def test_a_nurse_in_the_room_whose_patient_hangs_up_is_let_go() -> None:
    assert [NurseAction.HANG_UP] == done(together().patient(PatientEvent.GONE, 60_000))


def test_a_patient_whose_nurse_is_gone_and_who_is_not_sent_back_is_fetched_from_the_room() -> None:
    transfer = together()
    transfer.nurse(0, NurseEvent.LEFT, 60_000)

    assert Phase.DROPPED is transfer.phase
    assert not transfer.over, "she may sit in the room alone"
    assert [PatientAction.BRING_BACK] == done(transfer.at(60_000 + Times().alone_ms))
    assert transfer.over


def test_a_patient_who_comes_back_by_herself_is_not_fetched() -> None:
    transfer = together()
    transfer.nurse(0, NurseEvent.LEFT, 60_000)
    transfer.patient(PatientEvent.BACK, 60_500)

    assert [] == transfer.at(90_000)


def test_a_patient_who_never_arrives_in_the_room_is_with_the_carriers_fail_safe() -> None:
    transfer = accepted()
    transfer.nurse(0, NurseEvent.ENTERED, 20_300)
    transfer.patient(PatientEvent.TOLD, 21_000)

    assert [NurseAction.HANG_UP] == done(transfer.at(21_000 + Times().join_ms))
    assert Phase.LEFT is transfer.phase


def test_nine_says_the_brief_again_and_gives_time_anew() -> None:
    transfer = answered(0)
    transfer.nurse(0, NurseEvent.ONE, 8_000)

    assert [ForNurse(NurseAction.SAY_BRIEF, 0, 0)] == transfer.nurse(0, NurseEvent.NINE, 50_000)
    transfer.at(8_000 + Times().brief_ms)
    assert NurseState.BRIEFED is transfer.state(0)


# -- whatever may happen -----------------------------------------------------------------------------------------------

Happening = tuple[str, int, int]
"""("nurse", event, leg), ("patient", event, 0) or ("wait", milliseconds, 0)."""

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("nurse"), st.integers(0, len(NurseEvent) - 1), st.integers(0, 5)),
        st.tuples(st.just("nurse"), st.just(list(NurseEvent).index(NurseEvent.ONE)), st.integers(0, 5)),
        st.tuples(st.just("nurse"), st.just(list(NurseEvent).index(NurseEvent.OPENED)), st.integers(0, 5)),
        st.tuples(st.just("patient"), st.integers(0, len(PatientEvent) - 1), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 30_000), st.just(0)),
    ),
    max_size=60,
)
NEVER_FROM_OUTSIDE: Final = (NurseEvent.LATE, NurseEvent.TAKEN, NurseEvent.GONE)


class Watched:
    """A transfer, and what must hold of it after every step."""

    def __init__(self) -> None:
        self.transfer = Transfer(LADDER)
        self.now_ms = 0.0
        self.ones: Counter[int] = Counter()
        self.placed = 0
        self.check(self.transfer.begin(0))

    def happens(self, what: Happening) -> None:
        kind, which, leg = what
        if kind == "wait":
            self.pass_ms(which)
        elif kind == "patient":
            self.check(self.transfer.patient(list(PatientEvent)[which], self.now_ms))
        elif leg < self.placed and (event := list(NurseEvent)[which]) not in NEVER_FROM_OUTSIDE:
            self.ones[leg] += event is NurseEvent.ONE
            self.check(self.transfer.nurse(leg, event, self.now_ms))

    def pass_ms(self, ms: float) -> None:
        until_ms = self.now_ms + ms
        while (due := self.transfer.due_ms) is not None and due <= until_ms:
            self.now_ms = max(self.now_ms, due)
            self.check(self.transfer.at(self.now_ms))
        self.now_ms = until_ms

    def check(self, actions: Sequence[Action]) -> None:
        self.placed += done(actions).count(NurseAction.PLACE)
        states = [self.transfer.state(leg) for leg in range(self.placed)]
        assert sum(state in HELD for state in states) <= 1, "one nurse has the patient"
        for action in actions:
            if isinstance(action, ForNurse) and action.action is NurseAction.JOIN:
                assert self.ones[action.leg] >= 2, "nobody goes into the room without having pressed 1 twice"
            if isinstance(action, ForNurse) and action.action is NurseAction.SAY_BRIEF:
                assert self.ones[action.leg] >= 1, "nobody hears the brief without having pressed 1"
            if action == ForPatient(PatientAction.JOIN):
                assert NurseState.JOINED in states, "the patient goes where a nurse is"


@settings(max_examples=400, deadline=None)
@given(happenings)
def test_whatever_happens_nobody_is_put_through_who_did_not_accept(what: list[Happening]) -> None:
    watched = Watched()
    for happening in what:
        watched.happens(happening)


@settings(max_examples=400, deadline=None)
@given(happenings)
def test_whatever_happened_time_alone_brings_an_end(what: list[Happening]) -> None:
    watched = Watched()
    for happening in what:
        watched.happens(happening)
    watched.pass_ms(LONGEST_MS)

    assert watched.transfer.over


@settings(max_examples=200, deadline=None)
@given(happenings)
def test_what_the_carrier_says_twice_is_done_once(what: list[Happening]) -> None:
    once, twice = Watched(), Watched()
    keys = [list(NurseEvent).index(key) for key in (NurseEvent.ONE, NurseEvent.NINE, NurseEvent.OTHER_KEY)]
    for happening in what:
        once.happens(happening)
        twice.happens(happening)
        if happening[0] != "wait" and (happening[0] == "patient" or happening[1] not in keys):
            twice.happens(happening)
    assert once.transfer.phase is twice.transfer.phase
    assert once.transfer.outcomes == twice.transfer.outcomes

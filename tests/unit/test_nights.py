"""Drawn nights: the same seed is the same night, and what an ear heard is read back from its sound."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pytest

from agent.phrases import Phrase
from telephony.audio import FRAME_SAMPLES, Int16
from telephony.promise import State
from telephony.transfer import Rank, Rung
from telephony.twin.faults import Faults
from tests.evaluation.nights import board_of
from tests.fakes import World
from tests.nights.hearing import sentences, silences
from tests.nights.judging import Judged, bridges_of, judged
from tests.nights.night import Night, run
from tests.nights.plans import (
    CalledBack,
    Ending,
    Key,
    Later,
    NursePlan,
    PatientPlan,
    Pickup,
    Plan,
    RecordFaults,
    Says,
    Unreliable,
    drawn,
)
from tests.simulated import words

ONE = Key("1", 1.0)
TAKES_IT = NursePlan(Pickup.ANSWERS, 2.0, (ONE, ONE))


def plan(*nurses: NursePlan, patient: PatientPlan | None = None, dies_s: float | None = None) -> Plan:
    """A night without a fault; each nurse on a rung of her own."""
    ladder = tuple(Rung(Rank.UNIT, (n,), 10_000) for n in range(len(nurses)))
    return Plan(0, patient or PatientPlan(Says.RED_FLAG), nurses, ladder, Faults(), Unreliable(), dies_s)


def sound(world: World, text: str, begins: int = 0, ends: int | None = None) -> list[Int16]:
    return [frame.reveal() for frame in world.spoken(text)[begins:ends]]


def test_a_seed_is_always_the_same_night() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_a_night_twice_is_the_same_night_twice() -> None:
    first, second = (judged(run(drawn(16))) for _ in range(2))

    assert first == second


FAULTY = RecordFaults(broken=0.2, busy=0.2, silent=0.1, unfinished_s=90.0)


@pytest.mark.parametrize("hangs_up_s", [None, 0.2, 20.0])
def test_the_record_of_every_call_is_gone_in_time_also_of_one_that_had_no_stream(hangs_up_s: float | None) -> None:
    patient = PatientPlan(Says.RED_FLAG, hangs_up_s=hangs_up_s)
    nurses = (NursePlan(Pickup.NEVER, 2.0), NursePlan(Pickup.BUSY, 2.0), TAKES_IT)
    quiet = plan(*nurses, patient=patient)
    night = run(replace(quiet, requests=Unreliable(records=FAULTY)))
    found = judged(night)

    assert {call.sid for call in night.calls} == set(night.gone)
    assert (found.records, 0) == (found.records_in_time, night.owed)
    assert found.records == len(night.calls) == len(found.records_s) > 0
    assert [] == found.broken


def test_what_a_dead_line_left_is_deleted_by_the_one_that_starts_after_it() -> None:
    night = run(replace(plan(TAKES_IT, dies_s=12.0), requests=Unreliable(records=FAULTY)))
    found = judged(night)

    assert night.died_s is not None
    assert all(gone_s > night.died_s for gone_s in night.gone.values())
    assert (len(night.calls), []) == (found.records, found.records_s)
    assert found.records_in_time == found.records


def test_a_record_that_the_carrier_keeps_is_counted_and_shown_and_no_deletable_one() -> None:
    night = run(replace(plan(TAKES_IT), requests=Unreliable(records=RecordFaults(stuck=1.0))))
    found = judged(night)

    assert (0, {}) == (found.records, night.gone)
    assert (True, len(night.calls)) == (found.stuck_shown, night.owed)
    assert found.stuck == len(night.calls)


def test_records_that_go_late_or_never_and_one_that_is_not_shown_are_misses() -> None:
    night = run(plan(TAKES_IT))
    first, *others = (call.sid for call in night.calls)
    ended_s = {call.sid: call.ended_at or 0.0 for call in night.calls}
    late = judged(replace(night, gone=night.gone | {first: ended_s[first] + 301.0}))
    never = judged(replace(night, gone={sid: night.gone[sid] for sid in others}))
    dead = judged(replace(night, died_s=ended_s[first] + 1.0, gone=night.gone | {first: ended_s[first] + 900.0}))
    hidden = judged(replace(night, stuck=frozenset({first}), owed=0))

    assert [1, 1, 0] == [each.records - each.records_in_time for each in (late, never, dead)]
    assert hidden.stuck_shown is False
    board = board_of([late, hidden])
    assert {"records", "stuck"} <= {miss.expected for miss in board.misses}


def test_sentences_are_read_from_sound_that_begins_at_any_sample() -> None:
    world = World()
    pieces = [
        np.zeros(37, np.int16),
        *sound(world, "Good night."),
        np.zeros(901, np.int16),
        *sound(world, "Yes, it is."),
    ]

    heard = sentences(np.concatenate(pieces), world)

    assert [("Good night.", True), ("Yes, it is.", True)] == [(each.text, each.whole) for each in heard]


def test_a_sentence_that_is_cut_short_is_not_whole_and_is_no_other() -> None:
    world = World()
    for n in range(64):
        world.sentence(f"number {n}")
    cut = np.concatenate(sound(world, "Good night, sleep well."))[: 20 * FRAME_SAMPLES - FRAME_SAMPLES // 2]

    heard = sentences(np.concatenate([cut, *sound(world, "Good night, sleep well.")]), world)

    assert {"Good night, sleep well."} == {each.text for each in heard}
    assert [False, True] == [each.whole for each in heard]


def test_the_longest_silence_is_counted_from_the_end_of_what_was_heard_last() -> None:
    assert 4.0 == silences([(1.0, 3.0), (2.0, 5.0), (9.0, 10.0)], 0.0, 11.0)
    assert 6.0 == silences([], 2.0, 8.0)


def test_a_night_in_which_a_nurse_takes_the_call_is_bridged_and_told() -> None:
    night = run(plan(TAKES_IT))
    found = judged(night)

    assert 1 == len(list(bridges_of(night)))
    assert (True, True, True, 0) == (found.bridged, found.emergency, found.fetched, found.unaccepted)
    assert words(Phrase.EMERGENCY) in [each.text for each in night.heard(night.patient)]
    assert [] == found.broken


def test_a_night_in_which_nobody_comes_ends_on_the_nurse_line() -> None:
    found = judged(run(plan(NursePlan(Pickup.BUSY), NursePlan(Pickup.VOICEMAIL))))

    assert (0, True, None) == (found.bridges, found.fetched, found.bridged)
    assert [] == found.leaks


def test_a_line_that_dies_is_followed_by_the_words_kept_at_the_carrier_and_a_dial() -> None:
    found = judged(run(plan(NursePlan(Pickup.NEVER), dies_s=12.0)))

    assert found.failed_safe is True


def test_a_nurse_who_accepts_and_leaves_before_they_met_is_replaced() -> None:
    leaves = NursePlan(Pickup.ANSWERS, 2.0, (ONE, Key("1", 8.0)), Ending.HANGS_UP)
    found = judged(run(plan(leaves, TAKES_IT)))

    assert found.bridged is True
    assert found.alone_s == 0.0


def test_a_patient_who_called_it_off_and_asks_again_meets_a_nurse() -> None:
    later = (Later(8.0, Says.NEVER_MIND), Later(18.0, Says.PERSON))
    found = judged(run(plan(NursePlan(Pickup.ANSWERS, 9.0, (ONE, ONE)), patient=PatientPlan(Says.PERSON, later))))

    assert 1 == found.bridges


LATER: Final = NursePlan(Pickup.NEVER, later=TAKES_IT)
"""Nobody at first."""


def promised(*called_back: CalledBack, nurse: NursePlan = LATER) -> Night:
    """She has a symptom, no nurse comes, and she says yes to a call back."""
    return run(plan(nurse, patient=PatientPlan(Says.SYMPTOM, answers_offer="1", called_back=called_back)))


def test_a_nurse_who_was_promised_is_put_through_to_her_who_was_called_back_and_pressed_1() -> None:
    night = promised(CalledBack(Pickup.ANSWERS))
    found = judged(night)

    assert {State.KEPT: 1} == night.promises
    assert (1, 0, True) == (found.bridges, found.unaccepted, found.promised)
    assert [] == found.leaks + found.broken


@pytest.mark.parametrize("called", [CalledBack(Pickup.VOICEMAIL), CalledBack(Pickup.ANSWERS, key="")])
def test_who_presses_nothing_where_she_was_promised_a_nurse_is_never_put_through(called: CalledBack) -> None:
    night = promised(called)
    found = judged(night)

    assert 0 == found.bridges
    assert {State.UNANSWERED: 1} == night.promises or {State.BROKEN: 1} == night.promises
    assert [] == found.leaks + found.broken
    left = [words for call in night.calls for words in night.said[call.sid] if "not on the line" in words]
    assert left, "the nurse who waited is told"


@pytest.mark.parametrize("pickup", [Pickup.BUSY, Pickup.NEVER, Pickup.FAILS])
def test_her_telephone_is_rung_again_later(pickup: Pickup) -> None:
    night = promised(CalledBack(pickup), CalledBack(Pickup.ANSWERS))

    assert {State.KEPT: 1} == night.promises
    assert 1 == judged(night).bridges


def test_key_2_where_she_was_called_back_ends_the_promise() -> None:
    night = promised(CalledBack(Pickup.ANSWERS, key="2"))

    assert {State.WITHDRAWN: 1} == night.promises
    assert 0 == judged(night).bridges


def test_a_nurse_who_leaves_while_her_telephone_rings_is_replaced() -> None:
    leaves = NursePlan(Pickup.ANSWERS, 2.0, (ONE, ONE), Ending.HANGS_UP, later=TAKES_IT)
    nurse = NursePlan(Pickup.NEVER, later=leaves)
    night = promised(CalledBack(Pickup.ANSWERS, after_s=10.0), nurse=nurse)

    assert {State.KEPT: 1} == night.promises


def test_a_nurse_who_leaves_as_the_called_patient_comes_in_is_replaced_while_she_stays_on_the_line() -> None:
    leaves = NursePlan(Pickup.ANSWERS, 2.0, (ONE, Key("1", 2.0)), Ending.HANGS_UP, later=TAKES_IT)
    for after_s in (1.0, 2.0, 3.0):
        night = promised(CalledBack(Pickup.ANSWERS, after_s=after_s), nurse=NursePlan(Pickup.NEVER, later=leaves))
        found = judged(night)

        assert found.promised, night.promises
        assert [] == found.leaks + found.broken


def test_a_promise_that_no_nurse_takes_is_broken_and_nothing_is_left() -> None:
    night = promised(CalledBack(Pickup.ANSWERS), nurse=NursePlan(Pickup.NEVER))
    found = judged(night)

    assert {State.BROKEN: 1} == night.promises
    assert (0, False, []) == (found.bridges, found.promised, found.broken)


@pytest.mark.parametrize(
    ("night", "row"),
    [
        (Judged(3, bridges=1, unaccepted=1), "unaccepted"),
        (Judged(3, bridged=False), "bridged"),
        (Judged(3, emergency=False), "emergency"),
        (Judged(3, fetched=False), "fetched"),
        (Judged(3, failed_safe=False), "failed_safe"),
        (Judged(3, leaks=["a form"]), "leaks"),
        (Judged(3, silence_s=8.1), "silence"),
        (Judged(3, alone_s=10.1), "alone"),
        (Judged(3, broken=["KeyError"]), "broken"),
    ],
)
def test_every_miss_is_on_the_board_by_its_seed(night: Judged, row: str) -> None:
    board = board_of([Judged(1, bridges=1, silence_s=1.0), night])

    assert [("3", row)] == [(miss.id, miss.expected) for miss in board.misses]
    assert not board.met

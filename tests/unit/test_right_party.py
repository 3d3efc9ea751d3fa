"""Before the right person is identified nothing of her is said; every state and event has a result."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.attempts import FINAL, Came
from policies.phi import PHI, SensitiveLeak
from policies.right_party import (
    MOST_ASIDES,
    MOST_TRIES,
    NO_MESSAGE,
    TABLE,
    Act,
    Event,
    Line,
    RightParty,
    State,
)
from policies.right_party_wording import NAMELESS, WORDS, Callee, NotSpeakable, worded

NAME: Final = "Zephyrine"
NUMBER: Final = "202, 555, 0143"
HOSPITAL: Final = "Mercy Hospital"
CALLEE: Final = Callee(PHI(NAME), HOSPITAL, NUMBER, named_on_machine=True)
E = Event


def walked(*events: Event, leaves_message: bool = True) -> RightParty:
    party = RightParty(leaves_message=leaves_message)
    for event in events:
        party.on(event)
    return party


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_state_and_event_has_a_result(state: State, event: Event) -> None:
    step = TABLE[state, event]

    assert step.to in State
    assert step.came is not Came.PLACED
    assert (Act.HANG_UP in step.acts) <= (step.to is State.OVER)
    assert (Act.GO_ON in step.acts) <= ((state, event) == (State.CHECKING, Event.MATCHED))
    assert (Act.OPT_OUT in step.acts) == (step.came is Came.OPTED_OUT)
    if step.to is State.LEAVING and state is not State.LEAVING:
        assert step.line is not None
        assert step.came is not None
    if state is State.OVER:
        assert step.to is State.OVER
        assert step.line is None


def test_she_is_let_through_after_two_identifiers_alone() -> None:
    party = walked(E.PERSON, E.SHE, E.ONE, E.TWO)
    assert State.CHECKING is party.state
    assert Came.PLACED is party.came

    assert (Act.FORGET, Act.GO_ON) == party.on(E.MATCHED).acts
    assert (State.THROUGH, Came.REACHED) == (party.state, party.came)


def test_only_a_match_leads_through() -> None:
    assert {(State.CHECKING, Event.MATCHED), *((State.THROUGH, event) for event in Event if event is not E.GONE)} == {
        pair for pair, step in TABLE.items() if step.to is State.THROUGH
    }
    assert {State.BIRTH, State.SECOND} == {
        state for (state, _), step in TABLE.items() if step.to is State.CHECKING and state is not State.CHECKING
    }


@settings(max_examples=500)
@given(st.lists(st.sampled_from(Event), max_size=40), st.booleans())
def test_whatever_happens_she_is_identified_before_the_call_goes_on(events: list[Event], leaves: bool) -> None:
    party, checks, fails, before = RightParty(leaves_message=leaves), 0, 0, Came.PLACED
    for event in events:
        was = party.state
        step = party.on(event)
        checks += Act.CHECK in step.acts
        fails += was is State.CHECKING and event is E.NOT_MATCHED
        if party.state is State.THROUGH and was is not State.THROUGH:
            assert (was, event) == (State.CHECKING, E.MATCHED)
        if before is Came.OPTED_OUT:
            assert party.came is Came.OPTED_OUT
        if event is E.STOP:
            assert Act.OPT_OUT in step.acts
            assert party.came is Came.OPTED_OUT
        if was is State.OVER:
            assert party.state is State.OVER
        before = party.came
    assert fails <= MOST_TRIES
    assert checks <= MOST_TRIES + sum(event in (E.COMING, E.SHE) for event in events)
    assert (party.state is State.OVER) <= (party.came is not Came.PLACED)


def test_two_failed_checks_end_it_in_the_same_words_as_records_that_are_away() -> None:
    party = walked(E.PERSON, E.SHE, E.TWO)
    assert Line.TRY_AGAIN is party.on(E.NOT_MATCHED).line
    party.on(E.TWO)
    last = party.on(E.NOT_MATCHED)
    away = walked(E.PERSON, E.SHE, E.TWO).on(E.UNAVAILABLE)

    assert Line.CALL_BACK_YOURSELF is last.line is away.line
    assert Came.NOT_VERIFIED is party.came
    assert Came.NOT_VERIFIED in FINAL


def test_another_person_who_is_fetched_in_between_brings_no_third_try() -> None:
    party = walked(E.PERSON, E.SHE, E.TWO, E.NOT_MATCHED, E.COMING, E.SHE, E.TWO)

    assert Line.CALL_BACK_YOURSELF is party.on(E.NOT_MATCHED).line


@pytest.mark.parametrize("event", [E.WHO, E.WHY])
def test_questions_back_are_answered_without_a_reason_and_not_for_ever(event: Event) -> None:
    party = walked(E.PERSON)
    lines = [party.on(event).line for _ in range(MOST_ASIDES + 1)]

    assert Line.CALL_BACK is lines[-1]
    assert not {Line.CALL_BACK, None} & set(lines[:-1])


def test_silence_is_asked_once_and_a_word_between_starts_anew() -> None:
    party = walked(E.PERSON, E.UNHEARD, E.WHO, E.UNHEARD)
    assert State.ASKED is party.state

    assert Line.CALL_BACK is party.on(E.UNHEARD).line


def test_a_machine_gets_the_message_after_its_beep_or_a_long_silence() -> None:
    for events in ((E.MACHINE, E.BEEP), (E.PERSON, E.MACHINE, E.BEEP), (E.MACHINE, E.UNHEARD, E.UNHEARD), (E.BEEP,)):
        party = RightParty(leaves_message=True)
        lines = [party.on(event).line for event in events]
        assert Line.MESSAGE is lines[-1]
        assert (State.OVER, Came.VOICEMAIL) == (party.on(E.SAID).to, party.came)


@pytest.mark.parametrize(
    "events",
    [(E.MACHINE, E.MACHINE), (E.PERSON, E.MACHINE, E.MACHINE), (E.MACHINE, E.BEEP), (E.BEEP,), (E.PERSON, E.BEEP)],
)
def test_where_no_message_is_wanted_a_machine_is_hung_up_on_without_a_word(events: tuple[Event, ...]) -> None:
    party = walked(*events[:-1], leaves_message=False)

    assert NO_MESSAGE == party.on(events[-1])
    assert (State.OVER, Came.VOICEMAIL) == (party.state, party.came)


def test_what_a_machine_says_of_emergencies_is_nobodys_wish() -> None:
    assert State.MACHINE is walked(E.MACHINE, E.URGENT, E.WANTS_PERSON, E.NOT_HERS).state


def test_an_opt_out_of_what_was_taken_for_a_machine_is_held() -> None:
    party = walked(E.MACHINE)

    assert Act.OPT_OUT in party.on(E.STOP).acts
    assert (State.LEAVING, Came.OPTED_OUT) == (party.state, party.came)


@pytest.mark.parametrize(("event", "act"), [(E.URGENT, Act.ESCALATE), (E.WANTS_PERSON, Act.FETCH_PERSON)])
def test_an_emergency_or_a_wish_for_a_person_comes_before_who_it_is(event: Event, act: Act) -> None:
    for before in ((), (E.PERSON,), (E.PERSON, E.SHE), (E.PERSON, E.SHE, E.TWO), (E.PERSON, E.NOT_IN)):
        party = walked(*before)
        assert act in party.on(event).acts
        assert State.HANDED is party.state


def test_an_opt_out_after_she_was_identified_is_held_and_the_call_goes_on() -> None:
    party = walked(E.PERSON, E.SHE, E.TWO, E.MATCHED)

    assert Act.OPT_OUT in party.on(E.STOP).acts
    assert (State.THROUGH, Came.OPTED_OUT) == (party.state, party.came)


# -- the words -------------------------------------------------------------------------------------------------------

TELLING: Final = re.compile(
    r"\b(?:patient|discharg\w*|surgery|operation|procedure|medic\w*|health|care|condition|diagnos\w*|treat\w*|ward|unit"
    r"|department|clinic|doctor|nurse|record|appointment|follow-?up|test|result|symptom|illness|sick|recover\w*|stay)\b",
    re.IGNORECASE,
)


def said_in(line: Line, callee: Callee = CALLEE) -> str:
    return " ".join(sentence.reveal() for sentence in worded(line, callee))


@pytest.mark.parametrize("line", Line)
def test_every_line_has_words_that_name_no_reason_and_no_department(line: Line) -> None:
    said = said_in(line)

    assert TELLING.search(said) is None
    assert "{" not in said
    assert set(Line) == set(WORDS)


def test_before_she_is_asked_for_the_call_says_whose_it_is_and_how_to_stop_it() -> None:
    first, *rest = [sentence.reveal() for sentence in worded(Line.ASK_FOR, CALLEE)]

    assert "Hello, this is the automated AI assistant of Mercy Hospital." == first
    assert ["May I speak with Zephyrine?", "To stop these calls, say stop calling, or press 9."] == rest


@pytest.mark.parametrize("line", Line)
def test_a_point_in_the_hospitals_name_parts_no_sentence(line: Line) -> None:
    saint = Callee(PHI(NAME), "St. Mary Hospital", NUMBER, named_on_machine=True)

    assert len(worded(line, CALLEE)) == len(worded(line, saint))


def test_a_message_names_her_only_with_her_consent() -> None:
    unnamed = Callee(PHI(NAME), HOSPITAL, NUMBER, named_on_machine=False)

    assert NAME in said_in(Line.MESSAGE)
    assert NAME not in said_in(Line.MESSAGE, unnamed)
    assert NUMBER in said_in(Line.MESSAGE, unnamed)
    assert TELLING.search(NAMELESS) is None


@pytest.mark.parametrize("name", ["", "Maria 4471902", "Maria, about your surgery.", "x" * 30, "a b c d e", "{number}"])
def test_what_is_no_name_is_not_spoken_and_not_shown(name: str) -> None:
    with pytest.raises(NotSpeakable) as refused:
        Callee(PHI(name), HOSPITAL, NUMBER, named_on_machine=True)
    assert not name or name not in str(refused.value)


@pytest.mark.parametrize("number", ["2025550143", "202, 555, 01432", "press 9"])
def test_what_is_no_spoken_number_is_refused(number: str) -> None:
    with pytest.raises(NotSpeakable):
        Callee(PHI(NAME), HOSPITAL, number, named_on_machine=True)


def test_whom_a_call_is_for_shows_nowhere() -> None:
    assert NAME not in f"{CALLEE}{CALLEE!r}{worded(Line.ASK_FOR, CALLEE)!r}"
    with pytest.raises(SensitiveLeak):
        bool(CALLEE)

"""Turn-taking: who has the floor after what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.turns import FROM_ANYWHERE, LIVE, TABLE, Action, Event, Patience, State, Turns, UnlistedTurn
from telephony.audio import FRAME_MS


def after(*events: Event) -> Turns:
    turns = Turns()
    for event in events:
        turns.on(event)
    return turns


def greeted() -> Turns:
    return after(Event.STARTED, Event.PROTECTED_PLAYED, Event.REPLY_PLAYED)


def answering() -> Turns:
    turns = greeted()
    for event in (Event.ONSET, Event.TURN_OVER, Event.REPLY_BEGAN):
        turns.on(event)
    return turns


def test_a_question_is_answered_when_the_turn_is_over() -> None:
    turns = greeted()

    assert () == turns.on(Event.ONSET)
    assert (Action.BEGIN_REPLY,) == turns.on(Event.TURN_OVER)
    assert State.THINKING is turns.state


def test_speech_over_the_agent_holds_it_first_and_clears_it_only_when_the_floor_is_wanted() -> None:
    turns = answering()

    assert (Action.HOLD_PLAYBACK, Action.JUDGE_OVERLAP) == turns.on(Event.ONSET)
    assert (Action.CANCEL_REPLY, Action.CLEAR_PLAYBACK) == turns.on(Event.FLOOR)
    assert State.HEARING is turns.state


@pytest.mark.parametrize("sound", [Event.BACKCHANNEL, Event.NOISE])
def test_a_murmur_or_a_noise_lets_the_agent_go_on(sound: Event) -> None:
    turns = answering()
    turns.on(Event.ONSET)

    assert (Action.RESUME_PLAYBACK,) == turns.on(sound)
    assert State.SPEAKING is turns.state


def test_the_disclosure_is_heard_out_and_a_turn_spoken_over_it_is_kept() -> None:
    turns = after(Event.STARTED)

    assert () == turns.on(Event.ONSET)
    assert (Action.KEEP_PENDING,) == turns.on(Event.TURN_OVER)
    assert State.GREETING is turns.state
    turns.on(Event.PROTECTED_PLAYED)
    assert Action.BEGIN_REPLY in turns.on(Event.PENDING)


@pytest.mark.parametrize("state", LIVE)
def test_a_person_can_be_asked_for_in_every_state(state: State) -> None:
    step = TABLE[state, Event.PERSON]

    assert State.HANDING_OFF is step[0]
    assert Action.HAND_OFF in step[1]


def test_she_goes_on_while_the_agent_thinks_and_the_turn_is_reopened() -> None:
    turns = greeted()
    turns.on(Event.ONSET)
    turns.on(Event.TURN_OVER)

    actions = turns.on(Event.ONSET)

    assert (Action.CANCEL_REPLY, Action.CLEAR_PLAYBACK, Action.REOPEN_TURN) == actions
    assert State.HEARING is turns.state


def heard(turns: Turns, ms: int) -> list[Action]:
    return [action for _ in range(ms // FRAME_MS) for action in turns.hear()]


def test_silence_is_asked_about_twice_and_then_ends_at_a_person() -> None:
    turns = greeted()
    waits = Patience()

    assert [Action.PROMPT_1] == heard(turns, waits.silent_1_ms)
    turns.on(Event.REPLY_PLAYED)
    assert [Action.PROMPT_2] == heard(turns, waits.silent_2_ms)
    turns.on(Event.REPLY_PLAYED)
    assert [Action.HAND_OFF] == heard(turns, waits.silent_3_ms)
    assert turns.silent_out


def test_a_caller_who_is_heard_starts_the_silence_over() -> None:
    turns = greeted()
    heard(turns, Patience().silent_1_ms)
    turns.on(Event.REPLY_PLAYED)
    turns.person_is_near()

    assert [Action.PROMPT_1] == heard(turns, Patience().silent_1_ms)


def test_sounds_without_words_do_not_start_the_silence_over() -> None:
    turns = greeted()
    heard(turns, Patience().silent_1_ms)
    turns.on(Event.REPLY_PLAYED)
    for event in (Event.ONSET, Event.TURN_OVER, Event.NOTHING_SAID):
        turns.on(event)

    assert [Action.PROMPT_2] == heard(turns, Patience().silent_2_ms)


def test_no_way_out_of_an_overlap_leaves_the_playback_on_hold() -> None:
    kept = {Action.RESUME_PLAYBACK, Action.CLEAR_PLAYBACK}
    for (state, event), (following, actions) in TABLE.items():
        if state is State.OVERLAP and following not in (State.OVERLAP, State.ENDED):
            assert kept & set(actions), event


def test_a_slow_answer_brings_one_filler_then_the_approved_engine_then_a_person() -> None:
    turns = greeted()
    turns.on(Event.ONSET)
    turns.on(Event.TURN_OVER)

    assert [
        Action.FILLER,
        Action.FALL_BACK,
        Action.CANCEL_REPLY,
        Action.CLEAR_PLAYBACK,
        Action.HAND_OFF,
    ] == heard(turns, Patience().late_3_ms)
    assert State.HANDING_OFF is turns.state


def test_an_unlisted_pair_raises_and_nothing_moves() -> None:
    turns = greeted()

    with pytest.raises(UnlistedTurn):
        turns.on(Event.STARTED)

    assert State.LISTENING is turns.state


@given(st.lists(st.sampled_from(Event), max_size=60))
def test_ended_is_final_and_only_the_table_moves_the_floor(events: list[Event]) -> None:
    turns = Turns()
    for event in events:
        before = turns.state
        if (before, event) in TABLE:
            turns.on(event)
            assert TABLE[before, event][0] is turns.state
        else:
            with pytest.raises(UnlistedTurn):
                turns.on(event)
            assert before is turns.state
        if before is State.ENDED:
            assert State.ENDED is turns.state
            assert not turns.live


@given(st.lists(st.sampled_from(Event), max_size=40))
def test_once_a_person_is_fetched_only_the_callers_wish_brings_the_agent_back(events: list[Event]) -> None:
    turns = greeted()
    turns.on(Event.PERSON)
    for event in events:
        if (turns.state, event) in TABLE and (turns.state, event) != (State.WAITING, Event.STOPS):
            turns.on(event)
        assert turns.state in (State.HANDING_OFF, State.WAITING, State.CONNECTING, State.ENDED)


def test_every_event_but_the_start_is_listed_in_every_live_state_or_cannot_happen_there() -> None:
    cannot = {
        State.GREETING: {Event.STARTED, Event.PENDING, Event.SILENT_1, Event.SILENT_2, Event.SILENT_3}
        | {Event.LATE_1, Event.LATE_2, Event.LATE_3, Event.PARTED, Event.GRAVER},
    }
    timed = {
        Event.KEYED,
        Event.DEAF_1,
        Event.DEAF_2,
        Event.SILENT_1,
        Event.SILENT_2,
        Event.SILENT_3,
        Event.LATE_1,
        Event.LATE_2,
        Event.LATE_3,
    }
    fetching = {
        Event.STAYS,
        Event.NEWS,
        Event.COMING,
        Event.ALONE,
        Event.NOBODY,
        Event.STOPS,
    }  # nobody is fetched there
    for state in LIVE:
        missing = {event for event in Event if (state, event) not in TABLE}
        allowed = cannot.get(
            state, {Event.STARTED} | timed | {Event.GRAVER, Event.PARTED, Event.PENDING, Event.PROTECTED_PLAYED}
        )
        assert missing <= allowed | timed | fetching | {Event.STARTED}, state


def test_speech_over_speech_always_ends_in_a_clear_when_the_floor_is_taken() -> None:
    for (state, event), (following, actions) in TABLE.items():
        if state is State.OVERLAP and following is not State.OVERLAP and event not in FROM_ANYWHERE:
            cleared = Action.CLEAR_PLAYBACK in actions
            goes_on = Action.RESUME_PLAYBACK in actions
            assert cleared or goes_on, event

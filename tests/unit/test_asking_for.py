"""A patient is asked for, identified by words or keys, and learns nothing before; nobody else learns anything."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answering import Answered
from agent.asking_for import CHECK_S, AskingFor
from agent.contacts import Unreachable
from agent.keying import PAUSE_MS
from policies.attempts import Came
from policies.patient import Identifiers
from policies.phi import PHI
from policies.right_party import Act, Event, Line, RightParty, State, Step
from telephony.audio import FRAME_MS
from tests.virtual_time import at_once

HERS: Final = Identifiers(date(1950, 3, 4), "0142")
IsHers = Callable[[PHI[Identifiers]], Awaitable[bool | Unreachable]]


async def hers(given: PHI[Identifiers]) -> bool | Unreachable:
    return given.map(lambda told: told == HERS).reveal()


async def slow(given: PHI[Identifiers]) -> bool | Unreachable:
    await asyncio.sleep(0.9)
    return given.map(lambda told: told == HERS).reveal()


async def away(given: PHI[Identifiers]) -> bool | Unreachable:
    return Unreachable.NO_ANSWER


def asking(is_hers: IsHers = hers, *, leaves_message: bool = True) -> AskingFor:
    return AskingFor(RightParty(leaves_message=leaves_message), PHI("Maria Lopez"), is_hers)


def heard(made: AskingFor, turn: str) -> Step:
    step = made.hear(PHI(turn))
    assert step is not None
    return step


def said(made: AskingFor, *turns: str) -> list[Step]:
    """What each turn comes to, after a person has picked up."""
    return [made.picked_up(Answered.HUMAN), *(heard(made, turn) for turn in turns)]


def checked(made: AskingFor) -> Step:
    return at_once(made.check())


def keyed(made: AskingFor, keys: str) -> list[Step]:
    return [step for key in keys if (step := made.key(PHI(key))) is not None]


def test_two_identifiers_in_words_lead_through() -> None:
    made = asking()
    steps = said(made, "This is she.", "March fourth nineteen fifty", "It ends in zero one four two")

    assert [Line.ASK_FOR, Line.ASK_BIRTH, Line.ASK_SECOND, None] == [step.line for step in steps]
    assert (Act.CHECK,) == steps[-1].acts
    assert State.THROUGH is checked(made).to
    assert Came.REACHED is made.party.came


def test_two_identifiers_on_the_keys_lead_through() -> None:
    made = asking()
    said(made, "Yes, speaking")
    assert [Line.ASK_SECOND] == [step.line for step in keyed(made, "*03041950#")]
    assert [(Act.CHECK,)] == [step.acts for step in keyed(made, "*0142#")]

    assert State.THROUGH is checked(made).to


def test_an_entry_ends_by_itself_after_a_pause() -> None:
    made = asking()
    said(made, "speaking")
    assert [] == keyed(made, "*03041950")
    steps = [step for _ in range(PAUSE_MS // FRAME_MS) if (step := made.frame()) is not None]

    assert [Line.ASK_SECOND] == [step.line for step in steps]


def test_a_nine_within_a_number_is_no_opt_out_and_alone_it_is_one() -> None:
    made = asking()
    said(made, "speaking")
    assert [] == keyed(made, "*0914")
    assert Came.PLACED is made.party.came
    alone = asking()
    said(alone, "speaking")

    assert [Act.OPT_OUT in step.acts for step in keyed(alone, "9")] == [True]
    assert Came.OPTED_OUT is alone.party.came


def test_zero_fetches_a_person_and_one_and_two_answer_whether_she_is_there() -> None:
    for key, state in (("0", State.HANDED), ("1", State.BIRTH), ("2", State.LEAVING), ("9", State.LEAVING)):
        made = asking()
        said(made)
        made.key(PHI(key))
        assert state is made.party.state
    identifying = asking()
    said(identifying, "speaking")

    assert [] == keyed(identifying, "12#")
    assert State.BIRTH is identifying.party.state


@pytest.mark.parametrize("is_hers", [hers, slow, away])
def test_every_check_takes_the_same_time(is_hers: IsHers) -> None:
    async def timed(words: Sequence[str]) -> float:
        made = asking(is_hers)
        said(made, *words)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await made.check()
        return loop.time() - began

    right = ("speaking", "March fourth nineteen fifty", "zero one four two")
    wrong = ("speaking", "March fifth nineteen fifty", "zero one four two")
    assert CHECK_S == pytest.approx(at_once(timed(right))) == pytest.approx(at_once(timed(wrong)))


def test_two_wrong_tries_and_records_that_are_away_end_in_the_same_words() -> None:
    made = asking()
    said(made, "speaking", "March fifth nineteen fifty", "zero one four two")
    assert Line.TRY_AGAIN is checked(made).line
    for turn in ("April first nineteen fifty", "zero one four two"):
        made.hear(PHI(turn))
    unreachable = asking(away)
    said(unreachable, "speaking", "March fourth nineteen fifty", "zero one four two")

    assert Line.CALL_BACK_YOURSELF is checked(made).line is checked(unreachable).line
    assert Came.NOT_VERIFIED is made.party.came


def test_after_a_failed_try_the_first_identifiers_are_forgotten() -> None:
    made = asking()
    said(made, "speaking", "March fifth nineteen fifty", "zero one four two")
    checked(made)

    assert Line.ASK_SECOND is heard(made, "March fourth nineteen fifty").line


def test_an_opt_out_beside_an_identifier_counts() -> None:
    made = asking()
    step = said(made, "speaking", "March fourth nineteen fifty, and stop calling me")[-1]

    assert Act.OPT_OUT in step.acts
    assert Line.NO_MORE_CALLS is step.line


@pytest.mark.parametrize(
    ("turns", "line", "came"),
    [
        (("She's not here right now",), Line.CALL_BACK, Came.NOT_IN),
        (("Maria's not home.",), Line.CALL_BACK, Came.NOT_IN),
        (("No Maria here.",), Line.WRONG_NUMBER, Came.NOT_HERS),
        (("Maria Lopez speaking.",), Line.ASK_BIRTH, Came.PLACED),
        (("I'm Maria's husband.",), Line.CALL_BACK, Came.NOT_IN),
        (("You have the wrong number",), Line.WRONG_NUMBER, Came.NOT_HERS),
        (("Who is this?",), Line.WHO_WE_ARE, Came.PLACED),
        (("What is this about?",), Line.NOT_SAID, Came.PLACED),
        (("speaking", "What is this about?"), Line.NOT_SAID_YET, Came.PLACED),
        (("Take me off your list.",), Line.NO_MORE_CALLS, Came.OPTED_OUT),
        (("I'm driving",), Line.CALL_BACK, Came.DECLINED),
        (("Hold on, I'll get her", "Hello?"), Line.ASK_FOR, Came.PLACED),
        (("blue", "green"), Line.CALL_BACK, Came.NOT_IN),
        (("speaking", "I don't remember", "no idea"), Line.CALL_BACK_YOURSELF, Came.DECLINED),
    ],
)
def test_what_whoever_answers_says_has_its_line(turns: tuple[str, ...], line: Line, came: Came) -> None:
    made = asking()

    assert line is said(made, *turns)[-1].line
    assert came is made.party.came


def test_a_machine_is_left_the_message_after_its_beep_or_nothing() -> None:
    made, silent = asking(), asking(leaves_message=False)
    assert made.picked_up(Answered.MACHINE).line is None
    greeting = PHI("To be removed from our list, press one. Take me off your list or leave a message after the tone.")
    assert made.overhear(greeting) is None
    assert heard(made, greeting.reveal()).line is None
    assert Line.MESSAGE is made.picked_up(Answered.BEEP).line

    assert () == silent.picked_up(Answered.MACHINE).acts
    assert (Act.HANG_UP,) == silent.picked_up(Answered.BEEP).acts
    assert Came.VOICEMAIL is made.party.came is silent.party.came


def test_who_was_taken_for_a_machine_shows_by_any_key_that_she_is_none() -> None:
    for key, state, line in (
        ("9", State.LEAVING, Line.NO_MORE_CALLS),
        ("0", State.HANDED, None),
        ("1", State.ASKED, Line.ASK_FOR),
        ("#", State.ASKED, Line.ASK_FOR),
    ):
        made = asking()
        made.picked_up(Answered.MACHINE)
        (step,) = keyed(made, key)
        assert (state, line) == (made.party.state, step.line)
        assert (Came.OPTED_OUT is made.party.came) is (key == "9")


def test_an_opt_out_in_words_of_what_was_taken_for_a_machine_counts() -> None:
    for way in (AskingFor.overhear, AskingFor.hear):
        made = asking()
        made.picked_up(Answered.MACHINE)
        step = way(made, PHI("Hello? Stop calling me, I told you so last week."))
        assert step is not None
        assert Act.OPT_OUT in step.acts


def test_an_unknown_is_treated_as_a_person() -> None:
    assert Line.ASK_FOR is asking().picked_up(Answered.UNKNOWN).line


def held() -> int:
    gc.collect()
    given = [each for each in gc.get_objects() if type(each) is PHI and isinstance(each.reveal(), Identifiers)]
    return sum(each.reveal().given > 0 for each in given)


def test_no_identifier_is_held_once_she_is_through_or_the_call_is_over() -> None:
    through, left = asking(), asking()
    said(through, "speaking", "March fourth nineteen fifty", "zero one four two")
    said(left, "speaking", "March fourth nineteen fifty")
    assert held() == 2
    checked(through)
    left.on(Event.GONE)

    assert held() == 0


TURN: Final = st.one_of(
    st.sampled_from(
        [
            "speaking",
            "no",
            "who is this",
            "hold on",
            "March fourth nineteen fifty",
            "zero one four two",
            "hello",
            "4471902",
        ]
    ),
    st.text(max_size=40),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TURN, st.sampled_from("0123456789*#x")), max_size=20))
def test_whatever_is_said_and_keyed_only_her_identifiers_lead_through(turns: list[tuple[str, str]]) -> None:
    async def never(given: PHI[Identifiers]) -> bool | Unreachable:
        assert given.reveal().given >= 2
        return False

    made = asking(never)
    made.picked_up(Answered.HUMAN)
    for words, key in turns:
        made.hear(PHI(words))
        made.key(PHI(key))
        if made.party.state is State.CHECKING:
            at_once(made.check())
    assert made.party.state is not State.THROUGH

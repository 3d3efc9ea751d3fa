"""`agent/desk_menu.py`: what each key does, and each silence."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.desk_menu import LONGEST_MS, SILENT_MS, Action, Check, DeskMenu, Part, Say, Set, Step, Verdict
from agent.phrases import Phrase
from agent.pins import DIGITS
from policies.phi import PHI
from telephony.audio import FRAME_MS
from telephony.switchboard import EndDecision

PIN: Final = "483920"
BYE, ASSISTANT = Part(EndDecision.GOODBYE), Part(EndDecision.ASSISTANT)


def pressed(menu: DeskMenu, keys: str) -> list[Action]:
    """What the last of them does."""
    done: list[Action] = []
    for key in keys:
        done = menu.key(PHI(key))
    return done


def pin_of(done: list[Action]) -> str:
    (check,) = done
    assert isinstance(check, Check)
    return check.pin.reveal()


def silent(menu: DeskMenu, ms: int = SILENT_MS) -> list[Action]:
    """What the last of so many frames does."""
    done: list[Action] = []
    for _ in range(ms // FRAME_MS):
        assert [] == done
        done = menu.passed(speaking=False)
    return done


def at(step: Step) -> DeskMenu:
    menu = DeskMenu()
    menu.begin()
    if step is not Step.PIN:
        pressed(menu, PIN + "#")
    if step in (Step.CHOICE, Step.PARTING):
        menu.checked(Verdict.RIGHT_AVAILABLE)
    if step is Step.PARTING:
        pressed(menu, "2")
    assert step is menu.step
    return menu


def test_she_is_asked_for_her_pin() -> None:
    assert [Say((Phrase.DESK_PIN,))] == DeskMenu().begin()


def test_the_pin_is_what_she_keyed_before_the_pound_sign_and_is_forgotten_then() -> None:
    menu = at(Step.PIN)

    assert [Say(())] == pressed(menu, PIN)
    assert PIN == pin_of(pressed(menu, "#"))
    assert "" == menu._digits.reveal()


def test_more_digits_than_any_pin_has_are_no_pin() -> None:
    assert DIGITS.fullmatch(pin_of(pressed(at(Step.PIN), "1" * 40 + "#"))) is None


def test_a_pound_sign_alone_is_no_try() -> None:
    assert [Say((Phrase.DESK_PIN,))] == pressed(at(Step.PIN), "#")


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        (Verdict.RIGHT_AVAILABLE, (Phrase.DESK_AVAILABLE, Phrase.DESK_CHOICE)),
        (Verdict.RIGHT_AWAY, (Phrase.DESK_AWAY, Phrase.DESK_CHOICE)),
        (Verdict.WRONG, (Phrase.DESK_WRONG,)),
        (Verdict.WRONG_AT_LAST, (Phrase.DESK_CLOSED,)),
    ],
)
def test_what_became_of_the_pin_is_said(verdict: Verdict, says: tuple[Phrase, ...]) -> None:
    assert [Say(says)] == at(Step.CHECKING).checked(verdict)


@pytest.mark.parametrize(("key", "set_"), [("1", True), ("2", False)])
def test_what_she_sets_is_set_and_said_and_then_the_call_ends(key: str, set_: bool) -> None:
    menu = at(Step.CHOICE)
    said = Phrase.DESK_NOW_AVAILABLE if set_ else Phrase.DESK_NOW_AWAY

    assert [Set(set_), Say((said,))] == pressed(menu, key)
    assert [BYE] == menu.heard()


def test_another_key_sets_nothing_and_the_choice_is_said_again() -> None:
    assert [Say((Phrase.DESK_CHOICE,))] == pressed(at(Step.CHOICE), "3")


@pytest.mark.parametrize("step", [Step.PIN, Step.CHECKING, Step.CHOICE])
def test_star_leads_to_the_assistant_whatever_is_awaited(step: Step) -> None:
    menu = at(step)

    assert [ASSISTANT] == pressed(menu, "*")
    assert [] == menu.checked(Verdict.RIGHT_AVAILABLE)


def test_star_after_digits_keeps_none_of_them() -> None:
    menu = at(Step.PIN)
    pressed(menu, "48*")

    assert "" == menu._digits.reveal()


def test_nothing_is_altered_by_keys_after_she_has_set_it() -> None:
    assert [] == pressed(at(Step.PARTING), "1")
    assert [] == pressed(at(Step.PARTING), "*")


@pytest.mark.parametrize(("step", "prompt"), [(Step.PIN, Phrase.DESK_PIN), (Step.CHOICE, Phrase.DESK_CHOICE)])
def test_silence_repeats_once_and_then_leads_to_the_assistant(step: Step, prompt: Phrase) -> None:
    menu = at(step)

    assert [Say((prompt,))] == silent(menu)
    assert [ASSISTANT] == silent(menu)


def test_a_key_begins_the_patience_anew_and_half_a_pin_is_dropped_with_the_repetition() -> None:
    menu = at(Step.PIN)
    silent(menu)
    pressed(menu, "4839")

    assert [Say((Phrase.DESK_PIN,))] == silent(menu)
    assert PIN == pin_of(pressed(menu, PIN + "#"))


def test_silence_counts_from_the_end_of_what_is_said() -> None:
    menu = at(Step.PIN)
    for _ in range(2 * SILENT_MS // FRAME_MS):
        assert [] == menu.passed(speaking=True)

    assert [Say((Phrase.DESK_PIN,))] == silent(menu)


def test_a_goodbye_of_which_no_end_is_told_ends_all_the_same() -> None:
    assert [BYE] == silent(at(Step.PARTING))


def test_a_handset_on_its_keys_takes_no_place_for_ever() -> None:
    menu, frames = at(Step.PIN), 0
    done: list[Action] = []
    while not any(isinstance(each, Part) for each in done):
        done = [*menu.key(PHI("7")), *menu.passed(speaking=False)]
        frames += 1

    assert frames * FRAME_MS <= LONGEST_MS
    assert ASSISTANT in done


@given(st.lists(st.sampled_from([*"0123456789*#", "heard", "passed", *Verdict]), max_size=60))
def test_whatever_happens_nothing_is_set_without_a_right_pin_and_nothing_follows_its_end(happens: list[object]) -> None:
    menu = DeskMenu()
    menu.begin()
    right = over = False
    for each in happens:
        if isinstance(each, Verdict):
            right |= menu.step is Step.CHECKING and each in (Verdict.RIGHT_AVAILABLE, Verdict.RIGHT_AWAY)
            done = menu.checked(each)
        elif each == "heard":
            done = menu.heard()
        elif each == "passed":
            done = silent(menu) if menu.step is not Step.OVER else menu.passed(speaking=False)
        else:
            done = menu.key(PHI(str(each)))
        assert right or not any(isinstance(action, Set) for action in done)
        assert not (over and done)
        over |= any(isinstance(action, Part) for action in done)

"""`agent/second_hearing.py`."""

from __future__ import annotations

from agent.second_hearing import SecondHearing


def test_what_is_heard_once_does_not_stand() -> None:
    assert not SecondHearing().stands(4)


def test_what_is_heard_again_in_more_words_stands() -> None:
    second = SecondHearing()
    second.stands(4)

    assert second.stands(7)


def test_the_same_words_heard_again_are_no_second_hearing() -> None:
    second = SecondHearing()
    second.stands(4)

    assert not second.stands(4)
    assert second.stands(5)


def test_a_hearing_without_alarm_between_them_begins_anew() -> None:
    second = SecondHearing()
    second.stands(4)
    second.passed()

    assert not second.stands(9)


def test_that_an_emergency_was_heard_is_remembered_to_the_end_of_the_turn() -> None:
    second = SecondHearing()
    second.stands(4)
    second.passed()

    assert second.once
    second.over()
    assert not second.once

"""What the agenda takes for an answer, and when."""

from __future__ import annotations

from typing import Final

import pytest

from agent.agenda import MOST_REPEATS, Agenda, Asking, Step, ToAsk
from agent.phrases import Phrase, PhraseTexts
from agent.replying import Course
from policies.guardrails import Answerable, EscalationReason, Wording, fixed, screen_utterance
from policies.objectives import Covered, Fetch, Item, Kind, Trouble
from policies.phi import PHI, Utterance
from policies.rules.written import red_flags

BREATHING: Final = Item("breathing", "Are you well?", Kind.YES_NO, Trouble.YES, Fetch.EMERGENCY)
SECOND: Final = Item("second", "Have you all of it?", Kind.YES_NO, Trouble.NO)
HARMLESS: Final = Item("harmless", "Is it a nice day?", Kind.YES_NO)
TEXTS: Final = PhraseTexts.for_agent("Mercy", "", draft=False, days=7)
WORDING: Final = Wording.of([*TEXTS.wording(), BREATHING.ask, SECOND.ask, HARMLESS.ask], {})
PHRASES: Final = {phrase: fixed(TEXTS[phrase], WORDING) for phrase in Phrase}
SAID: Final = PHRASES[Phrase.SILENCE_2]


def said(words: str) -> Answerable:
    found = screen_utterance(Utterance(PHI(words), doubtful=False), red_flags())
    assert isinstance(found, Answerable)
    return found


def agenda(first: Item = BREATHING) -> Agenda:
    """One whose first question has been asked."""
    items = [ToAsk(item, fixed(item.ask, WORDING)) for item in (first, SECOND)]
    asked = Agenda(Asking(items, lambda _: SAID, lambda _: SAID, lambda _: None), PHRASES)
    step = asked.before_goodbye()
    assert step is not None
    say(asked, step)
    assert asked.waiting
    return asked


def say(asked: Agenda, step: Step) -> None:
    asked.take(step)
    for sentence in step.say:
        assert not asked.waiting
        asked.begun(sentence)


def after(asked: Agenda, words: str) -> tuple[list[str], Course] | None:
    step = asked.step(said(words))
    return None if step is None else ([one.text.reveal() for one in step.say], step.course)


@pytest.mark.parametrize("words", ["Yes.", "No.", "Hello?", "Thank you.", "Yes, I am having some."])
def test_what_comes_after_anything_else_was_said_is_no_answer_and_it_is_asked_again(words: str) -> None:
    asked = agenda()
    asked.begun(SAID)

    assert not asked.waiting
    assert not asked.key(PHI("1"))
    assert ([BREATHING.ask], Course.ON) == after(asked, words)
    assert None is after(asked, "When can I take a bath?")

    say(asked, asked.again())
    assert ([], Course.EMERGENCY) == after(asked, "Yes.")


def test_the_question_said_once_more_is_open_again() -> None:
    asked = agenda()
    [question] = asked.again().say
    asked.begun(SAID)
    asked.begun(question)

    assert asked.waiting
    asked.pause()
    asked.begun(question)
    assert not asked.waiting, "a person was offered since"


def test_a_person_fetched_while_it_was_to_be_asked_again_is_told_in_the_ledger() -> None:
    asked = agenda()
    asked.begun(SAID)

    assert [Covered.ESCALATED, Covered.NOT_REACHED] == [*asked.ledger(EscalationReason.RED_FLAG)]


def test_a_key_that_was_pressed_before_something_else_was_said_is_gone() -> None:
    asked = agenda()
    [question] = asked.again().say
    assert asked.key(PHI("1"))
    asked.begun(SAID)
    asked.begun(question)

    assert not asked.due(20)


@pytest.mark.parametrize("words", ["No, not now.", "No, I have to go.", "No, that's all. Goodbye."])
def test_who_answers_does_not_leave_by_it(words: str) -> None:
    assert ([TEXTS[Phrase.NOTED], SECOND.ask], Course.ON) == after(agenda(), words)


def test_who_answers_nothing_and_leaves_is_let_go() -> None:
    assert ([], Course.GOODBYE) == after(agenda(), "I have to go.")


def test_an_answer_that_could_ask_for_a_repetition_is_an_answer() -> None:
    assert ([TEXTS[Phrase.NOTED], SECOND.ask], Course.ON) == after(agenda(), "No, I missed that.")


def test_after_two_repetitions_one_more_is_a_failure_to_understand() -> None:
    asked = agenda()
    for _ in range(MOST_REPEATS):
        assert asked.once_more() is None
        asked.repeat()
    courses = []
    for _ in range(3):
        step = asked.once_more()
        assert step is not None
        courses.append(step.course)
        say(asked, step)

    assert [Course.ON, Course.ON, Course.NOT_UNDERSTOOD] == courses


def test_a_question_is_of_trouble_while_it_is_open_and_an_answer_to_it_may_fetch_a_person() -> None:
    interrupted = agenda()
    interrupted.begun(SAID)

    assert [True, False, False] == [each.of_trouble for each in (agenda(), interrupted, agenda(HARMLESS))]

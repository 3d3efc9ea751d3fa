"""A call's turns as messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engines.dialogue import MOST_TURNS, Message, NotTheCallersTurn, Role, as_json, dialogue
from agent.engines.prompt import CALL_BEGINS
from policies.guardrails import Answerable, Sayable, Wording, fixed, screen_utterance
from policies.phi import PHI, SensitiveLeak, Utterance
from policies.rules.written import red_flags

RULES = red_flags()


def caller(words: str) -> Answerable:
    said = screen_utterance(Utterance(PHI(words), doubtful=False), RULES)
    assert isinstance(said, Answerable)
    return said


def agent(words: str) -> Sayable:
    return fixed(words, Wording.of([words], {}))


def plain(*turns: Answerable | Sayable) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in as_json(dialogue(turns))]


def test_turns_become_user_and_assistant() -> None:
    expected = [("user", "may I shower"), ("assistant", "Yes."), ("user", "thanks")]
    assert expected == plain(caller("may I shower"), agent("Yes."), caller("thanks"))


def test_turns_of_one_side_that_follow_each_other_are_one_message() -> None:
    expected = [("user", "hello may I shower"), ("assistant", "Yes. After two days."), ("user", "thanks")]
    turns = (caller("hello"), caller("may I shower"), agent("Yes."), agent("After two days."), caller("thanks"))
    assert expected == plain(*turns)


def test_a_call_that_begins_with_the_greeting_still_begins_with_the_user() -> None:
    assert [("user", CALL_BEGINS), ("assistant", "Hello."), ("user", "hi")] == plain(agent("Hello."), caller("hi"))


@pytest.mark.parametrize("turns", [(), (agent("Hello."),), (caller("hi"), agent("Hello."))])
def test_without_a_callers_turn_at_the_end_there_is_nothing_to_answer(turns: tuple[Answerable | Sayable, ...]) -> None:
    with pytest.raises(NotTheCallersTurn):
        dialogue(turns)


def test_a_message_does_not_show_what_it_holds() -> None:
    [message] = dialogue([caller("pelican")])
    assert "pelican" not in repr(message) + str(message) + f"{message}"
    with pytest.raises(SensitiveLeak):
        assert message == Message(Role.USER, PHI("pelican"))


@given(st.lists(st.booleans(), max_size=100))
def test_roles_take_turns_user_first_and_last_whoever_spoke(speakers: list[bool]) -> None:
    turns = [caller(f"words {n}") if said else agent(f"Words {n}.") for n, said in enumerate([*speakers, True])]
    messages = dialogue(turns)
    roles = [message.role for message in messages]
    assert [Role.USER, Role.ASSISTANT] * (len(roles) // 2) + [Role.USER] == roles
    assert len(messages) <= MOST_TURNS + 1
    assert all(message.text.reveal().strip() for message in messages)
    assert messages[-1].text.reveal().endswith(f"words {len(speakers)}")

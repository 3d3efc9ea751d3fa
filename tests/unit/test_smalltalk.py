"""Small talk is told from questions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.smalltalk import Social, social
from policies.phi import PHI


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Hello?", Social.GREETING),
        ("good morning", Social.GREETING),
        ("Thank you so much for your help.", Social.THANKS),
        ("thanks, that was helpful", Social.THANKS),
        ("No, that's all, thank you. Bye.", Social.GOODBYE),
        ("okay bye bye", Social.GOODBYE),
        ("no I'm good", Social.GOODBYE),
        ("no thank you", Social.NO),
        ("Nope.", Social.NO),
        ("Yes, please.", Social.YES),
        ("mm-hmm", Social.YES),
        ("uh-huh", Social.YES),
        ("okay", Social.YES),
        ("hi, can you hear me?", Social.HEARING_CHECK),
        ("are you still there", Social.HEARING_CHECK),
        ("Am I talking to a real person?", Social.WHO_ARE_YOU),
        ("are you a robot", Social.WHO_ARE_YOU),
        ("Could you say that again, please?", Social.REPEAT),
        ("hang on a second", Social.WAIT),
        ("How are you today?", Social.HOW_ARE_YOU),
        ("Yes, I have a quick question.", Social.HAS_QUESTION),
    ],
)
def test_small_talk_is_recognised(words: str, kind: Social) -> None:
    assert kind is social(PHI(words))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "thank you, and can I take a shower?",
        "yes, but what about the stitches",
        "no I did not take my pill",
        "my wound is leaking",
        "hello I have chest pain",
        "are you sure I can drive",
        "what is a fever",
        "I have a fever",
    ],
)
def test_a_question_or_a_symptom_is_no_small_talk(words: str) -> None:
    assert social(PHI(words)) is None


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_raises(words: str) -> None:
    assert social(PHI(words)) is None or isinstance(social(PHI(words)), Social)


def test_an_apology_in_front_is_not_what_was_meant() -> None:
    assert Social.HAS_QUESTION is social(PHI("Sorry, may I ask about something else?"))
    assert Social.REPEAT is social(PHI("Sorry?"))
    assert None is social(PHI("I'm sorry"))
    assert None is social(PHI("Sorry, can I have a bath?"))


@pytest.mark.parametrize(
    "said",
    [
        "Could you say that once more, please, a bit slower?",
        "I'm sorry, what was the last part?",
        "I couldn't understand a word. Can you speak up?",
        "Sorry, I did not catch that. Could you repeat it?",
    ],
)
def test_asking_again_in_many_words_is_asking_again(said: str) -> None:
    assert Social.REPEAT is social(PHI(said))


def test_asking_to_go_on_after_fetching_a_pen_is_a_yes() -> None:
    assert Social.YES is social(PHI("Wait, let me get my glasses. Okay, go on."))
    assert Social.WAIT is social(PHI("Wait, let me get my glasses."))

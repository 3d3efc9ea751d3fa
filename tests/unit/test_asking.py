"""Who asks for a person, and who only speaks of one."""

from __future__ import annotations

import pytest

from policies.asking import wants_a_person


@pytest.mark.parametrize(
    "words",
    [
        "Nurse.",
        "a nurse please",
        "Operator!",
        "human",
        "somebody real",
        "I want somebody real.",
        "Can I talk to a person?",
        "could you put me through to the nurse",
        "I'd like to speak with a real person.",
        "get me a human being",
        "transfer me",
        "is there anyone I can talk to",
        "I don't want to talk to a machine",
        "I need a nurse",
        "yes, a nurse",
        "nurse, nurse",
        "can someone call me back, let me talk to someone",
        "my nurse told me to change it but I want to talk to a nurse",
    ],
)
def test_this_is_a_request(words: str) -> None:
    assert wants_a_person(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "the nurse told me to change the dressing",
        "the nurse told me to talk to a doctor",
        "are you a human",
        "am I talking to a real person",
        "should I call the nurse if it is red",
        "do I need to speak to someone about my stitches",
        "I need someone to help me bathe",
        "who is my nurse",
        "I spoke to a nurse yesterday",
        "I don't want to talk to a nurse",
        "how many people can visit me",
        "is the operation scar normal",
        "when does the home nurse come",
    ],
)
def test_this_is_none(words: str) -> None:
    assert not wants_a_person(words)

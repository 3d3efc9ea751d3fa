"""Another language is told from English, whatever the English is about."""

from __future__ import annotations

import pytest

from agent.understanding import Understanding
from policies.language import another_language


@pytest.mark.parametrize(
    "words",
    [
        "Do you speak Spanish?",
        "Is there anybody there who speaks Vietnamese",
        "Spanish, please.",
        "Español",
        "No hablo inglés.",
        "¿Habla español?",
        "I don't speak English.",
        "my mother doesn't understand much English",
        "I need an interpreter",
        "she only speaks Polish",
        "can we talk in Mandarin",
        "Hola, necesito ayuda.",
        "Me duele mucho el pecho",
        "no english",
        "por favor",
    ],
)
def test_another_language_is_heard(words: str) -> None:
    assert another_language(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Can I wear nail polish after surgery?",
        "Can I eat Chinese food",
        "can I have french toast",
        "did I get german measles",
        "Can I eat arroz con pollo?",
        "The label is in Spanish, what does it say?",
        "my daughter speaks Spanish",
        "I take metoprolol, Eliquis and Lantus Solostar.",
        "Doctor Buenos told me so",
        "I live in Los Angeles",
        "Does the Italian cheese raise my potassium?",
        "I no can sleep since the operation, it pain me too much",
        "mi",
        "do you have a translation",
    ],
)
def test_english_is_left_alone_however_it_is_spoken(words: str) -> None:
    assert not another_language(words)


def test_two_turns_in_a_row_and_no_noise_make_a_caller_not_understood() -> None:
    understanding = Understanding()

    assert not understanding.of_words(-0.8, answerable=False)
    assert not understanding.of_words(-0.8, answerable=True)
    assert not understanding.of_words(-0.3, answerable=False)
    assert not understanding.of_sound(0.1)
    assert not understanding.of_sound(0.9)
    assert understanding.of_words(-0.8, answerable=False)

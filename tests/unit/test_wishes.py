"""What is asked of the voice, and what each key stands for."""

from __future__ import annotations

import numpy as np
import pytest

from agent.delivery import PEAK, Delivery, amplified
from agent.keypad import WORDS, said_by
from agent.smalltalk import Social, social
from agent.wishes import Wish, wished
from policies.phi import PHI
from telephony.audio import FRAME_SAMPLES, AudioFrame, level_dbfs

W = Wish


@pytest.mark.parametrize(
    ("words", "wishes"),
    [
        ("Slower.", (W.SLOWER,)),
        ("Can you slow down a little bit?", (W.SLOWER,)),
        ("You're going too fast for me.", (W.SLOWER,)),
        ("I can't keep up", (W.SLOWER,)),
        ("Sorry, could you talk more slowly please", (W.SLOWER,)),
        ("say that again slower", (W.SLOWER, W.AGAIN)),
        ("Repeat that, louder and slower, please.", (W.SLOWER, W.LOUDER, W.AGAIN)),
        ("faster please", (W.FASTER,)),
        ("you talk too slow", (W.FASTER,)),
        ("Would you mind speaking up?", (W.LOUDER,)),
        ("I can hardly hear you, can you speak up a little bit", (W.LOUDER,)),
        ("I'm hard of hearing", (W.LOUDER,)),
        ("your voice is too low", (W.LOUDER,)),
        ("Stop shouting.", (W.SOFTER,)),
        ("could you please turn it down", (W.SOFTER,)),
        ("you're too loud", (W.SOFTER,)),
        ("again please", (W.AGAIN,)),
        ("What was that?", (W.AGAIN,)),
        ("could you go over that again", (W.AGAIN,)),
        ("I missed the last part", (W.AGAIN,)),
        ("Pardon?", (W.AGAIN,)),
        ("What keys can I press?", (W.KEYS,)),
        ("can I use the keypad instead", (W.KEYS,)),
    ],
)
def test_what_is_asked_of_the_voice_is_heard(words: str, wishes: tuple[Wish, ...]) -> None:
    assert wishes == wished(PHI(words))


@pytest.mark.parametrize(
    "words",
    [
        "",
        "slower, and can I shower?",
        "My heart is beating too fast.",
        "it's too fast",
        "my breathing is slow",
        "I can't hear out of my left ear",
        "can I take it more slowly",
        "can I start again",
        "can I have it again",
        "what was that pill again",
        "I can't keep it down",
        "repeat the prescription",
        "should I go slow",
        "do I need more",
        "again and again " * 6,
    ],
)
def test_a_question_or_a_symptom_asks_nothing_of_the_voice(words: str) -> None:
    assert () == wished(PHI(words))


def test_every_key_but_0_stands_for_a_yes_a_no_or_a_wish() -> None:
    assert [Social.YES, Social.NO] == [social(said) for key in "12" if (said := said_by(PHI(key))) is not None]
    heard = [wished(said) for key in "45789" if (said := said_by(PHI(key))) is not None]
    assert [(W.FASTER,), (W.SOFTER,), (W.SLOWER,), (W.LOUDER,), (W.AGAIN,)] == heard
    assert set("1245789") == set(WORDS)
    assert [None] * 5 == [said_by(PHI(key)) for key in "036*#"]


def test_the_loudest_speech_stays_within_what_the_line_carries() -> None:
    loud = np.linspace(-32768, 32767, FRAME_SAMPLES).astype(np.int16)
    delivery = Delivery()
    assert not delivery.change([W.LOUDER] * 9)

    told = delivery.at_level(AudioFrame(loud)).reveal()

    assert PEAK * 32767 >= np.abs(told.astype(int)).max()
    assert bool((np.diff(told.astype(int)) >= 0).all()), "bent, not folded over"


def test_a_step_of_level_is_six_decibels_either_way() -> None:
    soft = (1_000 * np.sin(np.arange(FRAME_SAMPLES))).astype(np.int16)
    assert 6 == round(level_dbfs(amplified(soft, 6.02)) - level_dbfs(soft))
    delivery = Delivery()
    assert delivery.change([W.SOFTER])
    assert -6 == round(level_dbfs(delivery.at_level(AudioFrame(soft)).reveal()) - level_dbfs(soft))
    assert not delivery.change([W.SOFTER])

"""`agent/calling_off.py`: does she want no nurse any more?"""

from __future__ import annotations

import pytest

from agent.calling_off import calls_off
from policies.phi import PHI


@pytest.mark.parametrize(
    "said",
    [
        "Never mind.",
        "Actually, never mind, I'm fine without one.",
        "Forget it.",
        "You don't need to bother the nurse.",
        "Please stop calling the nurse.",
        "I don't want to talk to a nurse any more.",
        "I don't need anyone now, thank you.",
        "I changed my mind.",
        "No, that's okay, cancel it please.",
        "I'd rather not wait.",
    ],
)
def test_who_says_so_and_nothing_else_calls_it_off(said: str) -> None:
    assert calls_off(PHI(said))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Yes, please.",
        "Is she coming?",
        "Don't hang up.",
        "I don't need a doctor, I need a nurse.",
        "Never mind the pain, when does she come?",
        "Stop, it hurts more now.",
        "My mind is going.",
        "I can't wait much longer.",
        "Never mind what I said before, I feel a lot worse and my chest is tight",
    ],
)
def test_all_else_leaves_the_nurse_on_her_way(said: str) -> None:
    assert not calls_off(PHI(said))

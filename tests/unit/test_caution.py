"""What is said again whole, and what is not."""

from __future__ import annotations

import pytest

from agent.caution import unsafe_in_part


@pytest.mark.parametrize(
    "sentence",
    [
        "Take the missed tablet when you think of it.",
        "Ibuprofen is hard on the stomach.",
        "A vial in use stays good for the days on its leaflet.",
        "Do not scrub the scar.",
        "You can't lift the suitcase for now.",
        "Drink about eight glasses.",
        "Rest the leg if it swells.",
        "Ask for a nurse now.",
        "Keep the strap off the wound.",
    ],
)
def test_half_of_a_sentence_that_forbids_counts_or_names_a_medicine_is_worse_than_none(sentence: str) -> None:
    assert unsafe_in_part(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["Cold packs often help with swelling.", "Wash your hands first.", "Itching is common while skin heals."],
)
def test_half_of_plain_advice_misleads_nobody(sentence: str) -> None:
    assert not unsafe_in_part(sentence)

"""`agent/pins.py`: a PIN as it stands in a list."""

from __future__ import annotations

from typing import Final

import pytest

from agent.pins import PIN_HASH, hashed, is_pin
from policies.phi import PHI

PIN: Final = "483920"


def test_a_pin_is_known_again_and_no_other_is() -> None:
    held = hashed(PHI(PIN))

    assert is_pin(held, PHI(PIN))
    assert [False] * 4 == [is_pin(held, PHI(keyed)) for keyed in ("483921", "48392", PIN + "0", "")]


def test_what_is_held_says_nothing_of_the_pin_and_is_another_each_time() -> None:
    one, two = hashed(PHI(PIN)), hashed(PHI(PIN))

    assert PIN_HASH.fullmatch(one)
    assert one != two
    assert PIN not in one


@pytest.mark.parametrize("wrong", ["", "12345", "1234567890123", "12345a", "١٢٣٤٥٦"])
def test_what_is_no_pin_is_not_hashed(wrong: str) -> None:
    with pytest.raises(ValueError, match="6 to 12 digits") as refused:
        hashed(PHI(wrong))
    assert not wrong or wrong not in str(refused.value)


@pytest.mark.parametrize("held", ["", PIN, f"plain:{PIN}", "scrypt:short:short"])
def test_what_was_not_made_here_is_nobodys_pin(held: str) -> None:
    assert not is_pin(held, PHI(PIN))

"""One word of a patient's, where all words are ours."""

from __future__ import annotations

import pytest

from agent.proof.canary import canaries
from agent.proof.singly import Singly

PATIENT = canaries(bytes(32), 1)[0]
SINGLY = Singly([PATIENT])


@pytest.mark.parametrize(
    "held",
    [
        f'quietline_unknown_words_total{{word="{PATIENT.last.lower()}"}} 1',
        f'{{"name":"asked_{PATIENT.first.upper()}"}}',
        f"ql:topic{PATIENT.last}",
        f"about={PATIENT.drug}",
    ],
    ids=["label", "event in capitals", "key in camel case", "drug"],
)
def test_one_word_that_she_gave_is_found(held: str) -> None:
    assert SINGLY.inside(held.encode())


def test_our_own_words_and_other_patients_are_not_hers() -> None:
    other = canaries(bytes([1]) * 32, 40)
    names = {one.last for one in other} - {PATIENT.first, PATIENT.last}

    assert not SINGLY.inside(f'quietline_calls_total{{outcome="answered"}} 3 {" ".join(names)}'.encode())

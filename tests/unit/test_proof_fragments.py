"""Parts of what was said, coded into what looks random."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.proof.fragments import Fragments
from policies.records import ref_of

SAID = "Hello, my name is Amelia Appleton, and I want to know if I can take lisinopril with food?"
FRAGMENTS = Fragments([SAID])


@pytest.mark.parametrize(
    "kept",
    [
        f'{{"ref":"{ref_of(b"opril with food ")}"}}',
        "token ql_" + base64.b64encode(b"know if I can take").decode(),
        "id=" + b"name is Amelia".hex(),
        "xx" + base64.urlsafe_b64encode(b"AMELIA APPLETON").decode(),
    ],
    ids=["ref", "token with something before it", "hex", "capitals"],
)
def test_part_of_a_sentence_in_a_token_is_found(kept: str) -> None:
    assert FRAGMENTS.inside(kept.encode())


def test_the_sentence_in_the_open_is_for_the_needles() -> None:
    assert not FRAGMENTS.inside(SAID.encode())


def test_the_name_of_a_thread_that_is_part_of_a_sentence_is_seen() -> None:
    assert (True, False) == (
        FRAGMENTS.shown(b"speech-0\nname is amelia\n"),
        FRAGMENTS.shown(b"speech-0\nrecogniser-1\n"),
    )


@given(st.lists(st.binary(min_size=16, max_size=16), max_size=20))
def test_random_refs_hold_nothing(entropies: list[bytes]) -> None:
    kept = "\n".join(f'{{"ref":"{ref_of(entropy)}"}}' for entropy in entropies)

    assert not FRAGMENTS.inside(kept.encode())


def test_many_random_refs_hold_nothing() -> None:
    assert not FRAGMENTS.inside("\n".join(ref_of(os.urandom(16)) for _ in range(20_000)).encode())

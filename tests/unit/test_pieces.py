"""A sealed transcript in pieces: whole on the other side, or not at all."""

from __future__ import annotations

import dataclasses
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.events import MAX_LINE, TranscriptPiece, decode, encode
from policies.pieces import Assembly, pieces_of
from policies.records import SEALED, SealedTranscript, ref_of
from policies.retention import Retention, Writable, admit
from tests.unit.examples import a_call

LENGTHS = [int(length) for length in re.findall(r"\{(\d+)\}", SEALED.pattern)]


def a_transcript(length: int = LENGTHS[0], number: int = 1) -> SealedTranscript:
    text = (string.ascii_letters + "-_" + string.digits) * (length // 64 + 1)
    return SealedTranscript(ref=ref_of(bytes([number]) * 16), agent="a" * 32, day=60_000, sealed=text[:length])


def pieces(whole: SealedTranscript) -> list[TranscriptPiece]:
    permitted = admit(whole, Retention.REDACTED)
    assert permitted is not None
    return pieces_of(permitted)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_transcript_of_each_length_goes_over_the_pipe_and_is_the_same(length: int) -> None:
    whole = a_transcript(length)
    lines = [encode(piece) for piece in pieces(whole)]
    assembly = Assembly()
    taken = [assembly.take(piece) for line in lines if isinstance(piece := decode(line), TranscriptPiece)]

    assert all(len(line) + 1 <= MAX_LINE for line in lines)
    assert whole == taken[-1]
    assert {None} == {*taken[:-1]}
    assert 0 == assembly.lost


@given(st.data())
def test_pieces_that_are_lost_doubled_or_of_others_make_no_transcript(data: st.DataObject) -> None:
    """Whatever comes, what is taken as whole is one of those that were sent."""
    sent = [a_transcript(number=number) for number in (1, 2)]
    stream = [piece for whole in sent for piece in pieces(whole)]
    order = data.draw(st.lists(st.integers(0, len(stream) - 1), max_size=30))
    assembly = Assembly()
    taken = [whole for at in order if (whole := assembly.take(stream[at])) is not None]

    assert all(whole in sent for whole in taken)


def test_after_a_lost_piece_the_next_transcript_is_whole_again() -> None:
    one, two = a_transcript(number=1), a_transcript(number=2)
    assembly = Assembly()
    taken = [assembly.take(piece) for piece in [*pieces(one)[:3], *pieces(one)[4:], *pieces(two)]]

    assert [two] == [whole for whole in taken if whole is not None]
    assert assembly.lost >= 1


def test_pieces_that_together_have_no_length_of_ours_are_none() -> None:
    first = dataclasses.replace(pieces(a_transcript())[0], of=1)
    assembly = Assembly()

    assert None is assembly.take(first)
    assert 1 == assembly.lost


def test_only_a_sealed_transcript_goes_in_pieces() -> None:
    call = admit(a_call(), Retention.ZERO)
    assert isinstance(call, Writable)
    with pytest.raises(TypeError):
        pieces_of(call)

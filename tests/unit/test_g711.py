"""Mu-law by table is mu-law by the book."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telephony import g711


def by_the_book(byte: int) -> int:
    """ITU-T G.711, table 2a, written out: the value of one mu-law byte on the int16 scale."""
    inverted = byte ^ 0xFF
    chord, step = (inverted >> 4) & 7, inverted & 15
    magnitude = ((2 * step + 33) * (1 << chord) - 33) * 4
    return -magnitude if inverted & 0x80 else magnitude


def test_every_byte_decodes_as_the_book_says() -> None:
    decoded = g711.decode(bytes(range(256)))

    assert [by_the_book(byte) for byte in range(256)] == decoded.tolist()


def test_every_decoded_value_encodes_to_a_byte_of_that_value() -> None:
    decoded = g711.decode(bytes(range(256)))

    assert decoded.tolist() == g711.decode(g711.encode(decoded)).tolist()


def test_every_byte_survives_a_round_trip_but_the_second_zero() -> None:
    back = g711.encode(g711.decode(bytes(range(256))))

    assert [byte for byte in range(256) if byte != 0x7F] == [b for i, b in enumerate(back) if i != 0x7F]


def test_every_sample_encodes_as_the_reference_code_does() -> None:
    """The digest is that of audioop.lin2ulaw (CPython 3.11, the Sun reference code) over all of int16."""
    every = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)

    assert (
        "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a"
        == hashlib.sha256(g711.encode(every)).hexdigest()
    )


@given(st.integers(-32124, 32124))
def test_a_sample_is_off_by_no_more_than_half_a_step(sample: int) -> None:
    """Half a step is a thirty-third of the value; and 8 of 65536 are lost by the rounding to 14 bits."""
    coded = int(g711.decode(g711.encode(np.array([sample], np.int16)))[0])

    assert abs(coded - sample) <= 8 + abs(sample) // 32


@given(st.binary(max_size=400))
def test_lengths_are_kept(mulaw: bytes) -> None:
    assert len(mulaw) == len(g711.decode(mulaw)) == len(g711.encode(g711.decode(mulaw)))


def test_silence_is_silent() -> None:
    assert 0 == int(g711.decode(bytes([g711.SILENCE_BYTE]))[0])

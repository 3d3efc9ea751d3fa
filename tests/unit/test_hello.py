from __future__ import annotations

import ssl
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.hello import Hello, HelloReason, HelloRefused, asks_again, hello_in
from tests.unit.certificates import first_words

HOST: Final = "api.example.org"
REAL: Final = first_words(HOST)


def hello(*extensions: tuple[int, bytes], after: bytes = b"") -> bytes:
    """One in one record, with these extensions."""
    listed = b"".join(kind.to_bytes(2) + len(body).to_bytes(2) + body for kind, body in extensions)
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + len(listed).to_bytes(2) + listed
    return record(b"\x01" + len(body).to_bytes(3) + body + after)


def record(body: bytes, kind: int = 22) -> bytes:
    return bytes([kind]) + b"\x03\x01" + len(body).to_bytes(2) + body


def named(*names: bytes, kind: int = 0) -> tuple[int, bytes]:
    listed = b"".join(bytes([kind]) + len(name).to_bytes(2) + name for name in names)
    return 0, len(listed).to_bytes(2) + listed


@pytest.mark.parametrize("least", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_name_of_a_real_hello_is_read(least: ssl.TLSVersion) -> None:
    real = first_words(HOST, least)

    assert Hello(HOST, len(real)) == hello_in(real)


def test_a_real_hello_to_nobody_by_name_has_none() -> None:
    real = first_words(None)

    assert Hello(None, len(real)) == hello_in(real)


@given(st.integers(0, len(REAL) - 1))
def test_a_hello_that_is_cut_waits_for_more(cut: int) -> None:
    assert None is hello_in(REAL[:cut])


@given(st.lists(st.integers(1, 200), max_size=20))
def test_a_hello_in_several_records_is_the_same(cuts: list[int]) -> None:
    body = REAL[5:]
    pieces: list[bytes] = []
    for cut in cuts:
        pieces, body = [*pieces, body[:cut]], body[cut:]
    whole = b"".join(record(piece) for piece in [*pieces, body] if piece)

    assert Hello(HOST, len(whole)) == hello_in(whole)


def test_what_follows_a_hello_is_no_part_of_it() -> None:
    assert Hello(HOST, len(REAL)) == hello_in(REAL + b"more")


def test_capitals_are_the_same_name() -> None:
    found = hello_in(hello(named(b"API.Example.ORG")))

    assert found is not None
    assert HOST == found.name


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\n", HelloReason.NOT_TLS),
        (b"\x16\x02", HelloReason.NOT_TLS),
        (record(b"\x02\x00\x00\x01\x00"), HelloReason.NOT_TLS),
        (record(b"\x01\x00\x00\x01\x00", kind=23), HelloReason.NOT_TLS),
        (record(b"\x01\xff\xff\xff"), HelloReason.TOO_LONG),
        (record(b"\x01") * 6_000, HelloReason.TOO_LONG),
        (b"\x16\x03\x01\x00\x00", HelloReason.BROKEN),
        (b"\x16\x03\x01\xff\xff", HelloReason.BROKEN),
        (hello(named(HOST.encode()), after=b"x"), HelloReason.BROKEN),
        (hello(named(HOST.encode()), named(HOST.encode())), HelloReason.BROKEN),
        (hello(named(HOST.encode(), b"evil.example")), HelloReason.BROKEN),
        (hello(named(HOST.encode(), kind=1)), HelloReason.BROKEN),
        (hello(named(b"")), HelloReason.BROKEN),
        (hello(named(b"\xff")), HelloReason.BROKEN),
        (hello((0, b"\x00\x09\x00")), HelloReason.BROKEN),
        (hello(named(HOST.encode()), (0xFE0D, b"\x00")), HelloReason.HIDDEN),
    ],
)
def test_what_could_hide_a_name_or_is_no_hello_is_refused(said: bytes, reason: HelloReason) -> None:
    with pytest.raises(HelloRefused) as refused:
        hello_in(said)

    assert reason is refused.value.reason


@given(st.binary(max_size=400), st.integers(0, len(REAL)), st.integers(0, len(REAL)))
def test_no_bytes_break_the_reading(junk: bytes, at: int, end: int) -> None:
    for said in (junk, REAL[:at] + junk + REAL[end:]):
        try:
            found = hello_in(said)
        except HelloRefused:
            continue
        assert found is None or found.size <= len(said)


def test_a_server_that_asks_again_is_told_from_one_that_goes_on() -> None:
    again = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")

    assert asks_again(record(b"\x02\x00\x00\x30\x03\x03" + again + bytes(16)))
    assert not asks_again(record(b"\x02\x00\x00\x30\x03\x03" + bytes(48)))
    assert not asks_again(record(b"\x02\x28", kind=21))

"""A report holds only as it was signed, by the key that the officer knows, for her nonce, with every place in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from agent.proof.canary import NONCE_BYTES, canary
from agent.proof.needles import Needle
from agent.proof.page import page
from agent.proof.report import Looked, Place, Seen, objections, signed
from policies.closed import canonical
from policies.layers import Layer

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
NONCE = "ab" * 32


def body(**other: Any) -> dict[str, Any]:
    looked = [Looked(place, Seen.NOTHING, 1_000, 25, 25).to_json() for place in Place]
    return {
        "nonce": NONCE,
        "places": looked,
        "calls": {"placed": 5, "counted": 5},
        "acts": {"tried": 74, "done": []},
        "locks": ["calls", "files", "length", "ports", "rights", "swap"],
        **other,
    }


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (set(), "It went on without none of them."),
        ({Layer.HOSTS}, "It went on without: hosts.</p>"),
        ({Layer.HOSTS, Layer.PORTS}, "It went on without: ports, hosts. No lock of this process's protected: network."),
    ],
)
def test_the_page_says_what_the_line_went_on_without(lost: set[Layer], told: str) -> None:
    locks = [layer.value for layer in Layer if layer not in lost]
    machine = {"machine": {"kernel": "6.1"}}

    assert told in page(body(locks=locks, **machine), "00" * 32)


def row(place: Place, **other: Any) -> list[dict[str, Any]]:
    return [{**each, **other} if each["place"] == place.value else each for each in body()["places"]]


REPORT = signed(body(), KEY)


def test_a_report_as_it_was_signed_holds() -> None:
    assert [] == objections(REPORT, PUBLIC, NONCE)


@given(st.integers(0, len(REPORT) - 1), st.integers(1, 255))
def test_one_byte_altered_anywhere_is_refused(at: int, by: int) -> None:
    altered = REPORT[:at] + bytes([REPORT[at] ^ by]) + REPORT[at + 1 :]

    assert objections(altered, PUBLIC, NONCE)


def test_every_byte_counts() -> None:
    assert all(objections(REPORT[:at] + REPORT[at + 1 :], PUBLIC, NONCE) for at in range(len(REPORT)))


def test_the_same_words_in_other_bytes_are_another_report() -> None:
    assert objections(json.dumps(json.loads(REPORT), indent=1).encode(), PUBLIC, NONCE)


def test_another_key_or_an_old_nonce_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    assert ["the signature is not of this key over these bytes"] == objections(REPORT, other, NONCE)
    assert ["the nonce is not yours: it may be an old report"] == objections(REPORT, PUBLIC, "cd" * 32)
    assert objections(REPORT, b"", NONCE)


@pytest.mark.parametrize("place", Place)
def test_a_place_left_out_found_or_badly_searched_is_named(place: Place) -> None:
    left_out = [each for each in body()["places"] if each["place"] != place.value]
    for places in (
        left_out,
        row(place, seen=Seen.FOUND.value),
        row(place, hits=["name: utf-8"]),
        row(place, forms=24),
        row(place, forms=10, planted=10),
        row(place, forms=True, planted=True),
        row(place, seen=Seen.NOT_EXAMINED.value),
        row(place, seen="fine"),
    ):
        found = objections(signed(body(places=places), KEY), PUBLIC, NONCE)
        assert [place.value] == [each.partition(":")[0] for each in found]


def test_what_was_not_examined_may_stand_with_its_reason() -> None:
    places = row(Place.SWAP, seen=Seen.NOT_EXAMINED.value, why="needs root", forms=0, planted=0)

    assert [] == objections(signed(body(places=places), KEY), PUBLIC, NONCE)


@pytest.mark.parametrize(
    "other",
    [
        {"calls": {"placed": 5, "counted": 0}},
        {"calls": {"placed": 50, "counted": 1}},
        {"locks": []},
        {"locks": ["calls", "length"]},
        {"places": [{**each, "size": 0} for each in body()["places"]]},
        {"places": [{**each, "seen": Seen.NOT_EXAMINED.value, "why": "so"} for each in body()["places"]]},
        {"calls": None},
        {"acts": {"tried": 74, "done": ["datagrams"]}},
        {"acts": {"tried": 3, "done": []}},
        {"acts": []},
        {"places": "all fine"},
        {"places": [1]},
    ],
)
def test_a_report_without_calls_acts_or_places_is_refused(other: dict[str, Any]) -> None:
    assert objections(signed(body(**other), KEY), PUBLIC, NONCE)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_check(data: bytes) -> None:
    assert ["this is no report of a proof"] == objections(data, PUBLIC, NONCE)


def test_a_canary_follows_from_the_nonce_alone_and_has_only_long_needles() -> None:
    one, same, next_ = canary(bytes(NONCE_BYTES), 1), canary(bytes(NONCE_BYTES), 1), canary(bytes(NONCE_BYTES), 2)

    assert list(one.texts()) == list(same.texts()) != list(next_.texts())
    assert list(one.texts()) != list(canary(b"\1" * NONCE_BYTES, 1).texts())
    assert all(len(Needle(name, text).text()) >= 5 for name, text in one.texts())
    assert "Canary(1)" == repr(one)
    assert one.name in one.sentence()
    assert canonical({"b": 1, "a": "\xe9"}) == b'{"a":"\\u00e9","b":1}'


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        canary(b"short", 1)

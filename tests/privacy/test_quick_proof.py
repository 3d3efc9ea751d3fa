"""The quick proof: the service as it is deployed, a canary call, and a search of every place; signed, and checked."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.proof.canary import NONCE_BYTES, canary
from agent.proof.page import page
from agent.proof.report import Place, Seen, objections, signed
from agent.proof.run import proven

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("proof"), pytest.mark.timeout(400)]

NEEDS_ROOT = {Place.LINE_MEMORY.value}


@pytest.fixture(scope="module", name="nonce")
def _nonce() -> bytes:
    return secrets.token_bytes(NONCE_BYTES)


@pytest.fixture(scope="module", name="body")
def _body(nonce: bytes) -> dict[str, Any]:
    return asyncio.run(proven(nonce, 1, lambda _: None))


def test_nothing_of_a_canary_is_anywhere_and_the_report_holds(nonce: bytes, body: dict[str, Any]) -> None:
    key = Ed25519PrivateKey.generate()

    assert [] == [(row["place"], row["hits"]) for row in body["places"] if row["hits"]]
    assert [] == objections(signed(body, key), key.public_key().public_bytes_raw(), nonce.hex())


def test_the_canary_was_heard_and_spoken_back_and_every_place_was_looked_at(body: dict[str, Any]) -> None:
    left_out = {row["place"] for row in body["places"] if row["seen"] == Seen.NOT_EXAMINED.value}

    assert {"placed": 1, "counted": 1} == body["calls"]
    assert left_out <= (set() if os.geteuid() == 0 else NEEDS_ROOT) | {Place.SWAP.value, Place.SOCKETS.value}
    assert body["acts"]["tried"] >= 40


def test_a_decoy_was_found_in_every_form_in_every_place_that_was_looked_at(body: dict[str, Any]) -> None:
    rows = [row for row in body["places"] if row["seen"] != Seen.NOT_EXAMINED.value]

    assert [] == [row["place"] for row in rows if not row["forms"] == row["planted"] >= 100]


def test_the_report_and_its_page_hold_nothing_of_the_canary(nonce: bytes, body: dict[str, Any]) -> None:
    told = page(body, "00" * 32) + str(body)

    assert [] == [name for name, text in canary(nonce, 1).texts() if text in told]

"""A digest of who called is found, whatever made it."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest

from agent.proof.digests import ALGORITHMS, Digests
from policies.records import ref_of

SID = "CA0123456789abcdef0123456789abcdef"
DIGESTS = Digests([SID, "+12125550142"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_ref_that_is_a_digest_of_the_call_sid_is_found(algorithm: str) -> None:
    digest = hashlib.new(algorithm, SID.encode()).digest()

    assert DIGESTS.inside(f'{{"ref":"{ref_of(digest[:16])}"}}'.encode())


@pytest.mark.parametrize(
    "held",
    [
        b"caller=" + hashlib.sha256(b"+12125550142").hexdigest().encode(),
        b"caller:" + hashlib.sha1(b"2125550142", usedforsecurity=False).hexdigest().upper().encode(),
        b"k" + base64.b64encode(hashlib.sha512(b"12125550142").digest()),
        b"id " + hashlib.md5(b"2125550142", usedforsecurity=False).hexdigest()[:16].encode(),
    ],
    ids=["as sent", "digits in capitals", "with something before it", "eight bytes of it"],
)
def test_a_digest_of_her_number_is_found(held: bytes) -> None:
    assert DIGESTS.inside(held)


def test_other_numbers_digests_and_random_refs_are_not() -> None:
    other = hashlib.sha256(b"+12125550143").hexdigest()
    refs = "\n".join(ref_of(os.urandom(16)) for _ in range(5_000))

    assert not DIGESTS.inside(f"{other}\n{refs}".encode())

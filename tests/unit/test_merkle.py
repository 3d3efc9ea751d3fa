"""The log's tree is RFC 6962's, and its proofs hold for what is there and for nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.merkle import (
    EMPTY,
    Growing,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# The test vectors of Certificate Transparency's reference implementation: eight entries and the tree head of each
# beginning of them.
ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES]
HEADS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def in_hex(proof: tuple[bytes, ...]) -> list[str]:
    return [each.hex() for each in proof]


@pytest.mark.parametrize("size", range(9))
def test_the_head_of_each_size_is_the_reference_s(size: int) -> None:
    assert HEADS[size] == root(LEAVES[:size]).hex()


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_proof_of_an_entry_is_the_reference_s(index: int, size: int) -> None:
    assert INCLUSION[index, size] == in_hex(inclusion_proof(LEAVES[:size], index))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_proof_of_growth_is_the_reference_s(old: int, new: int) -> None:
    assert CONSISTENCY[old, new] == in_hex(consistency_proof(LEAVES[:new], old))


def test_a_leaf_never_passes_for_a_node() -> None:
    assert leaf_hash(LEAVES[0] + LEAVES[1]) != node_hash(LEAVES[0], LEAVES[1])


def test_what_the_log_never_held_has_no_proof() -> None:
    for index in (-1, 8):
        with pytest.raises(IndexError):
            inclusion_proof(LEAVES, index)
    for old in (-1, 9):
        with pytest.raises(IndexError):
            consistency_proof(LEAVES, old)


entries = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


@given(entries, st.data())
def test_every_entry_is_proven_and_no_other_in_its_place(lines: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(line) for line in lines]
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, head = inclusion_proof(leaves, index), root(leaves)

    assert verify_inclusion(leaves[index], index, len(leaves), proof, head)
    assert not verify_inclusion(leaf_hash(b"no entry of these"), index, len(leaves), proof, head)
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), proof, head)
    assert not verify_inclusion(leaves[index], index, len(leaves), [*proof, head], head)
    for other in range(len(leaves)):
        if leaves[other] != leaves[index]:
            assert not verify_inclusion(leaves[index], other, len(leaves), proof, head)


@given(entries, st.data())
def test_a_log_that_grew_is_told_from_one_that_was_rewritten(lines: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(line) for line in lines]
    old = data.draw(st.integers(0, len(leaves)))
    proof = consistency_proof(leaves, old)
    before, after = root(leaves[:old]), root(leaves)

    assert verify_consistency(old, len(leaves), proof, before, after)
    assert not verify_consistency(len(leaves) + 1, len(leaves), proof, before, after)
    assert not verify_consistency(old, len(leaves), [*proof, EMPTY], before, after)
    if old:
        place = data.draw(st.integers(0, old - 1))
        rewritten = [*leaves[:place], leaf_hash(b"another history"), *leaves[place + 1 :]]
        assert not verify_consistency(old, len(leaves), proof, root(rewritten[:old]), after)
        assert not verify_consistency(old, len(leaves), consistency_proof(rewritten, old), before, root(rewritten))


@given(entries, st.data())
def test_a_proof_with_one_bit_changed_proves_nothing(lines: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(line) for line in [b"first", b"second", *lines]]
    index, old = data.draw(st.integers(0, len(leaves) - 1)), data.draw(st.integers(1, len(leaves) - 1))
    place, bit = data.draw(st.integers(0, 31)), 1 << data.draw(st.integers(0, 7))

    def bent(proof: tuple[bytes, ...]) -> list[bytes]:
        which = data.draw(st.integers(0, len(proof) - 1))
        each = proof[which]
        return [*proof[:which], each[:place] + bytes([each[place] ^ bit]) + each[place + 1 :], *proof[which + 1 :]]

    included, grown = inclusion_proof(leaves, index), consistency_proof(leaves, old)
    assert not verify_inclusion(leaves[index], index, len(leaves), bent(included), root(leaves))
    assert not verify_consistency(old, len(leaves), bent(grown), root(leaves[:old]), root(leaves))


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_a_log_read_entry_by_entry_has_the_same_head(lines: list[bytes]) -> None:
    growing = Growing()
    for size, line in enumerate(lines):
        assert (size, root([leaf_hash(each) for each in lines[:size]])) == (growing.size, growing.root)
        growing.add(leaf_hash(line))
    assert root([leaf_hash(each) for each in lines]) == growing.root

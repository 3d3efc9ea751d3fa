"""A log nobody can rewrite unseen: the Merkle tree of RFC 6962, section 2.1.

leaves = [leaf_hash(line) for line in lines]            # what stands in the log, in order
root(leaves)                                            # one hash that stands for all of them
verify_inclusion(leaf, index, size, proof, head)        # this entry is in that log
verify_consistency(old, new, proof, old_root, new_root) # that log only grew since then

Hashes are SHA-256, 32 bytes; a leaf's begins with 0x00, a node's with 0x01, so that neither passes for the other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()  # the root of a log without entries (RFC 6962, 2.1)


def leaf_hash(entry: bytes) -> bytes:
    """What stands for one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """What stands for two halves."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Growing:
    """The root of a log that is read or written one entry after the other, in memory of its logarithm."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # whole subtrees (leaves, root), from left to right, ever smaller
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """leaf: a `leaf_hash`."""
        self.size += 1
        leaves, top = 1, leaf
        while self._peaks and self._peaks[-1][0] == leaves:
            _, left = self._peaks.pop()
            leaves, top = 2 * leaves, node_hash(left, top)
        self._peaks.append((leaves, top))

    def copy(self) -> Growing:
        """Grows on its own."""
        other = Growing()
        other._peaks, other.size = list(self._peaks), self.size
        return other

    @property
    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY
        top = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            top = node_hash(left, top)
        return top


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of these leaf hashes."""
    growing = Growing()
    for leaf in leaves:
        growing.add(leaf)
    return growing.root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of one entry (2.1.1), from the leaf up.  Raises `IndexError` where there is no such entry."""
    if not 0 <= index < len(leaves):
        raise IndexError("there is no such entry")
    path: list[bytes] = []
    low, high = 0, len(leaves)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low = middle
    return tuple(reversed(path))


def consistency_proof(leaves: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """That the first `old` entries are still the beginning (2.1.2).  Raises `IndexError` unless 0 <= old <= size.

    Empty for a log that was empty or has not grown.
    """
    if not 0 <= old <= len(leaves):
        raise IndexError("the log never had that size")
    if old in (0, len(leaves)):
        return ()
    path: list[bytes] = []
    low, high, known = 0, len(leaves), True
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(root(leaves[middle:high]))
            high = middle
        else:
            path.append(root(leaves[low:middle]))
            low, known = middle, False
    if not known:
        path.append(root(leaves[low:high]))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Is the leaf the index-th entry of the log with this head?  Reads the proof as RFC 9162, 2.1.3.2 does."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for beside in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(beside, found)
            while place and place % 2 == 0:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, head)


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Did the log of `new` entries grow out of that of `old`?  Reads the proof as RFC 9162, 2.1.4.2 does."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not proof and old_root == EMPTY
    if old == new:
        return not proof and hmac.compare_digest(old_root, new_root)
    whole = old & (old - 1) == 0
    path = [old_root, *proof] if whole else list(proof)
    if not path:
        return False
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            before, after = node_hash(beside, before), node_hash(beside, after)
            while place and place % 2 == 0:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and hmac.compare_digest(before, old_root) and hmac.compare_digest(after, new_root)


def _split(size: int) -> int:
    """The largest power of two below the size, which is at least 2."""
    return 1 << (size - 1).bit_length() - 1

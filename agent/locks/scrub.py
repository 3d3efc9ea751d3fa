"""Is freed memory overwritten?  Found out by looking, as a C library that ignores the tunables says nothing.

glibc leaves up to the last eight bytes of a block as they are: `perturb` fills two words less than the chunk holds.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

MARK: Final = 0x3C
RUN: Final = bytes([MARK]) * 8
"""So many in a row were left.  One alone may be part of an address: the block may have been handed out again since."""
SIZES: Final = (112, 1_000, 20_000)
"""One for each way in which glibc frees: fast bins, unsorted chunks, large ones.  Above 128 kB pages are given back."""
EDGE: Final = 32  # what the library itself writes into a chunk that it holds, and the eight bytes at its end
OBJECT: Final = 99
OBJECT_HEAD: Final = 32  # of a `bytes` before what it holds


def freed_is_overwritten() -> bool:
    """For the C library's memory and for Python's objects."""
    libc: Any = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    return all(_overwritten(libc, size) for size in SIZES) and _object_overwritten()


def is_left(memory: bytes) -> bool:
    """Does what was written there before it was freed still stand in this?"""
    return RUN in memory


def _overwritten(libc: Any, size: int) -> bool:
    seen = ctypes.create_string_buffer(size)  # made before: what is read must not be taken for what it is read into
    into = ctypes.addressof(seen)
    block, after = libc.malloc(size), libc.malloc(EDGE)  # what stands after it keeps its pages from being given back
    ctypes.memset(block, MARK, size)
    libc.free(block)
    ctypes.memmove(into, block, size)
    libc.free(after)
    return not is_left(seen.raw[EDGE : size - EDGE])


def _object_overwritten() -> bool:
    """A small object: from Python's arenas, unless every object comes from the C library."""
    seen = ctypes.create_string_buffer(OBJECT)
    into = ctypes.addressof(seen)
    made = bytes([MARK]) * OBJECT
    place = id(made)
    del made
    ctypes.memmove(into, place + OBJECT_HEAD, OBJECT)
    return not is_left(seen.raw)

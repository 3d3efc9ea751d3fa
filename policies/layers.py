"""The kernel's locks, as what each protects, and which of them give each kind of protection.  Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Set
from types import MappingProxyType
from typing import Final


class Layer(enum.Enum):
    """One lock; the value is what an operator names to go on without it."""

    DUMPS = "dumps"
    """No core dump and no debugger of the same user.  Without it nothing starts."""
    LENGTH = "length"
    """No file grows: RLIMIT_FSIZE is 0."""
    RIGHTS = "rights"
    """No program and no file gives new rights."""
    FILES = "files"
    """Landlock: files can be read where the line must, and nowhere be written."""
    PORTS = "ports"
    """Landlock, ABI 4: no TCP port but those named is reached, none opened."""
    HOSTS = "hosts"
    """No other machine is reached: a namespace without routes, or a filter of the unit's or the machine's."""
    CALLS = "calls"
    """seccomp: see `agent.locks.filters`."""
    SWAP = "swap"
    """No memory of this process goes to a disk: it is locked, or swap is impossible, not merely absent."""
    SCRUB = "scrub"
    """Freed memory is overwritten at once."""


class Protection(enum.Enum):
    """What must not happen to a caller's words.  The value is what an operator names to do without it altogether."""

    FILES = "files"
    NETWORK = "network"
    DUMPS = "dumps"
    SWAP = "swap"


GIVEN_BY: Final[Mapping[Protection, frozenset[Layer]]] = MappingProxyType(
    {
        # seccomp refuses to open a file for writing, and what makes, renames or removes one
        Protection.FILES: frozenset({Layer.FILES, Layer.CALLS}),
        # seccomp sees no address: it closes every way out but TCP, and so none alone
        Protection.NETWORK: frozenset({Layer.PORTS, Layer.HOSTS}),
        Protection.DUMPS: frozenset({Layer.DUMPS}),
        Protection.SWAP: frozenset({Layer.SWAP}),
    }
)
"""One of these is enough."""


def unprotected(held: Set[Layer]) -> tuple[Protection, ...]:
    """The kinds of protection that none of these locks gives."""
    return tuple(kind for kind, layers in GIVEN_BY.items() if not layers & held)

"""The kernel's locks, as what each protects."""

from __future__ import annotations

import enum


class Layer(enum.Enum):
    """One lock; the value is what an operator names to go on without it."""

    LENGTH = "length"
    """No file grows: RLIMIT_FSIZE is 0."""
    RIGHTS = "rights"
    """No program and no file gives new rights."""
    FILES = "files"
    """Landlock: files can be read where the line must, and nowhere be written."""
    PORTS = "ports"
    """Landlock, ABI 4: no TCP port but those named is reached, none opened."""
    CALLS = "calls"
    """seccomp: see `agent.locks.filters`."""
    SWAP = "swap"
    """No memory of this process goes to a disk: it is locked, or the machine has no swap."""

"""Locks the line's process down before the first model loads.

Called once, by the only thread there is: a thread that runs before the kernel's locks are set is not held by all of
them.  The order is that of what depends on what:

1. one thread, or refused
2. nothing inherited that can be written to but pipes, sockets and /dev/null; standard output is a pipe
3. no core dump, no debugger of the same user
4. (next) file sizes of zero, no new privileges, Landlock, seccomp, locked memory
5. (next) the proof: each forbidden act is tried and must fail
"""

from __future__ import annotations

import ctypes
import enum
import fcntl
import os
import resource
import stat
from pathlib import Path
from typing import Final

PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>
PR_GET_DUMPABLE: Final = 3
STDOUT: Final = 1


class ConfineReason(enum.Enum):
    """Why the process may not hear patients; closed, counted by the metrics."""

    THREADS = "threads"
    STDOUT = "stdout"
    WRITABLE_FILE = "writable_file"
    CORE_DUMPS = "core_dumps"


class ConfineFailed(Exception):
    """A lock could not be set."""

    def __init__(self, reason: ConfineReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def confine() -> None:
    """Raises `ConfineFailed`; then the process must end."""
    if thread_count() != 1:
        raise ConfineFailed(ConfineReason.THREADS)
    if not stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        raise ConfineFailed(ConfineReason.STDOUT)
    if writable_files():
        raise ConfineFailed(ConfineReason.WRITABLE_FILE)
    forbid_core_dumps()


def thread_count() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def writable_files() -> list[int]:
    """Open descriptors through which bytes could reach a disk."""
    return [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if _is_writable_file(int(entry.name))]


def forbid_core_dumps() -> None:
    """Both, as a core_pattern that is a pipe ignores the limit (core(5))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise ConfineFailed(ConfineReason.CORE_DUMPS)


def _is_writable_file(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
        access = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:  # the descriptor that the listing itself used
        return False
    return (stat.S_ISREG(mode) or stat.S_ISBLK(mode)) and access != os.O_RDONLY

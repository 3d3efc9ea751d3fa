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
import os
import resource
import stat
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
    return len(os.listdir("/proc/self/task"))


def writable_files() -> list[int]:
    """Open descriptors through which bytes could reach a disk."""
    return [int(name) for name in os.listdir("/proc/self/fd") if _is_writable_file(int(name))]


def forbid_core_dumps() -> None:
    """Both, as a core_pattern that is a pipe ignores the limit (core(5))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 or libc.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise ConfineFailed(ConfineReason.CORE_DUMPS)


def _is_writable_file(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
        flags = _flags(descriptor)
    except OSError:  # the descriptor that the listing itself used
        return False
    on_disk = stat.S_ISREG(mode) or stat.S_ISBLK(mode) or stat.S_ISDIR(mode)
    return on_disk and flags & os.O_ACCMODE != os.O_RDONLY


def _flags(descriptor: int) -> int:
    with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as info:  # noqa: PTH123  # read only, of ourselves
        text = info.read()
    return int(text.split("flags:", 1)[1].split(None, 1)[0], 8)

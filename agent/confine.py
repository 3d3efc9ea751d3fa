"""Locks the line's process down before the first model loads.

Called once, by the only thread there is: a thread that runs before the kernel's locks are set is not held by all of
them.  The order is that of what depends on what:

1. one thread, or refused
2. nothing inherited that can be written to but pipes, sockets and /dev/null; standard output is a pipe
3. no core dump, no debugger of the same user; files of no length; no new privileges
4. Landlock (`agent/locks/landlock.py`): what may be read, which ports may be reached
5. seccomp (`agent/locks/filters.py`): what Landlock leaves open
6. memory that is never swapped
7. the proof (`prove`): each forbidden act is tried and must fail, here and, once there are pools, in their threads

What of 4 to 6 a kernel or a user's rights do not give is told as missing; whether to go on without is not decided here.
"""

from __future__ import annotations

import enum
import fcntl
import os
import resource
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.locks import filters, kernel, landlock, probes
from agent.locks.filters import PR_SET_DUMPABLE
from agent.locks.syscalls import MachineUnknown, this_machine
from policies.layers import Layer

STDOUT: Final = 1
SECCOMP_FILTERED: Final = 2  # SECCOMP_MODE_FILTER, proc(5)
CAP_IPC_LOCK: Final = 14  # <linux/capability.h>


class ConfineReason(enum.Enum):
    """Why the process may not hear patients; closed, counted by the metrics."""

    THREADS = "threads"
    STDOUT = "stdout"
    WRITABLE_FILE = "writable_file"
    CORE_DUMPS = "core_dumps"
    LOOSE = "loose"
    """A forbidden act was not refused, or a thread is not held."""


class ConfineFailed(Exception):
    """A lock could not be set."""

    def __init__(self, reason: ConfineReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Locks:
    """What holds this process."""

    held: frozenset[Layer]

    @property
    def missing(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in Layer if layer not in self.held)


def confine(readable: Iterable[str] = ("/",), ports: Iterable[int] = (), listable: Iterable[str] = ()) -> Locks:
    """Raises `ConfineFailed`; then the process must end.

    readable, listable: files and folders that may be read from now on, and folders whose names may be.
    ports: TCP ports that may be connected to.
    """
    if thread_count() != 1:
        raise ConfineFailed(ConfineReason.THREADS)
    if not stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        raise ConfineFailed(ConfineReason.STDOUT)
    if writable_files():
        raise ConfineFailed(ConfineReason.WRITABLE_FILE)
    forbid_core_dumps()
    held = set()
    if forbid_length():
        held.add(Layer.LENGTH)
    if _done(lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)):
        held.add(Layer.RIGHTS)
        if _done(lambda: landlock.restrict(readable, ports, listable)):
            held.add(Layer.FILES)
            if landlock.abi() >= landlock.PORTS_ABI:
                held.add(Layer.PORTS)
        if _lock_memory():  # before the filter, which lets no limit be changed
            held.add(Layer.SWAP)
        if _filter():
            held.add(Layer.CALLS)
    return Locks(frozenset(held))


def prove(locks: Locks) -> tuple[str, ...]:
    """The acts that this thread could do, though a lock that forbids them is held."""
    return probes.done(locks.held)


def forbidden(locks: Locks) -> int:
    """How many kinds of act these locks forbid: so many does `prove` try."""
    return sum(bool(act.locks & locks.held) for act in probes.ACTS)


def loose_threads() -> int:
    """Threads of this process, those of libraries included, that the filter or the loss of rights does not hold."""
    return sum(not _holds(task) for task in Path("/proc/self/task").iterdir())


def thread_count() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


def writable_files() -> list[int]:
    """Open descriptors through which bytes could reach a disk."""
    return [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if _is_writable_file(int(entry.name))]


def forbid_core_dumps() -> None:
    """Both, as a core_pattern that is a pipe ignores the limit (core(5))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not _done(lambda: kernel.prctl(PR_SET_DUMPABLE, 0)) or kernel.prctl(kernel.PR_GET_DUMPABLE) != 0:
        raise ConfineFailed(ConfineReason.CORE_DUMPS)


def forbid_length() -> bool:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_FSIZE) == (0, 0)


def _holds(task: Path) -> bool:
    try:
        lines = (task / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return True
    return {"NoNewPrivs:\t1", f"Seccomp:\t{SECCOMP_FILTERED}"} <= set(lines)


def _done(lock: Callable[[], object]) -> bool:
    try:
        lock()
    except OSError:
        return False
    return True


def _filter() -> bool:
    try:
        kernel.filter_calls(filters.program(this_machine()))
    except (OSError, MachineUnknown):
        return False
    return True


def _lock_memory() -> bool:
    """Without the right to lock all, a later allocation would fail: then only a machine without swap will do."""
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if (unlimited or _has_right(CAP_IPC_LOCK)) and _done(kernel.lock_memory):
        return True
    return len(Path("/proc/swaps").read_text().splitlines()) <= 1


def _has_right(capability: int) -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> capability & 1)


def _is_writable_file(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
        access = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:  # the descriptor that the listing itself used
        return False
    return (stat.S_ISREG(mode) or stat.S_ISBLK(mode)) and access != os.O_RDONLY

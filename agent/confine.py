"""Locks the line's process down before the first model loads.

Called once, by the only thread there is: a thread that runs before the kernel's locks are set is not held by all of
them.  The order is that of what depends on what:

1. one thread, or refused
2. nothing inherited but what is named here (`strange`); standard output is a pipe
3. no core dump, no debugger of the same user; files of no length; no new privileges
4. Landlock (`agent/locks/landlock.py`): what may be read, which ports may be reached
5. seccomp (`agent/locks/filters.py`): what Landlock leaves open
6. memory that is never swapped
7. looked at, not set: freed memory is overwritten (`agent/locks/scrub.py`); no other machine is reached
   (`agent/locks/outside.py`)
8. the proof (`prove`): each forbidden act is tried and must fail, here and, once there are pools, in their threads

What of 4 to 6 a kernel or a user's rights do not give is told as missing; whether to go on without is not decided here.
"""

from __future__ import annotations

import enum
import fcntl
import os
import resource
import socket
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.locks import filters, kernel, landlock, outside, probes
from agent.locks.filters import PR_SET_DUMPABLE
from agent.locks.scrub import freed_is_overwritten
from agent.locks.syscalls import MachineUnknown, this_machine
from policies.layers import Layer

STDOUT: Final = 1
STANDARD: Final = frozenset({0, 1, 2})
DEVICES: Final = frozenset({(1, 3), (1, 5), (1, 8), (1, 9)})
"""/dev/null, zero, random and urandom (Linux's Documentation/admin-guide/devices.txt): they keep and tell nothing."""
SECCOMP_FILTERED: Final = 2  # SECCOMP_MODE_FILTER, proc(5)
CAP_IPC_LOCK: Final = 14  # <linux/capability.h>


class ConfineReason(enum.Enum):
    """Why the process may not hear patients; closed, counted by the metrics."""

    THREADS = "threads"
    STDOUT = "stdout"
    WRITABLE_FILE = "writable_file"
    DEVICE = "device"
    """A terminal, a disk or another device was inherited."""
    CHANNEL = "channel"
    """A pipe or a socket to another process was inherited, beside the standard ones and what listens."""
    CORE_DUMPS = "core_dumps"
    LOOSE = "loose"
    """A forbidden act was not refused, or a thread is not held."""


class ConfineFailed(Exception):
    """A lock could not be set."""

    def __init__(self, reason: ConfineReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Swap(enum.Enum):
    """Why memory does not go to a disk, or that it may."""

    LOCKED = "locked"
    """It is locked, all of it and what is to come."""
    IMPOSSIBLE = "impossible"
    """The kernel has no swap, or the control group may not use it."""
    NONE_NOW = "none now"
    """There is none, and whoever administers the machine may add some at any time: no protection."""
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Locks:
    """What holds this process."""

    held: frozenset[Layer]
    swap: Swap = Swap.POSSIBLE

    @property
    def missing(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in Layer if layer not in self.held)


def confine(
    readable: Iterable[str] = ("/",),
    ports: Iterable[int] = (),
    listable: Iterable[str] = (),
    *,
    ask_outside: bool = False,
) -> Locks:
    """Raises `ConfineFailed`; then the process must end.

    readable, listable: files and folders that may be read from now on, and folders whose names may be.
    ports: TCP ports that may be connected to.
    ask_outside: see `agent.locks.outside.closed`.
    """
    if thread_count() != 1:
        raise ConfineFailed(ConfineReason.THREADS)
    if not stat.S_ISFIFO(os.fstat(STDOUT).st_mode):
        raise ConfineFailed(ConfineReason.STDOUT)
    if found := strange():
        raise ConfineFailed(found)
    forbid_core_dumps()
    held = {Layer.DUMPS}
    if freed_is_overwritten():
        held.add(Layer.SCRUB)
    if outside.closed(say_a_word=ask_outside):
        held.add(Layer.HOSTS)
    swap = Swap.POSSIBLE
    if forbid_length():
        held.add(Layer.LENGTH)
    if _done(lambda: kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)):
        held.add(Layer.RIGHTS)
        if _done(lambda: landlock.restrict(readable, ports, listable)):
            held.add(Layer.FILES)
            if landlock.abi() >= landlock.PORTS_ABI:
                held.add(Layer.PORTS)
        swap = lock_memory()  # before the filter, which lets no limit be changed
        if swap in (Swap.LOCKED, Swap.IMPOSSIBLE):
            held.add(Layer.SWAP)
        if _filter():
            held.add(Layer.CALLS)
    return Locks(frozenset(held), swap)


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


def strange() -> ConfineReason | None:
    """What is inherited and may not be: only the three standard descriptors may lead to another process."""
    for entry in Path("/proc/self/fd").iterdir():
        found = _strange(int(entry.name))
        if found is not None:
            return found
    return None


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
        kernel.filter_calls(filters.program(this_machine(), os.getpid()))
    except (OSError, MachineUnknown):
        return False
    return True


def lock_memory() -> Swap:
    """Without the right to lock all, a later allocation would fail: then nothing is locked."""
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if (unlimited or _has_right(CAP_IPC_LOCK)) and _done(kernel.lock_memory) and _locked_kilobytes() > 0:
        return Swap.LOCKED
    return swap_of()


def swap_of(roots: Path = Path("/")) -> Swap:
    """What the machine and this process's control group say of swap.  roots: where /proc and /sys are, for tests."""
    swaps = roots / "proc/swaps"
    if _group_forbids_swap(roots):
        return Swap.IMPOSSIBLE
    if not swaps.exists():  # a kernel without swap; or /proc is hidden, as by ProcSubset=pid, and nothing is known
        return Swap.IMPOSSIBLE if (roots / "proc/meminfo").exists() else Swap.POSSIBLE
    return Swap.NONE_NOW if len(swaps.read_text().splitlines()) <= 1 else Swap.POSSIBLE


def _group_forbids_swap(roots: Path) -> bool:
    """memory.swap.max of 0 in the group or in one above it (the kernel's cgroup-v2.rst)."""
    groups = [row[3:] for row in _lines(roots / "proc/self/cgroup") if row.startswith("0::/")]
    if not groups:
        return False
    top = roots / "sys/fs/cgroup"
    own = top / groups[0].lstrip("/")
    above = (own, *(each for each in own.parents if each.is_relative_to(top)))
    return any(_lines(each / "memory.swap.max") == ["0"] for each in above)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _locked_kilobytes() -> int:
    return int(_status("VmLck").split()[0])


def _has_right(capability: int) -> bool:
    return bool(int(_status("CapEff"), 16) >> capability & 1)


def _status(name: str) -> str:
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(row.partition(":")[2].strip() for row in rows if row.startswith(f"{name}:"))


def _strange(descriptor: int) -> ConfineReason | None:
    try:
        found = os.fstat(descriptor)
        access = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:  # the descriptor that the listing itself used
        return None
    kind = found.st_mode
    if stat.S_ISREG(kind) and access != os.O_RDONLY:
        return ConfineReason.WRITABLE_FILE
    if stat.S_ISBLK(kind) or (stat.S_ISCHR(kind) and _device(found) not in DEVICES):
        return ConfineReason.DEVICE
    if descriptor not in STANDARD and (stat.S_ISFIFO(kind) or (stat.S_ISSOCK(kind) and not _listens(descriptor))):
        return ConfineReason.CHANNEL
    return None


def _device(found: os.stat_result) -> tuple[int, int]:
    return os.major(found.st_rdev), os.minor(found.st_rdev)


def _listens(descriptor: int) -> bool:
    """For TCP; any other socket that was inherited leads somewhere."""
    with socket.socket(fileno=os.dup(descriptor)) as each:
        inet = each.family in (socket.AF_INET, socket.AF_INET6)
        return inet and bool(each.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))

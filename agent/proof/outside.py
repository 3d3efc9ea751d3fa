"""What can be seen of the line's locks from outside it: its own word alone would be no proof.

Read from /proc, by another process; and tried as another user: to read its memory, to read its environment, to stop it.
"""

from __future__ import annotations

import ctypes
import enum
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NOBODY: Final = 65_534
CAP_SYS_PTRACE, CAP_SYS_ADMIN = 19, 21  # <linux/capability.h>
PTRACE_ATTACH: Final = 16  # <sys/ptrace.h>
HELD: Final = {"NoNewPrivs:\t1", "Seccomp:\t2"}
NO_BYTES: Final = ("Max file size", "Max core file size")


@dataclass(frozen=True, slots=True)
class Outside:
    """The line as others see it."""

    threads: int
    held: int
    """Threads that may gain no rights and are under a seccomp filter."""
    limits: int
    """Of `NO_BYTES`, those that are 0."""
    writable: int
    """Open descriptors through which bytes could reach a file or a disk."""
    swapped_kb: int
    tried: tuple[str, ...]
    """What another user tried."""
    done: tuple[str, ...]
    """What of it was possible."""

    def to_json(self) -> dict[str, Any]:
        return {
            "threads": self.threads,
            "held": self.held,
            "limits": self.limits,
            "writable": self.writable,
            "swapped_kb": self.swapped_kb,
            "tried": list(self.tried),
            "done": list(self.done),
        }


def may_watch() -> bool:
    """Have we the rights to look everywhere?  Root in a container often hasn't."""
    status = Path("/proc/self/status").read_text().splitlines()
    effective = int(next(line for line in status if line.startswith("CapEff:")).split()[1], 16)
    return all(effective >> right & 1 for right in (CAP_SYS_PTRACE, CAP_SYS_ADMIN))


def seen(pid: int) -> Outside | None:
    """None where our rights don't allow it: the line is not dumpable, and so not even its own user's to read."""
    process = Path(f"/proc/{pid}")
    try:
        statuses = [(task / "status").read_text().splitlines() for task in (process / "task").iterdir()]
        limits = (process / "limits").read_text().splitlines()
        writable = sum(_writes(process, entry.name) for entry in (process / "fd").iterdir())
    except OSError:
        return None
    swapped = next((int(line.split()[1]) for line in statuses[0] if line.startswith("VmSwap:")), 0)
    bounds = sum(line.startswith(NO_BYTES) and line.split()[-3:-1] == ["0", "0"] for line in limits)
    acts = acts_of_another_user(pid) if os.geteuid() == 0 else {}
    results = {name: _as_nobody(act) for name, act in acts.items()}
    tried = tuple(name for name, result in results.items() if result is not _Act.NOT_TRIED)
    done = tuple(name for name, result in results.items() if result is _Act.DONE)
    return Outside(
        len(statuses),
        sum(set(lines) >= HELD for lines in statuses),
        bounds,
        writable,
        swapped,
        tried,
        done,
    )


def _writes(process: Path, descriptor: str) -> bool:
    try:
        status = (process / "fd" / descriptor).stat()
        flags = next(
            line.split()[1] for line in (process / "fdinfo" / descriptor).read_text().splitlines() if "flags:" in line
        )
    except OSError:  # closed meanwhile
        return False
    on_a_disk = stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode)
    return on_a_disk and int(flags, 8) & os.O_ACCMODE != os.O_RDONLY


def acts_of_another_user(pid: int) -> dict[str, Callable[[], object]]:
    libc = ctypes.CDLL(None, use_errno=True)

    def attach() -> None:
        if libc.ptrace(PTRACE_ATTACH, pid, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    return {
        "read its memory": lambda: os.close(os.open(f"/proc/{pid}/mem", os.O_RDONLY)),
        "read its environment": lambda: Path(f"/proc/{pid}/environ").read_bytes(),
        "list its files": lambda: os.listdir(f"/proc/{pid}/fd"),  # noqa: PTH208  # the act itself
        "attach a debugger": attach,
        "send it a signal": lambda: os.kill(pid, 0),
    }


class _Act(enum.Enum):
    """What came of an act; the value is the exit status of the child that tried it."""

    REFUSED = 0
    DONE = 1
    NOT_TRIED = 2


def _as_nobody(act: Callable[[], object]) -> _Act:
    """Was it possible to a user without rights?  In a child that ends with it."""
    child = os.fork()
    if child == 0:
        result = _Act.NOT_TRIED
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            result = _Act.REFUSED
            act()
            result = _Act.DONE
        finally:
            os._exit(result.value)
    return _Act(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

"""Calls that Python's `os` does not have: seccomp, Landlock, prctl, mlockall.  Thin; raises `OSError`."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Final

from agent.locks.syscalls import number, this_machine

PR_SET_NO_NEW_PRIVS: Final = 38  # <linux/prctl.h>
PR_GET_DUMPABLE: Final = 3
SECCOMP_SET_MODE_FILTER: Final = 1  # <linux/seccomp.h>
SECCOMP_FILTER_FLAG_TSYNC: Final = 1
INSTRUCTION_BYTES: Final = 8
MCL_CURRENT: Final = 1  # <sys/mman.h>
MCL_FUTURE: Final = 2
MCL_ONFAULT: Final = 4  # what is touched is locked; without it 50 threads' stacks cost 400 MB

_LIBC: Final[Any] = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """`struct sock_fprog` of <linux/filter.h>."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def call(name: str, *arguments: Any) -> int:
    """Make a system call by its name."""
    nr = number(name, this_machine())
    if nr is None:
        raise OSError(0, "this machine has no such call")
    return _checked(_LIBC.syscall(ctypes.c_long(nr), *arguments))


def prctl(option: int, value: int = 0) -> int:
    return _checked(_LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def lock_memory() -> None:
    """Nothing of this process goes to swap, what it will have included."""
    _checked(_LIBC.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))


def filter_calls(program: bytes) -> None:
    """Install a seccomp filter in all threads.  Needs no new privileges to have been given up before."""
    held = ctypes.create_string_buffer(program, len(program))
    asked = _Program(len(program) // INSTRUCTION_BYTES, ctypes.addressof(held))
    status = call("seccomp", SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, ctypes.byref(asked))
    if status != 0:  # the number of a thread that could not be held
        raise OSError(0, "a thread could not be held")


def _checked(status: int) -> int:
    if status < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return status

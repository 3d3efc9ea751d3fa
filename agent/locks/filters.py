"""The system calls that the line may not make, as a classic BPF program for seccomp.  Pure.

Landlock holds files and ports; this holds what it leaves open: other kinds of socket, anonymous files, shared memory,
keys, names and attributes, other processes, and the ways back.  What is not named is allowed, but for calls newer than
this page.  A refused call fails with EPERM, so that a library takes it for a missing right; `openat2` and `clone3`,
whose arguments a filter can't read, fail with ENOSYS, and glibc takes the older form.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from agent.locks.syscalls import LAST, X32_BIT, Machine, number

LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS, <linux/bpf_common.h>
AND: Final = 0x54  # BPF_ALU | BPF_AND | BPF_K
EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
GREATER: Final = 0x25  # BPF_JMP | BPF_JGT | BPF_K
ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN: Final = 0x06  # BPF_RET | BPF_K

ALLOW: Final = 0x7FFF0000  # <linux/seccomp.h>
KILL: Final = 0x80000000
ERRNO: Final = 0x00050000
REFUSE: Final = ERRNO | errno.EPERM
ABSENT: Final = ERRNO | errno.ENOSYS

NUMBER_AT: Final = 0  # struct seccomp_data
ARCH_AT: Final = 4
ARGUMENTS_AT: Final = 16

WRITING: Final = 0o1 | 0o2 | 0o100 | 0o1000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC: equal on both machines
CLONE_THREAD: Final = 0x10000
TYPE_MASK: Final = 0xF
IPPROTO_TCP: Final = 6
MSG_FASTOPEN: Final = 0x20000000
TCP_FASTOPEN: Final = 23
TCP_FASTOPEN_CONNECT: Final = 30
PR_SET_DUMPABLE: Final = 4  # <linux/prctl.h>
PR_SET_NAME: Final = 15
PR_SET_SECCOMP: Final = 22
PR_SET_MM: Final = 35
PR_SET_PTRACER: Final = 0x59616D61
F_SETOWN: Final = 8  # <linux/fcntl.h>: another process gets a signal when there is something to read
F_SETOWN_EX: Final = 15
ASKS: Final = {
    "TCGETS": 0x5401,  # is it a terminal?
    "TIOCGWINSZ": 0x5413,
    "FIONREAD": 0x541B,
    "FIONBIO": 0x5421,  # how Python makes a socket wait or not
    "FIONCLEX": 0x5450,
    "FIOCLEX": 0x5451,
    "TCGETS2": 0x802C542A,  # likewise, from glibc 2.42 on
}
"""What may be asked of a descriptor by ioctl; <asm-generic/ioctls.h>, equal on both machines.

Other requests may write: a file's version and flags are bytes on a disk, and a descriptor for reading can set them.
"""
FS_IOC_SETVERSION: Final = 0x40087602  # <linux/fs.h>, of 64 bits
FS_IOC_SETFLAGS: Final = 0x40086602

FIRST: Final = (
    "read",
    "write",
    "futex",
    "epoll_wait",
    "epoll_pwait",
    "recvfrom",
    "mmap",
    "munmap",
    "madvise",
    "mprotect",
)
REFUSED: Final = tuple(
    "creat memfd_create memfd_secret truncate fallocate unlink unlinkat rename renameat renameat2 mkdir mkdirat"
    " rmdir mknod mknodat symlink symlinkat link linkat setxattr lsetxattr fsetxattr removexattr lremovexattr"
    " fremovexattr chmod fchmod fchmodat fchmodat2 chown lchown fchown fchownat utime utimes futimesat utimensat"
    " name_to_handle_at open_by_handle_at mount umount2 pivot_root chroot fsopen fsconfig fsmount fspick"
    " move_mount open_tree mount_setattr swapon swapoff acct quotactl quotactl_fd fanotify_init shmget shmat"
    " msgget msgsnd semget mq_open add_key request_key keyctl io_uring_setup io_uring_enter io_uring_register"
    " io_setup io_submit ptrace process_vm_readv process_vm_writev process_madvise pidfd_open pidfd_getfd"
    " pidfd_send_signal kcmp kill tkill rt_sigqueueinfo rt_tgsigqueueinfo execve execveat fork vfork unshare setns"
    " personality setrlimit seccomp perf_event_open bpf userfaultfd kexec_load kexec_file_load init_module"
    " finit_module delete_module reboot iopl ioperm modify_ldt syslog sethostname setdomainname clock_settime"
    " settimeofday adjtimex clock_adjtime munlock munlockall bind sched_setattr sched_setparam sched_setscheduler"
    " ioprio_set".split()
)
PRETENDED: Final = ("listen",)
"""Answered as done and not done: our own socket listens already, and an unbound one would open a port of its own."""
MISSING: Final = ("openat2", "clone3")


class Step(NamedTuple):
    """One instruction; `yes` and `no` count the instructions that are skipped."""

    code: int
    yes: int
    no: int
    value: int


def _load(at: int) -> Step:
    return Step(LOAD, 0, 0, at)


def _argument(place: int) -> Step:
    """The lower half: both machines are little-endian, and the kernel reads these arguments as 32 bits."""
    return _load(ARGUMENTS_AT + 8 * place)


def _end(verdict: int) -> Step:
    return Step(RETURN, 0, 0, verdict)


def _one_of(values: Sequence[int], then: int, otherwise: int) -> list[Step]:
    """Verdicts on the loaded value."""
    return [step for value in values for step in (Step(EQUAL, 0, 1, value), _end(then))] + [_end(otherwise)]


def _bits(mask: int) -> list[Step]:
    """Refused where any of these bits is set in the loaded value."""
    return [Step(ANY_BIT, 0, 1, mask), _end(REFUSE), _end(ALLOW)]


def _judged(name: str, process: int) -> list[Step]:
    """Calls whose arguments decide; each list ends in a verdict on every path."""
    match name:
        case "open":
            return [_argument(1), *_bits(WRITING)]
        case "openat":
            return [_argument(2), *_bits(WRITING)]
        case "clone":
            return [_argument(0), Step(ANY_BIT, 0, 1, CLONE_THREAD), _end(ALLOW), _end(REFUSE)]
        case "socket":
            return [
                _argument(0),
                Step(EQUAL, 2, 0, socket.AF_INET),
                Step(EQUAL, 1, 0, socket.AF_INET6),
                _end(REFUSE),
                _argument(1),
                Step(AND, 0, 0, TYPE_MASK),
                Step(EQUAL, 1, 0, socket.SOCK_STREAM),
                _end(REFUSE),
                _argument(2),
                *_one_of((0, IPPROTO_TCP), ALLOW, REFUSE),
            ]
        case "sendto" | "sendmmsg":
            return [_argument(3), *_bits(MSG_FASTOPEN)]
        case "sendmsg":
            return [_argument(2), *_bits(MSG_FASTOPEN)]
        case "setsockopt":
            return [
                _argument(1),
                Step(EQUAL, 1, 0, IPPROTO_TCP),
                _end(ALLOW),
                _argument(2),
                *_one_of((TCP_FASTOPEN, TCP_FASTOPEN_CONNECT), REFUSE, ALLOW),
            ]
        case "prctl":
            ways = (PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_SECCOMP, PR_SET_MM, PR_SET_PTRACER)
            return [_argument(0), *_one_of(ways, REFUSE, ALLOW)]
        case "tgkill":  # the C library's own: pthread_kill, raise, abort
            return [_argument(0), *_one_of((process,), ALLOW, REFUSE)]
        case "ioctl":
            return [_argument(1), *_one_of(tuple(ASKS.values()), ALLOW, REFUSE)]
        case "sched_setaffinity":
            return [_argument(0), *_one_of((0, process), ALLOW, REFUSE)]
        case "setpriority":  # of a group or of all of a user's processes it would be others'
            one = [_argument(0), Step(EQUAL, 1, 0, os.PRIO_PROCESS), _end(REFUSE)]
            return [*one, _argument(1), *_one_of((0, process), ALLOW, REFUSE)]
        case "fcntl":
            return [_argument(1), *_one_of((F_SETOWN, F_SETOWN_EX), REFUSE, ALLOW)]
        case "prlimit64":  # with a new limit; asking for the present one is allowed
            high, low = _load(ARGUMENTS_AT + 8 * 2 + 4), _argument(2)
            return [low, Step(EQUAL, 1, 0, 0), _end(REFUSE), high, Step(EQUAL, 1, 0, 0), _end(REFUSE), _end(ALLOW)]
    raise KeyError(name)


JUDGED: Final = (
    "open", "openat", "clone", "socket", "sendto", "sendmsg", "sendmmsg", "setsockopt", "prctl", "prlimit64",
    "tgkill", "fcntl", "ioctl", "sched_setaffinity", "setpriority",
)  # fmt: skip


def steps(machine: Machine, process: int) -> list[Step]:
    """The whole program.  process: the id of the one that it is for, whose own threads alone it may signal."""
    program = [_load(ARCH_AT), Step(EQUAL, 1, 0, machine.value), _end(KILL), _load(NUMBER_AT)]
    if machine is Machine.X86_64:
        program += [Step(ANY_BIT, 0, 1, X32_BIT), _end(REFUSE)]
    program += [Step(GREATER, 0, 1, LAST), _end(ABSENT)]
    for names, body in (
        (FIRST, [_end(ALLOW)]),
        (MISSING, [_end(ABSENT)]),
        (REFUSED, [_end(REFUSE)]),
        (PRETENDED, [_end(ERRNO)]),
    ):
        for name in names:
            program += _where(name, machine, body)
    for name in JUDGED:
        program += _where(name, machine, _judged(name, process))
    return [*program, _end(ALLOW)]


def _where(name: str, machine: Machine, body: Sequence[Step]) -> list[Step]:
    """The body for this call alone; nothing where the machine has none."""
    call = number(name, machine)
    return [] if call is None else [Step(EQUAL, 0, len(body), call), *body]


def program(machine: Machine, process: int) -> bytes:
    """`struct sock_filter[]` of <linux/filter.h>."""
    return b"".join(struct.pack("=HBBI", *step) for step in steps(machine, process))

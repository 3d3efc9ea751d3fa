"""Every kind of act that must fail, tried.  One that succeeds means that no patient may be heard here.

A probe is harmless where it succeeds: it asks for what is not there, writes nothing, and takes back what it changed.
They run in the process that they prove, from its first thread and from one of each pool.
"""

# The calls themselves are what is tried, and the folders are what is asked about:
# ruff: noqa: PTH101, PTH104, PTH108, PTH118, PTH208, PTH211, S108
from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import socket
from collections.abc import Callable, Mapping, Set
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from agent.locks import kernel
from agent.locks.filters import (
    F_SETOWN,
    FS_IOC_SETFLAGS,
    FS_IOC_SETVERSION,
    MSG_FASTOPEN,
    PR_SET_DUMPABLE,
    PR_SET_NAME,
    TCP_FASTOPEN_CONNECT,
)
from policies.layers import Layer

REFUSALS: Final = frozenset({errno.EPERM, errno.EACCES, errno.ENOSYS, errno.EFBIG})
IMPOSSIBLE: Final = frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.ENODEV})
"""This kernel does not have the thing at all."""
NOWHERE: Final = "/quietline-nowhere/probe"  # whoever is told that it is not there was let through
LOOPBACK: Final = "127.0.0.1"
DISCARD: Final = 9  # a port nobody listens on; RFC 863
MPTCP: Final = 262  # <linux/in.h>
SCTP: Final = 132
PACKET: Final = 17  # <sys/socket.h>
NETLINK: Final = 16
VSOCK: Final = 40
NO_PROCESS: Final = -1
NO_DESCRIPTOR: Final = -1

Probe = Callable[[], object]
"""Returns if the act was done; raises `OSError` as the kernel answered."""


class Act(NamedTuple):
    """One kind of act."""

    name: str
    locks: frozenset[Layer]
    """Each of these forbids it."""
    probe: Probe


def done(held: Set[Layer]) -> tuple[str, ...]:
    """The names of the acts that were not refused, though one of these locks forbids them."""
    return tuple(act.name for act in ACTS if act.locks & held and not _refused(act.probe))


def _refused(probe: Probe) -> bool:
    try:
        probe()
    except OSError as answer:
        return answer.errno in REFUSALS | IMPOSSIBLE
    return False


def _call(name: str, *arguments: Any) -> Probe:
    return lambda: _closed(kernel.call(name, *arguments), name)


def _closed(got: int, name: str) -> None:
    if name in _DESCRIPTORS:
        os.close(got)


_DESCRIPTORS: Final = frozenset({"memfd_secret", "pidfd_open", "userfaultfd", "fanotify_init", "fsopen", "open_tree"})


def _opened(path: str, flags: int) -> Probe:
    def probe() -> None:
        os.close(os.open(path, flags | os.O_CLOEXEC, 0o600))
        if flags & os.O_CREAT:
            os.unlink(path)

    return probe


def _made(make: Callable[[str], object], remove: Callable[[str], object], folder: str = "/tmp") -> Probe:
    def probe() -> None:
        path = os.path.join(folder, ".quietline-probe")
        make(path)
        remove(path)

    return probe


def _socket(family: int, kind: int, protocol: int = 0) -> Probe:
    return lambda: socket.socket(family, kind, protocol).close()


def _connected() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.settimeout(0.2)
        line.connect((LOOPBACK, DISCARD))


def _bound() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.bind((LOOPBACK, 0))


def _listening() -> None:
    """A port that the kernel chooses for a socket that was never bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.listen(1)
        if line.getsockname()[1] == 0:
            raise PermissionError(errno.EPERM, "")


def _fast_open() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.sendto(b"", MSG_FASTOPEN, (LOOPBACK, DISCARD))


def _fast_open_later() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
        line.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)


def _forked() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _spawned() -> None:
    os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def _dumpable() -> None:
    kernel.prctl(PR_SET_DUMPABLE, 1)
    kernel.prctl(PR_SET_DUMPABLE, 0)


def _owned_by_another() -> None:
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(reader, F_SETOWN, _OTHER())
    finally:
        os.close(reader)
        os.close(writer)


def _renamed() -> None:
    name = ctypes.create_string_buffer(b"python3")
    kernel.prctl(PR_SET_NAME, ctypes.addressof(name))


def _larger_files() -> None:
    if resource.getrlimit(resource.RLIMIT_FSIZE) != (0, 0):
        return
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    except ValueError:  # what `resource` makes of EPERM
        raise PermissionError(errno.EPERM, "") from None


def _cores() -> None:
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0) or kernel.prctl(kernel.PR_GET_DUMPABLE) != 0:
        return
    raise PermissionError(errno.EPERM, "")


_OTHER: Final = os.getppid
_B: Final = ctypes.c_char_p

_BY_ANY: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "core dumps": _cores,
    }
)
_BY_FILES: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "a folder outside what may be read": lambda: os.listdir("/"),
        "the caller's home": lambda: os.listdir("/home"),
    }
)
_BY_FILES_OR_CALLS: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "a new file": _opened("/tmp/.quietline-probe", os.O_WRONLY | os.O_CREAT | os.O_EXCL),
        "a file that is there, for writing": _opened("/etc/hostname", os.O_WRONLY | os.O_APPEND),
        "a file without a name": _opened("/tmp", os.O_TMPFILE | os.O_RDWR),
        "a file in shared memory": _opened("/dev/shm/.quietline-probe", os.O_RDWR | os.O_CREAT),
        "a raw disk": _opened("/dev/vda", os.O_RDWR),
        "own memory, for writing": _opened("/proc/self/mem", os.O_RDWR),
        "a folder": _made(os.mkdir, os.rmdir),
        "a symbolic link": _made(lambda path: os.symlink("/", path), os.unlink),
        "a named pipe": _made(os.mkfifo, os.unlink),
    }
)
_BY_PORTS: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "a port that is not named": _connected,
    }
)
_BY_PORTS_OR_CALLS: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "a port of our own": _bound,
    }
)
_BY_CALLS: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "a hard link": _call("linkat", -100, _B(NOWHERE.encode()), -100, _B(NOWHERE.encode()), 0),
        "another name": lambda: os.rename(NOWHERE, NOWHERE + "2"),
        "a file removed": lambda: os.unlink(NOWHERE),
        "a file cut short": lambda: os.truncate(NOWHERE, 0),
        "an attribute": lambda: os.setxattr(NOWHERE, "user.probe", b"0"),
        "rights": lambda: os.chmod(NOWHERE, 0o600),
        "an owner": lambda: os.chown(NOWHERE, 0, 0),
        "a file's times": lambda: os.utime(NOWHERE),
        "a file's version": _call("ioctl", NO_DESCRIPTOR, FS_IOC_SETVERSION, 0),
        "a file's flags": _call("ioctl", NO_DESCRIPTOR, FS_IOC_SETFLAGS, 0),
        "a file by its handle": _call("open_by_handle_at", NO_DESCRIPTOR, None, 0),
        "a mount": _call("mount", None, _B(NOWHERE.encode()), None, 0, None),
        "another root": _call("chroot", _B(NOWHERE.encode())),
        "a file system": _call("fsopen", _B(b"tmpfs"), 0),
        "a tree": _call("open_tree", -100, _B(NOWHERE.encode()), 0),
        "quotas": _call("quotactl", 0, None, 0, None),
        "swap": _call("swapon", _B(NOWHERE.encode()), 0),
        "accounting": _call("acct", _B(NOWHERE.encode())),
        "watching files": _call("fanotify_init", 0, 0),
        "larger files": _larger_files,
        "an anonymous file": lambda: os.close(os.memfd_create("probe")),
        "secret memory": _call("memfd_secret", 0),
        "System V memory": _call("shmget", 0, 0, 0),
        "System V messages": _call("msgget", 1, 0),
        "System V semaphores": _call("semget", 1, 0, 0),
        "a message queue": _call("mq_open", _B(b"quietline-probe"), os.O_RDONLY, 0, None),
        "a key": _call("add_key", _B(b"user"), None, None, 0, -3),
        "a keyring": _call("keyctl", 0, -3, 0),
        "a ring of requests": _call("io_uring_setup", 0, None),
        "requests behind our back": _call("io_setup", 0, None),
        "page faults": _call("userfaultfd", -1),
        "datagrams": _socket(socket.AF_INET, socket.SOCK_DGRAM),
        "datagrams, IPv6": _socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "raw packets": _socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
        "link packets": _socket(PACKET, socket.SOCK_RAW),
        "netlink": _socket(NETLINK, socket.SOCK_RAW),
        "a Unix stream": _socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "Unix datagrams": _socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        "a virtual machine's socket": _socket(VSOCK, socket.SOCK_STREAM),
        "several paths": _socket(socket.AF_INET, socket.SOCK_STREAM, MPTCP),
        "SCTP": _socket(socket.AF_INET, socket.SOCK_STREAM, SCTP),
        "a port that nobody chose": _listening,
        "words in the first packet": _fast_open,
        "words in the first packet, later": _fast_open_later,
        "a child": _forked,
        "a program": _spawned,
        "another program in our place": _call("execve", _B(NOWHERE.encode()), None, None),
        "another process's memory": _call("process_vm_readv", NO_PROCESS, None, 0, None, 0, 0),
        "a debugger's call": _call("ptrace", 16, NO_PROCESS, None, None),
        "a hold on a process": _call("pidfd_open", 1, 0),
        "a signal": lambda: os.kill(_OTHER(), 0),
        "a signal to another's thread": lambda: kernel.call("tgkill", _OTHER(), _OTHER(), 0),
        "a signal with words": lambda: kernel.call("rt_tgsigqueueinfo", _OTHER(), _OTHER(), 0, None),
        "signals for another": _owned_by_another,
        "another's priority": lambda: os.setpriority(
            os.PRIO_PROCESS, _OTHER(), os.getpriority(os.PRIO_PROCESS, _OTHER())
        ),
        "another's processors": lambda: kernel.call("sched_setaffinity", _OTHER(), 0, None),
        "another's schedule": lambda: kernel.call("sched_setparam", _OTHER(), None),
        "memory let go": _call("munlock", None, 0),
        "other namespaces": _call("unshare", 0),
        "another's namespace": _call("setns", NO_DESCRIPTOR, 0),
        "another personality": _call("personality", 0xFFFFFFFF),
        "a name that ps shows": _renamed,
        "core dumps again": _dumpable,
        "a filter of another kind": _call("bpf", -1, None, 0),
        "counters": _call("perf_event_open", None, 0, -1, -1, 0),
        "a module": _call("finit_module", NO_DESCRIPTOR, _B(b""), 0),
        "another kernel": _call("kexec_load", 0, 0, None, 0),
        "the kernel's log": _call("syslog", 10, None, 0),
        "the clock": _call("settimeofday", None, None),
        "the machine's name": _call("sethostname", None, -1),
    }
)

ACTS: Final = tuple(
    Act(name, frozenset(locks), probe)
    for locks, probes in (
        (Layer, _BY_ANY),
        ((Layer.FILES,), _BY_FILES),
        ((Layer.FILES, Layer.CALLS), _BY_FILES_OR_CALLS),
        ((Layer.PORTS,), _BY_PORTS),
        ((Layer.PORTS, Layer.CALLS), _BY_PORTS_OR_CALLS),
        ((Layer.CALLS,), _BY_CALLS),
    )
    for name, probe in probes.items()
)

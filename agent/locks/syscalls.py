"""Numbers of the system calls that a filter names, by machine.

Sources: Linux's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h, Linux 6.12; a test holds
them equal to the headers of the machine it runs on.
"""

from __future__ import annotations

import enum
import platform
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


class Machine(enum.Enum):
    """What the filter is built for; the value is the kernel's AUDIT_ARCH of <linux/audit.h>."""

    X86_64 = 0xC000003E
    AARCH64 = 0xC00000B7


class MachineUnknown(Exception):
    """No filter is known for this machine."""

    def __init__(self) -> None:
        super().__init__("the line runs on Linux on x86_64 or aarch64")


LAST: Final = 462  # mseal, Linux 6.10: what came later is answered "no such call", and libraries fall back
X32_BIT: Final = 0x40000000  # x86_64's second ABI has other numbers for the same calls

_NUMBERS: Final[Mapping[str, tuple[int | None, int | None]]] = MappingProxyType(
    {
        # files and their names
        "open": (2, None),
        "openat": (257, 56),
        "openat2": (437, 437),
        "creat": (85, None),
        "memfd_create": (319, 279),
        "memfd_secret": (447, 447),
        "truncate": (76, 45),
        "fallocate": (285, 47),
        "unlink": (87, None),
        "unlinkat": (263, 35),
        "rename": (82, None),
        "renameat": (264, 38),
        "renameat2": (316, 276),
        "mkdir": (83, None),
        "mkdirat": (258, 34),
        "rmdir": (84, None),
        "mknod": (133, None),
        "mknodat": (259, 33),
        "symlink": (88, None),
        "symlinkat": (266, 36),
        "link": (86, None),
        "linkat": (265, 37),
        "setxattr": (188, 5),
        "lsetxattr": (189, 6),
        "fsetxattr": (190, 7),
        "removexattr": (197, 14),
        "lremovexattr": (198, 15),
        "fremovexattr": (199, 16),
        "chmod": (90, None),
        "fchmod": (91, 52),
        "fchmodat": (268, 53),
        "fchmodat2": (452, 452),
        "chown": (92, None),
        "lchown": (94, None),
        "fchown": (93, 55),
        "fchownat": (260, 54),
        "utime": (132, None),
        "utimes": (235, None),
        "futimesat": (261, None),
        "utimensat": (280, 88),
        "name_to_handle_at": (303, 264),
        "open_by_handle_at": (304, 265),
        "mount": (165, 40),
        "umount2": (166, 39),
        "pivot_root": (155, 41),
        "chroot": (161, 51),
        "fsopen": (430, 430),
        "fsconfig": (431, 431),
        "fsmount": (432, 432),
        "fspick": (433, 433),
        "move_mount": (429, 429),
        "open_tree": (428, 428),
        "mount_setattr": (442, 442),
        "swapon": (167, 224),
        "swapoff": (168, 225),
        "acct": (163, 89),
        "quotactl": (179, 60),
        "quotactl_fd": (443, 443),
        "ioctl": (16, 29),
        "fanotify_init": (300, 262),
        # memory that others can see, queues, keys
        "shmget": (29, 194),
        "shmat": (30, 196),
        "msgget": (68, 186),
        "msgsnd": (69, 189),
        "semget": (64, 190),
        "mq_open": (240, 180),
        "add_key": (248, 217),
        "request_key": (249, 218),
        "keyctl": (250, 219),
        "io_uring_setup": (425, 425),
        "io_uring_enter": (426, 426),
        "io_uring_register": (427, 427),
        "io_setup": (206, 0),
        "io_submit": (209, 2),
        # other processes, and other programs
        "ptrace": (101, 117),
        "process_vm_readv": (310, 270),
        "process_vm_writev": (311, 271),
        "process_madvise": (440, 440),
        "pidfd_open": (434, 434),
        "pidfd_getfd": (438, 438),
        "pidfd_send_signal": (424, 424),
        "kcmp": (312, 272),
        "kill": (62, 129),
        "tkill": (200, 130),
        "tgkill": (234, 131),
        "rt_sigqueueinfo": (129, 138),
        "rt_tgsigqueueinfo": (297, 240),
        "execve": (59, 221),
        "execveat": (322, 281),
        "fork": (57, None),
        "vfork": (58, None),
        "clone": (56, 220),
        "clone3": (435, 435),
        "unshare": (272, 97),
        "setns": (308, 268),
        "personality": (135, 92),
        "prctl": (157, 167),
        "fcntl": (72, 25),
        "prlimit64": (302, 261),
        "sched_setaffinity": (203, 122),
        "sched_setattr": (314, 274),
        "sched_setparam": (142, 118),
        "sched_setscheduler": (144, 119),
        "setpriority": (141, 140),
        "ioprio_set": (251, 30),
        "setrlimit": (160, 164),
        "seccomp": (317, 277),
        # the kernel itself
        "perf_event_open": (298, 241),
        "bpf": (321, 280),
        "userfaultfd": (323, 282),
        "kexec_load": (246, 104),
        "kexec_file_load": (320, 294),
        "init_module": (175, 105),
        "finit_module": (313, 273),
        "delete_module": (176, 106),
        "reboot": (169, 142),
        "iopl": (172, None),
        "ioperm": (173, None),
        "modify_ldt": (154, None),
        "syslog": (103, 116),
        "sethostname": (170, 161),
        "setdomainname": (171, 162),
        "clock_settime": (227, 112),
        "adjtimex": (159, 171),
        "clock_adjtime": (305, 266),
        "munlock": (150, 229),
        "munlockall": (152, 231),
        "settimeofday": (164, 170),
        # the network
        "socket": (41, 198),
        "bind": (49, 200),
        "listen": (50, 201),
        "sendto": (44, 206),
        "sendmsg": (46, 211),
        "sendmmsg": (307, 269),
        "setsockopt": (54, 208),
        # what a call does most, let through first
        "read": (0, 63),
        "write": (1, 64),
        "futex": (202, 98),
        "epoll_wait": (232, None),
        "epoll_pwait": (281, 22),
        "recvfrom": (45, 207),
        "mmap": (9, 222),
        "munmap": (11, 215),
        "madvise": (28, 233),
        "mprotect": (10, 226),
        # asked for by the locks themselves
        "landlock_create_ruleset": (444, 444),
        "landlock_add_rule": (445, 445),
        "landlock_restrict_self": (446, 446),
    }
)


def this_machine() -> Machine:
    """Raises `MachineUnknown`."""
    found = {"x86_64": Machine.X86_64, "aarch64": Machine.AARCH64}.get(platform.machine())
    if found is None:
        raise MachineUnknown
    return found


def number(name: str, machine: Machine) -> int | None:
    """None where the machine has no such call.  Raises KeyError for a name that is not on this page."""
    x86_64, aarch64 = _NUMBERS[name]
    return x86_64 if machine is Machine.X86_64 else aarch64


def names() -> tuple[str, ...]:
    return tuple(_NUMBERS)

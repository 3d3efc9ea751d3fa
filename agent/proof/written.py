"""Which files each process opened for writing, as the kernel tells it (fanotify): needs root.

The kernel reports each file that was open for writing when it is closed, whether a byte was written or not, and by
which process.  Not seen: memory without a file (memfd, shared memory of System V), files of mounts made meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# <linux/fanotify.h>
FAN_CLOSE_WRITE: Final = 0x8
FAN_Q_OVERFLOW: Final = 0x4000
FAN_CLOEXEC, FAN_NONBLOCK, FAN_UNLIMITED_QUEUE = 0x1, 0x2, 0x10
FAN_MARK_ADD, FAN_MARK_MOUNT = 0x1, 0x10
AT_FDCWD: Final = -100
EVENT: Final = struct.Struct("=IBBHQii")
NO_FILES: Final = frozenset({"proc", "sysfs", "devpts", "cgroup", "cgroup2", "mqueue", "securityfs", "bpf"})
TICK_S: Final = 0.2


@dataclass(slots=True)
class Written:
    """What was seen."""

    by: dict[int, set[str]] = field(default_factory=dict)
    """Process -> paths."""
    whole: bool = True
    """False: the kernel lost some of it."""
    mounts: int = 0

    def of(self, pids: set[int]) -> set[str]:
        """Paths that these processes opened for writing."""
        return {path for pid in pids for path in self.by.get(pid, set())}


@contextlib.contextmanager
def watched() -> Iterator[Written | None]:
    """None where the kernel or our rights don't allow it."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.fanotify_init(FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE, os.O_RDONLY | os.O_CLOEXEC)
    if descriptor < 0:
        yield None
        return
    written = Written()
    for folder in _mounts():
        mask = ctypes.c_uint64(FAN_CLOSE_WRITE)
        written.mounts += not libc.fanotify_mark(
            descriptor, FAN_MARK_ADD | FAN_MARK_MOUNT, mask, AT_FDCWD, os.fsencode(folder)
        )
    stop = threading.Event()
    reader = threading.Thread(target=_read, args=(descriptor, written, stop), name="written", daemon=True)
    reader.start()
    try:
        yield written if written.mounts else None
    finally:
        stop.set()
        reader.join()
        os.close(descriptor)


def _mounts() -> Iterator[str]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, kind = line.partition(" - ")
        if kind.split()[0] not in NO_FILES:
            yield fields.split()[4].encode().decode("unicode_escape")


def _read(descriptor: int, written: Written, stop: threading.Event) -> None:
    while True:
        ending = stop.is_set()  # what came before it is still read
        if not select.select([descriptor], [], [], 0 if ending else TICK_S)[0]:
            if ending:
                return
            continue
        events = os.read(descriptor, 65_536)
        for at in range(0, len(events), EVENT.size):
            _, _, _, _, mask, file, pid = EVENT.unpack_from(events, at)
            if mask & FAN_Q_OVERFLOW:
                written.whole = False
            if file >= 0:
                with contextlib.suppress(OSError):
                    written.by.setdefault(pid, set()).add(str(Path(f"/proc/self/fd/{file}").readlink()))
                os.close(file)

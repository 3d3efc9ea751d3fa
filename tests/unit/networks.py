"""Processes that can reach no other machine, in the two ways an operator has: no routes, or a control group's filter.

Both need rights that a test may not have; then it is skipped with the reason.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

GROUPS: Final = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
BPF: Final = 321  # x86_64
PROG_LOAD, PROG_ATTACH = 5, 8  # <linux/bpf.h>
CGROUP_SKB, CGROUP_INET_EGRESS = 8, 1
DROP: Final = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)  # r0 = 0; exit


def without_routes(code: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Runs Python in a network namespace of its own."""
    command = ["unshare", "--net", sys.executable, "-c", code, *more]
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to make a network namespace")
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextlib.contextmanager
def filtered_group() -> Iterator[Path]:
    """A control group of which no packet leaves: what systemd's IPAddressDeny=any does, on our own account."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    top = next((each for each in GROUPS if (each / "cgroup.procs").exists()), None)
    if top is None or os.geteuid() != 0 or os.uname().machine != "x86_64":
        pytest.skip("needs root and control groups of version 2")
    program, licence = ctypes.create_string_buffer(DROP), ctypes.create_string_buffer(b"GPL")
    load = struct.pack("=IIQQIIQII16sII", CGROUP_SKB, 2, ctypes.addressof(program), ctypes.addressof(licence),
                       0, 0, 0, 0, 0, b"deny", 0, CGROUP_INET_EGRESS)  # fmt: skip
    loaded = libc.syscall(BPF, PROG_LOAD, load, len(load))
    if loaded < 0:
        pytest.skip("this kernel loads no filter for a control group")
    group = top / f"quietline-test-{os.getpid()}"
    group.mkdir()
    held = os.open(group, os.O_RDONLY)
    try:
        attach = struct.pack("=IIII", held, loaded, CGROUP_INET_EGRESS, 0)
        assert libc.syscall(BPF, PROG_ATTACH, attach, len(attach)) == 0
        yield group
    finally:
        os.close(held)
        os.close(loaded)
        group.rmdir()


def way_out() -> bool:
    """This machine has a route to others, so that there is something to see closed."""
    routes = Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]
    return any(route.split()[1] == "00000000" for route in routes)

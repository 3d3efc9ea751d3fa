"""What the kernel shows and keeps of the service's processes beside their memory: names, arguments, keys."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from agent.locks import kernel

KEYCTL_LINK: Final = 8  # <linux/keyctl.h>
KEYCTL_READ: Final = 11
OUR_SESSION: Final = -3  # KEY_SPEC_SESSION_KEYRING
OF_OUR_USER: Final = (-4, -5)  # KEY_SPEC_USER_KEYRING, KEY_SPEC_USER_SESSION_KEYRING
LARGEST_KEY: Final = 32_768  # a key's payload is shorter (keyrings(7))


def shown(pids: Iterable[int], before: Collection[bytes] = ()) -> bytes:
    """Of each process its arguments and environment, of each thread its name; and every key that we may read.

    before: keys that are left out, as they were there already and are as they were.
    """
    pieces = []
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        for path in (folder / "cmdline", folder / "environ", *folder.glob("task/*/comm")):
            with contextlib.suppress(OSError):  # gone meanwhile, or not ours to read
                pieces.append(path.read_bytes())
    return b"\n".join([*pieces, *(key for key in keys() if key not in before)])


def keys() -> list[bytes]:
    """Of each key in the kernel's list its number, what it is called and what it holds, as far as we may read it.

    A key of our user is read by whoever holds his keyring.
    """
    for ring in OF_OUR_USER:
        with contextlib.suppress(OSError):
            kernel.call("keyctl", KEYCTL_LINK, ring, OUR_SESSION)
    try:
        rows = [row.split(maxsplit=7) for row in Path("/proc/keys").read_bytes().splitlines()]
    except OSError:
        return []
    # number, flags, usage, expiry, rights, user, group, type and name (proc_keys(5)); of which usage and expiry change
    return [b" ".join([row[0], *row[7:], _payload(int(row[0], 16))]) for row in rows]


def _payload(key: int) -> bytes:
    buffer = ctypes.create_string_buffer(LARGEST_KEY)
    try:
        size = kernel.call("keyctl", KEYCTL_READ, key, buffer, LARGEST_KEY)
    except OSError:  # not ours to read
        return b""
    return buffer.raw[: min(size, LARGEST_KEY)]

"""What may be read, and which ports may be reached: Landlock, from inside, without rights.

Everything else about files is refused: writing, making, removing, renaming.  Where the kernel knows it (ABI 4) so is
every port that is not named, and from ABI 6 on signals and abstract sockets to other processes.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from agent.locks import kernel

CREATE_RULESET_VERSION: Final = 1  # <linux/landlock.h>
RULE_PATH: Final = 1
RULE_PORT: Final = 2
READ_FILE: Final = 1 << 2
READ_DIR: Final = 1 << 3
CONNECT: Final = 1 << 1
BIND: Final = 1 << 0
SCOPES: Final = 0b11  # abstract Unix sockets, signals
FILES_BY_ABI: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
PORTS_ABI: Final = 4
SCOPES_ABI: Final = 6


def abi() -> int:
    """The version that this kernel knows; 0 where it has none or it is switched off."""
    try:
        return kernel.call("landlock_create_ruleset", None, 0, CREATE_RULESET_VERSION)
    except OSError:
        return 0


def restrict(readable: Iterable[str], ports: Iterable[int], listable: Iterable[str] = ()) -> None:
    """From now on, for this thread and those it starts.  Raises `OSError`.

    readable: files and folders; those that are not there are left out.  ports: TCP ports that may be connected to.
    listable: folders of which only the names may be read.
    """
    known = abi()
    if known == 0:
        raise OSError(0, "this kernel has no Landlock")
    files = FILES_BY_ABI[max(version for version in FILES_BY_ABI if version <= known)]
    network = BIND | CONNECT if known >= PORTS_ABI else 0
    scopes = SCOPES if known >= SCOPES_ABI else 0
    attributes = struct.pack("=QQQ", files, network, scopes)
    size = 24 if scopes else 16 if network else 8  # an older kernel takes fewer
    ruleset = kernel.call("landlock_create_ruleset", attributes, size, 0)
    try:
        for path in readable:
            _allow(ruleset, path, READ_FILE | READ_DIR)
        for path in listable:
            _allow(ruleset, path, READ_DIR)
        for port in ports if network else ():
            rule = struct.pack("=QQ", CONNECT, port)
            kernel.call("landlock_add_rule", ruleset, RULE_PORT, ctypes.c_char_p(rule), 0)
        kernel.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rights = rights if Path(path).is_dir() else READ_FILE
        kernel.call("landlock_add_rule", ruleset, RULE_PATH, ctypes.c_char_p(struct.pack("=Qi", rights, opened)), 0)
    finally:
        os.close(opened)

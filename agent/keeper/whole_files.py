"""Files that are written whole or not at all: aside, down to the disk, and then under their name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

OURS_ALONE: Final = 0o600


def write_down(file: Path, content: bytes, mode: int = OURS_ALONE) -> None:
    """Down to the disk, in place of what the file held.  mode: as it is then, whatever the process's mask.

    Raises `OSError`.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, OURS_ALONE)
    with os.fdopen(descriptor, "wb") as opened:
        os.fchmod(opened.fileno(), mode)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def sync(folder: Path) -> None:
    """So that names too are down on the disk.  Raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

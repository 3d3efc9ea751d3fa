"""Threads of the models give way to the thread that moves the sound."""

from __future__ import annotations

import os
import sys
from typing import Final

THIS_THREAD: Final = 0  # setpriority(2); by its number the filter could not tell it from another process


def give_way(niceness: int) -> None:
    """This thread runs after others from now on.  niceness: at least so much; who was started nicer stays so."""
    if sys.platform == "linux":  # elsewhere the number would name a process
        os.setpriority(os.PRIO_PROCESS, THIS_THREAD, max(niceness, os.getpriority(os.PRIO_PROCESS, THIS_THREAD)))

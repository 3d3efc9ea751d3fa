"""Threads of the models give way to the thread that moves the sound."""

from __future__ import annotations

import os
import sys
import threading


def give_way(niceness: int) -> None:
    """This thread runs after others from now on.  niceness: at least so much; who was started nicer stays so."""
    if sys.platform == "linux":  # elsewhere the number would name a process
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, max(niceness, os.getpriority(os.PRIO_PROCESS, own)))

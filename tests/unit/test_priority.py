"""Threads that give way."""

from __future__ import annotations

import os
import threading

import pytest

from agent.engines.priority import give_way


@pytest.mark.parametrize(("before", "asked", "after"), [(0, 5, 5), (7, 5, 7)])
def test_a_thread_gives_way_by_at_least_so_much_and_never_takes_back(before: int, asked: int, after: int) -> None:
    found: list[int] = []

    def run() -> None:
        own = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, own, max(before, os.getpriority(os.PRIO_PROCESS, own)))
        give_way(asked)
        found.append(os.getpriority(os.PRIO_PROCESS, own))

    base = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert [max(after, base)] == found
    assert base == os.getpriority(os.PRIO_PROCESS, 0)

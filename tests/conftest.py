"""What every test stands on.  The environment is set before anything can import onnxruntime."""

from __future__ import annotations

import os
import sys

assert "numpy" not in sys.modules, "a plugin has imported numpy, which then takes a thread for each core"
os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else onnxruntime writes files and asks DNS on import
os.environ["HF_HUB_OFFLINE"] = "1"
for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # as on the line: two workers must not fight for the cores
    os.environ[threads] = "1"
os.environ["DO_NOT_TRACK"] = "1"
os.environ.pop("CI", None)  # CI=true hides the telemetry too: a test must see what a user's machine does

import asyncio
import gc
import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from agent import embedded_redis, surroundings

# how long an example takes is no property of ours: beside another worker any may be late
settings.register_profile("quietline", deadline=None)
settings.load_profile("quietline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that speak in real time come evenly among the others: two workers seldom have one each, nor one at the end.

    Such a file waits while the other worker computes.  Two at once would wait for each other's processors.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    speaking = [file for file, held in files.items() if any(item.get_closest_marker("real_time") for item in held)]
    others = [file for file in files if file not in set(speaking)]
    for nth, file in reversed(list(enumerate(speaking))):
        others.insert(nth * len(others) // len(speaking), file)
    items[:] = [item for file in others for item in files[file]]


@pytest.fixture(autouse=True, scope="module", name="sets_aside")
def _sets_aside() -> None:
    """What earlier files and their libraries hold is set aside: a collection in a test goes through the test's own."""
    gc.freeze()


@pytest.fixture(autouse=True, name="leaves_no_task")
def _leaves_no_task(request: pytest.FixtureRequest) -> None:
    """Only where there is a loop: a test without one is not slowed."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_task_is_left")


@pytest_asyncio.fixture(name="no_task_is_left")
async def _no_task_is_left() -> AsyncIterator[None]:
    """Fails a test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert sorted(task.get_name() for task in left if not task.done()) == []


@pytest_asyncio.fixture(name="redis_server")
async def _redis_server() -> AsyncIterator[embedded_redis.Bus]:
    """A real Redis, as the launcher starts it."""
    async with embedded_redis.running(surroundings.bare(os.environ)) as bus:
        yield bus

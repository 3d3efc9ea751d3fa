"""What every test stands on.  The environment is set before anything can import onnxruntime."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else onnxruntime writes files and asks DNS on import
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as on the line: two workers of pytest must not fight for the cores
os.environ["DO_NOT_TRACK"] = "1"
os.environ.pop("CI", None)  # CI=true hides the telemetry too: a test must see what a user's machine does

import asyncio
import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings

from agent import embedded_redis, surroundings

# how long an example takes is no property of ours: beside another worker any may be late
settings.register_profile("quietline", deadline=None)
settings.load_profile("quietline")


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

"""What every test stands on.  The environment is set before anything can import onnxruntime."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # else onnxruntime writes files and asks DNS on import
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
os.environ.pop("CI", None)  # CI=true hides the telemetry too: a test must see what a user's machine does

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio


@pytest_asyncio.fixture(autouse=True, name="no_task_is_left")
async def _no_task_is_left(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fails a test of coroutines that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    left = {task.get_name() for task in asyncio.all_tasks() - before if not task.done()} - {asyncio.current_task()}
    assert set() == left

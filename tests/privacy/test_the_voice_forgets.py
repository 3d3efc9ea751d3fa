"""A clause that was spoken is nowhere in the process's memory afterwards, though the phonemizer keeps buffers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent import surroundings

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("memory")]


def left(*washed: str) -> int:
    """How often a clause is in the memory of a process with the line's allocator that has spoken it."""
    spoken = subprocess.run(
        [sys.executable, "-P", "-m", "tests.privacy.speaks_and_looks", *washed],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **surroundings.FIXED, **surroundings.SCRUB},
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(spoken.stdout)


def test_what_was_spoken_is_not_in_memory_when_the_voice_has_been_washed() -> None:
    assert (True, 0) == (left() > 0, left("washed"))

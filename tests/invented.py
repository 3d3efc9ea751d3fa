"""`quietline patients` and `quietline contacts`, each as its own process."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agent.embedded_redis import free_port
from agent.settings import ROOT

STARTS_S: Final = 30.0

InventedService = tuple[str, "subprocess.Popen[bytes]", Path]
"""Where it answers, its process, and the folder that it runs in."""


@contextmanager
def invented(
    verb: str, folder: Path, answers: Callable[[str], Coroutine[None, None, bool]]
) -> Iterator[InventedService]:
    """verb: of `quietline`.  answers: whether it does, at this address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "agent.launcher", verb, "--port", str(port)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _until(answers, url)
        yield url, process, folder
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _until(answers: Callable[[str], Coroutine[None, None, bool]], url: str) -> None:
    until_s = time.monotonic() + STARTS_S
    while not asyncio.run(answers(url)):
        assert time.monotonic() < until_s, "the service did not start"
        time.sleep(0.1)

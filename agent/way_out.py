"""The proxy to hosted models where QUIETLINE_EGRESS_PORT names none: `agent.egress` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from agent import surroundings
from agent.egress import LOOPBACK
from agent.embedded_redis import die_with_parent, end, free_port
from agent.reach import Destination

READY_S: Final = 10.0  # it takes about 100 ms
STOP_S: Final = 3.0
TRIES: Final = 5  # another process may take the free port first


class WayOutFailed(Exception):
    """No proxy could be started.  The message is one sentence on what to do."""


@contextlib.asynccontextmanager
async def running(places: Sequence[Destination], environment: Mapping[str, str]) -> AsyncIterator[int]:
    """The port of a proxy to these places alone; it lives as long as the block.  Raises `WayOutFailed`."""
    for _ in range(TRIES):
        port = free_port()
        allowed = [word for place in places for word in ("--allow", str(place))]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.egress", "--port", str(port), *allowed),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        try:
            if await _answers(port, process):
                yield port
                return
        finally:
            await end(process, STOP_S)
    raise WayOutFailed("the proxy to hosted models didn't start: set QUIETLINE_EGRESS_PORT to one of your own")


async def _answers(port: int, process: asyncio.subprocess.Process) -> bool:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + READY_S
    while loop.time() < until_s and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return True
        await asyncio.sleep(0.02)
    return False

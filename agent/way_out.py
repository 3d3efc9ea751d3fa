"""The proxy to hosted models where QUIETLINE_EGRESS_PORT names none: `agent.egress` in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

from agent import surroundings
from agent.egress import LOOPBACK, REFUSED
from agent.embedded_redis import die_with_parent, end
from agent.reach import Destination

READY_S: Final = 10.0  # it takes about 100 ms
STOP_S: Final = 3.0


class WayOutFailed(Exception):
    """No proxy could be started.  The message is one sentence on what to do."""


@contextlib.asynccontextmanager
async def running(places: Sequence[Destination], environment: Mapping[str, str]) -> AsyncIterator[int]:
    """The port of a proxy to these places alone; it lives as long as the block.  Raises `WayOutFailed`.

    The socket is ours and given to the proxy, so no other process can have taken its port in between.
    """
    allowed = [word for place in places for word in ("--allow", str(place))]
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = int(listening.getsockname()[1])
        handed = listening.fileno()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.egress", "--socket", str(handed), *allowed),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
            pass_fds=(handed,),
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    try:
        if not await _answers(port):
            raise WayOutFailed("the proxy to hosted models didn't start: set QUIETLINE_EGRESS_PORT to one of your own")
        yield port
    finally:
        await end(process, STOP_S)


async def _answers(port: int) -> bool:
    """Does it refuse what is no request of ours?  A connection alone is taken by the kernel before it runs."""
    said = b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(READY_S):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                said = await reader.read()
            finally:
                writer.close()
    return said == REFUSED

"""How a port of ours is served: HTTP/1.1 by uvicorn, in silence, within bounds.  Knows nothing of what is answered."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES: Final = 16 * 1024
HEAD_S: Final = 5.0  # from connecting, or from the first byte of a later request, to the end of its headers
IDLE_S: Final = 5  # between two requests on one connection


def quiet_config(
    app: ASGIApp, *, connections: int, grace_s: int, tls: tuple[Path, Path] | None, **more: Any
) -> uvicorn.Config:
    """connections: at once; grace_s: for answers on their way at the end; tls: certificate chain and key.

    more: what else uvicorn is told.
    """
    return uvicorn.Config(
        app,
        http=_DeadlineHttp,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nothing depends on who a proxy says is calling
        server_header=False,
        date_header=False,
        limit_concurrency=connections,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=grace_s,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
        **more,
    )


class QuietServer(uvicorn.Server):
    """Signals are the process's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to the process."""
        yield


class _DeadlineHttp(H11Protocol):
    """Closes a connection whose request head does not arrive in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn types it more narrowly
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEAD_S, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiting = self.conn.their_state is h11.IDLE
        if not waiting and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        elif waiting and self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

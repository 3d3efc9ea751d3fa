"""The interface's thread: its socket, its event loop, its own connection to the state.

listening = bind("127.0.0.1", 8090)               # before anything else, so that nobody else gets the port
admin = Admin(listening, means, tell); admin.start()
...
admin.stop()
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from agent.keeper.agent_files import AgentFiles
from agent.keeper.api import agents
from agent.keeper.api.application import Application
from agent.keeper.api.desk import Desk, Means
from agent.keeper.api.door import Door
from agent.keeper.api.limits import CONNECTIONS, Limits
from agent.keeper.database import StateFailed
from agent.keeper.ledger import Ledger
from agent.keeper.state import SqliteState
from agent.lines import AgentFileRefused
from policies.closed import NotClosed
from telephony.listening import QuietServer, quiet_config

GRACE_S: Final = 2  # for answers on their way when the keeper ends
NOTE_S: Final = 5  # who is turned away meanwhile can't tell by the time it takes whose ref is in the log
STOP_S: Final = 3.0  # twice that is less than the launcher waits for the keeper
BACKLOG: Final = 64


class BindFailed(Exception):
    """The port is taken, the address is not this machine's, or it is open to others and has no certificate."""


def bind(host: str, port: int, *, tls: bool) -> socket.socket:
    """A listening socket.  Raises `BindFailed`; on an address that others reach, without a certificate too."""
    address = None
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(host)
    if address is None or not (address.is_loopback or tls):
        raise BindFailed(
            "set QUIETLINE_ADMIN_HOST to 127.0.0.1, or give a certificate: a token is not sent in the open"
        )
    listening = None
    try:
        listening = socket.create_server((host, port), family=_family(address), backlog=BACKLOG)
    except OSError:
        listening = None
    if listening is None:
        raise BindFailed("set QUIETLINE_ADMIN_PORT to a port that is free")
    return listening


class Admin:
    """Beside the collector, which goes on whatever becomes of it."""

    def __init__(
        self,
        listening: socket.socket,
        means: Means,
        failed: Callable[[Exception], None],
        *,
        tls: tuple[Path, Path] | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        """failed: told of what went wrong, its text not to be kept.  tls: certificate chain and key.

        ready: called once it answers.  Both in its own thread.
        """
        self._listening: Final = listening
        self._means: Final = means
        self._failed: Final = failed
        self._limits: Final = limits
        self._tls: Final = tls
        self._ready: Final = ready
        self._thread: Final = threading.Thread(target=self._run, name="admin", daemon=True)
        self._begun: Final = threading.Event()
        self._server: QuietServer | None = None

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def start(self) -> None:
        """Waits for nothing: a long log takes a while to be checked, and calls are kept meanwhile."""
        self._thread.start()

    def wait(self) -> bool:
        """True once it answers; False where it can't, which `failed` was told."""
        self._begun.wait()
        return self._server is not None

    def stop(self) -> None:
        """Answers what it was asked, within a bound, and ends."""
        self._begun.wait(STOP_S)
        if self._server is not None:
            self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            state = SqliteState.open(self._means.state)
            try:
                asyncio.run(self._serve(state))
            finally:
                state.close()
        except (StateFailed, AgentFileRefused, NotClosed, OSError) as error:
            self._failed(error)
        finally:
            self._listening.close()
            self._begun.set()

    async def _serve(self, state: SqliteState) -> None:
        ledger = Ledger.open(self._means.state, state.database)
        desk = Desk(
            means=self._means,
            ledger=ledger,
            state=state,
            files=AgentFiles(self._means.state, self._means.agents),
            door=Door(ledger, self._limits, time.time, time.monotonic),
            clock=time.time,
            failed=self._failed,
        )
        agents.enrol(desk)

        async def note() -> None:
            """Entries of what was refused, at times that have nothing to do with it."""
            with contextlib.suppress(StateFailed):  # they wait on
                desk.door.note()

        config = quiet_config(
            Application(desk),
            connections=CONNECTIONS,
            grace_s=GRACE_S,
            tls=self._tls,
            ws="none",
            callback_notify=note,
            timeout_notify=NOTE_S,
            log_level="critical",  # who sends what is no HTTP must not fill the log
        )
        server = QuietServer(config)
        self._server = server
        self._begun.set()
        self._ready()
        await server.serve(sockets=[self._listening])
        desk.door.note()


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> socket.AddressFamily:
    return socket.AF_INET if address.version == 4 else socket.AF_INET6

"""A collector for tests: real TLS, frames read by their length, messages taken apart as RFC 5424 says."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from tests.unit.certificates import certificate, server_side

MESSAGE: Final = re.compile(
    r'<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:00:00Z) - quietline - ([!-~]{1,32}) \[meta sequenceId="(\d+)"\] ([ -~]+)'
)


class Message(NamedTuple):
    priority: int
    when: str
    name: str
    sequence_id: int
    text: str


def messages(stream: bytes) -> list[Message]:
    """Raises `AssertionError` for what is no sequence of whole frames."""
    found = []
    while stream:
        length, space, stream = stream.partition(b" ")
        assert space == b" "
        assert re.fullmatch(rb"[1-9]\d*", length)
        body, stream = stream[: int(length)], stream[int(length) :]
        assert len(body) == int(length)
        taken = MESSAGE.fullmatch(body.decode("ascii"))
        assert taken, body
        found.append(Message(int(taken[1]), taken[2], taken[3], int(taken[4]), taken[5]))
    return found


@dataclass(slots=True)
class Collector:
    """What it has taken, connection by connection."""

    port: int
    ca: Path
    taken: list[bytes] = field(default_factory=list)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released at the end of each connection."""
    rude: bool = False
    """It resets connections before it has read them to their end."""

    @property
    def address(self) -> str:
        return f"syslog+tls://localhost:{self.port}"

    @property
    def all(self) -> list[Message]:
        return [message for stream in self.taken for message in messages(stream)]


@contextlib.contextmanager
def collecting(folder: Path, port: int = 0, host: str = "localhost", *, rude: bool = False) -> Iterator[Collector]:
    """port: 0 for a free one.  host: whom its certificate names."""
    cert, key = certificate(folder, host)
    context = server_side(cert, key)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", port)) as listening:
        found = Collector(listening.getsockname()[1], cert, rude=rude)

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    plain, _ = listening.accept()
                    with plain:
                        _take(plain, context, found)
                    found.came.release()

        thread = threading.Thread(target=serve, name="collector", daemon=True)
        thread.start()
        try:
            yield found
        finally:
            stop.set()
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", found.port), 2).close()  # so that it sees it is over
            thread.join(5)


def _take(plain: socket.socket, context: ssl.SSLContext, found: Collector) -> None:
    plain.settimeout(10)
    with context.wrap_socket(plain, server_side=True, suppress_ragged_eofs=False) as secure:
        stream = b""
        if found.rude:
            secure.recv(10)
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        while piece := secure.recv(65_536):
            stream += piece
        found.taken.append(stream)
        with contextlib.suppress(OSError):
            secure.unwrap()

"""A Redis as the launcher configures it, and one more user who hears every command and may ask for everything."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from agent import embedded_redis
from agent.embedded_redis import die_with_parent, free_port

WAIT_S: Final = 10.0
ESCAPED: Final = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.DOTALL)
_SIGNS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}
ASIDE: Final = (("SLOWLOG", "GET", "-1"), ("LATENCY", "LATEST"), ("CLIENT", "LIST"), ("INFO", "everything"),
    ("CONFIG", "GET", "*"), ("PUBSUB", "CHANNELS"), ("ACL", "LOG"), ("MEMORY", "STATS"))  # fmt: skip
"""What the server itself remembers beside keys and values."""


class BusFailed(Exception):
    """The ear at Redis hears nothing."""


@dataclass(slots=True)
class Bus:
    """A running server with an ear at it."""

    port: int
    word: str
    ear: str
    folder: Path
    process: subprocess.Popen[bytes]
    seen: bytearray = field(default_factory=bytearray)
    """All that it was told, as MONITOR writes it."""

    @property
    def url(self) -> str:
        return f"redis://:{self.word}@127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        return self.process.pid

    def told(self) -> list[bytes]:
        """The same as it was written, and with the quotes and escapes of MONITOR taken away."""
        return [bytes(self.seen), unquoted(bytes(self.seen))]

    def ask(self, *commands: tuple[bytes | str, ...]) -> list[bytes]:
        """What the server answers the ear, all texts of an answer joined.  Raises `OSError`."""
        with socket.create_connection(("127.0.0.1", self.port), WAIT_S) as connection:
            answers = connection.makefile("rb")
            connection.sendall(_command("AUTH", "ear", self.ear))
            _answer(answers)
            found = []
            for command in commands:
                connection.sendall(_command(*command))
                found.append(_answer(answers))
            return found

    def keys_and_values(self) -> bytes:
        """Everything that is held, and what the server remembers of its commands."""
        (names,) = self.ask(("KEYS", "*"))
        held = self.ask(*(("DUMP", name) for name in names.splitlines() if name))
        return b"\n".join([names, *held, *self.ask(*ASIDE)])

    def forced_files(self) -> list[bytes]:
        """Its RDB and AOF, though it is told to write neither: what would be in them."""
        self.ask(("CONFIG", "SET", "rdbcompression", "no"), ("SAVE",), ("CONFIG", "SET", "appendonly", "yes"))
        until_s = time.monotonic() + WAIT_S
        while b"aof_rewrite_in_progress:0" not in self.ask(("INFO", "persistence"))[0]:
            if time.monotonic() > until_s:
                raise BusFailed("Redis didn't write its file")
            time.sleep(0.05)
        return [path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()]


@contextlib.contextmanager
def listened_to(folder: Path) -> Iterator[Bus]:
    """A server that lives as long as the block; killing it before is no error.  Raises `BusFailed`."""
    folder.mkdir(parents=True)
    bus = _started(folder)
    monitor = _monitor(bus)
    reader = threading.Thread(target=_read, args=(monitor, bus.seen), name="ear", daemon=True)
    reader.start()
    try:
        yield bus
    finally:
        bus.process.terminate()
        bus.process.wait()
        reader.join(5.0)
        monitor.close()


def _started(folder: Path) -> Bus:
    port, word, ear = free_port(), "line-" + os.urandom(8).hex(), "ear-" + os.urandom(8).hex()
    text = embedded_redis.configuration(port, word, str(folder)) + f"user ear on >{ear} ~* &* +@all\n"
    server = subprocess.Popen(  # noqa: S603  # our own server
        [embedded_redis.find_server(), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    assert server.stdin is not None
    server.stdin.write(text.encode())
    server.stdin.close()
    return Bus(port, word, ear, folder, server)


def _monitor(bus: Bus) -> socket.socket:
    """Hears each command from now on: the server has said so twice."""
    monitor = _connected(bus.port)
    monitor.sendall(_command("AUTH", "ear", bus.ear) + _command("MONITOR"))
    said = b""
    monitor.settimeout(WAIT_S)
    with contextlib.suppress(OSError):
        while said.count(b"\r\n") < 2 and (piece := monitor.recv(4_096)):
            said += piece
    if not said.startswith(b"+OK\r\n+OK\r\n"):
        raise BusFailed("Redis lets nobody listen")
    bus.seen += said[10:]
    monitor.settimeout(None)
    return monitor


def _read(monitor: socket.socket, seen: bytearray) -> None:
    with contextlib.suppress(OSError):
        while piece := monitor.recv(65_536):
            seen.extend(piece)


def _connected(port: int) -> socket.socket:
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.02)


def unquoted(heard: bytes) -> bytes:
    """What MONITOR wrote as "\\x00\\n" is what was sent again."""
    return ESCAPED.sub(_meant, heard)


def _meant(found: re.Match[bytes]) -> bytes:
    sign = found[1]
    return bytes.fromhex(sign[1:].decode()) if len(sign) == 3 else _SIGNS.get(sign, sign)


def _command(*words: bytes | str) -> bytes:
    """In the protocol of Redis: an array of texts with their lengths."""
    raw = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in raw)


def _answer(stream: IO[bytes]) -> bytes:
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"$" and rest != b"-1":
        text = stream.read(int(rest) + 2)
        return text[:-2]
    if kind in b"*%~" and rest not in (b"-1", b""):
        return b"\n".join(_answer(stream) for _ in range(int(rest) * (2 if kind == b"%" else 1)))
    return rest

"""The audit log to a collector of the hospital's own, over syslog with TLS (RFC 5425): once, or as it grows.

A batch counts as taken when the other side has ended its half of the connection after ours: syslog itself confirms
nothing.  Then the cursor moves on, in the state; whoever dies in between sends that batch again, never skips one.  What
can't be sent waits in the log itself, so nothing grows in memory, and a dead collector stops nobody.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from agent.keeper.database import Database, StateFailed
from agent.keeper.ledger import LedgerReader, forwarded, set_forwarded
from policies.audit import entry_of
from policies.closed import NotClosed
from policies.siem import cef, ocsf
from policies.syslog import framed, framed_head

SCHEME: Final = "syslog+tls"
PORT: Final = 6_514  # RFC 5425 section 4.1
WAIT_S: Final = 5.0  # for each step of a connection
BATCH: Final = 500
QUIET_S: Final = 60.0  # another process of ours may have written to the log
AGAIN_S: Final = (1.0, 300.0)  # first and longest wait after a failure
END_S: Final = 3.0  # for the last entries when the keeper ends
MOST_DRAINED: Final = 65_536
FORMS: Final = ("jsonl", "ocsf", "cef")
_TEXTS: Final = {"ocsf": ocsf, "cef": cef}


class NotTaken(Exception):
    """The collector can't be reached, isn't who it should be, or broke off.  The message is one sentence."""

    def __init__(self) -> None:
        super().__init__("the collector did not take the audit log: check its address, its certificate and --ca")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where the log goes."""

    host: str
    port: int
    ca: Path | None
    """Certificates in PEM, one of which must have signed the receiver's; None for those of the system."""

    @classmethod
    def of(cls, address: str, ca: Path | None) -> Receiver:
        """From syslog+tls://host:port.  Raises `ValueError`."""
        parts = urlsplit(address)
        if parts.scheme != SCHEME or not parts.hostname or parts.path.strip("/") or parts.query or "@" in parts.netloc:
            raise ValueError(f"a collector is {SCHEME}://host:port")
        return cls(parts.hostname, parts.port or PORT, ca)

    @property
    def digest(self) -> str:
        """By which the state knows how far this one has got."""
        return hashlib.sha256(f"{self.host}:{self.port}".encode()).hexdigest()


def frame(line: bytes, form: str) -> bytes:
    """A line of the log.  Raises `NotClosed` for one that is no entry."""
    entry = entry_of(line)
    return framed(entry, _TEXTS[form](entry) if form in _TEXTS else line.decode("ascii"))


def send(receiver: Receiver, frames: Iterable[bytes]) -> None:
    """All of them over one connection, and its end agreed upon.  Raises `NotTaken`."""
    taken = False
    try:
        context = ssl.create_default_context(cafile=None if receiver.ca is None else str(receiver.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9662 for syslog: 1.3 where both can, 1.2 still
        with (
            socket.create_connection((receiver.host, receiver.port), WAIT_S) as plain,
            context.wrap_socket(plain, server_hostname=receiver.host) as secure,
        ):
            for each in frames:
                secure.sendall(each)
            taken = _ended(secure)
    except (OSError, ValueError):  # ssl.SSLError is an OSError; a bad name is a ValueError
        taken = False
    if not taken:
        raise NotTaken


def _ended(secure: ssl.SSLSocket) -> bool:
    """Our close_notify, and the other side's or its plain end.  A reset or silence means that some may be lost."""
    try:
        secure.unwrap().close()
    except ssl.SSLEOFError:
        return True
    except ssl.SSLError as error:  # it said something first, or ended without a word of TLS
        return error.reason in ("APPLICATION_DATA_AFTER_CLOSE_NOTIFY", "UNEXPECTED_EOF_WHILE_READING")
    return True


def forward(folder: Path, receiver: Receiver, form: str) -> int:
    """What this receiver has not got yet, batch by batch; how many entries.  Raises `NotTaken`, `StateFailed`."""
    reader, writer = LedgerReader(folder), Database.open(folder)
    sent = 0
    try:
        while lines := list(islice(reader.lines(forwarded(writer, receiver.digest)), BATCH)):
            send(receiver, _batch(reader, lines, form))
            set_forwarded(writer, receiver.digest, entry_of(lines[-1]).sequence + 1)
            sent += len(lines)
    except NotClosed:
        sent = -1
    finally:
        reader.close()
        writer.close()
    if sent < 0:
        raise StateFailed("the audit log holds a line that is no entry: `quietline audit verify`")
    return sent


def _batch(reader: LedgerReader, lines: Sequence[bytes], form: str) -> list[bytes]:
    """jsonl, which can be verified, with the head."""
    head = reader.head() if form == "jsonl" else None
    return [*(frame(line, form) for line in lines), *([framed_head(head)] if head is not None else [])]


class Forwarding:
    """A thread that sends what is new.  tell: is given True when the collector takes the log again, False when not."""

    def __init__(self, folder: Path, receiver: Receiver, form: str, tell: Callable[[bool], None]) -> None:
        self._folder: Final = folder
        self._receiver: Final = receiver
        self._form: Final = form
        self._tell: Final = tell
        self._new = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forwarding", daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """There is something new."""
        self._new.set()

    def close(self) -> bool:
        """Sends what is left, for a moment.  False if that was not over; the next start goes on."""
        self._stop.set()
        self._new.set()
        self._thread.join(END_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        wait_s, well = AGAIN_S[0], True
        while True:
            last = self._stop.is_set()
            self._new.clear()
            done = self._sent()
            if done is not well:
                well = done
                self._tell(done)
            if last:
                return
            if done:
                wait_s = AGAIN_S[0]
                self._new.wait(QUIET_S)
            else:
                self._stop.wait(wait_s)
                wait_s = min(AGAIN_S[1], 2 * wait_s)

    def _sent(self) -> bool:
        try:
            forward(self._folder, self._receiver, self._form)
        except (NotTaken, StateFailed):
            return False
        return True

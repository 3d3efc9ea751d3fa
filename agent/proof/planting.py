"""Known leaks, really planted: each form of each decoy in a sink of each kind, read as the proof reads the real ones.

A copy of a place with a decoy in it shows that the search is not blind there; this shows that the reading is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.server
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlencode

from starlette.types import Message, Receive, Scope, Send

from agent import surroundings
from agent.keeper.database import Database, row_of
from agent.keeper.held_patients import TABLE, HeldPatients
from agent.proof import bus, memory, pages
from agent.proof.book import Book, HeardRest, HeardWebhook
from agent.proof.kept import beside_in_pipe, beside_in_state
from agent.proof.network import Missing, Network
from agent.proof.places import Searcher, changed, is_core, names
from agent.proof.placing import Overheard
from agent.proof.report import NEEDS_ROOT, NO_CORES
from agent.proof.search import Hit
from agent.proof.sessions import SinkName
from agent.settings import ROOT
from policies.attempts import Kept
from policies.events import OutreachHeld, encode

Planted = Sequence[tuple[Hit, bytes]]
HOLD: Final = """
import sys, time
held = [bytes.fromhex(line) for line in sys.stdin]
print("held", flush=True)
time.sleep(600)
"""
TELL: Final = """
import os, sys
for line in open(sys.argv[1]):
    for descriptor in (1, 2):
        os.write(descriptor, bytes.fromhex(line) + b"\\n")
"""
LONGEST_NAME: Final = 255  # bytes, ext4
FAR: Final = ("192.0.2.77", 9)  # nobody's, RFC 5737; the discard port
WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sink:
    """One kind of place, with leaks in it."""

    name: str
    planted: int
    found: int
    why: str = ""
    """Where nothing could be planted."""

    def __post_init__(self) -> None:
        SinkName(self.name)  # one that is not on the list would void every report

    def to_json(self) -> dict[str, Any]:
        return {"sink": self.name, "planted": self.planted, "found": self.found, "why": self.why}


def planted(searcher: Searcher, folder: Path, network: Network | Missing) -> list[Sink]:
    """Plants everywhere and looks.  folder: an empty one; network: ours, or None."""
    forms = searcher.planted
    sinks = []

    def sought(name: str, pieces: Sequence[bytes], of: Planted = forms) -> None:
        sinks.append(Sink(name, len(of), len(searcher.decoys_in(pieces) & {hit for hit, _ in of})))

    told = _told(forms, folder / "told")
    for name, said in told.items():
        sought(name, [said])
    sought("the keeper's state (SQLite)", _state(forms, folder / "state"))
    sought("files changed on the machine", _files(forms, folder / "files"))
    sought("shared memory", _files(forms, Path("/dev/shm") / f"decoys-{os.getpid()}"))  # noqa: S108  # the place itself
    fit = [
        (hit, raw)
        for hit, raw in forms
        if raw == raw.strip(b".") and not {0, 47} & set(raw) and len(raw) <= LONGEST_NAME
    ]
    sought("names of files", _names(fit, folder / "names"), fit)
    for name, held in _redis(forms, folder / "redis").items():
        sought(name, held)
    if SinkName.BUS_MEMORY.value not in {sink.name for sink in sinks}:
        sinks.append(Sink(SinkName.BUS_MEMORY.value, 0, 0, NEEDS_ROOT))
    try:
        sought("the memory of a process", _memory(forms))
    except memory.NotReadable:
        sinks.append(Sink("the memory of a process", 0, 0, NEEDS_ROOT))
    core = _core(forms, folder / "core")
    if core:
        sought("core dumps", core)
    else:
        sinks.append(Sink("core dumps", 0, 0, NO_CORES))
    for name, answers in _pages(forms).items():
        sought(name, answers)
    sought(SinkName.BOOK.value, _book(forms))
    sought(SinkName.ORDERS.value, _orders(forms))
    sought(SinkName.BESIDE_PIPE.value, [_beside_in_pipe(forms)])
    sought(SinkName.BESIDE_STATE.value, [_beside_in_state(forms, folder / "held")])
    if isinstance(network, Missing):
        sinks.append(Sink("packets to other machines", 0, 0, network.value))
    else:
        sought("packets to other machines", _packets(forms, network))
    return sinks


def _told(forms: Planted, folder: Path) -> dict[str, bytes]:
    """Through the tee, as what the line and the service say."""
    folder.mkdir()
    lines = folder / "lines"
    lines.write_bytes(_lines(forms))
    teller = [sys.executable, "-I", "-c", TELL, str(lines)]
    command = [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.tee", str(folder), "--", *teller]
    said = subprocess.run(command, capture_output=True, timeout=WAIT_S, check=True, cwd=ROOT)  # noqa: S603  # our own
    lines.unlink()
    return {
        "what the service prints": said.stdout,
        "what the service writes to standard error": said.stderr,
        "the pipe from the line to the keeper": (folder / "stdout").read_bytes(),
        "what the line writes to standard error": (folder / "stderr").read_bytes(),
    }


def _state(forms: Planted, folder: Path) -> list[bytes]:
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "state.sqlite")) as database:
        database.execute("CREATE TABLE kept (what BLOB)")
        database.executemany("INSERT INTO kept VALUES (?)", [(raw,) for _, raw in forms])
        database.commit()
    return [path.read_bytes() for path in folder.iterdir()]


def _files(forms: Planted, folder: Path) -> list[bytes]:
    folder.mkdir()
    since_s = folder.stat().st_mtime
    try:
        for number, (_, raw) in enumerate(forms):
            (folder / f"decoy-{number}").write_bytes(b"a line\n" + raw + b"\n")
        return [path.read_bytes() for path in changed(since_s, [], folder)]
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _names(forms: Planted, folder: Path) -> list[bytes]:
    folder.mkdir()
    since_s = folder.stat().st_mtime
    for _, raw in forms:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + raw)).touch()
    return [names(path) + b"\n" for path in changed(since_s, [], folder)]


def _redis(forms: Planted, folder: Path) -> dict[str, list[bytes]]:
    with bus.listened_to(folder) as server:
        server.ask(*((b"SET", b"ql:decoy:%d" % number, raw) for number, (_, raw) in enumerate(forms)))
        server.ask(*((b"SET", b"ql:" + raw, b"1") for _, raw in forms))
        found = {"what Redis was told": server.told(), "keys and values of Redis": [server.keys_and_values()]}
        found["files of Redis"] = server.forced_files()
        with contextlib.suppress(memory.NotReadable):
            found["the memory of Redis"] = list(memory.stretches(server.pid))
    return found


def _memory(forms: Planted) -> list[bytes]:
    with _holding(forms, Path("/")) as process:
        return list(memory.stretches(process.pid))


def _core(forms: Planted, folder: Path) -> list[bytes]:
    folder.mkdir()
    with _holding(forms, folder) as process:
        process.send_signal(signal.SIGSEGV)
        process.wait(WAIT_S)
    return [path.read_bytes() for path in changed(0.0, [], folder) if is_core(path)]


@contextlib.contextmanager
def _holding(forms: Planted, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds every form, and may leave a core."""
    process = subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-I", "-c", HOLD],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        preexec_fn=may_leave_a_core,
    )
    try:
        process_in: IO[bytes] | None = process.stdin
        assert process_in is not None
        assert process.stdout is not None
        process_in.write(_lines(forms))
        process_in.close()
        process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def may_leave_a_core() -> None:
    """The user's limit must not be what protects: the process's own must."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def _pages(forms: Planted) -> dict[str, list[bytes]]:
    """A server that answers with a decoy, asked as the line is: as a page, and as a webhook."""
    raws = [raw for _, raw in forms]

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(raws[int(self.path.strip("/"))])

        do_POST = do_GET  # noqa: N815  # as the base class names it

        log_message: Callable[..., None] = lambda *_: None

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = int(server.server_address[1])
        got = [pages.asked(port, "GET", f"/{number}") for number in range(len(raws))]
        webhooks = Overheard(f"http://127.0.0.1:{port}/", None)
        for number in range(len(raws)):
            webhooks._fetched(f"http://127.0.0.1:{port}/{number}", {})  # noqa: SLF001  # what `ask` calls
        server.shutdown()
    return {"metrics, health and error pages": got, "what the carrier was told": webhooks.answers}


class _Echo:
    """A line that answers with what it was asked."""

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:  # noqa: ARG002  # as the port has it
        return 200, form["planted"]


def _book(forms: Planted) -> list[bytes]:
    """What passes between a line and the carrier's twin, each way, as a transfer's webhooks do."""
    book = Book()
    webhook = HeardWebhook(_Echo(), book)

    async def told() -> None:
        for _, raw in forms:
            await webhook.post("http://127.0.0.1/", {"planted": raw.decode("utf-8", "surrogateescape")})

    asyncio.run(told())
    return book.pieces


def _orders(forms: Planted) -> list[bytes]:
    """What a line asks of the carrier's REST, as the form of a call to be placed."""
    book = Book()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # as ASGI has it
        await receive()

    async def told() -> None:
        for _, raw in forms:
            body = urlencode({"To": "+12025550177", "Twiml": raw}).encode()
            scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
            await HeardRest(app, book)(scope, functools.partial(_once, body), _nowhere)

    asyncio.run(told())
    return book.pieces


async def _once(body: bytes) -> Message:
    return {"type": "http.request", "body": body}


async def _nowhere(_: Message) -> None:
    return None


RECORD: Final = Kept(patient="Zk3vQ0pT7mXs2LhYb9RcNw")


def _beside_in_pipe(forms: Planted) -> bytes:
    record = encode(OutreachHeld(1, RECORD)).encode()
    return beside_in_pipe(b"\n".join([record, *(raw for _, raw in forms), record]))


def _beside_in_state(forms: Planted, folder: Path) -> bytes:
    database = Database.open(folder)
    HeldPatients(database)
    columns, values = row_of(RECORD)
    database.run(f"INSERT INTO {TABLE} ({', '.join(columns)}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608  # our own names
    database.run("CREATE TABLE beside (what BLOB)")
    for _, raw in forms:
        database.run("INSERT INTO beside VALUES (?)", [raw])
    database.close()
    return beside_in_state(folder)


def _packets(forms: Planted, network: Network) -> list[bytes]:
    """Each as a datagram to a machine that there is not; what was seen of it is forgotten."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for _, raw in forms:
            out.sendto(raw, FAR)
        out.sendto(b"the last one", FAR)
    until = threading.Event()
    for _ in range(100):
        if b"the last one" in network.outside:
            break
        until.wait(0.05)
    seen = bytes(network.outside)
    network.forget()
    return [seen]


def _lines(forms: Planted) -> bytes:
    return b"".join(raw.hex().encode() + b"\n" for _, raw in forms)

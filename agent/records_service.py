"""`quietline patients`: synthetic patients behind HTTP on this machine, for development and for trying a line out.

    POST /match  {"born": "1950-03-04", "phone_end": "0142", "record": ""}  ->  {"patient": {...}} or {"patient": null}

Says nothing of a request anywhere: no access log, no error text.  Every patient is compared with, in constant time,
whoever is asked for.  A hospital puts one in its place that asks its own records; the form is `agent.record_form`.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import signal
import socket
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from agent.record_form import RecordRefused, day_of, record_of
from agent.settings import ROOT
from policies.patient import ENOUGH, Identifiers
from telephony.listening import QuietServer, quiet_config

LOOPBACK: Final = "127.0.0.1"
PATIENTS: Final = ROOT / "deploy" / "patients" / "synthetic.toml"
MOST_BODY: Final = 1_024
CONNECTIONS: Final = 32
GRACE_S: Final = 1
_KEYS: Final = frozenset({"born", "phone_end", "record"})


class PatientsRefused(Exception):
    """The file of patients doesn't hold together.  One sentence; names no value."""


@dataclass(frozen=True, slots=True)
class Known:
    """One patient: what identifies her, and her record as it is answered."""

    born: str
    phone_end: str
    record: str
    answer: Mapping[str, Any]

    def is_meant(self, given: Identifiers) -> bool:
        """All that is given is hers.  Takes as long whatever of it is."""
        born = "" if given.born is None else given.born.isoformat()
        same = True
        for told, known in ((born, self.born), (given.phone_end, self.phone_end), (given.record, self.record)):
            same &= hmac.compare_digest((told or known).encode(), known.encode())
        return same


def patient(known: Sequence[Known], given: Identifiers) -> Mapping[str, Any] | None:
    """The one of whom all that is given holds; None for nobody, for several, and for fewer than `ENOUGH`."""
    meant = [each for each in known if each.is_meant(given)]
    return meant[0].answer if len(meant) == 1 and given.given >= ENOUGH else None


def load(file: Path) -> tuple[Known, ...]:
    """Raises `PatientsRefused`."""
    found: tuple[Known, ...] | None = None
    try:
        found = tuple(map(_known, tomllib.loads(file.read_text(encoding="utf-8"))["patient"]))
    except (OSError, KeyError, TypeError, ValueError):  # ValueError: what is no TOML, no UTF-8, no record
        found = None
    if found is None:
        raise PatientsRefused("give a file of patients in the form of deploy/patients/synthetic.toml")
    return found


def _known(table: Mapping[str, Any]) -> Known:
    answer = {key: value for key, value in table.items() if key not in _KEYS}
    record_of(answer)
    return Known(day_of(table["born"]).isoformat(), str(table["phone_end"]), str(table["record"]), answer)


class Records:
    """The service, as ASGI."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._known: Final = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; whatever is no question of the form is 400."""
        asked = (scope["type"], scope.get("method"), scope.get("path"), scope.get("query_string"))
        status, answer = 400, b"{}"
        if asked == ("http", "POST", "/match", b""):
            given = _given(await _body(receive))
            if given is not None:
                status, answer = 200, json.dumps({"patient": patient(self._known, given)}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


async def _body(receive: Receive) -> bytes:
    """Empty for one that is too long."""
    body, more = b"", True
    while more and len(body) <= MOST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body if len(body) <= MOST_BODY else b""


def _given(body: bytes) -> Identifiers | None:
    try:
        asked = json.loads(body)
        if not isinstance(asked, dict) or asked.keys() != _KEYS or not all(isinstance(v, str) for v in asked.values()):
            return None
        born = day_of(asked["born"]) if asked["born"] else None
        return Identifiers(born, asked["phone_end"], asked["record"])
    except (RecordRefused, ValueError):
        return None


async def serve(listening: socket.socket, known: Sequence[Known]) -> None:
    """Until SIGTERM or SIGINT."""
    config = quiet_config(
        Records(known), connections=CONNECTIONS, grace_s=GRACE_S, tls=None, ws="none", log_level="critical"
    )
    server = QuietServer(config)

    def stop() -> None:
        server.should_exit = True

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    await server.serve(sockets=[listening])


def main(given: Sequence[str]) -> None:
    """Raises `PatientsRefused`, and `OSError` where the port is taken."""
    parser = argparse.ArgumentParser(prog="quietline patients", description="Synthetic patients on this machine.")
    parser.add_argument("--port", type=int, default=8091, help="of loopback; 8091 if not given")
    parser.add_argument("--patients", type=Path, default=PATIENTS, help="a file of patients")
    asked = parser.parse_args(given)
    known = load(asked.patients)
    with socket.create_server((LOOPBACK, asked.port)) as listening:
        asyncio.run(serve(listening, known))

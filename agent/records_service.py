"""`quietline patients`: synthetic patients behind HTTP on this machine, for development and for trying a line out.

    POST /match  {"born": "1950-03-04", "phone_end": "0142", "record": ""}  ->  {"patient": {...}} or {"patient": null}

Says nothing of a request anywhere: no access log, no error text.  Every patient is compared with, in constant time,
whoever is asked for.  A hospital puts one in its place that asks its own records; the form is `agent.record_form`.
"""

from __future__ import annotations

import argparse
import hmac
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from agent.local_service import answer_with, body_of, posted_to, serve_on
from agent.record_form import RecordRefused, day_of, record_of
from agent.settings import ROOT
from policies.patient import ENOUGH, Identifiers

PATIENTS: Final = ROOT / "deploy" / "patients" / "synthetic.toml"
MOST_BODY: Final = 1_024
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
        given = _given(await body_of(receive, MOST_BODY)) if posted_to(scope) == "/match" else None
        if given is None:
            await answer_with(send, 400, b"{}")
        else:
            await answer_with(send, 200, json.dumps({"patient": patient(self._known, given)}).encode())


def identifiers_of(asked: object) -> Identifiers | None:
    """What the three texts of a question give; None for what is no question."""
    if not isinstance(asked, dict) or asked.keys() != _KEYS or not all(isinstance(v, str) for v in asked.values()):
        return None
    try:
        born = day_of(asked["born"]) if asked["born"] else None
    except RecordRefused:
        return None
    return Identifiers(born, asked["phone_end"], asked["record"])


def _given(body: bytes) -> Identifiers | None:
    try:
        return identifiers_of(json.loads(body))
    except ValueError:
        return None


def main(given: Sequence[str]) -> None:
    """Raises `PatientsRefused`, and `OSError` where the port is taken."""
    parser = argparse.ArgumentParser(prog="quietline patients", description="Synthetic patients on this machine.")
    parser.add_argument("--port", type=int, default=8091, help="of loopback; 8091 if not given")
    parser.add_argument("--patients", type=Path, default=PATIENTS, help="a file of patients")
    asked = parser.parse_args(given)
    serve_on(asked.port, Records(load(asked.patients)))

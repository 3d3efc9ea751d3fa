"""`quietline contacts`: invented patients who may be called, behind HTTP on this machine, for development.

Answers as `agent.contacts` asks.  An opt-out is held while the service runs, and written nowhere.  Says nothing of a
request anywhere: no access log, no error text.  A hospital puts one in its place that knows its own patients.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from agent.lines import US
from agent.local_service import answer_with, body_of, posted_to, serve_on
from agent.record_form import day_of
from agent.records_service import Known, identifiers_of
from agent.settings import ROOT
from policies.attempts import is_reference
from policies.outreach import Zone
from policies.patient import ENOUGH, PHONE_END, Identifiers
from policies.right_party_wording import NAME

CONTACTS: Final = ROOT / "deploy" / "contacts" / "synthetic.toml"
MOST_BODY: Final = 256
_KEYS: Final = frozenset({"ref", "number", "name", "named_on_machine", "zone", "consented", "born", "record"})


class ContactsRefused(Exception):
    """The file of contacts doesn't hold together.  One sentence; names no value."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One patient of the hospital's list."""

    ref: str
    number: str
    name: str
    """As she is asked for."""
    named_on_machine: bool
    """She has consented to her name in a message."""
    zone: Zone
    consented: bool
    hers: Known
    """What identifies her: her date of birth, the end of her number, her record number."""


def load(file: Path) -> tuple[Contact, ...]:
    """Raises `ContactsRefused`."""
    found: tuple[Contact, ...] | None = None
    try:
        found = tuple(map(_contact, tomllib.loads(file.read_text(encoding="utf-8"))["contact"]))
    except (OSError, KeyError, TypeError, ValueError):  # ValueError: what is no TOML, no UTF-8, no contact
        found = None
    if found is None or len({each.ref for each in found}) < len(found):
        raise ContactsRefused("give a file of contacts in the form of deploy/contacts/synthetic.toml")
    return found


def _contact(table: Mapping[str, Any]) -> Contact:
    ref, number, consented = table["ref"], table["number"], table["consented"]
    name, named = table["name"], table["named_on_machine"]
    if (
        table.keys() != _KEYS
        or not is_reference(ref)
        or US.fullmatch(number) is None
        or NAME.fullmatch(name) is None
        or type(consented) is not bool
        or type(named) is not bool
    ):
        raise ValueError
    hers = Known(day_of(table["born"]).isoformat(), number[-PHONE_END:], str(table["record"]), {})
    return Contact(ref, number, name, named, Zone(table["zone"]), consented, hers)


class ContactList:
    """The service, as ASGI."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._contacts: Final = contacts
        self._out: Final[set[str]] = set()

    @property
    def out(self) -> frozenset[str]:
        """Who has opted out."""
        return frozenset(self._out)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; whatever is no question of the form is 400."""
        path = posted_to(scope)
        asked = _asked(await body_of(receive, MOST_BODY))
        answer = self._answer(path, asked) if path and asked is not None else None
        if answer is None:
            await answer_with(send, 400, b"{}")
        else:
            await answer_with(send, 200, json.dumps(answer).encode())

    def _answer(self, path: str, asked: Mapping[str, str]) -> dict[str, object] | None:
        match path, asked:
            case "/consented", {} if not asked:
                return {"patients": [{"ref": each.ref, "zone": each.zone.value} for each in self._may_be_called()]}
            case "/number", {"ref": ref} if len(asked) == 1:
                return self._reached(ref)
            case "/whose", {"number": number} if len(asked) == 1:
                refs = [each.ref for each in self._contacts if each.number == number]
                return {"ref": refs[0] if len(refs) == 1 else None}
            case "/opt-out", {"ref": ref} if len(asked) == 1:
                known = any(each.ref == ref for each in self._contacts)
                self._out.update({ref} if known else ())
                return {"taken": known}
            case "/is-hers", {"ref": ref, **identifiers}:
                return self._is_hers(ref, identifiers_of(identifiers))
        return None

    def _reached(self, ref: str) -> dict[str, object]:
        for each in self._may_be_called():
            if each.ref == ref:
                return {"number": each.number, "name": each.name, "named_on_machine": each.named_on_machine}
        return {"number": None}

    def _is_hers(self, ref: str, given: Identifiers | None) -> dict[str, object] | None:
        """Takes as long whoever is meant and whatever is wrong."""
        if given is None:
            return None
        found = [each.hers.is_meant(given) and each.ref == ref for each in self._contacts]
        return {"hers": any(found) and given.given >= ENOUGH}

    def _may_be_called(self) -> list[Contact]:
        return [each for each in self._contacts if each.consented and each.ref not in self._out]


def _asked(body: bytes) -> Mapping[str, str] | None:
    """What was asked: an object of texts."""
    try:
        asked = json.loads(body)
    except ValueError:
        return None
    of_texts = isinstance(asked, dict) and all(isinstance(value, str) for value in asked.values())
    return asked if of_texts else None


def main(given: Sequence[str]) -> None:
    """Raises `ContactsRefused`, and `OSError` where the port is taken."""
    parser = argparse.ArgumentParser(prog="quietline contacts", description="Synthetic contacts on this machine.")
    parser.add_argument("--port", type=int, default=8092, help="of loopback; 8092 if not given")
    parser.add_argument("--contacts", type=Path, default=CONTACTS, help="a file of contacts")
    asked = parser.parse_args(given)
    serve_on(asked.port, ContactList(load(asked.contacts)))

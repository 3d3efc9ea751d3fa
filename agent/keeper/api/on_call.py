"""The lists of who is on call, and which of their nurses are available."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.desk import Desk, not_found
from agent.keeper.on_call_files import Held, shown
from agent.on_call_file import OnCallFile, OnCallRefused, read
from policies import closed
from policies.acts import Act, AuditReason, Subject
from policies.records import NONE, NurseStatus

MOST_LISTS: Final = 100


@dataclass(frozen=True, slots=True)
class Available:
    """The body of what a nurse says of herself, or somebody for her."""

    available: bool

    def __post_init__(self) -> None:
        closed.check(self)


def list_lists(desk: Desk, asked: Asked) -> Answer:  # noqa: ARG001  # the shape of an operation
    return Answer({"lists": [{"list": name} for name in desk.on_call.names()]})


def get_list(desk: Desk, asked: Asked) -> Answer:
    name = asked.path["list"]
    held = desk.on_call.held(name)
    if held is None:
        raise not_found()
    return Answer(_told(desk, name, held))


def change_list(desk: Desk, asked: Asked) -> Answer:
    """Whole, and only if the file is still the one that was seen."""
    name, table = asked.path["list"], asked.body.get("keys")
    if set(asked.body) != {"version", "keys"} or not isinstance(table, dict):
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    held = desk.on_call.held(name)
    before = NONE if held is None else held.version
    if asked.body["version"] != before:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.OTHER_REVISION)
    if held is None and len(desk.on_call.names()) >= MOST_LISTS:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.TOO_MANY)
    says = ""
    try:
        prepared = desk.on_call.prepare(name, table, desk.answered())
    except OnCallRefused as refused:
        says = str(refused)
    if says:
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED, more={"says": says})
    event = desk.event(Act.ON_CALL_CHANGED, Subject.ON_CALL, asked.actor, name, digests=(before, prepared.version))
    desk.ledger.write(event, lambda: desk.on_call.put(prepared))
    fresh = desk.on_call.held(name)
    if fresh is None:
        raise not_found()
    return Answer(_told(desk, name, fresh))


def list_nurses(desk: Desk, asked: Asked) -> Answer:
    name = asked.path["list"]
    nurses = _good(desk, name).nurses
    return Answer({"nurses": [_status(desk, name, nurse.id) for nurse in nurses]})


def set_nurse(desk: Desk, asked: Asked) -> Answer:
    name, nurse = asked.path["list"], asked.path["nurse"]
    if _good(desk, name).nurse(nurse) is None:
        raise not_found()
    status = NurseStatus(on_call=name, nurse=nurse, available=asked.body.available)
    event = desk.nurses.event(status, asked.actor.role, asked.actor.known_token)
    if event is not None:
        desk.ledger.write(event)
        desk.nurses.set(status)
        desk.changed()
    return Answer(_status(desk, name, nurse))


def _good(desk: Desk, name: str) -> OnCallFile:
    """Raises `ApiRefused` where there is no such list, or its file is wrong now."""
    held = desk.on_call.held(name)
    if held is None:
        raise not_found()
    checked, says = _checked(desk, name, held)
    if checked is None:
        raise ApiRefused(ErrorWord.REFUSED, AuditReason.MALFORMED, more={"says": says})
    return checked


def _checked(desk: Desk, name: str, held: Held) -> tuple[OnCallFile | None, str]:
    """The list; or None, and what is wrong with it."""
    if held.table is None:
        return None, f"{name}.toml: is no TOML"
    try:
        return read(name, held.table, desk.answered()), ""
    except OnCallRefused as refused:
        return None, str(refused)


def _status(desk: Desk, name: str, nurse: str) -> Mapping[str, object]:
    return {"nurse": nurse, "available": desk.nurses.is_available(name, nurse)}


def _told(desk: Desk, name: str, held: Held) -> dict[str, Any]:
    """A list as the interface shows it; without its keys where it is none."""
    checked, says = _checked(desk, name, held)
    keys = None if checked is None or held.table is None else shown(held.table, checked)
    return {"list": name, "version": held.version, "keys": keys, "says": says}

"""Lists of who is on call over HTTP: seen, replaced whole or not at all, and who of them is available."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from agent.keeper.nurses import Nurses
from agent.keeper.on_call_files import OnCallFiles
from agent.pins import hashed, is_pin
from policies.acts import Act, AuditReason, Role, Subject
from policies.phi import PHI
from policies.records import NurseStatus
from tests.admin import MERCY, Interface, Reply, interface, means

LIST: Final = "/v1/on-call/demo"
DANA: Final = f"{LIST}/nurses/dana"
PIN: Final = PHI("483920")


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[Interface]:
    with interface(tmp_path) as running:
        yield running


def file(running: Interface, name: str = "demo") -> Path:
    return running.folder / "lists" / f"{name}.toml"


def seen(running: Interface, path: str = LIST) -> Any:
    return running.ask("GET", path).json


def put(running: Interface, keys: Any, version: str | None = None, path: str = LIST, who: str = "admin") -> Reply:
    there = version or seen(running, path).get("version", "none")
    return running.ask("PUT", path, who, {"version": there, "keys": keys})


def refused(running: Interface, **other: Any) -> tuple[int, str]:
    reply = put(running, seen(running)["keys"] | other)
    return reply.status, reply.json["says"]


def test_the_list_is_shown_as_its_file_has_it(running: Interface) -> None:
    told, held = seen(running), tomllib.loads(file(running).read_text(encoding="utf-8"))

    assert ("demo", "") == (told["list"], told["says"])
    assert held == told["keys"]
    assert {"lists": [{"list": "demo"}]} == running.ask("GET", "/v1/on-call", "nurse").json


def test_what_is_put_is_the_file_from_then_on(running: Interface) -> None:
    keys = seen(running)["keys"]
    keys["rung"][1] |= {"ring_s": 25, "hours": "19:00-07:00"}
    reply = put(running, keys)

    assert (200, keys) == (reply.status, reply.json["keys"])
    assert keys == tomllib.loads(file(running).read_text(encoding="utf-8"))
    assert reply.json == seen(running)


def test_the_same_keys_again_are_another_version(running: Interface) -> None:
    """So that no number is found by trying out hashes."""
    keys = seen(running)["keys"]

    assert put(running, keys).json["version"] != put(running, keys).json["version"]


def test_a_change_of_another_version_than_the_one_seen_is_refused_and_nothing_is_altered(running: Interface) -> None:
    told = seen(running)
    file(running).write_text(file(running).read_text(encoding="utf-8") + "\n# by hand\n", encoding="utf-8")
    before = file(running).read_bytes()
    reply = put(running, told["keys"], told["version"])

    assert (409, {"error": "refused", "rule": "other_revision"}) == (reply.status, reply.json)
    assert before == file(running).read_bytes()
    assert (Act.ACT_REFUSED, AuditReason.OTHER_REVISION) == running.noted()[-1]


def test_a_wrong_list_is_refused_in_the_files_own_sentence(running: Interface) -> None:
    before, keys = file(running).read_bytes(), seen(running)["keys"]
    (first, *_), (dana, *_) = keys["rung"], keys["nurse"]

    assert (400, "demo.toml: rung 1: ring_s: must be 10 to 30") == refused(running, rung=[first | {"ring_s": 31}])
    assert (400, "demo.toml: nurse 1: number: must stand on a rung") == refused(
        running, nurse=[dana | {"number": "+12025550159"}]
    )
    assert (400, "demo.toml: rung 1: numbers: one is answered by an agent, no person would come") == refused(
        running, rung=[first | {"numbers": ["+12025550142"]}], nurse=[]
    )
    assert before == file(running).read_bytes()
    assert [] == [each.name for each in (running.folder / "lists").iterdir() if each != file(running)]


def test_a_number_of_an_agent_that_came_over_the_network_is_no_nurses(running: Interface) -> None:
    assert 201 == running.ask("POST", "/v1/agents", body=dict(MERCY)).status
    rung = {"rank": "unit", "numbers": MERCY["numbers"], "ring_s": 18, "hours": ""}

    assert 400 == put(running, seen(running)["keys"] | {"rung": [rung], "nurse": []}).status


def test_a_refusal_repeats_nothing_of_what_was_sent(running: Interface) -> None:
    keys = seen(running)["keys"]
    for wrong in ({"about": {"owner": "Xanthippe", "x": 1}}, {"nurse": [{"id": "Xanthippe"}]}, {"rung": ["Xanthippe"]}):
        assert b"Xanthippe" not in put(running, keys | wrong).content


@pytest.mark.parametrize("body", [{}, {"keys": {}}, {"version": "none"}, {"version": "none", "keys": []}])
def test_a_body_of_another_form_is_malformed(running: Interface, body: Any) -> None:
    assert 400 == running.ask("PUT", "/v1/on-call/night", body=body).status


def test_a_new_list_is_made_for_none_that_was_seen_and_nobody_else_may_read_it(running: Interface) -> None:
    keys = seen(running)["keys"]
    path = "/v1/on-call/night"

    assert [409, 200] == [put(running, keys, version, path).status for version in ("0" * 64, "none")]
    assert 0 == file(running, "night").stat().st_mode & 0o007
    assert keys == seen(running, path)["keys"]


def test_a_file_keeps_its_mode(running: Interface) -> None:
    file(running).chmod(0o640)
    put(running, seen(running)["keys"])

    assert 0o640 == file(running).stat().st_mode & 0o777


def test_a_folder_that_may_not_be_written_to_is_told_and_nothing_is_altered(running: Interface) -> None:
    keys, before = seen(running)["keys"], file(running).read_bytes()
    (running.folder / "lists" / ".demo.toml.aside").mkdir()
    entries = len(running.entries())
    reply = put(running, keys)

    assert (503, before) == (reply.status, file(running).read_bytes())
    assert Act.ON_CALL_CHANGED not in [each.act for each in running.entries()[entries:]]


def test_the_audit_log_has_digests_and_no_number(running: Interface) -> None:
    told = seen(running)
    fresh = put(running, told["keys"]).json
    entry = running.entries()[-1]

    assert (Role.ADMIN, Act.ON_CALL_CHANGED, Subject.ON_CALL, "demo") == (
        entry.role,
        entry.act,
        entry.subject,
        entry.thing,
    )
    assert (told["version"], fresh["version"]) == (entry.before, entry.after)
    assert () == running.faults()
    state = b"".join(each.read_bytes() for each in running.folder.glob("quietline.sqlite3*"))
    assert b"2025550151" not in state


def test_a_pin_is_shown_to_nobody_and_stays_where_it_is_sent_back(running: Interface) -> None:
    keys, held = seen(running)["keys"], hashed(PIN)
    keys["nurse"][0]["pin"] = held
    first = put(running, keys)
    again = put(running, first.json["keys"])
    kept = tomllib.loads(file(running).read_text(encoding="utf-8"))["nurse"][0]["pin"]

    assert ["kept", "kept"] == [reply.json["keys"]["nurse"][0]["pin"] for reply in (first, again)]
    assert held.encode() not in first.content + again.content
    assert is_pin(kept, PIN)


def test_a_pin_that_nobody_had_is_not_kept(running: Interface) -> None:
    keys = seen(running)["keys"]
    keys["nurse"] = [{"id": "lee", "number": "+12025550152", "pin": "kept"}]

    assert (400, "demo.toml: nurse 1: pin: must be what `quietline pin` prints, or empty") == refused(running, **keys)


def test_a_file_that_is_wrong_on_the_disk_is_told_and_can_be_mended(running: Interface) -> None:
    keys = seen(running)["keys"]
    file(running).write_text("[about]\nowner = 1\n", encoding="utf-8")
    told = seen(running)

    assert (None, "demo.toml: about: must hold the owner of this list, and nothing else") == (
        told["keys"],
        told["says"],
    )
    assert 409 == running.ask("GET", f"{LIST}/nurses", "nurse").status
    assert 200 == put(running, keys).status
    file(running).write_text("no toml [", encoding="utf-8")
    assert "demo.toml: is no TOML" == seen(running)["says"]
    assert 200 == put(running, keys).status


def test_a_nurse_is_available_until_it_is_set_otherwise(running: Interface) -> None:
    before = running.ask("GET", f"{LIST}/nurses", "nurse").json
    away = running.ask("PUT", DANA, "nurse", {"available": False})
    changes = len(running.changes)
    again = running.ask("PUT", DANA, "nurse", {"available": False})

    assert {"nurses": [{"nurse": "dana", "available": True}]} == before
    assert [{"nurse": "dana", "available": False}] * 2 == [away.json, again.json]
    assert (1, changes) == (changes, len(running.changes))
    assert [(Act.NURSE_AWAY, None)] == running.noted()[1:]  # the first is the agent's
    assert {"nurses": [away.json]} == running.ask("GET", f"{LIST}/nurses").json
    assert 200 == running.ask("PUT", DANA, "admin", {"available": True}).status
    assert (Act.NURSE_AVAILABLE, None) == running.noted()[-1]


@pytest.mark.parametrize("path", ["/v1/on-call/demo/nurses/lee", "/v1/on-call/night/nurses/dana", "/v1/on-call/night"])
def test_what_there_is_not_is_not_found(running: Interface, path: str) -> None:
    method, body = ("PUT", {"available": False}) if "nurses" in path else ("GET", None)

    assert 404 == running.ask(method, path, body=body).status


def test_what_is_set_here_is_what_the_lines_are_told(tmp_path: Path) -> None:
    given = means(tmp_path)
    nurses = Nurses(given.on_call, lambda: 1_800_000_000.0)
    with interface(tmp_path, replace(given, nurses=nurses)) as running:
        running.ask("PUT", DANA, "nurse", {"available": False})

    assert [NurseStatus(on_call="demo", nurse="dana", available=False)] == list(nurses.statuses())


def test_without_a_folder_there_are_no_lists(tmp_path: Path) -> None:
    nowhere = OnCallFiles(tmp_path / "nowhere")
    with interface(tmp_path, replace(means(tmp_path), on_call=nowhere)) as running:
        assert {"lists": []} == running.ask("GET", "/v1/on-call").json
        assert 503 == running.ask("PUT", LIST, body={"version": "none", "keys": seen_keys(tmp_path)}).status


def seen_keys(folder: Path) -> Any:
    return tomllib.loads((folder / "lists" / "demo.toml").read_text(encoding="utf-8"))

"""The keeper's own interface is read by the proof: every operation that tells, and what it tells is searched."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.embedded_redis import free_port
from agent.keeper.api.operations import OPERATIONS
from agent.proof.canary import DRUGS, FIRST, LAST, NONCE_BYTES, canary, decoy
from agent.proof.interface import ROLES, Interface
from agent.proof.needles import Needle
from agent.proof.places import Searcher
from agent.proof.report import Place, Seen
from agent.proof.search import Findable
from agent.proof.singly import Singly
from policies.acts import PersonRole
from tests import admin, kept

NONCE = bytes(range(NONCE_BYTES))
PATIENT, WRITER = canary(NONCE, 2), canary(NONCE, 1)
DECOYS: list[Findable] = [Needle("decoy", decoy(NONCE))]
TOLD = [each for each in OPERATIONS if each.method == "GET"]


@pytest.fixture(name="running")
def _running(tmp_path: Path) -> Iterator[tuple[admin.Interface, Interface]]:
    """One that answers as it is served, and whoever reads it with tokens issued beside it."""
    with admin.interface(tmp_path / "state") as serving:
        yield serving, Interface.entered(serving.port, serving.folder)


def found(told: bytes) -> tuple[Seen, set[str]]:
    row = Searcher([Needle(*text) for text in reversed_pairs()], DECOYS).look(Place.INTERFACE, [told])
    return row.seen, {hit.partition(":")[0] for hit in row.hits}


def reversed_pairs() -> list[tuple[str, str]]:
    return [*PATIENT.texts(), ("writer", WRITER.name)]


def test_every_operation_that_only_tells_is_asked_as_each_role_and_holds_nothing_of_who_writes(
    running: tuple[admin.Interface, Interface], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[tuple[str, str]] = set()
    request = http.client.HTTPConnection.request

    def noted(
        self: http.client.HTTPConnection, method: str, url: str, *, headers: dict[str, str], **other: object
    ) -> None:
        asked.add((headers["Authorization"], url))
        request(self, method, url, headers=headers)

    monkeypatch.setattr(http.client.HTTPConnection, "request", noted)
    serving, reading = running
    told, unread = reading.read(WRITER.name)
    paths = {
        role: [url.partition("?")[0] for header, url in asked if header == f"Bearer {secret}"]
        for role, secret in reading.tokens.items()
    }

    assert [] == unread
    assert {role.value for role in ROLES} == paths.keys()
    for role in paths:
        assert all(any(each.match(path) is not None for path in paths[role]) for each in TOLD)
        assert "/v1/agents/demo" in paths[role]
        assert f"/v1/transcripts/{serving.tokens['nurse'][3:25]}" in paths[role]
    assert {"jsonl", "ocsf", "cef"} == {url.partition("format=")[2] for _, url in asked if "export?format" in url}
    assert any("from=20" in url and "to=20" in url for _, url in asked)
    assert (Seen.NOTHING, set[str]()) == found(told)
    assert b'"agents"' in told


def test_a_needle_in_what_an_operation_answers_is_found(running: tuple[admin.Interface, Interface]) -> None:
    serving, reading = running
    made = serving.ask("POST", "/v1/agents", body={**admin.MERCY, "hospital": f"{PATIENT.name} Hospital"})
    told, unread = reading.read(WRITER.name)

    assert (201, []) == (made.status, unread)
    assert (Seen.FOUND, {"name"}) == found(told)


def test_a_needle_in_one_transcript_that_only_its_ref_leads_to_is_found(tmp_path: Path) -> None:
    office = kept.Office.open(tmp_path / "state")
    with contextlib.closing(office):
        office.zero_off()
        ref = office.a_call()
    with admin.interface(tmp_path / "state") as serving:
        told, unread = Interface.entered(serving.port, serving.folder).read(WRITER.name)

    assert [] == unread
    assert ref.encode() in told


def test_an_interface_that_lets_nobody_in_or_does_not_answer_was_not_read(
    running: tuple[admin.Interface, Interface],
) -> None:
    serving, reading = running
    nobody = Interface(serving.port, {role: "ql_" + "x" * 66 for role in reading.tokens})
    nowhere = Interface(free_port(), reading.tokens)

    assert "the description" in nobody.read(WRITER.name)[1]
    assert "the description" in nowhere.read(WRITER.name)[1]


def test_an_operation_that_nobody_may_read_is_named(running: tuple[admin.Interface, Interface]) -> None:
    serving, reading = running
    nurse = Interface(serving.port, {PersonRole.NURSE.value: serving.tokens["nurse"]})
    auditor = Interface(serving.port, {"auditor": reading.tokens["auditor"]})

    assert "/v1/audit" in nurse.read(WRITER.name)[1]
    assert ["/v1/tokens"] == auditor.read(WRITER.name)[1]


def test_no_word_of_a_canary_stands_in_the_interface_by_itself(running: tuple[admin.Interface, Interface]) -> None:
    _, reading = running
    told, _ = reading.read(WRITER.name)
    patients = [canary(NONCE, number) for number in range(2, 200)]

    assert {each.first for each in patients} == set(FIRST)
    assert {each.last for each in patients} == set(LAST)
    assert {each.drug for each in patients} == set(DRUGS)
    assert not Singly(patients).inside(told)

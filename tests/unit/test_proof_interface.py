"""The keeper's own interface is read by the proof: every operation that tells, and what it tells is searched."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.embedded_redis import free_port
from agent.keeper.api.operations import OPERATIONS
from agent.keeper.transcript_keys import transcript_keys
from agent.keeper.transcripts import TranscriptsHere
from agent.proof.canary import DRUGS, FIRST, LAST, NONCE_BYTES, canary, decoy
from agent.proof.interface import ROLES, Interface
from agent.proof.needles import Needle
from agent.proof.places import Searcher
from agent.proof.report import Place, Seen
from agent.proof.search import Findable
from agent.proof.singly import Singly
from policies.acts import PersonRole
from policies.records import hour_of
from policies.retention import Retention, admit
from tests import admin, kept
from tests.stub_line import metrics

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


def test_a_transcript_that_only_the_ref_of_its_call_leads_to_is_read(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with contextlib.closing(kept.Office.open(state)) as office:
        office.zero_off()
        record = replace(metrics(), hour=hour_of(time.time()))
        permitted = admit(record, Retention.ZERO)
        assert permitted is not None
        office.state.keep(permitted)
        assert office.transcripts.take(office.sealed(record.ref, "I take warfarin with food."))
    here = TranscriptsHere(state, transcript_keys(state, None), 7)
    with admin.interface(state, replace(admin.means(state), transcripts=here)) as serving:
        told, unread = Interface.entered(serving.port, state).read(WRITER.name)

    assert [] == unread
    assert b"warfarin" in told


def test_an_interface_that_lets_nobody_in_or_does_not_answer_was_not_read(
    running: tuple[admin.Interface, Interface],
) -> None:
    serving, reading = running
    nobody = Interface(serving.port, dict.fromkeys(reading.tokens, "ql_" + "x" * 66))
    nowhere = Interface(free_port(), reading.tokens)

    assert "the description" in nobody.read(WRITER.name)[1]
    assert "the description" in nowhere.read(WRITER.name)[1]


def test_an_operation_that_nobody_may_read_is_named(running: tuple[admin.Interface, Interface]) -> None:
    serving, reading = running
    nurse = Interface(serving.port, {PersonRole.NURSE.value: serving.tokens["nurse"]})
    auditor = Interface(serving.port, {"auditor": reading.tokens["auditor"]})

    assert "/v1/audit" in nurse.read(WRITER.name)[1]
    assert ["/v1/on-call", "/v1/tokens"] == auditor.read(WRITER.name)[1]


def test_no_word_of_a_canary_stands_in_the_interface_by_itself(running: tuple[admin.Interface, Interface]) -> None:
    _, reading = running
    told, _ = reading.read(WRITER.name)
    patients = [canary(NONCE, number) for number in range(2, 200)]

    assert {each.first for each in patients} | {each.drug for each in patients} == {*FIRST, *DRUGS}
    assert len(LAST) - len({each.last for each in patients}) <= 1
    assert not Singly(patients).inside(told)


def test_an_answer_that_was_told_before_is_not_handed_over_again_and_a_new_one_is(
    running: tuple[admin.Interface, Interface],
) -> None:
    serving, reading = running
    first, again = reading.read(WRITER.name)[0], reading.read(WRITER.name)[0]
    serving.ask("POST", "/v1/agents", body=admin.MERCY)

    assert (b'"openapi"' in first, b'"openapi"' in again) == (True, False)
    assert b"Mercy Hospital" in reading.read(WRITER.name)[0]

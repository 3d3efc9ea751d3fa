"""Who may ask what: each role against each route, over a real socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.keeper.api.operations import OPERATIONS, PEOPLE, AgentKeys, Operation
from policies.acts import Act, AuditReason, Role
from tests.admin import MERCY, ROOT, Interface, interface

A, E, U, N = Role.ADMIN, Role.CLINICAL_EDITOR, Role.AUDITOR, Role.NURSE
RIGHTS: dict[str, set[Role]] = {
    "listAgents": {A, E, U},
    "createAgent": {A},
    "getAgent": {A, E, U},
    "changeAgent": {A},
    "deleteAgent": {A},
    "zeroRetentionOn": {A},
    "askZeroRetentionOff": {A},
    "approveZeroRetentionOff": {A},
    "denyZeroRetentionOff": {A},
    "leaveDraft": {A},
    "backToDraft": {A, E},
    "getWorkspace": {A, U},
    "forceZeroRetention": {A},
    "askForceOff": {A},
    "approveForceOff": {A},
    "denyForceOff": {A},
    "listAllowlist": {A, E, U},
    "addToAllowlist": {A},
    "removeFromAllowlist": {A},
    "listEvidence": {A, U},
    "recordEvidence": {A},
    "listAudit": {U},
    "getAuditHead": {U},
    "exportAudit": {U},
    "getMetrics": {A, E, U},
    "listTokens": {A},
    "issueToken": {A},
    "revokeToken": {A},
    "getIncident": {U},
    "readTranscript": {U},
    "listOnCall": {A, E, N},
    "getOnCall": {A, E},
    "changeOnCall": {A},
    "listNurses": {A, E, N},
    "setNurse": {A, N},
    "deleteTranscript": {U},
    "getDescription": {A, E, U, N},
}
REF = "AAAAAAAAAAAAAAAAAAAAAA"
BODIES: dict[str, Any] = {
    "askZeroRetentionOff": {"reason": "complaint"},
    "askForceOff": {"reason": "complaint"},
    "addToAllowlist": {
        "vendor": "anthropic", "engine": "anthropic", "model": "m", "base_url": "https://m.example.org", "region": "us",
        "messages": True, "chat": False, "streaming": True,
    },
    "recordEvidence": {
        "party": "twilio", "kind": "baa", "reference": "B-1", "tier": "x", "signed": "2026-01-01",
        "expires": "2027-01-01", "retention_days": 0,
    },
    "issueToken": {"role": "nurse", "days": 1},
}  # fmt: skip
QUERIES = {"getMetrics": "?from=2026-11-01&to=2026-11-02", "getIncident": "?from=2026-11-01T00&to=2026-11-01T23"}


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    with interface(tmp_path_factory.mktemp("state")) as running:
        yield running


def ask(running: Interface, operation: Operation, who: str | None) -> Any:
    path = re.sub(r"{(ref|entry)}", REF, operation.path).replace("{name}", "demo").replace("{list}", "demo")
    path = path.replace("{nurse}", "dana")
    body = dict(MERCY) if operation.body is AgentKeys else BODIES.get(operation.name)
    return running.ask(operation.method, path + QUERIES.get(operation.name, ""), who, body)


def test_every_route_has_its_row_and_no_other() -> None:
    assert RIGHTS == {operation.name: set(operation.roles) for operation in OPERATIONS}


def test_no_two_operations_share_a_method_and_a_path_or_a_name() -> None:
    assert len(OPERATIONS) == len({(each.method, each.path) for each in OPERATIONS})
    assert len(OPERATIONS) == len({each.name for each in OPERATIONS})


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_role_is_let_in_where_its_row_says_and_nowhere_else(
    running: Interface, operation: Operation, role: Role
) -> None:
    before = len(running.entries())
    reply = ask(running, operation, role.value)
    new = [(each.act, each.reason, each.role, each.subject) for each in running.entries()[before:]]

    if role in RIGHTS[operation.name]:
        assert reply.status not in (401, 403, 500)
    else:
        assert (403, {"error": "not_allowed", "rule": "not_allowed"}) == (reply.status, reply.json)
        assert (Act.ACT_REFUSED, AuditReason.NOT_ALLOWED, role, operation.subject) in new


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": f"Bearer ql_{REF}_{'A' * 43}"}]
)
def test_nobody_is_let_in_without_a_token(running: Interface, operation: Operation, headers: dict[str, str]) -> None:
    path = re.sub(r"{\w+}", REF, operation.path)
    reply = running.ask(operation.method, path, None, headers=headers)

    assert (401, {"error": "unauthenticated"}) == (reply.status, reply.json)
    assert 'Bearer realm="quietline"' == reply.headers["www-authenticate"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/nothing", "/docs", "/v1/agents/", "/v1/agents/demo/zero", "//v1/agents"]
)
def test_a_path_that_there_is_not_says_so_to_those_who_are_in_alone(running: Interface, path: str) -> None:
    assert [401, 404] == [running.ask("GET", path, who).status for who in (None, "admin")]


def test_a_method_that_there_is_not_names_those_that_there_are(running: Interface) -> None:
    reply = running.ask("PATCH", "/v1/agents/demo")

    assert (405, "DELETE, GET, PUT") == (reply.status, reply.headers["allow"])


def test_the_table_of_the_documents_is_that_of_the_code() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| `(GET|POST|PUT|DELETE) (\S+)` \| (.+?) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|$", page, re.MULTILINE
    )

    assert told == [
        (each.method, each.path, each.told, *("yes" if role in each.roles else "" for role in PEOPLE))
        for each in OPERATIONS
    ]


@pytest.mark.parametrize("who", ["nurse", "admin", "auditor", "clinical_editor"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/agents/xanthippe-had-a-stroke-in-may"),
        ("POST", "/v1/agents/xanthippe-had-a-stroke-in-may/zero-retention/off/approve"),
        ("POST", "/v1/agents/x2025550143/draft"),
        ("DELETE", "/v1/tokens/XanthippeStroke1940XXA"),
        ("DELETE", "/v1/allowlist/XanthippeStroke1940XXA"),
        ("GET", "/v1/transcripts/XanthippeStroke1940XXA"),
        ("PUT", "/v1/on-call/xanthippe-had-a-stroke-in-may/nurses/demo"),
        ("DELETE", "/v1/transcripts/XanthippeStroke1940XXA"),
    ],
)
def test_nobody_can_type_anything_into_the_log(running: Interface, method: str, path: str, who: str) -> None:
    before = len(running.entries())
    body = {"revision": 1} if "approve" in path else {"available": False} if "nurses" in path else None
    assert running.ask(method, path, who, body=body).status in (403, 404)
    new = running.entries()[before:]

    assert {"none"} >= {each.thing for each in new if each.act is Act.ACT_REFUSED}
    assert b"anthippe" not in b"".join(file.read_bytes() for file in running.folder.rglob("*") if file.is_file())


def test_a_refusal_names_what_there_is(running: Interface) -> None:
    ref = running.tokens["auditor"][3:25]
    assert [403, 403] == [
        running.ask("DELETE", path, "nurse").status for path in ("/v1/agents/demo", f"/v1/tokens/{ref}")
    ]

    assert ["demo", ref] == [each.thing for each in running.entries()[-2:]]


def test_who_asked_is_told_to_admins_and_auditors_alone(tmp_path: Path) -> None:
    path = "/v1/agents/demo/zero-retention"
    with interface(tmp_path) as running:
        assert 200 == running.ask("POST", f"{path}/off", body={"reason": "complaint"}).status
        ref = running.tokens["admin"][3:25].encode()
        seen = {
            who: [ref in running.ask("GET", where, who).content for where in ("/v1/agents", "/v1/agents/demo")]
            for who in ("admin", "auditor", "clinical_editor")
        }
        editor = running.ask("GET", "/v1/agents/demo", "clinical_editor").json["policy"]

    assert {"admin": [True] * 2, "auditor": [True] * 2, "clinical_editor": [False] * 2} == seen
    assert "complaint" == editor["off_reason"]

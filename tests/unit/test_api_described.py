"""The description of the interface is complete and true: schemathesis asks the real server what it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok

from agent.keeper.api.description import described, statuses
from agent.keeper.api.operations import OPERATIONS, PEOPLE
from agent.keeper.api.results import KEYS
from policies.acts import AuditReason
from tests.admin import AGENTS, Interface, interface

DOCUMENT: Final = described()
SCHEMA: Final = schemathesis.openapi.from_dict(DOCUMENT)
ALWAYS: Final = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
"""Not `positive_data_acceptance`: no schema says which time zones there are, or which model may be called today."""
ROLES: Final = {each.name: next(role.value for role in PEOPLE if role in each.roles) for each in OPERATIONS}
FEW: Final = settings(
    max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@pytest.fixture(scope="module", name="running")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interface]:
    with interface(tmp_path_factory.mktemp("state")) as running:
        yield running


def told(name: str) -> Any:
    """One operation, as schemathesis has read it."""
    operations = [each.ok() for each in SCHEMA.get_all_operations() if isinstance(each, Ok)]
    return next(each for each in operations if each.definition.raw["operationId"] == name)


def ask(running: Interface, case: Any, who: str | None) -> Any:
    headers = {} if who is None else {"Authorization": f"Bearer {running.tokens[who]}"}
    return case.call(base_url=f"http://127.0.0.1:{running.port}", headers=headers)


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("known", [True, False])
def test_what_is_described_is_answered_as_described_and_to_nobody_without_a_token(
    running: Interface, name: str, known: bool
) -> None:
    """known: things that there are; else any that could be."""
    operation = told(name)
    ref = running.tokens["nurse"][3:25]
    there = {"name": "demo", "ref": ref, "entry": ref, "list": "demo", "nurse": "dana"}
    path = {each: there[each] for each in re.findall(r"{(\w+)}", operation.path)}

    @FEW
    @given(case=operation.as_strategy(GenerationMode.POSITIVE, **({"path_parameters": path} if known and path else {})))
    def asked(case: Any) -> None:
        assert 401 == ask(running, case, None).status_code
        response = ask(running, case, ROLES[name])
        assert response.status_code not in (401, 403, 405, 413, 415, 429) or name == "issueToken"
        case.validate_response(response, checks=ALWAYS)

    asked()


@pytest.mark.parametrize("name", [each.name for each in OPERATIONS if each.body or each.query or each.parameters])
def test_what_is_not_as_described_is_refused(running: Interface, name: str) -> None:
    @FEW
    @given(case=told(name).as_strategy(GenerationMode.NEGATIVE))
    def asked(case: Any) -> None:
        assert ask(running, case, None).status_code in (400, 401)
        response = ask(running, case, ROLES[name])
        case.validate_response(response, checks=[*ALWAYS, checks.negative_data_rejection])

    asked()


def test_every_status_of_an_operation_is_described() -> None:
    for each in OPERATIONS:
        held = DOCUMENT["paths"][each.path][each.method.lower()]
        assert [str(status) for status in statuses(each)] == list(held["responses"])
        assert held["description"] == "For " + ", ".join(sorted(role.value for role in each.roles)) + "."


def test_the_description_that_is_answered_is_this_one(running: Interface) -> None:
    assert DOCUMENT == running.ask("GET", "/v1/openapi.json").json


def test_the_keys_that_are_described_are_those_of_an_agent_file() -> None:
    demo = re.findall(r"^(\w+) = ", (AGENTS / "demo.toml").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(KEYS["properties"]) == sorted(demo)


def test_every_choice_is_a_closed_one_and_every_object_too() -> None:
    def walk(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield value
            for each in value.values():
                yield from walk(each)
        elif isinstance(value, list):
            for each in value:
                yield from walk(each)

    objects = [each for each in walk(DOCUMENT) if each.get("type") == "object" and "properties" in each]
    rules = DOCUMENT["components"]["schemas"]["Error"]["properties"]["rule"]["enum"]

    assert objects
    assert [] == [each for each in objects if each.get("additionalProperties") is not False]
    assert sorted(reason.value for reason in AuditReason) == rules

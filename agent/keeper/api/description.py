"""The interface described in OpenAPI 3.1, made of the table of operations."""

from __future__ import annotations

from typing import Any, Final

from agent.keeper.api import shapes
from agent.keeper.api.answers import STATUS, ErrorWord
from agent.keeper.api.operations import FREE, OPERATIONS, Operation
from agent.keeper.api.results import KEYS, ON_CALL_BODY
from agent.keeper.api.shapes import Schema
from policies.acts import AuditReason

TOLD: Final = {
    400: "something of the request is not of the form that it must have, or the model may not be called",
    401: "no token, or none that lets anybody in",
    403: "the token's role may not do this",
    404: "there is no such thing",
    408: "the request or its answer took too long",
    409: "something else stands against it; the rule says what",
    413: "the body is larger than any that is taken",
    415: "the body is not said to be application/json",
    429: "too many requests, or a ref whose secret was guessed at; Retry-After says how many seconds to wait",
    500: "a fault of ours; nothing of it is told here",
    503: "the state can't be read or written now",
}
RULES: Final = sorted({reason.value for reason in AuditReason})
ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "error": shapes.words_of(*(word.value for word in ErrorWord)),
        "rule": shapes.words_of(*RULES),
        "model": {"type": "string", "description": "the model that was refused; unnamed for what is no name"},
        "allowed": {"type": "array", "items": {"type": "string"}, "description": "what may be called instead today"},
        "accepted": {
            "type": "array",
            "items": {"type": "string"},
            "description": "tiers or regions that would have done",
        },
        "key": {"type": "string", "enum": [*KEYS["properties"], "none"]},
        "says": {"type": "string", "description": "a fixed sentence about that key, or about a list of who is on call"},
    },
    "required": ["error"],
    "additionalProperties": False,
}
ALWAYS: Final = (400, 401, 403, 408, 413, 429, 500, 503)


def described() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Quietline, for those who run the line", "version": "1", "description": ABOUT},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR, "AgentKeys": KEYS, "OnCallKeys": ON_CALL_BODY},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


ABOUT: Final = (
    "Every request needs a token. Times are whole hours in UTC. A person is the random ref of a token; nothing of a "
    "call is told but its ref, its hour and closed values."
)


def statuses(operation: Operation) -> tuple[int, ...]:
    """Every status that an operation answers with."""
    found = {operation.status, *ALWAYS}
    if operation.parameters or operation.name == "getAuditHead":
        found.add(404)
    if operation.acts and operation.name not in ("deleteTranscript", "removeFromAllowlist"):
        found.add(409)
    if operation.body is not None:
        found.add(415)
    return tuple(sorted(found))


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.told,
        "description": "For " + ", ".join(sorted(role.value for role in operation.roles)) + ".",
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": {str(status): _response(operation, status) for status in statuses(operation)},
    }
    if operation.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body_schema(operation)}}}
    return told


def body_schema(operation: Operation) -> Schema:
    """Of an operation that has a body."""
    assert operation.body is not None
    if operation.body in FREE:
        return {"$ref": f"#/components/schemas/{operation.body.__name__}"}
    return shapes.of_record(operation.body)


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": shapes.of_kind(shape)}
        for name, shape in operation.parameters.items()
    ]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    found = []
    for name, param in operation.query.items():
        schema = shapes.of_kind(param.kind) | ({} if param.default is None else {"default": param.default})
        required = param.default is None
        found.append({"name": name, "in": "query", "required": required, "schema": schema, "description": param.told})
    return found


def _response(operation: Operation, status: int) -> dict[str, Any]:
    if status == operation.status:
        told: dict[str, Any] = {"description": operation.told}
        if operation.result is not None:
            told["content"] = {each: {"schema": operation.result} for each in operation.media_types}
        return told
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    told = {"description": TOLD[status], "content": error}
    if status == STATUS[ErrorWord.UNAUTHENTICATED]:
        told["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    if status == STATUS[ErrorWord.TOO_MANY]:
        told["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}}}
    return told

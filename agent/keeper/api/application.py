"""The interface as an ASGI application: who asks, what, may they; then the operation, and what becomes of a refusal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import urllib.parse
from collections.abc import Generator
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from agent.keeper.api import shapes
from agent.keeper.api.answers import Answer, ApiRefused, Asked, ErrorWord
from agent.keeper.api.description import described
from agent.keeper.api.desk import Desk
from agent.keeper.api.limits import ANSWER_S, BODY_S, MAX_BODY_BYTES
from agent.keeper.api.operations import FREE, OPERATIONS, Operation
from agent.keeper.database import StateFailed
from policies import closed
from policies.acts import Act, AuditReason
from policies.records import NONE
from policies.requests import Actor

EVERYWHERE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
JSON_TYPE: Final = re.compile(r"application/json(\s*;\s*charset=utf-8)?", re.IGNORECASE)
PIECE: Final = 65_536  # bytes of an export that are written at once
MOST_PARAMETERS: Final = 10
STATE_S: Final = 5  # whoever couldn't be answered for the state's sake may come back then


class Application:
    """Lives in one thread, and does one operation at a time: each takes milliseconds.  Lets no exception out."""

    def __init__(self, desk: Desk) -> None:
        self._desk: Final = desk
        self._described: Final = described()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        refused: ApiRefused | None = None
        try:
            async with asyncio.timeout(ANSWER_S):
                await _send(await self._asked(scope, receive), sending)
        except ApiRefused as known:
            refused = known
        except TimeoutError:
            refused = ApiRefused(ErrorWord.LATE)
        except StateFailed:
            refused = ApiRefused(ErrorWord.UNAVAILABLE, headers={"Retry-After": str(STATE_S)})
        except Exception as error:  # noqa: BLE001  # whatever it is: its class and place are told, and a word of ours
            self._desk.failed(error)
            refused = ApiRefused(ErrorWord.FAILED)
        if refused is not None and not begun:
            await _send(Answer(refused.body(), refused.status, headers=refused.headers), send)

    async def _asked(self, scope: Scope, receive: Receive) -> Answer:
        headers = Headers(scope=scope)
        address, _ = scope.get("client") or ("", 0)
        actor = self._desk.door.enter(headers.getlist("authorization"), address)
        operation, path = self._operation(scope)
        try:
            self._check_role(operation, actor)
            query = _query(operation, scope["query_string"])
            body = await _body(operation, headers, receive)
            for name, shape in operation.parameters.items():
                if re.fullmatch(shape.pattern, path[name], re.ASCII) is None:
                    raise ApiRefused(ErrorWord.NOT_FOUND, AuditReason.NO_SUCH_THING)
            if operation.name == "getDescription":
                return Answer(self._described)
            return operation.answer(self._desk, Asked(actor, path, query, body))
        except ApiRefused as refused:
            self._note(operation, actor, path, refused)
            raise

    def _operation(self, scope: Scope) -> tuple[Operation, dict[str, str]]:
        found = [(each, path) for each in OPERATIONS if (path := each.match(scope["path"])) is not None]
        for operation, path in found:
            if operation.method == scope["method"]:
                return operation, path
        if found:
            allowed = ", ".join(sorted({operation.method for operation, _ in found}))
            raise ApiRefused(ErrorWord.NO_SUCH_METHOD, headers={"Allow": allowed})
        raise ApiRefused(ErrorWord.NOT_FOUND)

    def _check_role(self, operation: Operation, actor: Actor) -> None:
        if actor.role not in operation.roles:
            raise ApiRefused(ErrorWord.NOT_ALLOWED, AuditReason.NOT_ALLOWED)

    def _note(self, operation: Operation, actor: Actor, path: dict[str, str], refused: ApiRefused) -> None:
        """A refusal is an entry: of every act, and of reading where the role was wrong."""
        if refused.audited or not (operation.acts or refused.error is ErrorWord.NOT_ALLOWED):
            return
        thing = self._desk.known(operation.subject, next(iter(path.values()), NONE))
        reason = refused.rule or AuditReason.MALFORMED
        self._desk.ledger.write(self._desk.event(Act.ACT_REFUSED, operation.subject, actor, thing, reason))


def _query(operation: Operation, text: bytes) -> dict[str, Any]:
    """The parameters of the query, checked.  Raises `ApiRefused`."""
    pairs = None
    try:
        spelled = text.decode("ascii")
        pairs = urllib.parse.parse_qsl(
            spelled,
            keep_blank_values=True,
            strict_parsing=bool(spelled),
            max_num_fields=MOST_PARAMETERS,
            errors="strict",
        )
    except ValueError:  # a UnicodeError is one too
        pairs = None
    given = dict(pairs or ())
    if pairs is None or len(given) != len(pairs) or not given.keys() <= operation.query.keys():
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    found: dict[str, Any] = {}
    for name, param in operation.query.items():
        value = shapes.value_of(param.kind, given[name]) if name in given else param.default
        if value is None:
            raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
        found[name] = value
    return found


async def _body(operation: Operation, headers: Headers, receive: Receive) -> Any:
    """The body, read and checked; it must be empty where none is asked for.  Raises `ApiRefused`."""
    announced = headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or len(announced) > 12 or int(announced) > MAX_BODY_BYTES:
        raise ApiRefused(ErrorWord.TOO_LARGE, AuditReason.MALFORMED, headers={"Connection": "close"})
    late = False
    content = b""
    try:
        async with asyncio.timeout(BODY_S):
            content = await _read(receive)
    except TimeoutError:
        late = True
    if late:
        raise ApiRefused(ErrorWord.LATE, AuditReason.MALFORMED, headers={"Connection": "close"})
    if operation.body is None:
        if content:
            raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
        return None
    if JSON_TYPE.fullmatch(headers.get("content-type", "")) is None:
        raise ApiRefused(ErrorWord.NOT_JSON, AuditReason.MALFORMED)
    return _checked(operation.body, content)


async def _read(receive: Receive) -> bytes:
    content = b""
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":  # the other side is gone: nobody reads what is answered
            raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
        content += message.get("body", b"")
        more = message.get("more_body", False)
        if len(content) > MAX_BODY_BYTES:
            raise ApiRefused(ErrorWord.TOO_LARGE, AuditReason.MALFORMED, headers={"Connection": "close"})
    return content


def _checked(kind: type[Any], content: bytes) -> Any:
    """A closed record, or the keys of a file as a mapping.  Raises `ApiRefused`."""
    found: Any = None
    try:
        value = shapes.parsed(content)
        found = _keys(value) if kind in FREE else closed.from_wire(kind, value)
    except ValueError:  # `NotClosed` is one
        found = None
    if found is None:
        raise ApiRefused(ErrorWord.MALFORMED, AuditReason.MALFORMED)
    return found


def _keys(value: object) -> object:
    return value if isinstance(value, dict) else None


async def _send(answer: Answer, send: Send) -> None:
    body = b"" if answer.content is None else json.dumps(answer.content, separators=(",", ":")).encode("ascii")
    headers = {**EVERYWHERE, **answer.headers}
    if answer.lines is not None or body:
        headers["Content-Type"] = answer.media_type
    if answer.lines is None and answer.status != 204:
        headers["Content-Length"] = str(len(body))
    pieces = _pieces(answer.lines)
    piece = next(pieces)  # what fails at once fails before anything is sent
    raw = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    with contextlib.closing(pieces):
        for after in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = after
    await send({"type": "http.response.body", "body": body or piece})


def _pieces(lines: Generator[bytes, None, None] | None) -> Generator[bytes, None, None]:
    """Lines, some of them at once; at least one piece, which may be empty."""
    held = bytearray()
    with contextlib.closing(lines) if lines is not None else contextlib.nullcontext():
        for line in lines or ():
            held += line
            if len(held) >= PIECE:
                yield bytes(held)
                held.clear()
    yield bytes(held)

"""One suite for every language model: a scripted fake, Anthropic's protocol and OpenAI's, on real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

import httpx2
import pytest
import structlog

from agent.engines.anthropic import AnthropicModel
from agent.engines.hosted import Deadlines
from agent.engines.openai import OpenAIModel
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.prompt import SYSTEM
from policies import logs
from policies.allowlist import NOTHING_LISTED, Endpoint, Permitted, permit
from policies.guardrails import Answerable, Opened, Sayable, Wording, fixed, screen_utterance
from policies.phi import PHI, Utterance
from policies.records import Engine, Profile
from policies.retention import Retention
from policies.rules.written import red_flags
from tests.providers.script import Fault, Script, tokens
from tests.providers.scripted import ScriptedModel
from tests.providers.server import Provider, provider
from tests.reachable import holds

SAID: Final = "when may I take a bath zebra quartz lantern"
"""A caller's words, with a canary."""
ANSWER: Final = "You may bathe once the dressing is off. Ask a nurse if it is red, pelican violin. Is that all right?"
"""A model's words, with another."""
ECHO: Final = "PROVIDERSAYS-walnut"
CANARIES: Final = ("zebra quartz", "pelican violin", ECHO)
GREETING: Final = "Hello, this is the automated discharge line."
KEY: Final = "key-of-the-test"
QUICK: Final = Deadlines(connect_ms=500, first_token_ms=150, between_tokens_ms=150, total_ms=400)
PATIENT: Final = Deadlines(connect_ms=10_000, first_token_ms=10_000, between_tokens_ms=10_000, total_ms=20_000)
REAL: Final = ("anthropic", "openai")

REASONS: Final = {
    Fault.BAD_REQUEST: EngineReason.REFUSED,
    Fault.UNAUTHORISED: EngineReason.REFUSED,
    Fault.RATE_LIMITED: EngineReason.OVERLOADED,
    Fault.BROKEN: EngineReason.BROKEN,
    Fault.OVERLOADED: EngineReason.OVERLOADED,
    Fault.REDIRECT: EngineReason.BROKEN,
    Fault.NO_ANSWER: EngineReason.LATE,
    Fault.STALL_BEFORE_TEXT: EngineReason.LATE,
    Fault.STALL_AFTER_TEXT: EngineReason.LATE,
    Fault.CUT: EngineReason.CUT,
    Fault.ENDS_EARLY: EngineReason.CUT,
    Fault.HANG_UP: EngineReason.BROKEN,
    Fault.ERROR_EVENT: EngineReason.OVERLOADED,
    Fault.TOKEN_LIMIT: EngineReason.CUT,
    Fault.REFUSES: EngineReason.REFUSED,
    Fault.EMPTY: EngineReason.BROKEN,
    Fault.JUNK_JSON: EngineReason.BROKEN,
    Fault.JUNK_SHAPE: EngineReason.BROKEN,
    Fault.JUNK_BYTES: EngineReason.BROKEN,
    Fault.JUNK_HTTP: EngineReason.BROKEN,
    Fault.NOT_A_STREAM: EngineReason.BROKEN,
    Fault.COMPRESSED: EngineReason.BROKEN,
    Fault.SURROGATE: EngineReason.BROKEN,
    Fault.HUGE_EVENT: EngineReason.BROKEN,
    Fault.ENDLESS: EngineReason.BROKEN,
    Fault.SLOW_DRIP: EngineReason.LATE,
}


def deadlines_for(fault: Fault) -> Deadlines:
    """Short ones only where a deadline is what the fault meets: a busy machine makes nothing else late."""
    return QUICK if REASONS.get(fault) is EngineReason.LATE else PATIENT


class Model(Protocol):
    """`LanguageModel`, whose replies can be closed."""

    def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]: ...


class Hosted(Model, Protocol):
    async def warm(self) -> bool: ...
    async def close(self) -> None: ...


@dataclass(frozen=True)
class Stage:
    """A model and what stands behind it."""

    model: Model
    dropped: asyncio.Event


def caller(words: str = SAID) -> Answerable:
    said = screen_utterance(Utterance(PHI(words), doubtful=False), red_flags())
    assert isinstance(said, Answerable)
    return said


def agent(words: str = GREETING) -> Sayable:
    return fixed(words, Wording.of([words], {}))


def permitted(name: str, base_url: str) -> Permitted:
    endpoint = Endpoint(Engine(name), "a-model", base_url)
    allowed = permit(endpoint, NOTHING_LISTED, Retention.ZERO, Profile.DEVELOPMENT, date(2026, 11, 22))
    assert isinstance(allowed, Permitted)
    return allowed


def engine(name: str, base_url: str, deadlines: Deadlines = PATIENT) -> Any:
    made = AnthropicModel if name == "anthropic" else OpenAIModel
    return made(permitted(name, base_url), KEY, deadlines=deadlines)


@contextlib.asynccontextmanager
async def hosted(
    name: str, script: Script | None = None, deadlines: Deadlines = PATIENT
) -> AsyncIterator[tuple[Hosted, Provider]]:
    async with provider(name, script) as served:
        model = engine(name, served.base_url, deadlines)
        try:
            yield model, served
        finally:
            await model.close()


@contextlib.asynccontextmanager
async def stage(name: str, fault: Fault = Fault.NONE, deadlines: Deadlines = PATIENT) -> AsyncIterator[Stage]:
    """`name`: "scripted", "anthropic" or "openai"."""
    if name == "scripted":
        pieces = list(tokens(ANSWER))
        if fault is not Fault.NONE:
            pieces = pieces[: len(pieces) // 2]
        stalls = fault is Fault.STALL_AFTER_TEXT
        model = ScriptedModel(pieces, fails=None if stalls else REASONS.get(fault), stalls=stalls)
        yield Stage(model, model.dropped)
    else:
        async with hosted(name, Script(fault, text=ANSWER, echo=ECHO), deadlines) as (real, served):
            yield Stage(real, served.dropped)


@contextlib.contextmanager
def readers_left_over() -> Iterator[list[str]]:
    """The asynchronous generators that nobody closed: each ends in a task that no call owns."""
    hooks, left = sys.get_asyncgen_hooks(), list[str]()

    def finalize(reader: AsyncGenerator[Any, Any]) -> None:
        left.append(str(reader))
        assert hooks.finalizer is not None
        hooks.finalizer(reader)

    sys.set_asyncgen_hooks(finalizer=finalize)
    try:
        yield left
        gc.collect()
    finally:
        sys.set_asyncgen_hooks(*hooks)


async def all_of(reply: AsyncIterator[PHI[str]]) -> str:
    return "".join([piece.reveal() async for piece in reply])


async def failure(model: Model) -> EngineFailed:
    """How the reply fails; exactly as the caller of the port meets it."""
    with pytest.raises(EngineFailed) as caught:
        await all_of(model.answer([caller()]))
    return caught.value


# --- what every model does ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scripted", *REAL])
async def test_a_reply_comes_in_pieces_and_in_order(name: str) -> None:
    async with stage(name) as on:
        pieces = [piece.reveal() async for piece in on.model.answer([agent(), caller()])]
    assert ANSWER == "".join(pieces)
    assert len(pieces) > 5


@pytest.mark.parametrize("name", ["scripted", *REAL])
async def test_a_reply_is_held_and_does_not_show(name: str) -> None:
    async with stage(name) as on:
        pieces = [piece async for piece in on.model.answer([caller()])]
    assert {"<PHI>"} == {f"{piece!r}" for piece in pieces}


@pytest.mark.parametrize("name", ["scripted", *REAL])
async def test_closing_a_reply_ends_the_request_and_leaves_no_task(name: str) -> None:
    async with stage(name, Fault.STALL_AFTER_TEXT) as on:
        with readers_left_over() as left:
            reply = on.model.answer([caller()])
            await anext(reply)
            await reply.aclose()
            del reply
        await asyncio.wait_for(on.dropped.wait(), 5)
    assert [] == left


@pytest.mark.parametrize("name", ["scripted", *REAL])
async def test_cancelling_who_waits_for_a_reply_ends_the_request(name: str) -> None:
    async with stage(name, Fault.STALL_AFTER_TEXT) as on:
        begun = asyncio.Event()

        async def listen() -> None:
            async with contextlib.aclosing(on.model.answer([caller()])) as reply:
                async for _ in reply:
                    begun.set()

        task = asyncio.ensure_future(listen())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(on.dropped.wait(), 5)


@pytest.mark.parametrize("name", ["scripted", *REAL])
@pytest.mark.parametrize("turns", [[], [agent()], [caller(), agent()]], ids=["none", "greeting", "answered"])
async def test_nothing_is_asked_unless_the_last_turn_is_the_callers(
    name: str, turns: list[Answerable | Sayable]
) -> None:
    async with stage(name) as on:
        with pytest.raises(EngineFailed) as caught:
            await all_of(on.model.answer(turns))
    assert EngineReason.REFUSED is caught.value.reason


@pytest.mark.parametrize("name", ["scripted", *REAL])
async def test_a_cut_reply_fails_after_the_pieces_that_came(name: str) -> None:
    async with stage(name, Fault.CUT) as on:
        heard: list[str] = []

        async def listen() -> None:
            async for piece in on.model.answer([caller()]):
                heard.append(piece.reveal())  # noqa: PERF401  # what came before the failure is the point

        with pytest.raises(EngineFailed) as caught:
            await listen()
    assert EngineReason.CUT is caught.value.reason
    assert heard
    assert ANSWER.startswith("".join(heard))


# --- failures ----------------------------------------------------------------------------------------------------


def test_every_fault_is_tried() -> None:
    assert set(Fault) - {Fault.NONE} == set(REASONS)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("fault", list(REASONS), ids=lambda fault: fault.value)
async def test_a_failure_is_one_reason_and_holds_nothing_else(name: str, fault: Fault) -> None:
    async with stage(name, fault, deadlines_for(fault)) as on:
        with readers_left_over() as left:
            failed = await failure(on.model)
    assert REASONS[fault] is failed.reason
    assert (REASONS[fault].value,) == failed.args
    assert (None, None) == (failed.__cause__, failed.__context__)
    assert [] == getattr(failed, "__notes__", [])
    shown = "".join(traceback.format_exception(failed)) + repr(failed) + str(failed)
    assert [] == [canary for canary in (*CANARIES, KEY) if canary in shown]
    assert [] == left


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.RATE_LIMITED, Fault.HANG_UP, Fault.REDIRECT])
async def test_a_failed_request_is_not_sent_again(name: str, fault: Fault) -> None:
    async with hosted(name, Script(fault)) as (model, served):
        await failure(model)
    assert 1 == len(served.seen)


@pytest.mark.parametrize("name", REAL)
async def test_nobody_there_counts_as_broken(name: str) -> None:
    async with provider(name) as gone:
        pass
    model = engine(name, gone.base_url)
    assert EngineReason.BROKEN is (await failure(model)).reason
    assert not await model.warm()
    await model.close()


@pytest.mark.parametrize("name", REAL)
async def test_the_next_question_is_answered_after_any_failure(name: str) -> None:
    async with hosted(name) as (model, served):
        for fault in (Fault.CUT, Fault.JUNK_JSON, Fault.RATE_LIMITED, Fault.HANG_UP):
            served.script = Script(fault, text=ANSWER)
            await failure(model)
            served.script = Script(text=ANSWER)
            assert ANSWER == await all_of(model.answer([caller()]))


# --- the wire ----------------------------------------------------------------------------------------------------

BODY_KEYS: Final = {
    "anthropic": {"model", "system", "messages", "max_tokens", "stream", "thinking"},
    "openai": {"model", "messages", "max_tokens", "stream"},
}
HEADERS: Final = {
    "anthropic": {
        "host",
        "content-type",
        "content-length",
        "accept",
        "accept-encoding",
        "authorization",
        "anthropic-version",
    },
    "openai": {"host", "content-type", "content-length", "accept", "accept-encoding", "authorization"},
}


@pytest.mark.parametrize("name", REAL)
async def test_only_the_listed_keys_and_headers_are_sent(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "anthropic-beta: files\nX-Call: 5551234")
    monkeypatch.setenv("ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE", "content")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "another")
    async with hosted(name) as (model, served):
        await all_of(model.answer([agent(), caller("hello"), agent(), caller()]))
    [asked] = served.questions
    assert BODY_KEYS[name] == set(asked.sent)
    assert HEADERS[name] == set(asked.headers)
    assert f"Bearer {KEY}" == asked.headers["authorization"]
    assert "identity" == asked.headers["accept-encoding"]
    assert served.framing.path == asked.target
    assert [] == [name for name, value in asked.headers.items() if any(canary in value for canary in CANARIES)]


@pytest.mark.parametrize("name", REAL)
async def test_the_system_prompt_is_the_static_text_and_roles_take_turns(name: str) -> None:
    async with hosted(name) as (model, served):
        await all_of(model.answer([agent(), caller("hello"), caller("are you there"), agent(), caller()]))
    sent = served.questions[0].sent
    messages = sent["messages"]
    system = sent["system"] if name == "anthropic" else messages.pop(0)["content"]
    assert SYSTEM == system
    assert ["user", "assistant", "user", "assistant", "user"] == [message["role"] for message in messages]
    assert ["hello are you there", GREETING, SAID] == [message["content"] for message in messages[2:]]


@pytest.mark.parametrize("name", REAL)
async def test_a_model_that_has_answered_holds_nothing_of_what_it_was_asked(name: str) -> None:
    words = "my daughter Ottilie"
    async with hosted(name) as (model, _):
        reply = model.answer([caller(words)])
        await anext(reply)
        await reply.aclose()
        await all_of(model.answer([caller(words)]))
        gc.collect()

        assert holds([model, PHI(words)], words)  # it would be seen
        assert not holds(model, words)


@pytest.mark.parametrize("name", REAL)
async def test_proxies_of_the_environment_are_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with provider(name) as proxy, hosted(name) as (_, served):
        for variable in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(variable, proxy.origin)
        model = engine(name, served.base_url)
        await all_of(model.answer([caller()]))
        await model.close()
    assert (0, 1) == (proxy.connections, len(served.questions))


FORBIDDEN: Final[dict[str, object]] = {
    "metadata": {"user_id": "5551234"},
    "cache_control": {"type": "ephemeral"},
    "tools": [],
    "container": "c",
    "mcp_servers": [],
    "context_management": {},
    "stop_sequences": ["x"],
    "user": "5551234",
    "response_format": {"type": "json_object"},
    "prompt_cache_key": "5551234",
    "stream": False,
    "messages": [{"role": "user", "content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}],
    "system": [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}],
    "max_tokens": {"metadata": {"user_id": "5551234"}},
    "model": "another",
}


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("key", list(FORBIDDEN))
async def test_a_body_with_any_other_key_is_refused_before_a_socket_opens(name: str, key: str) -> None:
    async with hosted(name) as (model, served):
        http: httpx2.AsyncClient = model._http  # type: ignore[attr-defined]  # only ours has it, not the port
        await all_of(model.answer([caller()]))
        sound = served.questions[0].sent
        url = served.origin + served.framing.path
        http.headers["accept"] = "application/json"
        assert 200 == (await http.post(url, json=sound)).status_code  # else the refusal would prove nothing
        with pytest.raises(EngineFailed) as caught:
            await http.post(url, json={**sound, key: FORBIDDEN[key]})
        assert EngineReason.REFUSED is caught.value.reason
    assert 2 == len(served.seen)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("accept", "text/event-stream;q=my%20chest"),
        ("content-type", "application/json; user=5551234"),
        ("anthropic-version", "2023-06-01; 5551234"),
        ("authorization", "Basic 5551234"),
        ("x-api-key", "my chest hurts"),
    ],
)
async def test_a_listed_header_of_another_form_is_refused_before_a_socket_opens(
    name: str, header: str, value: str
) -> None:
    async with hosted(name) as (model, served):
        http: httpx2.AsyncClient = model._http  # type: ignore[attr-defined]  # only ours has it, not the port
        await all_of(model.answer([caller()]))
        sound, url = served.questions[0].body, served.origin + served.framing.path
        plain = {"content-type": "application/json", "accept": "application/json"}
        assert 200 == (await http.post(url, content=sound, headers=plain)).status_code
        twice = [*plain.items(), ("Accept", "text/event-stream")]
        for headers in ({**plain, header: value}, twice):
            with pytest.raises(EngineFailed) as caught:
                await http.post(url, content=sound, headers=headers)
            assert EngineReason.REFUSED is caught.value.reason
    assert 2 == len(served.seen)


@pytest.mark.parametrize("name", REAL)
async def test_no_other_address_or_method_is_reached(name: str) -> None:
    async with hosted(name) as (model, served), provider(name) as other:
        http: httpx2.AsyncClient = model._http  # type: ignore[attr-defined]  # only ours has it, not the port
        for method, url in (
            ("POST", other.origin + other.framing.path),
            ("POST", served.origin + "/v1/files"),
            ("POST", served.origin + served.framing.path + "?beta=true"),
            ("GET", served.origin + served.framing.path),
            ("HEAD", other.origin),
        ):
            with pytest.raises(EngineFailed):
                await http.request(method, url)
    assert (0, 0) == (served.connections, other.connections)


@pytest.mark.parametrize("name", REAL)
async def test_the_provider_for_benches_serves_from_the_command_line(name: str) -> None:
    serve = (sys.executable, "-m", "tests.providers.serve", "--provider", name, "--ttft-ms", "0", "--tokens-per-s", "0")
    process = await asyncio.create_subprocess_exec(*serve, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        model = engine(name, json.loads(await process.stdout.readline())["base_url"])
        first, second = await all_of(model.answer([caller()])), await all_of(model.answer([caller()]))
        await model.close()
    finally:
        process.terminate()
        await process.wait()
    assert first != second


# --- connections -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", REAL)
async def test_a_warm_start_has_the_connection_that_questions_use(name: str) -> None:
    async with hosted(name) as (model, served):
        assert await model.warm()
        for _ in range(3):
            await all_of(model.answer([caller()]))
    assert 1 == served.connections
    assert {"host"} == set(served.seen[0].headers)
    assert b"" == served.seen[0].body


@pytest.mark.parametrize("name", REAL)
async def test_a_dropped_draft_costs_a_connection_and_warming_again_pays_it(name: str) -> None:
    async with hosted(name, Script(Fault.STALL_AFTER_TEXT, text=ANSWER)) as (model, served):
        draft = model.answer([caller()])
        await anext(draft)
        await draft.aclose()
        served.script = Script(text=ANSWER)
        assert await model.warm()
        after_warming = served.connections
        assert ANSWER == await all_of(model.answer([caller()]))
    assert (2, 2) == (after_warming, served.connections)


@pytest.mark.parametrize("name", REAL)
async def test_calls_are_answered_side_by_side(name: str) -> None:
    async with hosted(name, Script(tokens_per_s=2_000)) as (model, served):
        replies = await asyncio.gather(*(all_of(model.answer([caller()])) for _ in range(8)))
    assert sorted(seen.reply for seen in served.questions) == sorted(replies)
    assert 8 == len(set(replies))


# --- logs --------------------------------------------------------------------------------------------------------


class Collector(logging.Handler):
    """Keeps every record as a careless handler would write it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.name, self.format(record) + repr(record.__dict__)))


@pytest.fixture
def everything_logged() -> Iterator[Collector]:
    """The root logger at DEBUG; whatever a test installs is taken back."""
    root = logging.getLogger()
    handlers, level, factory = root.handlers[:], root.level, logging.getLogRecordFactory()
    raising, hooks = logging.raiseExceptions, (sys.excepthook, sys.unraisablehook, threading.excepthook)
    showing = warnings.showwarning
    collector = Collector()
    root.addHandler(collector)
    root.setLevel(logging.DEBUG)
    yield collector
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    logging.setLogRecordFactory(factory)
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    warnings.showwarning = showing
    structlog.reset_defaults()


async def hear_it_all(name: str) -> None:
    """A good reply, then every failure."""
    for fault in Fault:
        async with stage(name, fault, deadlines_for(fault)) as on:
            if fault is Fault.NONE:
                await all_of(on.model.answer([caller()]))
            else:
                await failure(on.model)


@pytest.mark.parametrize("name", REAL)
async def test_our_own_code_logs_nothing_and_libraries_no_word_of_the_reply(
    name: str, everything_logged: Collector
) -> None:
    await hear_it_all(name)
    assert [] == [logger for logger, _ in everything_logged.lines if logger.startswith(("agent", "policies"))]
    assert [] == [line for _, line in everything_logged.lines if "pelican violin" in line]


async def test_the_check_sees_what_the_sdk_logs_at_debug(everything_logged: Collector) -> None:
    await hear_it_all("anthropic")
    telling = {logger for logger, line in everything_logged.lines if "zebra quartz" in line}
    assert {"anthropic._base_client"} == telling


@pytest.mark.parametrize("name", REAL)
async def test_with_our_log_installed_no_word_is_in_any_record_at_debug(
    name: str, everything_logged: Collector
) -> None:
    written: list[str] = []
    logs.install(written.append, libraries_from=logging.DEBUG)
    logging.getLogger().addHandler(everything_logged)
    await hear_it_all(name)
    assert everything_logged.lines
    assert written
    kept = [*written, *(line for _, line in everything_logged.lines)]
    assert [] == [line for line in kept if any(word in line for word in (*CANARIES, KEY, "127.0.0.1"))]

"""A model that may not be called is refused when its agent is loaded, when a call starts, and on the wire."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from agent import lines, vendors
from agent.calls import Calls
from agent.engines import wire
from agent.engines.anthropic import AnthropicModel
from agent.engines.hosted import Sampling
from agent.engines.openai import OpenAIModel
from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.prompt import SYSTEM
from agent.judge import ModelJudge
from agent.keeper.collector import Collector
from agent.prepare import AgentNotReady, check_live, model_of, verdict
from agent.retaining import Retaining
from agent.settings import ROOT, SettingsRefused, from_environment
from agent.vendors import ANTHROPIC_URL, FEATURES, OPENAI_URL, endpoint_of
from policies.acts import Act
from policies.allowlist import (
    BUILT_IN,
    NOTHING_LISTED,
    Allowlist,
    ModelReason,
    ModelRefused,
    Permitted,
    days,
    permit,
)
from policies.events import LogLine, encode
from policies.guardrails import Answerable, screen_utterance
from policies.phi import PHI, Utterance
from policies.records import Engine, Evidence, EvidenceKind, Profile
from policies.vocabulary import Event
from tests.kept import Office
from tests.simulated import house
from tests.stub_line import answered

TODAY = date(2026, 11, 22)
PRODUCTION = {
    "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
    "TWILIO_AUTH_TOKEN": "token",
    "ANTHROPIC_API_KEY": "key",
    "OPENAI_API_KEY": "key",
}
MODEL = "claude-sonnet-4-6"
KEYS = {"ANTHROPIC_API_KEY": "key", "OPENAI_API_KEY": "key"}
SETTINGS = from_environment(PRODUCTION)
SHIPPED = vendors.load(SETTINGS.allowlist)
DEMO = lines.load(ROOT / "deploy" / "agents").default
HOSTED = dataclasses.replace(DEMO, engine=Engine.ANTHROPIC, model=MODEL)


def agreed(until: date) -> Allowlist:
    return SHIPPED.having(
        Evidence(
            party="anthropic",
            kind=kind,
            reference=f"C-{kind.value.upper()}",
            tier="enterprise",
            signed=days(date(2026, 1, 1)),
            expires=days(until),
            retention_days=0,
        )
        for kind in EvidenceKind
    )


def test_an_endpoint_is_what_the_agent_file_and_the_settings_say() -> None:
    local = dataclasses.replace(DEMO, engine=Engine.OPENAI, model="m")

    assert endpoint_of(DEMO, None, None) is BUILT_IN
    assert (ANTHROPIC_URL, FEATURES[Engine.ANTHROPIC]) == (
        endpoint_of(HOSTED, None, "https://other").base_url, endpoint_of(HOSTED, None, None).features
    )  # fmt: skip
    assert OPENAI_URL == endpoint_of(local, "https://other", None).base_url
    assert "http://127.0.0.1:1/v1" == endpoint_of(local, None, "http://127.0.0.1:1/v1").base_url


def test_an_agent_whose_model_has_no_agreement_is_not_loaded() -> None:
    endpoint = endpoint_of(HOSTED, None, None)

    with pytest.raises(AgentNotReady, match=r"^demo.toml: model: may not be called \(no_baa\)") as refused:
        model_of(HOSTED, endpoint, SHIPPED, SETTINGS, TODAY)
    assert refused.value.rule is ModelReason.NO_BAA
    with pytest.raises(AgentNotReady) as unlisted:
        model_of(HOSTED, endpoint, NOTHING_LISTED, SETTINGS, TODAY)
    assert unlisted.value.rule is ModelReason.NOT_LISTED


def test_a_live_agent_without_evidence_for_the_carrier_is_not_loaded_and_a_draft_is() -> None:
    live = dataclasses.replace(DEMO, state=lines.AgentState.LIVE)
    carrier = Evidence(
        party="twilio",
        kind=EvidenceKind.BAA,
        reference="C-1",
        tier="enterprise",
        signed=days(date(2026, 1, 1)),
        expires=days(TODAY),
        retention_days=0,
    )

    check_live(DEMO, BUILT_IN, SHIPPED, TODAY)
    check_live(live, BUILT_IN, SHIPPED.having([carrier]), TODAY)
    with pytest.raises(AgentNotReady, match=r"^demo.toml: state: live needs evidence for every vendor \(no_baa\)"):
        check_live(live, BUILT_IN, SHIPPED, TODAY)


async def test_an_agent_whose_model_has_both_is_loaded() -> None:
    model = model_of(HOSTED, endpoint_of(HOSTED, None, None), agreed(date(2026, 12, 31)), SETTINGS, TODAY)

    assert isinstance(model, AnthropicModel)
    await model.close()


def test_an_agreement_that_expires_while_the_line_runs_ends_at_the_next_call() -> None:
    endpoint, allowlist = endpoint_of(HOSTED, None, None), agreed(TODAY)
    tomorrow = verdict(HOSTED, endpoint, allowlist, SETTINGS, date(2026, 11, 23))

    assert isinstance(verdict(HOSTED, endpoint, allowlist, SETTINGS, TODAY), Permitted)
    assert isinstance(tomorrow, ModelRefused)
    assert tomorrow.reason is ModelReason.BAA_EXPIRED


def test_a_call_without_its_model_is_answered_with_approved_wording() -> None:
    prepared, _ = house()
    hosted: Any = object()
    voices = dataclasses.replace(prepared.script.voices, model=hosted, warm=hosted)
    without = dataclasses.replace(prepared, script=dataclasses.replace(prepared.script, voices=voices)).without_model()

    assert without.voices.model is without.voices.approved
    assert without.voices.warm is None


class Heard:
    """A log that remembers."""

    def __init__(self) -> None:
        self.lines: list[tuple[Event, object]] = []

    def event(self, name: Event, **fields: object) -> None:
        self.lines.append((name, fields.get("reason")))


def test_each_call_that_starts_asks_again_and_says_what_was_refused() -> None:
    prepared, _ = house()
    heard: Any = Heard()
    nothing: Any = None
    model: Any = object()
    script = dataclasses.replace(prepared.script, voices=dataclasses.replace(prepared.script.voices, model=model))
    endpoint = endpoint_of(HOSTED, None, None)
    hosted = dataclasses.replace(prepared, agent=HOSTED, endpoint=endpoint, script=script)

    def answering(allowlist: Allowlist, bus: Any = None) -> Calls:
        judge = ModelJudge(SETTINGS, allowlist, bus, heard)
        return Calls(SETTINGS, nothing, {}, nothing, heard, nothing, Retaining(), judge.refusal, bytes(32))

    calls = answering(agreed(date(2026, 1, 2)))

    assert calls._script(prepared) is prepared.script
    assert [] == heard.lines
    assert calls._script(hosted).voices.model is prepared.script.voices.approved
    assert [(Event.MODEL_REFUSED, ModelReason.BAA_EXPIRED)] == heard.lines
    assert answering(agreed(date(2100, 1, 1)), Said(allowed=True))._script(hosted).voices.model is model
    revoked = answering(agreed(date(2100, 1, 1)), Said(allowed=False))
    assert revoked._script(hosted).voices.model is prepared.script.voices.approved
    assert (Event.MODEL_REFUSED, ModelReason.REVOKED) == heard.lines[-1]
    assert revoked._script(prepared) is prepared.script  # the built-in engine needs nobody's word


class Said:
    """A bus on which the keeper has said one thing of every agent's model."""

    def __init__(self, *, allowed: bool) -> None:
        self.allowed = allowed

    def model_allowed(self, _: str) -> bool:
        return self.allowed


@pytest.mark.parametrize(("engine", "made"), [(Engine.ANTHROPIC, AnthropicModel), (Engine.OPENAI, OpenAIModel)])
@pytest.mark.parametrize("why", ["expired", "revoked"])
async def test_a_permit_that_is_void_by_the_time_of_the_request_opens_no_socket(
    engine: Engine, made: Any, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the start, when the model was permitted, and the question: the day is over, or the keeper says so."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    agent = dataclasses.replace(DEMO, engine=engine, model="listed")
    development = from_environment({"ANTHROPIC_BASE_URL": url, "OPENAI_BASE_URL": url, **KEYS})
    bus, heard = Said(allowed=True), Heard()
    judge = ModelJudge(development, NOTHING_LISTED, bus, heard)  # type: ignore[arg-type]  # as far as it is asked
    endpoint = endpoint_of(agent, url, url)
    model = model_of(agent, endpoint, NOTHING_LISTED, development, TODAY, lambda: judge.refusal(agent) is None)
    assert isinstance(model, made)

    async def question() -> EngineReason | None:
        said = [screened async for screened in _answers(model)]
        return said[-1]

    assert await question() is not EngineReason.REFUSED  # a server that hangs up: but it was asked
    assert 1 == len(asked)
    if why == "expired":
        gone = ModelRefused(ModelReason.BAA_EXPIRED)
        monkeypatch.setattr("agent.judge.verdict", lambda *_: gone)
    else:
        bus.allowed = False
    assert await question() is EngineReason.REFUSED
    assert not await model.warm()
    assert 1 == len(asked)
    reason = ModelReason.BAA_EXPIRED if why == "expired" else ModelReason.REVOKED
    assert (Event.MODEL_REFUSED, reason) == heard.lines[-1]
    await model.close()
    server.close()
    await server.wait_closed()


async def _answers(model: Any) -> AsyncIterator[EngineReason | None]:
    """How asking it ended."""
    prepared, _ = house()
    said = screen_utterance(Utterance(PHI("How do I store my insulin?"), doubtful=False), prepared.script.red_flags)
    assert isinstance(said, Answerable)
    reason: EngineReason | None = None
    try:
        async for _ in model.answer([said]):
            pass
    except EngineFailed as failed:
        reason = failed.reason
    yield reason


def test_a_refusal_on_the_wire_or_at_a_call_s_start_is_an_entry_of_the_audit_log(tmp_path: Path) -> None:
    office = Office.open(tmp_path / "state")
    collector = Collector(office.state, Profile.PRODUCTION, answered(), lambda _: None, office.ledger.write)
    for reason in (ModelReason.REVOKED, ModelReason.BAA_EXPIRED):
        collector.take(encode(LogLine(Event.MODEL_REFUSED, {"reason": reason.value})))

    assert [Act.MODEL_REFUSED] * 2 == office.acts()
    office.close()


class Nowhere(httpx2.AsyncBaseTransport):
    """Fails the test if anything is sent."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        raise AssertionError("a request went out")


@pytest.mark.parametrize(("engine", "made"), [(Engine.ANTHROPIC, AnthropicModel), (Engine.OPENAI, OpenAIModel)])
async def test_another_model_does_not_go_out_on_the_wire(engine: Engine, made: Any) -> None:
    agent = dataclasses.replace(DEMO, engine=engine, model="listed")
    url = "http://127.0.0.1:9/v1"
    development = from_environment({})
    permitted = permit(endpoint_of(agent, url, url), NOTHING_LISTED, DEMO.retention, development.profile, TODAY)
    assert isinstance(permitted, Permitted)
    model = made(permitted, "key")
    endpoint = model._endpoint
    guard = wire.Guard(Nowhere(), endpoint)
    said: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}], "max_tokens": Sampling().max_tokens}
    if engine is Engine.ANTHROPIC:
        said |= {"system": SYSTEM, "thinking": {"type": "disabled"}}
    else:
        said["messages"].insert(0, {"role": "system", "content": SYSTEM})
    for name, sent in (("listed", True), ("other", False)):
        body = {**said, "stream": True, "model": name}
        headers = {"content-type": "application/json"}
        request = httpx2.Request("POST", endpoint.url, headers=headers, content=json.dumps(body))
        with pytest.raises(EngineFailed) as failed:
            await guard.handle_async_request(request)
        assert (EngineReason.BROKEN if sent else EngineReason.REFUSED) is failed.value.reason
    await model.close()


def test_a_list_that_is_not_there_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"^set QUIETLINE_ALLOWLIST to a file that exists$"):
        from_environment({"QUIETLINE_ALLOWLIST": str(tmp_path / "none.toml")})

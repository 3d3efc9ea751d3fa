"""A model that may not be called is refused when its agent is loaded, when a call starts, and on the wire."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import Any

import httpx2
import pytest

from agent import lines, vendors
from agent.engines import wire
from agent.engines.anthropic import AnthropicModel
from agent.engines.openai import OpenAIModel
from agent.engines.ports import EngineFailed, EngineReason
from agent.prepare import AgentNotReady, check_live, model_of, verdict
from agent.service import Calls
from agent.settings import ROOT, SettingsRefused, from_environment
from agent.vendors import ANTHROPIC_URL, FEATURES, OPENAI_URL, endpoint_of
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
from policies.records import Engine, Evidence, EvidenceKind
from policies.vocabulary import Event
from tests.simulated import house

TODAY = date(2026, 11, 22)
PRODUCTION = {
    "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
    "TWILIO_AUTH_TOKEN": "token",
    "ANTHROPIC_API_KEY": "key",
    "OPENAI_API_KEY": "key",
}
MODEL = "claude-sonnet-4-6"
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
    calls = Calls(SETTINGS, nothing, {}, agreed(date(2026, 1, 2)), nothing, heard, nothing)

    assert calls._script(prepared) is prepared.script
    assert [] == heard.lines
    assert calls._script(hosted).voices.model is prepared.script.voices.approved
    assert [(Event.MODEL_REFUSED, ModelReason.BAA_EXPIRED)] == heard.lines
    in_date = Calls(SETTINGS, nothing, {}, agreed(date(2100, 1, 1)), nothing, heard, nothing)
    assert in_date._script(hosted).voices.model is model


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
    for name, sent in (("listed", True), ("other", False)):
        body = {**endpoint.fixed, "model": name, "messages": [{"role": "user", "content": "x"}]}
        request = httpx2.Request("POST", endpoint.url, content=json.dumps(body))
        with pytest.raises(EngineFailed) as failed:
            await guard.handle_async_request(request)
        assert (EngineReason.BROKEN if sent else EngineReason.REFUSED) is failed.value.reason
    await model.close()


def test_a_list_that_is_not_there_refuses_to_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match=r"^set QUIETLINE_ALLOWLIST to a file that exists$"):
        from_environment({"QUIETLINE_ALLOWLIST": str(tmp_path / "none.toml")})

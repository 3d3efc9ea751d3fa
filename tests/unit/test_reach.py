"""What a locked line may still read and reach."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

import pytest

from agent import lines
from agent.reach import Destination, egress_port, outside, reach, rings
from agent.settings import ROOT, from_environment
from policies.records import Engine
from telephony.placing import HOSTS

BUS = {"REDIS_URL": "redis://:word@127.0.0.1:7001/0"}


def ports(environment: Mapping[str, str], *engines: Engine) -> tuple[int, ...]:
    return reach(from_environment(environment), engines, environment).ports


def test_without_a_hosted_model_only_the_bus_is_reached() -> None:
    assert (7001,) == ports(BUS, Engine.APPROVED)
    assert () == ports({}, Engine.APPROVED)


def test_a_hosted_model_elsewhere_is_reached_by_the_proxy_alone() -> None:
    assert (7001, 7002) == ports({**BUS, "QUIETLINE_EGRESS_PORT": "7002"}, Engine.ANTHROPIC)
    assert (7001,) == ports({**BUS, "QUIETLINE_EGRESS_PORT": "7002"}, Engine.APPROVED)


def test_a_hosted_model_on_this_machine_is_reached_at_its_own_port() -> None:
    local = {**BUS, "OPENAI_BASE_URL": "http://127.0.0.1:7003/v1"}

    assert (7001, 7003) == ports(local, Engine.OPENAI)
    assert () == outside(from_environment(local), [Engine.OPENAI])
    assert egress_port(from_environment(local), "http://127.0.0.1:7003/v1") is None


@pytest.mark.parametrize(
    ("environment", "engine", "place"),
    [
        ({}, Engine.ANTHROPIC, "api.anthropic.com:443"),
        ({}, Engine.OPENAI, "api.openai.com:443"),
        ({"OPENAI_BASE_URL": "https://Models.Example:8443/v1"}, Engine.OPENAI, "models.example:8443"),
    ],
)
def test_the_proxy_is_told_the_providers_of_the_agents(
    environment: Mapping[str, str], engine: Engine, place: str
) -> None:
    assert [place] == [str(each) for each in outside(from_environment(environment), [engine, engine])]


def test_our_code_can_be_read_and_homes_and_the_state_can_not() -> None:
    found = reach(from_environment({}), [], {})

    assert {str(ROOT / "agent"), sys.prefix, sys.base_prefix} <= set(found.readable)
    assert {"/", "/home", "/root", "/tmp", "/var", "/etc", str(ROOT)}.isdisjoint(found.readable)
    assert (str(ROOT),) == found.listable


@pytest.mark.parametrize("text", ["", "host", ":443", "host:0", "host:70000", "host:x"])
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever part is wrong
        Destination.of(text)


PRODUCTION = {
    "QUIETLINE_PROFILE": "production",
    "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
    "TWILIO_AUTH_TOKEN": "secret",
}
ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "1" * 32}


def test_nurses_are_rung_where_an_agent_names_a_list_and_the_account_is_named() -> None:
    demo = lines.load(ROOT / "deploy" / "agents").default

    assert rings(from_environment(PRODUCTION | ACCOUNT), [demo])
    assert not rings(from_environment(PRODUCTION | ACCOUNT), [replace(demo, on_call="")])
    assert not rings(from_environment(PRODUCTION), [demo])
    assert not rings(from_environment(ACCOUNT), [demo])


def test_who_rings_nurses_reaches_the_carriers_rest_by_the_proxy() -> None:
    chosen = from_environment(PRODUCTION | ACCOUNT | {"QUIETLINE_EGRESS_PORT": "7002"})

    assert [Destination(host, 443) for host in HOSTS] == list(outside(chosen, [], rings_nurses=True))
    assert (7002,) == reach(chosen, [], {}, rings_nurses=True).ports
    assert () == reach(chosen, [], {}).ports


def test_a_carrier_on_this_machine_is_reached_at_its_own_port() -> None:
    assert (7009,) == ports({"QUIETLINE_CARRIER_URL": "http://127.0.0.1:7009"})

"""A model that is not permitted is refused before a socket opens."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.allowlist import ModelReason, ModelRefused, Permitted, permit
from policies.records import Engine, Profile

HOSTED = [Engine.ANTHROPIC, Engine.OPENAI]
URL = "https://api.example.com/v1"


@pytest.mark.parametrize("profile", Profile)
def test_the_built_in_engine_is_always_permitted(profile: Profile) -> None:
    permitted = permit(Engine.APPROVED, "", "", "", profile)

    assert isinstance(permitted, Permitted)
    assert (Engine.APPROVED, "") == (permitted.engine, permitted.base_url)


@given(st.text() | st.just(URL))
def test_the_built_in_engine_has_no_place_to_call(base_url: str) -> None:
    permitted = permit(Engine.APPROVED, "x", "x", base_url, Profile.PRODUCTION)

    assert isinstance(permitted, Permitted)
    assert permitted.base_url == ""


@pytest.mark.parametrize("engine", HOSTED)
@given(url=st.text() | st.sampled_from([URL, "http://127.0.0.1:8080/v1"]), model=st.text() | st.just("m-1"))
def test_no_hosted_engine_is_permitted_in_production_yet(engine: Engine, url: str, model: str) -> None:
    assert ModelRefused(ModelReason.NO_EVIDENCE) == permit(engine, "provider", model, url, Profile.PRODUCTION)


@pytest.mark.parametrize("engine", HOSTED)
@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://api.example.com",
        "http://127.0.0.1:8080/v1",
        "http://localhost:1",
        "http://[::1]:80/",
        "http://127.9.9.9",
    ],
)
def test_in_development_a_model_is_permitted_at_exactly_this_place(engine: Engine, url: str) -> None:
    permitted = permit(engine, "provider", "model-1:latest", url, Profile.DEVELOPMENT)

    assert isinstance(permitted, Permitted)
    assert (engine, "provider", "model-1:latest", url) == (
        permitted.engine, permitted.provider, permitted.model, permitted.base_url
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.com/v1", ModelReason.NOT_HTTPS),
        ("http://127.0.0.1.example.com", ModelReason.NOT_HTTPS),
        ("http://localhost.example.com", ModelReason.NOT_HTTPS),
        ("http://0.0.0.0:80", ModelReason.NOT_HTTPS),
        ("http://2130706433", ModelReason.NOT_HTTPS),
        ("http://localhost@api.example.com", ModelReason.BAD_URL),
        ("https://user:word@api.example.com", ModelReason.BAD_URL),
        ("https://api.example.com/?key=1", ModelReason.BAD_URL),
        ("https://api.example.com/#x", ModelReason.BAD_URL),
        ("https://api.example.com\\@127.0.0.1", ModelReason.BAD_URL),
        ("https://api.example.com:99999", ModelReason.BAD_URL),
        ("https://api.example.com:0", ModelReason.BAD_URL),
        ("https://[::1", ModelReason.BAD_URL),
        ("https://", ModelReason.BAD_URL),
        ("https:///v1", ModelReason.BAD_URL),
        ("ftp://api.example.com", ModelReason.BAD_URL),
        ("unix:///run/model", ModelReason.BAD_URL),
        ("api.example.com", ModelReason.BAD_URL),
        ("https://api.example.com/ v1", ModelReason.BAD_URL),
        ("https://api.example.com/\r\nX: y", ModelReason.BAD_URL),
        ("", ModelReason.BAD_URL),
    ],
)
def test_any_other_place_is_refused(url: str, reason: ModelReason) -> None:
    assert ModelRefused(reason) == permit(Engine.OPENAI, "provider", "model", url, Profile.DEVELOPMENT)


@pytest.mark.parametrize("name", ["", " ", "a b", "x\n", "-x", "x" * 101, "\N{BULLET}"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    refused = ModelRefused(ModelReason.BAD_NAME)

    assert refused == permit(Engine.OPENAI, name, "model", URL, Profile.DEVELOPMENT)
    assert refused == permit(Engine.OPENAI, "provider", name, URL, Profile.DEVELOPMENT)


@given(st.text())
def test_every_text_gets_a_verdict(url: str) -> None:
    assert isinstance(permit(Engine.OPENAI, "provider", "model", url, Profile.DEVELOPMENT), Permitted | ModelRefused)


@pytest.mark.parametrize(("engine", "profile"), [("openai", Profile.DEVELOPMENT), (Engine.OPENAI, "development")])
def test_what_is_no_engine_or_profile_is_refused(engine: Any, profile: Any) -> None:
    assert ModelRefused(ModelReason.UNKNOWN_ENGINE) == permit(engine, "provider", "model", URL, profile)


def test_nobody_else_makes_the_permit() -> None:
    permitted = permit(Engine.APPROVED, "", "", "", Profile.PRODUCTION)
    assert isinstance(permitted, Permitted)

    with pytest.raises(TypeError):
        Permitted(Engine.OPENAI, "provider", "model", URL, object())
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(permitted, base_url=URL)  # type: ignore[call-arg]

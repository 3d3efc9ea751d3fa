from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import VARIABLES, SettingsRefused, from_environment
from policies.records import Profile

PRODUCTION = {
    "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
    "TWILIO_AUTH_TOKEN": "0123456789abcdef0123456789abcdef",
}


def test_an_empty_environment_is_a_development_line_on_loopback() -> None:
    settings = from_environment({})

    assert Profile.DEVELOPMENT is settings.profile
    assert ("127.0.0.1", 8080) == (settings.host, settings.port)
    assert "http://127.0.0.1:8080" == settings.origin


def test_an_empty_value_counts_as_not_set() -> None:
    assert Profile.DEVELOPMENT is from_environment(dict.fromkeys(VARIABLES, "")).profile


@pytest.mark.parametrize(
    "more", [{"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org"}, {"QUIETLINE_HOST": "0.0.0.0"}]
)
def test_a_line_that_others_can_reach_is_production_unless_it_says_otherwise(more: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused):
        from_environment(more)


def test_a_proxy_in_front_of_loopback_needs_no_certificate() -> None:
    settings = from_environment(PRODUCTION)

    assert Profile.PRODUCTION is settings.profile
    assert "https://line.example.org" == settings.origin


def test_an_own_certificate_lets_production_answer_on_every_address(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).touch()
    tls = {"QUIETLINE_TLS_CERT": str(tmp_path / "cert.pem"), "QUIETLINE_TLS_KEY": str(tmp_path / "key.pem")}

    assert from_environment({**PRODUCTION, **tls, "QUIETLINE_HOST": "0.0.0.0"}).tls is not None


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"QUIETLINE_PROFILE": "staging"}, "QUIETLINE_PROFILE"),
        ({"QUIETLINE_HOST": "example.org"}, "QUIETLINE_HOST"),
        ({"QUIETLINE_HOST": "0.0.0.0"}, "QUIETLINE_TLS_CERT"),
        ({"QUIETLINE_PORT": "0"}, "QUIETLINE_PORT"),
        ({"QUIETLINE_PORT": "65536"}, "QUIETLINE_PORT"),
        ({"QUIETLINE_PORT": "٨٠"}, "QUIETLINE_PORT"),
        ({"QUIETLINE_PORT": "1e3"}, "QUIETLINE_PORT"),
        ({"QUIETLINE_PUBLIC_ORIGIN": ""}, "QUIETLINE_PROFILE|QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "http://line.example.org"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org/twilio"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://a:b@line.example.org"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org:99999"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https:///twilio"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
        ({"QUIETLINE_TLS_CERT": "cert.pem"}, "QUIETLINE_TLS_KEY"),
        ({"QUIETLINE_TLS_CERT": "no", "QUIETLINE_TLS_KEY": "no"}, "QUIETLINE_TLS_CERT"),
        ({"QUIETLINE_AGENTS": "no/such/folder"}, "QUIETLINE_AGENTS"),
        ({"QUIETLINE_ALLOW_UNSIGNED_STREAM": "1"}, "QUIETLINE_ALLOW_UNSIGNED_STREAM"),
        ({"QUIETLINE_ALLOW_UNSIGNED_STREAM": "yes"}, "QUIETLINE_ALLOW_UNSIGNED_STREAM"),
        ({"QUIETLINE_PROFILE": "development"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_LEAD_MS": "301"}, "QUIETLINE_LEAD_MS"),
        ({"QUIETLINE_RECOGNISER_WINDOW_S": "8"}, "QUIETLINE_RECOGNISER_WINDOW_S"),
        ({"REDIS_URL": "redis://bus.example.org:6379"}, "REDIS_URL"),
        ({"REDIS_URL": "unix:///run/redis.sock"}, "REDIS_URL"),
        ({"REDIS_URL": "rediss://bus.example.org?ssl_cert_reqs=none"}, "REDIS_URL"),
        ({"ANTHROPIC_BASE_URL": "http://model.example.org"}, "ANTHROPIC_BASE_URL"),
        ({"OPENAI_BASE_URL": "http://10.0.0.4/v1"}, "OPENAI_BASE_URL"),
        ({"OPENAI_BASE_URL": "https://key@model.example.org"}, "OPENAI_BASE_URL"),
        ({"QUIETLINE_PORTS": "8080"}, "QUIETLINE_PORT"),
        ({"QUIETLINE_DEBUG": "1"}, "QUIETLINE_DEBUG"),
    ],
)
def test_what_does_not_hold_together_is_refused_in_one_sentence_that_names_it(
    changes: dict[str, str], named: str
) -> None:
    environment = {**PRODUCTION, **changes}
    if environment["QUIETLINE_PUBLIC_ORIGIN"] == "":
        environment["QUIETLINE_PROFILE"] = "production"

    with pytest.raises(SettingsRefused, match=named) as refused:
        from_environment(environment)

    assert "\n" not in str(refused.value)
    assert None is refused.value.__context__


def test_development_is_refused_beyond_loopback() -> None:
    with pytest.raises(SettingsRefused, match="QUIETLINE_HOST"):
        from_environment({"QUIETLINE_PROFILE": "development", "QUIETLINE_HOST": "0.0.0.0"})


@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379", "redis://localhost", "rediss://bus.example.org:6380/0"])
def test_the_bus_is_on_this_machine_or_behind_tls(url: str) -> None:
    assert from_environment({"REDIS_URL": url}).redis_url is not None


def test_no_print_of_the_settings_shows_a_secret() -> None:
    secrets = {
        "TWILIO_AUTH_TOKEN": "secret-1",
        "ANTHROPIC_API_KEY": "secret-2",
        "OPENAI_API_KEY": "secret-3",
        "REDIS_URL": "redis://:secret-4@127.0.0.1",
    }

    assert "secret-" not in repr(from_environment(secrets))

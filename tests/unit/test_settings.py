from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from agent.service import server_config
from agent.settings import VARIABLES, SettingsRefused, from_environment
from policies.layers import Protection
from policies.records import Profile
from telephony.doors import Doors

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


def test_answers_begin_without_synthesis_unless_it_is_switched_off() -> None:
    assert from_environment({}).spoken_ahead
    assert from_environment({"QUIETLINE_SPOKEN_AHEAD": "on"}).spoken_ahead
    assert not from_environment({"QUIETLINE_SPOKEN_AHEAD": "off"}).spoken_ahead
    with pytest.raises(SettingsRefused, match="set QUIETLINE_SPOKEN_AHEAD to on or off"):
        from_environment({"QUIETLINE_SPOKEN_AHEAD": "0"})


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


def certificate(folder: Path, name: str, *, password: str = "") -> dict[str, str]:
    """One of its own, made anew."""
    openssl = shutil.which("openssl")
    assert openssl is not None, "apt-get install openssl"
    cert, key = folder / f"{name}-cert.pem", folder / f"{name}-key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", f"/CN={name}", "-days", "1"]
    lock = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    command = [openssl, "req", "-x509", *curve, *lock, "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return {"QUIETLINE_TLS_CERT": str(cert), "QUIETLINE_TLS_KEY": str(key)}


def test_an_own_certificate_lets_production_answer_on_every_address(tmp_path: Path) -> None:
    tls = certificate(tmp_path, "line")

    assert from_environment({**PRODUCTION, **tls, "QUIETLINE_HOST": "0.0.0.0"}).tls is not None


def test_a_certificate_that_no_server_could_start_with_is_refused(tmp_path: Path) -> None:
    good, other = certificate(tmp_path, "line"), certificate(tmp_path, "other")
    locked = certificate(tmp_path, "locked", password="of-the-key")
    (tmp_path / "empty.pem").touch()
    (tmp_path / "junk.pem").write_bytes(bytes(range(256)))
    wrong = [
        {**good, "QUIETLINE_TLS_KEY": other["QUIETLINE_TLS_KEY"]},
        {**good, "QUIETLINE_TLS_KEY": good["QUIETLINE_TLS_CERT"]},
        {**good, "QUIETLINE_TLS_CERT": str(tmp_path / "empty.pem")},
        {**good, "QUIETLINE_TLS_CERT": str(tmp_path / "junk.pem")},
        locked,
    ]

    for tls in wrong:
        with pytest.raises(SettingsRefused, match="QUIETLINE_TLS_CERT and QUIETLINE_TLS_KEY") as refused:
            from_environment({**PRODUCTION, **tls})

        assert None is refused.value.__context__


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        ("https://Line.Example.org", "https://line.example.org"),
        ("https://line.example.org/", "https://line.example.org"),
        ("https://line.example.org:8443", "https://line.example.org:8443"),
        ("HTTPS://line.example.org", "https://line.example.org"),
    ],
)
def test_a_public_origin_that_is_taken_holds_for_the_server_too(origin: str, taken: str) -> None:
    settings = from_environment({**PRODUCTION, "QUIETLINE_PUBLIC_ORIGIN": origin})

    assert taken == settings.origin
    Doors(server_config(settings))


@settings_of_hypothesis(max_examples=200)
@given(st.text(alphabet="ab.-_:[]/?#@1\u00e4\u212a K", max_size=12))
def test_no_public_origin_is_taken_that_the_server_would_refuse(host: str) -> None:
    try:
        settings = from_environment({**PRODUCTION, "QUIETLINE_PUBLIC_ORIGIN": "https://" + host})
    except SettingsRefused:
        return
    Doors(server_config(settings))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"QUIETLINE_PROFILE": "staging"}, "QUIETLINE_PROFILE"),
        ({"QUIETLINE_FALLBACK_URL": "http://static.example.org/nurse.xml"}, "QUIETLINE_FALLBACK_URL"),
        ({"QUIETLINE_FALLBACK_URL": "https://user:word@static.example.org/"}, "QUIETLINE_FALLBACK_URL"),
        ({"QUIETLINE_FALLBACK_URL": "https://localhost/nurse.xml"}, "QUIETLINE_FALLBACK_URL"),
        ({"QUIETLINE_FALLBACK_URL": "https://[/"}, "QUIETLINE_FALLBACK_URL"),
        ({"QUIETLINE_FALLBACK_URL": "https://LINE.example.org/twilio/failsafe"}, "QUIETLINE_FALLBACK_URL"),
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
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://my_line.example.org"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://[2001:db8::1]"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://l\u00efne.example.org"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org."}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org:"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org?"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org/#"}, "QUIETLINE_PUBLIC_ORIGIN"),
        ({"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
        ({"QUIETLINE_TLS_CERT": "cert.pem"}, "QUIETLINE_TLS_KEY"),
        ({"QUIETLINE_TLS_CERT": "no", "QUIETLINE_TLS_KEY": "no"}, "QUIETLINE_TLS_CERT"),
        ({"QUIETLINE_AGENTS": "no/such/folder"}, "QUIETLINE_AGENTS"),
        ({"QUIETLINE_ALLOW_UNSIGNED_STREAM": "1"}, "QUIETLINE_ALLOW_UNSIGNED_STREAM"),
        ({"QUIETLINE_MODEL_UNFILTERED": "1"}, "QUIETLINE_MODEL_UNFILTERED"),
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


def test_what_is_left_unprotected_is_named_from_a_closed_list() -> None:
    kinds = from_environment({"QUIETLINE_UNPROTECTED": "network, swap"}).unprotected

    assert {Protection.NETWORK, Protection.SWAP} == kinds
    with pytest.raises(SettingsRefused, match="QUIETLINE_UNPROTECTED to some of files, network, dumps, swap"):
        from_environment({"QUIETLINE_UNPROTECTED": "everything"})

"""Only Twilio's own requests get in, each once; the vectors are made by Twilio's own library."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from policies.phi import PHI
from telephony.signature import Seen, SignatureCheck, is_public_origin

TOKEN = "12345"
ORIGIN = "https://agent.example.org"
CHECK = SignatureCheck(TOKEN, ORIGIN)
FIELDS = [("CallSid", "CA1234567890ABCDE"), ("From", "+14158675309"), ("To", "+18005551212"), ("Empty", "")]


def signed(url: str, fields: list[tuple[str, str]] | None = None) -> str:
    made: str = RequestValidator(TOKEN).compute_signature(url, Multi(fields or []))
    return made


class Multi:
    """A form as Flask's MultiDict offers it to twilio-python: some names twice."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(self.fields)

    def __iter__(self) -> object:
        return iter([name for name, _ in self.fields])

    def getall(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def test_the_example_of_twilios_documentation() -> None:
    """docs: usage/security, "validating requests": https://mycompany.com/myapp.php?foo=1&bar=2, token 12345."""
    fields = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675310"),
        ("Digits", "1234"),
        ("From", "+14158675310"),
        ("To", "+18005551212"),
    ]
    check = SignatureCheck("12345", "https://mycompany.com")
    expected = signed("https://mycompany.com/myapp.php?foo=1&bar=2", fields)

    assert check.form("/myapp.php", "foo=1&bar=2", fields, expected)


@pytest.mark.parametrize("url", [f"{ORIGIN}/v", f"{ORIGIN}/v/", f"{ORIGIN}:443/v", f"{ORIGIN}:443/v/"])
def test_the_ways_in_which_twilio_may_write_our_url(url: str) -> None:
    assert CHECK.form("/v", "", FIELDS, signed(url, FIELDS))


@pytest.mark.parametrize(
    "url",
    [
        "http://agent.example.org/v",
        "https://agent.example.org.evil.com/v",
        "https://evil.com/v",
        f"{ORIGIN}:8443/v",
        f"{ORIGIN}/w",
        f"{ORIGIN}/v?x=1",
        "wss://agent.example.org/v",
    ],
)
def test_a_signature_over_another_url_is_none(url: str) -> None:
    assert not CHECK.form("/v", "", FIELDS, signed(url, FIELDS))


def test_a_signature_by_another_account_is_none() -> None:
    other: str = RequestValidator("other").compute_signature(f"{ORIGIN}/v", dict(FIELDS))

    assert not CHECK.form("/v", "", FIELDS, other)


def test_every_field_is_covered() -> None:
    good = signed(f"{ORIGIN}/v", FIELDS)

    assert CHECK.form("/v", "", list(reversed(FIELDS)), good)
    assert not CHECK.form("/v", "", [*FIELDS, ("Extra", "1")], good)
    assert not CHECK.form("/v", "", FIELDS[:-1], good)
    assert not CHECK.form("/v", "", [("CallSid", "CAother"), *FIELDS[1:]], good)
    assert not CHECK.form("/v", "", [*FIELDS, ("To", "+19005551212")], good)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), max_size=8))
def test_it_signs_as_twilios_library_does(fields: list[tuple[str, str]]) -> None:
    encodable = [(k, v) for k, v in fields if (k + v).isprintable()]

    assert CHECK.form("/v", "", encodable, signed(f"{ORIGIN}/v", encodable))


@pytest.mark.parametrize("signature", ["", "=", "x" * 28, "\u00e9" * 28, "\ud800", "x" * 10_000])
def test_no_nonsense_passes_for_a_signature(signature: str) -> None:
    assert not CHECK.form("/v", "", FIELDS, signature)
    assert not CHECK.websocket("/m", "", signature)
    assert not CHECK.json("/v", "", b"", signature)


def test_a_signature_cut_short_is_none() -> None:
    good = signed(f"{ORIGIN}/v", FIELDS)

    assert not [n for n in range(len(good)) if CHECK.form("/v", "", FIELDS, good[:n])]
    assert not CHECK.form("/v", "", FIELDS, good + "=")


@pytest.mark.parametrize(
    "url", ["wss://agent.example.org/m", "wss://agent.example.org/m/", "wss://agent.example.org:443/m"]
)
def test_a_handshake_is_signed_over_the_wss_url(url: str) -> None:
    assert CHECK.websocket("/m", "", signed(url))


def test_a_handshake_signed_over_https_is_refused() -> None:
    assert not CHECK.websocket("/m", "", signed("https://agent.example.org/m"))


def test_a_body_that_is_no_form_needs_its_hash_in_the_signed_url() -> None:
    body = b'{"a": 1}'
    query = urlencode({"bodySHA256": hashlib.sha256(body).hexdigest()})
    good = signed(f"{ORIGIN}/v?{query}")

    assert CHECK.json("/v", query, body, good)
    assert not CHECK.json("/v", query, body + b" ", good)
    assert not CHECK.json("/v", query + "&" + query, body, signed(f"{ORIGIN}/v?{query}&{query}"))
    assert not CHECK.json("/v", "", body, signed(f"{ORIGIN}/v"))


def test_an_origin_with_its_own_port_is_taken_as_it_is() -> None:
    check = SignatureCheck(TOKEN, "https://agent.example.org:8443")

    assert check.form("/v", "", FIELDS, signed("https://agent.example.org:8443/v", FIELDS))
    assert not check.form("/v", "", FIELDS, signed(f"{ORIGIN}/v", FIELDS))


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "http://a.example",
        "https://",
        "https://a.example/",
        "https://a.example/x",
        "https://a b",
        "https://A.example",
    ],
)
def test_what_is_no_public_origin(origin: str) -> None:
    assert not is_public_origin(origin)
    with pytest.raises(ValueError, match="origin"):
        SignatureCheck(TOKEN, origin)


def test_there_is_no_check_without_a_secret() -> None:
    with pytest.raises(ValueError, match="token"):
        SignatureCheck("", ORIGIN)


def test_a_request_is_new_once_for_each_call_and_event() -> None:
    seen = Seen()

    assert [True, False, True, True, False] == [
        seen.first(PHI("CA1"), "voice"),
        seen.first(PHI("CA1"), "voice"),
        seen.first(PHI("CA1"), "ended"),
        seen.first(PHI("CA2"), "voice"),
        seen.first(PHI("CA2"), "voice"),
    ]


def test_only_so_many_calls_are_remembered_and_none_by_its_name() -> None:
    seen = Seen(limit=3)
    for n in range(10):
        seen.first(PHI(f"CA{n}"), "voice")

    assert 3 == len(seen._digests)
    assert not [digest for digest in seen._digests if b"CA" in digest]
    assert not seen.first(PHI("CA9"), "voice")

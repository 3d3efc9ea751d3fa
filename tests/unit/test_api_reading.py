"""What is read and taken out over HTTP: the audit log, transcripts, and over TLS."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from agent.keeper.__main__ import main
from agent.keeper.api.serving import Admin, bind
from agent.keeper.keys import PUBLIC, public_key
from agent.keeper.transcript_keys import transcript_keys
from agent.keeper.transcripts import TranscriptsHere
from policies.acts import Act, Subject
from policies.audit import head_of, line_of, verify_export
from policies.records import ref_of
from tests.admin import AGENTS, ALLOWLIST, EVERYBODY, MANY, Interface, interface, means, tokens
from tests.kept import Office

REF = ref_of(bytes(16))


@pytest.fixture(name="kept")
def _kept(tmp_path: Path) -> Iterator[str]:
    """The ref of a transcript that is there."""
    office = Office.open(tmp_path)
    office.zero_off()
    ref = office.a_call()
    assert office.transcripts.take(office.sealed(ref, "My name is Xanthippe Quillfeather."))
    yield ref
    office.close()


@pytest.fixture(name="running")
def _running(tmp_path: Path, kept: str) -> Iterator[Interface]:
    assert kept
    here = TranscriptsHere(tmp_path, transcript_keys(tmp_path, None), 7)
    with interface(tmp_path, replace(means(tmp_path), transcripts=here)) as running:
        yield running


def test_a_transcript_is_read_and_deleted_by_the_auditor_and_each_time_is_an_entry(
    running: Interface, kept: str
) -> None:
    path = f"/v1/transcripts/{kept}"
    read = running.ask("GET", path, "auditor")
    statuses = [running.ask(method, path, "auditor").status for method in ("DELETE", "GET", "DELETE")]

    assert (200, {"ref": kept, "text": "caller: My name is <PERSON>.\n"}) == (read.status, read.json)
    assert [204, 404, 404] == statuses
    assert [(Act.TRANSCRIPT_READ, kept), (Act.TRANSCRIPT_DELETED, kept), (Act.ACT_REFUSED, kept)] == [
        (each.act, each.thing) for each in running.entries() if each.subject is Subject.TRANSCRIPT
    ]


@pytest.mark.parametrize("ref", ["x", "..", "%00", "A" * 23, "A" * 21 + "B"])
def test_what_is_no_ref_is_no_transcript(running: Interface, ref: str) -> None:
    assert 404 == running.ask("GET", f"/v1/transcripts/{ref}", "auditor").status


def test_pages_of_the_log_are_what_was_hashed(running: Interface) -> None:
    held = [json.loads(line_of(each)) for each in running.entries()]
    pages = [running.ask("GET", f"/v1/audit?first={first}&most=3", "auditor").json for first in (0, 3)]

    assert held[:3] == pages[0]["entries"]
    assert pages[0]["size"] >= len(held)
    assert [3, 4, 5] == [each["sequence"] for each in pages[1]["entries"]]


def test_an_export_verifies_elsewhere_and_is_an_entry_of_its_own(running: Interface) -> None:
    exported = running.ask("GET", "/v1/audit/export", "auditor")
    rows = exported.content.splitlines(keepends=True)
    head = head_of(
        json.dumps(running.ask("GET", "/v1/audit/head", "auditor").json, sort_keys=True, separators=(",", ":")).encode()
    )

    assert "application/x-ndjson" == exported.headers["content-type"]
    assert () == verify_export(rows, public_key(running.folder / PUBLIC), kept=[head])
    assert Act.AUDIT_EXPORTED is running.entries()[-1].act


@pytest.mark.parametrize(("form", "first"), [("ocsf", '{"activity_id":'), ("cef", "CEF:0|Quietline|")])
def test_an_export_for_a_siem_has_a_line_for_each_entry(running: Interface, form: str, first: str) -> None:
    lines = running.ask("GET", f"/v1/audit/export?format={form}", "auditor").content.decode().splitlines()

    assert len(running.entries()) == len(lines)
    assert {True} == {line.startswith(first) for line in lines}


def test_the_vendors_at_the_terminal_have_what_was_recorded_over_http(
    running: Interface, capsys: pytest.CaptureFixture[str]
) -> None:
    evidence = {"party": "twilio", "kind": "baa", "reference": "TW-1", "tier": "x", "retention_days": 0}
    listed = {
        "vendor": "anthropic", "engine": "anthropic", "model": "claude-next", "base_url": "https://api.anthropic.com",
        "region": "eu", "messages": True, "chat": False, "streaming": True,
    }  # fmt: skip
    dates = {"signed": "2026-01-01", "expires": "2099-01-01"}
    assert 201 == running.ask("POST", "/v1/baa", body=evidence | dates).status
    assert 201 == running.ask("POST", "/v1/allowlist", body=listed).status
    main(["vendors", "--state", str(running.folder), "--allowlist", str(ALLOWLIST), "--agents", str(AGENTS)])
    told = capsys.readouterr().out

    assert "TW-1" in told
    assert "claude-next at https://api.anthropic.com, region eu" in told


def certificate(folder: Path) -> tuple[Path, Path]:
    """Of this machine's address, made here and signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, private


def test_with_a_certificate_it_answers_by_tls_and_not_without(tmp_path: Path) -> None:
    chain, private = certificate(tmp_path)
    secret = tokens(tmp_path / "s", {"nurse": EVERYBODY["nurse"]})["nurse"]
    failures: list[Exception] = []
    listening = bind("127.0.0.1", 0, tls=True)
    admin = Admin(listening, means(tmp_path / "s"), failures.append, tls=(chain, private), limits=MANY)
    admin.start()
    assert admin.wait()
    try:
        context = ssl.create_default_context(cafile=str(chain))
        secured = http.client.HTTPSConnection("127.0.0.1", admin.port, timeout=20, context=context)
        with contextlib.closing(secured):
            secured.request("GET", "/v1/openapi.json", headers={"Authorization": f"Bearer {secret}"})
            assert 200 == secured.getresponse().status
        plain = http.client.HTTPConnection("127.0.0.1", admin.port, timeout=20)
        with contextlib.closing(plain):
            plain.request("GET", "/v1/openapi.json")
            with pytest.raises((OSError, http.client.HTTPException)):
                plain.getresponse()
    finally:
        admin.stop()
    assert [] == failures

"""Proving and verifying as a person at a terminal does it, short of placing a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from agent import launcher
from agent.proof import __main__ as proof
from agent.proof.about import CodeChanged
from agent.proof.page import page
from agent.proof.report import body_of, signed
from tests.unit.test_proof_report import KEY, NONCE, PUBLIC, body, settings, without_root


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """With a report, its page, and the key to check it with."""
    put(tmp_path, body())
    (tmp_path / "key.pub").write_bytes(public_pem())
    return tmp_path


def public_pem() -> bytes:
    return KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def put(folder: Path, made: Mapping[str, Any]) -> None:
    report = signed(made, KEY)
    (folder / "report.json").write_bytes(report)
    (folder / "page.html").write_text(page(body_of(report), PUBLIC.hex()), encoding="utf-8")


def verify(folder: Path, *more: object) -> list[str]:
    return ["verify", str(folder / "report.json"), "--key", str(folder / "key.pub"), "--nonce", NONCE, *map(str, more)]


def test_verify_says_what_the_report_is_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == proof.main(verify(folder, "--code", "c" * 64))
    said = capsys.readouterr().out

    assert f"code: {'c' * 64}, another than the code that checks it" in said
    assert f"settings: {body()['settings']['sha256']}" in said
    assert all(f"{name}: {value}" in said for name, value in body()["models"].items())
    assert "gone without" not in said


def test_verify_says_what_the_operator_went_on_without(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = [name for name in body()["locks"] if name != "ports"]
    put(folder, body(locks=held, settings=settings({"QUIETLINE_WITHOUT": "ports"}, [])))

    assert 0 == proof.main(verify(folder))
    assert "gone without, as its settings name: ports" in capsys.readouterr().out


def test_verify_refuses_other_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 1 == proof.main(verify(folder, "--code", "a" * 64))
    assert "refused: the code is not the one that you named" in capsys.readouterr().out


def test_verify_holds_a_page_against_the_report_byte_for_byte_and_makes_it(folder: Path) -> None:
    shown, written = folder / "page.html", folder / "mine.html"

    assert 0 == proof.main(verify(folder, "--page", shown, "--write-page", written))
    assert shown.read_bytes() == written.read_bytes()
    shown.write_bytes(shown.read_bytes().replace(b"Nothing was found", b"Nothing at all was found", 1))
    written.unlink()
    assert 1 == proof.main(verify(folder, "--page", shown, "--write-page", written))
    assert not written.exists()
    assert 1 == proof.main(verify(folder, "--page", folder / "none.html"))


def test_a_report_that_is_refused_leaves_no_page(folder: Path) -> None:
    (folder / "report.json").write_bytes(b"{}")

    assert 1 == proof.main(verify(folder, "--write-page", folder / "mine.html"))
    assert not (folder / "mine.html").exists()


def test_without_root_verify_wants_to_be_asked_for_that_and_lists_what_was_not_seen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder, without_root())

    assert 1 == proof.main(verify(folder))
    assert "`--without-root` takes it as such" in capsys.readouterr().out
    assert 0 == proof.main(verify(folder, "--without-root"))
    said = capsys.readouterr().out
    assert "not examined: the line's memory after the call: needs root" in said
    assert "not examined: files opened for writing" in said
    assert "not examined: the line's locks, seen from outside" in said


def proved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Mapping[str, Any] | Exception, *more: str) -> int:
    """`quietline prove`, with what it would have found."""

    async def proven(*_: Any) -> Mapping[str, Any]:
        if isinstance(made, Exception):
            raise made
        return made

    monkeypatch.setattr("agent.proof.network.enclosed", lambda: None)
    monkeypatch.setattr("agent.proof.run.proven", proven)
    for name in proof.QUIET:
        monkeypatch.setenv(name, "1")
    out, key = tmp_path / "out", tmp_path / "proof.key"
    return proof.main(["prove", "--calls", "200", "--nonce", NONCE, "--out", str(out), "--key", str(key), *more])


def test_a_proof_with_root_ends_well_and_one_without_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == proved(monkeypatch, tmp_path, body())
    assert "--without-root" not in capsys.readouterr().out
    assert proof.EXIT_WITHOUT_ROOT == proved(monkeypatch, tmp_path, without_root())
    assert f"--nonce {NONCE} --without-root" in capsys.readouterr().out
    assert 1 == proved(monkeypatch, tmp_path, body(faults=[]))


def test_the_page_beside_a_report_is_the_one_that_verify_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proved(monkeypatch, tmp_path, body())
    report = next((tmp_path / "out").glob("*.json"))
    asked = ["verify", str(report), "--key", str(tmp_path / "proof.key.pub"), "--nonce", NONCE]

    assert 0 == proof.main([*asked, "--page", str(report.with_suffix(".html"))])


def test_code_that_changed_leaves_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert proof.EXIT_CHANGED == proved(monkeypatch, tmp_path, CodeChanged("the code changed: no report"))
    assert "quietline: the code changed: no report" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("status", "recorded"), [(0, [0]), (1, [1]), (3, []), (75, []), (78, [])])
def test_what_was_not_seen_or_not_finished_is_not_written_down_as_a_build_s_proof(
    status: int,
    recorded: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[int] = []

    def record(_: str, passed: int, *__: object) -> int:
        told.append(passed)
        return passed

    monkeypatch.setattr(proof, "main", lambda _: status)
    monkeypatch.setattr(launcher, "_recorded", record)

    assert status == launcher.main(["prove"])
    assert recorded == told
    assert (status == proof.EXIT_WITHOUT_ROOT) == ("made without root" in capsys.readouterr().err)


@pytest.mark.parametrize("asked", [["prove"], ["selftest"]])
def test_settings_that_serve_would_not_take_are_refused_before_the_run(
    asked: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ran(*_: object) -> int:
        raise AssertionError("it began")

    monkeypatch.setattr(proof, "main", ran)
    monkeypatch.setattr("agent.selftest.failed", ran)
    for name, value in (("QUIETLINE_LEAD_MS", "1"), ("SSLKEYLOGFILE", "x"), ("QUIETLINE_LINE_USER", "root")):
        with monkeypatch.context() as one:
            one.setenv(name, value)
            assert launcher.EXIT_SETTINGS == launcher.main(asked)
            assert name in capsys.readouterr().err


def test_what_prove_and_self_test_record_is_under_the_settings_and_secrets_that_serve_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "TWILIO_AUTH_TOKEN": "token",
        "KEEPER_REDIS_URL": "redis://keeper:word@127.0.0.1/0",
        "REDIS_URL": "redis://line:word@127.0.0.1/0",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(value)
    production = {
        "CREDENTIALS_DIRECTORY": str(tmp_path),
        "QUIETLINE_PROFILE": "production",
        "QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org",
        "QUIETLINE_STATE": str(tmp_path / "state"),
    }
    for name, value in production.items():
        monkeypatch.setenv(name, value)
    seen: list[Any] = []
    monkeypatch.setattr(proof, "main", lambda _: 0)
    monkeypatch.setattr("agent.selftest.failed", tuple)

    def record(*given: Any) -> int:
        seen.append(given)
        return 0

    monkeypatch.setattr(launcher, "_recorded", record)

    assert (0, 0) == (launcher.main(["prove"]), launcher.main(["selftest"]))
    assert ["proof", "self_test"] == [given[0] for given in seen]
    for _, _, chosen, _ in seen:
        assert chosen.keeper_redis_url.reveal() == secrets["KEEPER_REDIS_URL"]
        assert chosen.twilio_auth_token.reveal() == "token"

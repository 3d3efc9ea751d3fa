"""The service under proof gets the operator's settings, and the report names those that differ and what was proven."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from agent.build import NOT_PART, is_part
from agent.engines import models
from agent.proof import about, given, outside, stage
from agent.proof.given import OWN, Given
from agent.proof.parts import ACTS_OF_ANOTHER_USER, settings_hash
from agent.settings import SECRETS, VARIABLES, SettingsRefused, from_environment
from agent.surroundings import THROUGH
from agent.users import User

PART = {name for name in VARIABLES if is_part(name)}


def test_every_setting_that_a_build_depends_on_is_given_unless_the_proof_must_set_it() -> None:
    everything = dict.fromkeys(VARIABLES, "other")
    chosen = given.given(everything)
    others = {name for name in VARIABLES if name in given.USERS}

    assert (PART - OWN.keys() - set(SECRETS)) == chosen.settings.keys() - others
    assert set(chosen.differs) == VARIABLES.keys() - chosen.settings.keys()
    assert {"QUIETLINE_RECOGNISER_BEAM", "QUIETLINE_VOICE", "QUIETLINE_LEAD_MS", "QUIETLINE_MAX_CALLS"} <= PART
    assert {"QUIETLINE_WITHOUT", "QUIETLINE_UNPROTECTED", "QUIETLINE_RECOGNISER_WORKERS"} <= chosen.settings.keys()


def test_what_is_no_part_of_a_build_is_known_by_its_variable() -> None:
    no_part = VARIABLES.keys() - PART

    assert {"QUIETLINE_TLS_CERT", "QUIETLINE_TLS_KEY", "QUIETLINE_AUDIT_CA", "REDIS_URL", *SECRETS} <= no_part
    assert len(NOT_PART) == len(no_part - {"QUIETLINE_TLS_KEY", "QUIETLINE_AUDIT_CA", "QUIETLINE_AUDIT_FORMAT"})


def test_no_secret_is_given_or_told_and_what_the_same_is_does_not_differ() -> None:
    environment = {name: f"{name} is secret" for name in SECRETS} | {"QUIETLINE_PROFILE": "development"}
    chosen = given.given(environment)

    assert {} == chosen.settings
    assert set(SECRETS) <= set(chosen.differs)
    assert "QUIETLINE_PROFILE" not in chosen.differs
    assert "QUIETLINE_PROFILE" in given.given({"QUIETLINE_PROFILE": "production"}).differs
    assert "secret" not in repr(chosen)


@pytest.mark.parametrize(("right", "passed"), [(True, {"QUIETLINE_LINE_USER"}), (False, set())])
def test_users_of_their_own_are_given_where_there_is_the_right(
    right: bool, passed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.proof.given.may_become_another", lambda: right)
    chosen = given.given({"QUIETLINE_LINE_USER": "somebody"})

    assert passed == chosen.settings.keys()
    assert right != ("QUIETLINE_LINE_USER" in chosen.differs)


def test_a_model_named_from_here_is_found_from_elsewhere_and_the_surroundings_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "voice.onnx").touch()
    monkeypatch.chdir(tmp_path)
    chosen = given.given(
        {"QUIETLINE_VOICE": "voice.onnx", "QUIETLINE_RECOGNISER": "base", **dict.fromkeys(THROUGH, "x")}
    )

    assert {"QUIETLINE_VOICE": str(tmp_path / "voice.onnx"), "QUIETLINE_RECOGNISER": "base"} == chosen.settings
    assert dict.fromkeys(THROUGH, "x") == chosen.through


def test_the_service_under_proof_is_started_with_what_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = given.given({"QUIETLINE_LEAD_MS": "100", "QUIETLINE_PROFILE": "production", "QUIETLINE_WITHOUT": "ports"})
    environment = stage.environment_of(tmp_path, chosen, {name: "1" for name, value in OWN.items() if value is None})
    monkeypatch.setenv("QUIETLINE_LEAD_MS", "200")
    started = from_environment(
        {
            **environment,
            "QUIETLINE_PORT": "2",
            "QUIETLINE_AGENTS": str(tmp_path),
            "QUIETLINE_ON_CALL": str(tmp_path),
            **URLS,
        }
    )

    assert (100, True, False) == (started.lead_ms, started.development, started.spoken_ahead)
    assert ["ports"] == [layer.value for layer in started.without]
    assert OWN.keys() <= environment.keys()
    with pytest.raises(ValueError, match="each variable of the proof's own"):
        stage.environment_of(tmp_path, chosen, {"QUIETLINE_PORT": "1"})


URLS = {
    "OPENAI_BASE_URL": "http://127.0.0.1:1",
    "QUIETLINE_CARRIER_URL": "http://127.0.0.1:1",
    "QUIETLINE_CONTACTS_URL": "http://127.0.0.1:2",
    "REDIS_URL": "redis://127.0.0.1:1",
}


def test_a_user_of_the_line_s_own_gets_the_folder_of_what_it_says_and_the_keeper_its_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = os.geteuid(), os.getegid()
    monkeypatch.setattr("agent.proof.stage.user_named", lambda _, value: User(*mine) if value else None)
    folder = tmp_path / "part"
    for name in ("agents", "on_call"):
        (folder / name).mkdir(parents=True, mode=0o700)
        (folder / name / "canary.toml").touch(mode=0o600)
    (folder / "kept").mkdir()
    stage.let_in(folder, Given({}, (), {}))

    assert not (folder / "state").exists()
    stage.let_in(folder, Given(dict.fromkeys(given.USERS, "somebody"), (), {}))

    modes = [path.stat().st_mode & 0o777 for path in (tmp_path, folder, folder / "agents" / "canary.toml")]
    assert [0o711, 0o711, 0o644] == modes
    assert (0o700, mine[0]) == ((folder / "state").stat().st_mode & 0o777, (folder / "state").stat().st_uid)


def test_a_user_that_is_not_there_ends_the_proof_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="QUIETLINE_LINE_USER"):
        stage.let_in(tmp_path, Given({"QUIETLINE_LINE_USER": "nobody-of-this-name"}, (), {}))


def build(monkeypatch: pytest.MonkeyPatch, **more: Any) -> Given:
    """Small models instead of the real ones: hashing those is not what is asked here."""
    ear = models.ModelFiles("base", {"model.bin": b"ear", "config.json": b"{}"}, True)
    monkeypatch.setattr(about, "recogniser_files", lambda choice, **_: models.ModelFiles(choice, ear.files, True))
    monkeypatch.setattr(about, "voice_files", lambda choice, **_: models.VoiceFiles(choice, b"voice", {}, True))
    monkeypatch.setattr(about, "activity_file", lambda: b"activity")
    return given.given(dict(more))


def test_the_models_that_are_told_are_those_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = about.this_build(build(monkeypatch))
    other = about.this_build(build(monkeypatch, QUIETLINE_RECOGNISER="tiny.en", QUIETLINE_VOICE="amy"))

    assert {"recogniser base", "voice joe", "activity silero"} == usual["models"].keys()
    assert {"recogniser tiny.en", "voice amy", "activity silero"} == other["models"].keys()
    assert usual["settings"]["sha256"] != other["settings"]["sha256"]
    assert other["settings"]["sha256"] == settings_hash(other["settings"]["given"], other["settings"]["differs"])


@pytest.mark.parametrize("what", ["code", "deployed", "models"])
def test_code_or_models_that_change_during_a_proof_leave_no_report(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = about.Proven.now(build(monkeypatch))
    before.check()
    if what == "code":
        monkeypatch.setattr(about, "code_hash", lambda _: hashlib.sha256(b"other").hexdigest())
    elif what == "deployed":
        monkeypatch.setattr(about, "_deployed", lambda: hashlib.sha256(b"other").hexdigest())
    else:
        monkeypatch.setattr(about, "activity_file", lambda: b"another")

    with pytest.raises(about.CodeChanged, match="changed during the proof: no report"):
        before.check()


def test_what_another_user_tries_is_what_a_report_must_name() -> None:
    assert list(ACTS_OF_ANOTHER_USER) == list(outside.acts_of_another_user(os.getpid()))

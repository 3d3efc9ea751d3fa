"""Line and keeper as two users, and secrets that stand in files."""

from __future__ import annotations

import os
import pwd
import re
from dataclasses import fields
from pathlib import Path

import pytest

from agent import launcher
from agent.processes import Service
from agent.settings import SECRETS, Settings, SettingsRefused, from_environment, with_credentials
from agent.users import User, Users, users_of
from policies.records import Profile

DAEMON, NOBODY = pwd.getpwnam("daemon"), pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to start others as users")


@as_root
def test_two_users_of_the_machine_are_found_by_name() -> None:
    chosen = from_environment({"QUIETLINE_LINE_USER": "nobody", "QUIETLINE_KEEPER_USER": "daemon"})

    assert Users(User(NOBODY.pw_uid, NOBODY.pw_gid), User(DAEMON.pw_uid, DAEMON.pw_gid)) == users_of(chosen)
    assert Users() == users_of(from_environment({}))


@pytest.mark.parametrize(
    "names",
    [
        {"QUIETLINE_LINE_USER": "no-such-user-here"},
        {"QUIETLINE_KEEPER_USER": "root"},
        {"QUIETLINE_LINE_USER": "nobody", "QUIETLINE_KEEPER_USER": "nobody"},
    ],
)
def test_users_that_would_protect_nobody_are_refused(names: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused, match="USER"):
        users_of(from_environment(names))


def test_without_the_right_nobody_is_started_as_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.users.may_become_another", lambda: False)
    with pytest.raises(SettingsRefused, match="unset QUIETLINE_LINE_USER"):
        users_of(from_environment({"QUIETLINE_LINE_USER": "daemon"}))


@as_root
async def test_keeper_and_line_run_as_the_users_that_were_named() -> None:
    users = Users(*(User(each.pw_uid, each.pw_gid) for each in (NOBODY, DAEMON)))
    service = await Service.start(
        keeper=["/bin/cat", "/proc/self/status", "-"], keeper_environment={}, line=["/bin/cat", "/proc/self/status"],
        line_environment={}, profile=Profile.DEVELOPMENT, show=lambda _: None, tell=lambda _: None, users=users,
    )  # fmt: skip
    seen = [int(each) for each in re.findall(r"Uid:\t(\d+)", await _all(service))]

    assert [DAEMON.pw_uid, NOBODY.pw_uid] == seen  # the keeper's own, and what the line told it


async def _all(service: Service) -> str:
    pipe = service._keeper.stdout  # it is no event
    assert pipe is not None
    said = (await pipe.read()).decode()
    await service._line.wait()
    await service._keeper.wait()
    return said


def test_the_state_must_be_the_keepers_where_it_has_a_user(tmp_path: Path) -> None:
    mine = tmp_path.stat()
    launcher.check_state(tmp_path, User(mine.st_uid, mine.st_gid))
    for folder, uid in ((tmp_path, mine.st_uid + 1), (tmp_path / "not-there", mine.st_uid)):
        with pytest.raises(SettingsRefused, match="QUIETLINE_STATE"):
            launcher.check_state(folder, User(uid, mine.st_gid))


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "TWILIO_AUTH_TOKEN").write_text("token\n")
    seen = with_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path), "QUIETLINE_PORT": "1"})

    assert ("token", "1") == (seen["TWILIO_AUTH_TOKEN"], seen["QUIETLINE_PORT"])
    assert "CREDENTIALS_DIRECTORY" not in launcher.line_environment(seen, "redis://bus")
    assert {"A": "b"} == with_credentials({"A": "b"})


def test_every_setting_that_is_held_as_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    held = {each.name.upper() for each in fields(Settings) if "PHI" in str(each.type)}
    for name in SECRETS:
        (tmp_path / name).write_text(f"content of {name}")

    assert held == set(SECRETS)
    assert {name: f"content of {name}" for name in SECRETS}.items() <= (
        with_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path)}).items()
    )


@pytest.mark.parametrize(("content", "more"), [("", {}), ("a\nb", {}), ("token", {"TWILIO_AUTH_TOKEN": "other"})])
def test_a_secret_that_is_none_or_stands_twice_is_refused(content: str, more: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "TWILIO_AUTH_TOKEN").write_text(content)
    with pytest.raises(SettingsRefused, match="TWILIO_AUTH_TOKEN") as refused:
        with_credentials({"CREDENTIALS_DIRECTORY": str(tmp_path), **more})

    assert "token" not in str(refused.value).replace("TWILIO_AUTH_TOKEN", "")

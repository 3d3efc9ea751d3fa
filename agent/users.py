"""The users that line and keeper run as, where the launcher has the right: two, each without what is the other's.

The line can then not even name the keeper's files, and the keeper can't look into the line's memory.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.settings import Settings, SettingsRefused

CAP_SETUID: Final = 7  # <linux/capability.h>
CAP_SETGID: Final = 6


@dataclass(frozen=True, slots=True)
class User:
    """Somebody of this machine's."""

    uid: int
    gid: int

    @property
    def started_as(self) -> dict[str, Any]:
        """For `asyncio.create_subprocess_exec`."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, slots=True)
class Users:
    """None: the launcher's own user."""

    line: User | None = None
    keeper: User | None = None

    def as_line(self) -> dict[str, Any]:
        return {} if self.line is None else self.line.started_as

    def as_keeper(self) -> dict[str, Any]:
        return {} if self.keeper is None else self.keeper.started_as


def users_of(settings: Settings) -> Users:
    """Raises `SettingsRefused` for one that is not there, is root, or that we have no right to become."""
    line = user_named("QUIETLINE_LINE_USER", settings.line_user)
    keeper = user_named("QUIETLINE_KEEPER_USER", settings.keeper_user)
    if line is not None and line == keeper:
        raise SettingsRefused("set QUIETLINE_LINE_USER and QUIETLINE_KEEPER_USER to two users, or neither")
    return Users(line, keeper)


def user_named(name: str, value: str | None) -> User | None:
    """name: of the variable, for the sentence.  Raises as `users_of`."""
    if value is None:
        return None
    found = None
    try:
        found = pwd.getpwnam(value)
    except KeyError:
        found = None
    if found is None or found.pw_uid == 0:
        raise SettingsRefused(f"set {name} to a user of this machine who is not root")
    if found.pw_uid != os.geteuid() and not may_become_another():
        raise SettingsRefused(f"unset {name}: only root, or who has CAP_SETUID and CAP_SETGID, starts others as users")
    return User(found.pw_uid, found.pw_gid)


def may_become_another() -> bool:
    """Have we the rights to start processes as other users?"""
    rows = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    effective = next(int(row.split()[1], 16) for row in rows if row.startswith("CapEff:"))
    return all(effective >> right & 1 for right in (CAP_SETUID, CAP_SETGID))

"""What an operator deploys holds what the page promises: units, container and Redis, tried as far as can be."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from agent import embedded_redis
from agent.bus_check import Examined, examined
from agent.settings import SECRETS, VARIABLES
from policies.layers import Layer
from policies.phi import PHI
from tests.unit.test_bus_check import running

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
UNITS: Final = ("quietline.service", "quietline-egress.service")
yaml: Any = importlib.import_module("yaml")  # without types


def directives(unit: str) -> dict[str, list[str]]:
    """Of [Service], each name with all its values."""
    found: dict[str, list[str]] = {}
    body = (DEPLOY / unit).read_text().partition("[Service]\n")[2].partition("\n[")[0]
    for row in body.splitlines():
        name, equals, value = row.partition("=")
        if equals and not row.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_one_that_systemd_takes_without_a_word(unit: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    text = re.sub(r"/opt/quietline/\.venv/bin/\w+", "/bin/true", (DEPLOY / unit).read_text())
    (tmp_path / unit).write_text(text)
    asked = ["systemd-analyze", "verify", "--man=no", str(tmp_path / unit)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=30", str(tmp_path / unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
    assert 0 == judged.returncode, judged.stdout.splitlines()[-1:]


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_may_write_dump_swap_or_gain_rights(unit: str) -> None:
    found = directives(unit)
    wanted = {
        "NoNewPrivileges": "yes", "LimitCORE": "0", "MemorySwapMax": "0", "ProtectSystem": "strict",
        "ProtectHome": "yes", "PrivateDevices": "yes", "RestrictNamespaces": "yes", "SystemCallErrorNumber": "EPERM",
        "AmbientCapabilities": "", "SystemCallArchitectures": "native", "UMask": "0077",
        "KeyringMode": "private", "RemoveIPC": "yes",
    }  # fmt: skip

    assert wanted == {name: found[name][-1] for name in wanted}
    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(
        found["SystemCallFilter"][0].split()
    )


def test_the_lines_unit_reaches_this_machine_alone_and_writes_the_state_alone() -> None:
    found = directives("quietline.service")

    assert (["any"], ["localhost"]) == (found["IPAddressDeny"], found["IPAddressAllow"])
    assert ["/var/lib/quietline"] == found["ReadWritePaths"]
    assert ["infinity"] == found["LimitMEMLOCK"]
    assert {"CAP_SETUID", "CAP_SETGID", "CAP_KILL"} == set(found["CapabilityBoundingSet"][0].split())
    assert all("mode=0700,noexec" in each for each in found["TemporaryFileSystem"][0].split())


def test_what_the_units_set_is_what_the_settings_know() -> None:
    found = directives("quietline.service")
    named = {word.partition("=")[0] for row in found["Environment"] for word in row.split()}
    users = set(re.findall(r"^u (\S+)", (DEPLOY / "quietline.sysusers").read_text(), re.MULTILINE))

    assert named <= set(VARIABLES)
    assert {row.partition(":")[0] for row in found["LoadCredential"]} <= set(SECRETS)
    assert users == {word.partition("=")[2] for row in found["Environment"] for word in row.split() if "_USER=" in word}
    assert "--allow api.anthropic.com:443" in directives("quietline-egress.service")["ExecStart"][0]


def test_the_container_of_the_line_can_write_reach_and_gain_nothing() -> None:
    whole = compose()
    line = whole["services"]["quietline"]

    assert line["read_only"] is True
    assert (["ALL"], ["no-new-privileges:true"]) == (line["cap_drop"], line["security_opt"])
    assert {"core": 0, "memlock": -1} == line["ulimits"]
    assert line["mem_limit"] == line["memswap_limit"]
    assert "0" != line["user"].partition(":")[0] != "root"
    assert all("noexec" in each for each in line["tmpfs"])
    assert [True] == [whole["networks"][name]["internal"] for name in line["networks"]]
    assert not line.get("ports")
    assert set(line["environment"]) - {"CREDENTIALS_DIRECTORY"} <= set(VARIABLES)
    assert not any("privileged" in each or "cap_add" in each for each in whole["services"].values())


def test_the_image_has_glibc_and_no_root() -> None:
    text = (DEPLOY / "Dockerfile").read_text()

    assert {"debian:12-slim", "gcr.io/distroless/python3-debian12"} == set(
        re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    )
    assert ["10001:10001"] == re.findall(r"^USER (\S+)", text, re.MULTILINE)


def test_a_build_is_shown_the_code_and_no_state_no_key_and_no_history() -> None:
    rows = [
        row for row in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if row and not row.startswith("#")
    ]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    shown = {row.removeprefix("!") for row in rows if row.startswith("!")}
    secrets = {secret["file"].removeprefix("./") for secret in compose()["secrets"].values()}

    assert "*" == rows[0]
    assert shown == {name for names in copied for name in names.split()}
    assert {"secrets"} == {file.partition("/")[0] for file in secrets}
    assert "deploy/secrets" in rows[rows.index("!deploy") :]
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text().splitlines()


def test_a_real_redis_with_our_configuration_is_found_in_order_and_wholly_examined() -> None:
    """Without its certificate; everything else as it is shipped."""
    left_out = ("tls", "port", "#", *(() if _redis() >= 7 else SINCE_7))
    rows = [row for row in (DEPLOY / "redis.conf").read_text().splitlines() if not row.startswith(left_out)]
    word = "a-password-of-the-test"
    digest = hashlib.sha256(word.encode()).hexdigest()
    text = "\n".join(rows).replace("PUT-THE-SHA-256-OF-THE-PASSWORD-HERE", digest)
    with running(text) as port:
        assert Examined() == asyncio.run(examined(PHI(f"redis://line:{word}@127.0.0.1:{port}/0")))


SINCE_7: Final = ("latency-tracking", "enable-debug-command", "enable-module-command")


def _redis() -> int:
    """The version of the server that the tests have."""
    said = subprocess.run(
        [embedded_redis.find_server(), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"v=(\d+)\.", said)
    return int(found[1]) if found else 0


def test_the_page_says_what_gives_each_layer_and_it_stands_there() -> None:
    page = (DEPLOY.parent / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page.partition("<!-- deployed -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    rows = {cells[0].strip("` "): cells[1:] for cells in (row.strip("| ").split(" | ") for row in table)}
    unit, container = (DEPLOY / "quietline.service").read_text(), (DEPLOY / "compose.yaml").read_text()

    assert [layer.value for layer in Layer] == list(rows)
    for in_unit, in_container in rows.values():
        assert [] == [each for each in re.findall(r"`([^`]+)`", in_unit) if f"\n{each}\n" not in unit]
        assert [] == [each for each in re.findall(r"`([^`]+)`", in_container) if each not in container]

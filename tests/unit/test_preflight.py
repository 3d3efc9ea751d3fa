"""What is said of a machine before production starts on it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from agent import launcher, preflight, surroundings
from agent.confine import Swap
from agent.preflight import Found, Judged, looked, verdict, writable_mounts
from agent.settings import Settings, from_environment
from policies.layers import Layer, Protection

ROOT = Path(__file__).parents[2]
PRODUCTION = {"QUIETLINE_PUBLIC_ORIGIN": "https://line.example.org", "TWILIO_AUTH_TOKEN": "token"}


@pytest.fixture(autouse=True)
def _of_this_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that is asked imports what is under test, wherever the package is installed from."""
    clean = surroundings.clean
    monkeypatch.setattr(surroundings, "clean", lambda seen, **more: clean(seen, **more, PYTHONPATH=str(ROOT)))


def settings(folder: Path, **more: str) -> Settings:
    return from_environment({**PRODUCTION, "QUIETLINE_STATE": str(folder), **more})


def found(folder: Path, **more: str) -> dict[str, Found]:
    return {each.name: each for each in asyncio.run(looked(settings(folder, **more), os.environ))}


def test_each_lock_is_taken_on_for_real_and_told(tmp_path: Path) -> None:
    seen = found(tmp_path)

    assert {f"lock {layer.value}" for layer in Layer} <= set(seen)
    assert {f"protection of {kind.value}" for kind in Protection} <= set(seen)
    for sure in ("dumps", "length", "rights", "calls", "scrub"):
        assert Judged.GOOD is seen[f"lock {sure}"].judged
    assert Judged.GOOD is seen["no core dumps"].judged
    assert Found("every forbidden act is refused", Judged.GOOD) == seen["every forbidden act is refused"]


def test_this_machines_own_disk_is_named_with_what_to_do(tmp_path: Path) -> None:
    disks = found(tmp_path)["no writable disk but the state's"]

    if not os.access("/", os.W_OK):
        pytest.skip("this machine's root can't be written")
    assert Judged.MISSING is disks.judged
    assert "/" in disks.says
    assert "ProtectSystem=strict" in disks.says


@pytest.mark.parametrize(("swap", "good"), [(each, each in (Swap.LOCKED, Swap.IMPOSSIBLE)) for each in Swap])
def test_no_swap_now_is_missing_with_what_to_do(swap: Swap, good: bool, tmp_path: Path) -> None:
    said = preflight._swap({"swap": swap.value}, settings(tmp_path))
    named = settings(tmp_path, QUIETLINE_WITHOUT="swap", QUIETLINE_UNPROTECTED="swap")
    waived = preflight._swap({"swap": swap.value}, named).judged

    assert (Judged.GOOD if good else Judged.WAIVED) is waived

    assert (Judged.GOOD if good else Judged.MISSING) is said.judged
    assert good or "MemorySwapMax=0" in said.says


def test_a_lock_that_is_named_does_not_keep_from_starting_and_is_told(tmp_path: Path) -> None:
    told = {"held": [layer.value for layer in Layer if layer is not Layer.HOSTS], "swap": "locked", "loose": []}
    without = preflight._layers(told, settings(tmp_path))
    named = preflight._layers(told, settings(tmp_path, QUIETLINE_WITHOUT="hosts"))

    assert not verdict(without)
    assert verdict(named)
    hosts = next(each for each in named if each.name == "lock hosts")
    assert "named in QUIETLINE_WITHOUT" in hosts.says
    assert hosts.row().startswith("waived ")


def test_a_kind_without_any_lock_keeps_from_starting_though_its_locks_are_named(tmp_path: Path) -> None:
    told = {"held": ["dumps", "length", "rights", "calls", "swap", "scrub"], "swap": "locked", "loose": []}
    named = {"QUIETLINE_WITHOUT": "ports,hosts,files"}

    assert not verdict(preflight._layers(told, settings(tmp_path, **named)))
    open_to = preflight._layers(told, settings(tmp_path, **named, QUIETLINE_UNPROTECTED="network"))
    assert verdict(open_to)
    network = next(each for each in open_to if each.name == "protection of network")
    assert Judged.WAIVED is network.judged
    assert "waived        protection of network: nothing protects it; hosts or ports would; named in" in network.row()
    files = next(each for each in open_to if each.name == "protection of files")
    assert Judged.GOOD is files.judged  # by the calls


def test_a_process_that_tells_nothing_is_no_good_sign(tmp_path: Path) -> None:
    assert not verdict(preflight._layers({}, settings(tmp_path)))
    assert not verdict(preflight._layers({"failed": "threads"}, settings(tmp_path)))
    assert verdict([Found("x", Judged.NOT_EXAMINED)])


@pytest.mark.parametrize(
    ("told", "judged"),
    [
        ({}, Judged.NOT_EXAMINED),
        ({"failed": "core_dumps"}, Judged.NOT_EXAMINED),
        ({"held": []}, Judged.MISSING),
        ({"held": ["dumps"]}, Judged.GOOD),
    ],
)
def test_core_dumps_are_what_the_process_told_of_them(told: dict[str, object], judged: Judged) -> None:
    assert judged is preflight._cores(told).judged


def test_writable_file_systems_are_those_that_this_user_may_write_to(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    row = "36 35 98:0 / {} {},noatime shared:1 - {} /dev/x rw"
    rows = [
        row.format(tmp_path / "open", "rw", "ext4"),
        row.format(tmp_path, "ro", "ext4"),
        row.format("/proc", "rw", "proc"),
        row.format("/not/there", "rw", "ext4"),
    ]
    (tmp_path / "mountinfo").write_text("\n".join(rows) + "\n")

    assert [str(tmp_path / "open")] == writable_mounts(tmp_path / "mountinfo")
    assert None is writable_mounts(tmp_path / "nowhere")


def test_the_verb_ends_with_the_status_of_settings_that_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**PRODUCTION, "QUIETLINE_STATE": str(tmp_path), "REDIS_URL": "redis://127.0.0.1:9/0"}.items():
        monkeypatch.setenv(name, value)
    status = launcher.main(["preflight"])
    said = capsys.readouterr().out

    assert (0 if "\nmissing " not in f"\n{said}" else 78) == status
    assert "not examined  Redis: Redis at REDIS_URL does not answer" in said


def test_a_fallback_that_is_not_named_here_is_said_to_be_looked_at_by_the_line(tmp_path: Path) -> None:
    name = "callers reach a nurse while this service is down"
    without = preflight._fallback(settings(tmp_path))
    named = preflight._fallback(settings(tmp_path, QUIETLINE_FALLBACK_URL="https://handler.twilio.com/twiml/EH1"))

    assert [(name, Judged.NOT_EXAMINED), (name, Judged.GOOD)] == [(each.name, each.judged) for each in (without, named)]
    assert "QUIETLINE_FALLBACK_URL" in without.says
    assert verdict([without, named])

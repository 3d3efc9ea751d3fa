"""Whether another machine can be reached, asked in networks that are closed for real."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.locks import outside
from tests.unit.networks import filtered_group, way_out, without_routes

ROOT = str(Path(__file__).parent.parent.parent)
ASK = (
    "import sys; sys.path.insert(0, sys.argv[1])\nfrom agent.locks.outside import closed\n"
    "print(closed(say_a_word=True), closed(say_a_word=False))"
)


def test_a_namespace_without_routes_is_closed_and_is_known_without_a_word() -> None:
    assert "True True\n" == without_routes(ASK, ROOT).stdout


def test_a_filter_of_the_control_group_is_seen_by_the_word_it_refuses() -> None:
    if not way_out():
        pytest.skip("this machine has no way out")
    with filtered_group() as group:
        join = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0')\n"
        done = subprocess.run([sys.executable, "-c", join + ASK, ROOT], capture_output=True, text=True, check=False)

    assert "True False\n" == done.stdout, done.stderr


def test_a_machine_with_a_way_out_is_not_closed() -> None:
    """Skipped where the machine of the test has none: without routes there is nothing to see."""
    if not way_out():
        pytest.skip("this machine has no way out")

    assert not outside.closed(say_a_word=True)
    assert not outside.closed(say_a_word=False)


def test_a_refusal_of_words_alone_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter that refuses datagrams and lets connections pass: a neighbour answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(outside, "_no_datagram", lambda address, **_: ":" not in address)
        monkeypatch.setattr(outside, "NOBODY", ("127.0.0.1",))
        monkeypatch.setattr(outside, "ASKED_PORTS", (server.getsockname()[1],))

        assert not outside.closed(say_a_word=True)  # the kernel takes the connection


def test_gateways_and_name_servers_are_the_neighbours(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "proc/net/route").write_text(
        "Iface\tDestination\tGateway\tFlags\neth0\t00000000\t0101A8C0\t0003\neth0\t0001A8C0\t00000000\t0001\n"
    )
    (tmp_path / "etc/resolv.conf").write_text(
        "search x\nnameserver 127.0.0.53\nnameserver 192.168.1.9\nnameserver fe80::1%eth0\nnameserver nonsense\n"
    )

    assert ("192.168.1.1", "192.168.1.9", "fe80::1%eth0") == outside.neighbours(tmp_path)
    assert () == outside.neighbours(tmp_path / "nowhere")

"""What the proof watches with: Redis by its own words, the network by its packets, files by the kernel, /proc."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.proof import bus, memory, outside, written
from agent.proof.canary import NONCE_BYTES, decoy
from agent.proof.needles import Needle
from agent.proof.network import GREETINGS, Missing, Network
from agent.proof.places import Searcher, changed, is_core, merged, not_examined
from agent.proof.planting import planted
from agent.proof.report import Looked, Place, Seen
from agent.proof.search import Findable, Hit
from agent.proof.sessions import SinkName
from agent.proof.sound import SoundNeedle
from agent.settings import ROOT

root = pytest.mark.skipif(not outside.may_watch(), reason="only root with all rights may look")
DECOYS: list[Findable] = [
    Needle("decoy", decoy(bytes(NONCE_BYTES))),
    SoundNeedle("decoy's sound", bytes(range(100, 148))),
]


def packet(protocol: int, to: str, port: int, payload: bytes = b"") -> bytes:
    begin = struct.pack("!HH", 40_000, port) + payload
    if ":" in to:
        head = (
            struct.pack("!IHBB", 6 << 28, len(begin), protocol, 64) + bytes(16) + socket.inet_pton(socket.AF_INET6, to)
        )
        return head + begin
    return struct.pack("!BBHIBBH4x4s", 0x45, 0, 20 + len(begin), 0, 64, protocol, 0, socket.inet_aton(to)) + begin


def test_every_packet_to_another_machine_is_kept_and_named() -> None:
    network = Network()
    network.take_outside(packet(17, "198.51.100.7", 53, b"Ottilie"))
    network.take_outside(packet(6, "2001:db8::9", 443))
    network.take_outside(b"")

    assert (1, b"Ottilie" in network.outside) == (network.names, True)
    assert ["TCP 2001:db8::9 443", "UDP 198.51.100.7 53"] == network.elsewhere(set())


def of_ipv6(kind: int, payload: bytes, *, options: bytes = b"") -> bytes:
    """An ICMPv6 message, behind as many options for each hop."""
    begin = bytes([58, len(options) // 8 - 1]) + options[2:] if options else b""
    message = begin + bytes([kind, 0, 0, 0]) + payload
    protocol = 0 if options else 58
    head = struct.pack("!IHBB", 6 << 28, len(message), protocol, 64) + bytes(16)
    return head + socket.inet_pton(socket.AF_INET6, "2001:db8::9") + message


@pytest.mark.parametrize("options", [b"", bytes(8), bytes(16)])
def test_an_echo_in_ipv6_is_a_packet_like_any_other_and_only_the_kernels_greetings_are_not_counted(
    options: bytes,
) -> None:
    network = Network()
    network.take_outside(of_ipv6(128, b"Ottilie", options=options))
    assert (b"Ottilie" in network.outside, ["protocol 58 2001:db8::9 0"]) == (True, network.elsewhere(set()))

    network.forget()
    for kind in GREETINGS:
        network.take_outside(of_ipv6(kind[0], b"Brannagh", options=options))
    assert (b"Brannagh" in network.outside, []) == (True, network.elsewhere(set()))


def test_a_name_that_is_asked_for_behind_options_of_ipv6_is_counted() -> None:
    asked = packet(17, "2001:db8::9", 53, b"Ottilie")
    network = Network()
    network.take_outside(asked[:6] + b"\x3c" + asked[7:40] + bytes([17, 0, 0, 0, 0, 0, 0, 0]) + asked[40:])

    assert (1, ["UDP 2001:db8::9 53"]) == (network.names, network.elsewhere(set()))


def test_what_is_missing_for_a_network_of_ones_own_is_said(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root comes so far")
    without = ENCLOSED.replace("ours = ", f"network.TUN = {str(tmp_path / 'tun')!r}\nours = ")
    tried = subprocess.run([sys.executable, "-c", without], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert tried.stdout.strip() in ("Missing.WAY_OUT", "Missing.NAMESPACE"), tried.stderr


def test_a_connection_to_a_port_that_is_not_listed_is_named() -> None:
    network = Network()
    for port in (6_379, 80):
        network.take_inside(packet(6, "127.0.0.1", port))
    network.take_inside(packet(17, "127.0.0.1", 6_379))

    assert ["loopback TCP 80", "loopback UDP 6379"] == network.elsewhere({6_379})
    network.forget()
    assert [] == network.elsewhere(set())


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reading_of_packets(data: bytes) -> None:
    Network().take_outside(data)
    Network().take_inside(data)


def test_in_a_network_of_its_own_the_service_reaches_nobody_unseen(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may have one")
    tried = subprocess.run([sys.executable, "-c", ENCLOSED], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if tried.stdout.startswith("Missing"):
        pytest.skip("this kernel gives no network of one's own")

    assert "['TCP 198.51.100.7 443', 'UDP 198.51.100.7 53', 'loopback UDP 53'] 1 True" == tried.stdout.strip(), (
        tried.stderr
    )


ENCLOSED = """
import contextlib, socket, time
from agent.proof import network
ours = network.enclosed()
if isinstance(ours, network.Missing):
    raise SystemExit(print(ours))
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname())
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.sendto(b"Ottilie Brannagh", ("198.51.100.7", 53))
out.sendto(b"x", ("127.0.0.1", 53))
with contextlib.suppress(OSError):
    socket.create_connection(("198.51.100.7", 443), timeout=0.05)
until = time.monotonic() + 20
while len(ours.elsewhere({server.getsockname()[1]})) < 3 and time.monotonic() < until:
    time.sleep(0.01)
print(ours.elsewhere({server.getsockname()[1]}), ours.names, b"Ottilie Brannagh" in ours.outside)
"""


@given(st.binary(max_size=60))
def test_what_monitor_escapes_is_read_as_it_was_sent(data: bytes) -> None:
    escaped = "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\x{byte:02x}" for byte in data)

    assert data == bus.unquoted(escaped.encode())
    assert b'a"b\\c\n' == bus.unquoted(rb"a\"b\\c\n")


def test_what_redis_is_told_and_holds_is_heard(tmp_path: Path) -> None:
    with bus.listened_to(tmp_path / "redis") as server:
        server.ask(("SET", "ql:one", b"\x00Ottilie\xff"))
        kept = server.keys_and_values()
        files = server.forced_files()
        told = server.told()

    assert any(b"\x00Ottilie\xff" in each for each in told)
    assert b"ql:one" in kept
    assert b"Ottilie" in kept
    assert any(b"Ottilie" in each for each in files)


def test_every_leak_that_is_planted_is_found_in_every_sink(tmp_path: Path) -> None:
    sinks = planted(Searcher([], DECOYS), tmp_path, Missing.ROOT)

    assert [] == [sink for sink in sinks if sink.planted != sink.found]
    assert sorted(name.value for name in SinkName) == sorted(sink.name for sink in sinks)
    assert 15 <= sum(sink.planted >= 20 for sink in sinks)


def test_a_search_that_misses_a_form_does_not_find_all_that_was_planted(tmp_path: Path) -> None:
    class Blind(Searcher):
        def decoys_in(self, pieces: Iterable[bytes], *, unpack: bool = False) -> set[Hit]:
            return set()

    assert all(sink.found < sink.planted for sink in planted(Blind([], DECOYS), tmp_path, Missing.ROOT) if sink.planted)


@root
def test_the_kernel_tells_which_process_opened_which_file_for_writing(tmp_path: Path) -> None:
    write = f"import os; print(os.getpid()); open({str(tmp_path / 'written')!r}, 'w'); open({__file__!r})"
    with written.watched() as seen:
        done = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=True)

    assert seen is not None
    assert {str(tmp_path / "written")} == seen.of({int(done.stdout)}) & {str(tmp_path / "written"), __file__}
    assert set() == seen.of({1 << 30})


@root
def test_a_process_without_locks_is_seen_to_have_none() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        seen = outside.seen(process.pid)
        process.communicate(b"\n")

    assert seen is not None
    assert (1, 0, 0) == (seen.threads, seen.held, seen.limits)
    assert 5 == len(seen.tried)


@root
def test_what_another_user_may_do_to_a_process_without_locks_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import os; os.setresuid(65534, 65534, 65534); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        while f"Uid:\t{outside.NOBODY}" not in Path(f"/proc/{process.pid}/status").read_text():
            os.sched_yield()
        seen = outside.seen(process.pid)
        process.communicate(b"\n")

    assert seen is not None
    assert "send it a signal" in seen.done


def test_a_file_open_for_writing_is_seen_from_outside(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w"):
        seen = outside.seen(os.getpid())

    assert seen is not None
    assert 1 <= seen.writable


def test_the_memory_of_a_process_is_read_in_pieces_that_overlap() -> None:
    words = os.urandom(24).hex()
    try:
        pieces = memory.stretches(os.getpid(), own_alone=True, piece=1 << 16)
        assert any(words.encode() in piece for piece in pieces)
    except memory.NotReadable:
        pytest.skip("this user may read no memory, not even of its own process")


def test_rows_of_one_place_become_one_and_the_worst_of_them_counts() -> None:
    clean = Looked(Place.STATE, Seen.NOTHING, 10, 25, 25)
    blind = Looked(Place.STATE, Seen.NOTHING, 5, 24, 25)
    found = Looked(Place.STATE, Seen.FOUND, 1, 25, 25, ("name: utf-8",))

    assert [Looked(Place.STATE, Seen.FOUND, 16, 24, 25, ("name: utf-8",))] == merged([clean, blind, found])
    assert [Seen.NOT_EXAMINED] == [row.seen for row in merged([clean, not_examined(Place.STATE, "so")])]


def test_a_core_is_known_by_what_it_is_and_not_by_its_name(tmp_path: Path) -> None:
    core, program = tmp_path / "notes.txt", tmp_path / "core"
    core.write_bytes(b"\x7fELF" + bytes(12) + struct.pack("<H", 4))
    program.write_bytes(b"\x7fELF" + bytes(12) + struct.pack("<H", 2))

    assert (True, False, False) == (is_core(core), is_core(program), is_core(tmp_path / "none"))
    assert {core, program} == set(changed(0.0, [], tmp_path))

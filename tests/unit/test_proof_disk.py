"""What the proof sees of a disk: whose a file or a core dump is, what is read first, and what was left out."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.proof import cores, disk, outside, places, written
from agent.proof.disk import Files, Own
from agent.proof.needles import Needle
from agent.proof.parts import ANOTHER
from agent.proof.places import Pieces, Searcher, changed, contents, is_file
from agent.proof.planting import may_leave_a_core
from agent.proof.report import NOT_ALL_OF_OTHERS, Looked, Place, Seen
from agent.proof.search import Findable
from agent.proof.written import Written

root = pytest.mark.skipif(not outside.may_watch(), reason="only root with all rights may look")
NAME = b"Ottilie Brannagh"
NEEDLES: list[Findable] = [Needle("name", NAME.decode())]
DECOYS: list[Findable] = [Needle("decoy", "Xerxes Quellbrunn")]
SEARCHER = Searcher(NEEDLES, DECOYS)
PID, CHILD = 4_000_001, 4_000_002  # more than any machine's highest


def core(pid: int, parent: int, memory: bytes = b"") -> bytes:
    """A dump of a 64-bit machine: its head, one table entry, one note, memory."""
    info = bytes(24) + struct.pack("<ii", pid, parent) + bytes(104)
    note = struct.pack("<III", 5, len(info), cores.NT_PRPSINFO) + b"CORE\0\0\0\0" + info
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    entry = struct.pack("<II6Q", cores.PT_NOTE, 0, 64 + 56, 0, 0, len(note), 0, 4)
    return head + entry + note + memory


def looked(paths: Iterable[Path], own: Own, writes: Written | None = None) -> Files:
    return Files(sorted(paths), writes, own)


def cores_of(files: Files) -> list[Looked]:
    return [SEARCHER.look(Place.CORES, files.cores), *files.of_cores()]


@pytest.fixture(name="small_pieces")
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core of 300 MB in a few bytes."""
    read = contents

    def in_small(paths: Iterable[Path], left_out: object) -> Iterable[bytes]:
        return read(paths, left_out, 64, 32)  # type: ignore[arg-type]  # as it is called

    monkeypatch.setattr(places, "contents", in_small)


@pytest.mark.parametrize("at", range(0, 128, 8))
def test_a_needle_in_a_core_larger_than_what_is_held_at_once_is_found_wherever_it_stands(
    tmp_path: Path, small_pieces: None, at: int
) -> None:
    left = tmp_path / "a"
    left.write_bytes(core(PID, 1, bytes(at) + NAME + bytes(200)))

    assert Seen.FOUND in [row.seen for row in cores_of(looked([left], Own()))]


def test_a_core_of_a_process_of_the_service_or_of_its_child_is_a_leak_whatever_is_in_it(tmp_path: Path) -> None:
    left = tmp_path / "a"
    own = Own([], [], {PID: "the line"})
    for pid, parent in ((PID, 1), (CHILD, PID)):
        left.write_bytes(core(pid, parent))
        assert (disk.CORE_LEFT,) in [row.hits for row in cores_of(looked([left], own))]

    left.write_bytes(core(CHILD, 1))
    assert [Seen.NOTHING] == [row.seen for row in cores_of(looked([left], own))]
    assert (disk.CORE_LEFT,) in [row.hits for row in cores_of(looked([left], Own([tmp_path])))]


def test_a_core_that_says_not_whose_it_is_or_can_not_be_read_to_its_end_is_not_nothing(tmp_path: Path) -> None:
    left = tmp_path / "a"
    left.write_bytes(core(CHILD, 1)[:60])
    assert Seen.NOT_EXAMINED in [row.seen for row in cores_of(looked([left], Own()))]

    left.write_bytes(core(CHILD, 1))
    files = looked([left], Own())
    left.unlink()
    left.mkdir()  # whatever it is that can't be read any more
    assert disk.CORE_UNREAD in [row.why for row in cores_of(files)]


def test_the_kernels_own_note_tells_which_process_left_a_core(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True); input()"],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=may_leave_a_core,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSEGV)
    process.communicate()
    left = [path for path in changed(0.0, [], tmp_path) if places.is_core(path)]
    if not left:
        pytest.skip("this machine leaves no core in a process's folder")

    assert cores.LeftBy(process.pid, os.getpid()) == cores.left_by(left[0])


def test_pieces_of_a_file_are_read_anew_each_time_and_hold_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(200)))
    pieces = list(contents([path], lambda _: None, 64, 16))

    assert bytes(range(200)) == pieces[0] + b"".join(piece[16:] for piece in pieces[1:])
    assert list(Pieces([path])) == list(Pieces([path])) == [bytes(range(200))]


def test_what_is_left_in_the_services_own_folder_is_searched_and_the_proofs_own_is_not(tmp_path: Path) -> None:
    kept = tmp_path / "part" / "kept"
    kept.mkdir(parents=True)
    left, copied = tmp_path / "part" / "debug.log", kept / "stdout"
    for path in (left, copied):
        path.write_bytes(NAME)
    own = Own([tmp_path], [kept])
    found = list(filter(is_file, changed(0.0, own.proofs, tmp_path)))

    assert [left] == found
    assert [Seen.FOUND, Seen.NOTHING] == [row.seen for row in looked(found, own, Written()).looked(SEARCHER)]
    assert (True, False, False) == tuple(own.served(path) for path in (left, copied, Path("/var/log/a")))


def test_logs_are_read_before_a_busy_home_and_the_smaller_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "FIRST", (str(tmp_path / "var/log"),))
    monkeypatch.setattr(disk, "MOST_OF_OTHERS", 2_000)
    for name, content in (("home/a", bytes(1_500)), ("home/b", bytes(1_600)), ("var/log/z", NAME)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    *_, row = looked(filter(is_file, changed(0.0, [], tmp_path)), Own(), Written()).looked(SEARCHER)

    assert (Seen.FOUND, ("name: utf-8, as it is",)) == (row.seen, row.hits)
    (tmp_path / "var/log/z").write_bytes(b"nothing")
    *_, row = looked(filter(is_file, changed(0.0, [], tmp_path)), Own(), Written()).looked(SEARCHER)
    assert (Seen.NOTHING, NOT_ALL_OF_OTHERS) == (row.seen, row.why)
    *_, row = looked(filter(is_file, changed(0.0, [], tmp_path)), Own(), None).looked(SEARCHER)
    assert (Seen.NOT_EXAMINED, disk.NOBODY_WATCHED) == (row.seen, row.why)


@root
def test_what_a_child_that_nobody_knew_wrote_in_the_services_folder_is_the_services_own(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('debug.log', 'w').write('x')\"])"
    kept = tmp_path / "kept"
    kept.mkdir()
    copied = [sys.executable, "-c", f"open({str(kept / 'stdout')!r}, 'w')"]
    with written.watched() as seen:
        with subprocess.Popen([sys.executable, "-c", child], cwd=tmp_path) as keeper:
            keeper.wait()
        subprocess.run(copied, check=True)
        (tmp_path / "canary.toml").write_text("the proof's own process writes before it starts the service")
    own = Own([tmp_path], [kept], {keeper.pid: "the keeper"})
    rows = disk.written(seen, own)

    assert rows is not None
    assert {"own": 0, "other": []} == rows["by"]["the keeper"]
    assert ["debug.log"] == rows["by"][ANOTHER]["other"]


def test_a_place_that_is_a_processs_own_counts_as_its_own_and_as_no_others() -> None:
    own = Own([Path("/p")], [Path("/p/state"), Path("/p/redis")], {1: "the keeper", 2: "the line", 3: "Redis"})
    writes = Written({pid: {"/dev/null", "/p/state/a", "/p/redis/b"} for pid in (1, 2, 3)})
    rows = disk.written(writes, own)

    assert rows is not None
    assert {"the keeper": ["b"], "the line": ["b", "a"], "Redis": ["a"], ANOTHER: []} == {
        role: row["other"] for role, row in rows["by"].items()
    }

"""What is left when the service has ended: whatever of it holds a word is found, whatever was not looked at is said."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from agent.proof import places, run
from agent.proof.canary import NONCE_BYTES, canaries, decoy
from agent.proof.disk import CORE_LEFT, Own
from agent.proof.faults import Step
from agent.proof.needles import Needle
from agent.proof.network import Missing
from agent.proof.part import Found
from agent.proof.places import changed
from agent.proof.placing import Placed
from agent.proof.report import Looked, Place, Seen
from agent.proof.written import Written
from tests.unit.test_proof_disk import core

NONCE = bytes(range(NONCE_BYTES))
CLERK, WRITER, PATIENT = canaries(NONCE, 3)
LINE, STRANGER = 4_000_001, 4_000_002


@pytest.fixture(name="machine")
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only files that there are."""
    monkeypatch.setattr(run, "changed", lambda since_s, but: changed(since_s, but, tmp_path))
    (tmp_path / "proof" / "part-0" / "kept").mkdir(parents=True)
    return tmp_path


def left(machine: Path) -> dict[Place, Looked]:
    own = Own([machine / "proof"], [machine / "proof" / "part-0" / "kept"], {LINE: "the line"})
    placed = Placed(PATIENT, None, frozenset(Step), PATIENT.sentence(), (), (), "", b"", 0, 0.0, 1.0)
    found = Found(own=own, placed=[placed])
    found.captured[Place.INTERFACE].append(b"answered")
    rows = run._afterwards(
        [CLERK, WRITER], found, [Needle("decoy", decoy(NONCE))], time.time() - 60, Written(), Missing.WAY_OUT
    )
    return {row.place: row for row in places.merged(rows)}


def attribute(folder: Path) -> None:
    (folder / "plain").touch()
    try:
        os.setxattr(folder / "plain", "user.last", PATIENT.name.encode())
    except OSError as error:  # tmpfs has no attributes of users before Linux 6.6
        pytest.skip(f"this file system keeps no attributes ({error.strerror})")


WITHOUT_A_FILE: Final[dict[str, Callable[[Path], None]]] = {
    "a folder": lambda folder: (folder / PATIENT.name).mkdir(),
    "a pipe": lambda folder: os.mkfifo(folder / PATIENT.name),
    "a link": lambda folder: (folder / PATIENT.name).symlink_to("nowhere"),
    "where a link leads": lambda folder: (folder / "link").symlink_to(PATIENT.name),
    "an attribute": attribute,
}


@pytest.mark.parametrize("left_as", list(WITHOUT_A_FILE))
def test_a_name_that_is_in_no_file_is_found(machine: Path, left_as: str) -> None:
    (machine / "there").mkdir()
    assert Seen.NOTHING is left(machine)[Place.NAMES].seen

    WITHOUT_A_FILE[left_as](machine / "there")
    assert Seen.FOUND is left(machine)[Place.NAMES].seen


def test_a_large_core_of_a_stranger_is_searched_to_its_end_and_one_of_the_line_is_found_whatever_is_in_it(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places.contents, "__defaults__", (4_096, 1_024))
    dump = machine / "home-core"
    dump.write_bytes(core(STRANGER, 1, bytes(9_000)))
    assert Seen.NOTHING is left(machine)[Place.CORES].seen

    dump.write_bytes(core(STRANGER, 1, bytes(9_000) + PATIENT.name.encode()))
    assert Seen.FOUND is left(machine)[Place.CORES].seen

    dump.write_bytes(core(LINE, 1))
    assert (CORE_LEFT,) == left(machine)[Place.CORES].hits

    dump.write_bytes(struct.pack("<4s14xH", b"\x7fELF", 4)[:16] + struct.pack("<H", 4))
    assert Seen.NOT_EXAMINED is left(machine)[Place.CORES].seen


def test_what_a_process_left_in_its_working_folder_is_found_and_the_proofs_own_copy_is_not_searched(
    machine: Path,
) -> None:
    (machine / "proof" / "part-0" / "kept" / "stdout").write_text(PATIENT.name)
    assert Seen.NOTHING is left(machine)[Place.FILES].seen

    (machine / "proof" / "part-0" / "debug.log").write_text(PATIENT.name)
    assert Seen.FOUND is left(machine)[Place.FILES].seen


def test_the_report_says_what_was_missing_for_a_network_and_that_the_interface_held_something(machine: Path) -> None:
    rows = left(machine)

    assert (Seen.NOT_EXAMINED, Missing.WAY_OUT.value) == (rows[Place.NETWORK].seen, rows[Place.NETWORK].why)
    assert (Seen.NOTHING, 8) == (rows[Place.INTERFACE].seen, rows[Place.INTERFACE].size)


def test_one_name_alone_in_the_interface_is_found(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Found(own=Own([machine / "proof"]))
    own.placed.append(Placed(PATIENT, None, frozenset(Step), PATIENT.sentence(), (), (), "", b"", 0, 0.0, 1.0))
    own.captured[Place.INTERFACE].append(f'{{"agent":"{PATIENT.last.lower()}"}}'.encode())
    rows = run._afterwards([CLERK, WRITER], own, [Needle("decoy", decoy(NONCE))], 0.0, Written(), Missing.ROOT)

    assert Seen.FOUND in [row.seen for row in rows if row.place is Place.INTERFACE]

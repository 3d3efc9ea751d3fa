"""`quietline pin`: at a real terminal, which shows nothing of what is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

import pytest

from agent.pins import PIN_HASH, is_pin
from policies.phi import PHI
from tests.architecture.tree import ROOT

PIN: Final = "483920"
COMMAND: Final = (sys.executable, "-P", "-c", "import sys; from agent.launcher import main; sys.exit(main())", "pin")
ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of it."""

    status: int
    out: str
    shown: str
    """On the terminal."""


def typed(*lines: str) -> Typed:
    """Each line is typed when it is asked for."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        COMMAND,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        cwd=ROOT,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for n, line in enumerate(lines, 1):
        while shown.count(b": ") < n:
            shown += os.read(ours, 1_024)
        os.write(ours, f"{line}\n".encode())
    out, _ = process.communicate(timeout=60)
    while True:
        try:
            piece = os.read(ours, 1_024)
        except OSError:  # nobody is at the other end any more
            break
        shown += piece
    os.close(ours)
    return Typed(process.returncode, out, shown.decode())


def test_what_is_typed_twice_becomes_its_hash_and_is_not_shown() -> None:
    found = typed(PIN, PIN)

    assert (0, True) == (found.status, PIN_HASH.fullmatch(found.out.strip()) is not None)
    assert is_pin(found.out.strip(), PHI(PIN))
    assert PIN not in found.shown + found.out


@pytest.mark.parametrize(
    ("lines", "says"),
    [((PIN, "483921"), "two PINs"), (("1234", "1234"), "6 to 12 digits"), (("48a920",) * 2, "digits")],
)
def test_what_makes_no_pin_is_told_and_not_repeated(lines: tuple[str, str], says: str) -> None:
    found = typed(*lines)

    assert (78, "") == (found.status, found.out)
    assert says in found.shown
    assert not any(line in found.shown for line in lines)


@pytest.mark.parametrize(("more", "says"), [((), "at a terminal"), ((PIN,), "no arguments")])
def test_it_is_taken_from_a_terminal_alone(more: tuple[str, ...], says: str) -> None:
    found = subprocess.run(
        [*COMMAND, *more],
        input=f"{PIN}\n{PIN}\n",
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        cwd=ROOT,
    )

    assert (78, "") == (found.returncode, found.stdout)
    assert says in found.stderr
    assert PIN not in found.stderr

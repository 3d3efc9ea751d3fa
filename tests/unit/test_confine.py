from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = "import sys, threading, os; sys.path.insert(0, sys.argv[1]); from agent.confine import *\n"
ROOT = str(Path(__file__).parent.parent.parent)


def run(code: str, **how: object) -> subprocess.CompletedProcess[str]:
    """In a process of its own: what is locked stays locked."""
    how.setdefault("stdout", subprocess.PIPE)
    command = [sys.executable, "-c", START + code, ROOT]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **how)  # type: ignore[call-overload, no-any-return]  # stdout is given


def test_after_it_no_core_is_dumped() -> None:
    code = (
        "confine(); import resource, ctypes\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )

    assert "(0, 0) 0\n" == run(code).stdout


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("threading.Thread(target=threading.Event().wait, daemon=True).start(); confine()", "threads"),
        ("kept = open(os.environ['A_FILE'], 'a'); confine()", "writable_file"),
        ("os.close(1); os.open('/dev/null', os.O_WRONLY); confine()", "stdout"),
    ],
)
def test_what_could_let_words_out_is_refused(code: str, reason: str, tmp_path: Path) -> None:
    done = run(code, env={"A_FILE": str(tmp_path / "file")})

    assert 1 == done.returncode
    assert f"ConfineFailed: {reason}" in done.stderr


def test_standard_output_in_a_file_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        done = run("confine()", stdout=out)

    assert "ConfineFailed: stdout" in done.stderr


def test_a_file_that_can_only_be_read_may_be_inherited(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("kept = open(os.environ['A_FILE']); confine()", env={"A_FILE": str(tmp_path / "file")})

    assert 0 == done.returncode

from __future__ import annotations

import os
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


HELD = "sorted(layer.value for layer in locks.held)"


def test_this_machine_gives_every_lock_that_its_kernel_knows() -> None:
    done = run(f"locks = confine(); print({HELD})")

    assert "['calls', 'files', 'length', 'ports', 'rights', 'swap']\n" == done.stdout, done.stderr


def test_no_forbidden_act_can_be_done_in_any_kind_of_thread() -> None:
    code = (
        "import asyncio, concurrent.futures\n"
        "from agent.locks import probes\n"
        "readable = ['/usr', '/lib', '/etc', '/proc', sys.base_prefix, sys.prefix, sys.argv[1]]\n"
        "locks = confine(readable)\n"
        "print(len(probes.ACTS) >= 40, prove(locks))\n"
        "with concurrent.futures.ThreadPoolExecutor(2) as pool: print(pool.submit(prove, locks).result())\n"
        "async def main(): print(await asyncio.to_thread(prove, locks))\n"
        "asyncio.run(main())\n"
        "print(loose_threads())"
    )
    done = run(code)

    assert "True ()\n()\n()\n0\n" == done.stdout, done.stderr


def test_each_act_but_what_this_machine_has_not_is_done_by_a_process_that_is_free() -> None:
    """The probes can fail: an unlocked process of root's does nearly all of it."""
    code = "from agent.locks import probes\nprint(len(probes.ACTS) - len(probes.done(set(probes.Layer))))"
    expected = 10 if os.geteuid() == 0 else 40

    assert int(run(code).stdout) <= expected


def test_a_lock_that_is_left_out_is_found_by_the_proof() -> None:
    """With the filter told to be held but not set, the proof names what could be done."""
    code = (
        "import agent.confine as ours\n"
        "ours.kernel.filter_calls = lambda program: None\n"
        "locks = confine()\n"
        "print(len(prove(locks)) > 20)"
    )

    assert "True\n" == run(code).stdout


def test_a_locked_process_still_reads_computes_and_talks_to_named_ports() -> None:
    code = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0)); port = server.getsockname()[1]\n"
        "confine(ports=[port])\n"
        "client = socket.create_connection(('127.0.0.1', port), 2); client.sendall(b'1')\n"
        "worker = threading.Thread(target=lambda: print(open(sys.argv[1] + '/Makefile').readline()[:5]))\n"
        "worker.start(); worker.join(); print(server.accept()[0].recv(1))"
    )

    assert "# The\nb'1'\n" == run(code).stdout

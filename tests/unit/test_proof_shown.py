"""What the kernel shows of processes is looked at: names of threads, environment, keys."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest

from agent.locks import kernel
from agent.proof.shown import keys, shown

WAITS: str = "import sys; print(flush=True); sys.stdin.read()"


def test_arguments_environment_and_names_of_threads_are_seen() -> None:
    named = "open('/proc/self/comm', 'w').write('quill-thread')\n" + WAITS
    environment = {**os.environ, "SAID": "Xanthippe Quill"}
    with subprocess.Popen(
        [sys.executable, "-c", named, "an argument"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = shown([process.pid])
        process.communicate()

    assert (True, True, True) == (b"an argument" in seen, b"Xanthippe Quill" in seen, b"quill-thread" in seen)


def test_what_a_key_of_our_user_holds_is_seen_unless_it_held_that_before() -> None:
    words, user_ring = b"what was said, in a key", -4
    try:
        key = kernel.call("add_key", b"user", b"quietline-test", words, len(words), user_ring)
    except OSError:
        pytest.skip("this machine gives no keys")
    try:
        before = keys()
        assert (True, False) == (words in shown([]), words in shown([], before))
        kernel.call("add_key", b"user", b"quietline-test", words.upper(), len(words), user_ring)  # the same key, anew
        assert words.upper() in shown([], before)
    finally:
        with contextlib.suppress(OSError):
            kernel.call("keyctl", 21, key)  # KEYCTL_INVALIDATE


def test_a_process_that_is_gone_shows_nothing_and_stops_nobody() -> None:
    assert b"an argument" not in shown([2**22 + 1])

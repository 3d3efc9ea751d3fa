"""A service whose transcripts may be kept: what leaves the line is sealed, what is at rest is locked, and then gone.

One call is placed to it as it is deployed, everything at DEBUG.  The pipe, the bus, the state and all output are
searched for what was said; the auditor reads it; its day comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from agent import surroundings
from agent.embedded_redis import die_with_parent, free_port
from policies.acts import Act
from tests.caller import patient
from tests.kept import AUDITOR, Office, Server, serving
from tests.privacy.test_nothing_said_gets_out import content, found_in, ways, what_was_said
from tests.real_line import AGENT, NUMBER, READY_S, ROOT, short_agent

pytestmark = [pytest.mark.real_time, pytest.mark.models, pytest.mark.xdist_group("privacy"), pytest.mark.timeout(300)]

SCRIPT: Final = """\
voice = "rms"
steps = [
  { wait = "greeting_end" },
  { say = "What can I eat if I have to keep my salt low?" },
  { wait = "reply_end", timeout_ms = 60000 },
  { hang_up = true },
]
"""


TOLD_OFF = rb'zero_retention\\":\s*false'
"""As a policy looks in what Redis is given."""


@dataclass(slots=True)
class Captured:
    """What came of the call."""

    stuff: dict[str, bytes]
    state: Path


@contextlib.contextmanager
def overheard(server: Server, seen: bytearray) -> Iterator[None]:
    """Every command that Redis is given, also those by which policies are told."""
    word = urlsplit(server.ear.reveal()).password
    until_s = time.monotonic() + 10
    while True:
        try:
            ear = socket.create_connection(("127.0.0.1", server.port))
            break
        except OSError:
            assert time.monotonic() < until_s
    ear.sendall(f"AUTH ear {word}\r\nMONITOR\r\n".encode())

    def read() -> None:
        with contextlib.suppress(OSError):
            while piece := ear.recv(65_536):
                seen.extend(piece)

    reader = threading.Thread(target=read, name="ear", daemon=True)
    reader.start()
    try:
        yield
    finally:
        ear.shutdown(socket.SHUT_RDWR)
        reader.join(5.0)
        ear.close()


def one_call(folder: Path) -> Captured:
    agents = short_agent(folder / "agent")
    (agents / "short.toml").write_text(AGENT.replace('retention = "zero"', 'retention = "redacted"'))
    (folder / "kept").mkdir()
    state = folder / "state"
    bus = bytearray()
    port, token = free_port(), os.urandom(16).hex()
    with serving(folder) as redis, overheard(redis, bus):
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "QUIETLINE_PROFILE": "development",
            "QUIETLINE_PORT": str(port),
            "QUIETLINE_AGENTS": str(agents),
            "QUIETLINE_STATE": str(state),
            "QUIETLINE_LIBRARY_LOG": "debug",
            "QUIETLINE_SPOKEN_AHEAD": "off",
            "TWILIO_AUTH_TOKEN": token,
            "REDIS_URL": redis.line.reveal(),
            "KEEPER_REDIS_URL": redis.keeper.reveal(),
        }
        process = subprocess.Popen(
            [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent.proof.serving", str(folder / "kept")],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        output, errors = bytearray(), bytearray()
        readers = [_drained(process.stdout, output), _drained(process.stderr, errors)]
        try:
            _wait_for(lambda: b'"line_ready"' in output or process.poll() is not None)
            assert process.poll() is None, errors.decode()
            office = Office.open(state)  # now that the agent has the build that it was started with
            office.zero_off("short")
            office.close()
            _wait_for(lambda: len(re.findall(TOLD_OFF, bus)) > 1)  # the second time the line has heard the first
            asyncio.run(patient(SCRIPT).dials(f"http://127.0.0.1:{port}/twilio/voice", token, called=NUMBER))
            pipe = folder / "kept" / "stdout"
            _wait_for(lambda: b'"call_ended"' in pipe.read_bytes())
        finally:
            process.terminate()
            process.wait(60)
            for reader in readers:
                reader.join(5.0)
            for end in (process.stdout, process.stderr):
                if end is not None:
                    end.close()
    stuff = {
        "output": bytes(output),
        "errors": bytes(errors),
        "bus": bytes(bus),
        **{f"the line's {file.name}": file.read_bytes() for file in (folder / "kept").iterdir()},
        **{f"state {file.name}": file.read_bytes() for file in state.iterdir() if file.is_file()},
    }
    return Captured(stuff, state)


def _drained(pipe: object, into: bytearray) -> threading.Thread:
    def read() -> None:
        while piece := os.read(pipe.fileno(), 65_536):  # type: ignore[attr-defined]  # a pipe that was asked for
            into.extend(piece)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _wait_for(holds: object) -> None:
    until_s = time.monotonic() + READY_S
    while not holds():  # type: ignore[operator]  # a function
        assert time.monotonic() < until_s
        threading.Event().wait(0.05)


@pytest.fixture(scope="module", name="captured")
def _captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    return one_call(tmp_path_factory.mktemp("redacted"))


def test_the_auditor_reads_what_was_said_and_nobody_else_can(captured: Captured) -> None:
    office = Office.open(captured.state)
    (ref,) = office.transcripts.refs()
    text = office.transcripts.read(ref, AUDITOR)
    office.close()

    assert text is not None
    assert {"caller", "agent"} == {line.partition(":")[0] for line in text.splitlines()}
    words = content(text) & what_was_said()
    assert len(words) >= 10, text
    assert [] == found_in(captured.stuff, words)


def test_what_left_the_line_is_a_seal_in_pieces_and_no_policy_came_from_it(captured: Captured) -> None:
    told = [json.loads(row) for row in captured.stuff["the line's stdout"].splitlines()]
    pieces = [each for each in told if each["event"] == "transcript_piece"]

    assert pieces[0]["of"] == len(pieces)
    assert [each["event"] for each in told].index("call_ended") < told.index(pieces[0])
    assert b'"transcript_piece"' not in captured.stuff["output"]
    assert b'zero_retention\\":false' in captured.stuff["bus"].replace(b"\\\\", b"\\")


def test_a_word_that_got_out_would_have_been_found(captured: Captured) -> None:
    word = sorted(what_was_said())[3]
    for place, stuff in captured.stuff.items():
        for form, needle in ways(word).items():
            copy: Mapping[str, bytes] = {place: stuff + b"\x01" + needle + b"\x01"}
            assert found_in(copy, {word}) != [], (place, form)


def test_when_its_day_comes_neither_key_nor_transcript_is_in_the_file_s_bytes(captured: Captured) -> None:
    office = Office.open(captured.state)
    (ref,) = office.transcripts.refs()
    rows = [
        str(office.state.database.run(f"SELECT locked FROM {table} WHERE ref = ?", [ref])[0][0][0]).encode()
        for table in ("transcript_keys", "transcripts")
    ]
    assert all(row in office.bytes() for row in rows[:1])  # a long row lies in pieces on several pages
    assert 1 == office.transcripts.expire(datetime.now(UTC).date() + timedelta(days=8)).gone
    held = office.bytes()
    office.close()

    assert [False, False] == [row[:40] in held or row[-40:] in held for row in rows]
    assert Act.TRANSCRIPT_EXPIRED in office_acts(captured.state)


def office_acts(folder: Path) -> list[Act]:
    office = Office.open(folder)
    acts = office.acts()
    office.close()
    return acts

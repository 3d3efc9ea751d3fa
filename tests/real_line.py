"""The line's own process with its real engines, as the launcher starts it, without keeper and bus.

with real_line(tmp_path) as line:
    held = asyncio.run(patient("question").dials(line.webhook, line.token))
"""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent import surroundings
from agent.embedded_redis import die_with_parent, free_port

ROOT: Final = Path(__file__).resolve().parent.parent
READY_S: Final = 90.0
NUMBER: Final = "+12025550142"
NURSE: Final = "+12025550143"
AGENT: Final = f"""\
name = "short"
state = "draft"
hospital = "Riverside General Hospital"
assistant_name = ""
numbers = ["{NUMBER}"]
nurse_number = "{NURSE}"
time_zone = "America/New_York"
greeting = "This is an automated demonstration. Say nurse to reach a person. How can I help you?"
voice = ""
speaking_rate = 1.0
engine = "approved"
model = ""
knowledge = "../knowledge"
retention = "zero"
workflow = "none"
"""
"""The shipped agent with a short greeting: real time is dear."""


@dataclass(slots=True)
class RealLine:
    """A line that takes calls."""

    port: int
    token: str
    process: subprocess.Popen[str]
    events: list[dict[str, Any]] = field(default_factory=list)
    """Every closed event it has told so far."""
    errors: list[str] = field(default_factory=list)
    """Lines of its standard error."""

    @property
    def webhook(self) -> str:
        return f"http://127.0.0.1:{self.port}/twilio/voice"

    @property
    def media(self) -> str:
        return f"ws://127.0.0.1:{self.port}/twilio/media"

    def told(self, name: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in list(self.events) if event["event"] == name]

    def calls_ended(self, number: int, within_s: float = 20.0) -> list[dict[str, Any]]:
        """The records of so many calls, waited for."""
        until_s = time.monotonic() + within_s
        while len(self.told("call_ended")) < number and time.monotonic() < until_s:
            threading.Event().wait(0.05)
        return self.told("call_ended")


def short_agent(folder: Path) -> Path:
    """A folder of agents with the one that greets shortly."""
    (folder / "agents").mkdir(parents=True)
    (folder / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    (folder / "agents" / "short.toml").write_text(AGENT, encoding="utf-8")
    return folder / "agents"


@contextlib.contextmanager
def real_line(folder: Path, *, ready_s: float = READY_S, **more: str) -> Iterator[RealLine]:
    """folder: an empty one for its agent file.  ready_s: how long it is waited for.  more: settings.

    Ends it with SIGTERM, which must end it well.
    """
    port, token = free_port(), secrets.token_hex(16)
    environment = {
        "QUIETLINE_PROFILE": "development",
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_AGENTS": str(short_agent(folder)),
        "QUIETLINE_STATE": str(folder / "state"),
        "TWILIO_AUTH_TOKEN": token,
        "QUIETLINE_SPOKEN_AHEAD": "off",  # a test's calls come before it is done, and want its processor
        **more,
    }
    process = subprocess.Popen(
        [sys.executable, *surroundings.PYTHON_FLAGS, "-m", "agent"],
        cwd=ROOT,
        env=surroundings.clean(environment, **surroundings.SCRUB, PYTHONPATH=str(ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    line = RealLine(port, token, process)
    ready = threading.Event()
    readers = [
        threading.Thread(target=_events, args=(line, ready), name="real line: events", daemon=True),
        threading.Thread(target=_errors, args=(line,), name="real line: errors", daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        assert ready.wait(ready_s), "the line did not become ready"
        assert process.poll() is None, line.errors
        yield line
    finally:
        process.terminate()
        try:
            process.wait(40.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for reader in readers:
            reader.join(5.0)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    assert 0 == process.returncode


def _events(line: RealLine, ready: threading.Event) -> None:
    assert line.process.stdout is not None
    for row in line.process.stdout:
        line.events.append(json.loads(row))
        if line.events[-1]["event"] == "line_ready":
            ready.set()
    ready.set()  # it has ended: nobody need wait any longer


def _errors(line: RealLine) -> None:
    assert line.process.stderr is not None
    line.errors.extend(line.process.stderr)

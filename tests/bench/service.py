"""Runs the real service for the bench: its own port, state and agents in a temporary folder, the embedded Redis."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.embedded_redis import die_with_parent, free_port
from agent.shared import POLICY_EVERY_S
from policies.retention import Retention
from tests.bench import resources
from tests.kept import Office

ROOT: Final = Path(__file__).resolve().parent.parent.parent
READY_S: Final = 180.0
AHEAD_S: Final = 300.0  # all that is synthesised ahead; 17 s on two quiet cores
STOP_S: Final = 60.0
NUMBER: Final = "+12025550142"
GREETING: Final = "This is an automated demonstration. Say nurse to reach a person. How can I help you?"
"""The shipped greeting takes 18 s a call; this one discloses the same in 5."""
AGENT: Final = """\
name = "bench"
state = "draft"
hospital = "Riverside General Hospital"
assistant_name = ""
numbers = ["{number}"]
nurse_number = "+12025550143"
time_zone = "America/New_York"
greeting = "{greeting}"
voice = ""
speaking_rate = 1.0
engine = "{engine}"
model = "{model}"
knowledge = "../knowledge"
retention = "{retention}"
workflow = "none"
"""
TRIED: Final = ("QUIETLINE_RECOGNISER", "QUIETLINE_VOICE", "QUIETLINE_SPOKEN_AHEAD", "QUIETLINE_LEAD_MS")
"""Settings of the product (by the start of their names) that the bench hands on, so that a choice can be measured."""


class ServiceFailed(Exception):
    """The service did not come up, or ended by itself."""


@dataclass(slots=True)
class Running:
    """The service while it runs."""

    process: subprocess.Popen[str]
    webhook: str
    token: str
    line: int
    ready_s: float
    """From the launcher's start to the line's readiness."""
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Every event with the monotonic second at which it came."""
    spoken_ahead: dict[str, Any] = field(default_factory=lambda: {"on": False})
    """Whether answers begin without synthesis; if so how many, and what it took in seconds and kilobytes."""
    resident_mb_by_call: list[float] = field(default_factory=list)
    """Resident memory of the line when its n-th call had ended."""

    def between(self, start_s: float, end_s: float, name: str) -> list[dict[str, Any]]:
        """Events of one kind in a stretch of time."""
        return [event for at, event in list(self.events) if start_s <= at < end_s and event.get("event") == name]


def settings() -> dict[str, str]:
    """Settings of the product that the user tries out."""
    return {name: value for name, value in os.environ.items() if name.startswith(TRIED) and value}


@contextlib.contextmanager
def running(
    folder: Path,
    engine: str = "approved",
    more: Mapping[str, str] | None = None,
    serving: str = "tests.bench.serving",
    retention: Retention = Retention.ZERO,
) -> Iterator[Running]:
    """The service, ready to be called, with all it synthesises ahead.

    folder: an empty one for all its files.  serving: the module that runs it.  retention: two admins agree to it
    once it runs.  Raises `ServiceFailed`.
    """
    (folder / "agents").mkdir(parents=True)
    (folder / "knowledge").symlink_to(ROOT / "deploy" / "knowledge")
    model = "" if engine == "approved" else "bench-model"
    text = AGENT.format(number=NUMBER, greeting=GREETING, engine=engine, model=model, retention=retention.name.lower())
    (folder / "agents" / "bench.toml").write_text(text, encoding="utf-8")
    port, token = free_port(), secrets.token_hex(16)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "HF_HOME") if name in os.environ}
    environment |= {
        "ORT_DISABLE_TELEMETRY": "1",
        "QUIETLINE_PROFILE": "development",
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_STATE": str(folder / "state"),
        "QUIETLINE_AGENTS": str(folder / "agents"),
        "TWILIO_AUTH_TOKEN": token,
        **settings(),
        **(more or {}),
    }
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", serving],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    service = Running(process, f"http://127.0.0.1:{port}/twilio/voice", token, 0, 0.0)
    ahead = environment.get("QUIETLINE_SPOKEN_AHEAD", "on") == "on"
    awaited = {name: threading.Event() for name in ("line_ready", "openings_ready")}
    reader = threading.Thread(target=_read, args=(service, awaited), name="bench: events", daemon=True)
    reader.start()
    try:
        if not awaited["line_ready"].wait(READY_S) or process.poll() is not None:
            raise ServiceFailed("the service did not become ready; its own words stand above")
        service.ready_s = time.monotonic() - began_s
        service.line = resources.line_of(process.pid)
        if ahead:
            if not awaited["openings_ready"].wait(AHEAD_S) or process.poll() is not None:
                raise ServiceFailed("the service did not hold in time what it synthesises ahead")
            told = next(event for _, event in service.events if event["event"] == "openings_ready")
            seconds = round(told["ms"] / 1000, 1)
            service.spoken_ahead = {"on": True, "count": told["count"], "s": seconds, "kilobytes": told["kilobytes"]}
        if retention is Retention.REDACTED:  # now that the agent has this build: another switches it on again
            office = Office.open(folder / "state")
            office.zero_off("bench")
            office.close()
            threading.Event().wait(2 * POLICY_EVERY_S)  # until the line has been told
        yield service
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5.0)


def transcripts(folder: Path) -> int:
    """How many calls' transcripts the service has kept, which has ended.  folder: that of `running`."""
    office = Office.open(folder / "state")
    kept = len(office.transcripts.refs())
    office.close()
    return kept


def _read(service: Running, awaited: Mapping[str, threading.Event]) -> None:
    assert service.process.stdout is not None
    for row in service.process.stdout:
        with contextlib.suppress(ValueError):
            event = json.loads(row)
            service.events.append((time.monotonic(), event))
            if (name := event.get("event")) in awaited:
                awaited[name].set()
            if event.get("event") == "call_ended":
                service.resident_mb_by_call.append(round(resources.resident_mb(service.line), 1))
    for each in awaited.values():  # it has ended: nobody need wait any longer
        each.set()

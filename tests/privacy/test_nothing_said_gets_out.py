"""With every library at DEBUG, nothing that caller or agent said is in anything that comes out of the service.

One call is placed as `quietline call` does: launcher, keeper, line and Redis as they are, and all that they say, write
or send to the bus is captured.  The launcher drops what a ready line says on standard error, so a second line is
called directly, whose standard error and event pipe are captured too.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from agent.knowledge import Found, Knowledge
from agent.passages import load
from agent.proof.bus import listened_to
from policies.guardrails import EscalationReason
from policies.phi import PHI
from telephony.twin.script import BargeIn, Say
from tests.caller import patient
from tests.real_line import AGENT, NUMBER, ROOT, real_line, short_agent

pytestmark = [pytest.mark.real_time, pytest.mark.models, pytest.mark.xdist_group("privacy"), pytest.mark.timeout(300)]

SCRIPT: Final = """\
voice = "rms"
steps = [
  { wait = "greeting_end" },
  { say = "What can I eat if I have to keep my salt low?" },
  { barge_in_after_ms = 1500, say = "Wait a moment. When may I drive again?" },
  { wait = "reply_end", timeout_ms = 60000 },
  { hang_up = true },
]
"""
SHORTEST: Final = 5
OURS: Final = (
    "policies/vocabulary.py",
    "policies/events.py",
    "policies/records.py",
    "agent/viewer.py",
    "agent/launcher.py",
    "agent/processes.py",
    "agent/settings.py",
    "telephony/twin/__main__.py",
)
"""What these print is fixed: a word that stands in them may be seen without having been said."""


def content(text: str) -> set[str]:
    """Words that mean something, in lower case."""
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) >= SHORTEST}


def what_was_said() -> set[str]:
    """The caller's words, those of the passages that answer them and of the greeting; without our own vocabulary."""
    steps = patient(SCRIPT).script.steps
    sounds = [step.sound if isinstance(step, BargeIn) else step for step in steps]
    asked = [sound.text for sound in sounds if isinstance(sound, Say)]
    material = Knowledge(load(ROOT / "deploy" / "knowledge"))
    found = [material.retrieve(PHI(question)) for question in asked]
    told = [" ".join(each.passage.sentences) for each in found if isinstance(each, Found)]
    assert len(told) == len(asked) == 2
    fixed: set[str] = set()
    for source in OURS:
        fixed |= content((ROOT / source).read_text("utf-8"))
    fixed |= content(" ".join(reason.value for reason in EscalationReason))
    greeting = next(line for line in AGENT.splitlines() if line.startswith("greeting"))
    return content(" ".join([*asked, *told, greeting.partition("=")[2]])) - fixed


def ways(word: str) -> dict[str, bytes]:
    """The forms in which a word could have got out; found whatever stands before and behind it."""
    forms: dict[str, bytes] = {}
    for style, text in (("lower", word), ("upper", word.upper()), ("title", word.title())):
        raw = text.encode()
        forms[f"{style}, plain"] = raw
        forms[f"{style}, hex"] = raw.hex().encode()
        forms[f"{style}, utf-16"] = text.encode("utf-16-le")
        forms[f"{style}, repr of its letters"] = ", ".join(repr(letter) for letter in text).encode()
        for before in range(3):  # base64 takes three bytes at once: there are three ways in which a word can lie in it
            code = base64.b64encode(b"\0" * before + raw).rstrip(b"=")
            inside = code[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
            if len(inside) > SHORTEST:  # shorter ones come about by chance
                forms[f"{style}, base64 at {before}"] = inside
    return forms


def found_in(captured: Mapping[str, bytes], words: set[str]) -> list[tuple[str, str, str]]:
    """Where which word stands in which form."""
    return [
        (place, word, form)
        for place, stuff in captured.items()
        for word in sorted(words)
        for form, needle in ways(word).items()
        if needle in stuff
    ]


def whole_service(folder: Path) -> dict[str, bytes]:
    """`quietline call`, and all that came of it."""
    home = folder / "home"
    home.mkdir(parents=True)
    (folder / "script.toml").write_text(SCRIPT, encoding="utf-8")
    with listened_to(folder / "redis") as redis:
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "agent.launcher", "call", "--script", str(folder / "script.toml")],
            cwd=home,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "HOME": str(home),
                "TMPDIR": str(home),
                "QUIETLINE_STATE": str(home / "state"),
                "QUIETLINE_AGENTS": str(short_agent(folder / "agent")),
                "QUIETLINE_LIBRARY_LOG": "debug",
                "REDIS_URL": redis.url,
            },
            capture_output=True,
            check=False,
            timeout=200,
        )
    assert 0 == ran.returncode, ran.stdout.decode() + ran.stderr.decode()
    files = sorted(path for path in home.rglob("*") if path.is_file())
    return {
        "standard output": ran.stdout,
        "standard error": ran.stderr,
        "bus": b"".join(redis.told()),
        "names of files": "\n".join(map(str, files)).encode(),
        **{f"file {path.name}": path.read_bytes() for path in files},
    }


def line_alone(folder: Path) -> dict[str, bytes]:
    """The line's own output, nothing of it dropped."""
    with real_line(folder, QUIETLINE_LIBRARY_LOG="debug") as line:
        asyncio.run(patient(SCRIPT).dials(line.webhook, line.token, called=NUMBER))
        line.calls_ended(1)
    return {
        "the line's events": "\n".join(map(repr, line.events)).encode(),
        "the line's standard error": "".join(line.errors).encode(),
    }


@pytest.fixture(scope="module", name="captured")
def _captured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with ThreadPoolExecutor(2) as both:
        whole = both.submit(whole_service, tmp_path_factory.mktemp("service"))
        alone = both.submit(line_alone, tmp_path_factory.mktemp("line"))
        return {**whole.result(), **alone.result()}


def test_enough_words_are_looked_for() -> None:
    assert len(what_was_said()) >= 20


def test_nothing_said_is_in_anything_that_came_out(captured: Mapping[str, bytes]) -> None:
    assert [] == found_in(captured, what_was_said())


def test_what_was_captured_is_the_call_and_the_libraries_did_speak(captured: Mapping[str, bytes]) -> None:
    assert b"all that was kept of this call" in captured["standard output"]
    assert any(place.startswith("file ") for place in captured)
    assert b"set" in captured["bus"].lower()
    assert b"call_ended" in captured["the line's events"]
    assert b"'level': 10" in captured["the line's events"], "no library's DEBUG record left a line"


def test_one_planted_word_is_found_in_every_form(captured: Mapping[str, bytes]) -> None:
    word = sorted(what_was_said())[7]
    for form, needle in ways(word).items():
        copy = {"copy": captured["standard output"] + b"\x01" + needle + b"\x01"}
        assert form in [found for _, which, found in found_in(copy, {word}) if which == word]
    for before in ("", "I", "to"):  # a sentence that was encoded whole
        copy = {"copy": base64.b64encode(f"{before}{word} again".encode())}
        assert {("copy", word)} == {(place, which) for place, which, _ in found_in(copy, {word})}

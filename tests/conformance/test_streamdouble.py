"""A Media Streams simulator that nobody here wrote (streamdouble) holds calls with the real line and finds no fault.

It knows no signature and no token, so the line runs with QUIETLINE_ALLOW_UNSIGNED_STREAM, which only the development
profile on loopback takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from telephony.audio import RATE_HZ
from telephony.twin.script import BargeIn, Say
from telephony.twin.voices import Voices
from tests.caller import patient
from tests.real_line import real_line

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.models,
    pytest.mark.xdist_group("streamdouble"),
    pytest.mark.timeout(240),
]

STREAMDOUBLE: Final = Path(sys.executable).with_name("streamdouble")
# She cuts in on an answer of 13 s.  Whether a `clear` follows isn't asked: sending stops at her first sound, and none
# is due where all that was sent has been heard before her words are; the record says that she was let in.
SCENARIO: Final = """\
name: she has heard enough and asks the next thing
steps:
  - wait_for: audio
  - wait_for: {event: quiet, timeout: 20}
  - say: question.wav
  - wait: 9.0
  - expect: no clear
  - say: next.wav
  - wait_for: {event: quiet, timeout: 20}
  - wait: 6.0
  - wait_for: {event: quiet, timeout: 30}
  - expect: mark
  - expect: no_violations
"""


def said(folder: Path) -> None:
    """What a shipped patient says first and when she interrupts: `question.wav` and `next.wav`."""
    script = patient("barge_in").script
    first = next(step for step in script.steps if isinstance(step, Say))
    then = next(step.sound for step in script.steps if isinstance(step, BargeIn))
    assert isinstance(then, Say)
    for name, sentence in (("question", first), ("next", then)):
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            file.writeframes(Voices().say(script.voice, sentence.text).tobytes())


def streamdouble(*arguments: object) -> tuple[int, dict[str, Any]]:
    """Its exit status and what it measured."""
    ran = subprocess.run(
        [STREAMDOUBLE, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=150, check=False
    )
    assert ran.stdout, ran.stderr
    measured = json.loads(ran.stdout)
    assert isinstance(measured, dict)
    return ran.returncode, measured


@dataclass(frozen=True, slots=True)
class Both:
    """What it measured of the two calls that it held at once, and what the line kept of them."""

    plain: tuple[int, dict[str, Any]]
    barge_in: tuple[int, dict[str, Any]]
    records: list[dict[str, Any]]


@pytest.fixture(scope="module", name="both")
def _both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    folder = tmp_path_factory.mktemp("said")
    said(folder)
    (folder / "barge_in.yaml").write_text(SCENARIO, encoding="utf-8")
    with (
        real_line(tmp_path_factory.mktemp("line"), QUIETLINE_ALLOW_UNSIGNED_STREAM="1") as line,
        ThreadPoolExecutor(2) as at_once,
    ):
        plain = at_once.submit(streamdouble, "call", line.media, "--audio", folder / "question.wav", "--max-drain", 40)
        barge_in = at_once.submit(streamdouble, "scenario", folder / "barge_in.yaml", line.media)
        return Both(plain.result(), barge_in.result(), line.calls_ended(2))


def test_it_places_a_call_and_hears_an_answer_without_a_violation(both: Both) -> None:
    status, measured = both.plain

    assert (0, []) == (status, measured["violations"]), measured


def test_it_interrupts_and_the_agent_lets_it_without_a_violation(both: Both) -> None:
    status, measured = both.barge_in

    assert (0, []) == (status, measured["violations"]), measured["expectations"]


def test_both_calls_left_a_record_and_one_a_barge_in(both: Both) -> None:
    interrupted = [record for record in both.records if record["barge_ins"]]

    assert 2 == len(both.records)
    assert [(1, "answered")] == [(record["barge_ins"], record["outcome"]) for record in interrupted]

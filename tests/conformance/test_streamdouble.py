"""A Media Streams simulator that nobody here wrote (streamdouble) holds calls with the real line and finds no fault.

It knows no signature and no token, so the line runs with QUIETLINE_ALLOW_UNSIGNED_STREAM, which only the development
profile on loopback takes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from telephony.audio import RATE_HZ
from telephony.twin.script import BargeIn, Say
from telephony.twin.voices import Voices
from tests.caller import patient
from tests.real_line import RealLine, real_line

pytestmark = [pytest.mark.models, pytest.mark.xdist_group("streamdouble"), pytest.mark.timeout(240)]

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


@pytest.fixture(scope="module", name="line")
def _line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLine]:
    with real_line(tmp_path_factory.mktemp("line"), QUIETLINE_ALLOW_UNSIGNED_STREAM="1") as line:
        yield line


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


def test_it_places_a_call_and_hears_an_answer_without_a_violation(line: RealLine, tmp_path: Path) -> None:
    said(tmp_path)

    status, measured = streamdouble("call", line.media, "--audio", tmp_path / "question.wav", "--max-drain", 40)

    assert (0, []) == (status, measured["violations"]), measured


def test_it_interrupts_and_the_agent_lets_it_without_a_violation(line: RealLine, tmp_path: Path) -> None:
    said(tmp_path)
    (tmp_path / "barge_in.yaml").write_text(SCENARIO, encoding="utf-8")

    status, measured = streamdouble("scenario", tmp_path / "barge_in.yaml", line.media)

    assert (0, []) == (status, measured["violations"]), measured["expectations"]


def test_both_calls_left_a_record_and_the_second_a_barge_in(line: RealLine) -> None:
    records = line.calls_ended(2)

    assert 2 == len(records)
    assert 1 == records[1]["barge_ins"]
    assert ["answered"] == sorted({record["outcome"] for record in records[1:]})

"""The whole service, a real browser, a patient at its microphone: asked on the phone page, answered in her ear."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from agent import embedded_redis, launcher
from agent.processes import Service
from agent.settings import from_environment
from policies.events import CallAnswered, CallEnded, CallEvent, Escalated, TurnTiming
from policies.records import EndReason
from telephony.audio import RATE_HZ
from telephony.twin.voices import build
from telephony.twin.wav import read_wav
from tests.page.cdp import Tab, chromium, eventually
from tests.page.line import capture_wav
from tests.real_line import short_agent

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("chromium"), pytest.mark.models, pytest.mark.timeout(240)]

QUESTION: Final = Path(build.__file__).parent / "slt" / "may-i-take-a-walk-0b888347.0.wav"
PERIOD_S: Final = 40  # the fake microphone plays its file again and again
GREETING_S: Final = 10  # the short greeting lasts 6 s; a silence is prompted about later than this


async def test_a_question_at_the_microphone_is_answered_in_the_ear(tmp_path: Path) -> None:
    events: list[CallEvent] = []
    port = embedded_redis.free_port()
    environment = {
        **os.environ,
        "QUIETLINE_PORT": str(port),
        "QUIETLINE_STATE": str(tmp_path / "state"),
        "QUIETLINE_AGENTS": str(short_agent(tmp_path / "agent")),
    }

    async def hold(_: Service) -> int:
        async with chromium(
            tmp_path / "profile",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone(tmp_path)}",
        ) as browser:
            tab = await browser.open(f"http://127.0.0.1:{port}/", width=360, height=640)
            await call(tab, tmp_path)
        return 0

    async def call(tab: Tab, pictures: Path) -> None:
        await tab.until("!document.querySelector('#call').disabled")
        await tab.click("#call")
        await speaking(tab)
        await listening(tab)
        await eventually(lambda: any(isinstance(event, TurnTiming) for event in events), within_s=120)
        await speaking(tab)
        await tab.until("document.querySelector('#ear-words').textContent !== 'silent'")
        await tab.picture(pictures / "call.png")
        await tab.click("#hang-up")
        await eventually(lambda: any(isinstance(event, CallEnded) for event in events))
        await tab.until("document.querySelector('#progress').textContent === 'The call has ended.'")
        assert [] == tab.complaints()

    status = await launcher.run(from_environment(environment), environment, echo="all", show=events.append, ready=hold)

    assert 0 == status
    assert 1 == sum(isinstance(event, CallAnswered) for event in events)
    assert [] == [event for event in events if isinstance(event, Escalated)]
    ended = next(event for event in events if isinstance(event, CallEnded))
    assert EndReason.CALLER_HUNG_UP is ended.metrics.end
    assert ended.metrics.greeting_played
    assert ended.metrics.turns >= 1
    assert 0 == ended.metrics.silence_prompts + ended.metrics.barge_ins


async def speaking(tab: Tab) -> None:
    await tab.until("document.querySelector('#floor').textContent === 'The assistant is speaking'")


async def listening(tab: Tab) -> None:
    await tab.until("document.querySelector('#floor').textContent === 'Listening to you'")


def microphone(folder: Path) -> Path:
    question = read_wav(QUESTION)
    sound = np.zeros(PERIOD_S * RATE_HZ, np.int16)
    sound[GREETING_S * RATE_HZ : GREETING_S * RATE_HZ + len(question)] = question
    return capture_wav(folder / "question.wav", sound)

"""The service answers calls, and holds nothing of one that is over, though it lives on itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from agent import calls as answering
from agent import forgetting
from agent.calls import Calls
from agent.metrics import LineMetrics
from agent.retaining import Retaining
from agent.settings import from_environment
from policies.events import CallEvent
from policies.vocabulary import Event
from telephony.leg import Leg, LegLimits, opened
from telephony.switchboard import After, EndDecision
from telephony.tokens import Purpose
from tests.fakes import Plan, ScriptedActivity, ScriptedAnswers, ScriptedRecogniser, ScriptedVoice, Turnout, World
from tests.reachable import holds
from tests.simulated import REF, Line, LineDead, Network, house, nothing_left_of

NAME = "Ottilie"
QUESTION = f"{NAME} asks, how do I store my insulin at home?"


class Told:
    """A pipe and a log that remember only what kind of thing they were told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.calls: set[int] = set()
        self.failures: list[Event] = []

    def tell(self, event: CallEvent) -> None:
        self.events.append(type(event).__name__)
        self.calls.add(getattr(event, "call", 0))

    def failure(self, name: Event, _: BaseException) -> None:
        self.failures.append(name)


async def answered(told: Told, *, fails: bool) -> tuple[Calls, Sequence[object], After]:
    """One call with one question: what answered it, and the test's own.  fails: the model breaks its contract."""
    world = World()
    world.sentences[:] = house()[1].sentences
    script = house()[0].script
    model = ScriptedAnswers(str, Plan(usual=Turnout(bug=True)))
    voices = replace(script.voices, model=model) if fails else script.voices
    prepared = replace(house()[0], tts=ScriptedVoice(world), script=replace(script, voices=voices))
    engines: Any = SimpleNamespace(silero=None, stt=ScriptedRecogniser(world))
    seen: Any = told
    of_all = (seen, seen, LineMetrics(1), Retaining(), lambda _: None, bytes(32))
    calls = Calls(from_environment({}), engines, {"demo": prepared}, *of_all)
    line = Line(world, Network())
    stream, started = await opened(line, LegLimits())
    leg = Leg(
        line,
        stream,
        ordinal=0,
        ref=REF,
        purpose=Purpose.PATIENT,
        agent="demo",
        call_sid=started.call_sid,
        limits=LegLimits(),
    )
    del stream, started

    async def caller() -> None:
        await line.greeting()
        await line.say(QUESTION)
        if not fails:
            await line.reply()
            line.press("7")
            await line.wait(500)
            line.hang_up()
        await line.closed(20)

    calling = asyncio.create_task(caller())
    decision = await calls.answer(leg)
    if line.ending is None:  # as the media endpoint does
        await leg.close()
        await line.close(1000)
    with contextlib.suppress(LineDead):
        await calling
    return calls, [world, model], decision


@pytest.mark.parametrize("fails", [False, True])
def test_of_a_call_that_is_over_the_service_holds_nothing(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "LineActivity", lambda _: ScriptedActivity())
    house()
    told, looks = Told(), []
    monkeypatch.setattr(forgetting, "soon", lambda: looks.append(1))

    calls, own, decision = nothing_left_of(answered(told, fails=fails))

    assert not holds(calls, NAME, but=own)  # it lives as long as the service
    assert [1] == looks
    assert ([Event.CALL_FAILED] if fails else []) == told.failures
    assert (EndDecision.TRANSFER if fails else EndDecision.LOST) is decision
    assert ("CallAnswered", "CallEnded") == (told.events[0], told.events[-1])
    assert fails or "KeyPressed" in told.events
    assert {1} == told.calls, "which call it is says nothing more"

"""`agent/keyed_leg.py`: what is said, in place of what was being said, and when it counts as heard."""

from __future__ import annotations

import asyncio
from typing import Any

from agent.keyed_leg import KeyedLeg
from policies.phi import PHI
from telephony.leg import Ended, EndReason
from telephony.pacing import ClipPlayed
from telephony.protocol import Digit
from telephony.switchboard import EndDecision


class Stream:
    """A leg whose events the test gives."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()

    async def run(self) -> None:
        return

    async def next(self) -> Any:
        return await self.events.get()

    async def close(self) -> None:
        self.events.put_nowait(Ended(EndReason.CLOSED))


class Voice:
    """A mouth that is busy until its one clip has come back as played."""

    def __init__(self) -> None:
        self.busy = False
        self.said: list[str] = []

    def hush(self) -> None:
        self.busy = False

    async def say(self, sentence: str, *, first: bool) -> None:
        self.said.append(sentence)
        self.busy = True

    def played(self, clip: int) -> None:
        self.busy = False

    def forget(self) -> None:
        self.said.append("forgotten")


class Nurse:
    """Asks for a sentence with each key, and notes what happens."""

    def __init__(self) -> None:
        self.stream, self.voice = Stream(), Voice()
        stream: Any = self.stream
        voice: Any = self.voice
        self.keyed = KeyedLeg(stream, voice, self)
        self.noted: list[str] = []

    def opened(self) -> None:
        self.say("first")

    def say(self, text: str) -> None:
        sentence: Any = text
        self.keyed.say([sentence])

    def key(self, digit: PHI[str]) -> None:
        self.noted.append("key")
        self.say("second")

    def heard(self) -> None:
        self.noted.append("heard " + self.voice.said[-1])

    def passed(self) -> None:
        self.noted.append("passed")

    def lost(self) -> None:
        self.noted.append("lost")


async def settled() -> None:
    """Whatever can happen now has happened."""
    for _ in range(10):
        await asyncio.sleep(0)


def played() -> ClipPlayed:
    return ClipPlayed(1, True)


async def test_the_end_of_what_was_said_before_is_not_the_end_of_what_is_said_now() -> None:
    """Her key and the last mark of the prompt before it come in one moment."""
    nurse = Nurse()
    running = asyncio.create_task(nurse.keyed.run())
    await settled()
    nurse.stream.events.put_nowait(Digit(PHI("2")))
    nurse.stream.events.put_nowait(played())
    await settled()
    assert ["key"] == nurse.noted
    nurse.stream.events.put_nowait(played())
    await settled()
    await nurse.keyed.part(EndDecision.GOODBYE)

    assert EndDecision.GOODBYE is await running
    assert (["key", "heard second"], ["first", "second", "forgotten"]) == (nurse.noted, nurse.voice.said)


async def test_a_stream_that_ends_by_itself_is_lost_and_its_work_ends_with_it() -> None:
    nurse, ended = Nurse(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(nurse.keyed.run())
    await settled()
    nurse.keyed.start(work())
    await settled()
    nurse.stream.events.put_nowait(Ended(EndReason.STOPPED))
    await running

    assert (["lost"], True) == (nurse.noted, ended.is_set())


async def test_nothing_is_begun_on_a_stream_that_is_parted_from() -> None:
    nurse = Nurse()
    running = asyncio.create_task(nurse.keyed.run())
    await settled()
    await nurse.keyed.part(EndDecision.ASSISTANT)
    nurse.say("late")
    nurse.keyed.start(nurse.voice.say("late", first=True))

    assert EndDecision.ASSISTANT is await running
    assert "late" not in nurse.voice.said

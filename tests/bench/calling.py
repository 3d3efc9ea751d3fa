"""The callers, in a process of their own: `python -P -m tests.bench.calling JOB.json`.

The job names the webhook, the calls, how many at once and where their recordings go.  The auth token to sign with
comes in TWILIO_AUTH_TOKEN.  One line of JSON a call on standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from telephony.twin.caller import NotConnected, phone
from telephony.twin.carrier import StreamRefused
from telephony.twin.script import read_script
from telephony.twin.twiml_reader import TwimlRefused
from telephony.twin.voices import SHIPPED, Voices
from telephony.twin.webhook import WebhookFailed, Webhooks
from tests.bench import together
from tests.bench.plan import conditions_of, first_turns, patient
from tests.bench.recorded import keep

PHASE_S: Final = 8.0  # the first calls of four begin at random within this: about one turn
BREATH_S: Final = 2.0  # from a hang-up to the next call on the same line, at most
FAILED: Final = (NotConnected, StreamRefused, TwimlRefused, WebhookFailed, ExceptionGroup)


@dataclass(slots=True)
class Job:
    """What the file asks for."""

    webhook: str
    called: str
    voices: str
    out: str
    part: str
    at_once: int
    seed: int
    calls: list[dict[str, Any]]
    rounds: list[list[str]] = field(default_factory=list)
    """For `together`: each caller's questions; the voice is the calls' own."""


def tell(**row: Any) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


async def place(job: Job, call: dict[str, Any], *, counted: bool) -> None:
    """One call; a failed one is told and leaves no recording."""
    script = patient(read_script(Path(call["path"])))
    if call["most_turns"] is not None:
        script = first_turns(script, call["most_turns"])
    began_s, failure = time.monotonic(), ""
    try:
        held = await phone(
            Webhooks(job.webhook, os.environ["TWILIO_AUTH_TOKEN"]),
            script,
            called=job.called,
            voices=Voices((Path(job.voices), SHIPPED)),
            conditions=conditions_of(call),
        )
        if counted:
            about = {**call, "part": job.part, "voice": script.voice}
            file = Path(job.out) / f"{job.part}-{call['name'].replace('/', '-')}.npz"
            await asyncio.to_thread(keep, file, held.recording, held.report, about)
    except FAILED as failed:
        failure = type(failed).__name__
    finally:
        tell(name=call["name"], seconds=round(time.monotonic() - began_s, 2), counted=counted, failure=failure)


@dataclass(slots=True)
class Lines:
    """The lines in use: call after call; when none is left, calls that are not counted keep the others busy."""

    job: Job
    waiting: Iterator[dict[str, Any]]
    again: Iterator[dict[str, Any]]
    left: int
    all_done: asyncio.Event = field(default_factory=asyncio.Event)

    async def one(self, n: int) -> None:
        drawn = random.Random(self.job.seed * 100 + n)
        if self.job.at_once > 1:
            await asyncio.sleep(drawn.random() * PHASE_S)
        for call in self.waiting:
            await place(self.job, call, counted=True)
            self.left -= 1
            if not self.left:
                self.all_done.set()
            await asyncio.sleep(drawn.random() * BREATH_S)
        if self.job.at_once > 1:
            for call in self.again:
                await place(self.job, call, counted=False)


async def talk(job: Job) -> None:
    """All calls of the job, `at_once` at a time, until the last counted one has ended."""
    lines = Lines(job, iter(job.calls), itertools.cycle(job.calls), len(job.calls))
    async with asyncio.TaskGroup() as tasks:
        working = [tasks.create_task(lines.one(n)) for n in range(job.at_once)]
        await lines.all_done.wait()
        for line in working:
            line.cancel()


async def meet(job: Job) -> None:
    """The callers who stop in one moment."""
    voices = Voices((Path(job.voices), SHIPPED))
    sounds = [
        [voices.say(call["voice"], text) for text in texts] for call, texts in zip(job.calls, job.rounds, strict=True)
    ]
    longest_s = max(len(pcm) for spoken in sounds for pcm in spoken) / 8_000
    meeting = together.Meeting(asyncio.Barrier(len(sounds)), longest_s)
    webhooks = Webhooks(job.webhook, os.environ["TWILIO_AUTH_TOKEN"])

    async def one(call: dict[str, Any], questions: list[Any]) -> None:
        began_s = time.monotonic()
        recording, report, off_ms = await together.caller(webhooks, job.called, questions, meeting, call["name"])
        file = Path(job.out) / f"{job.part}-{call['name'].replace('/', '-')}.npz"
        keep(file, recording, report, {**call, "part": job.part, "off_ms": off_ms})
        tell(name=call["name"], seconds=round(time.monotonic() - began_s, 2), counted=True, failure="")

    async with asyncio.TaskGroup() as tasks:
        for call, questions in zip(job.calls, sounds, strict=True):
            tasks.create_task(one(call, questions))


async def main(job: Job) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await (meet(job) if job.rounds else talk(job))


if __name__ == "__main__":
    asyncio.run(main(Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))

"""The line as a process that takes calls within seconds: the product's own service, with engines that load at once.

python -m tests.deaths.line, with the environment of a line.  Server, signatures, calls, hand-offs and REST are as
`agent.service` runs them; the recogniser hears nothing and the voice is a tone, for nobody speaks here: people press
keys.  Its origin is `moments.ORIGIN`, whatever its port: so one process answers for another.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, cast, final

from agent import lines, loading, service
from agent.__main__ import STDOUT, listening
from agent.briefing import Briefing
from agent.confine import Locks
from agent.engines.minilm import load_meaning
from agent.engines.models import activity_file
from agent.engines.ports import Bias, Sound, Speech, Transcript, Urgency
from agent.engines.silero import Silero
from agent.lines import Lines
from agent.pipe import EventPipe
from agent.settings import Settings, from_environment
from policies import logs
from policies.allowlist import NOTHING_LISTED
from policies.guardrails import Sayable
from policies.phi import PHI, Utterance
from policies.records import Profile
from telephony.audio import AudioFrame, frames_of
from telephony.twin.personas import tone
from tests.deaths.moments import AGENT_HZ, ORIGIN, UNHURRIED

SENTENCE_S: Final = 0.3
LONG_S: Final = 12.0
"""An unhurried agent says that she is being connected for so long: time enough to be killed in."""


@final
class Tones:
    """`TextToSpeech`: each sentence a short tone."""

    def __init__(self, rate: float) -> None:
        self._rate: Final = rate

    def speak(self, text: Sayable, *, after_ms: int = 0, rate: float = 1.0) -> Sound:  # see the port
        """See `TextToSpeech`."""
        long = self._rate == UNHURRIED and text.text.reveal().startswith("Connecting you")
        return _Frames(frames_of(tone(AGENT_HZ, LONG_S if long else SENTENCE_S)))


@final
class _Frames:
    """`Sound` that is there at once."""

    def __init__(self, frames: Iterator[AudioFrame]) -> None:
        self._frames = frames

    def __aiter__(self) -> Sound:
        return self

    async def __anext__(self) -> AudioFrame:
        for frame in self._frames:
            return frame
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Nothing is held."""


@final
class Deaf:
    """`SpeechToText` that finds no words."""

    async def transcribe(self, speech: Speech, *, call: int, urgency: Urgency, bias: Bias | None = None) -> Transcript:
        """See `SpeechToText`."""
        return Transcript(Utterance(PHI(""), doubtful=False), -0.2, 0.9)

    def close(self) -> None:
        """Nothing is held."""


async def load_models(settings: Settings, lines: Lines) -> loading.Models:  # in place of the service's
    """No recogniser, no voice, no readers of what is said."""
    deaf, silero = cast("Any", Deaf()), Silero(activity_file())
    return loading.Models(deaf, cast("Any", None), deaf, silero, load_meaning(), cast("Any", None), None)


def voices_of(lines: Lines, models: loading.Models) -> Mapping[float, Any]:  # in place of the service's
    """By speaking rate."""
    return {agent.speaking_rate: Tones(agent.speaking_rate) for agent in lines.agents}


def main() -> None:
    """Until it is killed, or asked to end."""
    started_s = time.monotonic()
    chosen = replace(from_environment(os.environ), profile=Profile.PRODUCTION, public_origin=ORIGIN, spoken_ahead=False)
    vars(service).update(load_models=load_models, voices_of=voices_of)
    pipe = EventPipe(STDOUT, chosen.profile)
    log = logs.install(pipe.write)
    answered, locks = lines.load(chosen.agents), Locks(frozenset())
    bound = listening(chosen)
    asyncio.run(service.run(chosen, answered, NOTHING_LISTED, Briefing(), bound, locks, pipe, log, started_s))


if __name__ == "__main__":
    main()

"""Scripted engines behind the four ports, which hear and speak the sound of `tests/tones.py`.

world = World()  # what words and sentences sound like in one test
ScriptedRecogniser(world, Plan([Turnout(fails=BROKEN)]))  # its first request fails; the rest go as usual
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, final

import numpy as np

from agent.engines.minilm import load_meaning
from agent.engines.ports import Bias, EngineFailed, EngineReason, Sound, Speech, Transcript, Urgency
from policies.guardrails import Answerable, Opened, Sayable
from policies.meaning import Floats, Meaning
from policies.phi import PHI, Utterance
from telephony.audio import FRAME_MS, FRAME_SAMPLES, AudioFrame, level_dbfs
from tests.tones import AGENT, CALLER, MOST, Tag, frame, read

MS_A_LETTER: Final = 60  # an unhurried voice: about 150 words a minute
SHORTEST_WORD_FRAMES: Final = 3
UNSURE_LOGPROB: Final = -1.0  # as `WhisperSettings` has it


RATE_MARK: Final = " @"


def at_rate(text: str, rate: float) -> str:
    """A sentence as its name says at which rate it is spoken; at the usual one it is only its words."""
    return text if rate == 1.0 else f"{text}{RATE_MARK}{rate}"


class World:
    """Which number stands for which word of a caller and which sentence of the agent."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.sentences: list[str] = []

    def word(self, word: str) -> int:
        return _number(self.words, word)

    def sentence(self, text: str) -> int:
        return _number(self.sentences, text)

    def said(self, word: str, ms: int) -> list[AudioFrame]:
        """A caller's word as sound."""
        return self._sound(self.word(word), ms, CALLER)

    def spoken(self, text: str) -> list[AudioFrame]:
        """The agent's sentence as sound."""
        return self._sound(self.sentence(text), self.length_ms(text), AGENT)

    def length_ms(self, text: str) -> int:
        """How long the agent speaks it."""
        words, _, rate = text.partition(RATE_MARK)
        return min(MOST * FRAME_MS, max(200, int(len(words) * MS_A_LETTER / float(rate or 1.0)) // FRAME_MS * FRAME_MS))

    def _sound(self, what: int, ms: int, levels: tuple[int, ...]) -> list[AudioFrame]:
        return [AudioFrame(frame(Tag(what, nth), levels)) for nth in range(min(MOST, ms // FRAME_MS))]

    def words_in(self, speech: Speech) -> str:
        """The words of which enough is there to be heard, in order."""
        heard: list[str] = []
        run, before = 0, Tag(-1, -1)
        pcm = speech.reveal()
        for piece in pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES):
            tag = read(piece, CALLER)
            if tag is None or tag.what >= len(self.words):
                continue
            run = run + 1 if tag.what == before.what and tag.nth > before.nth else 1
            before = tag
            if run == SHORTEST_WORD_FRAMES:
                heard.append(self.words[tag.what])
        return " ".join(heard)


def _number(known: list[str], item: str) -> int:
    if item not in known:
        assert len(known) < MOST
        known.append(item)
    return known.index(item)


@final
class ScriptedActivity:
    """`VoiceActivity`: whatever is louder than a quiet room."""

    LOUD_DBFS: Final = -45.0

    @property
    def lag_ms(self) -> int:
        """See `VoiceActivity`."""
        return 0

    def is_speech(self, frame: AudioFrame) -> bool:
        return level_dbfs(frame.reveal()) > self.LOUD_DBFS


@dataclass(frozen=True, slots=True)
class Turnout:
    """What becomes of one request."""

    after_s: float = 0.12
    fails: EngineReason | None = None
    never: bool = False
    """It waits until it is cancelled."""
    bug: bool = False
    """The engine breaks its contract: it raises something that is not `EngineFailed`."""
    stops_after: int | None = None
    """For speech and models: so many frames or pieces come, and then `after_s` goes by, before it fails or waits."""


@functools.cache
def sentence_model() -> Meaning:
    """The real one, loaded once a process."""
    return load_meaning()


def understood(words: str) -> PHI[Floats]:
    """What the recogniser's thread gives beside the words."""
    return sentence_model().vector(PHI(words))


class EngineBug(Exception):
    """Raised by an engine that breaks its contract."""


@dataclass(slots=True)
class Plan:
    """The turnouts of an engine's requests in their order; when they are used up, `usual`."""

    turnouts: list[Turnout] = field(default_factory=list)
    usual: Turnout = field(default_factory=Turnout)
    asked: int = 0

    def next(self) -> Turnout:
        self.asked += 1
        return self.turnouts.pop(0) if self.turnouts else self.usual

    async def wait(self) -> Turnout:
        """Lets the next request take its time.  Raises `EngineFailed`."""
        turnout = self.next()
        if turnout.stops_after is None:
            await _stop(turnout)
        return turnout


async def _stop(turnout: Turnout) -> None:
    if turnout.never:
        await asyncio.Event().wait()
    await asyncio.sleep(turnout.after_s)
    if turnout.bug:
        raise EngineBug
    if turnout.fails is not None:
        raise EngineFailed(turnout.fails)


@dataclass(frozen=True, slots=True)
class Manner:
    """How some words were heard, beside the words."""

    urgency: tuple[float, float, float, float] | None = None
    """What the reader says of each `policies.urgency.Urgency`; None: nobody reads."""
    logprob: float = -0.2
    scope: tuple[float, ...] | None = None
    """What the reader says of each `policies.scope.Route`; None: nobody reads."""
    lost: bool = False
    """Somebody spoke, and no word was found."""
    hardly_english: bool = False


@final
class ScriptedRecogniser:
    """`SpeechToText` that hears exactly the words that are in the sound."""

    def __init__(
        self, world: World, plan: Plan | None = None, manner: Callable[[str], Manner] = lambda words: Manner()
    ) -> None:
        self.plan: Final = plan or Plan()
        self._world: Final = world
        self._manner: Final = manner
        self.urgencies: Final[list[Urgency]] = []

    async def transcribe(self, speech: Speech, *, call: int, urgency: Urgency, bias: Bias | None = None) -> Transcript:
        """See `SpeechToText`."""
        self.urgencies.append(urgency)
        await self.plan.wait()
        words = self._world.words_in(speech)
        meaning, manner = understood(words) if words else None, self._manner(words)
        read = None if manner.urgency is None else PHI(np.array(manner.urgency, np.float32))
        scope = None if manner.scope is None else PHI(np.array(manner.scope, np.float32))
        said = Utterance(PHI(words), manner.logprob < UNSURE_LOGPROB, meaning, read, scope, manner.hardly_english)
        if manner.lost:
            return Transcript(Utterance(PHI(""), doubtful=False), manner.logprob, 0.1)
        return Transcript(said, manner.logprob, 0.0 if words else 0.9)


@final
class ScriptedVoice:
    """`TextToSpeech`: every sentence its own tone, at ten times the pace at which it is heard."""

    FRAME_S: Final = FRAME_MS / 1000 / 10

    def __init__(self, world: World, plan: Plan | None = None) -> None:
        self.plan: Final = plan or Plan(usual=Turnout(after_s=0.08))
        self._world: Final = world

    def speak(self, text: Sayable, *, after_ms: int = 0, rate: float = 1.0) -> Sound:
        """See `TextToSpeech`."""
        return _Frames(self._frames(text, rate))

    async def _frames(self, text: Sayable, rate: float) -> AsyncGenerator[AudioFrame, None]:
        turnout = await self.plan.wait()
        for nth, each in enumerate(self._world.spoken(at_rate(text.text.reveal(), rate))):
            if nth == turnout.stops_after:
                await _stop(turnout)
            await asyncio.sleep(self.FRAME_S)
            yield each


@final
class _Frames:
    """`Sound` of a generator."""

    def __init__(self, frames: AsyncGenerator[AudioFrame, None]) -> None:
        self._frames = frames

    def __aiter__(self) -> Sound:
        return self

    async def __anext__(self) -> AudioFrame:
        return await anext(self._frames)

    async def aclose(self) -> None:
        await self._frames.aclose()


@final
class ScriptedAnswers:
    """`LanguageModel` that answers with what `answers` makes of the caller's words, a word a piece."""

    def __init__(self, answers: Callable[[str], str], plan: Plan | None = None, *, piece_s: float = 0.0125) -> None:
        self.plan: Final = plan or Plan(usual=Turnout(after_s=0.3))
        self._answers: Final = answers
        self._piece_s: Final = piece_s
        self.questions: Final[list[str]] = []

    async def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """See `LanguageModel`."""
        last = turns[-1] if turns else None
        if not isinstance(last, Answerable):
            raise EngineFailed(EngineReason.REFUSED)
        said = last.said.words.reveal()
        self.questions.append(said)
        turnout = await self.plan.wait()
        for nth, word in enumerate(self._answers(said).split(" ")):
            if nth == turnout.stops_after:
                await _stop(turnout)
            if nth:
                await asyncio.sleep(self._piece_s)
            yield PHI(word if nth == 0 else f" {word}")


def quiet() -> AudioFrame:
    """20 ms of a line on which nobody speaks: not digital silence."""
    return AudioFrame(np.full(FRAME_SAMPLES, 8, np.int16))

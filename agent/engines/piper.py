"""Text to speech with a Piper voice, one clause at a time, off the event loop.

`piper.PiperVoice.synthesize` logs the text at DEBUG; it is not called.  Of the library we use the phonemizer and the
map of phonemes, and run the model ourselves, so that no text meets a logger.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from piper import PiperVoice
from piper.config import PiperConfig

from agent.engines.ports import EngineFailed, EngineReason
from agent.engines.synthesis import ORT_FATAL, Frames, Job, SpeechPool
from agent.engines.voicing import telephone
from agent.pronouncing import parts
from agent.sentences import clauses, sentences_of
from agent.spoken import spoken
from policies.guardrails import Sayable, Source
from policies.phi import PHI
from telephony.audio import FRAME_MS, AudioFrame, Int16, frames_of

LATE_S: Final = 6.0  # a clause takes 0.1 of its length; later than this the line is in trouble and a person is better
PAUSES: Final = " ,;:.!?"
SLOWEST: Final = 0.5
FASTEST: Final = 1.5
WATER: Final = "water " * 300
"""Longer than what eSpeak NG holds of a clause (N_TR_SOURCE, 800 signs), so no earlier one shows behind it."""


@final
class Voice:
    """A loaded model: text of one clause in, sound at the model's own rate out.  Blocks; called off the loop."""

    __slots__ = ("_piper", "_session", "rate_hz")

    def __init__(self, model: bytes, config: Mapping[str, Any], *, threads: int = 1) -> None:
        """model: a checked ONNX file.  config: its .onnx.json.  threads: of one synthesis.

        Raises `EngineFailed(MODEL_FILE)`.
        """
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # The arena stays on: without it a clause costs 30 to 100 % more CPU (page faults) to save some 70 MB of 400.
        options.enable_mem_pattern = False  # a pattern would be kept for every length of clause ever seen
        options.log_severity_level = ORT_FATAL
        piper: PiperVoice | None = None
        with contextlib.suppress(Exception):
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            session._model_bytes = b""  # noqa: SLF001 - kept only to fall back to another device; 63 MB
            piper = PiperVoice(session=session, config=PiperConfig.from_dict(dict(config)))
        if piper is None:
            raise EngineFailed(EngineReason.MODEL_FILE)
        self._piper: Final = piper
        self._session: Final = piper.session
        self.rate_hz: Final = int(piper.config.sample_rate)

    def phonemes(self, text: str) -> list[str]:
        """The sounds of a text in the International Phonetic Alphabet, one sign each, punctuation kept."""
        signs: list[str] = []
        for part, is_sounds in parts(text):
            if is_sounds:
                signs += part
                continue
            words = part.lstrip(PAUSES)  # the phonemizer drops a sign of pause that follows no word of its own
            signs += part[: len(part) - len(words)]
            signs += itertools.chain.from_iterable(self._piper.phonemize(words))
            signs += " " if words and words[-1] == " " else ""
        return signs

    def wash(self) -> None:
        """Fills anew where the phonemizer holds the last clause: buffers of its own, and the stack of its thread.

        For each thread that has spoken.  Takes a few milliseconds.
        """
        self._piper.phonemize(WATER)

    def pronounce(self, text: str, rate: float = 1.0, run: onnxruntime.RunOptions | None = None) -> NDArray[np.float32]:
        """Samples at `rate_hz`, shape (n,), about -1..1; raises when `run.terminate` is set meanwhile."""
        known = self._piper.config
        id_of = known.phoneme_id_map
        padded = ((*id_of[sound], *id_of["_"]) for sound in self.phonemes(text) if sound in id_of)
        ids = [*id_of["^"], *id_of["_"], *itertools.chain.from_iterable(padded), *id_of["$"]]
        inputs = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([known.noise_scale, known.length_scale / rate, known.noise_w_scale], np.float32),
        }
        return np.asarray(self._session.run(None, inputs, run)[0], np.float32).reshape(-1)


@final
class PiperSpeech:
    """The port `TextToSpeech`: one voice at one speaking rate.  Voice and pool may serve several.

    Holds the first clauses of our own material that it was told to, as they sound; of what is said in a call nothing.
    """

    __slots__ = ("_held", "_late_s", "_pool", "_rate", "_voice")

    def __init__(self, voice: Voice, pool: SpeechPool, *, rate: float = 1.0, late_s: float = LATE_S) -> None:
        """rate: 1 is the voice's own, 0.85 is slower."""
        if not SLOWEST <= rate <= FASTEST:
            raise ValueError("the speaking rate is out of range")
        self._voice: Final = voice
        self._pool: Final = pool
        self._rate: Final = rate
        self._late_s: Final = late_s
        self._held: Final[dict[str, Int16]] = {}  # clause -> samples, shape (frames, FRAME_SAMPLES)

    def speak(self, text: Sayable, *, after_ms: int = 0, rate: float = 1.0) -> Clip:
        """Frames of `text`.  Synthesis begins at the call, not at the first frame asked for.

        after_ms: sound of this call that is heard before it; a clause due later waits for one due now.
        rate: times this voice's own; what is held is at that, and not used at another.
        """
        pieces = _pieces(text)
        may_be_held = len(pieces) and text.source is not Source.MODEL and rate == 1.0
        held = self._held.get(pieces[0]) if may_be_held else None
        opening = () if held is None else tuple(map(AudioFrame, held))
        rest = [PHI(piece) for piece in (pieces[1:] if len(opening) else pieces)]
        submit = functools.partial(self._submit, rate=rate)
        return Clip(rest, submit, time.monotonic() + after_ms / 1000, self._late_s, opening)

    async def keep_opening(self, text: Sayable) -> None:
        """See `agent.openings.SpeaksAhead`."""
        if text.source is Source.MODEL:
            raise ValueError("only our own material is held")
        pieces = _pieces(text)
        if not len(pieces) or pieces[0] in self._held:
            return
        job = self._submit(PHI(pieces[0]), math.inf)
        try:
            told = await job.done
        finally:
            job.drop()
        if isinstance(told, EngineReason):
            raise EngineFailed(told)
        if len(told):
            self._held[pieces[0]] = np.stack([frame.reveal() for frame in told])

    @property
    def openings(self) -> int:
        """Clauses that are held."""
        return len(self._held)

    @property
    def openings_bytes(self) -> int:
        """What their samples take: 16 kB a second."""
        return sum(sound.nbytes for sound in self._held.values())

    def _submit(self, words: PHI[str], due_s: float, rate: float = 1.0) -> Job:
        wanted = min(max(self._rate * rate, SLOWEST), FASTEST)
        return self._pool.submit(words, functools.partial(self._synthesise, wanted), due_s)

    def _synthesise(self, rate: float, text: str, run: onnxruntime.RunOptions) -> Frames:
        sound = self._voice.pronounce(spoken(text), rate, run)
        return tuple(frames_of(telephone(sound, self._voice.rate_hz, text)))


def _pieces(text: Sayable) -> list[str]:
    return [piece for sentence in sentences_of(text.text.reveal()) for piece in clauses(sentence)]


@final
class Clip(AsyncIterator[AudioFrame]):
    """The frames of one text, clause after clause.

    The first clause is in the pool from the start, or there is `opening`, which sounds before it; each later one goes
    there when the one before it has been synthesised, so that it is ready while that one still plays.
    """

    __slots__ = ("_due_s", "_frames", "_job", "_late_s", "_pieces", "_submit")

    def __init__(
        self,
        pieces: Sequence[PHI[str]],
        submit: Callable[[PHI[str], float], Job],
        due_s: float,
        late_s: float,
        opening: Frames = (),
    ) -> None:
        self._pieces: Final = deque(pieces)
        self._submit: Final = submit
        self._late_s: Final = late_s
        self._due_s = due_s + len(opening) * FRAME_MS / 1000
        self._frames: Final = deque(opening)
        self._job: Job | None = None
        self._next()

    def __aiter__(self) -> Clip:
        return self

    async def __anext__(self) -> AudioFrame:
        """Raises `EngineFailed`."""
        while not len(self._frames):
            if self._job is None:
                raise StopAsyncIteration
            told = await self._told(self._job)
            if isinstance(told, EngineReason):
                await self.aclose()
                raise EngineFailed(told)
            self._frames.extend(told)
            self._due_s = max(self._due_s, time.monotonic()) + len(told) * FRAME_MS / 1000
            self._next()
        return self._frames.popleft()

    async def aclose(self) -> None:
        """Abandons what has not been synthesised."""
        self._pieces.clear()
        self._frames.clear()
        if self._job is not None:
            self._job.drop()
            self._job = None

    def _next(self) -> None:
        self._job = self._submit(self._pieces.popleft(), self._due_s) if len(self._pieces) else None

    async def _told(self, job: Job) -> Frames | EngineReason:
        done, _ = await asyncio.wait((job.done,), timeout=self._late_s)
        if not done:
            return EngineReason.LATE
        return () if job.done.cancelled() else job.done.result()  # closed meanwhile by somebody else: it just ends

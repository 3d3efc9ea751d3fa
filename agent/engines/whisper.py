"""Speech to text with Whisper on CTranslate2, off the event loop, in a bounded pool that gives each call its share.

Nothing is written and nothing of a call stays: no temporary file, no previous text, no cache of words.
The encoder is given the speech and little silence, not 30 s; what then looks like a decoder's loop is heard again in
the full window.  Speech longer than one window is cut where it is quietest, and all of it is heard.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, final

import ctranslate2
import numpy as np
import soxr
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from agent.engines.denoise import floor_dbfs, quieted
from agent.engines.models import ModelFiles, ModelFileWrong, ModelReason, activity_file
from agent.engines.ports import Bias, EngineFailed, EngineReason, Speech, Transcript, Urgency
from agent.engines.priority import give_way
from agent.engines.queueing import FairQueue, QueueFull
from agent.engines.silero import Silero
from agent.engines.windows import (
    FULL,
    MEL_FRAME_MS,
    Window,
    darkened,
    looped,
    loudest_dbfs,
    pieces,
    suspicious,
    token_cap,
    without_loop,
)
from policies.phi import PHI, Utterance
from policies.scope import Route
from policies.urgency import Urgency as Alarm
from telephony.audio import RATE_HZ, Int16

MODEL_HZ: Final = 16_000  # Whisper's rate
LONGEST_PIECE_MS: Final = 28_000  # one window of 30 s with some silence after the words
SHORTEST_PIECE_MS: Final = 16_000
QUIETER_PRIORITY: Final = 5  # nice value of the model's threads: the audio loop runs before them
WINDOW: Final = Window(1200, 100)
USUAL_SUPPRESSED: Final = -1  # CTranslate2: the model's own list of tokens that are not speech
BIAS_TOKENS: Final = 90  # of the 223 that Whisper's prompt may take; each token costs decoding time
UNDERSTOOD_WORDS: Final = 40  # about what the sentence model reads of a text (policies.meaning.TOKENS)
BIAS_END: Final = "I have a question about my medicine."


@dataclass(frozen=True, slots=True)
class WhisperSettings:
    """How the recogniser is run; the defaults are reasoned in docs/decisions/0002-recogniser.md."""

    workers: int = 2
    """Transcripts made at once."""
    threads_per_worker: int = 1
    beam: int = 5
    window: Window = WINDOW
    darken_db: float = 2.0
    """Treble taken away, dB an octave: the telephone's own rise."""
    noisy_dbfs: float = -48.0
    """Where the floor of what is heard is louder, some of its steady noise is taken away first."""
    silent_dbfs: float = -55.0
    """Where not even the loudest 100 ms reach this level, nobody spoke."""
    least_speech: float = 0.45
    """Where Silero's probability never reaches this, nobody spoke.  Noise reaches 0.37, people 0.54 (0002)."""
    no_speech: float = 0.6
    """Whisper's own: at this probability of no speech, words it is unsure of are not words."""
    unsure_logprob: float = -1.0
    """Whisper's own: mean log probability below which a transcript is a guess."""
    waiting: int = 48
    """Requests that may wait: eight calls with a final, a speculation and a snapshot each, twice over."""
    late_s: float = 8.0
    """A transcript that has not come by then is given up."""

    def __post_init__(self) -> None:
        good = 1 <= self.workers <= 16 and 1 <= self.threads_per_worker <= 16 and 1 <= self.beam <= 10
        if not (good and 1 <= self.waiting <= 1024 and self.late_s > 0):
            raise ValueError("a setting of the recogniser is out of range")


Numbers = PHI[NDArray[np.float32]]
Understand = Callable[[PHI[str]], Numbers]
Read = Callable[[PHI[str]], tuple[Numbers, Numbers]]
Hear = Callable[[Speech, Bias | None], Transcript]
"""Blocks until the words are there; called in a worker thread."""
Told = Transcript | EngineReason
NOTHING: Final = ""


PLAINLY_ENGLISH: Final = -0.45
"""At this mean log probability of the words nothing asks for the language, which costs 12 ms.  Italian, Catalan, Czech,
Russian and Spanish voices were heard as English words at -0.49 to -1.4."""
LEAST_ENGLISH: Final = 0.2
"""Whisper's probability of English below which it is none.  Those voices came to 0.16 at most but for the Spanish one,
in noise too; American and Scottish ones to 0.36 at least, but for a Spanish dish."""
SHORTEST_TO_TELL_S: Final = 1.5


class _Piece(NamedTuple):
    """What was heard in up to 28 s."""

    text: str
    logprob: float
    no_speech: float
    retried: bool
    foreign: bool


def nobody_spoke() -> Transcript:
    """What is told of silence and noise."""
    return Transcript(Utterance(PHI(NOTHING), doubtful=False), mean_logprob=0.0, no_speech=1.0)


@final
class Whisper:
    """A loaded model.  `hear` blocks and may be called from several threads."""

    def __init__(
        self,
        files: ModelFiles,
        settings: WhisperSettings,
        silero: Silero | None = None,
        understand: Understand | None = None,
        read: Read | None = None,
    ) -> None:
        """Loads from memory.  Raises `ModelFileWrong`.  Call it in a thread of its own, see `WhisperPool.load`.

        understand: gives what the words mean, read: how urgent they are and which way they go; in the same thread.
        """
        self._settings: Final = settings
        self._understand: Final = understand
        self._read: Final = read
        self._silero: Final = silero or Silero(activity_file())
        loaded: WhisperModel | None = None
        try:
            loaded = WhisperModel(
                files.name,
                device="cpu",
                compute_type="int8",
                cpu_threads=settings.threads_per_worker,
                num_workers=settings.workers,
                files=dict(files.files),
            )
        except Exception:  # noqa: BLE001  # CTranslate2 raises what it likes
            loaded = None
        if loaded is None:
            raise ModelFileWrong(
                ModelReason.UNFIT, f"The model {files.name} is not a Whisper model that CTranslate2 can load."
            )
        loaded.hf_tokenizer.model._resize_cache(0)  # noqa: SLF001  # else a bias's words stay in it
        self._model: Final[Any] = loaded.model
        self._features: Final[Any] = loaded.feature_extractor
        tokens: Any = Tokenizer(loaded.hf_tokenizer, loaded.model.is_multilingual, task="transcribe", language="en")
        self._tokens: Final = tokens
        hyphens = (token for token in range(tokens.eot) if tokens.decode([token]).strip().startswith("-"))
        self._unsaid: Final = [USUAL_SUPPRESSED, *hyphens]

    def hear(self, speech: Speech, bias: Bias | None) -> Transcript:
        """The words of the speech, empty where nobody spoke."""
        pcm = speech.reveal()
        if loudest_dbfs(pcm) < self._settings.silent_dbfs or self._silero.most(pcm) < self._settings.least_speech:
            return nobody_spoke()
        prompt = self._prompt(bias)
        heard = [self._piece(piece, prompt) for piece in pieces(pcm, LONGEST_PIECE_MS, SHORTEST_PIECE_MS)]
        said = [one for one in heard if one.text]
        if not said:
            return Transcript(
                Utterance(PHI(NOTHING), doubtful=False),
                min(one.logprob for one in heard),
                max(one.no_speech for one in heard),
                any(one.retried for one in heard),
            )
        logprob = min(one.logprob for one in said)
        doubtful = logprob < self._settings.unsure_logprob
        words = PHI(" ".join(one.text for one in said))
        foreign = all(one.foreign for one in said)
        return Transcript(
            Utterance(words, doubtful, self._meaning(words), *self._judged(words), hardly_english=foreign),
            logprob,
            max(one.no_speech for one in said),
            any(one.retried for one in heard),
        )

    def _meaning(self, words: PHI[str]) -> PHI[NDArray[np.float32]] | None:
        """Of the end of the turn, where the question is.  Without it words alone decide: a transcript is never lost."""
        if self._understand is None:
            return None
        try:
            return self._understand(words.map(lambda text: " ".join(text.split()[-UNDERSTOOD_WORDS:])))
        except Exception:  # noqa: BLE001  # whatever failed, what it says is dropped
            return None

    def _judged(self, words: PHI[str]) -> tuple[Numbers | None, Numbers | None]:
        """What can't be worked out is not known: a nurse's (`urgency.heard_as`), and not answered (`scope.routed`)."""
        if self._read is None:
            return None, None
        try:
            return self._read(words)
        except Exception:  # noqa: BLE001  # whatever failed, what it says is dropped
            unknown = PHI(np.full(max(len(Alarm), len(Route)), np.nan, np.float32))
            return unknown, unknown

    def _prompt(self, bias: Bias | None) -> list[int]:
        begin: list[int] = [*self._tokens.sot_sequence, self._tokens.no_timestamps]
        words = bias.words.reveal() if bias is not None else ()
        if not words:
            return begin
        # whole sentences, not a list: what is decoded takes on the hint's style, and a hint that breaks off inside a
        # list is taken for one to go on with
        for fewer in range(len(words), 0, -1):
            said = f" Hello. I came home from the hospital. I take {', '.join(words[:fewer])}. {BIAS_END}"
            hint: list[int] = self._tokens.encode(said)
            if len(hint) <= BIAS_TOKENS:
                return [self._tokens.sot_prev, *hint, *begin]
        return begin

    def _piece(self, pcm: Int16, prompt: list[int]) -> _Piece:
        """Of at most 28 s."""
        if floor_dbfs(pcm) > self._settings.noisy_dbfs:
            pcm = quieted(pcm)
        dark = darkened(pcm.astype(np.float32) / 32768.0, RATE_HZ, self._settings.darken_db)
        sound = soxr.resample(dark, RATE_HZ, MODEL_HZ, quality="HQ").astype(np.float32)
        cap = token_cap(len(pcm) * 1000 // RATE_HZ)
        tokens, logprob, no_speech, foreign = self._decode(sound, self._settings.window, prompt, cap)
        text = self._text(tokens)
        retried = suspicious(text, len(tokens), cap)
        if retried:
            tokens, logprob, no_speech, foreign = self._decode(sound, FULL, prompt, cap)
            text = self._text(tokens)
            words = text.split()
            if looped(words):
                text = " ".join(without_loop(words))
                logprob = min(logprob, self._settings.unsure_logprob - 1.0)
        if no_speech > self._settings.no_speech and logprob < self._settings.unsure_logprob:
            text = NOTHING
        return _Piece(text, logprob, no_speech, retried, foreign)

    def _text(self, tokens: list[int]) -> str:
        words: str = self._tokens.decode([token for token in tokens if token < self._tokens.eot])
        return " ".join(words.split())

    def _decode(
        self, sound: NDArray[np.float32], window: Window, prompt: list[int], cap: int
    ) -> tuple[list[int], float, float, bool]:
        """Tokens, mean log probability, probability of no speech, and is it another language than English."""
        hop = MODEL_HZ * MEL_FRAME_MS // 1000
        frames = window.frames(-(-len(sound) // hop))
        shown = np.zeros(frames * hop, np.float32)  # silence as sound, not as zeros of the spectrum: what Whisper knows
        shown[: len(sound)] = sound[: len(shown)]
        mel: NDArray[np.float32] = self._features(shown, padding=0)[None, :, :frames]
        encoded = self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(mel)))
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=self._settings.beam,
            max_length=cap + len(prompt),  # CTranslate2 counts the prompt in
            suppress_tokens=self._unsaid,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        logprob = float(result.scores[0])
        foreign = (
            self._model.is_multilingual
            and logprob < PLAINLY_ENGLISH
            and len(sound) >= SHORTEST_TO_TELL_S * MODEL_HZ
            and dict(self._model.detect_language(encoded)[0])["<|en|>"] < LEAST_ENGLISH
        )
        return list(result.sequences_ids[0]), logprob, float(result.no_speech_prob), foreign


@final
class _Job:
    """One request that waits for, or is in, the pool."""

    __slots__ = ("begun", "bias", "call", "done", "loop", "speech", "urgency", "waiters")

    def __init__(
        self, speech: Speech, bias: Bias | None, call: int, urgency: Urgency, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.speech: Final = speech
        self.bias: Final = bias
        self.call: Final = call
        self.urgency = urgency
        self.loop: Final = loop
        self.done: Final[asyncio.Future[Told]] = loop.create_future()
        self.waiters = 0
        self.begun = False

    def tell(self, told: Told) -> None:
        """From any thread; a loop that is gone has nobody left to tell."""

        def settle() -> None:
            if not self.done.done():
                self.done.set_result(told)

        try:
            self.loop.call_soon_threadsafe(settle)
        except RuntimeError:
            return


@final
class WhisperPool:
    """The `SpeechToText` port: worker threads in front of one model.

    Final before speculative before snapshot; within one urgency calls take turns.  Of several workers snapshots never
    hold all.  Asking for the same `Speech` object again joins the request that waits or runs, and raises its urgency.
    """

    def __init__(self, hear: Hear, settings: WhisperSettings) -> None:
        """`hear` is `Whisper.hear`, or a test's own function."""
        self._hear: Final = hear
        self._settings: Final = settings
        self._wake: Final = threading.Condition()
        self._queue: Final[FairQueue[_Job]] = FairQueue(settings.waiting)
        self._jobs: Final[list[_Job]] = []
        self._snapshots = 0
        self._closing = False
        self._threads: Final = tuple(
            threading.Thread(target=self._work, name=f"recogniser-{number}", daemon=True)
            for number in range(settings.workers)
        )
        for thread in self._threads:
            thread.start()

    @classmethod
    def load(
        cls,
        files: ModelFiles,
        settings: WhisperSettings,
        silero: Silero | None = None,
        understand: Understand | None = None,
        read: Read | None = None,
    ) -> WhisperPool:
        """Blocks for about a second.  Raises `ModelFileWrong`.

        CTranslate2 makes its threads while it loads, and they keep the priority of the thread that does it.
        """
        made: list[Whisper | ModelFileWrong] = []

        def build() -> None:
            give_way(QUIETER_PRIORITY)
            try:
                made.append(Whisper(files, settings, silero, understand, read))
            except ModelFileWrong as wrong:
                made.append(wrong)

        builder = threading.Thread(target=build, name="recogniser-load")
        builder.start()
        builder.join()
        model = made[0] if made else ModelFileWrong(ModelReason.UNFIT, f"The model {files.name} could not be loaded.")
        if isinstance(model, ModelFileWrong):
            raise model
        return cls(model.hear, settings)

    async def transcribe(self, speech: Speech, *, call: int, urgency: Urgency, bias: Bias | None = None) -> Transcript:
        """See `SpeechToText`.  Raises `EngineFailed`: OVERLOADED, LATE, BROKEN, or CUT when the pool closes."""
        job = self._join(speech, call, urgency) or self._enter(speech, call, urgency, bias)
        told: Told = EngineReason.LATE
        try:
            async with asyncio.timeout(self._settings.late_s):
                told = await asyncio.shield(job.done)
        except TimeoutError:
            told = EngineReason.LATE
        finally:
            self._leave(job)
        if isinstance(told, EngineReason):
            raise EngineFailed(told)
        return told

    def close(self) -> None:
        """What waits is told CUT, what runs is finished.  Blocks until the workers have ended, a second or two."""
        with self._wake:
            self._closing = True
            left = self._queue.clear()
            self._wake.notify_all()
        for job in left:
            job.tell(EngineReason.CUT)
        for thread in self._threads:
            thread.join(self._settings.late_s)

    def _join(self, speech: Speech, call: int, urgency: Urgency) -> _Job | None:
        with self._wake:
            for job in self._jobs:
                if job.speech is speech and job.call == call and not job.done.done():
                    job.waiters += 1
                    if urgency < job.urgency and self._queue.remove(job, call, job.urgency):
                        job.urgency = urgency
                        self._queue.put(job, call, urgency)
                        self._wake.notify()
                    return job
        return None

    def _enter(self, speech: Speech, call: int, urgency: Urgency, bias: Bias | None) -> _Job:
        job = _Job(speech, bias, call, urgency, asyncio.get_running_loop())
        refused: EngineReason | None = None
        gone: _Job | None = None
        with self._wake:
            if self._closing:
                refused = EngineReason.CUT
            else:
                try:
                    gone = self._queue.put(job, call, urgency)
                except QueueFull:
                    refused = EngineReason.OVERLOADED
            if refused is None:
                job.waiters = 1
                self._jobs.append(job)
                self._wake.notify()
        if refused is not None:
            raise EngineFailed(refused)
        if gone is not None:
            gone.tell(EngineReason.OVERLOADED)
        return job

    def _leave(self, job: _Job) -> None:
        with self._wake:
            job.waiters -= 1
            if job.waiters <= 0:
                self._queue.remove(job, job.call, job.urgency)
                if job in self._jobs:
                    self._jobs.remove(job)

    def _next(self) -> _Job | None:
        """Waits for a request; None when the pool closes."""
        with self._wake:
            while not self._closing:
                crowded = self._snapshots > 0 and self._snapshots >= self._settings.workers - 1
                job = self._queue.take(Urgency.SPECULATIVE if crowded else Urgency.SNAPSHOT)
                if job is not None:
                    job.begun = True
                    self._snapshots += job.urgency is Urgency.SNAPSHOT
                    return job
                self._wake.wait()
        return None

    def _work(self) -> None:
        while (job := self._next()) is not None:
            told: Told = EngineReason.BROKEN
            try:
                told = self._hear(job.speech, job.bias)
            except Exception:  # noqa: BLE001  # whatever it is, it may hold words
                told = EngineReason.BROKEN
            with self._wake:
                if job.urgency is Urgency.SNAPSHOT:
                    self._snapshots -= 1
                    self._wake.notify()
            job.tell(told)
            del job, told

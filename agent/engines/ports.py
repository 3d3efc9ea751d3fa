"""The four ports: what a model must be able to do to serve the line.

Every engine runs its work off the event loop and holds no state of any call.
"""

from __future__ import annotations

import enum
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI, Sensitive, Utterance
from telephony.audio import RATE_HZ, AudioFrame, Int16


class VoiceActivity(Protocol):
    """Is somebody speaking in these 20 ms?  One object a leg: it may hold the line's noise."""

    def is_speech(self, frame: AudioFrame) -> bool: ...

    @property
    def lag_ms(self) -> int:
        """How much later than on a quiet line it notices silence."""
        ...


@final
class Speech(Sensitive):
    """What a caller said so far in this turn, as sound: 8 kHz, mono, int16."""

    __slots__ = ("_pcm",)

    def __init__(self, pcm: Int16) -> None:
        self._pcm = pcm

    def reveal(self) -> Int16:
        """The samples, shape (n,) at 8 kHz."""
        return self._pcm

    @property
    def duration_ms(self) -> int:
        return len(self._pcm) * 1000 // RATE_HZ


class Urgency(enum.IntEnum):
    """What a transcript is for; the pool serves a lower value first and drops no `FINAL`."""

    FINAL = 0
    """The turn has ended, the caller is waiting."""
    SPECULATIVE = 1
    """The turn has probably ended: the same speech will most likely be wanted as final."""
    SNAPSHOT = 2
    """The caller still speaks, or speaks over the agent; read by the clinical layer and by turn-taking."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Transcript(Sensitive):
    """What was recognised.  `said.words` is empty where nobody spoke: no text is invented on silence or noise."""

    said: Utterance
    mean_logprob: float
    """Mean natural-log probability of the tokens; 0 is certainty, below about -1 is a guess."""
    no_speech: float
    """Whisper's probability that the sound holds no speech, 0..1."""
    retried: bool = False
    """The first reading looked like a decoder's loop; this is the second."""

    __hash__ = None  # see Sensitive


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Bias(Sensitive):
    """Words that matter in this call (drug names of the material, later the patient's own list)."""

    words: PHI[tuple[str, ...]]

    __hash__ = None  # see Sensitive


class SpeechToText(Protocol):
    """Speech in, words out.  `call` is an opaque number: the pool gives each call a fair share."""

    async def transcribe(self, speech: Speech, *, call: int, urgency: Urgency, bias: Bias | None = None) -> Transcript:
        """Cancelling the caller drops the work if it has not begun.  Raises `EngineFailed`."""
        ...


class LanguageModel(Protocol):
    """Words in, tokens out; the last turn is the caller's."""

    def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """Pieces of the reply as they come.  Raises `EngineFailed`; closing the iterator ends the request.

        opened: the approved passage that the reply is to be taken from.
        """
        ...


class Sound(Protocol):
    """The frames of one text, in order, as they are synthesised."""

    def __aiter__(self) -> Sound: ...

    async def __anext__(self) -> AudioFrame:
        """Raises `EngineFailed`."""
        ...

    async def aclose(self) -> None:
        """Abandons what has not been synthesised."""
        ...


class TextToSpeech(Protocol):
    """One sentence or clause in, 20 ms frames of 8 kHz out."""

    def speak(self, text: Sayable, *, after_ms: int = 0, rate: float = 1.0) -> Sound:
        """Synthesis begins at the call.  after_ms: sound of this call that will be heard before it.

        rate: times the agent's own speaking rate, as its caller has asked for (`agent.delivery`).
        """
        ...


class EngineReason(enum.Enum):
    """Why an engine could not serve; closed, counted by the metrics."""

    LATE = "late"
    OVERLOADED = "overloaded"
    REFUSED = "refused"
    CUT = "cut"
    BROKEN = "broken"
    MODEL_FILE = "model_file"


class EngineFailed(Exception):
    """An engine gave no result.  Holds a reason and never a word, a status text or a cause."""

    def __init__(self, reason: EngineReason) -> None:
        super().__init__(reason.value)
        self.reason = reason

"""What one call is given: its engines, what its agent may say, and its bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.agenda import Asking
from agent.disclosing import Disclosure
from agent.engines.ports import Bias, SpeechToText, TextToSpeech, VoiceActivity
from agent.patients import PatientRecords
from agent.phrases import Phrase
from agent.replying import Voices
from agent.stopping import OptOut
from policies.guardrails import Sayable
from policies.redflags import RedFlags
from policies.retention import Retention
from telephony.audio import AudioFrame


@dataclass(frozen=True, slots=True)
class Engines:
    """The models of the process, shared by its calls."""

    vad: Callable[[], VoiceActivity]
    stt: SpeechToText
    tts: TextToSpeech
    ready: Callable[[Sayable], Sequence[AudioFrame] | None]
    """Fixed wording synthesised at start."""


@dataclass(frozen=True, slots=True)
class Script:
    """What one agent may say, and what it must not miss."""

    voices: Voices
    disclosures: Mapping[Retention, Disclosure]
    """Its greeting and closing, for each level of retention."""
    red_flags: RedFlags
    bias: Bias | None
    asking: Asking | None = None
    """What must be asked before a goodbye."""
    returned: Sayable | None = None
    """Said in place of the greeting to a caller whose nurse has left the line."""
    records: PatientRecords | None = None
    """None: callers are not identified, and hear general approved information only."""

    opt_out: OptOut | None = None
    """For who has called us; None where the line places no calls."""
    stop: Callable[[], None] | None = None
    """In a call that we placed: holds that she wants no more of them, at once and as often as she says so."""

    def reached(self) -> Script:
        """For a patient whom we called, once she is known: the disclosure, why we call, and the first question."""
        phrases, asking = self.voices.phrases, self.asking
        asked = () if asking is None or not asking.items else (asking.items[0].question,)
        opening = {
            level: replace(
                disclosure,
                greeting=(
                    phrases[Phrase.REACHED],
                    disclosure.greeting[disclosure.held - 1],
                    phrases[Phrase.CALLED_FOR],
                    *(asked or (phrases[Phrase.SILENCE_1],)),
                ),
                held=2,
            )
            for level, disclosure in self.disclosures.items()
        }
        begins = None if asking is None or not asked else replace(asking, begins=True)
        return replace(self, disclosures=opening, asking=begins)

    def back(self) -> Script:
        """For a caller who was greeted before, and comes back from a nurse who has left the line."""
        if self.returned is None:
            return self
        again = {
            level: replace(disclosure, greeting=(self.returned,), held=1)
            for level, disclosure in self.disclosures.items()
        }
        return replace(self, disclosures=again, asking=None)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call."""

    call_ms: int = 30 * 60 * 1000
    parting_ms: int = 30_000  # a parting line whose mark never comes back must not hold the line open

"""Fixed wording, synthesised once at start, so that it is heard at once and always sounds the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from agent.engines.ports import TextToSpeech
from policies.guardrails import Sayable, Source
from telephony.audio import AudioFrame


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Frames by fixed text; 16 kB a second of speech."""

    sounds: Mapping[str, Sequence[AudioFrame]]

    @classmethod
    async def spoken_by(cls, tts: TextToSpeech, phrases: Iterable[Sayable]) -> PhraseBook:
        """Every phrase in turn.  phrases: fixed wording only, as a caller's words must not outlive the call.

        Raises `EngineFailed`, and `ValueError` for a sentence that is not fixed wording.
        """
        sounds: dict[str, Sequence[AudioFrame]] = {}
        for phrase in phrases:
            if phrase.source is not Source.FIXED:
                raise ValueError("only fixed wording is kept")
            text = phrase.text.reveal()
            if text not in sounds:
                sounds[text] = tuple([frame async for frame in tts.speak(phrase)])
        return cls(MappingProxyType(sounds))

    def ready(self, sentence: Sayable) -> Sequence[AudioFrame] | None:
        """The frames of fixed wording that was synthesised; None for all else."""
        return self.sounds.get(sentence.text.reveal()) if sentence.source is Source.FIXED else None

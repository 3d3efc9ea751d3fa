"""A caller's sound through the product's own ear, recogniser and guard, turn by turn as in a call.

Not the call itself: the agent is silent, and a transcript is there the moment it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from agent.completeness import Completeness, Expected, completeness, sounds_closed
from agent.endpointing import Ear, Endpointer, Reading
from agent.engines.models import DEFAULT_RECOGNISER, activity_file, recogniser_files
from agent.engines.ports import Bias, Speech, Transcript, Urgency
from agent.engines.silero import Silero
from agent.engines.webrtc import LineActivity
from agent.engines.whisper import WhisperPool, WhisperSettings
from agent.knowledge import Found, Knowledge, NotKnown, Unknown
from agent.prepare import MOST_BIAS_WORDS
from agent.second_hearing import SecondHearing
from policies.guardrails import found_in
from policies.meaning import Meaning
from policies.phi import PHI, Utterance
from policies.redflags import Finding, RedFlags
from policies.urgency import Urgency as Alarm
from policies.urgency import UrgencyReader
from telephony.audio import FRAME_SAMPLES, Int16, frames_of
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.wav import mulaw_decode, mulaw_encode

PATIENCE_S: Final = 300.0  # a busy machine shall not change what is heard
BEFORE_MS: Final = 3_000  # of the line alone: a greeting is about so long, and the ear learns the line's noise
AFTER_MS: Final = 6_000  # longer than the longest wait for the rest of a turn
PER_MS: Final = 8


@dataclass(slots=True)
class Engines:
    """All that hears, loaded once."""

    silero: Silero
    stt: WhisperPool
    knowledge: Knowledge
    rules: RedFlags
    bias: Bias | None

    @classmethod
    def load(cls, meaning: Meaning, reader: UrgencyReader, knowledge: Knowledge, rules: RedFlags) -> Engines:
        silero = Silero(activity_file())
        files = recogniser_files(DEFAULT_RECOGNISER, only_checked=True)
        stt = WhisperPool.load(files, WhisperSettings(late_s=PATIENCE_S), silero, meaning.vector, reader.read)
        drugs = knowledge.drugs()[:MOST_BIAS_WORDS]
        return cls(silero, stt, knowledge, rules, Bias(PHI(drugs)) if drugs else None)


@dataclass(slots=True)
class Hearing:
    """One caller's sound, and what became of it."""

    engines: Engines
    call: int
    ear: Endpointer = field(default_factory=Endpointer)
    found: Alarm = Alarm.ROUTINE
    """The gravest that a call would have acted on."""
    asked: bool = False
    """A symptom was heard in doubt: she would be asked."""
    turn: Utterance | None = None
    """The words of the last turn that ended; None while none has."""
    _latest: Transcript | None = None
    _second_hearing: SecondHearing = field(default_factory=SecondHearing)

    async def listen(self, pcm: Int16, around: Floor | None = None) -> None:
        """pcm: her sound alone, shape (n,) at 8 kHz; the line before and after is added.

        around: what is heard around her all the while, and the telephone's coding with it; None: a quiet line before
        and after, and her sound as it was recorded.
        """
        vad, floor = LineActivity(self.engines.silero), around or Floor(Conditions())
        before, after = BEFORE_MS * PER_MS, AFTER_MS * PER_MS
        whole = floor.between(0, before + len(pcm) + after)
        said = slice(before, before + len(pcm))
        if around is None:
            whole[said] = pcm
        else:
            loud = whole[said].astype(np.int32) + pcm
            whole[said] = np.clip(loud, -(2**15), 2**15 - 1)
            whole = mulaw_decode(mulaw_encode(whole))
        for frame in frames_of(whole[: len(whole) // FRAME_SAMPLES * FRAME_SAMPLES]):
            voiced = vad.is_speech(frame)
            self.ear.lag_ms = vad.lag_ms
            for noticed in self.ear.hear(frame, voiced):
                await self._noticed(noticed)

    async def _noticed(self, noticed: Ear) -> None:
        match noticed:
            case Ear.PAUSE:
                self._latest = await self._transcribe(self.ear.speech(), Urgency.SPECULATIVE)
                alarming = self._alarm(self._latest, over=False)
                self.ear.read(replace(self._reading(self._latest.said), alarming=alarming), self.ear.mark)
            case Ear.SNAPSHOT:
                self._alarm(await self._transcribe(self.ear.speech(), Urgency.SNAPSHOT), over=False)
            case Ear.TURN_OVER:
                self.ear.reopen()  # if she goes on, we had cut in, and it is one turn
                if self._latest is not None:
                    self.turn = self._latest.said
                    self._alarm(self._latest, over=True)

    async def _transcribe(self, speech: Speech, urgency: Urgency) -> Transcript:
        return await self.engines.stt.transcribe(speech, call=self.call, urgency=urgency, bias=self.engines.bias)

    def _alarm(self, heard: Transcript, *, over: bool) -> bool:
        """A symptom counts when the turn is over, an emergency too when it is heard twice.  True: heard, in doubt."""
        words = len(_words(heard.said))
        said = replace(heard.said, alarmed=over and self._second_hearing.once)
        finding: Finding = found_in(said, self.engines.rules) if words else Finding.nothing()
        danger = finding.urgency > Alarm.NURSE_NOW
        if danger and (over or self._second_hearing.stands(words)):
            self.found = max(self.found, finding.urgency)
        elif over and finding.urgency is Alarm.NURSE_NOW:
            if heard.said.doubtful:
                self.asked = True
            else:
                self.found = max(self.found, finding.urgency)
        if over or not danger:
            self._second_hearing.passed()
        if over:
            self._second_hearing.over()
        return danger

    def _reading(self, said: Utterance) -> Reading:
        count = len(_words(said))
        if not count:
            return Reading(Completeness.NOTHING, answerable=False, words=0)
        found = self.engines.knowledge.retrieve(said.words, "", said.meaning)
        return Reading(
            completeness(said.words, Expected.ANYTHING),
            isinstance(found, Found),
            count,
            found == NotKnown(Unknown.BACKGROUND),
            said.words.map(sounds_closed).reveal(),
        )


def _words(said: Utterance) -> list[str]:
    return said.words.reveal().split()

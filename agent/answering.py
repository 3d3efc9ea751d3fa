"""Who, or what, has picked up a call that we placed: a person, a machine, its beep.  Audio time; sans-IO.

One `Answering` a call, from its first frame.  A person says a few words and waits; a machine goes on.  Words of a
transcript, where there is one, can make a machine of either (`read`), and a beep says that a machine records now.  A
later verdict replaces an earlier one: what sounded like a person may turn out to be a machine that paused.

    greeting <= 2.5 s, then 0.5 s of silence -> HUMAN      longer -> MACHINE ... tone -> BEEP
    nothing for 10 s, or nothing clear for 20 s -> UNKNOWN, which is treated as a person who has said nothing

No carrier's detection is asked for: that would hold the stream back for seconds, or fork the sound.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np

from policies.phi import PHI
from policies.who_answered import greets_as_machine
from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, AudioFrame, Int16, level_dbfs


class Answered(enum.Enum):
    """What picked up."""

    HUMAN = "human"
    MACHINE = "machine"
    BEEP = "beep"
    """A machine's tone has just ended: it records."""
    UNKNOWN = "unknown"
    """Nobody can tell: treated as a person, and nothing that identifies anybody is said."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """Milliseconds of audio, hertz and decibels.  First values from the telephony dossier, section 1.5."""

    greeting_ms: int = 2_500  # a person's "Hello, Lopez residence" is shorter
    silence_ms: int = 500  # after it: a person waits for an answer
    nothing_ms: int = 10_000  # without a word
    total_ms: int = 20_000
    voiced_ms: int = 100  # speech in a greeting; less is a click or a breath
    beep_ms: int = 150  # the shortest beep of common machines
    longest_beep_ms: int = 3_000  # what goes on is a fault tone or music
    lowest_hz: float = 400.0
    highest_hz: float = 2_000.0
    drift_hz: float = 20.0  # a voice's pitch moves by more within 150 ms
    share: float = 0.8  # of the sound's power that lies in one tone: 6 dB above all else
    quietest_dbfs: float = -45.0


WINDOW: Final = 2 * FRAME_SAMPLES
"""Samples of one look at the spectrum: 40 ms, lines of 25 Hz."""
_HANN: Final = np.hanning(WINDOW)
_LINE_HZ: Final = RATE_HZ / WINDOW
_WIDTH: Final = 2  # lines to each side that a steady tone fills behind a Hann window
_LOWEST_LINE: Final = round(200 / _LINE_HZ)  # below it lies hum of the mains


def tone_hz(pcm: Int16, hearing: Hearing) -> float | None:
    """The one tone that makes up this sound, in hertz; None where it is anything else.  pcm: shape (`WINDOW`,)."""
    if level_dbfs(pcm) < hearing.quietest_dbfs:
        return None
    power = np.abs(np.fft.rfft(pcm.astype(np.float64) * _HANN)) ** 2
    power[:_LOWEST_LINE] = 0.0
    peak = int(np.argmax(power))
    near = slice(max(peak - _WIDTH, 0), peak + _WIDTH + 1)
    total = float(power.sum())
    if total <= 0.0 or float(power[near].sum()) < hearing.share * total:
        return None
    lines = np.arange(len(power))[near]
    hz = float((lines * power[near]).sum() / power[near].sum()) * _LINE_HZ
    return hz if hearing.lowest_hz <= hz <= hearing.highest_hz else None


class Answering:
    """One call's.  Holds the last 20 ms of sound, and counts."""

    __slots__ = ("_hearing", "_last", "_now_ms", "_speech_from_ms", "_speech_to_ms", "_tone", "_voiced_ms", "verdict")

    def __init__(self, hearing: Hearing | None = None) -> None:
        self.verdict: Answered | None = None
        """The latest; None while nothing is known."""
        self._hearing: Final = hearing or Hearing()
        self._now_ms = 0
        self._last: AudioFrame | None = None
        self._tone: list[float] = []
        self._speech_from_ms: int | None = None
        self._speech_to_ms = 0
        self._voiced_ms = 0

    @property
    def quiet_ms(self) -> int:
        """How long nobody, and no machine, has spoken."""
        return self._now_ms - self._speech_to_ms

    def hear(self, frame: AudioFrame, speech: bool) -> Answered | None:  # as `Endpointer.hear` takes it
        """The verdict that these 20 ms bring, if they bring a new one.  speech: what the activity detector says."""
        self._now_ms += FRAME_MS
        if self._beeped(frame):
            return self._now(Answered.BEEP)
        if speech and not self._in_tone():
            self._spoken()
        return self._judged()

    def read(self, words: PHI[str]) -> Answered | None:
        """The same for a transcript of the greeting so far.  Keeps nothing of it."""
        if self.verdict is not Answered.BEEP and words.map(greets_as_machine).reveal():
            return self._now(Answered.MACHINE)
        return None

    def _spoken(self) -> None:
        if self._speech_from_ms is None:
            self._speech_from_ms = self._now_ms - FRAME_MS
            self._voiced_ms = 0
        self._speech_to_ms = self._now_ms
        self._voiced_ms += FRAME_MS

    def _judged(self) -> Answered | None:
        hearing = self._hearing
        if self.verdict in (Answered.MACHINE, Answered.BEEP):
            return None
        if self._speech_from_ms is not None:
            if self._speech_to_ms - self._speech_from_ms > hearing.greeting_ms:
                return self._now(Answered.MACHINE)
            if self.quiet_ms >= hearing.silence_ms:
                voiced, self._speech_from_ms = self._voiced_ms, None
                return self._now(Answered.HUMAN) if voiced >= hearing.voiced_ms else None
        elif self.verdict is None and self._now_ms >= hearing.nothing_ms:
            return self._now(Answered.UNKNOWN)
        return self._now(Answered.UNKNOWN) if self.verdict is None and self._now_ms >= hearing.total_ms else None

    def _now(self, verdict: Answered) -> Answered | None:
        if verdict is self.verdict:
            return None
        self.verdict = verdict
        return verdict

    def _in_tone(self) -> bool:
        return len(self._tone) * FRAME_MS >= self._hearing.beep_ms

    def _beeped(self, frame: AudioFrame) -> bool:
        """A tone of a beep's length has just ended."""
        before, self._last = self._last, frame
        if before is None:
            return False
        hz = tone_hz(np.concatenate([before.reveal(), frame.reveal()]), self._hearing)
        if hz is not None and (not self._tone or abs(hz - float(np.median(self._tone))) <= self._hearing.drift_hz):
            self._tone.append(hz)
            if self._in_tone():
                self._take_back(len(self._tone) * FRAME_MS)
            return False
        lasted_ms = (len(self._tone)) * FRAME_MS
        self._tone = [] if hz is None else [hz]
        return self._hearing.beep_ms <= lasted_ms <= self._hearing.longest_beep_ms

    def _take_back(self, lasted_ms: int) -> None:
        """The tone was no speech, whatever the activity detector made of its beginning."""
        began_ms = self._now_ms - lasted_ms - FRAME_MS
        if self._speech_from_ms is not None and self._speech_from_ms >= began_ms - FRAME_MS:
            self._speech_from_ms = None
        self._speech_to_ms = min(self._speech_to_ms, max(began_ms, 0))

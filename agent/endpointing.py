"""Where a turn begins and ends, in audio time; sans-IO.

One `Endpointer` a leg.  Each 20 ms frame goes in with what the voice activity detector said of it; what comes out are
onsets, pauses (the moment to recognise ahead), snapshots of a long turn, and the end of the turn.  The end is decided
from three things together: how long the silence is, how complete the words so far are (`read()`), and how this caller
pauses (`Pace`).

    onset -> ... speech ... -> pause (recognise ahead) -> read(completeness) -> turn over
                                  \\-> resumed -> ... the same turn
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from agent.completeness import Completeness
from agent.echo import EchoGate
from agent.engines.ports import Speech
from agent.strain import Strain
from telephony.audio import FRAME_MS, SILENCE_DBFS, AudioFrame, Int16, level_dbfs


class Ear(enum.Enum):
    """What the endpointer noticed."""

    ONSET = "onset"
    PAUSE = "pause"
    """Silence long enough to recognise ahead; `speech()` holds the whole turn so far."""
    RESUMED = "resumed"
    """The same turn goes on."""
    SNAPSHOT = "snapshot"
    """She has been speaking for another 3 s without a pause."""
    TRAILED_OFF = "trailed_off"
    TURN_OVER = "turn_over"
    BLIP = "blip"
    """The sound was too short to be a turn, and is forgotten."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of audio.  Chosen on the bench's scripts; each names what it trades."""

    preroll_ms: int = 300  # kept from before the onset: a soft first consonant is below any threshold
    onset_ms: int = 60  # speech within `onset_window_ms` that makes an onset while the agent is silent
    onset_window_ms: int = 100
    overlap_onset_ms: int = 100  # the same while the agent is audible: a click must not hush it
    overlap_window_ms: int = 200
    pause_ms: int = 140  # silence after which the words are read ahead: earlier costs CPU at every breath
    shortest_ms: int = 80  # voiced sound in a turn; less is a click or a breath
    snapshot_ms: int = 3_000  # the clinical layer reads a long turn this often
    unread_ms: int = 1_400  # the end if no transcript came in time
    trailed_off_ms: int = 2_400  # an unfinished sentence: room, then one soft prompt
    give_up_ms: int = 4_800  # an unfinished sentence ends as it is


@dataclass(frozen=True, slots=True)
class Waits:
    """Silence that ends a turn, in ms of audio, by what is known of the words and of the voice."""

    complete_ms: int = 460
    """A whole question, and there is an answer to it (or it is too long to be a beginning)."""
    short_ms: int = 750
    """A whole question of few words that nothing answers: "at what time of day" may go on."""
    abrupt_ms: int = 1_200
    """The words are whole, but the voice has not come down: it breaks off at full level."""
    likely_ms: int = 1_200
    """A whole statement that something answers."""
    statement_ms: int = 1_200
    """A whole statement that nothing answers."""
    background_ms: int = 1_250
    """A whole statement that reads as background: the question is still to come."""
    open_ms: int = 1_250
    unfinished_ms: int = 1_900
    """It can't end here, and yet it was heard to end and there is an answer: its last word was misheard."""
    nothing_ms: int = 700
    alarm_ms: int = 700
    """An emergency was heard in the words: longer than the pauses between clauses, and within a second she is told."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the words up to a pause say about the end of the turn."""

    completeness: Completeness
    answerable: bool
    """Something would be said to them: a passage, or small talk."""
    words: int
    background: bool = False
    """Nothing answers it, and it is what callers say before their question."""
    closed: bool = False
    """The recogniser heard it end: it wrote a full stop or a question mark, not three dots."""
    alarming: bool = False
    """They hold an emergency."""

    @property
    def trails_off(self) -> bool:
        """It can't end here: she gets room, then one soft prompt."""
        unfinished = self.completeness is Completeness.INCOMPLETE
        return unfinished and not self.alarming and not (self.answerable and self.closed)


LONG_WORDS: Final = 10  # a whole question of so many words is seldom a beginning
ABRUPT_DB: Final = -3.0  # ends of turns lie 4 to 20 dB below the turn's mean level in their last 50 ms


def wait_ms(reading: Reading, *, abrupt: bool, waits: Waits) -> int:
    """The silence after which these words end the turn; not for what is unfinished and unanswerable: see `Timing`."""
    match reading.completeness:
        case Completeness.COMPLETE if reading.answerable:
            return waits.abrupt_ms if abrupt and reading.words > 1 else waits.complete_ms
        case Completeness.COMPLETE:
            return waits.complete_ms if reading.words >= LONG_WORDS else waits.short_ms
        case Completeness.LIKELY:
            if reading.answerable:
                return waits.likely_ms
            return waits.background_ms if reading.background else waits.statement_ms
        case Completeness.NOTHING:
            return waits.nothing_ms
        case Completeness.OPEN:
            return waits.open_ms
        case Completeness.INCOMPLETE:
            return waits.unfinished_ms


def final_drop_db(pcm: Int16) -> float:
    """How far the last 50 ms of speech lie above (+) or below (-) the mean level of all of it.

    pcm: shape (n,) at 8 kHz, silence around the speech allowed.  0.0 if there is none.
    """
    steps = pcm[: len(pcm) // STEP * STEP].astype(np.float32).reshape(-1, STEP) / 32768.0
    if not len(steps):
        return 0.0
    levels = 10.0 * np.log10(np.mean(steps * steps, axis=1) + 1e-9)
    floor, top = np.quantile(levels, [0.1, 0.95])
    least = max(float(top) - 28.0, float(floor) + 6.0)  # in noise the line itself must not pass for the voice's end
    spoken = np.flatnonzero(levels > least)
    if not len(spoken):
        return 0.0
    last = levels[max(0, spoken[-1] + 1 - 5) : spoken[-1] + 1]
    return float(np.mean(last) - np.mean(levels[spoken]))


STEP: Final = 80  # 10 ms


class Pace:
    """This caller's own pauses: patience rises for the slow and after a false cut-in, within one call only.

    What counts are pauses after words that might have been the end: those inside a phrase fool nobody.
    """

    QUANTILE: Final = 0.9
    CEILING: Final = 2.2
    RISE: Final = 1.4  # after a false cut-in at once (dossier section 3, point 5)
    TYPICAL_MS: Final = 450  # a pause of an unhurried caller; slower ones stretch all waits in proportion
    ENOUGH_MS: Final = 1_250  # most callers go on before; longer only for one whose own pauses are longer
    BEYOND_MS: Final = 150  # how much longer than her own pauses is worth waiting

    def __init__(self) -> None:
        self._pauses_ms: deque[int] = deque(maxlen=24)
        self._risen = 1.0

    def paused(self, pause_ms: int) -> None:
        """She paused this long where she might have ended, and went on in the same turn."""
        self._pauses_ms.append(pause_ms)

    def cut_in(self) -> None:
        """We began to speak and she had not finished."""
        self._risen = min(self.CEILING, self._risen * self.RISE)

    @property
    def factor(self) -> float:
        """What all waits are multiplied with, 1 .. CEILING."""
        return float(min(self.CEILING, max(1.0, self._own_ms / self.TYPICAL_MS) ** 0.5 * self._risen))

    def stretched(self, wait_ms: float) -> float:
        """The wait for this caller."""
        enough = max(float(self.ENOUGH_MS), self._own_ms + self.BEYOND_MS)
        return max(wait_ms, min(wait_ms * self.factor, enough))

    @property
    def _own_ms(self) -> float:
        """The longer of her pauses; 0 while too few are known."""
        return float(np.quantile(np.array(self._pauses_ms), self.QUANTILE)) if len(self._pauses_ms) >= 3 else 0.0


class Endpointer:
    """The ear of one call leg."""

    MOST_S: Final = 60  # a turn's audio is bounded; older sound is dropped from its front

    def __init__(self, timing: Timing | None = None, waits: Waits | None = None) -> None:
        self.timing = timing or Timing()
        self.waits = waits or Waits()
        self.pace = Pace()
        self.echo = EchoGate()
        self.strain = Strain()
        self._preroll: deque[Int16] = deque(maxlen=self.timing.preroll_ms // FRAME_MS)
        self._recent: deque[bool] = deque(maxlen=self.timing.overlap_window_ms // FRAME_MS)
        self._turn: deque[Int16] = deque(maxlen=self.MOST_S * 1000 // FRAME_MS)
        self._kept: list[Int16] = []
        self._last: list[Int16] = []
        self._speaking = False
        self._paused = False
        self._trailed = False
        self._silence_ms = 0
        self._voiced_ms = 0
        self._since_snapshot_ms = 0
        self._read: Reading | None = None
        self._abrupt = False
        self.lag_ms = 0
        """How late the detector notices on this line that she is silent; it hears the noise a little longer."""
        self.ended_silence_ms = 0
        """The silence after which the last turn was taken to be over."""
        self.mark = 0
        """Rises whenever a turn begins, pauses, resumes or ends: what was recognised at another mark is out of date."""

    @property
    def speaking(self) -> bool:
        """A turn of the caller is under way, pauses included."""
        return self._speaking

    @property
    def paused(self) -> bool:
        """The turn is under way, and she is silent."""
        return self._speaking and self._paused

    @property
    def stirring(self) -> bool:
        """No turn yet, but two of the last 100 ms's frames are speech: it may be one's first."""
        return not self._speaking and sum(list(self._recent)[-5:]) >= 2

    @property
    def silence_ms(self) -> int:
        """Since the last frame of speech."""
        return self._silence_ms

    @property
    def voiced_ms(self) -> int:
        """Speech in this turn, silences not counted."""
        return self._voiced_ms

    def speech(self) -> Speech:
        """The whole turn so far, from a little before its onset; without the silence after it but for 200 ms."""
        spare = max(0, self._silence_ms - 200) // FRAME_MS
        frames = [*self._kept, *self._turn]
        frames = frames[: len(frames) - spare] if spare else frames
        return Speech(np.concatenate(frames) if frames else np.zeros(0, np.int16))

    def overlap(self) -> Speech:
        """The present turn alone, without what a reopened turn holds from before."""
        return Speech(np.concatenate(list(self._turn)) if self._turn else np.zeros(0, np.int16))

    def read(self, reading: Reading, mark: int) -> None:
        """What the words up to the pause at `mark` say about the end of the turn; ignored when she has gone on."""
        if mark == self.mark and self._paused:
            self._read = reading
            # in noise the fall of the voice can't be heard
            self._abrupt = not self.lag_ms and final_drop_db(np.concatenate(list(self._turn))) > ABRUPT_DB

    def hear(
        self, frame: AudioFrame, voiced: bool, *, echo_dbfs: float = SILENCE_DBFS, audible: bool = False
    ) -> list[Ear]:
        """Take 20 ms.  voiced: the detector's word on it; echo_dbfs: the loudest that our own voice was lately."""
        pcm = frame.reveal()
        if echo_dbfs > SILENCE_DBFS:
            voiced = self._hers(level_dbfs(pcm), voiced, echo_dbfs)
        self._recent.append(voiced)
        noticed = self._within(pcm, voiced) if self._speaking else self._before(pcm, audible)
        self.strain.hear(level_dbfs(pcm) if voiced else None, audible=audible)
        return noticed

    def _hers(self, level: float, voiced: bool, echo_dbfs: float) -> bool:
        """Speech that is not our own voice coming back."""
        noisy = self.lag_ms > 0
        if not (self._speaking or noisy):
            self.echo.listen(level, echo_dbfs)
        return voiced and self.echo.passes(level, echo_dbfs, noisy=noisy)

    def reopen(self) -> None:
        """The turn that has just ended was not over: what is heard next is added to it."""
        self._kept = self._last
        if self._kept:
            self.strain.reopen()

    def forget(self) -> None:
        """Drop everything heard: the turn is answered, or the call is over."""
        self._last = []
        self._kept = []
        self.strain.drop()
        self._close()

    def _before(self, pcm: Int16, audible: bool) -> list[Ear]:
        self._preroll.append(pcm)
        t = self.timing
        window, need = (t.overlap_window_ms, t.overlap_onset_ms) if audible else (t.onset_window_ms, t.onset_ms)
        heard = list(self._recent)[-(window // FRAME_MS) :]
        if not heard or not heard[-1] or sum(heard) * FRAME_MS < need:
            return []
        self._speaking = True
        self.strain.began()
        self.mark += 1
        self._turn.extend(self._preroll)
        self._preroll.clear()
        self._voiced_ms = sum(heard) * FRAME_MS
        self._silence_ms = 0
        self._since_snapshot_ms = 0
        self._read = None
        self._paused = self._trailed = False
        return [Ear.ONSET]

    def _within(self, pcm: Int16, voiced: bool) -> list[Ear]:
        self._turn.append(pcm)
        if voiced:
            return self._voice()
        self._silence_ms += FRAME_MS
        if not self._paused:
            if self._silence_ms < self.timing.pause_ms:
                return []
            self._paused = True
            self.mark += 1
            self._read = None
            if self._voiced_ms < self.timing.shortest_ms and not self._kept:
                self.strain.drop()
                self._close()
                return [Ear.BLIP]
            return [Ear.PAUSE]
        return self._wait()

    def _voice(self) -> list[Ear]:
        self._voiced_ms += FRAME_MS
        self._since_snapshot_ms += FRAME_MS
        noticed: list[Ear] = []
        if self._paused:
            if sum(list(self._recent)[-4:]) < 2:  # one frame alone is a click; the pause goes on
                self._silence_ms += FRAME_MS
                return []
            if self._read is not None and self._read.completeness in (Completeness.COMPLETE, Completeness.LIKELY):
                self.pace.paused(self._silence_ms)
            self._paused = self._trailed = False
            self.mark += 1
            self._read = None
            noticed.append(Ear.RESUMED)
        self._silence_ms = 0
        if self._since_snapshot_ms >= self.timing.snapshot_ms:
            self._since_snapshot_ms = 0
            noticed.append(Ear.SNAPSHOT)
        return noticed

    def _wait(self) -> list[Ear]:
        t, factor = self.timing, self.pace.factor
        if self._read is None:
            limit = t.unread_ms * factor
        elif self._read.trails_off:
            if not self._trailed and self._silence_ms >= t.trailed_off_ms * factor:
                self._trailed = True
                return [Ear.TRAILED_OFF]
            limit = t.give_up_ms * factor
        elif self._read.completeness is Completeness.NOTHING:
            limit = self.waits.nothing_ms
        elif self._read.alarming:
            limit = self.waits.alarm_ms
        else:
            limit = self.pace.stretched(wait_ms(self._read, abrupt=self._abrupt, waits=self.waits))
        if self._silence_ms + self.lag_ms < limit:
            return []
        self.ended_silence_ms = self._silence_ms
        self._last = [*self._kept, *self._turn]
        self._kept = []
        self.strain.over()
        self._close()
        return [Ear.TURN_OVER]

    def _close(self) -> None:
        self._speaking = False
        self.mark += 1
        self._turn.clear()
        self._preroll.clear()
        self._recent.clear()
        self._silence_ms = self._voiced_ms = 0
        self._read = None
        self._paused = self._trailed = False

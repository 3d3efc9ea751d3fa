"""When each frame goes out: the caller's ear is never far behind what was sent.  Pure; the time is given to it.

A carrier buffers whatever it is sent, minutes of it.  To stop, to pause and to know what was heard exactly,
we keep that buffer short: what has been sent is at most `lead_ms` ahead of what has been played.  Played is
first a clock (the carrier plays without a break while it has sound), then corrected by marks, which come back
when their sound has played:

- a mark that comes later than marks usually do shows a carrier that is behind: we wait for it;
- a mark that is overdue stops the feeding, but for `PATIENCE_MS` at most: marks may be lost, the clock goes on;
- what counts as usual is the fastest of the last `USUAL` marks: a long way there and back is not a full buffer.

After `clear()` a new epoch begins: the carrier returns cleared marks unheard, and their names carry the old epoch.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

from telephony.audio import FRAME_MS, SILENCE_DBFS, AudioFrame, level_dbfs

LEAD_MS: Final = 160  # covers a late tick of the loop and a network's jitter; a pause is heard after at most this
MAX_LEAD_MS: Final = 300  # the requirement: barge-in and pause stay exact
POSITION_MARK_MS: Final = 100  # how finely we know what was heard
USUAL: Final = 12  # marks; more than are under way at once, so a carrier that is behind cannot pass for a far one
MARK_SLACK_MS: Final = 40  # a mark this much later than usual is overdue
PATIENCE_MS: Final = 1000.0  # waiting longer for a mark would leave the caller in silence
MAX_MARKS_OUT: Final = 256  # 20 s of marks that never came back; the oldest is given up
EAR_MS: Final = 200  # carrier's jitter buffer and the telephone network, to the ear (Twilio's latency guide: 75 + 115)
ECHO_MS: Final = 600  # a frame's echo is back within this: both ways of the network and a speakerphone's room


@dataclass(frozen=True, slots=True, eq=False)
class SendFrame:
    """Send 20 ms of sound."""

    frame: AudioFrame


@dataclass(frozen=True, slots=True)
class SendMark:
    """Send a mark."""

    name: str


@dataclass(frozen=True, slots=True)
class SendClear:
    """Empty the carrier's buffer."""


Send = SendFrame | SendMark | SendClear


@dataclass(frozen=True, slots=True)
class ClipStarted:
    """The first frame of a clip has been sent."""

    clip: int


@dataclass(frozen=True, slots=True)
class ClipPlayed:
    """A clip has played to its end."""

    clip: int
    proven: bool = True
    """Its last mark came back in its own epoch; else the mark was given up, long after the clip must have played."""


@dataclass(frozen=True, slots=True)
class Underrun:
    """The carrier's buffer had run dry inside a clip when its next frame went out: a gap in the caller's ear."""

    clip: int
    gap_ms: int


PlayoutEvent = ClipStarted | ClipPlayed | Underrun


@dataclass(frozen=True, slots=True)
class CutClip:
    """What became of one clip at a cut."""

    clip: int
    heard_ms: int
    """Certainly heard: up to the last mark that came back.  The ear may have had about 100 ms and a way back more."""
    sent_ms: int
    """Given to the carrier: no more than this can have been heard."""
    total_ms: int
    """All that had been queued of it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What a clear cut off: every clip not yet played to its end, in order."""

    clips: tuple[CutClip, ...]


@dataclass(slots=True, eq=False)
class _Clip:
    number: int
    queued_ms: int = 0
    start_ms: int = 0
    """Where in the epoch's sound its first frame lies."""
    sent_ms: int = 0


@dataclass(frozen=True, slots=True)
class _End:
    clip: _Clip


@dataclass(frozen=True, slots=True)
class _MarkOut:
    position_ms: int
    expected_ms: float
    """When its sound should have played, as we believed when it was sent."""
    corrected_ms: float
    """`Playout._corrected_ms` when it was sent."""
    ends: _Clip | None


class Playout:
    """The queue of one leg.  Clips carry rising numbers and play one after another.

    All `now_ms` are milliseconds of one monotonic clock.  The queue has no bound of its own: the leg's `room()`
    holds the producer back.
    """

    def __init__(self, *, lead_ms: int = LEAD_MS) -> None:
        if not FRAME_MS <= lead_ms <= MAX_LEAD_MS:
            raise ValueError("the lead is between one frame and 300 ms")
        self._lead_ms = lead_ms
        self._queue: deque[tuple[_Clip, AudioFrame] | _End] = deque()
        self._queued_ms = 0
        self._clips: deque[_Clip] = deque()  # not yet played to their end, in order
        self._open: _Clip | None = None  # the one that still takes frames
        self._newest = -1
        self._sounding: _Clip | None = None  # the one whose frame went out last, its end not yet
        self._held = False
        self._resumed = False
        self._clear_due = False
        self._epoch = 0
        self._ordinal = 0
        self._sent_ms = 0
        self._heard_ms = 0
        self._marked_ms = 0
        self._marks: dict[str, _MarkOut] = {}  # by name, oldest first; those of this epoch
        self._dry_at_ms = -math.inf  # when a carrier that never waits has played all that was sent
        self._end_at_ms = -math.inf  # the same as the marks correct it; never earlier
        self._corrected_ms = 0.0  # by how much marks have moved `_end_at_ms` so far
        self._late_ms: deque[float] = deque([float(MAX_LEAD_MS - LEAD_MS)] * USUAL, maxlen=USUAL)
        self._trusted = False  # marks come back
        self._returned_ms = -math.inf
        self._audible_until_ms = -math.inf
        self._levels: deque[tuple[float, float]] = deque()  # (when it begins to play, dBFS), the last ECHO_MS
        self._events: list[PlayoutEvent] = []
        self.unproven = False
        """Some clip's end was given up: it cannot be said that all was heard."""

    @property
    def epoch(self) -> int:
        """Counts the clears."""
        return self._epoch

    @property
    def queued_ms(self) -> int:
        """Sound that has not been sent yet."""
        return self._queued_ms

    @property
    def idle(self) -> bool:
        """Nothing is queued and every clip has come to its end."""
        return not self._queue and not self._clips and not self._clear_due

    def play(self, clip: int, frame: AudioFrame) -> bool:
        """Queue one frame.  A clip with a higher number ends the one before it.

        Returns False, and drops the frame, if the clip was cut off by `clear()` or has ended.
        """
        current = self._opened(clip)
        if current is None:
            return False
        self._queue.append((current, frame))
        current.queued_ms += FRAME_MS
        self._queued_ms += FRAME_MS
        return True

    def end(self, clip: int) -> None:
        """No more frames follow for this clip.  Nothing happens if it was cut off or has ended."""
        current = self._opened(clip)
        if current is not None:
            self._close(current)

    def hold(self) -> None:
        """Stop feeding at once; what the carrier has, the caller still hears."""
        self._held = True

    def resume(self) -> None:
        """Go on with the frame that would have been next."""
        self._resumed = self._resumed or self._held
        self._held = False

    def clear(self) -> Cut:
        """Drop everything, here and at the carrier (`due()` says when), and say what was heard.  Ends a hold."""
        cut = Cut(tuple(self._cut(clip) for clip in self._clips))
        self._clear_due = self._clear_due or self._heard_ms < self._sent_ms
        self._queue.clear()
        self._queued_ms = 0
        self._clips.clear()
        self._open = self._sounding = None
        self._held = self._resumed = False
        self._epoch += 1
        self._ordinal = self._sent_ms = self._heard_ms = self._marked_ms = 0
        self._marks.clear()
        self._dry_at_ms = self._end_at_ms = -math.inf
        return cut

    def due(self, now_ms: float) -> list[Send]:
        """What goes to the carrier now, in order."""
        out: list[Send] = []
        if self._clear_due:
            self._clear_due = False
            self._audible_until_ms = min(self._audible_until_ms, now_ms + EAR_MS)
            self._levels = deque(entry for entry in self._levels if entry[0] <= now_ms)
            out.append(SendClear())
        if self._held:
            return out
        if self._clips and not self._queue and self._open is None and now_ms > self.given_up_ms:
            self._events.extend(ClipPlayed(clip.number, proven=False) for clip in self._clips)
            self._clips.clear()
            self._marks.clear()
            self.unproven = True
        waiting = self._overdue(now_ms)
        while self._queue:
            match self._queue[0]:
                case _End(clip):
                    self._queue.popleft()
                    self._sounding = None
                    out.append(self._mark(now_ms, clip))
                case (clip, frame):
                    if waiting or max(self._end_at_ms, now_ms) + FRAME_MS - now_ms > self._lead_ms:
                        break
                    self._queue.popleft()
                    self._frame(now_ms, clip, frame)
                    out.append(SendFrame(frame))
                    if self._sent_ms - self._marked_ms >= POSITION_MARK_MS:
                        out.append(self._mark(now_ms, None))
        return out

    def mark_returned(self, name: str, now_ms: float) -> None:
        """A mark came back.  Marks of an older epoch were cleared, not heard; unknown names are not ours."""
        mark = self._marks.pop(name, None)
        if mark is None:
            return
        for older in [n for n, m in self._marks.items() if m.position_ms <= mark.position_ms and m.ends is None]:
            del self._marks[older]
        self._trusted = True
        self._returned_ms = now_ms
        self._heard_ms = max(self._heard_ms, mark.position_ms)
        self._late_ms.append(max(0.0, now_ms - mark.expected_ms))
        proven_ms = now_ms - min(self._late_ms) + (self._sent_ms - mark.position_ms)
        before_ms, self._end_at_ms = self._end_at_ms, max(self._dry_at_ms, proven_ms)
        self._corrected_ms += self._end_at_ms - before_ms
        if mark.ends is not None:
            self._clips.remove(mark.ends)
            self._events.append(ClipPlayed(mark.ends.number))

    def events(self) -> list[PlayoutEvent]:
        """What has happened since the last time, oldest first."""
        taken, self._events = self._events, []
        return taken

    def audible(self, now_ms: float) -> bool:
        """Something of ours may still be sounding in the caller's ear."""
        return now_ms < self._audible_until_ms

    def echo_dbfs(self, now_ms: float) -> float:
        """The loudest of our frames that may be coming back as echo now; `SILENCE_DBFS` if none."""
        while self._levels and self._levels[0][0] < now_ms - ECHO_MS:
            self._levels.popleft()
        return max((level for at_ms, level in self._levels if at_ms <= now_ms + FRAME_MS), default=SILENCE_DBFS)

    @property
    def given_up_ms(self) -> float:
        """Marks that have not come back by then will not come any more: all has played, and they had their time."""
        return self._end_at_ms + min(self._late_ms) + PATIENCE_MS

    def _opened(self, number: int) -> _Clip | None:
        """The clip that takes frames under this number; None if that time is over."""
        if self._open is not None and self._open.number == number:
            return self._open
        if number <= self._newest:
            return None
        if self._open is not None:
            self._close(self._open)
        self._newest = number
        self._open = _Clip(number)
        self._clips.append(self._open)
        return self._open

    def _close(self, clip: _Clip) -> None:
        self._open = None
        self._queue.append(_End(clip))

    def _frame(self, now_ms: float, clip: _Clip, frame: AudioFrame) -> None:
        if clip.sent_ms == 0:
            clip.start_ms = self._sent_ms
            self._events.append(ClipStarted(clip.number))
        elif self._sounding is clip and self._end_at_ms < now_ms and not self._resumed:
            self._events.append(Underrun(clip.number, round(now_ms - self._end_at_ms)))
        self._sounding = clip
        self._resumed = False
        begins_ms = max(self._end_at_ms, now_ms)
        self._end_at_ms = begins_ms + FRAME_MS
        self._dry_at_ms = max(self._dry_at_ms, now_ms) + FRAME_MS
        self._audible_until_ms = self._end_at_ms + EAR_MS
        self._levels.append((begins_ms, level_dbfs(frame.reveal())))
        while self._levels[0][0] < now_ms - ECHO_MS:
            self._levels.popleft()
        self._sent_ms += FRAME_MS
        self._queued_ms -= FRAME_MS
        clip.sent_ms += FRAME_MS

    def _mark(self, now_ms: float, ends: _Clip | None) -> SendMark:
        if len(self._marks) >= MAX_MARKS_OUT:
            given_up = self._marks.pop(next(iter(self._marks)))
            if given_up.ends is not None:
                self._clips.remove(given_up.ends)
                self._events.append(ClipPlayed(given_up.ends.number, proven=False))
                self.unproven = True
        self._marked_ms = self._sent_ms
        expected_ms = max(self._end_at_ms, now_ms)
        name = f"{self._epoch}.{self._ordinal}"
        self._ordinal += 1
        self._marks[name] = _MarkOut(self._sent_ms, expected_ms, self._corrected_ms, ends)
        return SendMark(name)

    def _overdue(self, now_ms: float) -> bool:
        """The oldest mark should have come back by now, and marks do come back on this line."""
        if not self._trusted or not self._marks:
            return False
        oldest = next(iter(self._marks.values()))
        due_ms = oldest.expected_ms + (self._corrected_ms - oldest.corrected_ms) + min(self._late_ms)
        if now_ms - max(due_ms, self._returned_ms) > PATIENCE_MS:
            self._trusted = False
            return False
        return now_ms > due_ms + MARK_SLACK_MS

    def _cut(self, clip: _Clip) -> CutClip:
        heard_ms = min(max(self._heard_ms - clip.start_ms, 0), clip.sent_ms)
        return CutClip(clip.number, heard_ms, clip.sent_ms, clip.queued_ms)

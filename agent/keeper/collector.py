"""Reads the line's events, checks each one again, and keeps the records among them.

Whoever had taken the line over could still say closed events: what it may say of calls, `Answered` judges, and of log
lines, readiness and refusals so many are passed on in a minute; the rest is counted.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from agent.keeper.answered import Answered
from agent.keeper.pace import Pace
from agent.keeper.state import State, StateFailed
from policies.acts import Act, AuditReason, Role, Subject
from policies.audit import AuditEvent
from policies.closed import NotClosed, Reason
from policies.events import (
    MAX_LINE,
    CallAnswered,
    CallEnded,
    CallEvent,
    LineReady,
    LogLine,
    OpeningsReady,
    OutreachHeld,
    OutreachWritten,
    Refused,
    TranscriptPiece,
    decode,
)
from policies.pieces import Assembly
from policies.records import NurseStatus, Profile, SealedTranscript, hour_of
from policies.retention import Retention, Writable, admit
from policies.vocabulary import KEEPERS, MOST_COUNTED, Event

HELD_A_MINUTE: Final = 20  # of patients who may be called: a call a minute, its outcome, and opt-outs
OURS_A_MINUTE: Final = 60  # lines of our own code, and refused callers; a start says about 15
LIBRARIES_A_MINUTE: Final = 60  # a library that complains of each frame must not hide what we have to say
PENDING: Final = 1_000  # records held in memory while the state can't be written; beyond it the oldest is lost
Audit = Callable[[AuditEvent], object]
"""Writes one entry of the audit log.  Raises `StateFailed`."""
Hold = Callable[[Writable], bool]
"""Writes what is held of a patient who may be called; False where it may not.  Raises `StateFailed`."""
Take = Callable[[SealedTranscript], bool]
"""Keeps a sealed transcript if it may be kept now.  Raises `StateFailed`."""
Nurse = Callable[[NurseStatus], AuditEvent | Reason | None]
"""Sets whether a nurse is available: the entry of it, None where it was so already, or why it is refused."""


def lines(pipe: BinaryIO) -> Iterator[str | None]:
    """Each line without its newline; None for one that is too long or no ASCII, as no event of ours is."""
    while piece := pipe.readline(MAX_LINE):
        whole = piece.endswith(b"\n")
        while piece and not piece.endswith(b"\n"):  # the rest of what is too long, never held
            piece = pipe.readline(MAX_LINE)
        if whole and piece.isascii():
            yield piece[:-1].decode("ascii")
        else:
            yield None


class Collector:
    """Takes lines, gives each event that passed to `echo`, and keeps what a call leaves behind.

    A model that the line refused is an entry of the audit log, once an hour for each rule: the line can't flood it.
    """

    def __init__(
        self,
        state: State,
        profile: Profile,
        answered: Answered,
        echo: Callable[[CallEvent], None],
        audit: Audit | None = None,
        clock: Callable[[], float] = time.time,
        transcripts: Take | None = None,
        nurses: Nurse = lambda _: Reason.NO_SUCH_NURSE,
        hold: Hold | None = None,
    ) -> None:
        self._state = state
        self._profile = profile
        self._answered = answered
        self._tell = echo
        self._ours = Pace(OURS_A_MINUTE, clock)
        self._libraries = Pace(LIBRARIES_A_MINUTE, clock)
        self._ready: set[type] = set()
        self._audit = audit
        self._clock = clock
        self._transcripts = transcripts
        self._nurses = nurses
        self._hold = hold
        self._held = Pace(HELD_A_MINUTE, clock)
        self._full_in: int | None = None
        """The last hour in which it was told that no row of one more patient fits."""
        self._assembly = Assembly()
        self.transcripts_dropped = 0
        """Whole transcripts that may not be kept, or could not be."""
        self._pending: deque[Writable] = deque(maxlen=PENDING)
        self._unwritten: deque[AuditEvent] = deque(maxlen=PENDING)
        self._told: set[AuditEvent] = set()
        self.refused: Counter[Reason] = Counter()
        self.kept = 0

    @property
    def unkept(self) -> int:
        """Records and audit entries that wait for the state to be writable."""
        return len(self._pending) + len(self._unwritten)

    def take(self, line: str | None) -> None:
        """One line of the pipe.  Raises nothing: what is refused is counted."""
        reason, event = Reason.TOO_LONG, None
        if line is not None:
            try:
                event = decode(line, self._profile)
            except NotClosed as refusal:
                reason = refusal.reason
        if event is not None and (not_its := self._refused(event)) is not None:
            reason, event = not_its, None
        if event is None:
            self.refused[reason] += 1
            self._echo(LogLine(Event.EVENT_REFUSED, {"reason": reason.value}))
            return
        if isinstance(event, TranscriptPiece | NurseStatus):  # told to nobody else
            if isinstance(event, TranscriptPiece):
                self._piece(event)
            return
        if isinstance(event, OutreachHeld):
            self._keep_held(event)  # likewise, but for the line's number
            return
        self._echo(event)
        match event:
            case CallEnded():
                self._keep(event)
            case LogLine(Event.MODEL_REFUSED, fields):
                self._model_refused(str(fields.get("reason")))

    def end(self) -> None:
        """Nothing more comes: tells what was left out, and writes what waits."""
        self._tell_left_out(at_end=True)
        self.flush()

    def _refused(self, event: CallEvent) -> Reason | None:
        """Why an event in the right form is not the line's to say."""
        match event:
            case CallAnswered():
                return self._answered.begin(event)
            case CallEnded():
                return self._answered.end(event)
            case NurseStatus():
                return self._nurse(event)
            case TranscriptPiece():
                return None if self._answered.is_of_now(event) else Reason.NO_SUCH_CALL
            case LogLine(name, _) if name in KEEPERS:
                return Reason.NOT_THE_LINES
            case OutreachHeld():
                return None if self._held.allows() else Reason.TOO_MANY
            case OutreachWritten():
                return Reason.NOT_THE_LINES
            case LineReady() | OpeningsReady():  # once each: a port and a time are numbers too
                again = type(event) in self._ready
                self._ready.add(type(event))
                return Reason.TOO_MANY if again else None
        return None

    def _echo(self, event: CallEvent) -> None:
        """Passes it on, if this minute has room for what an operator's log shows."""
        self._tell_left_out()
        shown = isinstance(event, LogLine | Refused)
        library = isinstance(event, LogLine) and event.name in (Event.LIBRARY, Event.WARNING)
        if not shown or (self._libraries if library else self._ours).allows():
            self._tell(event)

    def _tell_left_out(self, *, at_end: bool = False) -> None:
        """Of the minute before."""
        left_out = self._ours.left_out(at_end=at_end) + self._libraries.left_out(at_end=at_end)
        if left_out:
            count = min(left_out, MOST_COUNTED)
            self._tell(LogLine(Event.EVENT_REFUSED, {"reason": Reason.TOO_MANY.value, "count": count}))

    def flush(self) -> None:
        """Writes what waits, oldest first, as far as the state takes it."""
        failed = False
        while self._pending and not failed:
            try:
                self.kept += self._state.keep(self._pending[0])
            except StateFailed:
                failed = True
            else:
                self._pending.popleft()
        while self._audit is not None and self._unwritten and not failed:
            try:
                self._audit(self._unwritten[0])
            except StateFailed:
                failed = True
            else:
                self._unwritten.popleft()
        if failed:
            self._echo(LogLine(Event.STATE_FAILED, {"count": min(self.unkept, MOST_COUNTED)}))

    def _model_refused(self, rule: str) -> None:
        reason = next((reason for reason in AuditReason if reason.value == rule), None)
        entry = AuditEvent(
            hour=hour_of(self._clock()), role=Role.LINE, act=Act.MODEL_REFUSED, subject=Subject.MODEL, reason=reason
        )
        if self._audit is not None and entry not in self._told:
            self._told = {each for each in self._told if each.hour == entry.hour} | {entry}
            self._unwritten.append(entry)
            self.flush()

    def _nurse(self, status: NurseStatus) -> Reason | None:
        """Why it is refused; else it is set."""
        outcome = self._nurses(status)
        if isinstance(outcome, AuditEvent):
            self._unwritten.append(outcome)
            self.flush()
        return outcome if isinstance(outcome, Reason) else None

    def _piece(self, piece: TranscriptPiece) -> None:
        """A transcript does not wait for a state that can't be written: what is kept of words is kept at once."""
        whole = self._assembly.take(piece)
        if whole is None:
            return
        kept = False
        if self._transcripts is not None:
            try:
                kept = self._transcripts(whole)
            except (StateFailed, NotClosed):  # the state, or what was sealed, is not as it should be
                kept = False
        if not kept:
            self.transcripts_dropped += 1
            self._echo(LogLine(Event.RECORD_REFUSED, {"count": min(self.transcripts_dropped, MOST_COUNTED)}))

    def _keep_held(self, event: OutreachHeld) -> None:
        """Nothing waits for a state that can't be written: without our word the line dials nobody."""
        permitted, written = admit(event.kept, Retention.ZERO), False
        if permitted is not None and self._hold is not None:
            try:
                written = self._hold(permitted)
                if not written:
                    self._tell_full()
            except StateFailed:
                self._echo(LogLine(Event.STATE_FAILED, {}))
        if written:
            self._tell(OutreachWritten(event.serial))

    def _tell_full(self) -> None:
        """Once an hour: the line tries again every few seconds."""
        hour = hour_of(self._clock())
        if hour != self._full_in:
            self._full_in = hour
            self._echo(LogLine(Event.OUTREACH_FULL, {}))

    def _keep(self, event: CallEnded) -> None:
        permitted = admit(event.metrics, Retention.ZERO)
        if permitted is None:
            self._echo(LogLine(Event.RECORD_REFUSED, {}))
            return
        self._pending.append(permitted)
        self.flush()

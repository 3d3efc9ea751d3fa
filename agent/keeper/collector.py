"""Reads the line's events, checks each one again, and keeps the records among them."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from agent.keeper.state import State, StateFailed
from policies.acts import Act, AuditReason, Role, Subject
from policies.audit import AuditEvent
from policies.closed import NotClosed, Reason
from policies.events import MAX_LINE, CallEnded, CallEvent, LogLine, TranscriptPiece, decode
from policies.pieces import Assembly
from policies.records import Profile, SealedTranscript, hour_of
from policies.retention import Retention, Writable, admit
from policies.vocabulary import Event

PENDING: Final = 1_000  # records held in memory while the state can't be written; beyond it the oldest is lost
Audit = Callable[[AuditEvent], object]
"""Writes one entry of the audit log.  Raises `StateFailed`."""
Take = Callable[[SealedTranscript], bool]
"""Keeps a sealed transcript if it may be kept now.  Raises `StateFailed`."""


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
        echo: Callable[[CallEvent], None],
        audit: Audit | None = None,
        clock: Callable[[], float] = time.time,
        transcripts: Take | None = None,
    ) -> None:
        self._state = state
        self._profile = profile
        self._echo = echo
        self._audit = audit
        self._clock = clock
        self._transcripts = transcripts
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
        if event is None:
            self.refused[reason] += 1
            self._echo(LogLine(Event.EVENT_REFUSED, {"reason": reason.value}))
            return
        if isinstance(event, TranscriptPiece):
            self._piece(event)  # told to nobody else
            return
        self._echo(event)
        match event:
            case CallEnded():
                self._keep(event)
            case LogLine(Event.MODEL_REFUSED, fields):
                self._model_refused(str(fields.get("reason")))

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
            self._echo(LogLine(Event.STATE_FAILED, {"count": self.unkept}))

    def _model_refused(self, rule: str) -> None:
        reason = next((reason for reason in AuditReason if reason.value == rule), None)
        entry = AuditEvent(
            hour=hour_of(self._clock()), role=Role.LINE, act=Act.MODEL_REFUSED, subject=Subject.MODEL, reason=reason
        )
        if self._audit is not None and entry not in self._told:
            self._told = {each for each in self._told if each.hour == entry.hour} | {entry}
            self._unwritten.append(entry)
            self.flush()

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
            self._echo(LogLine(Event.RECORD_REFUSED, {"count": self.transcripts_dropped}))

    def _keep(self, event: CallEnded) -> None:
        permitted = admit(event.metrics, Retention.ZERO)
        if permitted is None:
            self._echo(LogLine(Event.RECORD_REFUSED, {}))
            return
        self._pending.append(permitted)
        self.flush()

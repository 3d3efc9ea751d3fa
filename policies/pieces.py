"""A sealed transcript on the event pipe: numbered pieces, each short enough for one line.

for piece in pieces_of(permitted): pipe.tell(piece)
whole = assembly.take(piece)                     # the keeper's side: None until the last one is here
"""

from __future__ import annotations

from typing import Final

from policies.closed import NotClosed
from policies.events import PIECE_CHARACTERS, TranscriptPiece
from policies.records import SealedTranscript
from policies.retention import Writable

LATE_DAYS: Final = 1  # a call may end before midnight, and its transcript come after


def is_recent(day: int, today: int) -> bool:
    """Is a transcript's day this one, or the one that has just ended?  A later day would keep it longer.

    Both in days since 1970-01-01.
    """
    return 0 <= today - day <= LATE_DAYS


def pieces_of(permitted: Writable) -> list[TranscriptPiece]:
    """In order; they are told one after another, with nothing of another transcript between.

    Raises `TypeError` for a record that is no sealed transcript.
    """
    whole = permitted.record
    if not isinstance(whole, SealedTranscript):
        raise TypeError("only a sealed transcript goes in pieces")
    texts = [whole.sealed[at : at + PIECE_CHARACTERS] for at in range(0, len(whole.sealed), PIECE_CHARACTERS)]
    return [
        TranscriptPiece(whole.ref, whole.agent, whole.day, number, len(texts), text)
        for number, text in enumerate(texts)
    ]


class Assembly:
    """Puts pieces together again.  Holds one transcript at most; what does not follow drops it, and is counted."""

    def __init__(self) -> None:
        self._held: list[TranscriptPiece] = []
        self.lost: int = 0
        """Transcripts of which a piece was missing or was none of theirs."""

    def take(self, piece: TranscriptPiece) -> SealedTranscript | None:
        """The transcript whose last piece this is; None before."""
        if not self._follows(piece):
            self.lost += bool(self._held) or piece.number > 0
            self._held = []
            if piece.number > 0:
                return None
        self._held.append(piece)
        if len(self._held) < piece.of:
            return None
        held, self._held = self._held, []
        whole = None
        try:
            whole = SealedTranscript(
                ref=piece.ref, agent=piece.agent, day=piece.day, sealed="".join(each.text for each in held)
            )
        except NotClosed:  # of no length that a transcript has
            self.lost += 1
        return whole

    def _follows(self, piece: TranscriptPiece) -> bool:
        if not self._held:
            return piece.number == 0
        first = self._held[0]
        return (piece.ref, piece.agent, piece.day, piece.of, piece.number) == (
            first.ref,
            first.agent,
            first.day,
            first.of,
            len(self._held),
        )

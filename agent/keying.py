"""Digits that a caller keys in: star begins, the pound sign or a pause ends.

Star first, because key 0 by itself fetches a person at any time and is never the beginning of a number.
"""

from __future__ import annotations

from typing import Final

from policies.phi import PHI
from telephony.audio import FRAME_MS

BEGIN: Final = "*"
END: Final = "#"
PAUSE_MS: Final = 3_000
"""Without a key: the usual wait between two digits of a menu."""
MOST_DIGITS: Final = 11  # a whole telephone number, with its 1


class Keying:
    """One entry at a time.  Forgotten with the call."""

    def __init__(self) -> None:
        self._digits: PHI[str] | None = None
        self._done: PHI[str] | None = None
        self._still_ms = 0

    def key(self, digit: PHI[str]) -> bool:
        """True if the key is part of an entry."""
        sign = digit.reveal()
        if sign == BEGIN:
            self._digits, self._still_ms = PHI(""), 0
        elif self._digits is None:
            return False
        elif sign == END:
            self._finish()
        else:
            self._digits, self._still_ms = self._digits.map(lambda known: (known + sign)[:MOST_DIGITS]), 0
        return True

    def hear(self) -> None:
        """20 ms went by on the line."""
        self._still_ms += FRAME_MS
        if self._digits is not None and self._still_ms >= PAUSE_MS:
            self._finish()

    @property
    def entering(self) -> bool:
        """An entry was begun and has not ended."""
        return self._digits is not None

    @property
    def ready(self) -> bool:
        """An entry is complete and not yet taken."""
        return self._done is not None

    def take(self) -> PHI[str]:
        """The digits of the complete entry; empty if there is none."""
        done, self._done = self._done, None
        return PHI("") if done is None else done

    def forget(self) -> None:
        self._digits = self._done = None

    def _finish(self) -> None:
        self._done, self._digits = self._digits, None

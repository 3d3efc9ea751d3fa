"""At most so many of a sort in each minute; the rest is counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

MINUTE_S: Final = 60.0


class Pace:
    """A bound for each minute of a clock."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most: Final = most
        self._clock: Final = clock
        self._minute = -1
        self._had = 0
        self._over = 0

    def allows(self) -> bool:
        """One more; False beyond the bound of this minute."""
        minute = int(self._clock() // MINUTE_S)
        if minute != self._minute:
            self._minute, self._had = minute, 0
        self._had += 1
        self._over += self._had > self._most
        return self._had <= self._most

    def left_out(self, *, at_end: bool = False) -> int:
        """How many went beyond it, once the minute is over, and then from none again.  at_end: whatever the time."""
        if not (at_end or int(self._clock() // MINUTE_S) != self._minute):
            return 0
        over, self._over = self._over, 0
        return over

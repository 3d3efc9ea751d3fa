"""How much may be asked: buckets that fill with time, and the bounds of a request."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

MAX_BODY_BYTES: Final = 16_384  # an agent's keys are about 1 KiB
BODY_S: Final = 5.0
ANSWER_S: Final = 30.0  # an export of a long log to a slow reader
CONNECTIONS: Final = 64
STRANGERS_BURST: Final = 20
ADDRESS_BURST: Final = 10
LOCKED_BURST: Final = 5
TOKEN_BURST: Final = 120


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` at once, and `a_second` in the long run."""

    burst: int
    a_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one keeper."""

    strangers: Rate = Rate(STRANGERS_BURST, 1.0)
    """All requests together whose secret has not let anybody in since the start.  Each costs 16 ms of one core."""
    address: Rate = Rate(ADDRESS_BURST, 0.2)
    """Those of one address, beside the bucket they draw on: one address empties neither of them for the others."""
    token: Rate = Rate(TOKEN_BURST, 4.0)
    """Each token whose secret has."""
    failures: int = 10
    """So many wrong secrets for one ref within `lock_s`, and it is locked for `lock_s`."""
    lock_s: float = 900.0
    locked: Rate = Rate(LOCKED_BURST, 0.5)
    """What is tried of all locked refs together, instead of `strangers`: the right secret opens one all the same."""
    remembered: int = 1_024
    """Refs, and addresses, that are remembered at once."""


class Bucket:
    """Of one rate.  Times are seconds of any clock that never goes back."""

    def __init__(self, rate: Rate, now_s: float) -> None:
        self._rate: Final = rate
        self._held = float(rate.burst)
        self._at_s = now_s

    def take(self, now_s: float) -> int:
        """0 if there was one to take; else in how many whole seconds there will be."""
        self._fill(now_s)
        if self._held >= 1:
            self._held -= 1
            return 0
        return max(1, math.ceil((1 - self._held) / self._rate.a_second))

    def give_back(self) -> None:
        """The last one was not for this bucket after all."""
        self._held = min(float(self._rate.burst), self._held + 1)

    def _fill(self, now_s: float) -> None:
        self._held = min(float(self._rate.burst), self._held + (now_s - self._at_s) * self._rate.a_second)
        self._at_s = now_s

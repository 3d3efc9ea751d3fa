"""Which nurses are not available, as this line knows it: what the keeper says on the bus, and what was set here.

What is set here by telephone holds here at once.  From then on the keeper's word counts again as soon as it is the
same, or was given long enough afterwards to have known of it.  Of whom nothing was said for a while, she is available:
doubt falls to the side on which a telephone rings.  So an "away" that the keeper never took up ends with her shift.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agent.shared import POLICY_EVERY_S, POLICY_TTL_S
from policies.records import NurseStatus

SETTLES_S: Final = 2 * POLICY_EVERY_S  # by the pipe to the keeper, and from it by the bus with its next round
AWAY_S: Final = 12 * 3_600.0  # a nurse's longest shift: who went home and forgot it is rung in her next one
MOST_KNOWN: Final = 2_400  # as many as the keeper tells (`agent.keeper.nurses.MOST_HELD`)
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Word:
    available: bool
    at_s: float


class Availability:
    """Of one line; on its loop alone."""

    def __init__(self, clock_s: Callable[[], float], tell: Callable[[NurseStatus], None] = lambda _: None) -> None:
        """clock_s: monotonic.  tell: given what is set here, for the keeper."""
        self._clock_s: Final = clock_s
        self._tell: Final = tell
        self._said: Final[OrderedDict[_Key, _Word]] = OrderedDict()
        """By the keeper."""
        self._own: Final[dict[_Key, _Word]] = {}
        """Set here, by nurses of our lists, and not yet the keeper's word."""

    def heard(self, status: NurseStatus) -> None:
        """The keeper says so."""
        key, now_s = (status.on_call, status.nurse), self._clock_s()
        self._said[key] = _Word(status.available, now_s)
        self._said.move_to_end(key)
        while len(self._said) > MOST_KNOWN:
            self._said.popitem(last=False)
        own = self._own.get(key)
        if own is not None and (own.available == status.available or now_s - own.at_s >= SETTLES_S):
            del self._own[key]

    def set(self, status: NurseStatus) -> None:
        """She has said so, to this line."""
        self._own[status.on_call, status.nurse] = _Word(status.available, self._clock_s())
        self._tell(status)

    def is_available(self, on_call: str, nurse: str) -> bool:
        own = self._own.get((on_call, nurse))
        if own is not None and (own.available or self._clock_s() - own.at_s < AWAY_S):
            return own.available
        said = self._said.get((on_call, nurse))
        return said is None or said.available or self._clock_s() - said.at_s >= POLICY_TTL_S

    def away(self, on_call: str) -> frozenset[str]:
        """Ids of the nurses of this list who are not available."""
        known = {nurse for name, nurse in (*self._said, *self._own) if name == on_call}
        return frozenset(nurse for nurse in known if not self.is_available(on_call, nurse))

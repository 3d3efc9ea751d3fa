"""A nurse's leg, as a hand-off knows it: what she is told, and her keys, which are her answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from agent.keyed_leg import KeyedLeg
from agent.mouth import Mouth
from policies.guardrails import Sayable
from policies.phi import PHI
from telephony.leg import Leg
from telephony.switchboard import After
from telephony.transfer import NurseEvent

KEYS: Final = {"1": NurseEvent.ONE, "2": NurseEvent.TWO, "9": NurseEvent.NINE}


class NurseLeg:
    """One nurse's stream."""

    def __init__(self, leg: Leg, mouth: Mouth, tell: Callable[[NurseEvent], None]) -> None:
        """tell: told that she can be spoken to, of her keys, of what she has heard to its end, and that she is lost."""
        self._keyed: Final = KeyedLeg(leg, mouth, self)
        self._tell: Final = tell

    async def run(self) -> After:
        """Until her stream is over.  Returns where her call goes."""
        return await self._keyed.run()

    def say(self, sentences: Sequence[Sayable]) -> None:
        """In place of whatever is being said."""
        self._keyed.say(sentences)

    async def part(self, after: After) -> None:
        """Close her stream: her call goes there."""
        await self._keyed.part(after)

    # -- `agent.keyed_leg.Holder` --------------------------------------------------------------------------------------

    def opened(self) -> None:
        self._tell(NurseEvent.OPENED)

    def key(self, digit: PHI[str]) -> None:
        self._tell(KEYS.get(digit.reveal(), NurseEvent.OTHER_KEY))

    def heard(self) -> None:
        self._tell(NurseEvent.HEARD)

    def passed(self) -> None:
        """Her deadlines are the hand-off's."""

    def lost(self) -> None:
        self._tell(NurseEvent.LOST)

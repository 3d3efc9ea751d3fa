"""Who may come in, who is here, and what becomes of a call when its stream is over.  In memory only.

A place is taken when the webhook is answered, not when the stream opens: the token holds it for as long as the
token lives, so two calls never get the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from policies.phi import PHI
from telephony.signature import Seen
from telephony.tokens import TTL_S, Purpose, Ticket, TokenRefused, Tokens

PROMISES: Final = 3  # two for whom nurses are called beside the callers, and whoever is called back
NURSES: Final = 4  # who may be rung at once for one caller: a rung of three, and one who answers late
RESERVED: Final = 0.5  # of the places: while only these are left nobody is rung by us; our own choice
GOES_ON: Final = frozenset({Purpose.BACK, Purpose.REACHED, Purpose.HANDED})
"""Streams of a call that has a place already: its next one is never refused for want of one."""
ASKED_S: Final = 2.0  # after a stream's end the carrier asks within a second where the call goes, or never
OUTCOMES: Final = 512  # ended calls whose `action` request has not come; it comes within a second or never


class Refusal(enum.Enum):
    """Why a request, a handshake or a stream is turned away; closed, counted by the metrics."""

    SIGNATURE = "signature"
    REPLAY = "replay"
    HOST = "host"
    ORIGIN = "origin"
    FORM = "form"
    BODY = "body"
    NUMBER = "number"
    BUSY = "busy"
    TOKEN = "token"  # noqa: S105 a reason
    START = "start"
    PEER = "peer"


class EndDecision(enum.Enum):
    """What happens to the call after its stream."""

    TRANSFER = "transfer"
    """The caller was told that a nurse comes: dial one."""
    GOODBYE = "goodbye"
    """All has been said: hang up."""
    ASSISTANT = "assistant"
    """She wants our assistant after all: an ordinary call."""
    LOST = "lost"
    """We don't know: apologise and dial a nurse."""


class Role(enum.Enum):
    """Whose place in a room it is."""

    NURSE = "nurse"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Room:
    """After its stream the call goes into a room, where two are put through to each other."""

    name: str
    """Random."""
    role: Role
    calling: bool = False
    """A nurse's, while the patient's telephone is being rung."""


@dataclass(frozen=True, slots=True)
class Again:
    """The call comes back to us at once, on a stream of another purpose."""

    purpose: Purpose


After = EndDecision | Room | Again
"""What becomes of a call when its stream is over."""


@dataclass(frozen=True, slots=True)
class Line:
    """Whose call it is: what the number called stands for."""

    agent: str
    nurse_number: str
    """E.164."""


@dataclass(slots=True)
class _Outcome:
    decision: After = EndDecision.LOST
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    ended_s: float = 0.0


class Switchboard:
    """The calls of one process."""

    def __init__(self, *, calls: int, clock: Callable[[], float]) -> None:
        """calls: how many at once.  clock: monotonic seconds."""
        self._calls = calls
        self._clock = clock
        self._tokens = Tokens(limit=2 * calls)  # callers, and those who come back from a room
        self._nurses = Tokens(limit=NURSES * (calls + PROMISES))  # they take no caller's place
        self._live = 0
        self.draining = False
        """The process is about to end: callers go to the nurse line."""
        self.may_take: Callable[[], bool] = lambda: True
        """Asked before each invitation: while it says no, callers go to the nurse line."""
        self._quiet = asyncio.Event()
        self._asked = asyncio.Event()
        self._quiet.set()
        self._legs = 0
        self._outcomes: OrderedDict[bytes, _Outcome] = OrderedDict()
        self.seen: Final = Seen()

    @property
    def live(self) -> int:
        """Calls whose stream is open."""
        return self._live

    async def idle(self) -> None:
        """Waits until no call is live; does not wait at all if none is."""
        while self._live:
            await self._quiet.wait()

    async def over(self) -> None:
        """Waits until no call is live, and the carrier has asked where the last ones go or had time to."""
        await self.idle()
        while (left_s := self._still_asked_s()) > 0:
            self._asked.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._asked.wait()
            await self.idle()

    def _still_asked_s(self) -> float:
        ended = [outcome.ended_s for outcome in self._outcomes.values() if outcome.settled.is_set()]
        return max(ended, default=-ASKED_S) + ASKED_S - self._clock()

    @property
    def full(self) -> bool:
        """No place is left, counting those that are promised, or no call may be taken."""
        return (
            self.draining or not self.may_take() or self._live + self._tokens.outstanding(self._clock()) >= self._calls
        )

    def invite(
        self, purpose: Purpose, agent: str, call_sid: PHI[str] | None, caller: PHI[str] | None = None
    ) -> str | None:
        """A token, and with it a place; None if there is none left."""
        if self.full and purpose not in GOES_ON:
            return None
        try:
            return self._tokens.mint(purpose, fresh_ref(), agent, call_sid, self._clock(), caller=caller)
        except TokenRefused:
            return None

    @property
    def spare(self) -> bool:
        """Somebody may be rung by us: more places are free than are kept for those who call."""
        taken = self._live + self._tokens.outstanding(self._clock())
        return not self.full and taken + 1 <= self._calls - math.ceil(self._calls * RESERVED)

    def invite_callee(self, leg: str, agent: str, ring_s: float) -> str | None:
        """A token for a telephone that is about to be rung by us, and with it a place; None if none is spare."""
        if not self.spare:
            return None
        try:
            return self._tokens.mint(Purpose.CALLEE, leg, agent, None, self._clock(), ttl_s=ring_s + TTL_S)
        except TokenRefused:
            return None

    def uninvite_callee(self, leg: str) -> None:
        """It isn't rung any more: the place is another's."""
        self._tokens.forget(leg)

    def invite_nurse(self, leg: str, agent: str, ring_s: float, purpose: Purpose = Purpose.NURSE) -> str | None:
        """A token for a nurse who is about to be rung, or for a patient who is; None if too many are."""
        try:
            return self._nurses.mint(purpose, leg, agent, None, self._clock(), ttl_s=ring_s + TTL_S)
        except TokenRefused:
            return None

    def uninvite_nurse(self, leg: str) -> None:
        """She is not wanted any more."""
        self._nurses.forget(leg)

    def redeem(self, token: str, call_sid: PHI[str]) -> Ticket | None:
        """What the token stands for; None if it stands for nothing (any more)."""
        for tokens in (self._tokens, self._nurses):
            with contextlib.suppress(TokenRefused):
                return tokens.redeem(token, call_sid, self._clock())
        return None

    def begin(self, call_sid: PHI[str], *, nurse: bool = False) -> int:
        """A stream is open.  Returns the leg's ordinal; `settle()` must follow."""
        self._live += not nurse
        self._quiet.clear()
        self._legs += 1
        self._outcomes[self.seen.digest(call_sid)] = _Outcome()
        while len(self._outcomes) > OUTCOMES:
            self._outcomes.popitem(last=False)
        return self._legs

    def settle(self, call_sid: PHI[str], decision: After, *, nurse: bool = False) -> None:
        """The stream is over."""
        self._live -= not nurse
        if not self._live:
            self._quiet.set()
        outcome = self._outcomes.get(self.seen.digest(call_sid))
        if outcome is not None:
            outcome.decision = decision
            outcome.ended_s = self._clock()
            outcome.settled.set()

    async def outcome(self, call_sid: PHI[str], wait_s: float) -> After:
        """What was decided; told once.  Waits for a stream that is just ending; `LOST` if nothing is known."""
        digest = self.seen.digest(call_sid)
        outcome = self._outcomes.get(digest)
        if outcome is None:
            return EndDecision.LOST
        try:
            async with asyncio.timeout(wait_s):
                await outcome.settled.wait()
        except TimeoutError:
            return EndDecision.LOST
        self._outcomes.pop(digest, None)
        self._asked.set()
        return outcome.decision


def fresh_ref() -> str:
    """A random reference of a leg: 16 hex digits."""
    return secrets.token_hex(8)

"""One call with a softphone as the twin sees it, whatever SIP is made with: how far it is, its sound and its keys."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from telephony.twin.jitter import Jitter

OK: Final = 200
RINGING: Final = 180
DECLINED: Final = 603
MOST_KEYS: Final = 64  # nobody presses more between two steps of 20 ms; what is more is dropped


class SipFailed(Exception):
    """The user agent could not start, or an address could not be called."""


class Progress(enum.Enum):
    """How far a call is."""

    BEGUN = "begun"
    RINGS = "rings"
    ESTABLISHED = "established"
    OVER = "over"


@dataclass(frozen=True, slots=True, repr=False)
class KeyEvent:
    """A telephone-event (RFC 4733) as it comes in.

    After 8 s a key that is held goes on as another event (section 2.5.1.3), with the timestamp at which the first one
    stopped, or, from baresip, with the same.
    """

    key: str
    began_ms: int
    """By the sender's clock."""
    lasted_ms: int
    is_update: bool
    """Of an event that was told before."""
    is_end: bool


class Signalling(Protocol):
    """The call in the SIP stack."""

    def respond(self, status: int) -> None:
        """Answer a call that came in, finally or not, with this status."""
        ...

    def end(self, status: int) -> None:
        """End it: refuse with this status, call off, or hang up, as it stands."""
        ...


class SipCall:
    """Everything but the wait returns at once, and what comes too late does nothing."""

    def __init__(self, signalling: Signalling, *, came_in: bool) -> None:
        self.progress = Progress.BEGUN
        self.has_rung = False
        self.was_established = False
        self.status = 0
        """SIP's status code for its end, once it is over."""
        self.said: Final = Jitter()
        """What its person says."""
        self.to_hear: Final = Jitter()
        """What its person shall hear."""
        self._signalling: Signalling | None = signalling
        self._came_in = came_in
        self._ending = False
        self._keys: deque[str] = deque(maxlen=MOST_KEYS)
        self._held: KeyEvent | None = None
        self._moved = asyncio.Event()

    @property
    def is_over(self) -> bool:
        return self.progress is Progress.OVER

    async def moves_on(self) -> None:
        """Waits for the next progress; not where the call is over."""
        if not self.is_over:
            await self._moved.wait()

    def rings(self) -> None:
        """Tell who calls that it rings."""
        if self._came_in and self._signalling is not None and self.progress is Progress.BEGUN:
            self._signalling.respond(RINGING)

    def answer(self) -> None:
        """Take a call that came in."""
        if self._came_in and self._signalling is not None and not self.was_established:
            self._signalling.respond(OK)

    def end(self, status: int = DECLINED) -> None:
        """Hang up, call it off, or refuse it with this status.  A second time: nothing."""
        if self._signalling is not None and not self._ending:
            self._ending = True
            self._signalling.end(status)

    def take_keys(self) -> list[str]:
        """The keys that were pressed since this was asked last."""
        pressed = list(self._keys)
        self._keys.clear()
        return pressed

    def key(self, event: KeyEvent) -> None:
        """For the stack: what its person does to a key.  One that is held down, for however long, is pressed once."""
        held = self._held
        goes_on = held is not None and held.key == event.key and event.began_ms <= held.began_ms + held.lasted_ms
        if not (event.is_update or goes_on):
            self._keys.append(event.key)
        self._held = None if event.is_end else event

    def has_come_to(self, progress: Progress, status: int = 0) -> None:
        """For the stack: this is how far it is."""
        if self.is_over or progress is self.progress:
            return
        self.progress = progress
        self.has_rung |= progress is Progress.RINGS
        self.was_established |= progress is Progress.ESTABLISHED
        if progress is Progress.OVER:
            self.status = status
            self._signalling = None  # the stack's end of the call goes when the stack lets go of it
        self._moved.set()
        self._moved = asyncio.Event()

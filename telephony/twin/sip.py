"""Real telephones at the twin's exchange: a softphone on this machine calls the line, or is rung by it.

    async with user_agent(port) as agent, exchange.running(), asyncio.TaskGroup() as tasks:
        patient = Softphone(PATIENT)
        nurse = Softphone(NURSE, agent, "sip:nurse@127.0.0.1:5062")
        tasks.create_task(takes_calls(agent, exchange, OUR_NUMBER, patient))

Each is an ordinary `Telephone` of the exchange, whose person's part in the call is played by whoever holds the
softphone: her sound is uttered and what she hears is sent, frame by frame on the exchange's clock, and her keys are
pressed.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Final, Protocol

from telephony.audio import FRAME_SAMPLES
from telephony.twin.exchange import Exchange
from telephony.twin.line import LineDead
from telephony.twin.records import BUSY, FAILED, IN_PROGRESS, NO_ANSWER
from telephony.twin.sip_call import Progress, SipCall, SipFailed
from telephony.twin.telephones import Persona, Phone, Pickup, Telephone

ADDRESS: Final = re.compile(r"sip:[A-Za-z0-9._+-]{1,64}@127\.0\.0\.1:[0-9]{1,5}", re.ASCII)
"""A softphone of this machine's: nobody else is rung."""
# RFC 3261, section 21: 486 Busy Here, 600 Busy Everywhere, 603 Decline; 408 Request Timeout, 480 Temporarily
# Unavailable, 487 Request Terminated.  A person who declines has a telephone that sounds busy.
PICKUPS: Final = {
    486: Pickup.BUSY, 600: Pickup.BUSY, 603: Pickup.BUSY,
    408: Pickup.NEVER, 480: Pickup.NEVER, 487: Pickup.NEVER,
}  # fmt: skip
"""What a SIP status says of a telephone that was not answered; any other: it cannot be reached."""
REACHED_S: Final = 5.0  # our choice: a softphone of this machine's answers in milliseconds that it rings
NOT_NOW: Final = 486
REFUSALS: Final = {BUSY: 486, NO_ANSWER: 480, FAILED: 503}
"""And how a caller is told that the line did not answer."""


class Rings(Protocol):
    """A SIP user agent that can call."""

    def call(self, address: str) -> SipCall:
        """Raises `SipFailed`."""
        ...


class Listens(Protocol):
    """A SIP user agent that can be called."""

    @property
    def port(self) -> int: ...

    async def incoming(self) -> SipCall:
        """The next call that comes in."""
        ...


class AddressRefused(ValueError):
    """No address of a softphone on this machine."""

    def __init__(self) -> None:
        super().__init__("a softphone's address is sip:NAME@127.0.0.1:PORT")


class Softphone:
    """One person's softphone.  Satisfies `telephones.Bell`; one call at a time."""

    def __init__(self, number: str, agent: Rings | None = None, address: str | None = None) -> None:
        """number: hers, at the exchange.  agent and address: how she is rung; without them she can only call.

        Raises `AddressRefused`.
        """
        if address is not None and not ADDRESS.fullmatch(address):
            raise AddressRefused
        self._agent = agent
        self._address = address
        self._call: SipCall | None = None
        self.telephone: Final = Telephone(number, Persona(self._holds_the_call), bell=self)
        """For the exchange."""

    async def ring(self, rings: Callable[[], None]) -> Pickup:
        """As `telephones.Bell`."""
        call: SipCall | None = None
        if self._agent is not None and self._address is not None:
            if self._is_busy():
                return Pickup.BUSY
            try:
                call = self._agent.call(self._address)
            except SipFailed:
                return Pickup.FAILS
        if call is None:
            return Pickup.FAILS
        self._call = call
        try:
            return await _comes_of(call, rings)
        except BaseException:
            call.end()
            raise

    async def dials_in(self, call: SipCall, exchange: Exchange, called: str) -> Phone | None:
        """She calls one of our numbers.  Returns her end of the call; None where she is in one already.

        Raises `NotOurs`.
        """
        if self._is_busy() or self.telephone.in_a_call():
            call.end(NOT_NOW)
            return None
        self._call = call
        call.rings()
        return await exchange.dial_in(self.telephone, called)

    def _is_busy(self) -> bool:
        return self._call is not None and not self._call.is_over

    async def _holds_the_call(self, phone: Phone) -> None:
        """`telephones.Life`: what she says, hears and presses, until either side hangs up."""
        call = self._call
        assert call is not None, "nobody holds that softphone"
        try:
            await _talks(call, phone)
        except LineDead:
            call.end(REFUSALS.get(phone.status, NOT_NOW))
            raise
        finally:
            call.end()


async def _comes_of(call: SipCall, rings: Callable[[], None]) -> Pickup:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(REACHED_S):
            while call.progress is Progress.BEGUN:
                await call.moves_on()
    if call.progress is Progress.BEGUN:
        call.end()
        return Pickup.FAILS
    if call.has_rung:  # and may have been answered in the same moment
        rings()
    while not (call.is_over or call.was_established):
        await call.moves_on()
    return Pickup.ANSWERS if call.was_established else PICKUPS.get(call.status, Pickup.FAILS)


async def _talks(call: SipCall, phone: Phone) -> None:
    """Raises `LineDead`."""
    at = phone.now()
    while not call.is_over:
        if phone.status == IN_PROGRESS and not call.was_established:
            call.answer()
        now = await phone.tick()
        phone.utter(now, call.said.take())  # once, though more steps may have passed: she would lag behind for good
        for start in range(at, now, FRAME_SAMPLES):
            call.to_hear.put(phone.heard(start, start + FRAME_SAMPLES))
        at = now
        for key in call.take_keys():
            await phone.press(key)


async def takes_calls(agent: Listens, exchange: Exchange, called: str, softphone: Softphone) -> None:
    """Every call that comes in is this softphone's, to this number of ours, whatever it dialled.  Until cancelled.

    Raises `NotOurs`.
    """
    while True:
        await softphone.dials_in(await agent.incoming(), exchange, called)

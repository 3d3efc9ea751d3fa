"""What passes between the line and the carrier's twin: the line's requests, which may fail, and all that is written."""

from __future__ import annotations

import asyncio
import enum
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from policies.phi import PHI
from telephony.placing import CarrierFailed, CarrierReason
from telephony.rest import PLACE_S, STEPS
from telephony.rooms import OVER_NAMES
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import Machine
from telephony.twin.records import CANCELED, COMPLETED, CallOver
from tests.nights.plans import Unreliable


class Fate(enum.Enum):
    """What becomes of one request."""

    DONE = enum.auto()
    FAILED = enum.auto()
    """Answered with a reason; nothing was done."""
    DONE_AND_FAILED = enum.auto()
    """Done, although the answer says otherwise or never came."""


@dataclass(frozen=True, slots=True)
class Order:
    """One request to ring somebody."""

    at_s: float
    number: str
    sid: str | None
    """Of the call that came of it."""


class Requests:
    """`telephony.placing.Carrier` on an exchange, with an account whose requests fail now and then."""

    def __init__(
        self,
        exchange: Callable[[], Exchange],
        from_: str,
        unreliable: Unreliable,
        written: list[str],
        rings: Callable[[str], None],
    ) -> None:
        """exchange: asked for with each request.  written: is given every document and address that the line sends.

        rings: told which number is about to be rung.
        """
        self._rings: Final = rings
        self.orders: Final[list[Order]] = []
        self._exchange: Final = exchange
        self._from: Final = from_
        self._unreliable: Final = unreliable
        self._written: Final = written
        self._chance: Final = random.Random(unreliable.seed)

    async def place(
        self, number: PHI[str], twiml: str, *, ring_s: int, status_url: str, limit_s: int, caller_id: str | None = None
    ) -> PHI[str]:
        """See `Carrier`."""
        self._written.extend((twiml, status_url))
        fate, reason = self._drawn()
        await asyncio.sleep(self._chance.uniform(0.05, self._unreliable.slow_s))
        sid: str | None = None
        if fate is not Fate.FAILED:
            self._rings(number.reveal())
            record = await self._exchange().place(
                to=number.reveal(),
                from_=caller_id or self._from,
                twiml=twiml,
                url=None,
                ring_s=ring_s,
                status_callback=status_url,
                status_events=frozenset(STEPS),
                time_limit_s=limit_s,
            )
            sid = record.sid
        self.orders.append(Order(asyncio.get_running_loop().time(), number.reveal(), sid))
        if reason is not None:
            await asyncio.sleep(PLACE_S if reason is CarrierReason.TIMED_OUT else 0.0)
            raise CarrierFailed(reason)
        await asyncio.sleep(self._chance.uniform(0.05, self._unreliable.slow_s))  # callbacks may overtake the answer
        assert sid is not None
        return PHI(sid)

    async def end(self, call_sid: PHI[str]) -> None:
        """See `Carrier`: as `telephony.rest`, which cancels first and then ends."""
        await self._tried()
        for status in (CANCELED, COMPLETED):
            try:
                await self._exchange().change(call_sid.reveal(), status=status)
            except CallOver:
                return

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        """See `Carrier`."""
        self._written.append(twiml)
        await self._tried()
        try:
            await self._exchange().change(call_sid.reveal(), twiml=twiml)
        except CallOver:
            return False
        return True

    async def live(self, call_sid: PHI[str]) -> bool:
        """See `Carrier`."""
        await self._tried()
        call = self._exchange().call(call_sid.reveal())
        return call is not None and call.status not in OVER_NAMES

    async def _tried(self) -> None:
        await asyncio.sleep(self._chance.uniform(0.05, self._unreliable.slow_s))
        if self._chance.random() < self._unreliable.ends_fail:
            await asyncio.sleep(1.0)
            raise CarrierFailed(CarrierReason.UNREACHABLE)

    def _drawn(self) -> tuple[Fate, CarrierReason | None]:
        fate, drawn = self._chance.random() < 0.5, self._chance.random()
        for share, reason in (
            (self._unreliable.refused, CarrierReason.REFUSED),
            (self._unreliable.unreachable, CarrierReason.UNREACHABLE),
            (self._unreliable.broken, CarrierReason.BROKEN),
            (self._unreliable.silent, CarrierReason.TIMED_OUT),
        ):
            if drawn < share:
                return Fate.DONE_AND_FAILED if reason.in_doubt and fate else Fate.FAILED, reason
            drawn -= share
        return Fate.DONE, None


class Tap:
    """The webhooks of a machine, with all that goes either way written down."""

    def __init__(self, machine: Machine, written: list[str]) -> None:
        self._machine = machine
        self._written = written

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        """As `transport.Webhook`."""
        self._written += [url, *form, *form.values()]
        status, body = await self._machine.post(url, form)
        self._written.append(body)
        return status, body

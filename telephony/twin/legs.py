"""One call at the carrier, from its order to its record: rung, answered, run verb by verb, ended.

What runs is one task at a time (`Call.live`): ringing, or a `verbs.Program`.  Whoever ends or redirects the call
cancels it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

from telephony.twin.conference import Table
from telephony.twin.line import LineDead
from telephony.twin.records import (
    BUSY,
    CANCELED,
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    INBOUND,
    NO_ANSWER,
    RINGING,
    CallOver,
    PlacedCall,
)
from telephony.twin.segments import Connection, StreamSegment
from telephony.twin.telephones import Bell, Life, Phone, Pickup, Telephone
from telephony.twin.twiml_reader import Reject
from telephony.twin.verbs import SILENCE, Keys, Program, Services, Verbs

SETUP_S: Final = 0.5  # our choice: from the order to the first ring; a mobile network takes one to several seconds
RING_MORE_S: Final = 5.0  # Twilio, Calls resource, Timeout: "we add a 5-second buffer"
TIME_LIMIT_S: Final = 4 * 60 * 60  # Twilio, Calls resource, TimeLimit: the default, 4 hours
REFUSED_S: Final = 0.5  # our choice: from there to the busy tone or the network's refusal
NOT_ANSWERED: Final = {Pickup.BUSY: BUSY, Pickup.NEVER: NO_ANSWER, Pickup.FAILS: FAILED}
"""How the carrier names what came of ringing."""


@dataclass(frozen=True, slots=True)
class Order:
    """How a call is to be made.

    twiml or url: what is done once it is answered; neither: it waits to be told (the call of a `<Dial>`).
    """

    twiml: Verbs | None = None
    url: str | None = None
    base_url: str = ""
    """What relative URLs are meant from, before the first document."""
    ring_s: int = 30
    time_limit_s: int = TIME_LIMIT_S
    status_callback: str | None = None
    status_events: frozenset[str] = frozenset()
    fallback: str | None = None
    """TwiML kept at the carrier, for a number that our side has failed."""


class Call:
    """One call.  `live()` is its task; everything else returns at once."""

    def __init__(
        self,
        services: Services,
        record: PlacedCall,
        telephone: Telephone | None,
        order: Order,
        gone: Callable[[Call], None],
    ) -> None:
        """telephone: the person's; None: nobody has that number.  gone: told when the call is over."""
        self._gone = gone
        self._services = services
        self._record = record
        self._telephone = telephone
        self._order = order
        self._loop = asyncio.get_running_loop()
        self._program = Program(self, services, order.base_url, order.fallback)
        self._work: asyncio.Task[None] | None = None
        self._next: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self.phone: Phone | None = None
        """The person's, once she is on the line."""
        self.connection: Connection = SILENCE
        self.keys: Keys | None = None
        self.at_hang_up: str | None = None
        self.said: list[str] = []
        """What `<Say>` read out, in order."""
        self.settled = asyncio.Event()
        """It was answered, or it is over."""
        self.over = asyncio.Event()

    @property
    def record(self) -> PlacedCall:
        """As it stands now."""
        return self._record

    async def live(self) -> None:
        """From the order to the end."""
        self._next = self._inbound if self._record.direction == INBOUND else self._outbound
        while not self._record.is_over:
            step, self._next = self._next, None
            if step is None:
                self.end(COMPLETED)  # it ran out of verbs
                return
            self._work = self._services.start(step(), "call-work")
            await asyncio.wait({self._work})

    async def _inbound(self) -> None:
        verbs = await self._services.asker.ask(self._order.base_url, self._record.form())
        if verbs is None:
            verbs = self._program.kept_fallback()
        if verbs is None:
            self.end(FAILED)
        elif verbs and isinstance(verbs[0], Reject):
            self.end(BUSY if verbs[0].busy else NO_ANSWER)
        else:
            self._answered()
            await self._program.follow(verbs)

    async def _outbound(self) -> None:
        self._tell("initiated")
        await asyncio.sleep(SETUP_S)
        if not await self._rung():
            return
        self.come_on_the_line()
        self._answered()
        if self._order.twiml is not None:
            await self._program.follow(self._order.twiml)
        elif self._order.url is not None:
            await self._program.follow(await self._program.document(self._order.url))
        else:
            await self.over.wait()  # whoever dialled holds the call

    async def _rung(self) -> bool:
        """Did somebody answer?  Else the call is over."""
        telephone, ring_s = self._telephone, self._order.ring_s + RING_MORE_S
        if telephone is None or telephone.persona.pickup is Pickup.FAILS:
            await asyncio.sleep(REFUSED_S)
            self.end(FAILED)
            return False
        if telephone.persona.pickup is Pickup.BUSY or telephone.in_a_call():
            await asyncio.sleep(REFUSED_S)
            self.end(BUSY)
            return False
        if telephone.bell is not None:
            return await self._rung_outside(telephone, telephone.bell, ring_s)
        self._rings(telephone)
        after_s = telephone.persona.after_s
        answers = telephone.persona.pickup is Pickup.ANSWERS and after_s <= ring_s
        await asyncio.sleep(after_s if answers else ring_s)
        if not answers:
            self.end(NO_ANSWER)
        elif telephone.in_a_call():  # another one was taken while this one rang
            self.end(BUSY)
        return not self._record.is_over

    async def _rung_outside(self, telephone: Telephone, bell: Bell, ring_s: float) -> bool:
        pickup = Pickup.NEVER
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ring_s):
                pickup = await bell.ring(functools.partial(self._rings, telephone))
        if pickup is not Pickup.ANSWERS:
            self.end(NOT_ANSWERED[pickup])
        return not self._record.is_over

    def _rings(self, telephone: Telephone) -> None:
        telephone.rings += 1
        self._record = dataclasses.replace(self._record, status=RINGING)
        self._tell("ringing")

    def come_on_the_line(self, life: Life | None = None) -> Phone:
        """Its person holds the telephone from now on.  life: what she does; None: as when she is rung."""
        assert self._telephone is not None
        life = self._telephone.persona.life if life is None else life
        conditions = self._telephone.conditions or self._services.dice.faults.conditions
        phone = Phone(self._telephone.number, self, conditions, self._services.floor(conditions))
        self.phone = phone
        self._telephone.calls.append(phone)
        self._services.start(_lived(life, phone), "person")
        after_s = self._services.dice.hang_up_after_s()
        if after_s is not None:
            self._timers.append(self._loop.call_later(after_s, self.put_down))
        return phone

    def _answered(self) -> None:
        self._record = dataclasses.replace(self._record, status=IN_PROGRESS, answered_at=self._loop.time())
        self._timers.append(self._loop.call_later(self._order.time_limit_s, self.end, COMPLETED))
        self.settled.set()
        self._tell("answered")

    def change(self, verbs: Verbs | None, url: str | None) -> None:
        """Do this instead.  Raises `CallOver` unless the call is in progress."""
        if self._record.status != IN_PROGRESS:
            raise CallOver
        if verbs is not None:
            self._next = lambda: self._program.follow(verbs)
        elif url is not None:
            self._next = lambda: self._redirected(url)
        if self._work is not None:
            self._work.cancel()

    async def _redirected(self, url: str) -> None:
        await self._program.follow(await self._program.document(url))

    def end(self, status: str) -> None:
        """The call is over.  A second time: nothing."""
        if self._record.is_over:
            return
        self._record = dataclasses.replace(self._record, status=status, ended_at=self._loop.time())
        for timer in self._timers:
            timer.cancel()
        if self.phone is not None:
            self.phone.finish()
        self.settled.set()
        self.over.set()
        self._tell("completed")
        self._gone(self)
        if self._work is not None and self._work is not asyncio.current_task():
            self._work.cancel()

    def close(self) -> None:
        """From the outside, whatever state it is in: canceled before the answer, completed after it."""
        self.end(COMPLETED if self._record.answered_at is not None else CANCELED)

    def _tell(self, event: str) -> None:
        if self._order.status_callback is not None and event in self._order.status_events:
            url = urljoin(self._program.base_url, self._order.status_callback)
            self._services.callbacks.call(event, self._record, url)

    def pressed(self, digit: str) -> None:
        """As `telephones.Hook`; so are `put_down`, `status`, `lose_stream` and `stall_stream`."""
        if self.keys is not None:
            self.keys.press(digit)
        else:
            self.connection.press(digit)

    def put_down(self) -> None:
        action = self.at_hang_up
        self.close()
        if action is not None:  # the last word to a <Dial>: nobody is left to follow the answer
            self.at_hang_up = None
            form = self._record.form() | {"DialCallStatus": COMPLETED}
            self._services.start(self._last_word(urljoin(self._program.base_url, action), form), "last-word")

    async def _last_word(self, url: str, form: Mapping[str, str]) -> None:
        await self._services.asker.ask(url, form)

    def status(self) -> str:
        return self._record.status

    def lose_stream(self) -> None:
        if isinstance(self.connection, StreamSegment):
            self.connection.reset()

    def stall_stream(self) -> None:
        if isinstance(self.connection, StreamSegment):
            self.connection.stalled = True

    def give(self) -> None:
        """Her next 20 ms, to what the call is connected to."""
        if self.phone is not None:
            self.connection.give(self.phone.frame())

    def take(self, start: int) -> None:
        """What her ear hears from sample `start`."""
        if self.phone is not None:
            self.phone.hear(self.connection.take(start))

    def seat(self, table: Table) -> None:
        """Sit down at the table of whoever dialled."""
        self.connection = table.join()


async def _lived(life: Life, phone: Phone) -> None:
    """A person's part in the call; when she has nothing more to do she hangs up."""
    try:
        await life(phone)
    except LineDead:
        return
    await phone.hang_up()

"""One call at the carrier, from its order to its record: rung, answered, run verb by verb, ended.

What runs is one task at a time (`Call.live`).  Whoever ends or redirects the call cancels it, and what it held is let
go at once; nothing waits for the line then.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from telephony.twin.asking import Asker, Callbacks, Spawn, Trouble
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.conference import Rooms, Table
from telephony.twin.faults import Dice
from telephony.twin.line import LineDead
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.playback import Playback
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
from telephony.twin.segments import SAID_CHARS_PER_S, WORDS, Connection, Nothing, StreamSegment
from telephony.twin.stream_side import Ids, StreamSide, Violation, fresh_sid
from telephony.twin.telephones import Life, Phone, Pickup, Telephone
from telephony.twin.transport import Streams
from telephony.twin.twiml_reader import (
    ConnectStream,
    Dial,
    DialConference,
    Gather,
    Hangup,
    Pause,
    Play,
    Redirect,
    Reject,
    Say,
    Verb,
    read_twiml,
)

SETUP_S: Final = 0.5  # our choice: from the order to the first ring; a mobile network takes one to several seconds
REFUSED_S: Final = 0.5  # our choice: from there to the busy tone or the network's refusal
DOCUMENTS: Final = 100  # our choice: a call that asks for more TwiML than this runs in a circle
SILENCE: Final = Nothing()

Verbs = tuple[Verb, ...]


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
    time_limit_s: int = 4 * 60 * 60
    status_callback: str | None = None
    status_events: frozenset[str] = frozenset()
    fallback: str | None = None
    """TwiML kept at the carrier, for a number that our side has failed."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every call of an exchange uses."""

    asker: Asker
    callbacks: Callbacks
    streams: Streams
    rooms: Rooms
    dice: Dice
    spawn: Spawn
    clock: Callable[[], int]
    """Samples since the exchange began."""
    floor: Callable[[Conditions | None], Floor | None]
    dial: Callable[[Call, Dial], Call]
    """Rings somebody for a `<Dial>`."""
    gone: Callable[[Call], None]
    """A call is over."""
    troubles: Counter[Trouble]
    violations: Counter[Violation]


class _Keys:
    """What was pressed during a `<Gather>`."""

    def __init__(self, enough: int | None, finish: str) -> None:
        self._enough = enough
        self._finish = finish
        self.digits = ""
        self.complete = False
        self.pressed = asyncio.Event()

    def press(self, digit: str) -> None:
        if self.complete:
            return
        if digit == self._finish:
            self.complete = True
        else:
            self.digits += digit
            self.complete = self._enough is not None and len(self.digits) >= self._enough
        self.pressed.set()


class Call:
    """One call.  `live()` is its task; everything else returns at once."""

    def __init__(self, services: Services, record: PlacedCall, telephone: Telephone | None, order: Order) -> None:
        """telephone: the person's; None: nobody has that number."""
        self._services = services
        self._record = record
        self._telephone = telephone
        self._order = order
        self._loop = asyncio.get_running_loop()
        self._connection: Connection = SILENCE
        self._keys: _Keys | None = None
        self._work: asyncio.Task[None] | None = None
        self._next: Callable[[], Awaitable[None]] | None = None
        self._base_url = order.base_url
        self._fallback = order.fallback
        self._at_hang_up: str | None = None  # the action that is told when she hangs up inside a <Dial>
        self._documents = 0
        self._timers: list[asyncio.TimerHandle] = []
        self.phone: Phone | None = None
        """The person's, once she is on the line."""
        self.said: list[str] = []
        """What `<Say>` read out, in order."""
        self.settled = asyncio.Event()
        """It was answered, or it is over."""
        self.over = asyncio.Event()

    @property
    def record(self) -> PlacedCall:
        return self._record

    # --- its life ---

    async def live(self) -> None:
        """From the order to the end."""
        self._next = self._inbound if self._record.direction == INBOUND else self._outbound
        while not self._record.is_over:
            step, self._next = self._next, None
            if step is None:
                self.end(COMPLETED)  # it ran out of verbs
                return
            self._work = self._services.spawn(self._run(step), "call-work")
            await asyncio.wait({self._work})

    async def _run(self, step: Callable[[], Awaitable[None]]) -> None:
        await step()

    async def _inbound(self) -> None:
        verbs = await self._services.asker.ask(self._base_url, self._record.form())
        if verbs is None:
            verbs = self._kept_fallback()
        if verbs is None:
            self.end(FAILED)
        elif verbs and isinstance(verbs[0], Reject):
            self.end(BUSY if verbs[0].busy else NO_ANSWER)
        else:
            self._answered()
            await self._follow(verbs)

    async def _outbound(self) -> None:
        self._tell("initiated")
        await asyncio.sleep(SETUP_S)
        if not await self._rung():
            return
        self._pick_up()
        self._answered()
        if self._order.twiml is not None:
            await self._follow(self._order.twiml)
        elif self._order.url is not None:
            await self._follow(await self._document(self._order.url))
        else:
            await self.over.wait()  # whoever dialled holds the call

    async def _rung(self) -> bool:
        """Did somebody answer?  Else the call is over."""
        telephone, ring_s = self._telephone, self._order.ring_s
        if telephone is None or telephone.persona.pickup is Pickup.FAILS:
            await asyncio.sleep(REFUSED_S)
            self.end(FAILED)
            return False
        if telephone.persona.pickup is Pickup.BUSY or telephone.in_a_call():
            await asyncio.sleep(REFUSED_S)
            self.end(BUSY)
            return False
        telephone.rings += 1
        self._record = dataclasses.replace(self._record, status=RINGING)
        self._tell("ringing")
        after_s = telephone.persona.after_s
        answers = telephone.persona.pickup is Pickup.ANSWERS and after_s <= ring_s
        await asyncio.sleep(after_s if answers else ring_s)
        if not answers:
            self.end(NO_ANSWER)
        elif telephone.in_a_call():  # another one was taken while this one rang
            self.end(BUSY)
        return not self._record.is_over

    def dialled(self, life: Life) -> Phone:
        """The person is the one who calls: she is on the line at once."""
        return self._on_the_line(life)

    def _pick_up(self) -> None:
        assert self._telephone is not None
        self._on_the_line(self._telephone.persona.life)

    def _on_the_line(self, life: Life) -> Phone:
        assert self._telephone is not None
        conditions = self._telephone.conditions or self._services.dice.faults.conditions
        phone = Phone(self._telephone.number, self, conditions, self._services.floor(conditions))
        self.phone = phone
        self._telephone.calls.append(phone)
        self._services.spawn(_lived(life, phone), "person")
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
            self._next = lambda: self._follow(verbs)
        elif url is not None:
            self._next = lambda: self._redirected(url)
        if self._work is not None:
            self._work.cancel()

    async def _redirected(self, url: str) -> None:
        await self._follow(await self._document(url))

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
        self._services.gone(self)
        if self._work is not None and self._work is not asyncio.current_task():
            self._work.cancel()

    def close(self) -> None:
        """From the outside, whatever state it is in: canceled before the answer, completed after it."""
        self.end(COMPLETED if self._record.answered_at is not None else CANCELED)

    def _tell(self, event: str) -> None:
        if self._order.status_callback is not None and event in self._order.status_events:
            url = urljoin(self._base_url, self._order.status_callback)
            self._services.callbacks.call(event, self._record, url)

    # --- telephones.Hook ---

    def pressed(self, digit: str) -> None:
        if self._keys is not None:
            self._keys.press(digit)
        else:
            self._connection.press(digit)

    def put_down(self) -> None:
        action = self._at_hang_up
        self.close()
        if action is not None:  # the last word to a <Dial>: nobody is left to follow the answer
            self._at_hang_up = None
            form = self._record.form() | {"DialCallStatus": COMPLETED}
            self._services.spawn(self._last_word(urljoin(self._base_url, action), form), "last-word")

    async def _last_word(self, url: str, form: Mapping[str, str]) -> None:
        await self._services.asker.ask(url, form)

    def lose_stream(self) -> None:
        if isinstance(self._connection, StreamSegment):
            self._connection.reset()

    def stall_stream(self) -> None:
        if isinstance(self._connection, StreamSegment):
            self._connection.stalled = True

    # --- for the exchange's clock ---

    def give(self) -> None:
        """Her next 20 ms, to what the call is connected to."""
        if self.phone is not None:
            self._connection.give(self.phone.frame())

    def take(self, start: int) -> None:
        """What her ear hears from sample `start`."""
        if self.phone is not None:
            self.phone.hear(self._connection.take(start))

    # --- TwiML ---

    async def _document(self, url: str, form: Mapping[str, str] | None = None) -> Verbs | None:
        """What is said at `url` to do; else what is kept for the worst case; else None."""
        verbs = await self._asked(url, form or {})
        return self._kept_fallback() if verbs is None else verbs

    async def _asked(self, url: str, form: Mapping[str, str]) -> Verbs | None:
        self._documents += 1
        if self._documents > DOCUMENTS:
            self._services.troubles[Trouble.TOO_MANY_DOCUMENTS] += 1
            return None
        whole = urljoin(self._base_url, url)
        verbs = await self._services.asker.ask(whole, {**self._record.form(), **form})
        if verbs is not None:
            self._base_url = whole
        return verbs

    def _kept_fallback(self) -> Verbs | None:
        """Once a call: when that fails too, the carrier hangs up."""
        kept, self._fallback = self._fallback, None
        if kept is None:
            return None
        self._services.troubles[Trouble.FALLBACK] += 1
        return read_twiml(kept)

    async def _follow(self, verbs: Verbs | None) -> None:
        """Run a document, and those that it leads to."""
        while verbs is not None and not self._record.is_over:
            verbs = await self._done(verbs)

    async def _done(self, verbs: Verbs) -> Verbs | None:
        """Run a document.  Returns the next one; None where the call has no more to do.

        An `action` that fails is passed over: the next verb follows, and behind the last one the fallback.
        """
        failed = False
        for verb in verbs:
            match verb:
                case Hangup() | Reject():
                    self.end(COMPLETED)
                    return None
                case Redirect(url):
                    return await self._document(url)
                case Say() | Play() | Pause():
                    await self._sound(verb)
                    continue
                case Gather():
                    action, form = await self._gather(verb)
                case ConnectStream():
                    await self._stream(verb)
                    action, form = verb.action, {}
                case Dial():
                    action, form = verb.action, await self._dial(verb)
                case DialConference():
                    await self._conference(verb)
                    action, form = verb.action, {"DialCallStatus": COMPLETED}
            if action is not None:
                following = await self._asked(action, form)
                if following is not None:
                    return following
                failed = True
        return self._kept_fallback() if failed else None

    async def _sound(self, verb: Say | Play | Pause) -> None:
        match verb:
            case Say(text):
                self.said.append(text)
                await self._rest(len(text) / SAID_CHARS_PER_S, WORDS)
            case Pause(length_s):
                await self._rest(float(length_s), SILENCE)
            case Play():
                await self._rest(0.0, SILENCE)  # we keep no files at the carrier: a <Play> is silence of no length

    async def _rest(self, seconds: float, connection: Connection) -> bool:
        """Stay connected to this for so long, or until a key is pressed if keys are gathered.  Was one?"""
        self._connection = connection
        try:
            async with asyncio.timeout(seconds):
                await (self.over if self._keys is None else self._keys.pressed).wait()
        except TimeoutError:
            return False
        finally:
            self._connection = SILENCE
        return True

    async def _gather(self, verb: Gather) -> tuple[str | None, Mapping[str, str]]:
        """Where the digits go, and the digits; nowhere if there are none."""
        keys = self._keys = _Keys(verb.num_digits, verb.finish_on_key)
        try:
            for inside in verb.inside:
                if not keys.pressed.is_set():
                    assert isinstance(inside, Say | Play | Pause)
                    await self._sound(inside)
            while not keys.complete:
                if not await self._rest(float(verb.timeout_s), SILENCE):
                    break
                keys.pressed.clear()
        finally:
            self._keys = None
        if not keys.digits:
            return None, {}
        return verb.action or self._base_url, {"Digits": keys.digits}

    async def _stream(self, verb: ConnectStream) -> None:
        """Until the line closes it, or the network does."""
        assert self.phone is not None
        services = self._services
        try:
            wire = await services.streams.connect(Stream(urljoin(self._base_url, verb.url), verb.parameters))
        except StreamRefused:
            services.troubles[Trouble.STREAM_REFUSED] += 1
            return
        ids = Ids(self._record.account_sid, self._record.sid, fresh_sid("MZ"))
        side = StreamSide(ids, Playback())
        side.violations = services.violations
        segment = StreamSegment(side, wire, services.clock, self.phone.conditions, services.dice.reset_after_s())
        services.spawn(segment.feed(), "stream")
        segment.begin(verb.parameters)
        self._connection = segment
        try:
            await segment.listen()
        finally:
            segment.leave()
            self._connection = SILENCE

    async def _conference(self, verb: DialConference) -> None:
        """Until it is over for her."""
        conference, participant = self._services.rooms.join(self._record.sid, verb)
        self._connection, self._at_hang_up = participant.seat, verb.action
        try:
            await participant.seat.over.wait()
        finally:
            self._connection, self._at_hang_up = SILENCE, None
            conference.leave(participant)

    async def _dial(self, verb: Dial) -> Mapping[str, str]:
        """Ring somebody and bridge.  Returns what the action is told."""
        child = self._services.dial(self, verb)
        self._at_hang_up = verb.action
        table = Table()
        try:
            await child.settled.wait()
            if child.record.status == IN_PROGRESS:
                self._connection = table.join()
                child.seat(table)
                await child.over.wait()
        finally:
            self._connection, self._at_hang_up = SILENCE, None
            child.close()
        form = {"DialCallSid": child.record.sid, "DialCallStatus": child.record.status}
        if child.record.answered_at is not None:
            form["DialCallDuration"] = str(child.record.duration_s)
        return form

    def seat(self, table: Table) -> None:
        """Sit down at the table of whoever dialled."""
        self._connection = table.join()


async def _lived(life: Life, phone: Phone) -> None:
    """A person's part in the call; when she has nothing more to do she hangs up."""
    try:
        await life(phone)
    except LineDead:
        return
    await phone.hang_up()

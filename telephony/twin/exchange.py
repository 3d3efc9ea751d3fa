"""The carrier, for any number of calls at once: people's telephones on one side, the line's webhooks on the other.

    exchange = Exchange({OUR_NUMBER: VOICE_URL}, webhook, streams, telephones=[patient, nurse])
    async with exchange.running():
        phone = await exchange.dial_in(patient, OUR_NUMBER)
        await phone.until_over()

It asks nothing of the world but the loop's clock and the two ports that it is given (`transport`): the same calls run
in real time over real sockets and in virtual time within one process.  One clock of 20 ms moves every telephone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ
from telephony.twin.asking import Asker, Callbacks, Trouble
from telephony.twin.conference import ConferenceEvent, ConferenceRecord, Rooms
from telephony.twin.faults import Dice, Faults
from telephony.twin.legs import Call, Order
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.records import (
    CANCELED,
    CHILD,
    COMPLETED,
    INBOUND,
    OUTBOUND,
    QUEUED,
    RINGING,
    CallLive,
    CallOver,
    NoSuchRecord,
    NotOurs,
    PlacedCall,
)
from telephony.twin.stream_side import Violation, fresh_sid
from telephony.twin.telephones import Life, Phone, Telephone
from telephony.twin.transport import Streams, Webhook
from telephony.twin.twiml_reader import Dial, DialConference, read_twiml
from telephony.twin.verbs import Services, Verbs

FRAME_S: Final = FRAME_MS / 1000
FAREWELL_S: Final = 3.0  # what goodbyes may still take when the exchange closes; a socket's closing handshake has 2 s


class Exchange:
    """One carrier account.  Calls are made while `running()` lasts."""

    def __init__(
        self,
        numbers: Mapping[str, str],
        webhook: Webhook,
        streams: Streams,
        *,
        telephones: Iterable[Telephone] = (),
        fallback: Mapping[str, str] | None = None,
        told: Mapping[str, str] | None = None,
        faults: Faults | None = None,
        account_sid: str | None = None,
        epoch_s: float = 0.0,
    ) -> None:
        """numbers: ours, each with its voice webhook.  fallback: TwiML that the carrier keeps for a number of ours, for
        the time when we are down.  told: by number, the address that hears of the end of its calls.  epoch_s: the zero
        of the loop's clock, as seconds since 1970.

        Raises `TwimlRefused` for a fallback that no carrier would follow.
        """
        for kept in (fallback or {}).values():
            read_twiml(kept)
        self.account_sid: Final = account_sid or fresh_sid("AC")
        self.telephones: Final = {telephone.number: telephone for telephone in telephones}
        """Everybody who can be rung, by number."""
        self.fallback: Final = dict(fallback or {})
        self.troubles: Final[Counter[Trouble]] = Counter()
        """What the carrier would show in its debugger."""
        self.violations: Final[Counter[Violation]] = Counter()
        """What the line sent on its streams that the carrier does not understand."""
        self.sent_late_ms = 0.0
        """The worst lateness of a 20 ms step against its moment: how busy the twin's own machine was."""
        self._numbers = dict(numbers)
        self._told = dict(told or {})
        self._calls: dict[str, Call] = {}
        self._live: dict[str, Call] = {}
        self._floors: dict[Conditions, Floor] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._called = asyncio.Event()
        self._zero_s = 0.0
        self._played = 0
        dice = Dice(faults or Faults())
        self.callbacks: Final = Callbacks(webhook, dice, self._start, _now_s, epoch_s)
        """What was told to the line, and what was lost on the way."""
        self._rooms = Rooms(self._tell_of_conference, _now_s)
        self._services = Services(
            asker=Asker(webhook, dice, self.troubles),
            callbacks=self.callbacks,
            streams=streams,
            rooms=self._rooms,
            dice=dice,
            start=self._start,
            clock=self._clock,
            floor=self._floor,
            dial=self._dial,
            troubles=self.troubles,
            violations=self.violations,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Exchange]:
        """The exchange works while the block lasts; at its end every call is ended.  The records stay."""
        self._zero_s = _now_s()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            keeping_time = tasks.create_task(self._keep_time(), name="exchange-clock")
            try:
                yield self
            finally:
                for call in list(self._live.values()):
                    call.close()
                if self._running:
                    await asyncio.wait(self._running, timeout=FAREWELL_S)
                for task in (keeping_time, *self._running):
                    task.cancel()

    async def dial_in(self, telephone: Telephone, called: str, life: Life | None = None) -> Phone:
        """A person calls one of our numbers.  Returns her end of the call, at once.

        life: what she does in it, where that is not what she does when she is rung.  Raises `NotOurs`, and
        `ValueError` where she is in a call already.
        """
        voice_url = self._numbers.get(called)
        if voice_url is None:
            raise NotOurs
        if telephone.in_a_call():
            raise ValueError("the telephone is in a call")
        order = Order(
            base_url=voice_url,
            fallback=self.fallback.get(called),
            status_callback=self._told.get(called),
            status_events=frozenset({"completed"}),
        )
        call = self._made(telephone.number, called, INBOUND, RINGING, telephone, order)
        phone = call.come_on_the_line(life)
        self._start(call.live(), "call")
        return phone

    async def place(
        self,
        *,
        to: str,
        from_: str,
        twiml: str | None,
        url: str | None,
        ring_s: int,
        status_callback: str | None,
        status_events: frozenset[str],
        time_limit_s: int,
    ) -> PlacedCall:
        """Ring a telephone.  Returns at once.  Raises `TwimlRefused`.

        to: a number that nobody has fails.  ring_s: the carrier rings 5 s longer.  The call has no fallback of its own.
        """
        order = Order(
            twiml=None if twiml is None else read_twiml(twiml),
            url=url,
            base_url=url or self._numbers.get(from_, ""),
            ring_s=ring_s,
            time_limit_s=time_limit_s,
            status_callback=status_callback,
            status_events=status_events,
        )
        call = self._made(from_, to, OUTBOUND, QUEUED, self.telephones.get(to), order)
        self._start(call.live(), "call")
        return call.record

    async def change(
        self, sid: str, *, twiml: str | None = None, url: str | None = None, status: str | None = None
    ) -> None:
        """Redirect a call, or end it.

        status: "canceled" ends it only while nobody has answered; "completed" ends it in any state.  Raises `CallOver`
        for a call that is over or unknown, and for TwiML or a url before the answer; `TwimlRefused`.
        """
        call = self._live.get(sid)
        if call is None:
            raise CallOver
        verbs: Verbs | None = None if twiml is None else read_twiml(twiml)
        if status == COMPLETED or (status == CANCELED and call.record.answered_at is None):
            call.close()
        elif verbs is not None or url is not None:
            call.change(verbs, url)

    async def idle(self) -> None:
        """Wait until no call is live."""
        while self._live:
            await next(iter(self._live.values())).over.wait()

    def call(self, sid: str) -> PlacedCall | None:
        """A call's record; None if there is none, or it was deleted."""
        call = self._calls.get(sid)
        return None if call is None else call.record

    def calls(self) -> Sequence[PlacedCall]:
        """Every record that was not deleted, oldest first."""
        return [call.record for call in self._calls.values()]

    def forget(self, sid: str) -> None:
        """Delete a record.  Raises `CallLive` while the call lasts, and `NoSuchRecord`."""
        if not self._kept(sid).record.is_over:
            raise CallLive
        del self._calls[sid]
        self.callbacks.forget(sid)

    def conferences(self) -> Sequence[ConferenceRecord]:
        """Of all conferences, ended ones too."""
        return self._rooms.records()

    def said(self, sid: str) -> Sequence[str]:
        """What `<Say>` read out in a call whose record is still there.  Raises `NoSuchRecord`."""
        return tuple(self._kept(sid).said)

    def phone(self, sid: str) -> Phone | None:
        """The person's end of a call, once she is on the line.  Raises `NoSuchRecord`."""
        return self._kept(sid).phone

    def _kept(self, sid: str) -> Call:
        call = self._calls.get(sid)
        if call is None:
            raise NoSuchRecord
        return call

    def _made(
        self,
        from_: str,
        to: str,
        direction: str,
        status: str,
        telephone: Telephone | None,
        order: Order,
        parent_sid: str | None = None,
    ) -> Call:
        now_s = asyncio.get_running_loop().time()
        record = PlacedCall(
            fresh_sid("CA"), self.account_sid, to, from_, direction, status, now_s, parent_sid=parent_sid
        )
        call = Call(self._services, record, telephone, order, self._gone)
        self._calls[record.sid] = self._live[record.sid] = call
        return call

    def _dial(self, caller: PlacedCall, verb: Dial) -> Call:
        """Somebody is rung for a `<Dial>`."""
        order = Order(ring_s=verb.timeout_s)
        from_ = verb.caller_id or caller.from_
        call = self._made(from_, verb.number, CHILD, QUEUED, self.telephones.get(verb.number), order, caller.sid)
        self._start(call.live(), "call")
        return call

    def _gone(self, call: Call) -> None:
        self._live.pop(call.record.sid, None)

    def _tell_of_conference(self, record: ConferenceRecord, event: ConferenceEvent, told_to: DialConference) -> None:
        assert told_to.status_callback is not None
        self.callbacks.conference(record, event, told_to.status_callback, self.account_sid)

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        assert self._tasks is not None, "the exchange is not running"
        task = self._tasks.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        self._called.set()
        return task

    def _floor(self, conditions: Conditions | None) -> Floor | None:
        if conditions is None:
            return None
        if conditions not in self._floors:
            self._floors[conditions] = Floor(conditions)
        return self._floors[conditions]

    def _clock(self) -> int:
        """Samples since the exchange began; not behind what has been played."""
        return max(self._played, int((_now_s() - self._zero_s) * RATE_HZ))

    async def _keep_time(self) -> None:
        """Move every telephone by 20 ms, 50 times a second, while there is a call; rest while there is none."""
        n = 0
        while True:
            if not self._live:
                self._called.clear()
                await self._called.wait()
                n = max(n, int((_now_s() - self._zero_s) / FRAME_S))
            due_s = self._zero_s + (n + 1) * FRAME_S
            await asyncio.sleep(max(0.0, due_s - _now_s()))  # behind its time, too, it lets others run
            self.sent_late_ms = max(self.sent_late_ms, (_now_s() - due_s) * 1000)
            self._step(n * FRAME_SAMPLES)
            n += 1

    def _step(self, start: int) -> None:
        calls = list(self._live.values())
        for call in calls:
            call.give()
        self._played = start + FRAME_SAMPLES
        for call in calls:
            call.take(start)


def _now_s() -> float:
    return asyncio.get_running_loop().time()

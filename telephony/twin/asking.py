"""The exchange's HTTP: asks what to do with a call, and tells what became of it; late and lossy if it is told to be."""

from __future__ import annotations

import asyncio
import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from telephony.twin.conference import ConferenceEvent, ConferenceRecord
from telephony.twin.faults import Delivery, Dice
from telephony.twin.records import PlacedCall, timestamp
from telephony.twin.transport import Webhook
from telephony.twin.twiml_reader import TwimlRefused, Verb, read_twiml
from telephony.twin.webhook import WEBHOOK_S

OK: Final = range(200, 300)

Start = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
"""Starts a task that the exchange owns; the second value is its name."""


class Trouble(enum.Enum):
    """What the carrier would show in its debugger."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    STATUS = "status"
    """A webhook answered with another status than 2xx."""
    TWIML = "twiml"
    """A webhook's answer is no TwiML that the carrier follows."""
    STREAM_REFUSED = "stream_refused"
    FALLBACK = "fallback"
    """A call went to the TwiML that is kept at the carrier for the worst case."""
    SOUND_UNREAD = "sound_unread"
    """A frame of the caller's was thrown away: the line did not read its stream (Twilio warning 31930)."""
    RECORDING = "recording"
    """The line asked for a recording; this carrier makes none."""
    TOO_MANY_DOCUMENTS = "too_many_documents"


class Asker:
    """Fetches TwiML."""

    def __init__(self, webhook: Webhook, dice: Dice, troubles: Counter[Trouble]) -> None:
        self._webhook = webhook
        self._dice = dice
        self._troubles = troubles

    async def ask(self, url: str, form: Mapping[str, str]) -> tuple[Verb, ...] | None:
        """The verbs of the answer; None if there was none to follow."""
        late_s = self._dice.webhook_late_s()
        status, body = 0, ""
        trouble = Trouble.UNREACHABLE
        try:
            async with asyncio.timeout(WEBHOOK_S):
                status, body = await self._webhook.post(url, form)
                if status:  # nobody's answer is not late
                    await asyncio.sleep(late_s)
        except TimeoutError:
            trouble = Trouble.TIMED_OUT
        else:
            if status in OK:
                try:
                    return read_twiml(body)
                except TwimlRefused:
                    trouble = Trouble.TWIML
            elif status:
                trouble = Trouble.STATUS
        self._troubles[trouble] += 1
        return None


class Callbacks:
    """Tells the line what became of calls and conferences, in order but for the faults."""

    def __init__(self, webhook: Webhook, dice: Dice, start: Start, now_s: Callable[[], float], epoch_s: float) -> None:
        """now_s: the loop's clock; epoch_s: its zero, as seconds since 1970."""
        self._webhook = webhook
        self._dice = dice
        self._start = start
        self._now_s = now_s
        self._epoch_s = epoch_s
        self._numbers: defaultdict[str, int] = defaultdict(int)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._next_gone: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.sent: Counter[str] = Counter()
        """Callbacks that went out, by what they tell."""
        self.lost: Counter[str] = Counter()
        """Callbacks that never went out."""

    def call(self, event: str, record: PlacedCall, url: str) -> None:
        """initiated, ringing, answered or completed."""
        form = record.form() | {"CallbackSource": "call-progress-events"}
        if event == "initiated":
            form["CallStatus"] = "initiated"
        if record.is_over:
            form |= {"CallDuration": str(record.duration_s), "Duration": str(-(-record.duration_s // 60))}
        self._send(record.sid, event, url, form)

    def conference(self, record: ConferenceRecord, event: ConferenceEvent, url: str, account_sid: str) -> None:
        """conference-start, conference-end, participant-join or participant-leave."""
        whole = event.kind in ("start", "end")
        kind = f"conference-{event.kind}" if whole else f"participant-{event.kind}"
        form = {
            "AccountSid": account_sid,
            "ConferenceSid": record.sid,
            "FriendlyName": record.name,
            "StatusCallbackEvent": kind,
        }
        if event.kind == "end":
            form["CallSidEndingConference"] = event.call_sid
            form["ReasonConferenceEnded"] = "participant-left"
        if not whole:
            form |= {
                "CallSid": event.call_sid,
                "Muted": "false",
                "Hold": "false",
                "StartConferenceOnEnter": str(event.verb.start_on_enter).lower(),
                "EndConferenceOnExit": str(event.verb.end_on_exit).lower(),
            }
            if event.verb.label is not None:
                form["ParticipantLabel"] = event.verb.label
        self._send(record.sid, kind, url, form)

    def stream(self, event: str, record: PlacedCall, stream_sid: str, url: str) -> None:
        """stream-started, stream-stopped or stream-error."""
        form = {
            "AccountSid": record.account_sid,
            "CallSid": record.sid,
            "StreamSid": stream_sid,
            "StreamEvent": event,
        }
        if event == "stream-error":
            form["StreamError"] = "the stream could not be opened"
        self._send(stream_sid, event, url, form)

    def forget(self, sid: str) -> None:
        """Nothing more will be told of it."""
        for kept in (self._numbers, self._turns, self._next_gone):
            kept.pop(sid, None)

    def _send(self, sid: str, event: str, url: str, form: Mapping[str, str]) -> None:
        number = self._numbers[sid]
        self._numbers[sid] += 1
        told = {**form, "SequenceNumber": str(number), "Timestamp": timestamp(self._epoch_s + self._now_s())}
        delivery = self._dice.delivery()
        if not delivery.times:
            self.lost[event] += 1
            return
        self._start(self._deliver(sid, event, url, told, delivery), "callback")

    async def _deliver(self, sid: str, event: str, url: str, form: Mapping[str, str], delivery: Delivery) -> None:
        if delivery.overtaken:
            await self._overtaken(sid)
        elif delivery.late_s:
            await asyncio.sleep(delivery.late_s)
        for _ in range(delivery.times):
            async with self._turns[sid]:  # whoever is first in the queue is first at the line
                self.sent[event] += 1
                await self._post(url, form)
        gone = self._next_gone.pop(sid, None)
        if gone is not None:
            gone.set()

    async def _overtaken(self, sid: str) -> None:
        try:
            async with asyncio.timeout(self._dice.faults.callback_late_s):
                await self._next_gone[sid].wait()
        except TimeoutError:
            return

    async def _post(self, url: str, form: Mapping[str, str]) -> None:
        try:
            async with asyncio.timeout(WEBHOOK_S):
                await self._webhook.post(url, form)
        except TimeoutError:
            return  # a callback is told once, heard or not

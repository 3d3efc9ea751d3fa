"""TwiML at the carrier: a document is run verb by verb on one call, and leads to the next.

A program is cancelled where its call is ended or redirected; it lets go of what it held at once, and waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urljoin

from telephony.twin.asking import Asker, Callbacks, Start, Trouble
from telephony.twin.carrier import Stream, StreamRefused
from telephony.twin.conference import Conference, Participant, Rooms, Table
from telephony.twin.faults import Dice
from telephony.twin.line_noise import Conditions, Floor
from telephony.twin.playback import Playback
from telephony.twin.records import COMPLETED, IN_PROGRESS, PlacedCall
from telephony.twin.segments import SAID_CHARS_PER_S, WORDS, Connection, Nothing, StreamSegment
from telephony.twin.stream_side import Ids, StreamSide, Violation, fresh_sid
from telephony.twin.telephones import Phone
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

DOCUMENTS: Final = 100  # our choice: a call that asks for more TwiML than this runs in a circle
SILENCE: Final = Nothing()

Verbs = tuple[Verb, ...]


class Keys:
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


class Leg(Protocol):
    """The call that a program runs on."""

    connection: Connection
    """What the telephone is connected to now."""
    keys: Keys | None
    """Takes the keys while digits are gathered."""
    at_hang_up: str | None
    """The `action` that is told when she hangs up inside a `<Dial>`."""
    said: list[str]
    settled: asyncio.Event
    over: asyncio.Event

    @property
    def record(self) -> PlacedCall: ...

    @property
    def phone(self) -> Phone | None: ...

    def end(self, status: str) -> None: ...

    def close(self) -> None: ...

    def seat(self, table: Table) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What every call of an exchange uses."""

    asker: Asker
    callbacks: Callbacks
    streams: Streams
    rooms: Rooms
    dice: Dice
    start: Start
    clock: Callable[[], int]
    """Samples since the exchange began."""
    floor: Callable[[Conditions | None], Floor | None]
    dial: Callable[[PlacedCall, Dial], Leg]
    """Rings somebody for a `<Dial>` of this call."""
    troubles: Counter[Trouble]
    violations: Counter[Violation]


class Program:
    """What one call does."""

    def __init__(self, leg: Leg, services: Services, base_url: str, fallback: str | None) -> None:
        """base_url: what relative URLs are meant from, before the first document.

        fallback: TwiML kept at the carrier, for a number that our side has failed.
        """
        self._leg = leg
        self._services = services
        self._base_url = base_url
        self._fallback = fallback
        self._documents = 0

    @property
    def base_url(self) -> str:
        """What relative URLs are meant from."""
        return self._base_url

    async def document(self, url: str, form: Mapping[str, str] | None = None) -> Verbs | None:
        """What is said at `url` to do; else what is kept for the worst case; else None."""
        verbs = await self._asked(url, form or {})
        return self.kept_fallback() if verbs is None else verbs

    async def _asked(self, url: str, form: Mapping[str, str]) -> Verbs | None:
        self._documents += 1
        if self._documents > DOCUMENTS:
            self._services.troubles[Trouble.TOO_MANY_DOCUMENTS] += 1
            return None
        whole = urljoin(self._base_url, url)
        verbs = await self._services.asker.ask(whole, {**self._leg.record.form(), **form})
        if verbs is not None:
            self._base_url = whole
        return verbs

    def kept_fallback(self) -> Verbs | None:
        """Once a call: when that fails too, the carrier hangs up."""
        kept, self._fallback = self._fallback, None
        if kept is None:
            return None
        self._services.troubles[Trouble.FALLBACK] += 1
        return read_twiml(kept)

    async def follow(self, verbs: Verbs | None) -> None:
        """Run a document, and those that it leads to."""
        while verbs is not None and not self._leg.record.is_over:
            verbs = await self._done(verbs)

    async def _done(self, verbs: Verbs) -> Verbs | None:
        """Run a document.  Returns the next one; None where the call has no more to do.

        An `action` that fails is passed over: the next verb follows; where there is none, the fallback.
        """
        failed = False
        for verb in verbs:
            failed = False
            match verb:
                case Hangup() | Reject():
                    self._leg.end(COMPLETED)
                    return None
                case Redirect(url):
                    return await self.document(url)
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
        return self.kept_fallback() if failed else None

    async def _sound(self, verb: Say | Play | Pause) -> None:
        match verb:
            case Say(text):
                self._leg.said.append(text)
                await self._rest(len(text) / SAID_CHARS_PER_S, WORDS)
            case Pause(length_s):
                await self._rest(float(length_s), SILENCE)
            case Play():
                await self._rest(0.0, SILENCE)  # we keep no files at the carrier: a <Play> is silence of no length

    async def _rest(self, seconds: float, connection: Connection) -> bool:
        """Stay connected to this for so long, or until a key is pressed if keys are gathered.  Was one?"""
        self._leg.connection = connection
        try:
            async with asyncio.timeout(seconds):
                await (self._leg.over if self._leg.keys is None else self._leg.keys.pressed).wait()
        except TimeoutError:
            return False
        finally:
            self._leg.connection = SILENCE
        return True

    async def _gather(self, verb: Gather) -> tuple[str | None, Mapping[str, str]]:
        """Where the digits go, and the digits; nowhere if there are none."""
        keys = self._leg.keys = Keys(verb.num_digits, verb.finish_on_key)
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
            self._leg.keys = None
        if not keys.digits:
            return None, {}
        return verb.action or self._base_url, {"Digits": keys.digits}

    async def _stream(self, verb: ConnectStream) -> None:
        """Until the line closes it, or the network does."""
        phone, services = self._leg.phone, self._services
        assert phone is not None
        ids = Ids(self._leg.record.account_sid, self._leg.record.sid, fresh_sid("MZ"))
        try:
            wire = await services.streams.connect(Stream(urljoin(self._base_url, verb.url), verb.parameters))
        except StreamRefused:
            services.troubles[Trouble.STREAM_REFUSED] += 1
            self._tell_of_stream("stream-error", ids, verb)
            return
        side = StreamSide(ids, Playback(), services.violations)
        segment = StreamSegment(side, wire, services.clock, phone.conditions, services.dice.reset_after_s())
        services.start(segment.feed(), "stream")
        segment.begin(verb.parameters)
        self._tell_of_stream("stream-started", ids, verb)
        self._leg.connection = segment
        try:
            await segment.listen()
        finally:
            segment.leave()
            self._leg.connection = SILENCE
            if segment.unread_frames:
                services.troubles[Trouble.SOUND_UNREAD] += segment.unread_frames
            self._tell_of_stream("stream-stopped", ids, verb)

    def _tell_of_stream(self, event: str, ids: Ids, verb: ConnectStream) -> None:
        if verb.status_callback is not None:
            url = urljoin(self._base_url, verb.status_callback)
            self._services.callbacks.stream(event, self._leg.record, ids.stream_sid, url)

    async def _conference(self, verb: DialConference) -> None:
        """Until it is over for her."""
        if verb.recorded:
            self._services.troubles[Trouble.RECORDING] += 1
        conference, participant = self._services.rooms.join(self._leg.record.sid, verb)
        self._leg.connection, self._leg.at_hang_up = participant.seat, verb.action
        waiting: asyncio.Task[None] | None = None
        if verb.wait_url and not conference.has_begun:
            waiting = self._services.start(self._waits(conference, participant, verb.wait_url), "waits")
        try:
            await participant.seat.over.wait()
        finally:
            self._leg.connection, self._leg.at_hang_up = SILENCE, None
            conference.leave(participant)
            if waiting is not None:
                waiting.cancel()

    async def _waits(self, conference: Conference, participant: Participant, wait_url: str) -> None:
        """What she hears until the conference begins: once, as Twilio does not say whether it asks again."""
        url = urljoin(self._base_url, wait_url)
        verbs = await self._services.asker.ask(url, self._leg.record.form())
        for verb in verbs or ():
            if conference.has_begun:
                break
            match verb:
                case Say(text):
                    self._leg.said.append(text)
                    participant.seat.waits_with = WORDS
                    await asyncio.sleep(len(text) / SAID_CHARS_PER_S)
                    participant.seat.waits_with = None
                case Pause(length_s):
                    await asyncio.sleep(float(length_s))
                case _:
                    break  # a <Play> of ours would be silence, and no other verb may stand there

    async def _dial(self, verb: Dial) -> Mapping[str, str]:
        """Ring somebody and bridge.  Returns what the action is told."""
        if verb.recorded:
            self._services.troubles[Trouble.RECORDING] += 1
        child = self._services.dial(self._leg.record, verb)
        self._leg.at_hang_up = verb.action
        table = Table()
        try:
            await child.settled.wait()
            if child.record.status == IN_PROGRESS:
                self._leg.connection = table.join()
                child.seat(table)
                await child.over.wait()
        finally:
            self._leg.connection, self._leg.at_hang_up = SILENCE, None
            child.close()
        form = {"DialCallSid": child.record.sid, "DialCallStatus": child.record.status}
        if child.record.answered_at is not None:
            form["DialCallDuration"] = str(child.record.duration_s)
        return form

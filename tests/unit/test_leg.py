"""One leg on a socket made of two queues: what it hears, what it tells, and how it ends."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from policies.phi import PHI
from telephony.audio import SILENCE, SILENCE_DBFS, AudioFrame
from telephony.leg import Ended, EndReason, Heard, Leg, LegEvent, LegFailed, LegLimits, broken, opened
from telephony.pacing import ClipPlayed, ClipStarted
from telephony.protocol import Digit, Reason
from telephony.tokens import Purpose

SID = "MZ1"
LOUD = AudioFrame(np.full(160, 8192, np.int16))
CONNECTED = json.dumps({"event": "connected"})
START = json.dumps(
    {
        "event": "start",
        "streamSid": SID,
        "start": {
            "callSid": "CA1",
            "accountSid": "AC1",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    }
)


def said(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "streamSid": SID} | fields)


def frame(payload: bytes = b"\xff" * 160) -> str:
    return said("media", media={"track": "inbound", "payload": base64.b64encode(payload).decode()})


def key(digit: str) -> str:
    return said("dtmf", dtmf={"digit": digit})


class Line:
    """The carrier's end, in memory.  Marks come back as soon as they arrive, unless they are kept."""

    def __init__(self) -> None:
        self.towards_us: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.returns_marks = True
        self.hung_up = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()

    async def receive(self) -> str | bytes | None:
        return await self.towards_us.get()

    async def send(self, text: str) -> None:
        await self.takes.wait()
        message = json.loads(text)
        self.sent.append(message)
        if message["event"] == "mark" and self.returns_marks:
            self.say(said("mark", mark=message["mark"]))

    async def close(self, code: int) -> None:
        assert self.closed is None
        self.closed = code
        self.hung_up.set()

    def say(self, *messages: str | bytes | None) -> None:
        for message in messages:
            self.towards_us.put_nowait(message)

    def count(self, event: str) -> int:
        return Counter(message["event"] for message in self.sent)[event]


@asynccontextmanager
async def leg_on(line: Line, **limits: Any) -> AsyncIterator[Leg]:
    told = LegLimits(**limits)
    line.say(CONNECTED, START)
    stream, started = await opened(line, told)
    leg = Leg(
        line,
        stream,
        ordinal=1,
        ref="ref",
        purpose=Purpose.PATIENT,
        agent="a",
        call_sid=started.call_sid,
        limits=told,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(leg.run())
        try:
            yield leg
        finally:
            await leg.close()


async def until(leg: Leg, wanted: Callable[[LegEvent], bool]) -> list[LegEvent]:
    events: list[LegEvent] = []
    while not events or not wanted(events[-1]):
        events.append(await leg.next())
    return events


async def end_of(leg: Leg) -> EndReason:
    last = (await until(leg, lambda event: isinstance(event, Ended)))[-1]
    assert isinstance(last, Ended)
    return last.reason


async def test_what_the_caller_says_and_types_arrives_in_order() -> None:
    line = Line()
    async with leg_on(line) as leg:
        line.say(frame(), key("5"), frame(b"\x00" * 320), said("stop"))
        events = await until(leg, lambda event: isinstance(event, Ended))

    assert [Heard, Digit, Heard, Heard, Ended] == [type(event) for event in events]
    assert isinstance(events[1], Digit)
    assert "5" == events[1].digit.reveal()
    assert isinstance(events[0], Heard)
    assert (SILENCE_DBFS, False) == (events[0].echo_dbfs, events[0].audible)


@pytest.mark.parametrize(
    ("messages", "reason", "code"),
    [
        ([said("stop")], EndReason.STOPPED, 1000),
        ([None], EndReason.DROPPED, 1000),
        (["junk"], EndReason.PROTOCOL_MALFORMED, 1008),
        ([b"\x00"], EndReason.PROTOCOL_BINARY, 1008),
        ([START], EndReason.PROTOCOL_ORDER, 1008),
        ([said("stop", streamSid="MZ2")], EndReason.PROTOCOL_OTHER_STREAM, 1008),
        (["x" * 2_000], EndReason.PROTOCOL_OVERSIZE, 1008),
    ],
)
async def test_every_end_has_its_reason(messages: list[str | bytes | None], reason: EndReason, code: int) -> None:
    line = Line()
    async with leg_on(line, message_bytes=1_000) as leg:
        line.say(*messages)
        assert reason is await end_of(leg)
        assert reason is await end_of(leg)
    assert code == line.closed
    assert reason is leg.end


def test_every_broken_protocol_is_an_end_of_its_own() -> None:
    ends = {broken(reason) for reason in Reason}

    assert len(Reason) == len(ends)
    assert ends == {end for end in EndReason if end.name.startswith("PROTOCOL_")}


async def test_we_can_end_it() -> None:
    line = Line()
    async with leg_on(line) as leg:
        await leg.close()
        assert EndReason.CLOSED is await end_of(leg)
    assert 1000 == line.closed


async def test_a_cancelled_leg_closes_its_socket_and_leaves_nothing() -> None:
    line = Line()
    line.say(CONNECTED, START)
    stream, started = await opened(line, LegLimits())
    leg = Leg(
        line,
        stream,
        ordinal=1,
        ref="ref",
        purpose=Purpose.PATIENT,
        agent="a",
        call_sid=started.call_sid,
        limits=LegLimits(),
    )
    running = asyncio.create_task(leg.run())
    line.say(frame())
    await leg.next()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert 1000 == line.closed
    assert EndReason.CLOSED is await end_of(leg)


async def test_a_line_without_sound_is_dead() -> None:
    line = Line()
    async with leg_on(line, dead_s=0.1) as leg:
        line.say(frame())
        assert EndReason.DEAD is await end_of(leg)


async def test_a_simulator_that_stops_sending_is_heard_as_silence() -> None:
    line = Line()
    async with leg_on(line, fill_after_ms=30.0) as leg:
        events = [await leg.next() for _ in range(3)]

    assert [Heard] * 3 == [type(event) for event in events]


@pytest.mark.parametrize(
    "message", [frame(b"\xff" * 1_600), key("1"), said("comfort")], ids=["sound", "keys", "unknown events"]
)
async def test_more_than_a_call_can_make_is_a_flood(message: str) -> None:
    line = Line()
    async with leg_on(line) as leg:
        line.say(*[message] * 1_000)
        assert EndReason.FLOOD is await end_of(leg)
    assert 1008 == line.closed


async def test_a_call_that_is_slow_loses_the_oldest_sound_and_no_key() -> None:
    line = Line()
    async with leg_on(line, inbox_frames=10) as leg:
        line.say(key("1"), *[frame(bytes([n]) * 160) for n in range(30)], key("2"), said("stop"))
        await line.hung_up.wait()  # nobody reads the inbox meanwhile
        events = await until(leg, lambda event: isinstance(event, Ended))

    assert [Digit, *[Heard] * 10, Digit, Ended] == [type(event) for event in events]
    assert 20 == leg.lost_frames


async def test_a_clip_is_heard_from_its_first_frame_to_its_mark() -> None:
    line = Line()
    async with leg_on(line) as leg:
        for _ in range(4):
            assert leg.play(0, LOUD)
        leg.end_clip(0)
        events = await until(leg, lambda event: isinstance(event, ClipPlayed))
        assert await leg.drained()
        line.say(frame())
        heard = await leg.next()

    assert [ClipStarted(0), ClipPlayed(0)] == events
    assert 4 == line.count("media")
    assert isinstance(heard, Heard)
    assert heard.audible
    assert -12.0 == pytest.approx(heard.echo_dbfs, abs=0.1)


async def test_marks_that_stay_out_do_not_hold_the_call_for_ever() -> None:
    line = Line()
    line.returns_marks = False
    async with leg_on(line) as leg:
        leg.play(0, SILENCE)
        leg.end_clip(0)
        assert not await leg.drained()


async def test_clearing_sends_a_clear_at_once_and_nothing_of_before() -> None:
    line = Line()
    line.returns_marks = False
    async with leg_on(line) as leg:
        for _ in range(50):
            leg.play(0, SILENCE)
        await until(leg, lambda event: isinstance(event, ClipStarted))
        cut = leg.clear()
        leg.play(1, SILENCE)
        await until(leg, lambda event: isinstance(event, ClipStarted))
        await asyncio.wait_for(leg.room(), 1)

    events = [message["event"] for message in line.sent]
    assert 1 == events.count("clear")
    assert ["media"] == [event for event in events[events.index("clear") + 1 :] if event == "media"]
    assert (0, 1_000) == (cut.clips[0].heard_ms, cut.clips[0].total_ms)
    assert not leg.play(0, SILENCE)


async def test_a_clear_overtakes_what_the_socket_has_not_taken() -> None:
    """The network is stuck in the middle of a batch: what was due before the clear is not sent after it."""
    line = Line()
    async with leg_on(line) as leg:
        line.takes.clear()
        for _ in range(8):
            leg.play(0, SILENCE)
        await until(leg, lambda event: isinstance(event, ClipStarted))
        leg.clear()
        line.takes.set()
        leg.play(1, SILENCE)
        leg.end_clip(1)
        await until(leg, lambda event: isinstance(event, ClipPlayed))

    assert ["media", "clear", "media", "mark"] == [message["event"] for message in line.sent]


async def test_a_socket_that_takes_nothing_ends_the_leg() -> None:
    line = Line()
    async with leg_on(line, write_s=0.05) as leg:
        line.takes.clear()
        leg.play(0, SILENCE)
        assert EndReason.STUCK is await end_of(leg)
    assert 1008 == line.closed


async def test_a_producer_is_held_back_until_there_is_room() -> None:
    line = Line()
    async with leg_on(line, queue_ms=200) as leg:
        most = 0
        for _ in range(20):
            await leg.room()
            leg.play(0, SILENCE)
            most = max(most, leg.queued_ms)
        leg.hold()
        waiting = asyncio.create_task(leg.room())
        for _ in range(20):
            leg.play(0, SILENCE)
        await asyncio.sleep(0)
        assert not waiting.done()
        leg.clear()
        await waiting

    assert most <= 200


@pytest.mark.parametrize("wait", [Leg.room, Leg.drained], ids=["room", "drained"])
async def test_nobody_waits_for_a_leg_that_is_over(wait: Callable[[Leg], Awaitable[Any]]) -> None:
    line = Line()
    async with leg_on(line, queue_ms=20) as leg:
        leg.hold()
        for _ in range(5):
            leg.play(0, SILENCE)
        waiting = asyncio.ensure_future(wait(leg))
        await asyncio.sleep(0)
        line.say(said("stop"))
        assert await waiting in (None, False)
        assert not leg.play(0, SILENCE)


async def test_after_a_hold_the_next_frame_is_the_one_that_was_due() -> None:
    line = Line()
    async with leg_on(line) as leg:
        leg.hold()
        for n in range(5):
            leg.play(0, AudioFrame(np.full(160, 1000 * n, np.int16)))
        leg.end_clip(0)
        line.say(frame())
        await leg.next()
        assert 0 == line.count("media")
        leg.resume()
        await until(leg, lambda event: isinstance(event, ClipPlayed))

    sent = [message["media"]["payload"] for message in line.sent if message["event"] == "media"]
    assert 5 == len(set(sent)) == len(sent)


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([None], EndReason.DROPPED),
        (["{}"], EndReason.PROTOCOL_SHAPE),
        ([START], EndReason.PROTOCOL_ORDER),
        ([CONNECTED, frame()], EndReason.PROTOCOL_ORDER),
        ([CONNECTED], EndReason.NO_START),
        ([], EndReason.NO_START),
    ],
)
async def test_a_stream_that_does_not_begin_is_no_leg(messages: list[str | None], reason: EndReason) -> None:
    line = Line()
    line.say(*messages)
    with pytest.raises(LegFailed) as caught:
        await opened(line, LegLimits(start_s=0.05))

    assert reason is caught.value.reason
    assert None is caught.value.__context__


async def test_a_call_sid_is_held_and_not_shown() -> None:
    line = Line()
    async with leg_on(line) as leg:
        assert isinstance(leg.call_sid, PHI)
        assert "CA1" == leg.call_sid.reveal()

"""One leg of a call: the socket, the protocol, and the paced playout.  All the media I/O there is.

The reader never waits for anybody but the socket: a carrier that is not read drops the caller's sound.
"""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from policies.phi import PHI
from telephony.audio import FRAME_MS, SILENCE, AudioFrame
from telephony.pacing import LEAD_MS, ClipPlayed, ClipStarted, Cut, Playout, SendClear, SendFrame, SendMark, Underrun
from telephony.protocol import (
    Connected,
    Digit,
    Mark,
    Media,
    MediaStream,
    ProtocolError,
    Reason,
    Reframer,
    Started,
    Stopped,
    StreamEvent,
)
from telephony.tokens import Purpose

MESSAGE_MS: Final = 10.0  # what a message costs at least against the flood limit: 200 a second are let through


class Socket(Protocol):
    """A WebSocket that has been accepted."""

    async def receive(self) -> str | bytes | None:
        """The next message; None when the other side has gone."""
        ...

    async def send(self, text: str) -> None:
        """Returns when it is written or the other side has gone."""
        ...

    async def close(self, code: int) -> None: ...


class EndReason(enum.Enum):
    """Why a leg ended; closed, counted by the metrics."""

    STOPPED = "stopped"
    """The carrier ended the stream: the caller hung up, or the call was redirected."""
    DROPPED = "dropped"
    """The socket went away without a word."""
    CLOSED = "closed"
    """We ended it."""
    DEAD = "dead"
    """No sound came for too long."""
    FLOOD = "flood"
    """Sound or messages came faster than a call can make them."""
    STUCK = "stuck"
    """The other side does not read what we send."""
    NO_START = "no_start"
    """The stream did not start in time."""
    PROTOCOL_BINARY = "protocol_binary"
    PROTOCOL_OVERSIZE = "protocol_oversize"
    PROTOCOL_MALFORMED = "protocol_malformed"
    PROTOCOL_TOO_DEEP = "protocol_too_deep"
    PROTOCOL_DUPLICATE_KEY = "protocol_duplicate_key"
    PROTOCOL_NUMBER = "protocol_number"
    PROTOCOL_SHAPE = "protocol_shape"
    PROTOCOL_ORDER = "protocol_order"
    PROTOCOL_OTHER_STREAM = "protocol_other_stream"
    PROTOCOL_FORMAT = "protocol_format"
    PROTOCOL_PAYLOAD = "protocol_payload"
    PROTOCOL_UNKNOWN_FLOOD = "protocol_unknown_flood"
    PROTOCOL_NOT_OPEN = "protocol_not_open"


def broken(reason: Reason) -> EndReason:
    """The end that a broken protocol brings."""
    return EndReason["PROTOCOL_" + reason.name]


@dataclass(frozen=True, slots=True)
class LegLimits:
    """What one leg may cost us."""

    message_bytes: int = 64 * 1024
    start_s: float = 5.0
    """From the accepted handshake to `start`."""
    dead_s: float = 2.0
    """Without a media frame; a carrier sends them in silence, too."""
    write_s: float = 2.0
    inbox_frames: int = 100
    """Frames that wait for the call; the oldest is dropped and counted beyond it (2 s)."""
    inbox_controls: int = 256
    """Keys, clips and marks that wait for the call; the leg ends as flooded beyond it."""
    flood_burst_ms: float = 4_000.0
    """Sound above twice real time that is let through at once: what a stalled network delivers late."""
    queue_ms: int = 2_000
    """Sound queued for the caller before `room()` holds the producer back."""
    lead_ms: int = LEAD_MS
    fill_after_ms: float | None = None
    """Make silence when no frame has come for so long.  For simulators, which stop sending where a telephone goes on:
    audio time would stand still.  Not for carriers: what a stalled network delivers late would be heard with a gap."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """20 ms from the caller."""

    frame: AudioFrame
    echo_dbfs: float
    """The loudest of our own sound that may be in it as echo."""
    audible: bool
    """Something of ours may be sounding in the caller's ear."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The leg is over; nothing follows."""

    reason: EndReason


LegEvent = Heard | Digit | ClipStarted | ClipPlayed | Underrun | Ended


class LegFailed(Exception):
    """A stream ended before it was a leg."""

    def __init__(self, reason: EndReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


async def opened(socket: Socket, limits: LegLimits) -> tuple[MediaStream, Started]:
    """Read up to `start`.  Raises `LegFailed`; the socket is left to be closed."""
    stream = MediaStream(max_message_bytes=limits.message_bytes)
    failed = EndReason.NO_START
    try:
        async with asyncio.timeout(limits.start_s):
            while (message := await socket.receive()) is not None:
                stream.receive(message)
                for event in stream.events():
                    if isinstance(event, Started):
                        return stream, event
            failed = EndReason.DROPPED
    except ProtocolError as error:
        failed = broken(error.reason)
    except TimeoutError:
        failed = EndReason.NO_START
    raise LegFailed(failed)


class Leg:
    """A leg that has started.  One task runs `run()`, one reads `next()`; everything is on one loop."""

    def __init__(
        self,
        socket: Socket,
        stream: MediaStream,
        *,
        ordinal: int,
        ref: str,
        purpose: Purpose,
        agent: str,
        call_sid: PHI[str],
        limits: LegLimits,
        caller: PHI[str] | None = None,
    ) -> None:
        self.ordinal: Final = ordinal
        """Counts the legs of this process."""
        self.ref: Final = ref
        """Random; all that is ever written of this leg's identity."""
        self.purpose: Final = purpose
        self.agent: Final = agent
        """Name of the agent that answers."""
        self.call_sid: Final = call_sid
        self.caller: Final = caller
        """The number that she calls from, or is called at; None where the carrier did not say it."""
        self.end: EndReason | None = None
        """Set once, when the leg is over."""
        self.lost_frames = 0
        """Frames of the caller that the call was too slow to take."""
        self._socket = socket
        self._stream = stream
        self._limits = limits
        self._playout = Playout(lead_ms=limits.lead_ms)
        self._reframer = Reframer()
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[LegEvent] = deque()
        self._frames_waiting = 0
        self._arrived = asyncio.Event()
        self._over = asyncio.Event()
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()  # the playout's queue or its clips have changed
        self._heard_at_ms = self._now_ms()
        self._flood_ms = 0.0
        self._flood_at_ms = self._heard_at_ms

    async def run(self) -> EndReason:
        """Read and feed until the leg is over, then close the socket.  Cancelling it ends the leg as closed."""
        self._heard_at_ms = self._now_ms()
        try:
            async with asyncio.TaskGroup() as tasks:
                reading = tasks.create_task(self._read(), name="leg-read")
                feeding = tasks.create_task(self._feed(), name="leg-feed")
                await self._over.wait()
                reading.cancel()
                feeding.cancel()
        finally:
            self._finish(EndReason.CLOSED)
            await self._hang_up()
        assert self.end is not None
        return self.end

    async def next(self) -> LegEvent:
        """The next event, in order.  After `Ended` it returns `Ended` again."""
        while not self._inbox:
            if self.end is not None:
                return Ended(self.end)
            self._arrived.clear()
            await self._arrived.wait()
        event = self._inbox.popleft()
        if isinstance(event, Heard):
            self._frames_waiting -= 1
        return event

    @property
    def queued_ms(self) -> int:
        """Sound that waits to be sent."""
        return self._playout.queued_ms

    def play(self, clip: int, frame: AudioFrame) -> bool:
        """Queue one frame of a clip.  Clip numbers rise; a new one ends the one before.

        False, and the frame is dropped, if the clip was cleared or ended, or the leg is over.
        """
        taken = self.end is None and self._playout.play(clip, frame)
        if taken:
            self._wake.set()
        return taken

    def end_clip(self, clip: int) -> None:
        """The clip is whole; `ClipPlayed` follows when the caller has heard its end."""
        self._playout.end(clip)
        self._wake.set()

    def hold(self) -> None:
        """Stop feeding at once; the caller still hears what the carrier has (at most the lead)."""
        self._playout.hold()

    def resume(self) -> None:
        """Go on from the frame at which `hold()` stopped."""
        self._playout.resume()
        self._wake.set()

    def clear(self) -> Cut:
        """Silence, here and at the carrier, and what was certainly heard of each clip.  Ends a hold.

        Cancel the producer and wait for it first: numbers of cleared clips are dropped, later ones are played.
        """
        cut = self._playout.clear()
        self._moved.set()
        self._wake.set()
        return cut

    def audible(self) -> bool:
        """Something of ours may be sounding in the caller's ear."""
        return self._playout.audible(self._now_ms())

    async def room(self) -> None:
        """Wait until there is room for more sound, or the leg is over."""
        while self.end is None and self._playout.queued_ms >= self._limits.queue_ms:
            await self._change()

    async def drained(self) -> bool:
        """Wait until every clip has been heard to its end or cleared, or the leg is over.

        False if marks stayed out, or the leg ended first: then it cannot be said that all was heard.
        """
        while self.end is None and not self._playout.idle:
            if self._playout.queued_ms == 0 and self._now_ms() > self._playout.given_up_ms:
                return False
            await self._change()
        return self._playout.idle and not self._playout.unproven

    async def close(self) -> None:
        """End the leg from our side; `run()` closes the socket."""
        self._finish(EndReason.CLOSED)

    async def _change(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    def _now_ms(self) -> float:
        return self._loop.time() * 1000.0

    def _finish(self, reason: EndReason) -> None:
        if self.end is not None:
            return
        self.end = reason
        self._inbox.append(Ended(reason))
        for event in (self._arrived, self._over, self._moved, self._wake):
            event.set()

    async def _hang_up(self) -> None:
        ours = self.end in (EndReason.CLOSED, EndReason.STOPPED, EndReason.DROPPED, EndReason.DEAD)
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._socket.close(1000 if ours else 1008)
        except TimeoutError:
            pass

    async def _read(self) -> None:
        while self.end is None:
            message = await self._socket.receive()
            if message is None:
                self._finish(EndReason.DROPPED)
                return
            try:
                self._stream.receive(message)
            except ProtocolError as error:
                self._finish(broken(error.reason))
                return
            sound_ms = sum(self._on(event) for event in self._stream.events())
            self._spend(max(MESSAGE_MS, sound_ms))

    def _on(self, event: StreamEvent) -> float:
        """Act on one event; returns the milliseconds of sound in it."""
        match event:
            case Media(payload):
                frames = self._reframer.push(payload)
                self._heard_at_ms = self._now_ms()
                echo_dbfs = self._playout.echo_dbfs(self._heard_at_ms)
                audible = self._playout.audible(self._heard_at_ms)
                for frame in frames:
                    self._hear(Heard(frame, echo_dbfs, audible))
                return len(frames) * float(FRAME_MS)
            case Digit():
                self._tell(event)
            case Mark(name):
                self._playout.mark_returned(name, self._now_ms())
                self._report()
                self._wake.set()
            case Stopped():
                self._finish(EndReason.STOPPED)
            case Connected() | Started():
                pass  # before the leg
        return 0.0

    def _spend(self, cost_ms: float) -> None:
        """A bucket that drains at twice real time; ends the leg when it runs over."""
        now_ms = self._now_ms()
        self._flood_ms = max(0.0, self._flood_ms - 2.0 * (now_ms - self._flood_at_ms)) + cost_ms
        self._flood_at_ms = now_ms
        if self._flood_ms > self._limits.flood_burst_ms:
            self._finish(EndReason.FLOOD)

    def _hear(self, heard: Heard) -> None:
        if self.end is not None:
            return
        if self._frames_waiting >= self._limits.inbox_frames:
            oldest = next(i for i, event in enumerate(self._inbox) if isinstance(event, Heard))
            del self._inbox[oldest]
            self._frames_waiting -= 1
            self.lost_frames += 1
        self._inbox.append(heard)
        self._frames_waiting += 1
        self._arrived.set()

    def _tell(self, event: Digit | ClipStarted | ClipPlayed | Underrun) -> None:
        if self.end is not None:
            return
        if len(self._inbox) - self._frames_waiting >= self._limits.inbox_controls:
            self._finish(EndReason.FLOOD)
            return
        self._inbox.append(event)
        self._arrived.set()

    def _report(self) -> None:
        for event in self._playout.events():
            self._tell(event)
        self._moved.set()

    async def _feed(self) -> None:
        ticked_ms = self._now_ms()
        while self.end is None:
            self._wake.clear()
            now_ms = self._now_ms()
            punctual = now_ms - ticked_ms < self._limits.dead_s * 500.0
            ticked_ms = now_ms
            if punctual and now_ms - self._heard_at_ms > self._limits.dead_s * 1000.0:
                self._finish(EndReason.DEAD)
                return
            fill_after_ms = self._limits.fill_after_ms
            if fill_after_ms is not None and now_ms - self._heard_at_ms > fill_after_ms:
                self._hear(Heard(SILENCE, self._playout.echo_dbfs(now_ms), self._playout.audible(now_ms)))
            if not await self._pump(now_ms):
                self._finish(EndReason.STUCK)
                return
            timer = self._loop.call_later(FRAME_MS / 1000.0, self._wake.set)
            try:
                await self._wake.wait()
            finally:
                timer.cancel()

    async def _pump(self, now_ms: float) -> bool:
        """Send what is due.  False if the other side does not take it."""
        due = self._playout.due(now_ms)
        self._report()
        epoch = self._playout.epoch
        try:
            async with asyncio.timeout(self._limits.write_s):
                for send in due:
                    if self._playout.epoch != epoch or self.end is not None:
                        break  # cleared while we waited for the socket
                    match send:
                        case SendFrame(frame):
                            self._stream.send_media(frame)
                        case SendMark(name):
                            self._stream.send_mark(name)
                        case SendClear():
                            self._stream.send_clear()
                    for text in self._stream.data_to_send():
                        await self._socket.send(text)
        except TimeoutError:
            return False
        return True

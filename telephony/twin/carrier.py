"""The carrier's half of a bidirectional media stream, over a real WebSocket and in real time.

One clock rules it: sample 0 is when `start` has gone out, 8000 samples a second.  Frame n holds the caller's
samples from 160 n on and goes out when its last sample has been spoken, 20 ms (n + 1) after `start`, by an absolute
deadline, so that nothing drifts.  What the agent sends is played to the caller's ear on the same clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin

from telephony.audio import FRAME_MS, RATE_HZ, Int16
from telephony.twin.line import LineDead
from telephony.twin.line_noise import Conditions, Floor, late_ms
from telephony.twin.mouth import Mouth
from telephony.twin.playback import MarkBack, Playback
from telephony.twin.stream_side import Ids, StreamSide, Violation
from telephony.twin.webhook import reached, signature

OPEN_S: Final = 10.0  # a handshake that takes longer has failed
CLOSE_S: Final = 2.0  # the closing handshake may take this long


class Ending(enum.Enum):
    """How the stream ended."""

    AGENT_CLOSED = "agent_closed"
    HUNG_UP = "hung_up"
    DROPPED = "dropped"
    REFUSED = "refused"


class StreamRefused(Exception):
    """The WebSocket handshake failed.  `status` is the HTTP status, 0 where there was none."""

    def __init__(self, status: int) -> None:
        super().__init__("the media stream's handshake was refused")
        self.status = status


@dataclass(frozen=True, slots=True)
class Stream:
    """Where a stream goes.

    url: the wss:// url of the TwiML, which is what gets signed; at: the origin really dialled, where it differs.
    """

    url: str
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth_token: str | None = field(default=None, repr=False)
    at: str | None = None
    tls: ssl.SSLContext | None = None
    origin: str | None = None
    """An Origin header, which no carrier sends: for tests of the phone page's door."""


class Carrier:
    """One call's stream, made by `dialled()`."""

    def __init__(self, connection: ClientConnection, ids: Ids, conditions: Conditions, floor: Floor) -> None:
        self._socket = connection
        self._conditions = conditions
        self._loop = asyncio.get_running_loop()
        self._zero_s = 0.0
        self._stalled = False
        self._tick = asyncio.Event()
        self._marks_moved = asyncio.Event()
        self.playback = Playback()
        self.mouth = Mouth(conditions, self.playback.heard, floor)
        self.violations: Counter[Violation] = Counter()
        self._side = StreamSide(ids, self.playback, self.violations)
        self.ending: Ending | None = None
        self.close_code: int | None = None
        self.ended_at = 0
        """Sample at which the stream ended."""
        self.sent_late_ms = 0.0
        """The worst lateness of a frame against its deadline: how busy the twin's own machine was."""

    @property
    def marks(self) -> list[MarkBack]:
        """The marks that came back, in order."""
        return self._side.marks

    def now(self) -> int:
        """The caller's clock, in samples since `start`; it stands still once the stream has ended."""
        if self.ending is not None:
            return self.ended_at
        return max(0, int((self._loop.time() - self._zero_s) * RATE_HZ))

    def live(self) -> bool:
        """Is the stream still up?"""
        return self.ending is None

    async def tick(self) -> int:
        """Wait for the next 20 ms to pass.  Returns the clock; raises `LineDead` once the stream has ended."""
        if self.live():
            await self._tick.wait()
        if not self.live():
            raise LineDead
        return self.now()

    def utter(self, at: int, pcm: Int16) -> int:
        """Speak from `at`, or from the next frame.  Returns where it really begins."""
        return self.mouth.say(at, pcm)

    def heard(self, start: int, end: int) -> Int16:
        """What the caller's ear heard."""
        return self.playback.heard(start, end)

    def more_comes(self) -> bool:
        """Is sound buffered that has not played?"""
        return self.playback.tail > self.now()

    async def press(self, digit: str) -> None:
        """A key on the caller's telephone."""
        await self._put(self._side.key(digit))

    async def hang_up(self) -> None:
        """The caller puts the receiver down: `stop`, then the carrier closes."""
        if self.ending is None:
            await self._put(self._side.stop())
            self._end(Ending.HUNG_UP)
            await self._socket.close()

    async def drop(self) -> None:
        """The network between carrier and agent is gone: no `stop`, no closing handshake, a reset."""
        if self.ending is None:
            self._end(Ending.DROPPED)
            reset(self._socket)

    def stall(self) -> None:
        """The network goes dead without a sign: the socket stays open, no frame goes out any more."""
        self._stalled = True

    async def begin(self, parameters: Mapping[str, str]) -> None:
        """`connected`, `start`, and the clock begins."""
        for message in self._side.begin(parameters):
            await self._put(message)
        self._zero_s = self._loop.time()

    async def speak(self) -> None:
        """Send the microphone's frames, each at its deadline, until the stream ends."""
        n, last_s = 0, self._zero_s
        while self.live():
            deadline_s = self._zero_s + (n + 1) * FRAME_MS / 1000
            last_s = max(last_s, deadline_s + late_ms(self._conditions, n) / 1000)
            await asyncio.sleep(last_s - self._loop.time())
            if not self.live():
                break
            self.sent_late_ms = max(self.sent_late_ms, (self._loop.time() - last_s) * 1000)
            sound = self.mouth.frame()
            if not self._stalled:
                await self._put(self._side.media(sound))
            n += 1
            self._tick.set()
            self._tick = asyncio.Event()

    async def hear(self) -> None:
        """Take what the agent sends until it closes."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self._socket:
                self._take(message, self.now())
        self._end(Ending.AGENT_CLOSED)

    async def return_marks(self) -> None:
        """Send each mark back when the sound before it has played."""
        while self.ending is None:
            self._marks_moved.clear()
            for message in self._side.marks_due(self.now()):
                await self._put(message)
            due = self.playback.next_mark
            wait_s = None if due is None else max(0.0, self._zero_s + due / RATE_HZ - self._loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._marks_moved.wait()

    def _take(self, message: str | bytes, at: int) -> None:
        if self.ending is not None:
            return
        self._side.take(message, at)
        self._marks_moved.set()

    def _end(self, ending: Ending) -> None:
        if self.ending is None:
            self.ended_at = self.now()
            self.ending = ending
            self.close_code = self._socket.close_code
        self._tick.set()
        self._marks_moved.set()

    async def _put(self, message: str) -> None:
        with contextlib.suppress(ConnectionClosed):  # `hear` sees the end; a frame in flight is lost with the line
            await self._socket.send(message)


def reset(connection: ClientConnection) -> None:
    """Break the connection as a dying network does: no closing handshake, an RST."""
    if connection.transport.is_closing():
        return
    wire = connection.transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends RST
    connection.transport.abort()


async def handshake(stream: Stream) -> ClientConnection:
    """The stream's WebSocket, as the carrier opens it.  Raises `StreamRefused`."""
    headers = {}
    if stream.auth_token is not None:
        headers["X-Twilio-Signature"] = signature(stream.auth_token, stream.url, {})
    status = 0
    try:
        return await connect(
            reached(stream.url, stream.at),
            additional_headers=headers,
            user_agent_header="TwilioMediaStreams/1.0",
            origin=None if stream.origin is None else Origin(stream.origin),
            compression=None,
            proxy=None,
            ssl=stream.tls,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,  # the agent may ping; the carrier does not
            max_size=None,  # a long media message is the agent's right: "any length"
            max_queue=None,  # the ear takes what comes, when it comes
        )
    except InvalidStatus as refused:
        status = refused.response.status_code
    except (OSError, TimeoutError, InvalidHandshake):
        pass
    raise StreamRefused(status)


@contextlib.asynccontextmanager
async def dialled(
    stream: Stream,
    *,
    ids: Ids | None = None,
    conditions: Conditions | None = None,
    recorded: Int16 | None = None,
) -> AsyncIterator[Carrier]:
    """A stream that runs in real time while the block lasts; at its end the caller hangs up if nobody has.

    recorded: a loop of real noise, 8 kHz, in place of the synthetic kind.  Raises `StreamRefused`.
    """
    line = conditions or Conditions()
    floor = await asyncio.to_thread(Floor, line, recorded)  # it takes 100 ms and more: other calls of this loop go on
    connection = await handshake(stream)
    carrier = Carrier(connection, ids or Ids.fresh(), line, floor)
    try:
        await carrier.begin(stream.parameters)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(work()) for work in (carrier.speak, carrier.hear, carrier.return_marks)]
            try:
                yield carrier
                await carrier.hang_up()
            finally:
                for task in running:
                    task.cancel()
    finally:
        connection.transport.abort()

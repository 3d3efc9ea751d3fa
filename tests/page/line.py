"""A line for the phone page: the real server and the real page, and a handler that the test leads by the hand."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from agent.service import page_files
from telephony.audio import RATE_HZ, AudioFrame, Int16, frames_of, level_dbfs, resample
from telephony.doors import ServerConfig
from telephony.leg import Ended, EndReason, Heard, Leg
from telephony.pacing import ClipPlayed
from telephony.protocol import Digit
from telephony.server import Observers, application, serve
from telephony.switchboard import EndDecision, Line, Refusal, Switchboard

CAPTURE_HZ: Final = 48_000  # what a sound card gives


@dataclass
class PageLine:
    """A line that answers one page at a time, and what it saw."""

    port: int
    board: Switchboard
    refusals: list[Refusal] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    leg: Leg | None = None
    digits: list[str] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    """Of each frame heard, dBFS."""
    played: list[int] = field(default_factory=list)
    """Clips that were heard to their end."""
    end: EndReason | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def answer(self, leg: Leg) -> EndDecision:
        self.leg = leg
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(leg.run(), name="leg")
            while not isinstance(event := await leg.next(), Ended):
                match event:
                    case Heard(frame):
                        self.levels.append(level_dbfs(frame.reveal()))
                    case Digit(digit):
                        self.digits.append(digit.reveal())
                    case ClipPlayed(clip):
                        self.played.append(clip)
        self.end = event.reason
        return EndDecision.GOODBYE

    def beep(self, clip: int, ms: int) -> None:
        """Queue a tone of 440 Hz."""
        assert self.leg is not None
        for frame in tone(ms):
            self.leg.play(clip, frame)
        self.leg.end_clip(clip)


def tone(ms: int) -> Iterator[AudioFrame]:
    t = np.arange(RATE_HZ * ms // 1000) / RATE_HZ
    return frames_of((8_000 * np.sin(2 * math.pi * 440 * t)).astype(np.int16))


@contextlib.asynccontextmanager
async def page_line(calls: int = 2) -> AsyncIterator[PageLine]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    port = listening.getsockname()[1]
    board = Switchboard(calls=calls, clock=asyncio.get_running_loop().time)
    here = PageLine(port, board)
    app = application(
        ServerConfig(origin=f"http://127.0.0.1:{port}", development=True, calls=calls),
        here.answer,
        board=board,
        lines=lambda _: None,
        default=Line("demo", "+12025550142"),
        observers=Observers(count=here.refusals.append, report=here.failures.append),
        page=page_files(),
    )
    stop = asyncio.Event()
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listening.close)
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        tasks.create_task(serve(app, listening, calls=calls, message_bytes=65_536, stop=stop), name="line")
        try:
            yield here
        finally:
            stop.set()


def capture_wav(path: Path, pcm: Int16) -> Path:
    """8 kHz sound as the file of a fake microphone: 48 kHz, 16 bits, mono."""
    sound = resample(pcm, RATE_HZ, CAPTURE_HZ).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, CAPTURE_HZ, CAPTURE_HZ * 2, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(sound)) + sound
    path.write_bytes(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)
    return path

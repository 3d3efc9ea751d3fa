"""The keeper and the line as running processes: started together, watched, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from agent.embedded_redis import die_with_parent, end
from agent.users import Users
from policies.closed import NotClosed
from policies.events import MAX_LINE, CallEvent, LineReady, OutreachWritten, decode
from policies.records import Profile

READY_S: Final = 120.0  # models load in seconds; a cold disk is slower
DRAIN_S: Final = 40.0  # calls finish or are handed over (agent.draining.drain); then the line is made to end
KEEPER_S: Final = 10.0  # from the end of the line's pipe
EARLY_BYTES: Final = 16_384  # of what the line says before it is ready


class Died(Exception):
    """A process ended that should not have.  The message is one sentence."""


class Service:
    """Keeper and line.  `run` returns when both have ended."""

    def __init__(
        self,
        keeper: asyncio.subprocess.Process,
        line: asyncio.subprocess.Process,
        line_environment: Mapping[str, str],
        profile: Profile,
        show: Callable[[CallEvent], None],
        tell: Callable[[str], None],
    ) -> None:
        self._keeper = keeper
        self._line = line
        self._line_environment = line_environment
        self._profile = profile
        self._show = show
        self._tell = tell
        self._is_ready = asyncio.Event()
        self._stop = asyncio.Event()
        self._early = bytearray()
        self.dropped_bytes = 0
        """What the line wrote to standard error after it was ready: counted, never read."""

    @classmethod
    async def start(
        cls,
        *,
        keeper: Sequence[str],
        keeper_environment: Mapping[str, str],
        line: Sequence[str],
        line_environment: Mapping[str, str],
        profile: Profile,
        show: Callable[[CallEvent], None],
        tell: Callable[[str], None],
        users: Users = Users(),  # noqa: B008  # frozen
        briefing: bytes = b"",
    ) -> Service:
        """Each in a session of its own, so that Ctrl-C comes to the launcher alone.

        briefing: what the line reads on its standard input before it is locked (`agent/briefing.py`).
        """
        read, write = os.pipe()
        try:
            keeping = await asyncio.create_subprocess_exec(
                *keeper,
                stdin=read,
                stdout=asyncio.subprocess.PIPE,
                env=dict(keeper_environment),
                start_new_session=True,
                limit=MAX_LINE * 64,
                **users.as_keeper(),
            )
            answering = await asyncio.create_subprocess_exec(
                *line,
                stdin=asyncio.subprocess.PIPE,
                stdout=write,
                stderr=asyncio.subprocess.PIPE,
                env=dict(line_environment),
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
                **users.as_line(),
            )
        finally:
            os.close(read)
            os.close(write)
        if answering.stdin is not None:
            answering.stdin.write(briefing + b"\n")  # it stays open: the keeper's word comes by it
        return cls(keeping, answering, line_environment, profile, show, tell)

    def ask_to_stop(self) -> None:
        """For signal handlers."""
        self._stop.set()

    def kill(self) -> None:
        """What still runs when all else went wrong."""
        for process in (self._line, self._keeper):
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

    async def caller(self, command: Sequence[str]) -> int:
        """Runs the caller's side to its end; it shares the terminal, not the service's secrets but the signing one."""
        environment = {name: value for name, value in self._line_environment.items() if name in _CALLER_MAY_KNOW}
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=asyncio.subprocess.DEVNULL)
        try:
            return await process.wait()
        finally:
            await end(process, 5.0)

    async def run(
        self, ready: Callable[[Service], Awaitable[int | None]], redis: asyncio.subprocess.Process | None
    ) -> int:
        """The exit status.  Raises `Died`."""
        status: int | None = 0
        died = ""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_events(), name="events")
            tasks.create_task(self._read_errors(), name="errors")
            line = tasks.create_task(self._line.wait(), name="line")
            keeper = tasks.create_task(self._keeper.wait(), name="keeper")
            stop = tasks.create_task(self._stop.wait(), name="stop")
            begun = tasks.create_task(self._until_ready(), name="ready")
            lost = tasks.create_task(self._watch(redis), name="redis")
            ends: set[asyncio.Task[Any]] = {line, keeper, stop}
            await asyncio.wait({*ends, begun}, return_when=asyncio.FIRST_COMPLETED)
            if begun.done() and not any(task.done() for task in ends):
                if begun.result():
                    work = tasks.create_task(_awaited(ready(self)), name="work")
                    status = await self._until_done(work, ends)
                    work.cancel()
                else:
                    died = f"the line was not ready within {READY_S:.0f} seconds"
            if line.done() and not stop.done():
                died = died or f"the line ended by itself (status {self._line.returncode})"
            if keeper.done():
                died = died or f"the keeper ended by itself (status {self._keeper.returncode})"
            await end(self._line, DRAIN_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(KEEPER_S):
                    await asyncio.shield(keeper)
            if not keeper.done():
                died = died or "the keeper didn't end with the line"
                self._keeper.kill()
            for task in (stop, begun, lost):
                task.cancel()
        return self._verdict(status, died)

    def _verdict(self, status: int | None, died: str) -> int:
        if not self._is_ready.is_set() and self._early:
            self._tell(self._early.decode("utf-8", "replace").rstrip())
        if self.dropped_bytes:
            self._tell(f"quietline: the line wrote {self.dropped_bytes} bytes to standard error; they were dropped")
        if died:
            raise Died(died)
        if self._keeper.returncode:
            raise Died(f"the keeper could not keep everything (status {self._keeper.returncode})")
        return status or 0

    async def _until_done(self, work: asyncio.Task[int | None], ends: set[asyncio.Task[Any]]) -> int:
        await asyncio.wait({work, *ends}, return_when=asyncio.FIRST_COMPLETED)
        if work.done() and work.result() is None:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            return 0
        return (work.result() or 0) if work.done() else 130

    async def _until_ready(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_S):
                await self._is_ready.wait()
        return self._is_ready.is_set()

    async def _watch(self, redis: asyncio.subprocess.Process | None) -> None:
        """The bus may be lost: calls go on without it."""
        if redis is not None:
            await redis.wait()
            self._tell("quietline: Redis ended by itself; calls go on, the bus is gone until the next start")

    async def _read_events(self) -> None:
        pipe = self._keeper.stdout
        while pipe is not None and (piece := await pipe.readline()):
            event = None
            with contextlib.suppress(NotClosed):  # cut short by a reader that stood still
                event = decode(piece.decode("ascii", "replace").rstrip("\n"), self._profile)
            if event is None:
                continue
            if isinstance(event, OutreachWritten):
                self._hand_on(event)
                continue
            if isinstance(event, LineReady):
                self._is_ready.set()
            self._show(event)

    def _hand_on(self, event: OutreachWritten) -> None:
        """The keeper's word, for the line: a number."""
        stdin = self._line.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(b"%d\n" % event.serial)

    async def _read_errors(self) -> None:
        pipe = self._line.stderr
        while pipe is not None and (piece := await pipe.read(4_096)):
            if self._is_ready.is_set():
                self.dropped_bytes += len(piece)
            elif len(self._early) < EARLY_BYTES:
                self._early += piece
        if self._is_ready.is_set():
            self._early.clear()


_CALLER_MAY_KNOW: Final = ("PATH", "LANG", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "PYTHONUTF8")


async def _awaited(work: Awaitable[int | None]) -> int | None:
    return await work

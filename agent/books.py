"""What is held of patients who may be called goes to the keeper, and her call waits for its word that it is written.

    told by the event pipe, one number each   ->   the keeper writes it   ->   the number on our standard input

The launcher carries the keeper's word; neither Redis nor the network sees a reference.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from policies.attempts import Kept
from policies.events import CALL, CallEvent, OutreachHeld

WRITTEN_S: Final = 5.0
"""For the keeper's word: it writes within milliseconds, or waits up to 2 s for another process that does."""
LONGEST_LINE: Final = 16


class Books(Protocol):
    """Where what is held is written."""

    async def written(self, kept: Kept) -> bool:
        """Is it written?  Takes at most `WRITTEN_S`; False: nobody knows."""
        ...

    def tell(self, kept: Kept) -> None:
        """It is to be written; nobody waits."""
        ...


class KeepersBooks:
    """`Books` of the keeper."""

    def __init__(self, tell: Callable[[CallEvent], None]) -> None:
        """tell: the event pipe."""
        self._tell: Final = tell
        self._serial = 0
        self._waiting: Final[dict[int, asyncio.Event]] = {}

    async def written(self, kept: Kept) -> bool:
        """See `Books`."""
        self.tell(kept)
        serial = self._serial
        said = self._waiting[serial] = asyncio.Event()
        try:
            async with asyncio.timeout(WRITTEN_S):
                await said.wait()
        except TimeoutError:
            return False
        finally:
            del self._waiting[serial]
        return True

    def tell(self, kept: Kept) -> None:
        """See `Books`."""
        self._serial = self._serial % CALL.high + 1
        self._tell(OutreachHeld(self._serial, kept))

    def said(self, line: bytes) -> None:
        """The keeper's word: a number in digits; anything else is nothing."""
        number = line.strip()
        if len(number) <= LONGEST_LINE and number.isdigit():
            waiting = self._waiting.get(int(number))
            if waiting is not None:
                waiting.set()

    async def listen(self) -> None:
        """To our standard input, until it ends or this is cancelled; where it is no pipe nothing is ever written."""
        reader = asyncio.StreamReader(limit=LONGEST_LINE * 16)
        with suppress(OSError, ValueError):
            loop = asyncio.get_running_loop()
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            try:
                while line := await reader.readline():
                    self.said(line)
            finally:
                transport.close()

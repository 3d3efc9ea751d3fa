"""The end of a process with calls on it: they finish, or are handed over; what was promised is taken back aloud.

A telephone that rings on our behalf is hung up: whoever picked it up would find nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from agent.calls import Calls
from telephony.switchboard import Switchboard

FINISH_S: Final = 15.0  # that calls may take to end by themselves once the process is asked to
HAND_OVER_S: Final = 15.0  # for the sentence that says so, and the carrier's question where the call goes


async def drain(asked: asyncio.Event, stop: asyncio.Event, board: Switchboard, calls: Calls) -> None:
    """Once asked to end: no new calls; those that live finish, or are put through to the nurse line."""
    await asked.wait()
    board.draining = True
    await asyncio.gather(calls.hang_up_unanswered(), calls.break_promises(now=False))
    for hand_over, most_s in ((False, FINISH_S), (True, HAND_OVER_S)):
        if hand_over:
            calls.hand_over()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await board.over()
                break
    await calls.break_promises(now=True)
    stop.set()

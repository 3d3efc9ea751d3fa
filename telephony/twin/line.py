"""A person's telephone while a call runs: what it is to whoever speaks into it."""

from __future__ import annotations

from typing import Protocol

from telephony.audio import Int16


class Line(Protocol):
    """The caller's telephone while the call runs.  Positions are samples of its clock."""

    def now(self) -> int: ...

    async def tick(self) -> int:
        """Wait for the next 20 ms to pass.  Returns the clock; raises `LineDead` once the line has ended."""
        ...

    def utter(self, at: int, pcm: Int16) -> int:
        """Speak from `at`, or as soon after it as can be.  Returns where it really begins."""
        ...

    def heard(self, start: int, end: int) -> Int16:
        """What the ear heard."""
        ...

    def more_comes(self) -> bool:
        """Is it known already that more will be heard without a pause?"""
        ...

    async def press(self, digit: str) -> None: ...

    async def hang_up(self) -> None: ...

    async def drop(self) -> None:
        """The network between carrier and agent breaks with a reset."""
        ...

    def stall(self) -> None:
        """The network between carrier and agent goes dead without a sign."""
        ...


class LineDead(Exception):
    """The line has ended: nothing more can be said or heard on it."""

"""The first clause of each approved passage is synthesised ahead, so that an answer's first sound needs no synthesis.

Only while no call is live: a caller's own sentence never waits behind it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from agent.engines.ports import EngineFailed, EngineReason
from policies.guardrails import Sayable


class SpeaksAhead(Protocol):
    """A voice that can hold how a sentence begins."""

    async def keep_opening(self, text: Sayable) -> None:
        """Synthesise the first clause of `text` behind everything live, and hold it for good.

        Raises `EngineFailed`, and `ValueError` for a sentence that is not our own material.
        """
        ...


async def keep_openings(
    sentences: Iterable[tuple[SpeaksAhead, Sayable]],
    idle: Callable[[], Awaitable[None]],
    failed: Callable[[EngineReason], None],
) -> None:
    """One clause after the other, each begun while the line is idle.

    idle: waits until no call is live.  failed: told of a clause that gave no sound; it is synthesised when it is said.
    """
    for voice, sentence in sentences:
        await idle()
        try:
            await voice.keep_opening(sentence)
        except EngineFailed as failure:
            failed(failure.reason)

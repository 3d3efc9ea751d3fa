"""A language model without a provider, for tests of what stands above it; kept honest by the conformance suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from agent.engines.ports import EngineFailed, EngineReason
from policies.guardrails import Answerable, Opened, Sayable
from policies.phi import PHI


class ScriptedModel:
    """Says its pieces, then ends, fails or waits for ever."""

    def __init__(self, pieces: Sequence[str], *, fails: EngineReason | None = None, stalls: bool = False) -> None:
        self._pieces = tuple(pieces)
        self._fails = fails
        self._stalls = stalls
        self.asked = 0
        self.dropped = asyncio.Event()
        """A reply was closed or cancelled before its end."""

    async def answer(
        self, turns: Sequence[Answerable | Sayable], opened: Opened | None = None
    ) -> AsyncGenerator[PHI[str], None]:
        """See `LanguageModel`."""
        if not turns or not isinstance(turns[-1], Answerable):
            raise EngineFailed(EngineReason.REFUSED)
        self.asked += 1
        try:
            for piece in self._pieces:
                yield PHI(piece)
            if self._stalls:
                await asyncio.Event().wait()
        except (GeneratorExit, asyncio.CancelledError):
            self.dropped.set()
            raise
        if self._fails is not None:
            raise EngineFailed(self._fails)

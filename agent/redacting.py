"""The redactor in a thread of its own, so that the loop that carries the sound never waits for it."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from agent.engines.priority import THIS_THREAD
from policies.phi import PHI

if TYPE_CHECKING:
    from policies.redaction import Redacted, Redactor

QUIETER_PRIORITY: Final = 5  # below the loop's: a transcript has time, a caller has not
WARM: Final = "Good morning, this is the first sentence of the day."  # the first text costs more than the next


class Redacting:
    """Loaded once a process, where an agent may keep transcripts at all."""

    def __init__(self) -> None:
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="redacting")
        self._redactor: Redactor | None = None

    async def load(self) -> None:
        """About 2 s and 120 MB, in the thread that will redact.  Raises OSError if the model is not installed."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def redact(self, words: PHI[str]) -> Redacted | None:
        """About 10 ms of the thread.  None where the text could not be redacted: then nothing of it is kept."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._redact, words)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _load(self) -> None:
        from policies.redaction import Redactor

        os.setpriority(os.PRIO_PROCESS, THIS_THREAD, QUIETER_PRIORITY)
        self._redactor = Redactor.load()
        self._redactor.redact(PHI(WARM))

    def _redact(self, words: PHI[str]) -> Redacted | None:
        from policies.redaction import RedactionFailed

        if self._redactor is None:
            return None
        try:
            return self._redactor.redact(words)
        except RedactionFailed:
            return None

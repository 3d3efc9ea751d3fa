"""What the keeper does by the clock, beside reading events: tells policies, and ends what has run out.

One thread with a connection of its own to the state.  A change is told at once (`soon`); whatever happens, all is told
again every few seconds, so a bus that was lost is full again by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from agent.keeper.database import StateFailed
from agent.keeper.holding import Place, in_force, today
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from agent.keeper.transcript_keys import TranscriptKeys
from agent.keeper.transcripts import SealedTranscripts
from agent.lines import AgentFileRefused
from agent.shared import POLICY_EVERY_S, BusLost, publish
from policies.allowlist import Allowlist, Endpoint
from policies.listing import ListRefused
from policies.phi import PHI
from policies.records import hour_of

STOP_S: Final = 5.0


class Duties:
    """Started once; `stop` waits for what it is at."""

    def __init__(
        self,
        place: Place,
        keys: TranscriptKeys,
        kept_days: int,
        bus: PHI[str] | None,
        clock: Callable[[], float],
        day: Callable[[], date] = today,
    ) -> None:
        """bus: None where there is none; then nothing is told, and each line serves `ZERO`."""
        self._place: Final = place
        self._keys: Final = keys
        self._kept_days: Final = kept_days
        self._bus: Final = bus
        self._clock: Final = clock
        self._day: Final = day
        self._wake: Final = threading.Event()
        self._stopped = False
        self._endpoints: Mapping[str, Endpoint] = {}
        self._ended: date | None = None
        self._thread: Final = threading.Thread(target=self._run, name="duties", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self) -> None:
        """Something has changed: from any thread, at any time."""
        self._wake.set()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        reader: LedgerReader | None = None
        with asyncio.Runner() as runner:
            while True:  # once at least
                self._wake.clear()
                stopped = self._stopped
                try:
                    reader = reader or LedgerReader(self._place.state)
                    self._tell(reader, runner)
                    self._mend(reader)
                    self._end()
                except StateFailed:  # nothing is told of what can't be read: lines serve `ZERO` in a moment
                    pass
                if stopped:
                    break
                self._wake.wait(POLICY_EVERY_S)
        if reader is not None:
            reader.close()

    def _tell(self, reader: LedgerReader, runner: asyncio.Runner) -> None:
        """Raises `StateFailed`."""
        if self._bus is None:
            return
        with reader.snapshot():
            told = in_force(reader, self._known(reader), self._allowlist(reader), self._place.profile, self._day())
        with contextlib.suppress(BusLost):  # told again in a moment
            runner.run(publish(self._bus, told))

    def _mend(self, reader: LedgerReader) -> None:
        """Of what somebody else altered: an entry, and the safe side.  Raises `StateFailed`."""
        if reader.is_altered():
            state = SqliteState.open(self._place.state)
            try:
                Ledger.open(self._place.state, state.database)
            finally:
                state.close()

    def _end(self) -> None:
        """Once a day: agreements and transcripts whose time is up.  Raises `StateFailed`; then it is tried again."""
        today = self._day()
        if self._ended == today:
            return
        state = SqliteState.open(self._place.state)
        try:
            ledger = Ledger.open(self._place.state, state.database)
            ledger.note_expired(today, hour_of(self._clock()))
            SealedTranscripts(state.database, ledger, self._keys, self._kept_days, self._clock).expire(today)
        finally:
            state.close()
        self._ended = today

    def _known(self, reader: LedgerReader) -> Mapping[str, Endpoint]:
        """As the agent files say now; as they last said, while one is being written."""
        with contextlib.suppress(AgentFileRefused):
            self._endpoints = self._place.endpoints(reader)
        return self._endpoints

    def _allowlist(self, reader: LedgerReader) -> Allowlist | None:
        with contextlib.suppress(ListRefused):
            return self._place.known_allowlist(reader)
        return None

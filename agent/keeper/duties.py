"""What the keeper does by the clock, beside reading events: tells policies and who is available, ends what has run out.

One thread with connections of its own to the state.  A change is told at once (`soon`); whatever happens, all is told
again every few seconds, so a bus that was lost is full again by itself.  What of an ended transcript still stands in
the state's files, as somebody reads an older state, is owed: each round tries again, for a moment, until nothing is.
A duty that fails is told to the log, and tried again with the next round.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final

from agent.keeper.held_patients import HeldPatients
from agent.keeper.holding import Place, in_force, today
from agent.keeper.ledger import Ledger, LedgerReader
from agent.keeper.state import SqliteState
from agent.keeper.transcript_keys import TranscriptKeys
from agent.keeper.transcripts import SealedTranscripts
from agent.lines import AgentFileRefused
from agent.shared import POLICY_EVERY_S, BusLost, publish
from policies.allowlist import Allowlist, Endpoint, days
from policies.listing import ListRefused
from policies.phi import PHI
from policies.records import NurseStatus, hour_of
from policies.retention import Retention, admit

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
        *,
        failed: Callable[[Exception], None] = lambda _: None,
        owing: Callable[[bool], None] = lambda _: None,
        nurses: Callable[[], Sequence[NurseStatus]] = tuple,
    ) -> None:
        """bus: None where there is none; then nothing is told, and each line serves `ZERO`.

        Both in the thread of the duties: `failed` is told of a duty that went wrong after it had gone well, its text
        not to be kept; `owing` is given True when the state's files hold what has ended, False when they do no more.
        nurses: who is available and who is not, asked each time that policies are told.
        """
        self._place: Final = place
        self._keys: Final = keys
        self._kept_days: Final = kept_days
        self._bus: Final = bus
        self._clock: Final = clock
        self._day: Final = day
        self._failed: Final = failed
        self._owing: Final = owing
        self._nurses: Final = nurses
        self._wake: Final = threading.Event()
        self._owed: Final = threading.Event()
        """Somebody else's deletion: set from any thread."""
        self._stopped = False
        self._endpoints: Mapping[str, Endpoint] = {}
        self._reader: LedgerReader | None = None
        self._ending: Ending | None = None
        self._ended: date | None = None
        """The day for which all that has run out is gone; None while anything is owed."""
        self._told_owing = False
        self._wrong: set[Callable[..., None]] = set()
        self._thread: Final = threading.Thread(target=self._run, name="duties", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def soon(self) -> None:
        """Something has changed: from any thread, at any time."""
        self._wake.set()

    def owe(self) -> None:
        """What was deleted still stands in the state's files: from any thread, at any time."""
        self._owed.set()
        self._wake.set()

    def stop(self) -> None:
        self._stopped = True
        self._wake.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while True:  # once at least
            self._wake.clear()
            stopped = self._stopped
            self._round()
            if stopped:
                break
            self._wake.wait(POLICY_EVERY_S)
        self._close()

    def _round(self) -> None:
        """Raises nothing: the thread that ends on a surprise would end every expiry with it, and nobody would hear."""
        for duty in (self._tell, self._mend, self._end):
            try:
                duty()
                self._wrong.discard(duty)
            except Exception as error:  # noqa: BLE001  # whatever it is: lines serve `ZERO` in a moment, and it is told
                if duty not in self._wrong:
                    self._failed(error)
                self._wrong.add(duty)
                self._close()

    def _tell(self) -> None:
        """Raises `StateFailed`: nothing is told of what can't be read."""
        self._reader = self._reader or LedgerReader(self._place.state)
        if self._bus is None:
            return
        with self._reader.snapshot():
            endpoints, known = self._known(self._reader), self._allowlist(self._reader)
            told = in_force(self._reader, endpoints, known, self._place.profile, self._day())
        told += [each for status in self._nurses() if (each := admit(status, Retention.ZERO)) is not None]
        with contextlib.suppress(BusLost):  # told again in a moment
            asyncio.run(publish(self._bus, told))

    def _mend(self) -> None:
        """Of what somebody else altered: an entry, and the safe side.  Raises `StateFailed`."""
        self._reader = self._reader or LedgerReader(self._place.state)
        if self._reader.is_altered():
            state = SqliteState.open(self._place.state)
            try:
                Ledger.open(self._place.state, state.database)
            finally:
                state.close()

    def _end(self) -> None:
        """Agreements, transcripts and rows of patients whose time is up: once a day, and again while anything is owed.

        Raises `StateFailed`; then it is tried again.
        """
        today = self._day()
        if self._owed.is_set():
            self._owed.clear()
            self._ended = None
        if self._ended == today:
            return
        self._ending = self._ending or Ending(self._place, self._keys, self._kept_days, self._clock)
        owed = self._ending.end(today)
        self._ended = None if owed else today
        if owed is not self._told_owing:
            self._told_owing = owed
            self._owing(owed)

    def _close(self) -> None:
        """What comes next opens them again."""
        for each in (self._reader, self._ending):
            if each is not None:
                each.close()
        self._reader = self._ending = None

    def _known(self, reader: LedgerReader) -> Mapping[str, Endpoint]:
        """As the agent files say now; as they last said, while one is being written."""
        with contextlib.suppress(AgentFileRefused):
            self._endpoints = self._place.endpoints(reader)
        return self._endpoints

    def _allowlist(self, reader: LedgerReader) -> Allowlist | None:
        with contextlib.suppress(ListRefused):
            return self._place.known_allowlist(reader)
        return None


class Ending:
    """What ends by the day.  Kept from round to round: a long log is read once.  Every method raises `StateFailed`."""

    def __init__(self, place: Place, keys: TranscriptKeys, kept_days: int, clock: Callable[[], float]) -> None:
        self._clock: Final = clock
        self._state: Final = SqliteState.open(place.state)
        self._noted: date | None = None
        try:
            self._ledger: Final = Ledger.open(place.state, self._state.database)
            self._transcripts: Final = SealedTranscripts(self._state.database, self._ledger, keys, kept_days, clock)
            self._patients: Final = HeldPatients(self._state.database)
        except BaseException:
            self._state.close()
            raise

    def end(self, today: date) -> bool:
        """True while what has ended still stands in the state's files."""
        owed = self._transcripts.expire(today).owed
        if self._noted != today:
            self._ledger.note_expired(today, hour_of(self._clock()))
            self._patients.forget(days(today))
            self._noted = today
        return owed

    def close(self) -> None:
        self._state.close()

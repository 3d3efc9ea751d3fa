"""Which nurses have said that they are not available.  In memory: after a restart of the keeper everybody is.

Set over the interface and by telephone, by way of the line; told to every line on the bus by `agent.keeper.duties`.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from agent.keeper.database import StateFailed
from agent.keeper.on_call_files import OnCallFiles
from agent.keeper.pace import Pace
from policies.acts import Act, Role, Subject
from policies.audit import AuditEvent, digest
from policies.closed import Reason
from policies.records import NONE, NurseStatus, hour_of

MOST_HELD: Final = 2_400  # a hundred lists of 24: beyond it who was set longest ago is available
BY_TELEPHONE_A_MINUTE: Final = 30  # of all nurses together: a line that is somebody else's must not fill the audit log


class Nurses:
    """From any thread."""

    def __init__(
        self,
        files: OnCallFiles,
        clock: Callable[[], float],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """clock: seconds since 1970.  changed: told after each change by telephone, in the thread that it came by."""
        self._files: Final = files
        self._clock: Final = clock
        self._changed: Final = changed
        self._pace: Final = Pace(BY_TELEPHONE_A_MINUTE, clock)
        self._lock: Final = threading.Lock()
        self._set: Final[OrderedDict[tuple[str, str], bool]] = OrderedDict()

    def is_available(self, on_call: str, nurse: str) -> bool:
        with self._lock:
            return self._set.get((on_call, nurse), True)

    def set(self, status: NurseStatus) -> None:
        """From now on it is so."""
        with self._lock:
            self._set[status.on_call, status.nurse] = status.available
            self._set.move_to_end((status.on_call, status.nurse))
            while len(self._set) > MOST_HELD:
                self._set.popitem(last=False)

    def statuses(self) -> Sequence[NurseStatus]:
        """Of all that were set since the start, also of those who are available again."""
        with self._lock:
            held = list(self._set.items())
        return [NurseStatus(on_call=on_call, nurse=nurse, available=there) for (on_call, nurse), there in held]

    def event(self, status: NurseStatus, role: Role, actor: str = NONE) -> AuditEvent | None:
        """What the audit log is to hold once this is set; None where it is so already."""
        before = NurseStatus(
            on_call=status.on_call, nurse=status.nurse, available=self.is_available(status.on_call, status.nurse)
        )
        if before == status:
            return None
        return AuditEvent(
            hour=hour_of(self._clock()),
            role=role,
            actor=actor,
            act=Act.NURSE_AVAILABLE if status.available else Act.NURSE_AWAY,
            subject=Subject.NURSE,
            thing=status.nurse,
            before=digest(before),
            after=digest(status),
        )

    def by_telephone(self, status: NurseStatus) -> AuditEvent | Reason | None:
        """What a line says that a nurse has set: it holds at once, unless it may not be so.

        The entry for the audit log; None where it was so already; why it is refused.
        """
        if not self._pace.allows():
            return Reason.TOO_MANY
        listed = None
        with contextlib.suppress(StateFailed):
            listed = self._files.list_of(status.on_call)
        nurse = None if listed is None else listed.nurse(status.nurse)
        if nurse is None or not nurse.pin:
            return Reason.NO_SUCH_NURSE
        event = self.event(status, Role.LINE)
        if event is not None:
            self.set(status)
            self._changed()
        return event

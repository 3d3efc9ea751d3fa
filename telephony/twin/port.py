"""The twin's exchange as its REST side sees it: calls that are placed, changed, looked at and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from telephony.twin.records import CallLive as CallLive
from telephony.twin.records import CallOver as CallOver

OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Twilio, "Call status values": the others are of a call that goes on."""


class PlacedCall(Protocol):
    """A call as it stands now.  Times are seconds of the exchange's clock, None for what has not happened."""

    @property
    def sid(self) -> str: ...
    @property
    def account_sid(self) -> str: ...
    @property
    def parent_sid(self) -> str | None:
        """Of the call whose `<Dial>` made this one; None for a call that came in or was placed by request."""
        ...

    @property
    def to(self) -> str: ...
    @property
    def from_(self) -> str: ...
    @property
    def direction(self) -> str:
        """`inbound`, `outbound-api` or `outbound-dial`."""
        ...

    @property
    def status(self) -> str: ...
    @property
    def started_at(self) -> float | None: ...
    @property
    def answered_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...


class ExchangePort(Protocol):
    """What the REST side asks of the exchange."""

    async def place(
        self,
        *,
        to: str,
        from_: str,
        twiml: str | None,
        url: str | None,
        ring_s: int,
        status_callback: str | None,
        status_events: frozenset[str],
        time_limit_s: int,
    ) -> PlacedCall:
        """A new call, ringing or about to."""
        ...

    async def change(
        self, sid: str, *, twiml: str | None = None, url: str | None = None, status: str | None = None
    ) -> None:
        """New instructions for a call, or its end.  Raises `CallOver`."""
        ...

    def call(self, sid: str) -> PlacedCall | None: ...

    def calls(self) -> Sequence[PlacedCall]:
        """All that are not forgotten."""
        ...

    def forget(self, sid: str) -> None:
        """Raises `CallLive`."""
        ...

"""What a number of ours is set to at the carrier, and what of that leaves its callers alone.  Pure.

A number's fallback is asked where its voice webhook fails: while the whole service is down it is all that a caller has.
So it must be at somebody else's: a document that the carrier itself serves (a TwiML Bin), or a static host.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

METHOD: Final = (
    "POST"  # a request's address is logged by the carrier for a week, its body is not (Twilio, HIPAA guidance)
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What our numbers are to be set to."""

    status_url: str = ""
    """Told when a call of theirs is over; empty: left as it is."""
    fallback_url: str = ""
    """Asked where we fail; empty: left as it is, and looked at."""
    ours: Sequence[str] = ()
    """Hosts that are down when we are."""

    def changes(self, fallback_url: str, fallback_method: str, status_url: str, status_method: str) -> dict[str, str]:
        """The settings that differ, as the carrier's package names them; empty if none does."""
        changed: dict[str, str] = {}
        if self.fallback_url and (fallback_url, fallback_method) != (self.fallback_url, METHOD):
            changed |= {"voice_fallback_url": self.fallback_url, "voice_fallback_method": METHOD}
        if self.status_url and (status_url, status_method) != (self.status_url, METHOD):
            changed |= {"status_callback": self.status_url, "status_callback_method": METHOD}
        return changed

    def falls(self, fallback_url: str, *, elsewhere: bool = False) -> bool:
        """Is a caller of a number with this fallback taken by somebody else when we are down?

        elsewhere: the number has an application or a SIP trunk, so that the carrier asks none of its own addresses.
        """
        if elsewhere:
            return False
        if self.fallback_url:
            return fallback_url == self.fallback_url
        return stands_alone(fallback_url, self.ours)


def stands_alone(url: str, ours: Sequence[str]) -> bool:
    """An https address on a host that is none of `ours`."""
    try:
        split = urlsplit(url)
        host = split.hostname
    except ValueError:
        return False
    return split.scheme == "https" and bool(host) and host not in {each.lower() for each in ours}

"""What a call asks of whoever holds opt-outs, where somebody has called us and wants no calls of ours."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable


class Stopped(enum.Enum):
    """What came of the wish."""

    DONE = "done"
    NOBODY = "nobody"
    """The hospital knows no patient by the number she calls from."""
    NOT_NOW = "not_now"
    """The hospital could not be asked.  She is told so: her number isn't kept to try again."""


OptOut = Callable[[], Awaitable[Stopped]]
"""For one call; may be asked twice."""

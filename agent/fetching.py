"""What a call asks of whoever fetches a nurse, and is told: the port between `agent.call` and `agent.handoff`."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Protocol

from policies.brief import Told
from policies.phi import PHI


class News(enum.Enum):
    """How it stands with the nurse."""

    OTHERS = "others"
    """Nobody has come yet, and others are being called."""
    FOUND = "found"
    """A nurse hears the brief."""
    COMING = "coming"
    """She has accepted: the patient is to be told."""
    JOIN = "join"
    """She is in the room: the stream is to be closed."""
    ALONE = "alone"
    """She is lost; others are being called."""
    NOBODY = "nobody"


class Fetching(Protocol):
    """For one call, begun once; lives on when the call's stream is over."""

    def begin(self, told: Callable[[], Told]) -> None:
        """Ring nurses.  told: what the nurse is to hear, asked for each time that it is said."""
        ...

    def told(self) -> None:
        """The patient has heard who is coming on, to the end."""
        ...

    def stop(self) -> None:
        """The patient wants nobody any more."""
        ...

    def gone(self) -> None:
        """The patient's stream is over, and not by us."""
        ...


class Promising(Protocol):
    """A call back, for one call."""

    @property
    def number(self) -> PHI[str]:
        """Which is called: the one that she calls from, in E.164."""
        ...

    @property
    def ready(self) -> bool:
        """It can be offered now."""
        ...

    def make(self, told: Told) -> None:
        """Nurses are called until one takes it, then she is.  told: what that nurse is to hear."""
        ...


Fetch = Callable[[Callable[[News], None]], Fetching]
"""A call's way to a nurse, asked for each time that nurses are rung: given who is to be told the news."""

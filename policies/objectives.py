"""What a call must cover: the items of a workflow, and the ledger of what became of each.  Pure; no caller's words.

An item is one question with fixed wording.  Which items there are, their order, what escalates and what counts as
answered is held here and in the workflow's file, never by a model.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policies.answers import content
from policies.readings import Measure

MOST_ITEMS: Final = 8
"""A record has so many fields for them."""


class Covered(enum.Enum):
    """What became of one item."""

    NONE = "none"
    """The workflow has no such item."""
    NOT_REACHED = "not_reached"
    """The call ended before it."""
    ASKED = "asked"
    """It was asked, and no answer was understood."""
    ANSWERED = "answered"
    DECLINED = "declined"
    """She did not want to answer, or left."""
    ESCALATED = "escalated"
    """A person was fetched for the answer, or while it was awaited."""


class Kind(enum.Enum):
    """What is asked for."""

    YES_NO = "yes_no"
    NUMBER = "number"
    """Read back, confirmed, and judged by the bounds of `rules/numbers.toml`."""
    TEACH_BACK = "teach_back"
    """She says a point in her own words."""


class Trouble(enum.Enum):
    """Which answer to a yes-or-no item is one for a person."""

    YES = "yes"
    NO = "no"
    NEITHER = "neither"


class Fetch(enum.Enum):
    """Who is fetched for it, and with which words."""

    NURSE = "nurse"
    EMERGENCY = "emergency"
    """She is told to call 911, and a nurse is called."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that must be asked."""

    id: str
    ask: str
    """As it is spoken; one sentence that ends in a question mark."""
    kind: Kind
    trouble: Trouble = Trouble.NEITHER
    fetch: Fetch = Fetch.NURSE
    measure: Measure | None = None
    """Of a number."""
    point: str = ""
    """Of a teach-back: what is to be understood; spoken once more where she does not say it."""
    enough: int = 0
    """Of a teach-back: so many of `wanted` are an answer."""

    @property
    def wanted(self) -> frozenset[str]:
        """Content words of the point that she can't have from the question alone."""
        return content(self.point) - content(self.ask)


@dataclass(frozen=True, slots=True)
class Objectives:
    """A workflow: what is asked before a goodbye, in this order."""

    name: str
    about: str
    owner: str
    source: str
    items: Sequence[Item]


def as_fields(covered: Sequence[Covered]) -> Mapping[str, Covered]:
    """The ledger as the fields `objective_1` ... of a record."""
    padded = [*covered, *[Covered.NONE] * (MOST_ITEMS - len(covered))]
    return {f"objective_{nth}": each for nth, each in enumerate(padded, start=1)}

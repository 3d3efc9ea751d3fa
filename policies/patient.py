"""What identifies a patient, and what a hospital's record says of her: held as `PHI`, for one call.

Plain values: they are only ever carried inside `PHI`, and opened where `tests/architecture/reveal.txt` says.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date
from typing import Final, final

from policies.phi import PHI, Sensitive

ENOUGH: Final = 2
"""Identifiers that must agree before anything is said (45 CFR 164.514(h); two items is the usual hospital policy)."""
PHONE_END: Final = 4
"""Digits of the phone number on file that are asked for."""
SHORTEST_RECORD: Final = 5
LONGEST_RECORD: Final = 10
"""Digits of a record number; a hospital with others needs other bounds here."""


class Relation(enum.Enum):
    """Who calls for the patient."""

    DAUGHTER = "daughter"
    SON = "son"
    WIFE = "wife"
    HUSBAND = "husband"
    PARTNER = "partner"
    MOTHER = "mother"
    FATHER = "father"
    SISTER = "sister"
    BROTHER = "brother"
    GRANDCHILD = "grandchild"
    FRIEND = "friend"
    NEIGHBOR = "neighbor"
    CAREGIVER = "caregiver"


class PartOfDay(enum.Enum):
    """When a medicine is taken."""

    MORNING = "morning"
    NOON = "noon"
    EVENING = "evening"
    BEDTIME = "bedtime"
    AS_NEEDED = "as_needed"


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What a caller gave.  Two of them are enough."""

    born: date | None = None
    phone_end: str = ""
    """The last `PHONE_END` digits of the number on file; empty if not given."""
    record: str = ""
    """The record number's digits; empty if not given."""

    @property
    def given(self) -> int:
        """How many there are, 0 to 3."""
        return (self.born is not None) + bool(self.phone_end) + bool(self.record)

    def beside(self, earlier: Identifiers) -> Identifiers:
        """These, and of the earlier ones what these lack.  Beside a date of birth a second number is a correction."""
        born = self.born or earlier.born
        if born is not None and (self.phone_end or self.record):
            return Identifiers(born, self.phone_end, self.record)
        return Identifiers(born, self.phone_end or earlier.phone_end, self.record or earlier.record)


@dataclass(frozen=True, slots=True)
class Medicine:
    """One line of the medicine list."""

    name: str
    dose: str
    """As it is spoken: "50 milligrams, one tablet"."""
    times: tuple[PartOfDay, ...]
    also: tuple[str, ...] = ()
    """Other names of it, such as the brand on the bottle."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A procedure or a visit: what, and on which day."""

    what: str
    day: date
    time: str = ""
    """As it is spoken: "2 PM"; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the line may say of one patient."""

    medicines: tuple[Medicine, ...] = ()
    procedure: Appointment | None = None
    follow_up: Appointment | None = None
    instructions: tuple[str, ...] = ()
    """The discharge instructions, a sentence each."""
    proxies: frozenset[Relation] = field(default_factory=frozenset)
    """Who may hear all this, as the patient has consented."""


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Matched(Sensitive):
    """The identifiers are one patient's."""

    record: PHI[Record]

    __hash__ = None  # see Sensitive


class NotMatched(enum.Enum):
    """They are nobody's, or not of one patient; which of them was wrong nobody is told."""

    NOBODY = "nobody"


class Unavailable(enum.Enum):
    """The records could not be asked."""

    NO_ANSWER = "no_answer"

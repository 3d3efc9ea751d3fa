"""Units: a number before one measures something and identifies nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.words import at

UNITS: Final = frozenset(
    """milligrams milligram mg mcg micrograms grams gram mikes pounds pound lbs ounces ounce percent % degrees degree
    hours hour minutes minute days day weeks week months month years year times tablets tablet pills pill capsules
    puffs drops cc ccs ml milliliters liters liter inches inch feet miles steps stitches staples dollars dollar
    bucks cents point over o'clock beats calories french gauge people kilos kg am pm teaspoons tablespoons reps
    patches doses cups bottles seconds percentile patients visits units sats bpm""".split()
)
# Of a medicine.
DOSES: Final = frozenset(
    "milligrams milligram mg mcg micrograms mikes units tablets tablet pills pill capsules puffs drops ml".split()
)


def measured(low: Sequence[str], place: int) -> bool:
    """A unit stands here."""
    return at(low, place) in UNITS

"""Feasts: days of the year that have a name, said as days and not as occasions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.words import at, phrases

# A day by its very name.
_DAYS: Final = phrases(
    """christmas eve | christmas day | new year 's eve | new year 's day | new years eve | new years day | new year 's
    | new years | leap day | valentine 's day | valentines day | independence day | labor day | memorial day
    | veterans day | veteran 's day | columbus day | presidents day | president 's day | thanksgiving day
    | mother 's day | mothers day | father 's day | fathers day | easter sunday | easter monday | good friday
    | palm sunday | ash wednesday | groundhog day | st patrick 's day | saint patrick 's day | boxing day | juneteenth
    | martin luther king day"""
)
# An occasion as well: "since easter", but not "the easter ham".
_OCCASIONS: Final = phrases("christmas | easter | thanksgiving | halloween | hanukkah | passover")
_ON: Final = frozenset("on before after since until till by".split())
# After it, it was the day: "halloween when i fell".
_FREE: Final = frozenset(
    """i and , . ? ! ; it he she we they you my the that when because cause so but was is then until till with
    they're i'm i've she's he's 's""".split()
)
_PARTS_OF_A_DAY: Final = frozenset("morning afternoon evening night".split())


def feast(low: Sequence[str], place: int) -> int | None:
    """Where the name of a feast that begins here ends."""
    for said in (*_DAYS, *_OCCASIONS):
        if tuple(low[place : place + len(said)]) == said:
            return place + len(said)
    return None


def dated(low: Sequence[str], place: int, end: int) -> bool:
    """The feast in words `place` up to `end` is a day on which something was or is to be."""
    if at(low, end) in _PARTS_OF_A_DAY:
        return True
    free = end >= len(low) or low[end] in _FREE
    if tuple(low[place:end]) not in _OCCASIONS:
        return free or at(low, place - 1) in _ON
    return free and at(low, place - 1) in _ON

"""How like the meaning of what was said is to what is known to be said for each passage.  Pure.

A passage's likeness is the mean of its three nearest examples: one alone may be near by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from agent.sayings import Outside
from policies.meaning import Floats

NEAREST: Final = 3
FAR: Final = -1.0  # the least that a product of two directions can be


@dataclass(frozen=True, slots=True)
class Near:
    """Likeness, -1 .. 1."""

    passages: Floats
    """Shape (passages,)."""
    outside: Mapping[Outside, float]

    def out(self, *kinds: Outside) -> float:
        """The nearest of these kinds; `FAR` if nothing is known of them."""
        return max((self.outside.get(kind, FAR) for kind in kinds), default=FAR)


@final
class _Groups:
    """Examples in groups of different sizes, as one table."""

    __slots__ = ("_rows", "_vectors")

    def __init__(self, groups: Sequence[Floats]) -> None:
        """groups: of shapes (n, width), each with at least one row."""
        widest = max((len(group) for group in groups), default=NEAREST)
        self._vectors: Final = np.ascontiguousarray(np.concatenate(groups)) if groups else None
        self._rows: Final[NDArray[np.int64]] = np.full((len(groups), max(widest, NEAREST)), -1, np.int64)
        first = 0
        for number, group in enumerate(groups):
            self._rows[number, : len(group)] = np.arange(first, first + len(group))
            first += len(group)

    def near(self, vector: Floats) -> Floats:
        """Of each group the mean of its nearest; of fewer than three, of all."""
        if self._vectors is None:
            return np.zeros(0, np.float32)
        products = np.append(self._vectors @ vector, np.float32(np.nan)).astype(np.float32)
        of_group = products[self._rows]  # the row -1 is the nan at the end
        best = -np.sort(-of_group, axis=1)[:, :NEAREST]  # nan sorts last
        return np.asarray(np.nanmean(best, axis=1), np.float32)


@final
class Likeness:
    """Built once from vectors of our own material; keeps nothing of what is asked."""

    __slots__ = ("_centres", "_inside", "_kinds", "_outside")

    def __init__(self, passages: Sequence[Floats], outside: Mapping[Outside, Floats]) -> None:
        """passages: for each, the unit vectors of its examples, shape (n, width), n at least 1."""
        self._inside: Final = _Groups(passages)
        self._kinds: Final = tuple(kind for kind, vectors in outside.items() if len(vectors))
        self._outside: Final = _Groups([outside[kind] for kind in self._kinds])
        self._centres: Final = tuple(_unit(vectors.mean(axis=0)) for vectors in passages)

    def near(self, vector: Floats) -> Near:
        """vector: the unit vector of what was said."""
        outside = self._outside.near(vector)
        known = {kind: float(value) for kind, value in zip(self._kinds, outside, strict=True)}
        return Near(self._inside.near(vector), MappingProxyType(known))

    def turned(self, vector: Floats, place: int, share: float) -> Floats:
        """The vector turned towards what a passage is about: "and at night?" is said of what was spoken of."""
        return _unit(vector + np.float32(share) * self._centres[place])


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

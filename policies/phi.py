"""What must not be kept is a type that cannot be.

`Sensitive` refuses every way out but `reveal()`: it prints as a mask and cannot be hashed, compared,
tested for truth, copied, pickled, iterated or turned into JSON.  `PHI[T]` wraps one value of a caller:
words, digits, a number, a name, a call SID.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, NoReturn, TypeVar, final

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
U = TypeVar("U")


class SensitiveLeak(TypeError):
    """Something tried to take a sensitive value out by a way other than `reveal()`."""


class Sensitive:
    """Base of everything that a caller said, typed or is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise SensitiveLeak(f"{type(self).__name__} goes nowhere but through reveal()")

    __hash__ = None  # type: ignore[assignment]  # unhashable: never a dict key, a set member, a cache key

    def __eq__(self, other: object) -> bool:
        self._refuse()

    def __ne__(self, other: object) -> bool:
        self._refuse()

    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __mod__ = __rmod__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = _refuse
    __int__ = __float__ = __index__ = __bytes__ = _refuse
    __copy__ = __deepcopy__ = __getstate__ = _refuse

    def __reduce__(self) -> NoReturn:
        self._refuse()

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        self._refuse()


@final
class PHI(Sensitive, Generic[T]):
    """One value that belongs to a caller.  Held, never shown; `reveal()` callers are listed by a test."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value: Final = value

    def __repr__(self) -> str:
        return "<PHI>"

    def reveal(self) -> T:
        """The value itself.  Callers stand in `tests/architecture/reveal.txt`."""
        return self._value

    def map(self, step: Callable[[T], U]) -> PHI[U]:
        """The same value one pure step further on, still held."""
        return PHI(step(self._value))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Utterance(Sensitive):
    """What a caller said in one turn, as it was heard."""

    words: PHI[str]
    """The transcript: one line of text, case and punctuation as the recogniser gave them; empty if nothing was said."""
    doubtful: bool
    """The recogniser itself was unsure: a symptom heard here is asked about, not dropped."""
    meaning: PHI[NDArray[np.float32]] | None = None
    """The direction in which the words point, see `policies.meaning`; None where nobody worked it out."""
    urgency: PHI[NDArray[np.float32]] | None = None
    """How likely each `policies.urgency.Urgency` is; None where there is no reader of it."""
    scope: PHI[NDArray[np.float32]] | None = None
    """How likely each `policies.scope.Route` is; None as above."""
    hardly_english: bool = False
    """The recogniser takes it for another language: what is read in such words was hardly said."""
    strained: bool = False
    """How it was spoken is a reason to ask once whether a nurse should hear of it: see `agent.strain`."""
    alarmed: bool = False
    """An emergency was heard in a part of these words, and the whole may say something else."""

    __hash__ = None  # see Sensitive

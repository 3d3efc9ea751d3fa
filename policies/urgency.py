"""How urgent what a caller says is, and which way it goes, as a trained reader hears it: the second voice beside the
written rules.

The rules know what somebody wrote down; this hears what is said in ways nobody did.  It can only add care.  The same
text gives the same answer; nothing of a text is kept.  Its weights are trained by `deploy/teaching/urgent.py` on
sentences of our own (`deploy/teaching/said/`, `asked/`).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from policies import mpnet
from policies.encoder import Floats
from policies.low_rank import changed, whole
from policies.phi import PHI
from policies.scope import Route
from policies.wordpiece import WordPiece

TOKENS: Final = 72
"""What is read at once, begin and end included."""
WINDOW: Final = TOKENS - 2
STEP: Final = WINDOW // 2  # of a longer turn each half window is read with the one before and the one after it
LONGEST: Final = 2_000
"""Pieces of a turn that are read: some ten minutes of speech."""
LAYERS: Final = 8
"""Of the model's twelve: with all of them it hears about as well and takes half as long again."""
TAUGHT: Final = "urgency.npz"
"""Beside the rules, in `policies/rules`."""

# Set on the development set alone (`make eval` prints what others would give).
SURE_EMERGENCY: Final = 0.5
SURE_PERSON: Final = 0.9
UNSURE_PERSON: Final = 0.6
"""From here to `SURE_PERSON` nobody is fetched: she is asked."""
HINT: Final = 0.1
"""Of danger, where a rule has found a sign."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is asked of the reader before its word counts; by default as in calls."""

    emergency: float = SURE_EMERGENCY
    person: float = SURE_PERSON
    hint: float = HINT


IN_CALLS: Final = Thresholds()


class Urgency(enum.IntEnum):
    """How soon a person is needed; a higher one is more urgent."""

    ROUTINE = 0
    NURSE_NOW = 1
    CRISIS_988 = 2
    EMERGENCY_911 = 3


def danger(likely: Floats) -> float:
    """likely: shape (4,).  How likely it is that 911 or 988 is to be said; not a number where it can't be read."""
    return float(likely[Urgency.CRISIS_988]) + float(likely[Urgency.EMERGENCY_911])


def heard_as(likely: Floats, sure: Thresholds = IN_CALLS) -> Urgency:
    """likely: shape (4,), of each `Urgency`.  What cannot be read is a nurse's."""
    if danger(likely) >= sure.emergency:
        crisis = likely[Urgency.CRISIS_988] > likely[Urgency.EMERGENCY_911]
        return Urgency.CRISIS_988 if crisis else Urgency.EMERGENCY_911
    return Urgency.ROUTINE if float(likely[Urgency.ROUTINE]) > 1 - sure.person else Urgency.NURSE_NOW


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Question:
    """What is asked of every text: where to look in it, and the answer."""

    look: Floats
    think: tuple[Floats, Floats]
    judge: tuple[Floats, Floats]

    @classmethod
    def of(cls, taught: Mapping[str, Floats], name: str, answers: int) -> Question:
        """Raises KeyError for what is absent and ValueError for what does not fit."""
        look, think, thinkb, judge, judgeb = (
            whole(taught[f"{name}.{part}"]) for part in ("look", "think", "thinkb", "judge", "judgeb")
        )
        if (look.shape, judge.shape, judgeb.shape) != ((mpnet.WIDTH,), (len(thinkb), answers), (answers,)):
            raise ValueError(f"what was taught of {name} is not of this reader")
        return cls(look, (think, thinkb), (judge, judgeb))

    def __call__(self, x: Floats) -> Floats:
        """x: shape (n, WIDTH).  Returns how likely each answer is, shape (answers,)."""
        seen = share(x @ self.look) @ x
        thought = np.tanh(seen @ self.think[0] + self.think[1])
        return share(thought @ self.judge[0] + self.judge[1])


def taught_model(base: Mapping[str, Floats], taught: Mapping[str, Floats], tokens: int) -> mpnet.MPNet:
    """The body of a reader of at most so many tokens.  Raises KeyError and ValueError as `changed`."""
    return mpnet.MPNet({**base, **changed(base, taught, LAYERS, mpnet.DENSE, mpnet.NORMS)}, LAYERS, tokens)


@final
class UrgencyReader:
    """Loaded once, read by all calls.  Blocks; may run in any thread."""

    __slots__ = ("_model", "_scope", "_urgency", "_wordpiece")

    def __init__(self, wordpiece: WordPiece, base: Mapping[str, Floats], taught: Mapping[str, Floats]) -> None:
        """wordpiece: BERT's.  base: the arrays of all-mpnet-base-v2.  taught: those of `TAUGHT`.

        Raises KeyError for what is absent and ValueError for what does not fit.
        """
        self._urgency: Final = Question.of(taught, "urgency", len(Urgency))
        self._scope: Final = Question.of(taught, "scope", len(Route))
        self._wordpiece: Final = wordpiece
        self._model: Final = taught_model(base, taught, TOKENS)

    def read(self, text: PHI[str]) -> tuple[PHI[Floats], PHI[Floats]]:
        """How likely each `Urgency` is, shape (4,), and each `Route`, shape (7,).

        Of a long turn: the most urgent of its parts, and where its last part goes, as the question is at the end.
        """
        both = text.map(self._read)
        return both.map(lambda heard: heard[0]), both.map(lambda heard: heard[1])

    def _read(self, text: str) -> tuple[Floats, Floats]:
        heard = [self._part(part) for part in parts(self._wordpiece.rows(text, LONGEST))]
        gravest = max((urgency for urgency, _ in heard), key=lambda likely: (heard_as(likely), danger(likely)))
        return gravest, heard[-1][1]

    def _part(self, pieces: Sequence[int]) -> tuple[Floats, Floats]:
        rows: NDArray[np.int_] = np.array(mpnet.rows_of(pieces))
        try:
            return self._forward(rows)
        finally:
            rows.fill(0)  # numpy keeps small blocks for itself, where no allocator overwrites them

    def _forward(self, rows: NDArray[np.int_]) -> tuple[Floats, Floats]:
        """rows: shape (n,).  Returns shapes (4,) and (7,)."""
        x = self._model(rows)
        return self._urgency(x), self._scope(x)


def share(scores: Floats) -> Floats:
    """Softmax: shape (n,), each at least 0, together 1."""
    found: Floats = np.exp(scores - scores.max())
    found /= found.sum()
    return found


def parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    """A text's rows in overlapping windows, each between [CLS] and [SEP]; one of ordinary length is one part."""
    inner = rows[1:-1]
    for start in range(0, max(1, len(inner) - WINDOW + STEP), STEP):
        yield [rows[0], *inner[start : start + WINDOW], rows[-1]]

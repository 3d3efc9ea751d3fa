"""Whether an emergency that was heard in the middle of a turn stands.

Words that are cut off say something else than the whole: "so, chest pain" begins "no chest pain, nothing like that",
and the recogniser guesses at what it has not heard yet.  Of sentences in which nothing is wrong, said by synthetic
voices over a telephone line, one in ten held an emergency in the middle (`make eval`, part `unseen_spoken`).  So it is
heeded when it is heard a second time in more of the same turn, or when she has stopped.  One that her next words take
away is remembered to the end of the turn: there a hint of danger is enough (`policies.guardrails.found_in`).
"""

from __future__ import annotations

from typing import final


@final
class SecondHearing:
    """Of one turn at a time."""

    __slots__ = ("_words", "once")

    def __init__(self) -> None:
        self._words = 0
        self.once = False
        """An emergency was heard in this turn."""

    def stands(self, words: int) -> bool:
        """An emergency was heard in so many words, and she may go on: was one heard before, in fewer?"""
        again = 0 < self._words < words
        self._words = self._words or words
        self.once = True
        return again

    def passed(self) -> None:
        """Nothing of the kind is in the words up to now."""
        self._words = 0

    def over(self) -> None:
        """Another turn begins."""
        self._words, self.once = 0, False

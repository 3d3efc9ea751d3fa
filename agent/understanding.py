"""Is this caller understood at all?  Counts turns in a row that were not.  Pure."""

from __future__ import annotations

from typing import Final

GUESS_LOGPROB: Final = -0.65
"""Mean log probability below which a turn that nothing answers counts as not understood.  Thirteen Spanish sentences,
by the English voice, were heard at -0.66 to -1.38."""
SPEECH: Final = 0.6  # Whisper's own: at this probability of no speech it heard none
MOST: Final = 2


class Understanding:
    """Of one call."""

    __slots__ = ("_missed",)

    def __init__(self) -> None:
        self._missed = 0

    def of_words(self, mean_logprob: float, *, answerable: bool) -> bool:
        """A turn with words.  True: not understood so often that a person is needed."""
        return self._count(missed=mean_logprob < GUESS_LOGPROB and not answerable)

    def of_sound(self, no_speech: float) -> bool:
        """A turn in which no word was found; noise counts for nothing.  True as above."""
        return no_speech < SPEECH and self._count(missed=True)

    def _count(self, *, missed: bool) -> bool:
        self._missed = self._missed + 1 if missed else 0
        return self._missed >= MOST

"""What a sign that is said stands in: is it there now, denied, past, supposed, somebody else's, a figure of speech?

After ConText (Harkema and others 2009): words before or after a sign say how it is meant, as far as their reach goes.
Ours and not a library, because the libraries read clinical notes: see `docs/clinical-safety.md` for what was measured.
Whatever is unclear counts as there now.  Pure; words in the form of `plain`.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from policies.rules.notation import BadNotation, Words, sought

BEFORE_DENIED: Final = 9  # words between a denial and the sign: "no fever or chills or vomiting or any chest pain"


OWN_WITHIN: Final = 40  # letters before a sign
NEAR: Final = 5  # words around a sign in which "now" or "again" is said of it
CLAIMED_WITHIN: Final = 3  # words before a sign that is only named: "having some terrible", "with this"


class Meant(enum.Enum):
    """How a sign is meant."""

    PRESENT = "present"
    DENIED = "denied"
    OVER = "over"
    """It was there, and is gone."""
    PAST = "past"
    """Long ago."""
    SUPPOSED = "supposed"
    """What if; is it a side effect; what are the signs of it."""
    CONDITIONAL = "conditional"
    """What would be if: "if my ankles swelled, would I call you?"."""
    FIGURE = "figure"
    """A figure of speech."""
    OF_ANOTHER = "of_another"
    """Somebody else's history; who calls for somebody there says it as present."""


@dataclass(frozen=True, slots=True)
class Context:
    """The lists of `rules/context.toml` as patterns, each over text that ends or begins where the sign does."""

    denied: re.Pattern[str]
    denied_after: re.Pattern[str]
    no_denial: re.Pattern[str]
    ends_denial: re.Pattern[str]
    over: re.Pattern[str]
    ended: re.Pattern[str]
    past: re.Pattern[str]
    present: re.Pattern[str]
    supposed: re.Pattern[str]
    supposed_after: re.Pattern[str]
    conditional: re.Pattern[str]
    """What if, before a sign ..."""
    conditionally: re.Pattern[str]
    """... and what would be then, after it."""
    warned: re.Pattern[str]
    """Stands right before a sign that she was told of."""
    own: re.Pattern[str]
    another: re.Pattern[str]
    figure: re.Pattern[str]
    told_of: re.Pattern[str]
    claims: re.Pattern[str]
    """Stands before a sign that is only named, where somebody has it."""
    breaks: re.Pattern[str]
    """Where a new statement begins."""

    @classmethod
    def of(cls, lists: Mapping[str, Any], words: Words) -> Self:
        """Raises `BadNotation` for a list that is absent, unknown or cannot be read."""
        names = tuple(cls.__dataclass_fields__)
        if set(lists) != set(names):
            raise BadNotation(f"the lists of a context are {', '.join(names)}")
        return cls(**{name: sought(lists[name], words) for name in names})

    def meant(self, text: str, start: int, end: int) -> Meant:
        """text: a turn between two spaces.  start, end: of the sign in it; end is after its space."""
        begin, stop = self._statement(text, start, end)
        before, after = text[begin:start], " " + text[end:stop]
        whole = text[begin:stop]
        if self._denied(text[:start], after):
            return Meant.DENIED
        if not self.present.search(whole):
            if self.told_of.search(text) or self.another.search(before):
                return Meant.OF_ANOTHER
            if self.figure.search(whole):
                return Meant.FIGURE
            if _right_before(self.conditional, before) and self.conditionally.search(text, end - 1):
                return Meant.CONDITIONAL
            if _right_before(self.warned, before):
                return Meant.SUPPOSED
        if not self.own.search(text[max(0, start - OWN_WITHIN) : start]) and (
            self.supposed.search(before) or self.supposed_after.search(after)
        ):
            return Meant.SUPPOSED
        if self.over.match(text, end):
            return Meant.OVER
        near = _near(text, start, end)
        if self.ended.search(text, end - 1) and not self.present.search(near):
            return Meant.OVER
        if self.past.search(whole) and not self.present.search(near):
            return Meant.PAST
        return Meant.PRESENT

    def claimed(self, text: str, start: int) -> bool:
        """Does somebody have what is named here?  So it is where nothing stands before it in its statement."""
        begin, _ = self._statement(text, start, start)
        before = text[begin:start]
        words = before.replace(",", " ").split()[-CLAIMED_WITHIN:]
        return not words or self.claims.search(f" {' '.join(words)} ") is not None

    def _statement(self, text: str, start: int, end: int) -> tuple[int, int]:
        """The part of a turn that the sign stands in; from and to a space."""
        begin, stop = 0, len(text)
        for found in self.breaks.finditer(text):
            if found.end() <= start:
                begin = found.start() - 1
            elif found.start() >= end:
                stop = found.start()
                break
        return begin, stop

    def _denied(self, said: str, after: str) -> bool:
        if self.denied_after.match(after, 1):
            return True
        for found in self.denied.finditer(said):
            between = said[found.end() :]
            if len(between.split()) > BEFORE_DENIED or self.no_denial.match(said, found.start()):
                continue
            if self.ends_denial.search(" " + between) is None:
                return True
        return False


def _right_before(way: re.Pattern[str], before: str) -> bool:
    """It is the last that is said before the sign."""
    return any(found.end() == len(before) for found in way.finditer(before))


def _near(text: str, start: int, end: int) -> str:
    before, after = text[:start].split(), text[end:].split()
    return f" {' '.join([*before[-NEAR:], text[start:end].strip(), *after[:NEAR]])} "

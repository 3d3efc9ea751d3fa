"""The notation in which rules say how something is said, so that a clinician can read it and a machine match it.  Pure.

    (a|b c)    one of these             [a|b]    one of these, or nothing
    ...        up to three more words   ,        the end of a clause; [,] where a recogniser may have put one
    !(a|b c)   none of these follows    {name}   one of a list of words
    *          any one word             #        a number in digits

Brackets may stand in brackets.  Words are in the form of `plain`: lower case, no apostrophe, "cannot" for "can't".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Words = Mapping[str, Sequence[str]]

_MARK: Final = re.compile(r"!\(|[()\[\]|]|\.\.\.|\{[a-z_]+\}|[a-z0-9]+|[*#,]")
_OPEN: Final = {"(": ("(?:", ")", ")"), "[": ("(?:", "]", ")?"), "!(": ("(?!", ")", ")")}
"""How it begins as a pattern, what closes it, how it ends as a pattern."""
_ANY: Final = {"*": "[a-z0-9]+ ", "#": "[0-9]+ ", "...": "(?:[a-z0-9]+ ){0,3}?"}


class BadNotation(ValueError):
    """A way of saying something that cannot be read; its text names what is wrong and holds no caller's words."""


def way(notation: str, words: Words) -> str:
    """The pattern of one way, over `plain` text between spaces; ends with a space.  Raises `BadNotation`."""
    if _MARK.sub("", notation).strip():
        raise BadNotation(f"{notation!r}: lower-case words, digits and the marks of the notation alone")
    reader = _Reader(_MARK.findall(notation), words, notation)
    pattern = reader.sequence()
    if reader.marks:
        raise BadNotation(f"{notation!r}: {reader.marks[0]!r} closes nothing")
    return pattern


def either(notations: Iterable[str], words: Words) -> str:
    """One of several ways.  Raises `BadNotation`, also where there is none."""
    ways = [way(notation, words) for notation in notations]
    if not ways:
        raise BadNotation("at least one way of saying it is needed")
    return f"(?:{'|'.join(ways)})"


def sought(notations: Iterable[str], words: Words) -> re.Pattern[str]:
    """Finds any of several ways in `plain` text between spaces.  Raises `BadNotation`."""
    return re.compile(f"(?<= ){either(notations, words)}")


@dataclass(slots=True)
class _Reader:
    marks: list[str]
    words: Words
    notation: str

    def sequence(self) -> str:
        """Up to a bar or a closing bracket."""
        pieces = []
        while self.marks and self.marks[0] not in ("|", ")", "]"):
            mark = self.marks.pop(0)
            pieces.append(self._bracket(mark) if mark in _OPEN else self._plain(mark))
        if not pieces:
            raise BadNotation(f"{self.notation!r}: nothing stands before or after a bar, or between brackets")
        return "".join(pieces)

    def _bracket(self, mark: str) -> str:
        begin, close, end = _OPEN[mark]
        choices = [self.sequence()]
        while self.marks and self.marks[0] == "|":
            self.marks.pop(0)
            choices.append(self.sequence())
        if not self.marks or self.marks.pop(0) != close:
            raise BadNotation(f"{self.notation!r}: {mark!r} is not closed")
        return f"{begin}{'|'.join(choices)}{end}"

    def _plain(self, mark: str) -> str:
        if not mark.startswith("{"):
            return _ANY.get(mark, f"{mark} ")
        name = mark.strip("{}")
        if name not in self.words:
            raise BadNotation(f"{self.notation!r}: no list of words is called {name!r}")
        return f"(?:{'|'.join(f'{word} ' for word in self.words[name])})"

"""A stream of tokens -> sentences fit to be spoken -> the clauses they are spoken in.  Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LONGEST_CHARS: Final = 600  # a text without an end is cut there: about 40 s of speech
SHORT_WORDS: Final = 8  # a sentence up to here is said in one go: about 2.5 s of speech, 100 ms of synthesis
FIRST_LEAST: Final = 4  # words before a comma that may end the first clause
FIRST_MOST: Final = 10  # a first clause beyond this is broken before a word of `BREAKS_BEFORE`
LATER_LEAST: Final = 4
LATER_MOST: Final = 16  # about 5 s of speech; bounds what one synthesis costs in time and memory

_TITLES: Final = frozenset("dr mr mrs ms prof st mt vs e.g i.e approx fig dept".split())  # never end a sentence
_NUMBERED: Final = frozenset("no nos vol pg p ext".split())  # are short for a word only before a number
_MAY_END: Final = frozenset(
    "a.m p.m etc u.s jr sr hr hrs min mins sec oz lb lbs tab tabs tsp tbsp wk wks yr yrs mo inc"
    " jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thurs fri sat sun".split()
)  # end a sentence only before a capital letter

_END: Final = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]*_]*(?=\s)")
_LAST_WORD: Final = re.compile(r"([A-Za-z][A-Za-z.]*)\.$")
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_ITEM: Final = r"(?:[-*+\u2022\u2013\u2014]|\d{1,2}[.)])[ \t]+|#{1,6}[ \t]+"
_NEW_ITEM: Final = re.compile(rf"\n[ \t]*(?={_ITEM})")
_ITEM_MARK: Final = re.compile(rf"^\s*(?:{_ITEM}|>[ \t]*)+")
_BARE_MARK: Final = re.compile(r"^\s*(?:[-*+\u2022#>]+|\d{1,2}[.)])\s*$")
_LINK: Final = re.compile(r"!?\[([^\]\n]*)\]\([^)\s]*\)")
_EMPHASIS: Final = re.compile(r"\*+|`+|~~|(?<!\w)_+|_+(?!\w)")
_SOFT_END: Final = re.compile(r"[A-Za-z]{2,}[.!?]$")
_SPOKEN: Final = re.compile(r"\w")


class Sentences:
    """Feed tokens, get sentences: one space between words, no markup, how the tokens were cut makes no difference."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> list[str]:
        """The sentences that are complete with this piece; the last one waits until the next has begun."""
        if piece[:1].isupper() and _SOFT_END.search(self._held) and not _abbreviated(self._held, piece):
            self._held += " "  # an engine that gives whole sentences need not give the space between them
        self._held += piece
        return self._complete()

    def flush(self) -> list[str]:
        """What is left when the stream has ended."""
        done = self._complete()
        rest, self._held = self._held, ""
        return [*done, *_fit(rest)]

    def _complete(self) -> list[str]:
        done: list[str] = []
        while (end := _first_end(self._held)) is not None:
            done += _fit(self._held[:end])
            self._held = self._held[end:]
        return done


def sentences_of(text: str) -> list[str]:
    """All sentences of a finished text."""
    stream = Sentences()
    return [*stream.feed(text), *stream.flush()]


def _first_end(text: str) -> int | None:
    """Where the first sentence ends, if what follows has begun to show that it does."""
    ends = [
        _full_stop(text),
        *(found.start() for mark in (_BLANK_LINE, _NEW_ITEM) if (found := _after_words(mark, text))),
    ]
    known = [end for end in ends if end is not None]
    if known:
        return min(known)
    if len(text) > LONGEST_CHARS:
        return max(text.rfind(sign, 1, LONGEST_CHARS) for sign in (" ", "\n")) + 1 or LONGEST_CHARS
    return None


def _after_words(mark: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next((found for found in mark.finditer(text) if _SPOKEN.search(text, 0, found.start())), None)


def _full_stop(text: str) -> int | None:
    for found in _END.finditer(text):
        rest = text[found.end() :].lstrip()
        head = text[: found.end()]
        if not rest:
            return None
        if rest[0].islower() or _BARE_MARK.match(head.rpartition("\n")[2]) or _abbreviated(head, rest):
            continue
        if _SPOKEN.search(head):
            return found.end()
    return None


def _abbreviated(head: str, rest: str) -> bool:
    """The full stop at the end of `head` belongs to a short form, and the sentence goes on."""
    found = _LAST_WORD.search(head)
    word = found[1].lower() if found else ""
    following = rest.lstrip()[:1]
    if word in _MAY_END:
        return not following.isupper()
    return word in _TITLES or (word in _NUMBERED and following.isdigit())


def _fit(raw: str) -> list[str]:
    """One stretch of text as a sentence without markup; nothing if nothing in it is spoken."""
    text = _EMPHASIS.sub("", _LINK.sub(r"\1", _ITEM_MARK.sub("", raw)))
    text = " ".join(text.split())
    if not _SPOKEN.search(text):
        return []
    if _ITEM_MARK.match(raw) and text[-1].isalnum():
        text += "."  # an item of a list is said as a sentence
    return [text]


BREAKS_BEFORE: Final = frozenset(
    "and or but if when unless until because before after while so which who where with without for to at in on from by"
    " during than as".split()
)
_LEANS_ON_NEXT: Final = frozenset(
    "a an the and or but not no never don't to of in on at for with by from up out if as than such is are was were be"
    " been your my our their his her its this that these those every each only more less about over under between"
    " around within until before after when while because so do does did can could may might must should will"
    " would".split()
)
"""Words after which a voice does not pause."""


def clauses(sentence: str) -> list[str]:
    """The pieces in which a sentence is synthesised: a short one first, so that sound starts early, then longer ones.

    Joined by single spaces they are the sentence in `normal()` form.
    """
    words = sentence.split()
    if len(words) <= SHORT_WORDS:
        return [" ".join(words)] if words else []
    pieces: list[str] = []
    start = 0
    while start < len(words):
        length = _piece(words[start:], first=not pieces)
        pieces.append(" ".join(words[start : start + length]))
        start += length
    return pieces


def _piece(words: Sequence[str], *, first: bool) -> int:
    """How many of the words the next clause takes; never leaves a rest of one or two."""
    least, most = (FIRST_LEAST, FIRST_MOST) if first else (LATER_LEAST, LATER_MOST)
    if len(words) <= (SHORT_WORDS if first else most):
        return len(words)
    last = min(most, len(words) - 3)
    marked = [n for n in range(least, last + 1) if _marked(words, n)]
    if marked:
        return marked[0] if first else marked[-1]
    if len(words) <= most:
        return len(words)
    natural = [n for n in range(least, last + 1) if _natural(words, n)]
    if natural:
        aim = SHORT_WORDS if first else most
        return min(natural, key=lambda n: abs(aim - n))
    beyond = (n for n in range(last + 1, len(words) - 2) if _marked(words, n) or _natural(words, n))
    return next(beyond, len(words))


def _marked(words: Sequence[str], n: int) -> bool:
    """A sign of pause stands after the n-th word (and not inside a date: "June 3, 2026")."""
    before, after = words[n - 1], words[n]
    return before[-1] in ",;:\u2013\u2014" and not (before[:-1].isdigit() and after[:1].isdigit())


def _natural(words: Sequence[str], n: int) -> bool:
    """A speaker could breathe after the n-th word: a joining word follows, and not one of a pair of numbers."""
    before, after = words[n - 1].lower(), words[n].lower()
    if after not in BREAKS_BEFORE or before.strip(",.;:\"'()") in _LEANS_ON_NEXT:
        return False
    numbers = before[-1].isdigit() and words[n + 1][:1].isdigit() if n + 1 < len(words) else False
    return not numbers

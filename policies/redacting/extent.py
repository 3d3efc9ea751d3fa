"""Where a name that has begun ends: over further names, particles, hyphens and initials."""

from __future__ import annotations

from typing import Final

from policies.redacting.counting import TEENS, TENS, UNITS
from policies.redacting.letters import TIMES
from policies.redacting.lexis import GRAMMAR, JOBS, RELATIVES, STATES, TITLES
from policies.redacting.medical import EPONYMS
from policies.redacting.naming import eponym, expected, gives
from policies.redacting.reading import Reading
from policies.redacting.words import at

LONGEST_NAME: Final = 12  # words, particles and hyphens included
_PARTICLES: Final = frozenset(
    """de del la las los van von der den bin bint ibn abu al el da di du dos st saint o mc mac le san y thi e
    ter ten""".split()
)
_GENERATIONS: Final = frozenset("jr junior sr senior ii iii".split())
# After a name that somebody gives: what stands before it belongs to the name, whatever word it is.
_ENDING: Final = frozenset("calling here speaking . , from returning again date born i'm".split())
# Words of the grammar that are family names as well.
_SURNAMES: Final = frozenset("long little best good near may".split())
_NO_SURNAME: Final = frozenset("still called just does did back".split())
_BEGINNING: Final = frozenset("social account member chart phone email address patient birthday".split())
NUMBERS: Final = frozenset({*UNITS, *TENS, *TEENS, *TIMES})


def end_of_name(text: Reading, first: int) -> int:
    """The place after the name that begins at `first`."""
    said = expected(text.low, first)
    strong = said.firm or said.title or said.own or said.relative or said.job or text.name(first)
    end = first + 1
    while end < len(text.words) and end - first < LONGEST_NAME:
        step = _joint(text, first, end) or int(_goes_on(text, first, end, strong=strong))
        if not step:
            break
        end += step
    return end


def _joint(text: Reading, first: int, end: int) -> int:
    """How many words are no names themselves and still inside or at the end of one."""
    words, low, lexis = text.words, text.low, text.lexis
    word, following = low[end], at(low, end + 1)
    if word in ("-", "'") and end + 1 < len(words):
        return 2 if words[end].glued and words[end + 1].glued and words[end + 1].letters else 0
    if word in ("um", "uh", "something", "comma"):
        return 2 if text.name(end + 1) or (following in lexis.family and text.odd(end + 1)) else 0
    if word == ",":
        turned = text.name(end + 1) and low[first] in lexis.family
        return 2 if turned and at(low, end + 2) in (",", ".", "", "born", "date", "calling") else 0
    if word in _GENERATIONS:
        return 1
    if word in _PARTICLES and following and following not in GRAMMAR - _PARTICLES and not lexis.medical(following):
        return int(lexis.continues(following) or following in _PARTICLES or text.capital(end + 1))
    if len(word) == 1 and word.isalpha() and word != "i":
        initial = text.capital(end) or (word != "a" and lexis.continues(following))
        return 1 + (following == "." and text.capital(end)) if initial else 0
    return 0


def _goes_on(text: Reading, first: int, place: int, *, strong: bool) -> bool:
    """The word at `place` is a further name."""
    words, low, lexis = text.words, text.low, text.lexis
    word = low[place]
    if not words[place].letters or len(word) < 2 or word in RELATIVES or word in JOBS or word in NUMBERS:
        return False
    if (
        eponym(low, place)
        or (lexis.medical(word) and word not in EPONYMS)
        or (word in STATES and word not in lexis.either)
    ):
        return False
    written = text.capital(place) and words[place - 1].capital
    if word in GRAMMAR or word in TITLES:
        ends = gives(low, place + 1) or at(low, place + 1) in GRAMMAR
        return word in lexis.family and (written or (strong and not text.cased and word in _SURNAMES and ends))
    if text.cased and not words[place].capital and words[first].capital:
        return word in lexis.given and not lexis.plain(word)
    if written or lexis.name(word) or (place in text.model and lexis.continues(word)):
        return True
    if text.odd(place):
        return strong or word in lexis.family
    if strong and len(word) < 4 and lexis.continues(at(low, place + 1)) and not text.cased:
        return True  # a syllable of a name: "eun ji park"
    if word in lexis.family or word in lexis.either:
        return _closes(text, place)
    if not text.name(place - 1) or low[place - 1] in lexis.english:
        return False
    return (strong and at(low, place + 1) in _ENDING) or (word in lexis.things and _closes(text, place))


def _closes(text: Reading, place: int) -> bool:
    """An ordinary word that is a family name ends a name here: what follows fits after one."""
    following = at(text.low, place + 1)
    if text.low[place] in _NO_SURNAME:
        return False
    fits = gives(text.low, place + 1) or following in GRAMMAR or following in _BEGINNING
    return fits or text.lexis.namelike(following) or not text.words[place + 1].letters

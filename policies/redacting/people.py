"""Names of people, said or written.

A name that is no ordinary word needs no announcement; a word that may be a name needs one ("this is", "doctor",
"my husband"), the weaker the more it is a word.  What announces stands in `naming.py`, what is spelled in `spelling.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, JOBS, RELATIVES, STATES, TITLES, Lexis
from policies.redacting.measures import DOSES
from policies.redacting.naming import Expected, calls, eponym, expected, gives
from policies.redacting.numerals import TEENS, TENS, TIMES, UNITS
from policies.redacting.spelling import spelled
from policies.redacting.words import Word, at

LONGEST_NAME: Final = 12  # words, particles and hyphens included
LONGEST_UNKNOWN: Final = 9  # letters; surnames beyond that come with a title or a given name
_PARTICLES: Final = frozenset(
    "de del la las los van von der den bin bint ibn abu al el da di du dos st saint o mc mac le san y thi e ter ten".split()
)
_GENERATIONS: Final = frozenset("jr junior sr senior ii iii".split())
# After "my name is" and its like still no name.
_NO_NAME: Final = frozenset(
    """wrong right misspelled mispronounced correct incorrect important hard weird funny different fine long-winded changed
    tag tags plate badge brand listed pronounced written sorry sick tired worried sore swollen nauseous dizzy allergic
    diabetic pregnant home bleeding vomiting constipated post scared confused afraid curious concerned line spelling insurance
    patient nurse doctor number numbers address phone date birthday birth account card social back crazy later tomorrow
    collect asap maybe whenever""".split()
)
# After a name that somebody gives: what stands before it belongs to the name, whatever word it is.
_ENDING: Final = frozenset("calling here speaking . , from returning again date born i'm".split())
_MONTHS: Final = frozenset("may june april august january".split())
_COMPANY: Final = frozenset(
    """clinic hospital medical health healthcare cross shield center centre pharmacy university church street avenue care group
    insurance bank company county road hotel county college school memorial general""".split()
)
_NEVER_BESIDE: Final = frozenset("and the that like for but with not will may just last first was his her see name are".split())
# Before a medicine that no list knows: "they put me on x".
_MEDICATED: Final = frozenset("on me some called with of and or for to the than is".split())
_SYLLABLES: Final = frozenset("soon so in an young sun see do can long my mi a ho he me ha".split())  # of names, and words
_SMALL_TITLES: Final = frozenset("dr mr mrs ms miss mister missus misses".split())


@dataclass(frozen=True, slots=True)
class _Text:
    """What the rules read."""

    words: Sequence[Word]
    low: Sequence[str]
    lexis: Lexis
    model: set[int]
    cased: bool
    """Written with capitals where they belong, so that one within a sentence means a name."""

    def capital(self, place: int) -> bool:
        """A capital that means something."""
        begins = place == 0 or self.low[place - 1] in (".", "?", "!", ":", '"')
        return self.cased and place < len(self.words) and self.words[place].capital and not begins

    def odd(self, place: int) -> bool:
        """A name or no English word at all."""
        word = at(self.low, place)
        return self.lexis.namelike(word) and word not in self.lexis.either and self.words[place].letters


def people(words: Sequence[Word], lexis: Lexis, skipped: set[int], model: set[int]) -> list[Found]:
    """All names, in order.

    skipped: places that belong to something else already.  model: places that the language model takes for a person.
    """
    low = [word.low for word in words]
    text = _Text(words, low, lexis, model, _cased(words))
    marked = spelled(words, low, skipped)
    place = 0
    while place < len(words):
        end = place
        if place not in skipped and place not in marked and words[place].letters and _begins_a_name(text, place, marked):
            end = _end(text, place)
            marked.update(inside for inside in range(place, end) if inside not in skipped)
            if place and low[place - 1] in _SMALL_TITLES:
                marked.add(place - 1)
            elif place > 1 and low[place - 1] == "." and low[place - 2] in _SMALL_TITLES:
                marked.update((place - 2, place - 1))
        place = max(end, place + 1)
    return _joined(marked - skipped)


def _begins_a_name(text: _Text, place: int, marked: set[int]) -> bool:
    word, low, lexis = text.low[place], text.low, text.lexis
    if word in UNITS or word in TENS or word in TEENS or word in TIMES or eponym(low, place):
        return False
    said = expected(low, place)
    if len(word) < 2:  # an initial
        return word not in "ai" and (said.firm or said.title) and (text.odd(place + 1) or text.capital(place + 1))
    if {place - 1, place + 1} & marked and (word in lexis.family or word in lexis.either or lexis.namelike(word)):
        return len(word) > 2 and word not in _NEVER_BESIDE  # beside a spelled name
    if word in GRAMMAR or word in RELATIVES or word in TITLES or word in JOBS:
        return _is_though_a_word(text, place, said)
    if word in STATES and word not in lexis.either and not said.title:
        return False
    if lexis.medical(word) and not (said.firm and (word in lexis.given or word in lexis.either)):
        return False
    if lexis.name(word):
        return not (said.thing and at(low, place + 1) == "'s" and not lexis.given) and not _a_street(low, place)
    if said.firm:
        return word not in _NO_NAME and (lexis.namelike(word) or word in lexis.family or word in lexis.either or _fits(text, place))
    if said.title:
        return lexis.namelike(word) or word in lexis.family or word in lexis.either or text.capital(place)
    if word in lexis.either:
        return _either(text, place, said, marked)
    if text.odd(place):
        return _odd(text, place, said)
    return _surname(text, place, said)


def _is_though_a_word(text: _Text, place: int, said: Expected) -> bool:
    """A word of the grammar that is a name here: "this is will", "doctor best", "my grandmother soon ja"."""
    word, low = text.low[place], text.low
    if text.capital(place) and word != "i" and (word in text.lexis.family or word in text.lexis.either):
        return said.title or said.firm or said.own or word not in _MONTHS and not said.thing
    if word in text.lexis.either:
        if text.words[place].capital and text.capital(place + 1) and calls(low, place + 2):
            return True
        if said.own or said.firm or said.title:
            return at(low, place + 1) in _ENDING or at(low, place + 1) in ("", "and", "i", "?", "'s") and not said.title
        if at(low, place + 1) == "here" and place + 1 < len(low) and (place < 3):
            return True
    if word in _SYLLABLES and len(at(low, place + 1)) < 5 and text.odd(place + 1) and text.odd(place + 2):
        return said.relative or said.firm
    return said.title and word in text.lexis.family and word not in ("is", "was", "on", "in", "to", "and", "of", "at", "will", "can", "do", "her", "him", "has", "so", "see", "said", "call", "line", "any", "an", "or", "my", "the", "i", "he", "she", "we", "they", "you", "did", "does", "had", "for", "from", "with", "about", "want", "went", "came", "put", "gave", "says", "told", "if", "if", "when", "there", "here", "no", "yes", "again", "who", "that", "this", "it", "just", "too", "then", "now", "please", "be", "been", "but", "by", "out", "up", "over", "as", "all")


def _either(text: _Text, place: int, said: Expected, marked: set[int]) -> bool:
    """A given name that is a word as well."""
    word, low, lexis = text.low[place], text.low, text.lexis
    if at(low, place - 1) in ("the", "a", "an", "some", "no", "any", "this"):
        return False
    full = text.odd(place + 1) and not said.thing
    closed = at(low, place + 1) in lexis.family and at(low, place + 1) not in GRAMMAR and gives(low, place + 2)
    gives_it = gives(low, place + 1)
    if calls(low, place + 1):
        return True
    if said.relative or said.job:
        following = at(low, place + 1)
        return full or closed or gives_it or following in GRAMMAR or following.endswith("ed") or word in lexis.things or following in lexis.either or word not in lexis.english
    if place > 1 and low[place - 1] in ("and", "or") and place - 2 in marked:
        return at(low, place + 1) not in ("to", "so", "that", "for", "it", "i")
    if _ends_thanks(low, place) and (word in lexis.things or at(low, place - 1) in ("you", "thanks")):
        return at(low, place + 1) in GRAMMAR or not at(low, place + 1).isalpha()
    if said.own:
        return gives_it or full or closed
    if text.capital(place):
        return not (said.thing and at(low, place - 1) != "my") and word not in _MONTHS
    if place == 0 or at(low, place - 1) in (",", "."):
        return full or closed and place == 0 or at(low, place + 1) in ("first", "last") or (place in text.model and full)
    if at(low, place - 1) in ("tell", "ask", "told", "asked", "for", "saw", "call", "with", "by"):
        return full or closed or at(low, place + 1) in ("in", "from", "that", "to", "at", "he", "she", "who", "over", "or", "and", "but") and not said.thing
    return said.likely and full or (full and at(low, place + 1) in lexis.given)


def _ends_thanks(low: Sequence[str], place: int) -> bool:
    """ "thank you penny", "yes penny"."""
    return low[max(0, place - 2) : place] == ["thank", "you"] or at(low, place - 1) in ("thanks", "yes", "bye", "no", "okay")


def _odd(text: _Text, place: int, said: Expected) -> bool:
    """A word that is no English one and no given name."""
    word, low, lexis = text.low[place], text.low, text.lexis
    if said.own:
        return not word.endswith(("ing", "n't")) and not (said.thing and not said.relative) and not (word not in lexis.family and lexis.slip(word))
    if said.relative or said.job:
        return at(low, place - 1) not in ("with", "on") and not word.endswith("n't")
    if said.thing:
        return False
    if calls(low, place + 1):
        return True
    if at(low, place - 1) in _MEDICATED and word not in lexis.family and not text.capital(place) and place not in text.model:
        return False
    if len(word) < 3 or _dosed(low, place) or word.endswith(("ing", "n't", "in'")):
        return False
    if len(word) > LONGEST_UNKNOWN and word not in lexis.family:
        return said.likely and place in text.model  # a long word that nobody knows is a medicine rather
    return place in text.model or word in lexis.family or text.capital(place) or not lexis.slip(word)


def _dosed(low: Sequence[str], place: int) -> bool:
    """A dose follows: "x twenty five milligrams"."""
    return any(word in DOSES for word in low[place + 1 : place + 5])


def _surname(text: _Text, place: int, said: Expected) -> bool:
    """An ordinary word that is a family name."""
    word, low, lexis = text.low[place], text.low, text.lexis
    if word not in lexis.family:
        return said.relative and text.capital(place) and place in text.model
    if said.job and at(low, place - 1) in ("was", "is", "'s", ",", "named") and gives(low, place + 1):
        return True
    if text.capital(place) and not said.thing and at(low, place + 1) not in _COMPANY and at(low, place - 1) not in ("in", "at", "near"):
        return True
    given_next = lexis.name(at(low, place + 1)) and at(low, place + 1) not in lexis.english
    if text.capital(place) and (place in text.model or text.capital(place + 1) and at(low, place + 1) in lexis.family):
        return said.relative or said.likely or text.capital(place + 1) or place - 1 in text.model
    if place == 0 and at(low, place + 1) in ("comma", "first") or at(low, place - 1) == "." and at(low, place + 1) == "comma":
        return True
    return given_next and (place == 0 or said.own or said.relative or said.likely) and not said.thing and len(word) < 6


def _fits(text: _Text, place: int) -> bool:
    """After a firm announcement: any word that can end there."""
    return gives(text.low, place + 1) or text.lexis.continues(at(text.low, place + 1)) or text.capital(place)


def _end(text: _Text, first: int) -> int:
    """Where the name that begins at `first` ends: over further names, particles, hyphens and initials."""
    words, low, lexis = text.words, text.low, text.lexis
    said = expected(low, first)
    strong = said.firm or said.title or said.own or said.relative or said.job or lexis.name(low[first])
    end = first + 1
    while end < len(words) and end - first < LONGEST_NAME:
        word, following = low[end], at(low, end + 1)
        if word in ("-", "'", "’") and words[end].glued and end + 1 < len(words) and words[end + 1].glued and words[end + 1].letters:
            end += 2
        elif word in ("um", "uh", "something", "comma") and (lexis.name(following) or (following in lexis.family and text.odd(end + 1))):
            end += 2
        elif word == "," and lexis.name(following) and low[first] in lexis.family and at(low, end + 2) in (",", ".", "", "born", "date", "calling"):
            end += 2
        elif word in _GENERATIONS:
            end += 1
        elif word in _PARTICLES and not lexis.medical(following) and (lexis.continues(following) or following in _PARTICLES or text.capital(end + 1)) and following not in GRAMMAR - _PARTICLES:
            end += 1
        elif len(word) == 1 and word.isalpha() and (text.capital(end) and word != "i" or (word not in "ai" and lexis.continues(following))):
            end += 1 + (following == "." and text.capital(end))
        elif _goes_on(text, first, end, strong):
            end += 1
        else:
            break
    return end


def _goes_on(text: _Text, first: int, place: int, strong: bool) -> bool:
    words, low, lexis = text.words, text.low, text.lexis
    word = low[place]
    if not words[place].letters or len(word) < 2 or word in RELATIVES or lexis.medical(word) or eponym(low, place):
        return False
    if word in UNITS or word in TENS or word in TEENS or word in TIMES or word in JOBS or word in STATES and word not in lexis.either:
        return False
    if word in GRAMMAR or word in TITLES:
        return text.capital(place) and text.words[place - 1].capital and word in lexis.family and not words[place].glued and not words[place].low == "i"
    if text.cased and not words[place].capital and words[first].capital:
        return word in lexis.given and not lexis.plain(word)
    if text.capital(place) and words[place - 1].capital:
        return True
    if lexis.name(word) or (place in text.model and lexis.continues(word)):
        return True
    if text.odd(place):
        return strong or word in lexis.family
    if strong and len(word) < 4 and lexis.continues(at(low, place + 1)) and not text.cased:
        return True  # a syllable of a name: "eun ji park"
    if word in lexis.family or word in lexis.either:
        return text.capital(place) or _closes(text, place)
    after_given = lexis.name(low[place - 1]) and low[place - 1] not in lexis.english
    return after_given and (strong and at(low, place + 1) in _ENDING or word in lexis.things and _closes(text, place) )


def _closes(text: _Text, place: int) -> bool:
    """An ordinary word that is a family name ends a name here: what follows fits after one."""
    low, following = text.low, at(text.low, place + 1)
    if at(low, place) in ("still", "called", "just", "does", "did", "does", "back"):
        return False
    return (
        gives(low, place + 1)
        or following in GRAMMAR
        or text.lexis.namelike(following)
        or not text.words[place + 1].letters
        or following in ("social", "account", "member", "chart", "phone", "email", "address", "patient", "birthday")
    )


def _a_street(low: Sequence[str], place: int) -> bool:
    return at(low, place + 1) in ("street", "avenue", "boulevard", "syndrome")


def _cased(words: Sequence[Word]) -> bool:
    letters = [word for word in words if word.letters and len(word.cased) > 1]
    capitals = sum(word.capital for word in letters)
    return bool(letters) and 0 < capitals < 0.7 * len(letters)


def _joined(marked: set[int]) -> list[Found]:
    """Places in a row are one name."""
    found: list[Found] = []
    for place in sorted(marked):
        if found and place == found[-1].end:
            found[-1] = Found(found[-1].first, place + 1, Kind.PERSON)
        else:
            found.append(Found(place, place + 1, Kind.PERSON))
    return found

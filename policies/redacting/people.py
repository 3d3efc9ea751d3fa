"""Names of people, said or written: where one begins.

A name that is no ordinary word needs no announcement; a word that may be a name needs one ("this is", "doctor", "my
husband"), the firmer the more it is a word, or the place of a name in its sentence.  See also `naming.py` (what
announces), `usage.py` (the sentence), `spelling.py` (letters) and `extent.py` (where a name ends).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from policies.redacting.extent import NUMBERS, end_of_name
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, JOBS, RELATIVES, STATES, TITLES, Lexis
from policies.redacting.measures import DOSES
from policies.redacting.medical import EPONYMS
from policies.redacting.naming import Expected, calls, eponym, expected, gives
from policies.redacting.reading import Reading
from policies.redacting.spelling import spelled
from policies.redacting.usage import asked_for, used_as_name
from policies.redacting.words import Word, at, phrases

LONGEST_UNKNOWN: Final = 9  # letters; surnames beyond that come with a title or a given name
# After "my name is" and its like still no name.
_NO_NAME: Final = frozenset(
    """wrong right misspelled mispronounced correct incorrect important hard weird funny different fine changed tag
    tags plate badge brand listed pronounced written sorry sick tired worried sore swollen nauseous dizzy allergic
    diabetic pregnant home bleeding vomiting constipated post scared confused afraid curious concerned line spelling
    insurance patient nurse doctor number numbers address phone date birthday birth account card social back crazy
    later tomorrow collect asap maybe whenever""".split()
)
# After a title no name: "doctor visit", "nurse line".
_NO_TITLED: Final = frozenset(
    """office visit visits line note notes appointment station desk practitioner aide bill manager assistant order
    orders call list letter hours staff team shift care advice report school program referral people bag exam""".split()
)
_SMALL_TITLES: Final = frozenset("dr drs mr mrs ms miss mister missus misses".split())
_MONTHS: Final = frozenset("may june april august january".split())
# After a name of a house or a firm, written with a capital.
_COMPANY: Final = frozenset(
    """clinic hospital medical health healthcare cross shield center centre pharmacy university church street avenue
    care group insurance bank company county road hotel college school memorial general""".split()
)
_NEVER_BESIDE: Final = frozenset(
    """and the that like for but with not will may just last first was his her see name are""".split()
)
_SURNAMES: Final = frozenset("long little best young".split())  # words of the grammar otherwise
_SHORT_SURNAMES: Final = frozenset("do an so ma oh he my mi ha on no".split())
# A verb that only a person before it can have.
_OBJECTS: Final = frozenset("it me him her them us you this that the a an my your".split())
_PAST: Final = frozenset(
    "took told said says came gave didn't doesn't was is has called went wants changed ordered".split()
)
# Names that are verbs after "my wife": "my wife rose to".
_VERBS: Final = frozenset(
    "hope rose chase mark drew grant love skip sue rob bob pat page lance bill nick jack grace".split()
)
_SYLLABLES: Final = frozenset(
    """soon so in an young sun see do can long my mi a ho he me ha""".split()
)  # of names, and words
# Before a medicine that no list knows: "they put me on x".
_MEDICATED: Final = frozenset("on me some called with of and or for to the than is".split())


def people(words: Sequence[Word], lexis: Lexis, skipped: Set[int], model: Set[int]) -> list[Found]:
    """All names, in order.

    skipped: places that belong to something else already.  model: places that the language model takes for a person.
    """
    text = Reading.of(tuple(words), lexis, model)
    marked = spelled(text.low, skipped)
    place = 0
    while place < len(words):
        end = place
        if place not in skipped and place not in marked and words[place].letters and _begins(text, place, marked):
            end = end_of_name(text, place)
            marked.update(range(_titled(text.low, place), end))
        place = max(end, place + 1)
    return _in_rows(marked - skipped)


def _titled(low: Sequence[str], place: int) -> int:
    """Where the name begins with its "mrs."."""
    dot = at(low, place - 1) == "."
    return place - 1 - dot if at(low, place - 1 - dot) in _SMALL_TITLES else place


def _begins(text: Reading, place: int, marked: Set[int]) -> bool:
    word, low, lexis = text.low[place], text.low, text.lexis
    if word in NUMBERS or eponym(low, place):
        return False
    said = expected(low, place)
    if len(word) < 2:  # an initial
        return word not in "ai" and (said.firm or said.title) and (text.odd(place + 1) or text.capital(place + 1))
    listed = word in lexis.family or word in lexis.either
    if (place - 1 in marked or place + 1 in marked) and (listed or lexis.namelike(word)):
        beside_letters = len(at(low, place - 1)) == 1 or len(at(low, place + 1)) == 1
        if beside_letters and len(word) > 2 and word not in _NEVER_BESIDE:
            return True
    if word in GRAMMAR or word in RELATIVES or word in TITLES or word in JOBS:
        return _though_a_word(text, place, said)
    if word in STATES and word not in lexis.either and not said.title:
        return False
    if lexis.medical(word):
        if word in ("ed", "al", "pat") and used_as_name(low, place):
            return True  # "ed" is a department too
        announced = said.firm or said.title
        return (
            announced
            and not said.thing
            and (word in EPONYMS or (said.firm and (word in lexis.given or word in lexis.either)))
        )
    if lexis.name(word):
        return at(low, place + 1) not in ("street", "avenue", "boulevard", "syndrome")
    if said.firm:
        return word not in _NO_NAME and (listed or lexis.namelike(word) or _ends_well(text, place))
    if said.title and word not in _NO_TITLED:
        return (
            listed or lexis.namelike(word) or text.capital(place) or (word in lexis.things and _ends_well(text, place))
        )
    if word in lexis.either:
        return _either(text, place, said, marked)
    if text.odd(place) and place > 1 and low[place - 1] in ("and", "or", "comma") and place - 2 in marked:
        return True
    return _odd(text, place, said) if text.odd(place) else _surname(text, place, said)


def _ends_well(text: Reading, place: int) -> bool:
    """What follows can follow a name."""
    after = place + 1
    return gives(text.low, after) or text.lexis.continues(at(text.low, after)) or text.capital(place)


def _though_a_word(text: Reading, place: int, said: Expected) -> bool:
    """A word of the grammar that is a name here: "this is will", "doctor long took", "my grandmother soon ja"."""
    word, low, lexis = text.low[place], text.low, text.lexis
    listed = word in lexis.family or word in lexis.either
    if text.capital(place) and word != "i" and listed:
        return said.title or said.firm or said.own or (word not in _MONTHS and not said.thing)
    if word in _SYLLABLES and len(at(low, place + 1)) < 5 and text.odd(place + 1) and text.odd(place + 2):
        return said.relative or said.firm
    small = at(low, place - 1) in _SMALL_TITLES or (at(low, place - 1) == "." and at(low, place - 2) in _SMALL_TITLES)
    if small and word in _SHORT_SURNAMES and at(low, place + 1) in {*_PAST, "", ".", ","}:
        return True
    if not listed or len(word) < 3:
        return False
    if (small or said.title) and word in _SURNAMES and word in lexis.family:
        return True
    following = at(low, place + 1)
    if word in lexis.either and following not in GRAMMAR and (following in lexis.family or following in lexis.either):
        surname = gives(low, place + 2) or (at(low, place + 2) in GRAMMAR and at(low, place + 2) not in _OBJECTS)
        if surname and (
            said.firm or said.own or said.title or said.relative or at(low, place - 1) == "for" or calls(low, place + 2)
        ):
            return True
    if word in lexis.either and (said.own or said.firm) and calls(low, place + 1) and following != "in":
        return True
    if word in lexis.either and said.firm and (gives(low, place + 1) or following in JOBS):
        return following not in ("to", "be", "the", "a", "that")
    if (
        word in lexis.either
        and said.relative
        and following in (*_PAST, "can't", "can", "isn't", "found", "after", "and")
    ):
        return following != "and" or word != "may"
    if word in lexis.either and said.job and at(low, place - 1) in ("is", "was", "'s") and following in ("", ".", ","):
        return True
    if word in lexis.either:
        if text.words[place].capital and text.capital(place + 1) and calls(low, place + 2):
            return True
        if at(low, place + 1) == "here" and place < 3:
            return True
        if (said.own or said.firm) and at(low, place + 1) in (
            "",
            "calling",
            "here",
            "speaking",
            ".",
            ",",
            "from",
            "and",
            "i",
            "?",
            "'s",
        ):
            return True
    past = at(low, place + 1) in _PAST
    return ((said.title or said.job) and past) or used_as_name(low, place)


def _either(text: Reading, place: int, said: Expected, marked: Set[int]) -> bool:
    """A given name that is a word as well."""
    word, low, lexis = text.low[place], text.low, text.lexis
    before, following = at(low, place - 1), at(low, place + 1)
    if before in ("the", "a", "an", "some", "no", "any", "this") and at(low, place - 2) != "for":
        return False
    spoken = said.own or said.firm or said.title or said.relative
    listed = following in lexis.family or following in lexis.either
    ends = gives(low, place + 2) or ((spoken or said.likely) and at(low, place + 2) in GRAMMAR)
    surname = listed and ends and (following not in GRAMMAR or (spoken and following in lexis.family))
    syllables = listed and (text.odd(place + 2) or at(low, place + 2) in lexis.family) and following not in GRAMMAR
    full = surname or syllables or (text.odd(place + 1) and not said.thing)
    if calls(low, place + 1) or used_as_name(low, place):
        return True
    if said.relative or said.job:
        if following in ("a", "an", "the", "some") and word not in lexis.things:
            return False  # "my son drew a picture"
        if said.relative and word not in _VERBS:
            return True
        fits = (
            full
            or gives(low, place + 1)
            or following in GRAMMAR
            or following.endswith("ed")
            or following in lexis.either
        )
        return fits or word in lexis.things or word not in lexis.english
    if place > 1 and before in ("and", "or", "comma") and place - 2 in marked:
        return following not in ("to", "so", "that", "for", "it", "i")
    if _thanked(low, place) and (word in lexis.things or before in ("you", "thanks")):
        return following in GRAMMAR or not following.isalpha()
    if said.own:
        return full or gives(low, place + 1)
    if text.capital(place):
        return word not in _MONTHS and not (said.thing and before != "my")
    if place == 0 or before in (",", "."):
        return (full and place == 0) or following in ("first", "last") or text.odd(place + 1)
    return full and (said.likely or following in lexis.given)


def _thanked(low: Sequence[str], place: int) -> bool:
    """ "thank you penny", "yes penny"."""
    return tuple(low[max(0, place - 2) : place]) == ("thank", "you") or at(low, place - 1) in (
        "thanks",
        "yes",
        "bye",
        "no",
        "okay",
    )


def _odd(text: Reading, place: int, said: Expected) -> bool:
    """A word that is no English one and no given name."""
    word, low, lexis = text.low[place], text.low, text.lexis
    listed_beside = lexis.name(at(low, place + 1)) or at(low, place + 1) in lexis.family or text.odd(place + 1)
    slip = word not in lexis.family and not said.likely and not listed_beside and lexis.slip(word)
    if word.endswith(("ing", "n't", "in'")):
        return False
    if said.own and (said.relative or not said.thing) and not slip:
        return True
    if said.relative or said.job:
        return at(low, place - 1) not in ("with", "on")
    if said.thing and tuple(low[max(0, place - 2) : place]) != ("for", "a"):
        return False
    if calls(low, place + 1) or (asked_for(low, place) and not _dosed(low, place)):
        return True
    unlisted = word not in lexis.family and not text.capital(place) and place not in text.model
    if (unlisted and at(low, place - 1) in _MEDICATED) or len(word) < 3 or _dosed(low, place):
        return False
    if len(word) > LONGEST_UNKNOWN and word not in lexis.family and at(low, place + 1) != "comma":
        return said.likely and (place in text.model or at(low, place - 1) not in _MEDICATED)  # else rather a medicine
    return not (unlisted and slip)


def _dosed(low: Sequence[str], place: int) -> bool:
    """A dose follows: "x twenty five milligrams"."""
    return any(word in DOSES for word in low[place + 1 : place + 5])


def _surname(text: Reading, place: int, said: Expected) -> bool:
    """An ordinary word that is a family name."""
    word, low, lexis = text.low[place], text.low, text.lexis
    before, following = at(low, place - 1), at(low, place + 1)
    if word not in lexis.family:
        return said.relative and text.capital(place) and place in text.model
    if text.capital(place) and not said.thing and following not in _COMPANY and before not in ("in", "at", "near"):
        return True
    if (place == 0 and following in ("comma", "first", "here")) or (before == "." and following == "comma"):
        return True
    if said.job and before in ("was", "is", "'s", ",", "named") and gives(low, place + 1):
        return True
    if before in JOBS and (following == "" or following in _PAST):
        return True
    if tuple(low[max(0, place - 2) : place]) in _SPOKEN_TO and used_as_name(low, place):
        return True
    if following in ("is", "'s") and tuple(low[place + 2 : place + 5])[-1:] == ("name",):
        return used_as_name(low, place)
    given_next = lexis.name(following) and following not in lexis.english and len(word) < 6
    return given_next and (place == 0 or said.own or said.relative or said.likely) and not said.thing


_SPOKEN_TO: Final = phrases(
    """talk to | speak to | speak with | talked to | spoke to | spoke with | ask for | asked for"""
)


def _in_rows(marked: Set[int]) -> list[Found]:
    """Places in a row are one name."""
    found: list[Found] = []
    for place in sorted(marked):
        if found and place == found[-1].end:
            found[-1] = Found(found[-1].first, place + 1, Kind.PERSON)
        else:
            found.append(Found(place, place + 1, Kind.PERSON))
    return found

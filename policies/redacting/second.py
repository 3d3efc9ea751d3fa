"""What the tagger adds to what the rules have found, and where it isn't believed.

It adds; of what the rules found it may doubt nothing but an unknown word that stood as a name.  It is not believed
against what can be seen for certain: a medicine is nobody, a number with its unit measures, an age under ninety may
stay, and a short number needs something that says whose it is.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Final

from policies.redacting.ages import OLDEST
from policies.redacting.announcing import ANNOUNCED, of_a_thing
from policies.redacting.births import births_in
from policies.redacting.counting import ORDINALS, TEENS, TENS, UNITS, cardinal
from policies.redacting.dates import MONTHS, counts
from policies.redacting.feasts import feast
from policies.redacting.found import Found, Kind
from policies.redacting.gauging import RARE, aged, gauged, unit_follows
from policies.redacting.identifiers import PUBLIC_LINES
from policies.redacting.lexis import FIRM_TITLES, GRAMMAR, HESITATION, STATES, WEEKDAYS, Lexis
from policies.redacting.measures import DOSES, measured
from policies.redacting.naming import eponym, expected
from policies.redacting.numeric_dates import three_numbers
from policies.redacting.readings import READ_AFTER, READ_BEFORE
from policies.redacting.tagger import Tag
from policies.redacting.words import Word, at

SURE: Final = 0.6
"""From here on a word is taken out."""
BESIDE: Final = 0.3
"""For a word right beside one that is taken out, of whatever kind: what is missed is mostly a part."""
PLAIN: Final = 0.8
"""For a plain English word that is no given name, and for one of the grammar: they carry the sentence."""
DOUBTED: Final = 0.05
"""Below it, all over what a rule took for a name, it stays after all."""
DOUBTED_GIVEN: Final = 0.01
"""The same where it is a given name and no ordinary word."""
DOUBTED_UNKNOWN: Final = 0.15
"""The same where it is no name that any list knows: a slip of the recogniser's, a trade name."""
DOUBTED_PLACE: Final = 0.02
"""The same for what a rule took for an address, if it holds no written number, or for a date."""
DOUBTED_WORD: Final = 0.35
"""The same for an address of one word."""
OLD: Final = 90
SHORT: Final = 4  # number words up to which a number needs something that says whose it is
LONG: Final = 7  # number words from which nothing that is read near by speaks against it
REACH: Final = 14  # words before and after in which that something is looked for
CLOSE: Final = 3  # words between parts of one number
CLAUSE: Final = 12  # words before in which a reading is spoken of
_NUMBERS: Final = frozenset({*UNITS, *TENS, *TEENS})
_EMERGENCY: Final = (("nine", "one", "one"), ("911",), ("nine", "eleven"), ("nine", "-", "one", "-", "one"))
_WORDY: Final = frozenset({Kind.PERSON, Kind.EMAIL, Kind.ADDRESS})
_BRIDGES: Final = frozenset(
    """as in like for of the and dash hyphen slash double triple no or a capital dot at underscore to is it's i mean
    just wait sorry not um uh , . - / er then""".split()
)
_NAME_BRIDGES: Final = frozenset("as in like for dash hyphen de la capital double apostrophe - ' um uh".split())
LONGEST_BRIDGE: Final = 3
_SUPPORT: Final = (frozenset(ANNOUNCED) - {"no", "four", "last", "text", "call", "card"}) | frozenset(
    "born dob birthday birthdate birth month year code digits social".split()
)


_AUXILIARY: Final = frozenset("be not have need cause feel also".split())  # after "may" and "will"
_FACILITIES: Final = frozenset("hospital hospitals clinic infirmary".split())
_ARTICLES: Final = frozenset("the a an my your our his her their this that".split())
# "made us x", "saw him x": what follows the object is a verb without "to".
_CAUSING: Final = frozenset("hear heard see saw watch watched feel felt make makes made let lets help helped".split())
_OBJECTS: Final = frozenset("me him her us them it you".split())
_ASKING: Final = frozenset("i he she we they you it".split())
_MAILING: Final = frozenset("@ dot com email e-mail mail emails username user underscore".split())
_GENERIC: Final = frozenset({"number", "numbers", "num", "month", "year"})
ENOUGH: Final = 6  # number words near by that are thought to identify, so that they speak for each other


def added(words: Sequence[Word], tags: Sequence[Tag], lexis: Lexis, skipped: Set[int]) -> list[Found]:
    """In order, apart, none of it in `skipped`: the places that belong to something already."""
    low = [word.low for word in words]
    free = [place for place in range(len(words)) if place not in skipped and _may(words, low, tags, lexis, place)]
    taken = {
        place
        for place in free
        if tags[place].sure >= _least(low, lexis, place) and not _common(tags, low, lexis, place)
    }
    for order in (free, free[::-1]):
        for place in order:
            beside = {place - 1, place + 1}
            if tags[place].sure >= BESIDE and low[place] not in GRAMMAR and (beside & taken or beside & skipped):
                taken.add(place)
    for place in free:
        if tags[place].sure < BESIDE and any(
            _one_word(words, place, other) and (other in taken or other in skipped) for other in (place - 1, place + 1)
        ):
            taken.add(place)
    kept = [one for one in _trimmed(low, _rows(tags, taken)) if _stands(words, low, one, skipped, taken, lexis)]
    return _bridged(low, kept, skipped)


def _one_word(words: Sequence[Word], place: int, other: int) -> bool:
    """Written without a space: "2" and "nd", "b" and "4471"."""
    second = max(place, other)
    return (
        0 <= other < len(words)
        and words[second].glued
        and not words[other].mark
        and not words[second].low.startswith("'")  # "i'm", "that's": the verb of it
    )


def doubted(words: Sequence[Word], tags: Sequence[Tag], lexis: Lexis, one: Found) -> bool:
    """A name that is neither spelled nor announced, or a place, and the tagger is sure all over that it is none."""
    said = [word.low for word in words[one.first : one.end]]
    sure = max(tag.sure for tag in tags[one.first : one.end])
    if one.kind is Kind.PERSON:
        listed = any(word in lexis.given or word in lexis.family or word in lexis.either for word in said)
        least = DOUBTED if listed else DOUBTED_UNKNOWN
        if any(word in lexis.given for word in said):
            least = DOUBTED_GIVEN
        low = [word.low for word in words]
        return sure < least and all(len(word) > 1 for word in said) and not _announced(low, lexis, one.first)
    if one.kind is Kind.DATE and said == ["may", "one"] and one.end < len(words) and words[one.end].letters:
        return words[one.end].low not in GRAMMAR or sure < DOUBTED_PLACE  # "may one drive"
    if one.kind in (Kind.DATE, Kind.DOB) and one.end < len(words) and lexis.medical(words[one.end].low):
        return set(said) <= _NUMBERS  # "ten three twenty five norco"
    if one.kind is Kind.DATE:
        return sure < DOUBTED_PLACE and not any(word.isdecimal() for word in said) and feast(said, 0) is None
    if one.kind is not Kind.ADDRESS:
        return False
    least = DOUBTED_WORD if len(said) == 1 else DOUBTED_PLACE
    return said == ["911"] or (sure < least and not any(word.isdecimal() for word in said))


def _announced(low: Sequence[str], lexis: Lexis, place: int) -> bool:
    """Somebody says that a name comes: "last name", "this is" before no English word, "dr" but not "the doctor"."""
    if low[place] in ("may", "will") and at(low, place + 1) in _AUXILIARY:
        return False
    said = expected(low, place)
    if said.title:
        first = place - 1
        while first > 0 and low[first] in FIRM_TITLES | {"."}:
            first -= 1
        return said.firm or low[first] not in _ARTICLES
    return said.firm or (said.own and not lexis.known(low[place]))


def _common(tags: Sequence[Tag], low: Sequence[str], lexis: Lexis, place: int) -> bool:
    """A word that hardly anybody is called by: part of a name, beside another or announced, but none alone."""
    word = low[place]
    if tags[place].kind is not Kind.PERSON or len(word) < 2 or not lexis.plain(word):
        return False
    if at(low, place - 2) in _CAUSING and at(low, place - 1) in _OBJECTS:
        return True  # "made us x": a verb
    listed = word in lexis.given or word in lexis.either or word in lexis.family
    said = expected(low, place)
    announced = said.firm or said.own or said.title or said.relative
    return not (listed or announced or "-" in (at(low, place - 1), at(low, place + 1)))


def _least(low: Sequence[str], lexis: Lexis, place: int) -> float:
    word = low[place]
    plain = word in GRAMMAR or (
        len(word) > 1
        and lexis.known(word)
        and word not in lexis.given
        and word not in lexis.either
        and word not in _NUMBERS
    )
    return PLAIN if plain else SURE


def _may(words: Sequence[Word], low: Sequence[str], tags: Sequence[Tag], lexis: Lexis, place: int) -> bool:
    """The word can be part of an identifier at all."""
    word, kind = low[place], tags[place].kind
    if words[place].mark or word in HESITATION - {"so"}:
        return False
    if kind is Kind.PERSON and word in MONTHS and _dated(low, place):
        return False
    if kind is Kind.PERSON and word in ("may", "will") and at(low, place + 1) in _ASKING:
        return _announced(low, lexis, place)  # "may he eat"
    if kind is Kind.PERSON:
        dosed = not DOSES.isdisjoint(low[place + 1 : place + 5]) and word not in lexis.given
        return not (lexis.medical(word) or eponym(low, place) or word in WEEKDAYS or word in _NUMBERS or dosed)
    return True


def _dated(low: Sequence[str], place: int) -> bool:
    """A month by what stands before it: "by april", "march or april"."""
    return at(low, place - 1) in ("by", "until", "till", "since", "in", "next", "last", "of", "every", "through") or (
        at(low, place - 1) in ("or", "and", "to") and at(low, place - 2) in MONTHS
    )


def _rows(tags: Sequence[Tag], taken: Set[int]) -> list[Found]:
    """Places in a row of one kind; numbers in a row are one, whatever each is taken for."""
    found: list[Found] = []
    for place in sorted(taken):
        kind = tags[place].kind
        last = found[-1] if found else None
        if (
            last is not None
            and last.end == place
            and (last.kind is kind or not ({last.kind, kind} & (_WORDY | {Kind.AGE_90_PLUS})))
        ):
            found[-1] = Found(last.first, place + 1, last.kind)
        else:
            found.append(Found(place, place + 1, kind))
    return found


def _trimmed(low: Sequence[str], found: Sequence[Found]) -> list[Found]:
    """Numbers and dates without words of the grammar at their ends: "on", "a"."""
    kept: list[Found] = []
    for one in found:
        first, end = one.first, one.end
        if one.kind not in _WORDY:
            while first < end and low[first] in GRAMMAR and low[first] not in _NUMBERS and len(low[first]) > 1:
                first += 1
            while end > first and low[end - 1] in GRAMMAR and low[end - 1] not in _NUMBERS and len(low[end - 1]) > 1:
                end -= 1
        if first < end and (one.kind in (*_WORDY, Kind.MRN, Kind.MEMBER_ID) or low[first:end] != ["a"]):
            kept.append(Found(first, end, one.kind))
    return kept


def _bridged(low: Sequence[str], found: Sequence[Found], skipped: Set[int]) -> list[Found]:
    """Over what only parts one identifier: "q as in queen four", "one forty not fourteen"."""
    together: list[Found] = []
    for one in found:
        last = together[-1] if together else None
        if last is not None and last.kind is one.kind and one.first - last.end <= LONGEST_BRIDGE:
            gap = range(last.end, one.first)
            bridges = _NAME_BRIDGES if one.kind is Kind.PERSON else _BRIDGES
            if all(low[place] in bridges and place not in skipped for place in gap):
                together[-1] = Found(last.first, one.end, one.kind)
                continue
        together.append(one)
    return together


def _stands(
    words: Sequence[Word], low: Sequence[str], one: Found, skipped: Set[int], taken: Set[int], lexis: Lexis
) -> bool:
    """Nothing that is certain speaks against the whole of it."""
    said = low[one.first : one.end]
    if one.kind is Kind.PERSON:
        return True
    if one.kind is Kind.EMAIL:
        near = low[max(0, one.first - REACH) : one.end + REACH]
        return not _MAILING.isdisjoint(near)
    if _emergency(low, one):
        return False
    if one.kind is Kind.ADDRESS and all(word in STATES for word in said):
        return False
    if "".join(said) in PUBLIC_LINES:
        return False
    numbers = sum(word in _NUMBERS or word.isdecimal() or word in ORDINALS for word in said)
    if one.kind is Kind.ADDRESS and not numbers and not _FACILITIES.isdisjoint((said[-1], at(low, one.end))):
        return False  # where somebody is treated is no address of theirs: the line says its own name
    if one.kind in (Kind.PHONE, Kind.SSN, Kind.CARD) and not any(word in _NUMBERS or word.isdecimal() for word in said):
        return False
    if not numbers and (one.first - 1 in skipped or one.end in skipped):
        return one.kind is not Kind.AGE_90_PLUS or set(said) <= {
            "year",
            "years",
            "old",
        }  # the rest of what a rule began: "ninety third" year
    if one.kind is Kind.AGE_90_PLUS:
        return _old(words, low, one, lexis)
    if one.kind is Kind.DATE and not numbers and MONTHS.isdisjoint(said):
        return False
    if numbers and numbers < LONG:
        if measured(low, one.end) or _at_a_time(low, one.end) or _part_of_a_decimal(words, low, one):
            return False
        if _read(low, one) and not _goes_on(low, one, skipped):
            return False
    if one.kind is Kind.ADDRESS or one.kind is Kind.DATE:
        return not (one.kind is Kind.DATE and (_counted(low, one) or _counting(words, low, lexis, one)))
    if of_a_thing(low, one.first):
        return False
    if one.kind is Kind.DOB and (three_numbers(words, low, one.first) or len(words)) <= one.end:
        return True
    return numbers > SHORT or _supported(low, one, skipped, taken)


def _emergency(low: Sequence[str], one: Found) -> bool:
    """Inside of "nine one one"."""
    return any(
        tuple(low[start : start + len(call)]) == call and one.end <= start + len(call)
        for call in _EMERGENCY
        for start in range(max(0, one.first - len(call) + 1), one.first + 1)
    )


def _at_a_time(low: Sequence[str], place: int) -> bool:
    """ "seven fifteen a m", "ten c c"."""
    return tuple(low[place : place + 2]) in (("a", "m"), ("p", "m"), ("c", "c")) or at(low, place) in ("am", "pm")


def _part_of_a_decimal(words: Sequence[Word], low: Sequence[str], one: Found) -> bool:
    """ "97.9", "$1,912.40", "point four", "7:15"."""
    before, after = at(low, one.first - 1), at(low, one.end)
    if before in ("$", "point") or after == "point":
        return True
    left = before in (".", ",", ":") and words[one.first].glued and words[one.first - 1].glued
    right = after in (".", ",", ":") and words[one.end].glued and one.end + 1 < len(words) and words[one.end + 1].glued
    return left or (right and low[one.end + 1].isdecimal())


def _read(low: Sequence[str], one: Found) -> bool:
    """Something that is measured is spoken of shortly before, or right after."""
    for place in range(one.first - 1, max(-1, one.first - 1 - CLAUSE), -1):
        if low[place] in (".", "?", "!") or low[place] in _SUPPORT - _GENERIC:
            break
        if low[place] in READ_BEFORE:
            return True
    return not READ_AFTER.isdisjoint(low[one.end : one.end + 2])


def _goes_on(low: Sequence[str], one: Found, skipped: Set[int]) -> bool:
    """Right after, or before, digits of something that a rule has found."""
    beside = [*range(max(0, one.first - CLOSE), one.first), *range(one.end, min(len(low), one.end + CLOSE))]
    return any(place in skipped and low[place] in _NUMBERS for place in beside)


def _counted(low: Sequence[str], one: Found) -> bool:
    """No month, no ordinal, no stroke: "page twelve of fourteen"."""
    said = low[max(0, one.first - 1) : one.end + 1]
    return MONTHS.isdisjoint(said) and ORDINALS.isdisjoint(said) and not {"/", "slash", "-", "dash"} & set(said)


def _counting(words: Sequence[Word], low: Sequence[str], lexis: Lexis, one: Found) -> bool:
    """An ordinal and no month, and what follows is neither a name nor the sentence: "twelfth rib"."""
    last = max(one.first, one.end - 1 - (one.end - one.first > 1 and low[one.end - 2] in TENS))
    return (
        MONTHS.isdisjoint(low[one.first : one.end])
        and counts(words, low, one.end - 1)
        and counts(words, low, last)
        and not lexis.namelike(at(low, one.end))
    )


def _supported(low: Sequence[str], one: Found, skipped: Set[int], taken: Set[int]) -> bool:
    """Near by a number is announced, birth is spoken of, or there's another part of one."""
    near = range(max(0, one.first - REACH), min(len(low), one.end + REACH))
    if any(low[place] in _SUPPORT for place in near) or any(place in near for place in births_in(low)):
        return True
    others = [place for place in near if low[place] in _NUMBERS or low[place].isdecimal()]
    return any(place in skipped for place in others) or sum(place in taken for place in others) >= ENOUGH


def _old(words: Sequence[Word], low: Sequence[str], one: Found, lexis: Lexis) -> bool:
    """From ninety on, and no reading."""
    if _read(low, one) or at(low, one.end) in UNITS:
        return False  # a single digit after it: tenths of a degree
    for place in range(max(0, one.first - 1), one.end):
        if low[place] in ("nineties", "ninetieth", "hundredth", "centenarian"):
            return True
        number = cardinal(words, place)
        if number is not None:
            oldest = OLDEST if aged(low, place, number[1]) else RARE - 1
            counts = measured(low, number[1]) and unit_follows(low, number[1])
            return OLD <= number[0] <= oldest and not counts and not gauged(words, low, place, number[1], lexis)
    return False

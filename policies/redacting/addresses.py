"""Where somebody lives: street and number, flat, town and ZIP, post boxes and routes; as one span when said in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, STATES, Lexis
from policies.redacting.numerals import LARGEST_HOUSE, Sort, atom, ordinal
from policies.redacting.words import Word, at

# USPS Publication 28, appendix C1, as said and as written; those that are everyday words need a number before them.
STREETS: Final = frozenset(
    """street st avenue ave av road rd lane ln drive dr court ct circle cir terrace ter boulevard blvd highway hwy parkway
    pkwy trail trl turnpike tpke alley aly expressway freeway plaza plz""".split()
)
WEAK_STREETS: Final = frozenset(
    """way place pl square sq loop pike row run path ridge crossing hollow bend point hill cove glen creek crest view park
    walk landing manor mews close green grove heights knoll meadow meadows pass springs station trace valley village vista
    estates commons bluff gardens garden gate island bridge branch canyon curve route""".split()
)
DIRECTIONS: Final = frozenset(
    "north south east west northeast northwest southeast southwest n s e w ne nw se sw upper lower old new".split()
)
UNITS: Final = frozenset("apartment apt unit suite ste flat lot room rm floor building bldg number no trailer box space #".split())
LEVELS: Final = frozenset("upstairs downstairs basement rear front upper lower penthouse".split())
_TOWN_ENDS: Final = frozenset(
    """falls springs city heights beach hills hill grove park lake lakes rapids rock rocks valley village junction center
    centre bluff bluffs creek island harbor bay point town township county mills bend ridge forge green spring""".split()
)
_LIVING: Final = frozenset("sleep sleeps sleeping house live lives lived living stay stays staying moved moving reside resides residing located".split())
_TOWARDS: Final = frozenset("in to at near by on over outside from out up down around of toward towards".split())
_ANNOUNCED: Final = frozenset("address addresses".split())
_NOT_A_PLACE: Final = frozenset(
    """hospital clinic pharmacy er bed pain emergency room car kitchen bathroom bedroom nursing home facility rehab hospice
    assisted apartment house floor wheelchair recliner couch the a an my his her their our alone with fear shock town
    country city state area back hand leg arm chest neck shoulder jaw side stomach belly groin hip knee foot toes fingers
    tonight bed icu unit ward floor place downtown trouble agony constant terrible assisted senior upstairs downstairs basement daughter son sister brother mother
    hours minutes""".split()
)
ZIP: Final = 5  # digits of a ZIP code
_STREET_FIRST: Final = frozenset("calle avenida avda camino paseo rue via viale rua ulica".split())
_STREET_ENDINGS: Final = ("strasse", "straße", "straat", "gatan", "gade", "vej", "veien", "laan", "allee")
LONGEST_STREET: Final = 5  # words between the number and "street"
LONGEST_TOWN: Final = 3


def addresses(words: Sequence[Word], lexis: Lexis, skipped: set[int]) -> list[Found]:
    """All addresses, in order.  skipped: places that belong to something else already."""
    low = [word.low for word in words]
    found: list[Found] = []
    place = 0
    while place < len(words):
        end = None
        if place not in skipped:
            end = (
                _box(words, low, place)
                or _numbered(words, low, place, lexis)
                or _unnumbered(words, low, place, lexis)
                or _after_living(words, low, place, lexis)
                or _zip(words, low, place)
                or _abroad(words, low, place)
            )
        if end is None:
            place += 1
            continue
        end = _rest(words, low, end, lexis)
        while end > place + 1 and words[end - 1].mark:
            end -= 1
        found.append(Found(place, end, Kind.ADDRESS))
        place = end
    return found


def _house(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """Where a house number that begins here ends: "twelve oh six", "three fifteen and a half", "4-12"."""
    end, digits = place, ""
    while end < len(words) and len(digits) < LARGEST_HOUSE:
        one = atom(words, end)
        if one is None or one.sort is Sort.LETTER:
            break
        end, digits = one.end, digits + one.text
        if at(low, end) == "-" and end + 1 < len(words) and words[end + 1].cased.isdecimal():
            end += 1
    if not 0 < len(digits) <= LARGEST_HOUSE:
        return None
    if low[end : end + 3] == ["and", "a", "half"]:
        return end + 3
    while at(low, end) in ("um", "uh"):
        end += 1
    return end


def _numbered(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis) -> int | None:
    """ "twelve forty maple street", "four oh four on dogwood court", "one nineteen b chestnut" where one lives."""
    start = place + (low[place] in ("number", "#"))
    end = _house(words, low, start) if start < len(words) else None
    if end is None:
        return None
    letter = at(low, end)
    after = end + (len(letter) == 1 and letter.isalpha() and letter not in DIRECTIONS and letter != "i")
    street = _street(words, low, after + (at(low, after) == "on"))
    if street is not None:
        return street
    if not _near_living(low, place) or _measured(low, after):
        return None
    here = after
    while here < after + 3 and here < len(words) and (low[here] in DIRECTIONS or _name_of_place(words, low, here, lexis)):
        here += 1
    return here if here > after or (_announced(low, place) and after - place > 1) else None


def _street(words: Sequence[Word], low: Sequence[str], first: int) -> int | None:
    """Where the name of a street that begins at `first` ends, its "street" or "road" included."""
    found = None
    for here in range(first, min(first + LONGEST_STREET + 1, len(words))):
        if here > first:
            if low[here] in STREETS or (low[here] in WEAK_STREETS and _weak_fits(low, first, here)):
                found = here + 1
                if low[here] in STREETS and at(low, here + 1) not in STREETS | WEAK_STREETS:
                    break
                continue
            if found is not None:
                break
        if not _street_word(words, low, here):
            break
    return found


def _street_word(words: Sequence[Word], low: Sequence[str], here: int) -> bool:
    word = low[here]
    if word in DIRECTIONS or ordinal(words, here) is not None or word in ("-", "th", "st", "nd", "rd", "the", "of", "saint", "martin", "um", "uh", "'s"):
        return True
    return word.isalpha() and word not in _STREET_STOPS or word.isdecimal() or (word == "." and words[here].glued)


_STREET_STOPS: Final = GRAMMAR - DIRECTIONS - frozenset(
    "first second third old new may will grace hope long spring little best good full right last park church school".split()
) | frozenset(
    """milligrams mg pounds percent degrees hours minutes days weeks units tablets pills times over point cc ml inches feet
    years dollars doctor blood heart""".split()
)


def _weak_fits(low: Sequence[str], first: int, here: int) -> bool:
    """ "willow bend" is a street after a number; "two pounds a run" is none."""
    return here - first <= 3 and all(word.isalpha() for word in low[first:here]) and at(low, here + 1) != "of"


def _unnumbered(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis) -> int | None:
    """ "lincoln street eight oh three", "on dogwood court", "forsythia way, number 31"."""
    if not words[place].letters or low[place] in _STREET_STOPS or low[place] in STREETS:
        return None
    if low[place] in ("wall", "main") and at(low, place + 1) != "street":
        return None
    for length in (1, 2, 3):
        here = place + length
        word = at(low, here)
        if not word or not _street_word(words, low, here - 1) or low[here - 1] in STREETS:
            return None
        if word not in STREETS and word not in WEAK_STREETS:
            continue
        after = here + 1
        while at(low, after) in (",", "number", "at", "um", "uh", "#", "and", "it", "'s"):
            after += 1
        house = _house(words, low, after) if after < len(words) else None
        if house is not None and not _measured(low, house) and (word in STREETS or "number" in low[here:after]):
            return house
        near = any(one in _LIVING or one in _ANNOUNCED or one in ("street", "on") for one in low[max(0, place - 5) : place])
        if word in STREETS and word not in ("st", "dr", "ct", "av", "drive", "court", "circle") and near:
            return here + 1
        if word in ("drive", "court", "circle") and near and (at(low, place - 1) == "on") and low[place] not in ("a", "the", "my"):
            return here + 1
        if word in WEAK_STREETS and at(low, place - 1) == "on" and near and _near_living(low, place) and length > 1:
            return here + 1
        return None
    return None


def _box(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """ "p o box two seventeen", "PO Box 12", "rural route four box one eleven", "state route 7", "old route forty"."""
    here = place
    if tuple(low[here : here + 2]) == ("p", "o") or low[here] in ("po", "pob"):
        here += 2 if low[here] == "p" else 1
    elif tuple(low[here : here + 4]) == ("p", ".", "o", "."):
        here += 4
    elif tuple(low[here : here + 2]) == ("post", "office"):
        here += 2
    if at(low, here) == "box" and here + 1 < len(low):
        after = here + 1 + (at(low, here + 1) in ("number", "#"))
        house = _house(words, low, after) if after < len(words) else None
        if house is not None and (here > place or not _measured(low, house)):
            return house
        return None
    start = place
    while low[start] in ("rural", "state", "county", "old", "us", "highway", "r", "star") and start + 1 < len(low) and start - place < 3:
        start += 1
    if low[start] in ("route", "road", "rr", "highway") and start + 1 < len(low) and (start > place or low[start] in ("route", "rr")):
        house = _house(words, low, start + 1)
        if house is None:
            return None
        after = house + (at(low, house) == ",")
        if at(low, after) == "box" and after + 1 < len(words):
            return _house(words, low, after + 1) or house
        if _near_living(low, place):
            while at(low, house) in ("north", "south", "east", "west", "of") or (at(low, house - 1) == "of" and at(low, house).isalpha()):
                house += 1
            return house
    return None


def _zip(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """What follows "zip" or "postcode": digits, or letters and digits; and five written digits anywhere."""
    if words[place].cased.isdecimal() and len(low[place]) == ZIP and not _measured(low, place + 1):
        beside = (at(low, place - 1), at(low, place + 1))
        return None if "." in beside and words[place].glued or beside[0] in ("$", "#", "number") else place + 1
    near = [word for word in low[max(0, place - 6) : place] if word not in ("um", "uh")]
    if "code" in near and "area" in near or not {"zip", "zipcode", "postal", "zips", "postcode", "post"} & set(near):
        return None
    if atom(words, place) is None or (words[place].letters and len(low[place]) == 1 and low[place] in "ai"):
        return _mixed(words, low, place) if "postcode" in near or "post" in near else None
    return _digits(words, place, 3, 9) or (_mixed(words, low, place) if "postcode" in near or "post" in near else None)


def _mixed(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """A postcode of letters and digits: "s w one a two b", "NW six QT"."""
    end, digits, letters = place, 0, 0
    while end < len(words) and digits + letters < 9:
        one = atom(words, end)
        if one is not None and one.sort is not Sort.LETTER:
            end, digits = one.end, digits + 1
        elif words[end].letters and len(low[end]) < 3 and low[end] not in ("is", "it", "in", "my", "to", "so", "at", "we", "he"):
            end, letters = end + 1, letters + 1
        elif end > place and low[end] in ("um", "uh", "er", ",", "for"):
            end += 1
        else:
            break
    return end if digits and letters else None


def _abroad(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """ "calle ocho 12", "12 rue du bac": streets named first, their number before or after."""
    start = place + words[place].cased.isdecimal()
    if at(low, start) not in _STREET_FIRST and not at(low, start).endswith(_STREET_ENDINGS):
        return None
    end = start + 1
    while end < start + 5 and end < len(words) and (words[end].letters or words[end].mark) and low[end] not in GRAMMAR - {"la", "de", "del"}:
        if words[end].mark and not words[end].glued:
            break
        end += 1
    house = _house(words, low, end) if end < len(words) else None
    if start > place:
        return end
    return house


def _digits(words: Sequence[Word], place: int, least: int, most: int) -> int | None:
    """Where a number said in digits ends."""
    end, digits = place, ""
    while end < len(words):
        here = end
        while digits and here < len(words) and words[here].low in ("um", "uh", "-", "and", "dash", ","):
            here += 1
        one = atom(words, here) if here < len(words) else None
        if one is None or one.sort is Sort.LETTER or len(digits) + len(one.text) > most:
            break
        end, digits = one.end, digits + one.text
    return end if len(digits) >= least else None


def _after_living(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis) -> int | None:
    """ "we live over in beavercreek", "mail goes to toledo", "i'm from findlay"."""
    if at(low, place - 1) not in ("in", "to", "near", "outside", "at", "from", "of", "is"):
        return None
    back = place - 1
    while back > 0 and place - back < 6 and (low[back] in _TOWARDS or low[back] in ("now", "way", "here", "just", "right", "currently", "is", "goes", "back", "'s", "girl", "sister", "place", "still", "over", "'s")):
        back -= 1
    said = set(low[max(0, back - 3) : back + 1])
    living = bool(said & _LIVING) or "mail" in said or (at(low, place - 1) in ("is",) and bool(said & _ANNOUNCED))
    calling = bool(said & {"calling", "i", "'m", "am", "here"}) and at(low, place - 1) in ("in", "from") and bool(
        set(low[max(0, back - 1) : place]) & {"'m", "am", "calling", "drive", "come"}
    )
    if not (living or calling) or not words[place].letters or low[place] in GRAMMAR or low[place] in _NOT_A_PLACE:
        return None
    if "moved" in said and not {"i", "we", "he", "she", "they", "'ve", "just", "'d"} & set(low[max(0, back - 3) : place]):
        return None
    end = place
    while end < place + LONGEST_TOWN and end < len(words) and _name_of_place(words, low, end, lexis):
        end += 1
    if end < len(words) and low[end] in _TOWN_ENDS and end < place + LONGEST_TOWN:
        end += 1
    if end == place:
        if low[place] in STATES:
            return None
        for length in (1, 2):
            if length == 1 and living and low[place].isalpha() and not low[place].endswith(("ing", "ed", "s")) and at(low, place + 1) in _AFTER_A_TOWN:
                return place + 1
            if at(low, place + length) in _TOWN_ENDS or (at(low, place + length) in STATES and low[place].isalpha()):
                return place + length + (at(low, place + length) in _TOWN_ENDS)
        return None
    return end


_AFTER_A_TOWN: Final = GRAMMAR | STATES | frozenset([",", ".", "", "?"])


def _name_of_place(words: Sequence[Word], low: Sequence[str], here: int, lexis: Lexis) -> bool:
    word = low[here]
    if not words[here].letters or word in GRAMMAR or word in _NOT_A_PLACE or word in STATES or lexis.medical(word):
        return False
    if word in ("apartment", "apt", "unit", "and") or len(word) < 3:
        return False
    return not lexis.plain(word) or words[here].capital or word in lexis.either or (word in lexis.family and not lexis.plain(word)) or word in _TREES


_TREES: Final = frozenset("chestnut vine maple oak elm pine cedar walnut cherry birch main park church mill spring ash poplar willow hickory sycamore spruce market high water front center".split())


def _near_living(low: Sequence[str], place: int) -> bool:
    """Living or an address is spoken of shortly before."""
    before = low[max(0, place - 7) : place]
    if any(word in ("pounds", "blood", "pressure", "weight", "sugar", "take", "took", "mg", "milligrams") for word in before):
        return False
    return any(word in _LIVING or word in _ANNOUNCED or word in ("mail", "delivered", "deliver", "ship", "license", "street") for word in before)


def _announced(low: Sequence[str], place: int) -> bool:
    return any(word in _ANNOUNCED or word == "street" for word in low[max(0, place - 8) : place])


def _rest(words: Sequence[Word], low: Sequence[str], end: int, lexis: Lexis) -> int:
    """What follows the street: flat, town, state, ZIP, in the order they are said."""
    end = _direction(low, end)
    end = _unit(words, low, end)
    end = _town(words, low, end, lexis)
    state = end
    while at(low, state) in (",", "um", "uh"):
        state += 1
    if at(low, state) in STATES or tuple(low[state : state + 2]) in (("new", "york"), ("new", "jersey"), ("new", "mexico"), ("north", "carolina"), ("south", "carolina"), ("west", "virginia"), ("north", "dakota"), ("south", "dakota"), ("rhode", "island"), ("new", "hampshire")):
        end = state + 1 + (low[state] in ("new", "north", "south", "west", "rhode"))
    elif at(low, state) and len(low[state]) == 2 and words[state].cased.isupper() and words[state].letters:
        end = state + 1
    code = end
    while at(low, code) in (",", "um", "uh", "zip", "code", "zipcode", "is", "and", "the", "'s", ".", "that"):
        code += 1
    digits = _digits(words, code, 5, 9) if code < len(words) else None
    return digits if digits is not None else end


def _direction(low: Sequence[str], end: int) -> int:
    return end + 1 if at(low, end) in DIRECTIONS - {"old", "new", "s"} else end


def _unit(words: Sequence[Word], low: Sequence[str], end: int) -> int:
    here = end
    while at(low, here) in (",", ".", "um", "uh", "it", "'s", "in", "that") and here < end + 3:
        here += 1
    if at(low, here) in LEVELS:
        return here + 1
    if at(low, here) in UNITS and here + 1 < len(words):
        after = here + 1
        while at(low, after) in (".", "number", "#", "um", "uh"):
            after += 1
        last = after
        while last < len(words) and last - after < 4:
            one = atom(words, last)
            if one is None or (one.sort is Sort.LETTER and one.text in ("i",)):
                break
            last = one.end
        if last > after:
            return _unit(words, low, last) if at(low, last) in ("floor", ",") and at(low, last + 1) in UNITS else last
    floor = ordinal(words, here) if here < len(words) else None
    if floor is not None and at(low, floor[1]) == "floor":
        return floor[1] + 1
    return end


def _town(words: Sequence[Word], low: Sequence[str], end: int, lexis: Lexis) -> int:
    here = end
    while at(low, here) in (",", "in", "um", "uh", "that", "'s", "is", "it") and here < end + 4:
        here += 1
    if here >= len(words) or not words[here].letters:
        return end
    for length in range(1, LONGEST_TOWN + 1):
        after = here + length
        if any(_stops_town(words, low, place, lexis) for place in range(here, min(after, len(words)))) or after > len(words):
            break
        comma = after + (at(low, after) == ",")
        if at(low, comma) in STATES or at(low, comma) == "zip" or (comma < len(words) and _digits(words, comma, 5, 5)):
            return after
    town = here
    while town < here + LONGEST_TOWN and town < len(words) and _town_word(words, low, town, here, lexis):
        town += 1
    if town == here and at(low, here + 1) in _TOWN_ENDS and low[here].isalpha() and low[here] not in GRAMMAR:
        town = here + 1
    if town > here and at(low, town) in _TOWN_ENDS:
        town += 1
    return town if town > here else end


def _stops_town(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis) -> bool:
    return not words[place].letters or (low[place] in GRAMMAR and low[place] not in ("new", "old")) or lexis.medical(low[place])


def _town_word(words: Sequence[Word], low: Sequence[str], place: int, first: int, lexis: Lexis) -> bool:
    if low[place] in ("saint", "st", "fort", "mount", "mt", "new", "port", "san", "santa", "los", "las", "el") and place == first:
        return place + 1 < len(words) and words[place + 1].letters and low[place + 1] not in GRAMMAR
    return _name_of_place(words, low, place, lexis)


def _measured(low: Sequence[str], place: int) -> bool:
    return at(low, place) in _STREET_STOPS and at(low, place) not in GRAMMAR or at(low, place) in ("over", "point")

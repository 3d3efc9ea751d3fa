"""Where somebody lives: as one span when said in one go.  Its parts are read by `places.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, Lexis
from policies.redacting.measures import measured
from policies.redacting.places import DIRECTIONS, STREETS, SURE_FLATS, ZIP, Places
from policies.redacting.words import Word, at

_LIVING: Final = frozenset(
    """live lives lived living stay stays staying moved moving reside resides residing located sleep sleeps sleeping
    house home apartment trailer condo place mailing residence""".split()
)
_SENDING: Final = frozenset(
    "send sent ship shipped deliver delivered delivers mail mails mailed come drop fax drive pick".split()
)
_ANNOUNCED: Final = frozenset("address addresses street license town city road avenue zip".split())
_READINGS: Final = frozenset("pounds blood pressure weight sugar take took mg milligrams pulse temperature".split())
_TOWARDS: Final = frozenset(
    """in to at near by on over outside from out up down around of toward towards now way here just right currently is
    goes back 's still also actually um uh me it them the off""".split()
)
NEAR: Final = 8  # words before in which living or sending is spoken of
# Between the parts of one address.
_LINKS: Final = frozenset("of , um uh er . in at that's that it it's 's is and the on near off".split())
LONGEST_LINK: Final = 4


def addresses(words: Sequence[Word], lexis: Lexis, skipped: set[int]) -> list[Found]:
    """All addresses, in order.  skipped: places that belong to something else already."""
    places = Places(words, [word.low for word in words], lexis)
    found: list[Found] = []
    place = 0
    while place < len(words):
        end = None if place in skipped else _begun(places, place)
        if end is None:
            place += 1
            continue
        end = _rest(places, end, skipped)
        while end > place + 1 and words[end - 1].mark:
            end -= 1
        found.append(Found(place, end, Kind.ADDRESS))
        place = end
    return found


def _begun(places: Places, place: int) -> int | None:
    """Where the first part of an address that begins here ends."""
    return (
        places.route(place)
        or _numbered(places, place)
        or _flat(places, place)
        or _corner(places, place)
        or _unnumbered(places, place)
        or _living_in(places, place)
        or _zip(places, place)
        or places.abroad(place)
    )


def _numbered(places: Places, place: int) -> int | None:
    """ "twelve forty maple street", "four oh four on dogwood court", "one nineteen b chestnut" where one lives."""
    low = places.low
    end = places.house(place + (low[place] in ("number", "#")))
    if end is None or measured(low, end):
        return None
    after = end + (at(low, end) in ("on", ","))
    street = places.route(after) or places.street(after)
    if street is not None:
        return street
    if end < len(low) and low[end - 1].isalpha() and len(low[end - 1]) == 1 and low[end - 1] not in DIRECTIONS:
        street = places.street(end - 1)  # the letter was the street's own: "40 a street"
        if street is not None:
            return street
    written = places.words[place].cased.isdecimal() and end < len(low) and places.words[end].capital
    if written and places.flat(end + 1 + (at(low, end + 1) == ",")) is not None:
        return end + 1
    if at(low, end) in _COMPASS and places.street_word(end + 1) and at(low, end + 1) not in ("side", "of"):
        return end + 2 + (places.street_word(end + 2) and at(low, end + 2) not in GRAMMAR)
    stated = (
        written
        and at(low, place - 1) in ("", "at", "is", "be", "to")
        and at(low, end + 1) in ("", ".", ",", "is", "and")
    )
    if stated and _named(places, end) and not places.lexis.medical(low[end]):
        return end + 1
    alone = place == 0 and len(low) < 8 and end - place > 1
    here_i_am = (
        at(low, place - 1) == "at"
        and at(low, place - 2) in ("'m", "am", "'re", "are", "'s", "is")
        and _named(places, end)
    )
    if not (_near(places, place) or alone or here_i_am):
        return None
    here = end
    while (
        here < end + 3
        and here < len(low)
        and (low[here] in DIRECTIONS or places.street_word(here))
        and low[here] not in ("the", "of")
    ):
        here += 1
    if here > end:
        return (
            here
            if at(low, here) == "" or at(low, here) in GRAMMAR or not low[here][0].isalpha() or here == end + 3
            else end + 1
        )
    return end if _told(places, place) and end - place > 1 else None


_COMPASS: Final = frozenset("north south east west northeast northwest southeast southwest".split())


def _named(places: Places, place: int) -> bool:
    """A name of its own stands here."""
    if place >= len(places.low) or not places.words[place].letters:
        return False
    word = places.low[place]
    return places.words[place].capital or word in places.lexis.family or places.lexis.namelike(word)


def _housed(places: Places, place: int) -> int | None:
    """A house and a street that says it is one."""
    end = places.house(place + (places.low[place] in ("number", "#")))
    if end is None:
        return None
    return places.street(end) or (end if places.low[place] in ("number", "#") else None)


def _flat(places: Places, place: int) -> int | None:
    """ "apartment six c", before the street or alone."""
    word = places.low[place]
    if word not in SURE_FLATS and not (word in ("unit", "trailer", "building") and _near(places, place)):
        return None
    if word == "lot" and at(places.low, place - 1) == "a":
        return None
    return places.flat(place)


def _corner(places: Places, place: int) -> int | None:
    """ "the corner of fifth and main"."""
    if tuple(places.low[place : place + 2]) != ("corner", "of"):
        return None
    end = place + 2
    while end < place + 9 and end < len(places.low) and (places.low[end] == "and" or places.street_word(end)):
        end += 1
    return end


def _unnumbered(places: Places, place: int) -> int | None:
    """ "lincoln street eight oh three", "on dogwood court", "forsythia way, number 31", "lives on juniper"."""
    low = places.low
    if not places.words[place].letters or low[place] in STREETS or low[place] == "the" or not places.street_word(place):
        return None
    if low[place] in GRAMMAR and low[place] not in DIRECTIONS:
        return None
    end = places.street(place)
    before = at(low, place - 1)
    if end is not None:
        after = end
        while at(low, after) in (",", "number", "at", "um", "uh", "#", "and", "it", "'s"):
            after += 1
        house = places.house(after) if after < len(low) else None
        sure = low[end - 1] in STREETS - {"st", "dr", "ct", "av", "drive", "court", "circle", "trail"}
        if house is not None and not measured(low, house) and (sure or "number" in low[end:after]):
            return house
        if end - place > 1 and _near(places, place) and (sure or before in ("on", "off", "at", "is", ",")):
            return end
        return (
            end
            if sure and before in ("on", "off", "at") and end - place > 1 and places.words[end - 1].letters
            else None
        )
    if (
        before == "on"
        and at(low, place - 2) in ("live", "lives", "lived", "living", "house")
        and not places.lexis.medical(low[place])
    ):
        return places.town(place, sure=True)
    if before in ("is", "'s") and at(low, place - 2) in ("street", "road", "town", "city"):
        return places.town(place, sure=True)
    return None


def _living_in(places: Places, place: int) -> int | None:
    """ "we live over in beavercreek", "mail goes to toledo", "i'm from findlay", "the house in alliance"."""
    low, before = places.low, at(places.low, place - 1)
    if before not in ("in", "to", "near", "outside", "at", "from", "of") or (
        low[place] in GRAMMAR and low[place] not in ("new", "old", "little")
    ):
        return None
    back = place - 1
    while back > 0 and place - back < 6 and low[back] in _TOWARDS:
        back -= 1
    if before == "in" and {"live", "lives", "living"} & set(low[max(0, place - NEAR) : place]):
        return places.town(place, sure=True)
    said = set(low[max(0, back - 3) : back + 1])
    verbs = said & (_LIVING - {"home", "place"})
    if "moved" in said and not {"i", "we", "he", "she", "they", "'ve", "just", "'d"} & set(
        low[max(0, back - 3) : place]
    ):
        return None
    living = bool(verbs) and (before != "at" or "sleep" in said) and before != "of"
    if living or (said & {"mail", "mails"} and before == "to"):
        return places.town(place, sure=True)
    coming = before in ("in", "from", "to") and {
        "'m",
        "am",
        "calling",
        "drive",
        "come",
        "driving",
        "way",
        "from",
    } & set(low[max(0, back - 1) : place])
    return places.town(place, sure=False) if coming and not {"hospital", "call"} & said else None


# Where these are spoken of, five digits are theirs.
_IDENTIFYING: Final = frozenset(
    "chart record account mrn member id policy group case number social claim invoice subscriber".split()
)


def _zip(places: Places, place: int) -> int | None:
    """What follows "zip" or "postcode"; and five written digits anywhere."""
    low, word = places.low, places.words[place]
    if word.cased.isdecimal() and len(low[place]) == ZIP and not measured(low, place + 1):
        beside = (at(low, place - 1), at(low, place + 1))
        lettered = len(beside[0]) == 1 or beside[0] in ("dash", "hyphen", "-") or beside[1] in ("dash", "-", "hyphen")
        if lettered or (_IDENTIFYING & set(low[max(0, place - 5) : place])):
            return None
        return None if (word.glued and beside[0] in (".", "-", "/")) or beside[0] in ("$", "#", "number") else place + 1
    near = [one for one in low[max(0, place - 6) : place] if one not in ("um", "uh")]
    post = "postcode" in near or "postal" in near or ("post" in near and "code" in near)
    if not post and not {"zip", "zipcode", "zips"} & set(near):
        return None
    return places.digits(place, 2, 9) or (places.postcode(place) if post else None)


def _rest(places: Places, end: int, skipped: set[int]) -> int:
    """Goes on over further parts: flat, street, town, state, ZIP, as long as there are."""
    low = places.low
    while True:
        here = end
        while here < end + LONGEST_LINK and at(low, here) in _LINKS:
            here += 1
        if at(low, here) in DIRECTIONS - {"old", "new", "s", "upper", "lower"} and here == end:
            end += 1
            continue
        if here >= len(low) or here in skipped:
            return end
        plain = all(low[link] in (",", "um", "uh", "er", "in", ".", "of") for link in range(end, here))
        further = (
            places.flat(here)
            or _housed(places, here)
            or (places.state(here) if plain else None)
            or _code(places, here)
            or _post(places, here)
            or (places.town(here, sure=True) if plain and low[end - 1] not in _LIVING else None)
        )
        if further is None or any(place in skipped for place in range(here, further)):
            return end
        end = further


def _code(places: Places, place: int) -> int | None:
    here = place
    while at(places.low, here) in ("zip", "code", "zipcode", "is", "'s"):
        here += 1
    end = places.digits(here, ZIP, 9) if here < len(places.low) else None
    longer = end is not None and places.digits(end + (at(places.low, end) == ","), 1, 9) is not None
    return None if longer else end


def _post(places: Places, place: int) -> int | None:
    """A postcode right after the rest: letters, then a digit."""
    if (
        len(places.low[place]) > 2
        or not places.words[place].letters
        or places.low[place] in GRAMMAR - {"e", "s"}
        or not places.digits(place + 1, 1, 2)
    ):
        return None
    return places.postcode(place)


def _near(places: Places, place: int) -> bool:
    """Living, sending or an address is spoken of shortly before."""
    before = set(places.low[max(0, place - NEAR) : place])
    return not before & _READINGS and bool(before & (_LIVING | _SENDING | _ANNOUNCED))


def _told(places: Places, place: int) -> bool:
    return bool({"address", "addresses", "street", "house"} & set(places.low[max(0, place - NEAR) : place]))

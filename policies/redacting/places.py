"""The parts of an address: house, street, flat, post box, town, state and ZIP.  Each says where it ends, or None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policies.redacting.counting import ordinal
from policies.redacting.lexis import GRAMMAR, JOBS, RELATIVES, STATES, Lexis
from policies.redacting.measures import measured
from policies.redacting.numerals import LARGEST_HOUSE, Sort, atom
from policies.redacting.words import Word, at, phrases

# USPS Publication 28, appendix C1, as said and as written ...
STREETS: Final = frozenset(
    """street st avenue ave av road rd lane ln drive dr court ct circle cir terrace ter boulevard blvd highway hwy
    parkway pkwy trail trl turnpike tpke alley aly expressway freeway plaza plz""".split()
)
# ... and those that are everyday words: they need a number before them.
WEAK_STREETS: Final = frozenset(
    """way place pl square sq loop pike row run path ridge crossing hollow bend point hill cove glen creek crest view
    park walk landing manor mews close green grove heights knoll meadow meadows pass springs station trace valley
    village vista estates commons bluff gardens garden gate island bridge branch canyon curve shores pointe""".split()
)
DIRECTIONS: Final = frozenset(
    "north south east west northeast northwest southeast southwest n s e w ne nw se sw upper lower old new".split()
)
FLATS: Final = frozenset(
    "apartment apt suite ste flat lot unit room rm floor building bldg trailer number no box space #".split()
)
SURE_FLATS: Final = frozenset("building apartment apt suite ste lot".split())
LEVELS: Final = frozenset("upstairs downstairs basement rear penthouse".split())
_TOWN_BEGINS: Final = frozenset(
    """st saint fort mount mt new old san santa los las el north south east west upper lower little big grand port
    point""".split()
)
_TOWN_ENDS: Final = frozenset(
    """falls springs city heights beach hills hill grove park lake lakes rapids rock rocks valley village junction
    center centre bluff bluffs creek island harbor bay point town township county mills bend ridge forge green
    spring""".split()
)
_NO_PLACE: Final = frozenset(
    """hospital clinic pharmacy er bed pain emergency car kitchen bathroom bedroom nursing home facility rehab hospice
    assisted house floor wheelchair recliner couch fear shock town country city state area hand leg arm chest neck
    shoulder jaw side stomach belly groin hip knee foot toes fingers hours minutes tonight icu unit ward place
    downtown trouble agony constant apartment apt suite lot corner street road phone email social birthday zip
    address nice quiet senior bleeding insurance blood breath lunch dinner work therapy surgery church school bus
    medicine medicines meds pills insulin coffee stairs""".split()
)
_TWO_WORD_STATES: Final = phrases(
    """new york | new jersey | new mexico | new hampshire | north carolina | south carolina | west virginia
    | north dakota | south dakota | rhode island | puerto rico"""
)
_STREET_FIRST: Final = frozenset("calle avenida avda camino paseo rue via viale rua ulica".split())
_STREET_ENDINGS: Final = ("strasse", "straße", "straat", "gatan", "gade", "vej", "veien", "laan", "allee")
LONGEST_STREET: Final = 5  # words of a street's name
LONGEST_TOWN: Final = 3
ZIP: Final = 5  # digits
_STREET_STOPS: Final = (
    GRAMMAR
    - DIRECTIONS
    - frozenset(
        """first second third may will little best good full right last near long over under above quite own hers hope
        much""".split()
    )
)
_PAUSES: Final = frozenset("um uh er , .".split())


@dataclass(frozen=True, slots=True)
class Places:
    """One text, read for parts of addresses."""

    words: Sequence[Word]
    low: Sequence[str]
    lexis: Lexis

    def house(self, place: int) -> int | None:
        """ "twelve oh six", "three fifteen and a half", "one nineteen b", "4-12"."""
        end, digits = place, ""
        while end < len(self.words) and len(digits) < LARGEST_HOUSE:
            one = atom(self.words, end)
            if one is None or one.sort is Sort.LETTER:
                break
            end, digits = one.end, digits + one.text
            if at(self.low, end) == "-" and end + 1 < len(self.words) and self.words[end + 1].cased.isdecimal():
                end += 1
        if not 0 < len(digits) <= LARGEST_HOUSE:
            return None
        if tuple(self.low[end : end + 3]) == ("and", "a", "half"):
            return end + 3
        while at(self.low, end) in ("um", "uh"):
            end += 1
        letter = at(self.low, end)
        return end + (len(letter) == 1 and letter.isalpha() and letter not in DIRECTIONS and letter != "i")

    def street(self, first: int) -> int | None:
        """A street's name with its "street" or "road": "maple street", "martin luther king boulevard"."""
        found = None
        for here in range(first, min(first + LONGEST_STREET + 1, len(self.words))):
            word = self.low[here]
            if here > first and (word in STREETS or (word in WEAK_STREETS and self._weak_fits(first, here))):
                found = here + 1
            elif found is not None or not self.street_word(here):
                break
        return found

    def street_word(self, here: int) -> bool:
        """Can stand in the name of a street."""
        word = at(self.low, here)
        if word in DIRECTIONS or word in ("-", "th", "st", "nd", "rd", "the", "of", "saint", "um", "uh", "'s"):
            return True
        if not word or measured(self.low, here) or word in ("doctor", "blood", "heart", "over", "times"):
            return False
        if ordinal(self.words, here) is not None or (word == "." and self.words[here].glued):
            return True
        return word.isalpha() and word not in _STREET_STOPS

    def _weak_fits(self, first: int, here: int) -> bool:
        """ "willow bend" is a street after a number; "two pounds a run" is none."""
        plain = all(word.isalpha() for word in self.low[first:here])
        decimal = self.low[here] == "point" and here + 1 < len(self.words) and atom(self.words, here + 1) is not None
        return here - first <= 3 and plain and at(self.low, here + 1) != "of" and not decimal

    def route(self, place: int) -> int | None:
        """ "p o box two seventeen", "rural route four box one eleven", "state route nine", "county road 12"."""
        low, here = self.low, place
        for office in (("p", "o"), ("po",), ("pob",), ("p", ".", "o", "."), ("post", "office")):
            if tuple(low[place : place + len(office)]) == office:
                here = place + len(office)
                break
        if at(low, here) == "box":
            after = here + 1 + (at(low, here + 1) in ("number", "#"))
            end = self.house(after)
            return end if end is not None and (here > place or not measured(low, end)) else None
        while (
            at(low, here) in ("rural", "state", "county", "old", "us", "star", "farm", "r", "township")
            and here - place < 3
        ):
            here += 1
        sure = at(low, here) in ("route", "rr", "rt", "hwy", "highway", "interstate") or (
            at(low, here) in ("road", "highway") and here > place
        )
        end = self.house(here + 1) if sure and here + 1 < len(low) else None
        if end is None:
            return None
        after = end + (at(low, end) == ",")
        box = self.house(after + 1) if at(low, after) == "box" else None
        return box if box is not None else end

    def abroad(self, place: int) -> int | None:
        """ "calle ocho 12", "12 rue du bac": streets that are named first, their number before or after."""
        start = place + self.words[place].cased.isdecimal()
        if at(self.low, start) not in _STREET_FIRST and not at(self.low, start).endswith(_STREET_ENDINGS):
            return None
        end = start + 1
        while (
            end < min(start + 5, len(self.words))
            and self.low[end] not in GRAMMAR - {"la"}
            and not self.words[end].cased.isdecimal()
        ):
            if self.words[end].mark and not self.words[end].glued:
                break
            end += 1
        return end if start > place else self.house(end)

    def flat(self, place: int) -> int | None:
        """ "apartment three b", "second floor", "upstairs", "# 4"."""
        low = self.low
        if at(low, place) in LEVELS:
            return place + 1
        floor = ordinal(self.words, place) if place < len(low) else None
        if floor is not None and at(low, floor[1]) == "floor":
            return floor[1] + 1
        if at(low, place) not in FLATS:
            return None
        after = place + 1
        while at(low, after) in ("number", "#", "um", "uh", "is", "'s") or (
            at(low, after) == "." and self.words[after].glued
        ):
            after += 1
        end = after
        while end < len(low) and end - after < 5:
            one = atom(self.words, end)
            if one is None or (
                one.sort is Sort.LETTER and (one.text == "i" or (one.end - one.first > 1 and end == after + 9))
            ):
                break
            end = one.end
            if at(low, end) == "-" and self.words[end].glued:
                end += 1
        return end if end > after else None

    def town(self, here: int, *, sure: bool) -> int | None:
        """Up to three words.  sure: an address comes before it, or "live in": an English word is a town there too."""
        end = here
        while end < here + LONGEST_TOWN and self._town_word(end, here):
            end += 1
        for last in range(end, here, -1):
            code = last
            while at(self.low, code) in _PAUSES:
                code += 1
            if (
                self.state(code) is not None
                or at(self.low, code) in ("zip", "zipcode")
                or self.digits(code, ZIP, ZIP) is not None
            ):
                return last
        known = here
        while known < end and self._known(known):
            known += 1
        if known > here:
            return known + (at(self.low, known) in _TOWN_ENDS and known < end)
        if not sure or end == here:
            return None
        after = at(self.low, end)
        closed = after == "" or after in GRAMMAR or after in FLATS or after in JOBS or not after[0].isalpha()
        if closed and not self.low[end - 1].endswith(("ing", "ed")):
            return end
        return here + 1 + (at(self.low, here + 1) in _TOWN_ENDS) if at(self.low, here + 1) in _TOWN_ENDS else None

    def _town_word(self, place: int, first: int) -> bool:
        word = at(self.low, place)
        if place == first and word in _TOWN_BEGINS:
            following = at(self.low, place + 1)
            return following.isalpha() and following not in GRAMMAR and following not in _NO_PLACE
        if place > first and word in _TOWN_ENDS:
            return True
        if not word.isalpha() or len(word) < 3 or word in STATES or word in JOBS or word in RELATIVES:
            return False
        return (
            word not in GRAMMAR
            and word not in _NO_PLACE
            and not self.lexis.medical(word)
            and atom(self.words, place) is None
        )

    def _known(self, place: int) -> bool:
        """No English word, or written as a name."""
        word = self.low[place]
        return (
            not self.lexis.plain(word) or self.words[place].capital or word in self.lexis.either or word in _TOWN_BEGINS
        )

    def state(self, place: int) -> int | None:
        """ "ohio", "new york", "OH"."""
        if at(self.low, place) in STATES:
            return place + 1
        if tuple(self.low[place : place + 2]) in _TWO_WORD_STATES:
            return place + 2
        if (
            place < len(self.words)
            and len(self.low[place]) == 2
            and self.words[place].cased.isupper()
            and self.words[place].letters
        ):
            return place + 1
        return None

    def digits(self, place: int, least: int, most: int) -> int | None:
        """A number said in digits, hesitation in between."""
        end, digits = place, ""
        while end < len(self.words):
            here = end
            while digits and at(self.low, here) in ("um", "uh", "-", "dash", ","):
                here += 1
            one = atom(self.words, here) if here < len(self.words) else None
            if one is None or one.sort is Sort.LETTER or len(digits) + len(one.text) > most:
                break
            end, digits = one.end, digits + one.text
        return end if len(digits) >= least and not measured(self.low, end) else None

    def postcode(self, place: int) -> int | None:
        """Letters and digits: "s w one a two b", "NW six QT"."""
        end, digits, letters = place, 0, 0
        while end < len(self.words) and digits + letters < 9:
            one = atom(self.words, end)
            word = self.low[end]
            if one is not None and one.sort is not Sort.LETTER:
                end, digits = one.end, digits + 1
            elif self._post_letters(end, place):
                end, letters = end + 1, letters + 1
            elif end > place and word in ("um", "uh", "er", ",", "for", "and"):
                end += 1
            else:
                break
        return end if digits and letters else None

    def _post_letters(self, place: int, first: int) -> bool:
        """One or two letters of a postcode."""
        word = self.low[place]
        if not self.words[place].letters or len(word) > 2:
            return False
        if len(word) == 1 or word not in GRAMMAR or self.words[place].cased.isupper():
            return True
        following = atom(self.words, place + 1) if place + 1 < len(self.words) else None
        return place > first and following is not None and following.sort is not Sort.LETTER

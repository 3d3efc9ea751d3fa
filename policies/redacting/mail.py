"""E-mail addresses and web names, written or spoken: "jane dot doe at gmail dot com".

Its end is a domain with its "dot com"; from there the local part is read leftwards to the words that announce it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import UNITS
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR
from policies.redacting.words import Word, at

_TOP: Final = frozenset(
    """com comm calm come con net org edu gov mil io co us uk ca biz info me tv de fr in au nz ie es mx health care
    email mail app dev xyz online site live cloud eu ch nl it se no pl br jp cn kr ru za""".split()
)
_SPELLED_TOP: Final = tuple(
    tuple(top) for top in ("com", "net", "org", "edu", "gov", "us", "uk", "tv", "co", "io", "ca", "de")
)
# The large providers: their "dot" is often lost in recognition.
_PROVIDERS: Final = frozenset(
    """gmail yahoo hotmail outlook aol icloud protonmail comcast verizon att msn live sbcglobal bellsouth charter cox
    earthlink ymail rocketmail fastmail zoho proton googlemail""".split()
)
_DOT: Final = frozenset("dot . period point".split())
_JOINTS: Final = frozenset("dot . period point underscore _ dash - hyphen plus + minus slash score".split())
LONGEST_LOCAL: Final = 24  # words to the left of "at": "s as in sam m i t h underscore nineteen fifty two"
LONGEST_DOMAIN: Final = 9  # "buckeye dash roofing dot co dot u k"
# What announces an address: the local part begins after it.
_STARTS: Final = frozenset(
    """is 's email emails e-mail mail to address it's that's use try on reach me him her them us yes yeah okay ok , : ;
    ? ! sure so try it its that thats send sent write contact was be become uses gets and-then sorry because cause
    well actually i'm my his their our your called under through via account now alright right know say says said
    one""".split()
) - frozenset({"mail", "one", "my"})
_APART: Final = frozenset(',;:?!()<>"')  # marks that no local part holds
_BEFORE: Final = frozenset("um uh oh all like just at dot the lower case".split())  # heard before one, and none of it
_PLAIN: Final = frozenset(
    """i you he she we they and or but the a an of for in with do does did can could would will should have has had not
    if when then please""".split()
)


def mail(words: Sequence[Word]) -> list[Found]:
    """All addresses, in order."""
    low = [word.low for word in words]
    found: list[Found] = []
    last = 0
    for place in range(len(low)):
        lost = (
            low[place] in _PROVIDERS
            and at(low, place - 1) not in ("at", "@", "sign", "symbol", "my", "a", "to")
            and at(low, place + 1) in _DOT
        )
        if (low[place] not in ("at", "@") and not lost) or place < last:
            continue
        end = _domain(words, low, place + (not lost) + (at(low, place + 1) in ("sign", "symbol")))
        if end is None:
            continue
        first = _local(words, low, place, last)
        if first < place:
            found.append(Found(first, end, Kind.EMAIL))
            last = end
    return found + _sites(low, found) + _web(words, low)


def _domain(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """Where a domain that begins here ends."""
    end = min(len(low), place + 2 * LONGEST_DOMAIN)
    here, parts = place, 0
    while here < end and parts < LONGEST_DOMAIN:
        word = low[here]
        if word in _DOT and here > place:
            top = _top(low, here + 1)
            if top is not None and (
                word != "." or low[place - 1] == "@" or (words[here].glued and words[here + 1].glued)
            ):
                while at(low, top) in _DOT and _top(low, top + 1) is not None:
                    after = _top(low, top + 1)
                    if after is None or (low[top] == "." and not words[top + 1].glued):
                        break
                    top = after
                return top
        elif not (word.isalnum() or word in _JOINTS):
            break
        if word in ("um", "uh") or word not in _JOINTS:
            parts += 1
        here += 1
    name = _provider(low, place)
    if name is None:
        return None
    top = _top(low, name) if at(low, name) not in _DOT else None
    return top if top is not None and low[name] in ("com", "net", "org", "edu", "c") else name


def _provider(low: Sequence[str], place: int) -> int | None:
    for length in (1, 2, 3):
        if "".join(low[place : place + length]) in _PROVIDERS and len(low) >= place + length:
            return place + length
    return None


def _top(low: Sequence[str], place: int) -> int | None:
    """ "com", "c o m"."""
    for spelled in _SPELLED_TOP:
        if tuple(low[place : place + len(spelled)]) == spelled:
            return place + len(spelled)
    return place + 1 if at(low, place) in _TOP else None


def _local(words: Sequence[Word], low: Sequence[str], sign: int, floor: int) -> int:
    """Where the local part before the "at" at `sign` begins."""
    first = sign
    while first > floor and sign - first < LONGEST_LOCAL:
        here = first - 1
        word, glued = low[here], words[first].glued
        letter = _as_in(low, here)
        if letter is not None and letter >= floor:
            first = letter
        elif word == "." and words[here].glued and not glued:
            break  # the end of a sentence
        elif (
            word in _JOINTS
            or (glued and word not in _APART)
            or (low[first] in _JOINTS and first < sign and word.isalnum())
        ):
            first = here
        elif word in _STARTS or not word.isalnum() or (word in _PLAIN and not _inside(low, here, first, sign)):
            break
        else:
            first = here
    while first + 1 < sign and low[first] in _BEFORE and not (low[first] == "the" and sign - first > 2):
        first += 1
    return first


def _as_in(low: Sequence[str], here: int) -> int | None:
    """The place of the letter in "h as in harry", asked at its "in" or at its last word."""
    for back in (here, here - 1):
        if back >= 2 and low[back] == "in" and low[back - 1] == "as" and len(low[back - 2]) == 1:
            return back - 2
        if back >= 1 and low[back] in ("like", "for") and len(low[back - 1]) == 1 and low[back - 1] not in "ai":
            return back - 1
    return None


def _inside(low: Sequence[str], here: int, first: int, sign: int) -> bool:
    """A word of the grammar within a local part: a letter, or "ron and debbie", "the number three"."""
    word, before = low[here], at(low, here - 1)
    if word in ("a", "i"):
        beside = {at(low, first) if first < sign else "", before}
        return any((len(one) == 1 and one.isalnum()) or one in _JOINTS or one in UNITS for one in beside)
    if word == "and":
        return here > 0 and before not in _STARTS and before not in GRAMMAR
    return before in _STARTS or before in _JOINTS or (before.isalpha() and before not in GRAMMAR)


def _sites(low: Sequence[str], found: Sequence[Found]) -> list[Found]:
    """Written addresses that have lost their "at", and letters said one by one up to "dot com" after "e-mail"."""
    seen: list[Found] = []
    for place in range(2, len(low)):
        if low[place] not in ("com", "net", "org", "edu") or low[place - 1] not in _DOT:
            continue
        if any(one.first <= place < one.end for one in [*found, *seen]):
            continue
        window = low[max(0, place - 14) : place]
        if not {"email", "mail", "e-mail", "gmail", "yahoo"} & set(window):
            continue
        first = place - 1
        while first > 0 and place - first < 14 and low[first - 1] not in _STARTS and low[first - 1] not in _PLAIN:
            if low[first - 1] in ("email", "mail"):
                break
            first -= 1
        seen.append(Found(first, place + 1, Kind.EMAIL))
    return seen


def _web(words: Sequence[Word], low: Sequence[str]) -> list[Found]:
    """Names on the web: "www.example.org", "w w w dot example dot org"."""
    seen: list[Found] = []
    for place in range(len(low)):
        after = place + 1 if low[place] == "www" else place + 3
        if low[place] == "www" or tuple(low[place : place + 3]) == ("w", "w", "w"):
            end = _domain(words, low, after + (at(low, after) in _DOT))
            if end is not None:
                seen.append(Found(place, end, Kind.EMAIL))
    return seen

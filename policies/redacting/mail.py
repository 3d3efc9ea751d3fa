"""E-mail addresses and web names, written or spoken: "jane dot doe at gmail dot com".

Its end is a domain with its "dot com"; from there the local part is read leftwards to the words that announce it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import GRAMMAR, Lexis
from policies.redacting.numerals import TEENS, TENS, TIMES, UNITS
from policies.redacting.words import Word

_TOP: Final = frozenset(
    """com net org edu gov mil io co us uk ca biz info me tv de fr in au nz ie es mx health care email mail app dev xyz
    online site live cloud eu ch nl it se no pl br jp cn kr ru za""".split()
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
    """is 's email emails e-mail mail to address it's that's use try on reach me him her them us yes yeah okay ok , : ; ? !
    sure so try it its that thats send sent write contact was be become uses gets and-then sorry because cause well
    actually i'm my his their our your called under through via account now alright right know say says said one""".split()
) - frozenset({"mail", "one", "my"})
_PLAIN: Final = frozenset(
    """i you he she we they and or but the a an of for in with do does did can could would will should have has had not if
    when then please""".split()
)


def mail(words: Sequence[Word], lexis: Lexis) -> list[Found]:
    """All addresses, in order."""
    low = [word.low for word in words]
    found: list[Found] = []
    last = 0
    for place in range(len(low)):
        if low[place] not in ("at", "@") or place < last:
            continue
        end = _domain(words, low, place + 1)
        if end is None:
            continue
        first = _local(words, low, place, last, lexis)
        if first < place:
            found.append(Found(first, end, Kind.EMAIL))
            last = end
    return found + _sites(words, low, found)


def _domain(words: Sequence[Word], low: Sequence[str], place: int) -> int | None:
    """Where a domain that begins here ends."""
    end = min(len(low), place + 2 * LONGEST_DOMAIN)
    here, parts = place, 0
    while here < end and parts < LONGEST_DOMAIN:
        word = low[here]
        if word in _DOT and here > place:
            top = _top(low, here + 1)
            if top is not None and (word != "." or (words[here].glued and words[here + 1].glued)):
                while _at(low, top) in _DOT and _top(low, top + 1) is not None:
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
    top = _top(low, name) if _at(low, name) not in _DOT else None
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
    return place + 1 if _at(low, place) in _TOP else None


def _local(words: Sequence[Word], low: Sequence[str], at: int, floor: int, lexis: Lexis) -> int:
    """Where the local part before `at` begins."""
    first = at
    while first > floor and at - first < LONGEST_LOCAL:
        here = first - 1
        word = low[here]
        glued = words[first].glued
        if word in ("in", "like", "for") and _as_in(low, here):
            first = _as_in(low, here) or here
            continue
        if word in _JOINTS:
            if word == "." and not glued and words[here].glued:
                break
            first = here
            continue
        if glued and (word.isalnum() or not word.isalnum() and word not in ",;:?!()<>\"" and words[here].glued):
            first = here
            continue
        if word in _STARTS or (word in _PLAIN and not _inside(low, here, first, at)) or not word.isalnum():
            break
        first = here
    while first < at and (low[first] in ("um", "uh", "oh", "all", "like", "just", "at", "dot", "the", "lower", "case") and _letters_or_more(low, first, at)):
        if low[first] == "the" and _at(low, first + 1) != "number" and at - first > 2:
            break
        if low[first] == "oh" and at - first < 3:
            break
        first += 1
    return first


def _letters_or_more(low: Sequence[str], first: int, at: int) -> bool:
    return first + 1 < at


def _as_in(low: Sequence[str], here: int) -> int | None:
    """The place of the letter in "h as in harry", asked at its "in"."""
    if low[here] == "in" and here >= 2 and low[here - 1] == "as" and len(low[here - 2]) == 1:
        return here - 2
    if low[here] in ("like", "for") and here >= 1 and len(low[here - 1]) == 1 and low[here - 1] != "a":
        return here - 1
    return None


def _inside(low: Sequence[str], here: int, first: int, at: int) -> bool:
    """A word of the grammar within a local part: a letter, or "ron and debbie", "the number three"."""
    word = low[here]
    if word in ("a", "i"):
        return first < at and (len(low[first]) == 1 or low[first] in _JOINTS or low[first] in UNITS)
    if word == "and":
        return here > 0 and low[here - 1] not in _STARTS and low[here - 1] not in GRAMMAR
    if word in ("the", "of", "for", "in", "you", "we", "an", "or", "not", "can", "do", "will"):
        before = _at(low, here - 1)
        return before in _STARTS or before in _JOINTS or before.isalpha() and before not in GRAMMAR
    return False


def _sites(words: Sequence[Word], low: Sequence[str], found: Sequence[Found]) -> list[Found]:
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



def _at(low: Sequence[str], place: int) -> str:
    return low[place] if 0 <= place < len(low) else ""

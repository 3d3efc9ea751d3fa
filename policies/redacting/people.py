"""Names of people, said, spelled or written.

A name that is no ordinary word needs no announcement; a word that may be a name needs one ("this is", "doctor",
"my husband"); letters said one by one are a name unless they are a known abbreviation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Found, Kind
from policies.redacting.lexis import FIRM_TITLES, GRAMMAR, HESITATION, RELATIVES, STATES, TITLES, Lexis
from policies.redacting.medical import ABBREVIATIONS, EPONYM_NOUNS, EPONYMS
from policies.redacting.numerals import TEENS, TENS, UNITS
from policies.redacting.words import Word

LONGEST_NAME: Final = 5
# After these a name is expected, and taken whatever word it is.
_FIRM: Final = (
    ("my", "name", "is"), ("my", "name", "'s"), ("name", "is"), ("name", "'s"), ("name", ":"), ("name", "of"), ("my", "name"),
    ("last", "name"), ("first", "name"), ("middle", "name"), ("maiden", "name"), ("full", "name"), ("surname",),
    ("the", "name", "on", "it", "is"), ("the", "name"), ("named",), ("call", "me"), ("calls", "me"), ("goes", "by"), ("go", "by"),
    ("known", "as"), ("under", "the", "name"), ("patient", "is"), ("patient", ":"), ("patient", "'s", "name", "is"),
    ("name", "was"), ("name", "would", "be"), ("spelled",), ("attention",), ("attn",), ("names",), ("name", ","), ("nickname",),
)  # fmt: skip
# After these a name is likely, and taken if it is one or no English word.
_LIKELY: Final = (
    ("this", "is"), ("it", "'s"), ("its",), ("i", "'m"), ("i", "am"), ("ask", "for"), ("asked", "for"), ("asking", "for"), ("tell",),
    ("speak", "with"), ("speak", "to"), ("talk", "to"), ("talk", "with"), ("talked", "to"), ("talked", "with"), ("spoke", "to"), ("spoke", "with"),
    ("calling", "for"), ("calling", "about"), ("behalf", "of"), ("here", "'s"), ("want",), ("see",), ("saw",), ("seeing",), ("met",), ("told",),
    ("by",), ("with",), ("from",), ("for",), ("and",), ("call",), ("called",), ("calling",), ("says",), ("hi",), ("hello",), ("hey",), ("thanks",), ("is",),
    ("was",), ("to",), ("patient",), ("me",), ("dear",), ("yes",), ("yeah",), ("no",), ("not",), ("or",), ("that", "'s"), ("he", "'s"), ("she", "'s"),
    ("signed",), ("at",), ("under",), ("let",), ("has",), ("if",), ("when",), ("because",), (",",), ("so",), ("but",), (".",), ("of",), ("calls",), ("says",),
)  # fmt: skip
_SELF: Final = (("this", "is"), ("it", "'s"), ("its",), ("i", "'m"), ("i", "am"), ("here", "'s"), ("hi",), ("hello",), ("hey",), ("it", "'s", "me"))  # fmt: skip
# What follows a name by which somebody gives it.
_GIVING: Final = frozenset(
    """calling here speaking and i i'm from . , again with the we my his her 's '  returning can could born date we're hi
    hello d dob um uh just a patient that's spelled daughter phone chart social so there""".split()
)
_SPELLING: Final = frozenset("spelled spell spelling spells name letters that's that goes 's is it's its with last first".split())
_NEVER: Final = frozenset(
    """nurse doctor patient insurance hospital pharmacy clinic surgery appointment office machine human person operator
    discharge emergency department unit line number thing stuff way kind sort lot bit name day time pain""".split()
)
_AFTER_RELATIVE: Final = frozenset("is 's was has had ' , named name called and um uh who".split())


def people(words: Sequence[Word], lexis: Lexis, skipped: set[int], model: set[int]) -> list[Found]:
    """All names, in order.

    skipped: places that belong to something else already.  model: places that the language model takes for a person.
    """
    low = [word.low for word in words]
    mixed = _case_tells(words)
    marked: set[int] = set()
    marked |= _spelled(words, low, lexis, skipped)
    for place in range(len(words)):
        if place in skipped or place in marked or not words[place].letters:
            continue
        end = _name_at(words, low, place, lexis, model, mixed, marked)
        marked.update(inside for inside in range(place, end) if inside not in skipped)
    return _joined(words, low, marked, skipped)


def _name_at(
    words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis, model: set[int], mixed: bool, marked: set[int]
) -> int:
    """Where a name that begins here ends; `place` itself where none begins."""
    word = low[place]
    firm, likely, own = _announced(low, place)
    title = _title(low, place)
    relative = _at(low, _back(low, place)) in RELATIVES and _back(low, place) > place - 3
    eponym = _is_eponym(low, place)
    capital = mixed and words[place].capital and not _begins(words, place)
    if eponym and not title:
        return place
    if word in GRAMMAR or word in _NEVER or word in TITLES and not (firm and word in lexis.either) or word in RELATIVES or len(word) < 2:
        if not (len(word) > 1 and title and word in ("best", "little", "long", "good", "may", "will", "near", "still", "past", "moore")):
            if not ((firm or own) and word in lexis.either and _given_here(low, place + 1)):
                return place
    if word in STATES and not (firm or title) and word != "georgia" and word != "virginia":
        return place
    if word in UNITS or word in TENS or word in TEENS:
        return place
    if lexis.medical(word) and not (firm and word in lexis.given):
        return place
    sure = lexis.name(word)
    if sure or firm or title:
        if (firm or title) and not sure and not _fits_firm(words, low, place, lexis, title):
            return place
        return _extended(words, low, place + 1, lexis, bool(firm or title), model, mixed)
    namelike = lexis.namelike(word)
    if namelike and word not in lexis.either:
        if likely and own and _unknown_fits(words, low, place, lexis):
            return _extended(words, low, place + 1, lexis, True, model, mixed)
        if relative or place in model or capital and word in lexis.family or (word in lexis.family and _beside_name(low, place, lexis)):
            return _extended(words, low, place + 1, lexis, True, model, mixed)
        if word in lexis.family and len(word) > 3 and (likely or place == 0):
            return _extended(words, low, place + 1, lexis, False, model, mixed)
        if capital and place in model:
            return _extended(words, low, place + 1, lexis, True, model, mixed)
        return place
    if word in lexis.either:
        following = _at(low, place + 1)
        full = place + 1 < len(words) and lexis.continues(following) and following not in lexis.either and not lexis.plain(following)
        double = place + 1 < len(words) and following in lexis.family and _at(low, place + 2) in _GIVING and (own or place == 0)
        if relative and (following in _GIVING or following in ("is", "was", "has", "had", "said", "told", "always", "will", "she", "he", "who", "") or full):
            return _extended(words, low, place + 1, lexis, False, model, mixed)
        if own and not _at(low, place - 1) in ("a", "the") and (_given_here(low, place + 1) or full or double) :
            return _extended(words, low, place + 1, lexis, True, model, mixed)
        if likely and full or capital and (place in model or full or likely):
            return _extended(words, low, place + 1, lexis, False, model, mixed)
        if place == 0 and (full or double) or following == "here" and place + 1 < len(words):
            return _extended(words, low, place + 1, lexis, False, model, mixed)
        if _at(low, place - 1) in ("tell", "ask", "told", "asked", "for", "saw", "with", "call") and following in ("in", "from", "the", "that", "to", "at", "he", "she", "who", "on", "over"):
            return place + 1
        if place in model and (capital or full):
            return _extended(words, low, place + 1, lexis, False, model, mixed)
    elif capital and place in model and word in lexis.family and (relative or likely or _capital_follows(words, place)):
        return _extended(words, low, place + 1, lexis, True, model, mixed)
    return place


def _fits_firm(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis, title: bool) -> bool:
    """After a firm announcement any word but one of the sentence's own."""
    word = low[place]
    if lexis.namelike(word) or word in lexis.family or word in lexis.either:
        return not (title and word in ("line", "station", "desk", "practitioner", "visit"))
    if words[place].capital and not _begins(words, place):
        return True
    if title:
        return False
    return not lexis.plain(word)


def _unknown_fits(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis) -> bool:
    """A word that is no English after "this is", "i'm" or "hi": a name, unless it is a slip of the tongue or a verb."""
    word = low[place]
    if word.endswith(("ing", "in'", "n't")) or len(word) < 3 and word not in lexis.family:
        return False
    return True


def _extended(
    words: Sequence[Word], low: Sequence[str], end: int, lexis: Lexis, firm: bool, model: set[int], mixed: bool
) -> int:
    """The name goes on over what can follow it: further names, particles, hyphens, initials."""
    start = end - 1
    while end < len(words) and end - start < 2 * LONGEST_NAME:
        word = low[end]
        if word in ("-", "'") and words[end].glued and end + 1 < len(words) and words[end + 1].glued and words[end + 1].letters:
            end += 2
            continue
        if word == "," and lexis.name(_at(low, end + 1)) and firm and not lexis.medical(_at(low, end + 1)):
            if _at(low, end + 2) in (",", ".", "", "born", "calling", "here", "date"):
                end += 2
                continue
        if word == "comma" and lexis.continues(_at(low, end + 1)):
            end += 2
            continue
        if word in ("um", "uh") and (lexis.name(_at(low, end + 1)) or (firm and lexis.namelike(_at(low, end + 1)) and _at(low, end + 1) in lexis.family)):
            end += 2
            continue
        if word in ("something",) and lexis.namelike(_at(low, end + 1)) and _at(low, end + 1) in lexis.family | lexis.given:
            end += 2
            continue
        if word in ("de", "del", "la", "van", "von", "der", "den", "bin", "ibn", "al", "el", "da", "di", "du", "st", "o", "mc", "mac", "le", "ben", "san", "dos", "los", "y", "thi", "van", "abu") and end + 1 < len(words):
            follower = _at(low, end + 1)
            if lexis.continues(follower) or follower in ("la", "los", "der", "den", "carmen") or (words[end + 1].capital and mixed):
                end += 1
                continue
        if not words[end].letters or word in GRAMMAR or word in RELATIVES or word in TITLES and word not in lexis.family:
            if word in ("jr", "junior", "sr", "senior"):
                end += 1
                continue
            if len(word) == 1 and word.isalpha() and word not in ("a", "i") and lexis.continues(_at(low, end + 1)):
                end += 1
                continue
            break
        if word in ("jr", "junior", "sr", "senior", "iii", "ii"):
            end += 1
            continue
        if len(word) == 1:
            if words[end].capital and mixed:
                end += 1 + (_at(low, end + 1) == ".")
                continue
            if word not in ("a", "i") and lexis.continues(_at(low, end + 1)):
                end += 1
                continue
            break
        if _is_eponym(low, end) or lexis.medical(word):
            break
        if lexis.name(word) or end in model and lexis.continues(word):
            end += 1
            continue
        if lexis.namelike(word) and word not in lexis.either and (firm or word in lexis.family):
            if mixed and not words[end].capital and word not in lexis.family:
                break
            end += 1
            continue
        if word in lexis.family and _closes(words, low, end, lexis, mixed) or (mixed and words[end].capital and word in lexis.family):
            end += 1
            continue
        if word in lexis.either and (firm or mixed and words[end].capital) and _closes(words, low, end, lexis, mixed):
            end += 1
            continue
        if mixed and words[end].capital and words[end - 1].capital and not lexis.plain(word):
            end += 1
            continue
        break
    return end


def _closes(words: Sequence[Word], low: Sequence[str], place: int, lexis: Lexis, mixed: bool) -> bool:
    """An ordinary word that is a family name ends a name here: what follows fits after one."""
    if mixed and not words[place].capital:
        return False
    following = _at(low, place + 1)
    return (
        following == ""
        or following in _GIVING
        or following in GRAMMAR
        or lexis.namelike(following)
        or not words[place + 1].letters
        or following in ("social", "account", "member", "chart", "born")
    )


def _spelled(words: Sequence[Word], low: Sequence[str], lexis: Lexis, skipped: set[int]) -> set[int]:
    """Letters one by one: "s m i t h", "S-M-I-T-H", "s as in sam m i t h"; known abbreviations are none."""
    marked: set[int] = set()
    place = 0
    while place < len(words):
        end, letters = _letters(words, low, place, skipped)
        if not letters:
            place += 1
            continue
        first = place
        while letters and letters[0] in "ai" and first + 1 < len(words) and len(letters) < 3 and low[first] == letters[0]:
            break
        enough = 4 if not _spelling(low, place) else 2
        text = "".join(letters)
        if len(letters) >= enough and not _abbreviated(text) and not (text in ("ai", "ia", "im")):
            marked.update(range(first, end))
        elif len(letters) == 3 and not _abbreviated(text) and place and (place - 1 in marked or lexis.continues(low[place - 1])):
            marked.update(range(first, end))
        place = max(end, place + 1)
    return marked


def _letters(words: Sequence[Word], low: Sequence[str], place: int, skipped: set[int]) -> tuple[int, list[str]]:
    """Single letters in a row from here on, and where they end."""
    letters: list[str] = []
    end = place
    while end < len(words) and end not in skipped:
        word = low[end]
        if len(word) == 1 and word.isalpha() and not (word in "ai" and not letters and len(_at(low, end + 1)) != 1 and _at(low, end + 1) not in ("-", "as")):
            letters.append(word)
            end += 1
            said = tuple(low[end : end + 2])
            if said == ("as", "in") and _at(low, end + 2)[:1] == word:
                end += 3
            elif said[:1] in (("like",), ("for",)) and len(_at(low, end + 1)) > 1 and _at(low, end + 1)[:1] == word:
                end += 2
            continue
        if word in ("double", "triple") and len(_at(low, end + 1)) == 1 and _at(low, end + 1).isalpha():
            letters.append(_at(low, end + 1))
            end += 2
            letters.append(letters[-1])
            continue
        if letters and word in ("-", ".", ",", "space", "dash", "hyphen", "um", "uh", "apostrophe", "capital", "then") and len(_at(low, end + 1)) == 1 and _at(low, end + 1).isalpha():
            end += 1
            continue
        break
    return end, letters


def _spelling(low: Sequence[str], place: int) -> bool:
    return bool(set(low[max(0, place - 4) : place]) & {"spelled", "spell", "spelling", "spells", "letters"}) or any(
        tuple(low[back : back + 2]) in (("last", "name"), ("first", "name"), ("with", "an"), ("it", "'s"), ("that", "'s"), ("just",))
        for back in range(max(0, place - 4), place)
        if "name" in low[max(0, place - 6) : place + 8] or "spelled" in low or "spell" in low
    )


def _abbreviated(text: str) -> bool:
    """A known abbreviation, or two in a row."""
    if text in ABBREVIATIONS:
        return True
    return any(text[:cut] in ABBREVIATIONS and text[cut:] in ABBREVIATIONS for cut in range(2, len(text) - 1))


def _announced(low: Sequence[str], place: int) -> tuple[bool, bool, bool]:
    """A name is expected here firmly; is likely; would be the speaker's own."""
    back = place
    while back > 0 and (low[back - 1] in HESITATION or low[back - 1] in ("-", "mr", "mrs", "ms", "miss", "mister", "actually", "oh", "yes", "comma", ",", "just", ":", "dr", "good", "morning", "afternoon", "evening", "there", "it's", "me", "again", "ma'am")) and place - back < 4:
        back -= 1
    firm = _ends(low, place, _FIRM) or _ends(low, back, _FIRM)
    if firm and _at(low, back - 1) == "name" and tuple(low[max(0, back - 2) : back]) not in (("my", "name"), ("last", "name"), ("first", "name"), ("the", "name"), ("full", "name"), ("middle", "name")):
        firm = tuple(low[max(0, back - 2) : back])[-1:] == ("name",) and False
    own = _ends(low, place, _SELF) or _ends(low, back, _SELF)
    likely = own or firm or place == 0 or _ends(low, place, _LIKELY) or back == 0
    return firm, likely, own


def _ends(low: Sequence[str], end: int, phrases: Sequence[tuple[str, ...]]) -> bool:
    return any(end >= len(phrase) and tuple(low[end - len(phrase) : end]) == phrase for phrase in phrases)


def _title(low: Sequence[str], place: int) -> bool:
    """ "doctor X", "dr. X", "nurse X", "home health aide X"."""
    back = place - 1
    while back >= 0 and (low[back] in (".", "um", "uh") ) and place - back < 3:
        back -= 1
    if _at(low, back) in FIRM_TITLES:
        return True
    return False


def _back(low: Sequence[str], place: int) -> int:
    """The place of the word before, over hesitation and "named"."""
    back = place - 1
    while back >= 0 and (low[back] in HESITATION or low[back] in (",", "'s", "name", "named", "is", "called", "law", "in", "miss", "mister") and low[back] != "is") and place - back < 4:
        back -= 1
    return back


def _given_here(low: Sequence[str], place: int) -> bool:
    return _at(low, place) in _GIVING or _at(low, place) == ""


def _beside_name(low: Sequence[str], place: int, lexis: Lexis) -> bool:
    return lexis.name(_at(low, place - 1)) or lexis.name(_at(low, place + 1)) or _at(low, place + 1) == ","


def _is_eponym(low: Sequence[str], place: int) -> bool:
    """The name of a thing: "bell's palsy", "the foley", "a penrose drain"."""
    if low[place] not in EPONYMS:
        return False
    following = _at(low, place + 1)
    if following == "'s":
        return _at(low, place + 2) in EPONYM_NOUNS or not _titled(low, place) and _at(low, place - 1) in ("the", "a", "my", "have", "has", "got", "with", "and", "for", "his", "her", "had")
    if following == "-":
        following = _at(low, place + 2)
    return following in EPONYM_NOUNS or (_at(low, place - 1) in ("the", "a", "an", "my", "this", "your") and not _titled(low, place))


def _titled(low: Sequence[str], place: int) -> bool:
    return bool(set(low[max(0, place - 2) : place]) & FIRM_TITLES)


def _case_tells(words: Sequence[Word]) -> bool:
    """The text is written with capitals where they belong, so that one within a sentence means a name."""
    letters = [word for word in words if word.letters]
    capitals = sum(word.capital for word in letters)
    return 0 < capitals < 0.7 * max(1, len(letters)) and any(word.cased == "I" or word.capital for word in letters[:1]) or (
        capitals >= 2 and capitals < 0.5 * len(letters)
    )


def _begins(words: Sequence[Word], place: int) -> bool:
    """The first word of a sentence, whose capital says nothing."""
    return place == 0 or words[place - 1].low in (".", "?", "!", ":", '"')


def _capital_follows(words: Sequence[Word], place: int) -> bool:
    return place + 1 < len(words) and words[place + 1].capital


def _joined(words: Sequence[Word], low: Sequence[str], marked: set[int], skipped: set[int]) -> list[Found]:
    """Names a hesitation or a comma apart are one."""
    found: list[Found] = []
    for place in sorted(marked):
        if found and place == found[-1].end:
            found[-1] = Found(found[-1].first, place + 1, Kind.PERSON)
        else:
            found.append(Found(place, place + 1, Kind.PERSON))
    return found


def _at(low: Sequence[str], place: int) -> str:
    return low[place] if 0 <= place < len(low) else ""

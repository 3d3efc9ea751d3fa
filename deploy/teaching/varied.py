"""Texts for teaching: those of `texts/` with fresh names and numbers in place of the marked ones, said another way.

A line of `texts/` marks identifiers as `<n wendeline oakes>`: n name, t telephone, b birth, d day of care, a address,
r record, s social security, e e-mail, m member, g age from ninety on, c card.  `<! ...>` must stay, `<~ ...>` is not
taught either way.  All of it is invented.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from policies.redacting.counting import ORDINALS, TEENS, TENS, UNITS
from policies.redacting.dates import MONTHS

HERE: Final = Path(__file__).resolve().parent
NAMES: Final = HERE.parents[1] / "policies" / "redacting"
KINDS: Final = {
    "n": "PERSON", "t": "PHONE", "b": "DOB", "d": "DATE", "a": "ADDRESS", "r": "MRN", "s": "SSN", "e": "EMAIL",
    "m": "MEMBER_ID", "g": "AGE_90_PLUS", "c": "CARD",
}  # fmt: skip
NOTHING: Final = ""
UNTAUGHT: Final = "?"
MARKED: Final = re.compile(r"<([a-z!~]) ([^<>]+)>")
Piece = tuple[str, str]
"""A run of characters and its kind, `NOTHING` or `UNTAUGHT`."""

_UNITS: Final = "zero one two three four five six seven eight nine oh".split()
_NINETY: Final = "first second third fourth fifth sixth seventh eighth ninth".split()  # after "ninety"
_TITLES: Final = frozenset("doctor dr mr mister mrs ms miss nurse professor officer".split())
_PARTS: Final = frozenset(
    """street st avenue ave av road rd lane ln drive dr court ct circle terrace boulevard blvd highway hwy parkway trail
    way place square loop pike row apartment apt suite unit lot building box rural route county north south east west
    southwest northwest northeast southeast second floor number zip the of at and in from to half room park post office
    dash slash hyphen""".split()
)
_MAIL: Final = frozenset(
    """dot at underscore dash hyphen com net org edu gov gmail yahoo hotmail outlook aol icloud the and""".split()
)
_STREETS: Final = """maple oak pine cedar elm walnut willow birch main church mill spring lake river ridge meadow
    orchard sunset highland lincoln washington jefferson park forest valley harbor dogwood magnolia laurel prairie
    quarry canal depot market mission juniper hickory""".split()
_WORD_SURNAMES: Final = """young long brown rice pepper chase baker cook green white black gray king bishop stone woods
    field hill banks rivers marsh wells fox wolf bird swan love savage noble sharp strong wise good best moody bright
    sweet bell ford lake park day may march winter summers frost snow storm rain castle church temple hall house
    chambers kitchen potter weaver mason carpenter shepherd hunter fisher miller farmer gardener singer dancer major
    sergeant judge pope abbott priest knight duke earl prince crow hawk drake finch rose lily moss reed branch berry
    cherry bacon ham lamb pike bass money cash penny price rich poor small little short grant bond hope faith joy bliss
    grace hardy gamble chance lucky power speed rush case law battle cannon foote hand head heart hart self gentle bland
    early noon weeks monday friday""".split()
_NICKNAMES: Final = """moose bubba coach duke red slim doc ace buddy sonny junior babe dot bunny skip chip peanut tex
    smokey cookie pookie nana jojo kiki lulu gigi mimi""".split()
_ONSETS: Final = """b br ch d dr f g h j k kh l m n ng p r s sh sz t th tr v w y z zh mc kw mb nd""".split()
_VOWELS: Final = "a e i o u ai ei ie oo ao ia ua ey".split()
_ENDS: Final = ["", *"n m r l s k ng t sh ck rd ski wicz son ez ova ian man berg ini oglu dottir sen".split()]
_SPELLING: Final = """apple boy cat dog egg frank george henry ice john king larry mary nancy oscar peter queen robert
    sam tom umbrella victor walter xylophone yellow zebra""".split()
_FILLERS: Final = ["um", "uh", "er", "um", "uh", "like", "you know", "let me see"]
_CORRECTIONS: Final = ["no wait", "no sorry", "i mean", "sorry", "no", "no that's wrong it's", "scratch that"]
_BREAKS: Final = ["and then", "hold on", "okay", "yes", "hang on a second", "let me see", "are you ready", "got that"]
_JOINTS: Final = [" and ", " so ", " um ", " okay ", " but ", " "]


def listed(name: str) -> list[str]:
    """The names of a file beside the recognizers."""
    return re.sub(r"^#.*$", "", (NAMES / name).read_text(encoding="utf-8"), flags=re.MULTILINE).split()


GIVEN: Final = listed("given_names.txt")
FAMILY: Final = listed("family_names.txt")
EITHER: Final = listed("word_names.txt")


def texts() -> list[list[Piece]]:
    """All of `texts/`, cut into pieces."""
    lines = [line for file in sorted((HERE / "texts").glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    return [_pieces(line) for line in lines if line.strip()]


def _pieces(line: str) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    for mark in MARKED.finditer(line):
        kind = KINDS.get(mark[1], UNTAUGHT if mark[1] == "~" else NOTHING)
        found += [(line[at : mark.start()], NOTHING), (mark[2].strip(), kind)]
        at = mark.end()
    return [*found, (line[at:], NOTHING)]


def sample(chance: random.Random, marked: Sequence[list[Piece]], clean: Sequence[list[Piece]]) -> tuple[str, list[str]]:
    """One to three texts behind one another, and the kind of each character."""
    text, kinds = "", list[str]()
    for _ in range(chance.choices((1, 2, 3), (62, 30, 8))[0]):
        joint = "" if not text else " " if text[-1] in ".?!" or chance.random() < 0.5 else chance.choice(_JOINTS)
        text, kinds = text + joint, kinds + [NOTHING] * len(joint)
        for said, kind in _fresh(chance, chance.choice(marked if chance.random() < 0.68 else clean)):
            text, kinds = text + said, kinds + [kind] * len(said)
    return _cased(chance, *_slipped(chance, text, kinds))


def _fresh(chance: random.Random, pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    told: dict[str, str] = {}  # a name that is said twice stays one
    for said, kind in pieces:
        if kind == NOTHING:
            found.append((_hesitant(chance, said), kind))
        elif kind == UNTAUGHT or chance.random() < 0.15:
            found.append((said, kind))
        else:
            before = "".join(piece for piece, _ in found)
            again = told.get(said.lower()) if kind == "PERSON" and " " not in said else None
            new = again or (_name(chance, said, before) if kind == "PERSON" else _numbers(chance, said, kind))
            told[said.lower()] = new
            if said[:1].isupper():
                new = " ".join(word[:1].upper() + word[1:] if word.isalpha() else word for word in new.split(" "))
            found += _broken(chance, new, kind)
    return found


def _hesitant(chance: random.Random, said: str) -> str:
    words = said.split(" ")
    if len(words) > 2 and chance.random() < 0.25:
        place, what = chance.randrange(1, len(words)), chance.random()
        if what < 0.6:
            words[place:place] = [chance.choice(_FILLERS)]
        elif what < 0.8 and words[place]:
            words[place:place] = [words[place]]
    return " ".join(words)


def _broken(chance: random.Random, said: str, kind: str) -> list[Piece]:
    """A number with something said in the middle of it, which is not taught either way."""
    words = said.split(" ")
    if kind in ("PERSON", "DATE", "AGE_90_PLUS", "EMAIL") or len(words) < 4 or chance.random() > 0.35:
        return [(said, kind)]
    place, what = chance.randrange(1, len(words)), chance.random()
    between = chance.choice(_FILLERS if what < 0.5 else _CORRECTIONS if what < 0.75 else _BREAKS)
    again = words[place - 1 : place] if 0.5 <= what < 0.75 else []
    return [
        (" ".join(words[:place]) + " ", kind),
        (between, UNTAUGHT),
        (" " + " ".join([*again, *words[place:]]), kind),
    ]


def _made_up(chance: random.Random) -> str:
    syllables = chance.choice((1, 2, 2, 3))
    return "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(syllables)) + chance.choice(_ENDS)


def _family(chance: random.Random) -> str:
    what = chance.random()
    if what < 0.72:
        return chance.choice(FAMILY)
    if what < 0.9:
        return _made_up(chance)
    if what < 0.95:
        return chance.choice(_WORD_SURNAMES)
    return chance.choice(FAMILY) + chance.choice(["-", " hyphen ", " "]) + chance.choice(FAMILY)


def _given(chance: random.Random) -> str:
    what = chance.random()
    if what < 0.62:
        return chance.choice(GIVEN)
    if what < 0.82:
        return chance.choice(EITHER)
    return _made_up(chance) if what < 0.94 else chance.choice(_NICKNAMES)


def _spelled(chance: random.Random, name: str) -> str:
    letters, how, said = [letter for letter in name if "a" <= letter <= "z"][:10], chance.random(), list[str]()
    for place, letter in enumerate(letters):
        example = _SPELLING[ord(letter) - ord("a")]
        if how < 0.25 and chance.random() < 0.5:
            said.append(f"{letter} as in {example}")
        elif how > 0.9:
            said.append(f"{letter} {chance.choice(['like', 'for'])} {example}")
        elif place + 1 < len(letters) and letters[place + 1] == letter and chance.random() < 0.4:
            said.append("double")
        else:
            said.append(letter)
    return " ".join(said)


def _name(chance: random.Random, old: str, before: str) -> str:
    words = old.lower().split()
    if len(words) > 1 and sum(len(word) == 1 for word in words) >= 0.6 * len(words):
        return _spelled(chance, chance.choice((_family, _given))(chance))
    if len(words) == 1 and len(words[0]) == 1:
        return old
    owner = "'s" if words[-1].endswith("'s") else ""
    titled = before.lower().split()[-1:] != [] and before.lower().split()[-1].strip(".") in _TITLES
    if len(words) == 1:
        named = _family(chance) if chance.random() < (0.7 if titled else 0.15) else _given(chance)
    elif len(words) == 3:
        middle = chance.choice([_given(chance), _family(chance), chance.choice("abcdefghjklmnprstw"), "de la", "van"])
        named = f"{_given(chance)} {middle} {_family(chance)}"
    else:
        named = " ".join([_given(chance), *(_family(chance) for _ in range(min(3, len(words) - 1)))])
    return named + owner


def _numbers(chance: random.Random, said: str, kind: str) -> str:
    return "".join(_number(chance, part, kind) for part in re.findall(r"[A-Za-z']+|\d+|[^A-Za-z\d]+", said))


def _number(chance: random.Random, part: str, kind: str) -> str:
    low, dated = part.lower(), kind in ("DOB", "DATE")
    if low in ("ninety", "nineties", "hundred", "thousand") or (dated and low in ("nineteen", "oh", "zero")):
        return part
    for words in (_UNITS[1:10] if dated or kind == "AGE_90_PLUS" else _UNITS, list(TEENS), list(TENS), sorted(MONTHS)):
        if low in words or (low in UNITS and words[0] in UNITS):
            return chance.choice(words)
    if low in ORDINALS:
        return chance.choice(_NINETY if kind == "AGE_90_PLUS" else sorted(ORDINALS))
    if part.isdecimal():
        return _written(chance, part, kind)
    if len(low) == 1 and low.isalpha() and kind in ("MRN", "MEMBER_ID"):
        letter = chance.choice("abcdefghjklmnpqrstuvwxyz")
        return letter.upper() if part.isupper() else letter
    if kind == "ADDRESS" and low.isalpha() and len(low) > 2 and low not in _PARTS:
        return chance.choice([chance.choice(FAMILY), _given(chance), _made_up(chance), part, chance.choice(_STREETS)])
    if kind == "EMAIL" and low.isalpha() and len(low) > 1 and low not in _MAIL:
        return chance.choice([chance.choice(GIVEN), chance.choice(FAMILY), part])
    return part


def _written(chance: random.Random, part: str, kind: str) -> str:
    if kind == "AGE_90_PLUS":
        return str(chance.choice([*range(90, 100), *range(90, 100), *range(100, 106)]))
    if kind in ("DOB", "DATE"):
        if len(part) < 3 and int(part) < 32:
            return str(chance.randint(1, 12) if int(part) < 13 else chance.randint(13, 28))
        return str(chance.randint(1924, 2008) if len(part) == 4 else chance.randint(25, 99))
    return "".join(chance.choice("0123456789") for _ in part)


def _slipped(chance: random.Random, text: str, kinds: list[str]) -> tuple[str, list[str]]:
    """A letter is lost from a word that is nobody's."""
    words = [word for word in re.finditer(r"[a-z]{5,}", text) if kinds[word.start()] == NOTHING]
    if not words or chance.random() > 0.15:
        return text, kinds
    word = chance.choice(words)
    place = word.start() + chance.randrange(1, len(word.group()) - 1)
    return text[:place] + text[place + 1 :], kinds[:place] + kinds[place + 1 :]


def _cased(chance: random.Random, text: str, kinds: list[str]) -> tuple[str, list[str]]:
    """As most recognisers write, as it was written, or as a careful one writes."""
    what = chance.random()
    if what < 0.55 and len(text.lower()) == len(text):
        kept = [
            (letter, kind)
            for letter, kind in zip(text.lower(), kinds, strict=True)
            if letter not in ",.!?;:" or kind not in (NOTHING, UNTAUGHT)
        ]
        return "".join(letter for letter, _ in kept), [kind for _, kind in kept]
    if what < 0.75:
        return text, kinds
    letters = list(text)
    for word in re.finditer(r"[A-Za-z']+", text):
        low, kind, start = word.group().lower(), kinds[word.start()], word.start()
        named = (kind == "PERSON" and len(low) > 1) or (kind == "DOB" and low in MONTHS)
        placed = kind == "ADDRESS" and len(low) > 2 and low not in {*UNITS, *TEENS, *TENS}
        begins = start == 0 or re.search(r"[.?!] $", text[max(0, start - 2) : start]) is not None
        upper = letters[start].upper()
        if (named or placed or begins or low == "i" or low.startswith("i'")) and len(upper) == 1:
            letters[start] = upper
    if chance.random() < 0.6 and letters and letters[-1].isalnum():
        return "".join([*letters, chance.choice(".?.")]), [*kinds, NOTHING]
    return "".join(letters), kinds

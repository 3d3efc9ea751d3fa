"""Numbers that identify: telephone, social security, record, member and card numbers, said or written.

What a number is called decides what it is ("my chart number is"); a long one that nobody named is taken out as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.announcing import ANNOUNCED, REACH, announced, named_after, of_a_thing
from policies.redacting.found import Found, Kind
from policies.redacting.lexis import Lexis
from policies.redacting.measures import measured
from policies.redacting.numerals import Run, Sort, numerals
from policies.redacting.words import Word, at

FULL: Final = {Kind.SSN: 9, Kind.PHONE: 10, Kind.CARD: 16}
"""Digits of a whole number: one that was begun goes on until then."""
GOES_ON: Final = 12  # words between the parts of a number that goes on: "hold on my glasses"
LONGEST_LINK: Final = 12  # words between parts of a number that is named at its end
LONG: Final = 7  # digits from which a number that nobody named is taken out
WHOLE_CARD: Final = 14  # digits that nothing else has
SHORT: Final = 4  # digits from which those said one by one are taken out
LONG_MIXED: Final = 5  # digits, where letters are among them

# A number measures something if one of these stands before it in its clause.
_MEASURED: Final = frozenset(
    """pressure pulse sugar sugars glucose temperature temp fever oxygen sat sats saturation rate weight weigh weighs
    weighed inr hemoglobin potassium sodium creatinine platelets cholesterol cell count reading readings bp level
    levels ox heart a1c dose doses milligrams page room step steps day days channel press flow error bottle bottles
    pain scale size oximeter minutes between percent wbc hematocrit ldl hdl tsh score degrees pounds systolic
    diastolic""".split()
) - frozenset({"cell"})
_CLAUSE: Final = frozenset(". ? ! ;".split())
_TALK: Final = frozenset("dollars bucks owe pay paid costs cost $".split())


def identifiers(words: Sequence[Word], lexis: Lexis, skipped: set[int]) -> list[Found]:
    """All identifying numbers, in order.  skipped: places that belong to something else already."""
    low = [word.low for word in words]
    found: list[Found] = []
    begun: tuple[Kind, int, int] | None = None  # kind, digits so far, where it stopped
    passed: list[Run] = []  # short ones that nobody named, right before
    for run in numerals(words, skipped):
        kind = _kind(words, low, run, begun)
        if kind is None:
            short = (
                1 < len(run.digits) < SHORT
                and at(low, run.first - 1) not in ("after", "at", "by", "about", "around", "before")
                and run.singly > 0.5
                and not measured(low, run.end)
                and run.digits != "911"
            )
            passed = [*passed, run] if short else []
            continue
        so_far = len(run.digits) + (begun[1] if begun is not None and begun[0] is kind else 0)
        whole = FULL.get(kind)
        for early in reversed(passed):
            if whole is None or run.first - early.end > LONGEST_LINK or so_far + len(early.digits) > whole:
                break
            if any(word in (",", ".", "and") or word.isalpha() for word in low[early.end : early.end + 1]):
                found.append(Found(early.first, early.end, kind))
                so_far += len(early.digits)
        passed = []
        found.append(Found(_first(low, run, kind, lexis), run.end, kind))
        if whole is not None and so_far >= whole:
            begun = None
        elif whole is not None or begun is None or run.first - begun[2] > GOES_ON:
            begun = (kind, so_far, run.end)
    return sorted(found, key=lambda one: one.first)


def _first(low: Sequence[str], run: Run, kind: Kind, lexis: Lexis) -> int:
    """With the "capital" of its first letter."""
    first = run.first
    before = at(low, first - 1)
    prefix = kind in (Kind.MEMBER_ID, Kind.MRN) and before.isalpha() and 1 < len(before) <= LONGEST_PREFIX
    if prefix and before not in _ANNOUNCING and (before == "mr" or not lexis.plain(before) or before in ANNOUNCED):
        first -= 1
    while at(low, first - 1) in ("capital", "uppercase", "letter", "plus", "+", "("):
        first -= 1
    return first


LONGEST_PREFIX: Final = 4  # letters: "uhc two two oh"
_ANNOUNCING: Final = frozenset("mrn ssn dob id ids is no num acct case bin rx card plan".split())


PUBLIC_LINES: Final = frozenset("911 988 18007848669 18002221222".split())
"""Emergency, crisis, the national quit line, poison control: everybody's."""


def _kind(words: Sequence[Word], low: Sequence[str], run: Run, begun: tuple[Kind, int, int] | None) -> Kind | None:
    count = len(run.digits)
    if (run.digits in PUBLIC_LINES and not run.letters) or of_a_thing(low, run.first):
        return None
    measures = measured(low, run.end) or at(low, run.first - 1) == "$" or _pointed(words, low, run)
    if measures and (count < LONG or run.singly < 0.6):
        return None
    named, distance = announced(low, run)
    read = _read(low, run, distance)
    if named is not None and not read and count + run.letters >= named[1]:
        return _settled(named[0], run, low)
    if begun is not None and run.first - begun[2] <= GOES_ON and _goes_on(low, run, begun, named):
        return begun[0]
    later = named_after(low, run)
    if later is not None and not read and count >= 2 and (run.singly > 0.4 or count > SHORT):
        return later
    return None if read and (count < 9 or run.singly < 0.7) else _unnamed(words, low, run)


def _settled(kind: Kind, run: Run, low: Sequence[str]) -> Kind:
    """A generic announcement is overruled by the number's own shape."""
    count = len(run.digits)
    near = low[max(0, run.first - REACH) : run.first]
    generic = next((word for word in reversed(near) if word in ANNOUNCED and word not in ("four", "last", "no")), "")
    if kind is Kind.PHONE and generic in ("number", "numbers") and (count > 11 or run.letters):
        return Kind.CARD if count >= 14 and not run.letters else Kind.MEMBER_ID
    if kind is Kind.CARD and (run.letters or 8 <= count <= 12) and "card" in near:
        return Kind.MEMBER_ID if run.letters else kind
    return kind


def _goes_on(low: Sequence[str], run: Run, begun: tuple[Kind, int, int], named: tuple[Kind, int] | None) -> bool:
    whole = FULL.get(begun[0])
    between = low[begun[2] : run.first]
    if whole is None:
        return (
            len(between) <= 5
            and len(run.digits) >= 2
            and "then" in between
            and run.singly > 0.5
            and not set(between) & _MEASURED
        )
    if begun[1] + len(run.digits) > whole + 3 or set(between) & (_MEASURED | _TALK | {"milligrams", "take", "took"}):
        return False
    if (
        named is not None
        and named[0] is not begun[0]
        and set(between) & set(ANNOUNCED) - {"no", "four", "last", "number", "call"}
    ):
        return False
    return run.singly > 0.5 or len(run.digits) >= 3


def _unnamed(words: Sequence[Word], low: Sequence[str], run: Run) -> Kind | None:
    """Digits said one by one are an identifier from four on: nobody reads a measurement so."""
    count = len(run.digits)
    if any(one.sort is Sort.LARGE for one in run.atoms) and count < 10:
        return None
    if run.letters and count + run.letters > LONG_MIXED and count >= 3 and run.singly > 0.6:
        return Kind.MEMBER_ID
    if count < LONG:
        plain = run.singly > 0.6 and count >= SHORT and not _year(run) and not (run.letters and count < 4)
        return Kind.MRN if plain or _dashed(words, run) or (count >= SHORT and _alone(words, low, run)) else None
    if (
        run.singly < 0.5
        and count < WHOLE_CARD
        and not (count == 7 and run.atoms[0].sort is not Sort.GROUP)
        and not _alone(words, low, run)
    ):
        return None
    if count == 9:
        return Kind.SSN
    if 13 <= count <= 19:
        return Kind.CARD
    return Kind.PHONE if count in (7, 10, 11) else Kind.MRN


def _year(run: Run) -> bool:
    """ "since 2019", "in 1998": a year, or a round number of something."""
    return len(run.atoms) == 1 and (
        (run.digits[:2] in ("19", "20") and len(run.digits) == 4) or run.digits.endswith("00")
    )


def _alone(words: Sequence[Word], low: Sequence[str], run: Run) -> bool:
    """The text is an answer: the number and hardly a word beside it."""
    rest = [word for place, word in enumerate(low) if not run.first <= place < run.end and words[place].letters]
    return len(rest) <= 6 and all(word in _ANSWERING for word in rest)


_ANSWERING: Final = frozenset(
    """um uh yes yeah sure okay ok it is 's that that's it's its so well let me see and i think oh right hi hello no
    sorry ready here go thanks thank you please the my ma'am sir alright correct""".split()
)


def _dashed(words: Sequence[Word], run: Run) -> bool:
    """Written "555-0123"."""
    texts = [atom.text for atom in run.atoms]
    return [len(text) for text in texts] == [3, 4] and words[run.first + 1].low == "-" and words[run.first + 1].glued


def _pointed(words: Sequence[Word], low: Sequence[str], run: Run) -> bool:
    """A decimal, or a part of one: "seven point two", "7.2"."""
    if at(low, run.first - 1) in ("point",):
        return True
    if at(low, run.end) == "point":
        return True
    atoms = run.atoms
    return (
        len(atoms) == 2
        and [atom.sort for atom in atoms] == [Sort.WRITTEN, Sort.WRITTEN]
        and low[atoms[0].end] == "."
        and words[atoms[0].end].glued
        and words[atoms[1].first].glued
        if len(atoms) == 2 and atoms[0].end < atoms[1].first
        else False
    )


def _read(low: Sequence[str], run: Run, distance: int) -> bool:
    """Something that is measured is spoken of, nearer than what announces a number."""
    for step in range(run.first - 1, max(-1, run.first - 1 - 8), -1):
        if low[step] in _CLAUSE:
            return False
        if low[step] in _MEASURED:
            return run.first - step < distance
    return False

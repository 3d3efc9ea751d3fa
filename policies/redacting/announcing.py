"""What a number is called: "my chart number is", "... is the last four of my social"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.found import Kind
from policies.redacting.numerals import Run
from policies.redacting.words import at

# What announces a number, and from how many digits on it is believed; the nearest before the number counts.
ANNOUNCED: Final[dict[str, tuple[Kind, int]]] = {
    **dict.fromkeys("social socials ssn ssns ss soc".split(), (Kind.SSN, 2)),
    **dict.fromkeys("mrn chart charts record records wristband bracelet account accounts acct".split(), (Kind.MRN, 3)),
    **dict.fromkeys(
        "invoice claim reference confirmation authorization case ticket visit encounter".split(), (Kind.MRN, 4)
    ),
    **dict.fromkeys("statement patient".split(), (Kind.MRN, 4)),
    **dict.fromkeys(
        """member membership subscriber policy group medicare medicaid medigap insurance plan aetna cigna humana
        anthem kaiser molina tricare uhc united bluecross coverage beneficiary mbi payer hmo ppo supplement
        advantage""".split(),
        (Kind.MEMBER_ID, 3),
    ),
    **dict.fromkeys("id identification ids identifier license licence passport".split(), (Kind.MEMBER_ID, 3)),
    **dict.fromkeys("visa mastercard amex discover debit prepaid".split(), (Kind.CARD, 4)),
    **dict.fromkeys("card cards cc".split(), (Kind.CARD, 4)),
    **dict.fromkeys(
        "phone cell mobile landline telephone callback fax pager extension voicemail".split(), (Kind.PHONE, 2)
    ),
    **dict.fromkeys("number numbers num no".split(), (Kind.PHONE, 4)),
    **dict.fromkeys("call reach text dial contact ring".split(), (Kind.PHONE, 7)),
    **dict.fromkeys("digits four last".split(), (Kind.SSN, 99)),
    **dict.fromkeys("ending ends".split(), (Kind.CARD, 4)),
    **dict.fromkeys(("suffix", "prefix"), (Kind.MEMBER_ID, 2)),
    **dict.fromkeys("zip zipcode".split(), (Kind.ADDRESS, 3)),
}
_PHRASES: Final[dict[tuple[str, ...], tuple[Kind, int]]] = {
    ("area", "code"): (Kind.PHONE, 3),
    ("s", "s", "n"): (Kind.SSN, 2),
    ("s", "s"): (Kind.SSN, 3),
    ("m", "r", "n"): (Kind.MRN, 3),
    ("m", "r"): (Kind.MRN, 3),
    ("patient", "number"): (Kind.MRN, 3),
    ("patient", "id"): (Kind.MRN, 3),
    ("hospital", "number"): (Kind.MRN, 3),
    ("i", "d"): (Kind.MEMBER_ID, 3),
    ("i", ".", "d"): (Kind.MEMBER_ID, 3),
    ("blue", "cross"): (Kind.MEMBER_ID, 3),
    ("blue", "shield"): (Kind.MEMBER_ID, 3),
    ("american", "express"): (Kind.CARD, 4),
    ("phone", "number"): (Kind.PHONE, 3),
    ("my", "number"): (Kind.PHONE, 3),
    ("our", "number"): (Kind.PHONE, 3),
    ("his", "number"): (Kind.PHONE, 3),
    ("her", "number"): (Kind.PHONE, 3),
    ("'s", "number"): (Kind.PHONE, 3),
    ("back", "number"): (Kind.PHONE, 3),
    ("home", "number"): (Kind.PHONE, 3),
    ("work", "number"): (Kind.PHONE, 3),
    ("reach", "me"): (Kind.PHONE, 3),
    ("call", "me"): (Kind.PHONE, 5),
    ("security", "code"): (Kind.CARD, 3),
    ("last", "four"): (Kind.SSN, 4),
    ("last", "4"): (Kind.SSN, 4),
    ("verify", "me"): (Kind.SSN, 4),
}
REACH: Final = 12  # words between an announcement and its number
AFTER: Final = 9  # words after a number in which it may still be named: "seven seven oh two of my social"
_CLAUSE: Final = frozenset(". ? ! ;".split())
_GENERIC: Final = frozenset(
    "ending ends number numbers num no card cards call reach text dial id ids id identification insurance plan".split()
)
_LINKS: Final = frozenset(
    """those these what i have on file right here there it them would be were number numbers is are was 's of my the
    for that that's it its it's and , yeah yes full his her our mine as on last four digits all whole thing an
    american a""".split()
)


def announced(low: Sequence[str], run: Run) -> tuple[tuple[Kind, int] | None, int]:
    """The nearest announcement before the number, and how many words away; a specific one beats a generic one."""
    generic: tuple[tuple[Kind, int], int] | None = None
    for step in range(run.first - 1, max(-1, run.first - 1 - REACH), -1):
        if low[step] in (".", "?", "!", ";") and step < run.first - 3 and generic is None and run.first - step > 8:
            break
        for length in (3, 2):
            phrase = _PHRASES.get(tuple(low[step : step + length]))
            if phrase is not None and step + length <= run.first:
                if low[step] == "last":
                    generic = generic or (phrase, run.first - step)
                    break
                if phrase[0] is Kind.PHONE and "number" in low[step : step + length]:
                    generic = generic or (phrase, run.first - step)
                    if low[step] in ("phone", "back"):
                        return phrase, run.first - step
                    break
                return phrase, run.first - step
        one = ANNOUNCED.get(low[step])
        if (
            one is None
            or one[1] == 99
            or (low[step] == "no" and at(low, step - 1) not in ("account", "member", "phone"))
        ):
            continue
        if low[step] == "patient" and at(low, step + 1) != "number":
            continue
        if (
            low[step]
            in ("group", "plan", "visit", "case", "united", "supplement", "advantage", "coverage", "card", "cards")
            and run.first - step > 8
        ):
            continue
        if low[step] in _GENERIC:
            if generic is None or (
                generic[0][0] is Kind.PHONE and one[0] is not Kind.PHONE and run.first - step - generic[1] < 3
            ):
                generic = (one, run.first - step)
            continue
        if generic is not None and generic[1] + 5 < run.first - step and generic[0][1] < 4:
            return generic
        return one, run.first - step
    return generic if generic is not None else (None, REACH)


_THINGS: Final = frozenset("lot batch model ndc".split())
THING_REACH: Final = 8  # words between "lot number" and the number
_ITS_NUMBER: Final = frozenset("number numbers no num code #".split())


def of_a_thing(low: Sequence[str], first: int) -> bool:
    """ "batch number so and so": it is on every box of the lot, and nobody's own; nothing else is announced."""
    for step in range(first - 1, max(-1, first - 1 - THING_REACH), -1):
        if low[step] in _CLAUSE:
            return False
        if low[step] in _ITS_NUMBER and at(low, step - 1) in _THINGS:
            return True
        if low[step] in ANNOUNCED and low[step] not in _GENERIC:
            return False
    return False


def named_after(low: Sequence[str], run: Run) -> Kind | None:
    """ "seven seven oh two is the last of my social", "... mastercard thanks"."""
    for step in range(run.end, min(len(low), run.end + AFTER)):
        if low[step] in _CLAUSE and step > run.end:
            break
        one = ANNOUNCED.get(low[step])
        if (
            one is None
            or one[1] == 99
            or low[step] in ("no", "call", "text", "number", "numbers", "four", "reach", "card")
        ):
            continue
        if low[step] in (
            "plan",
            "group",
            "visit",
            "case",
            "record",
            "united",
            "insurance",
            "statement",
            "patient",
            "ring",
            "claim",
            "contact",
        ):
            continue
        between = low[run.end : step]
        if all(word in _LINKS for word in between) and len(run.digits) >= 3:
            return one[0]
    return None

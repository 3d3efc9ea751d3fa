"""What speaks against an age: a number from ninety on that was read off a meter, prescribed, counted or judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from policies.redacting.counting import ORDINALS, cardinal
from policies.redacting.lexis import WEEKDAYS, Lexis
from policies.redacting.words import Word, at, phrases

REACH: Final = 9  # words before the number in which a person or a reading is spoken of
AHEAD: Final = 4  # words after it
FEVER_REACH: Final = 5  # words after the number
ASKED: Final = 5  # words before the number in which its age is asked for or announced: "how old, well, i'm"
RARE: Final = 110  # hardly anybody lives longer: from here on it is an age only where one is spoken of
ROW: Final = 3  # numbers in a row from which they are readings
READINGS: Final = frozenset(
    """oxygen o2 sat sats saturation pulse rate pressure sugar sugars glucose temperature temp fever weight weigh
    weighs weighed reading readings level levels ox stat stats bp bpm spo2 resting diastolic systolic blood inr
    potassium creatinine hemoglobin platelets cholesterol ldl score dose milligrams percent room meter monitor
    humidity highway route interstate channel page dropped drops drop liters oximeter machine cuff fasting""".split()
)
"""Spoken of near by: the number is read off a meter or a page."""
UNITS: Final = frozenset(
    """percent % over point degrees degree pounds pound lbs milligrams milligram mg mcg units unit days day hours hour
    minutes minute weeks week months month times feet inches miles dollars bucks beats per ml cc ccs ounces liters
    liter calories steps pills tablets kilos kg grams / out saturation fahrenheit systolic diastolic heart pulse
    percentile reps seconds cents sats bpm twice once daily bid tid qid nightly""".split()
)
"""After the number: it measures something."""
AGEING: Final = frozenset(
    """turned turns turning turn aged age ages birthday birthdays old young year-old yr yrs yo nineties pushing
    approaching""".split()
)
METERS: Final = frozenset(
    """oxygen oximeter meter cuff machine saturation liters liter sat sats percent monitor thermometer scale test
    cannula""".split()
)
_YEARS: Final = frozenset("old young year years birthday".split())
_ASKED: Final = frozenset("age aged old".split())
_NOT_BEFORE: Final = frozenset(
    """number gauge size take took takes taking room number's bed step with by until than under above below
    between times near dial dialed press stage level type lost gained owe paid pay drank ate walked do did does count
    counted scored manage managed got get exit channel page route""".split()
)
_HEDGES: Final = frozenset(
    "like about around maybe almost nearly only just roughly exactly up usually normally".split()
)
# "they upped me to a hundred": a dose or a limit; "lived to be", "close to" and "made it to" are ages.
_TOWARDS: Final = frozenset("lived live lives made make makes close closer near way next live survived".split())
_ONWARDS: Final = frozenset("going goin closing coming gone getting".split())  # "going on ninety five"
_LOOKS: Final = frozenset("shape bad good great young well spry sharp strong old nice".split())  # "not bad for ninety"
_STANDING: Final = frozenset(
    "is 's 'm 're am are was were stays stay sits sitting runs running hovering i'm she's".split()
)
_ALARMS: Final = frozenset("worry worried call beep beeps alarm alarms start starts".split())
_KEPT: Final = frozenset("keep keeps kept set".split())  # "keep the room at ninety"
_OWNED: Final = frozenset("his hers mine yours theirs".split())  # "hers is ninety eight"
# "what if it goes over a hundred"
_LIMITS: Final = frozenset("over past beyond exceeds hits reaches".split())
_CONDITIONS: Final = frozenset("if when whenever anything unless goes keep stays call until".split())
_JUDGED: Final = frozenset("high low normal dangerous elevated".split())
_FIGURES: Final = phrases("is that | that 's | which is | is this")
_HABITUAL: Final = frozenset("usually normally sometimes mostly generally fasting typically".split())
_CHILLS: Final = frozenset("chills shivering shivers sweats".split())
_POSTURES: Final = frozenset("sitting lying standing walking resting laying".split())
_WHEN: Final = phrases("this morning | this afternoon | this evening | last night | tonight | yesterday | earlier")
_AGAIN: Final = phrases("day after | days after")  # "she'll be ninety day after tomorrow": no unit
_SMALLER: Final = frozenset("twenty thirty forty fifty sixty seventy".split())
_JOINING: Final = frozenset("and then or , to a".split())
_FEVERS: Final = frozenset("fever feverish burning temperature temp thermometer fahrenheit".split())
_ANOTHER: Final = frozenset("my his her their our but she he i".split())  # "i'm ninety, my temperature is"
_BESIDE: Final = frozenset(
    "um uh just well only now still also probably already really like must might may will would going to be".split()
)
_STILL: Final = frozenset("at about around over up to like almost nearly".split())
_CLAUSE: Final = frozenset(". ? ! ;".split())


def gauged(words: Sequence[Word], low: Sequence[str], place: int, end: int, lexis: Lexis) -> bool:
    """The number in words `place` up to `end` is no age, whoever is spoken of."""
    if aged(low, place, end):
        return False
    if at(low, end) in ORDINALS:
        end += 1
    return (
        feverish(low, place, end)
        or unit_follows(low, end)
        or (at(low, end) == "of" and lexis.medical(at(low, end + 1)))
        or _limited(low, place)
        or _judged(low, place, end)
        or _momentary(low, place, end)
        or _in_a_row(words, low, place, end)
        or _in_a_diary(low, place)
    )


def aged(low: Sequence[str], place: int, end: int) -> bool:
    """An age is spoken of right beside it."""
    before = low[max(0, place - ASKED) : place]
    asked = not _ASKED.isdisjoint(before) and READINGS.isdisjoint(before)
    return asked or not _YEARS.isdisjoint(low[end : end + 3]) or at(low, place - 1) in ("turned", "turning")


def unit_follows(low: Sequence[str], end: int) -> bool:
    """It measures something: "ninety day supply", but not "she'll be ninety day after tomorrow"."""
    return at(low, end) in UNITS and tuple(low[end : end + 2]) not in _AGAIN


def feverish(low: Sequence[str], place: int, end: int) -> bool:
    """A temperature: "is ninety nine a fever", "it was ninety nine this morning"."""
    after = low[end : end + FEVER_REACH]
    same = next((step for step, word in enumerate(after) if word in _ANOTHER), len(after))
    if not _FEVERS.isdisjoint(low[max(0, place - REACH) : place]) or not _FEVERS.isdisjoint(after[:same]):
        return _YEARS.isdisjoint(low[end : end + 3])
    here = place
    while here > 0 and low[here - 1] in _BESIDE | _STILL:
        here -= 1
    if at(low, here) == "be" and at(low, here - 1) in ("it", "that", "mine"):
        return True
    return at(low, here - 2) in ("it", "that", "mine") and at(low, here - 1) in (
        "is",
        "was",
        "'s",
        "read",
        "reads",
        "said",
        "says",
        "went",
        "hit",
    )


def _limited(low: Sequence[str], place: int) -> bool:
    """What stands before it governs a dose, a count or a limit: "cut me to", "on a hundred of", "if i'm over"."""
    here = place
    while here > 0 and low[here - 1] in _HEDGES:
        here -= 1
    last, before = at(low, here - 1), low[max(0, here - REACH) : here]
    if last == "to":
        return _TOWARDS.isdisjoint(before) and before[-2:] not in (["got", "to"], ["get", "to"], ["gets", "to"])
    if last == "on":
        return _ONWARDS.isdisjoint(before)
    if last == "for":
        return at(low, here - 2) not in _LOOKS
    if last == "at":
        return at(low, here - 2) in _STANDING | _ALARMS or not _KEPT.isdisjoint(before[-5:])
    if last in ("is", "was") and (before[-2:-1] == ["'s"] or at(low, here - 2) in _OWNED):
        return True
    if last in _LIMITS:
        return not _CONDITIONS.isdisjoint(before[-6:])
    return last in _NOT_BEFORE or (last in ("a", "the") and at(low, place) == "ninety")


def _judged(low: Sequence[str], place: int, end: int) -> bool:
    """ "is a hundred and one too high", "ninety is low", "is ninety five okay": a question about a figure."""
    begins = place < 2 or low[place - 2] in _CLAUSE
    asked = [low[here + 2 :] for here in range(end, end + 4) if tuple(low[here : here + 2]) in _FIGURES]
    return (
        any(not _JUDGED.isdisjoint(rest[:2]) for rest in asked)
        or at(low, place - 1 - (at(low, place - 1) == "a")) in _JUDGED
        or not _JUDGED.isdisjoint(low[end : end + 2])
        or (at(low, end + 1) in _JUDGED and at(low, end) in ("is", "'s", "that", "too"))
        or (at(low, place - 1) in ("is", "was") and begins and end < len(low))
    )


def _momentary(low: Sequence[str], place: int, end: int) -> bool:
    """True of a moment or as a habit, as no age is: "she was ninety six this morning", "i'm usually ninety five"."""
    before, after = low[max(0, place - 4) : place], low[end : end + 3]
    if after[:1] and (after[0] in _POSTURES or after[:2] == ["room", "air"] or after[:3] == ["on", "room", "air"]):
        return True
    if "been" in before:
        return after[:1] in (["since"], ["all"]) or after[:2] == ["for", "the"]
    chilled = not _CHILLS.isdisjoint(low[end : end + AHEAD])
    return chilled or not _HABITUAL.isdisjoint(before) or any(tuple(after[: len(one)]) == one for one in _WHEN)


def _in_a_row(words: Sequence[Word], low: Sequence[str], place: int, end: int) -> bool:
    """One of several figures: "ninety four ninety six ninety five", "monday ninety two tuesday a hundred"."""
    if at(low, place - 1) == "or" and any(
        _number_to(words, low, place - step, place) and low[place - step] in _SMALLER for step in (2, 3)
    ):
        return True  # "thirty or ninety"
    first, count = place, 1
    while first > 0 and count < ROW:
        before = next((step for step in range(1, 6) if _number_to(words, low, first - step, first)), None)
        if before is None:
            break
        first, count = first - before, count + 1
    while count < ROW:
        while at(low, end) in _JOINING and at(low, end) != "a":
            end += 1
        following = cardinal(words, end)
        if following is None or following[0] < 20:
            break
        end, count = following[1], count + 1
    return count >= ROW


def _number_to(words: Sequence[Word], low: Sequence[str], start: int, end: int) -> bool:
    """A whole number stands from `start` on, and but for what joins numbers nothing else up to `end`."""
    if start < 0 or low[start] in ("and", ","):
        return False
    number = cardinal(words, start)
    return number is not None and number[0] >= 20 and number[1] <= end and set(low[number[1] : end]) <= _JOINING


def _in_a_diary(low: Sequence[str], place: int) -> bool:
    """Right after a weekday, where another weekday is spoken of."""
    here = place - 1
    return (
        at(low, here) in WEEKDAYS
        and sum(word in WEEKDAYS for word in low[max(0, here - 2 * REACH) : place + REACH]) > 1
        and at(low, here - 1) not in ("turned", "on", "be")
    )

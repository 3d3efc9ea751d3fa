"""Measured values in what a caller says: spoken numbers as values, and the bounds they are judged against.

"one oh one point two", "one ninety over one ten", "101.2", "190/110": the measure comes from the words around a number
or from its unit.  What cannot be a value of its measure is none.  A value that is a goal, long past, denied or somebody
else's history is not judged.  Bounds are a file that a clinician reads (`rules/numbers.toml`).  Pure.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from policies.context import Context, Meant
from policies.plain import plain
from policies.redacting.counting import DECADES, DIGITS, TEENS
from policies.urgency import Urgency


class Measure(enum.Enum):
    """What is measured, in the unit in which it is judged."""

    TEMPERATURE = "temperature"
    """Degrees Fahrenheit."""
    GLUCOSE = "glucose"
    """Milligrams a deciliter."""
    BLOOD_PRESSURE = "blood_pressure"
    """Both numbers; judged as the next two."""
    SYSTOLIC = "systolic"
    """Millimeters of mercury."""
    DIASTOLIC = "diastolic"
    OXYGEN = "oxygen"
    """Saturation in percent."""
    HEART_RATE = "heart_rate"
    """Beats a minute."""
    GAIN_DAY = "weight_gain_day"
    """Pounds gained within two days."""
    GAIN_WEEK = "weight_gain_week"
    """Pounds gained within a week."""


UNITS: Final[Mapping[Measure, str]] = {
    Measure.TEMPERATURE: "F",
    Measure.GLUCOSE: "mg/dL",
    Measure.SYSTOLIC: "mmHg",
    Measure.DIASTOLIC: "mmHg",
    Measure.OXYGEN: "%",
    Measure.HEART_RATE: "beats/min",
    Measure.GAIN_DAY: "lb",
    Measure.GAIN_WEEK: "lb",
}
"""The unit that a bound of each measure is written in."""

PLAUSIBLE: Final[Mapping[Measure, tuple[float, float]]] = {
    Measure.TEMPERATURE: (90, 110),
    Measure.GLUCOSE: (20, 900),
    Measure.SYSTOLIC: (50, 290),
    Measure.DIASTOLIC: (25, 190),
    Measure.OXYGEN: (50, 100),
    Measure.HEART_RATE: (20, 260),
    Measure.GAIN_DAY: (0, 40),
    Measure.GAIN_WEEK: (0, 60),
}
"""What a device at home can show of a living person; anything else was misheard or is of another measure."""
CELSIUS: Final = (32, 43)  # a temperature without a unit is Celsius here and Fahrenheit from 90 on
POUNDS_A_KILO: Final = 2.205  # NIST Handbook 44, appendix C
NEAR: Final = 10  # words before a number in which its measure is named
BESIDE: Final = 4  # words after it


class Compare(enum.Enum):
    """Which side of a bound is the wrong one."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that a person should hear of."""

    id: str
    measure: Measure
    unit: str
    compare: Compare
    bound: float
    urgency: Urgency
    owner: str
    source: str
    must: Sequence[str]
    must_not: Sequence[str]

    def crossed(self, value: float) -> bool:
        match self.compare:
            case Compare.AT_LEAST:
                return value >= self.bound
            case Compare.AT_MOST:
                return value <= self.bound
            case Compare.ABOVE:
                return value > self.bound
            case Compare.BELOW:
                return value < self.bound


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value."""

    measure: Measure
    value: float
    lower: float | None = None
    """The second number of a blood pressure."""

    @property
    def spoken(self) -> str:
        """In digits, as it is read back: "101.2", "190 over 110"."""
        return f"{self.value:g}" if self.lower is None else f"{self.value:g} over {self.lower:g}"

    def parts(self) -> Sequence[tuple[Measure, float]]:
        """What is judged, each by the bounds of its own measure."""
        if self.measure is Measure.BLOOD_PRESSURE and self.lower is not None:
            return ((Measure.SYSTOLIC, self.value), (Measure.DIASTOLIC, self.lower))
        return ((self.measure, self.value),)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds in force, and the words that make a number a goal, an earlier value or a denied one."""

    bounds: Sequence[Bound]
    goal: re.Pattern[str]
    earlier: re.Pattern[str]
    denied: re.Pattern[str]
    latest: re.Pattern[str]
    """Between two values of one measure: the first is over, the second is what holds."""

    def judge(self, words: str, context: Context) -> Bound | None:
        """The most urgent bound that a value in a turn crosses, if the value is meant as there now."""
        text = read_text(words)
        found = list(_found(text))
        crossed = [
            bound
            for at, one in enumerate(found)
            if not self._quiet(text, one, context)
            and not any(self._replaced(text, one, later) for later in found[at + 1 :])
            and (bound := self.crossed(one.reading)) is not None
        ]
        return max(crossed, key=lambda bound: bound.urgency, default=None)

    def crossed(self, reading: Reading) -> Bound | None:
        """The most urgent bound that it crosses."""
        crossed = [
            bound
            for measure, value in reading.parts()
            for bound in self.bounds
            if bound.measure is measure and bound.crossed(value)
        ]
        return max(crossed, key=lambda bound: bound.urgency, default=None)

    def without(self, bound_id: str) -> Bounds:
        """All but one, to show what it is there for."""
        return replace(self, bounds=tuple(bound for bound in self.bounds if bound.id != bound_id))

    def _quiet(self, text: str, one: _Found, context: Context) -> bool:
        before = _words_before(text, one.start)
        if self.goal.search(before) or self.denied.search(before):
            return True
        meant = context.meant(text, one.start, one.end)
        if meant not in (Meant.PRESENT, Meant.DENIED):  # a number is denied by what stands right before it alone
            return True
        around = before + text[one.start :]
        return self.earlier.search(around) is not None and context.present.search(around) is None

    def _replaced(self, text: str, one: _Found, later: _Found) -> bool:
        same = {part for part, _ in one.reading.parts()} & {part for part, _ in later.reading.parts()}
        return bool(same) and self.latest.search(" " + text[one.end : later.end] + text[later.end :][:6]) is not None


@dataclass(frozen=True, slots=True)
class _Found:
    reading: Reading
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Number:
    value: float
    start: int
    end: int
    """After the space that follows it."""
    next_unit: int | None
    """A single digit right behind it: "ninety eight six"."""


_UNIT: Final = DIGITS | {"oh": 0, "o": 0}
LONGEST_DIGITS: Final = 4

_CUES: Final[tuple[tuple[Measure, str], ...]] = (
    (Measure.OXYGEN, "oxygen|o2|sat|sats|stats|saturation|pulse ox|pulse oximeter|oximeter|spo2|ox|pulse oxygen"),
    (Measure.TEMPERATURE, "temperature|temp|fever|thermometer"),
    (Measure.GLUCOSE, "sugar|sugars|glucose|glucometer"),
    (Measure.HEART_RATE, "heart rate|pulse|pulse rate|heartbeat|heart beat|heart is (?:beating|going|racing)"),
    (Measure.DIASTOLIC, "bottom number|diastolic|lower number"),
    (Measure.SYSTOLIC, "pressure|bp|systolic|top number|upper number"),
)
_CUE: Final = tuple((measure, re.compile(f"(?<= )(?:{ways}) ")) for measure, ways in _CUES)
_AFTER: Final[tuple[tuple[Measure, re.Pattern[str]], ...]] = (
    (Measure.TEMPERATURE, re.compile("(?:degrees?|fahrenheit|celsius|centigrade) ")),
    (Measure.HEART_RATE, re.compile("(?:beats|bpm) ")),
)
_OF_ANOTHER: Final = re.compile(  # what follows a number that is no value of these measures
    "(?:units?|milligrams?|mgs?|micrograms?|grams?|years?|hours?|days?|weeks?|months?|minutes?|times?|pills?|tablets?"
    "|liters?|steps|am|pm|a m|p m|puffs?|times|doses?|o clock|oclock|millimoles?|pounds?|percent of) "
)
_CELSIUS: Final = re.compile("(?:degrees )?(?:celsius|centigrade|c) ")
_OVER: Final = re.compile("over ")
_GAINED: Final = re.compile(
    "(?<= )(?:gained|gain|gaining|put on|heavier by|up|gone up|went up|jumped|more) (?:[a-z]+ ){0,3}$"
)
_HEAVIER: Final = re.compile("(?:pounds?|lbs?|kilos?|kilograms?) (?:heavier|up|more)")
_POUNDS: Final = re.compile("(?:pounds?|lbs?) ")
_KILOS: Final = re.compile("(?:kilos?|kilograms?|kgs?) ")
_DAY: Final = re.compile(
    "(?<= )(?:overnight|yesterday|last night|(?:a|one|1|two|2|couple of) (?:days?|nights?)|24 hours|48 hours"
    "|twenty four hours|forty eight hours|a day) "
)
_WEEK: Final = re.compile(
    "(?<= )(?:a week|one week|this week|the week|last week|since (?:last )?(?:sunday|monday|tuesday|wednesday|thursday"
    "|friday|saturday|week)|(?:three|four|five|six|seven|few|3|4|5|6|7) days) "
)
_LONGER: Final = re.compile("(?<= )(?:months?|years?|holidays?|vacation|christmas|thanksgiving|pregnan[a-z]+|weeks) ")


def read_text(words: str) -> str:
    """The form in which numbers are read: `plain` between spaces, a slash between numbers as "over"."""
    return f" {plain(re.sub(r'(?<=[0-9]) ?/ ?(?=[0-9])', ' over ', words).replace('%', ' percent '))} "


def readings(words: str) -> list[Reading]:
    """Every value in a turn whose measure is said, in order."""
    return [one.reading for one in _found(read_text(words))]


def answering(words: str, measure: Measure) -> Reading | None:
    """The value in the answer to a question for this measure, which need not name it; the last one that may be it."""
    text = read_text(words)
    named = [one.reading for one in _found(text) if one.reading.measure is measure]
    if named:
        return named[-1]
    numbers = list(_numbers(text))
    if measure is Measure.BLOOD_PRESSURE:
        pairs = [_pressure(first.value, second.value) for first, second in pairwise(numbers)]
        return next((pair for pair in reversed(pairs) if pair is not None), None)
    values = [_value(measure, number, text) for number in numbers]
    return next((value for value in reversed(values) if value is not None), None)


def typed(keys: str, measure: Measure) -> Reading | None:
    """The value that keys give: digits, `*` for the point, or between the two numbers of a blood pressure."""
    first, _, second = keys.partition("*")
    if not first.isdecimal() or not (second == "" or second.isdecimal()) or len(keys) > 2 * LONGEST_DIGITS:
        return None
    if measure is Measure.BLOOD_PRESSURE:
        return _pressure(float(first), float(second)) if second else None
    return _plausible(measure, float(f"{first}.{second or 0}"))


def _found(text: str) -> Iterator[_Found]:
    numbers = list(_numbers(text))
    taken = -1
    for at, number in enumerate(numbers):
        if number.start < taken:
            continue
        pair = _pair(text, number, numbers[at + 1 :])
        if pair is not None:
            yield pair
            taken = pair.end
            continue
        gain = _gain(text, number)
        if gain is not None:
            yield _Found(gain, number.start, number.end)
            continue
        measure = _measure(text, number)
        reading = None if measure is None else _value(measure, number, text)
        if reading is not None:
            yield _Found(reading, number.start, number.end)


def _pair(text: str, number: _Number, later: Sequence[_Number]) -> _Found | None:
    over = _OVER.match(text, number.end)
    if over is None or not later or later[0].start != over.end():
        return None
    pressure = _pressure(number.value, later[0].value)
    return None if pressure is None else _Found(pressure, number.start, later[0].end)


def _pressure(upper: float, lower: float) -> Reading | None:
    systolic, diastolic = _plausible(Measure.SYSTOLIC, upper), _plausible(Measure.DIASTOLIC, lower)
    if systolic is None or diastolic is None or upper <= lower:
        return None
    return Reading(Measure.BLOOD_PRESSURE, upper, lower)


def _gain(text: str, number: _Number) -> Reading | None:
    """Pounds that were put on within a time that is said."""
    kilos = _KILOS.match(text, number.end)
    pounds = _POUNDS.match(text, number.end)
    before = _words_before(text, number.start)
    if not (kilos or pounds) or not (_GAINED.search(before) or _HEAVIER.match(text, number.end)):
        return None
    around = before + text[number.start :]
    if _LONGER.search(around):
        return None
    measure = Measure.GAIN_DAY if _DAY.search(around) else Measure.GAIN_WEEK if _WEEK.search(around) else None
    if measure is None:
        return None
    return _plausible(measure, round(number.value * (POUNDS_A_KILO if kilos else 1), 1))


def _measure(text: str, number: _Number) -> Measure | None:
    """By its unit, by the name before it, or by the name right behind it."""
    if _OF_ANOTHER.match(text, number.end):
        return None
    for measure, unit in _AFTER:
        if unit.match(text, number.end):
            return measure
    named = _last_cue(_words_before(text, number.start))
    return named if named is not None else _first_cue(" " + " ".join(text[number.end :].split()[:BESIDE]) + " ")


def _last_cue(text: str) -> Measure | None:
    cues = [(found.end(), -found.start(), nth) for nth, (_, cue) in enumerate(_CUE) for found in cue.finditer(text)]
    return _CUE[max(cues)[2]][0] if cues else None  # of those that end together the longest: "pulse ox", not "ox"


def _first_cue(text: str) -> Measure | None:
    """Of the words behind a number, up to the end of the clause."""
    clause = text.split(",")[0] + " "
    cues = [(found.start(), -found.end(), nth) for nth, (_, cue) in enumerate(_CUE) for found in cue.finditer(clause)]
    return _CUE[min(cues)[2]][0] if cues else None


def _value(measure: Measure, number: _Number, text: str) -> Reading | None:
    if measure is not Measure.TEMPERATURE:
        return _plausible(measure, number.value)
    value = number.value
    if number.next_unit is not None and value == int(value):  # "ninety eight six"
        value += number.next_unit / 10
    celsius = _CELSIUS.match(text, number.end) is not None or CELSIUS[0] <= value <= CELSIUS[1]
    return _plausible(measure, round(value * 9 / 5 + 32, 1) if celsius else value)


def _plausible(measure: Measure, value: float) -> Reading | None:
    low, high = PLAUSIBLE[measure]
    return Reading(measure, value) if low <= value <= high else None


def _words_before(text: str, start: int) -> str:
    return f" {' '.join(text[:start].split()[-NEAR:])} "


def _numbers(text: str) -> Iterator[_Number]:
    words = [(found.group(), found.start(), found.end()) for found in re.finditer(r"[a-z0-9]+|,", text)]
    said = [word for word, _, _ in words]
    at = 0
    while at < len(said):
        whole = _whole(said, at)
        if whole is None:
            at += 1
            continue
        value, end = _fraction(said, *whole)
        unit = _digit(said, end)
        yield _Number(value, words[at][1], words[end - 1][2] + 1, unit)
        at = end if unit is None or value < CELSIUS[0] else end + 1


def _whole(said: Sequence[str], at: int) -> tuple[int, int] | None:
    """Without a fraction, and where it ends."""
    if _is(said, at, "hundred"):
        small, end = 1, at
    elif _is(said, at, "a") and _is(said, at + 1, "hundred"):
        small, end = 1, at + 1
    else:
        found = _small(said, at)
        if found is None:
            return None
        small, end = found
    if _is(said, end, "hundred"):
        rest = _small(said, end + 2 if _is(said, end + 1, "and") else end + 1)
        return (small * 100 + rest[0], rest[1]) if rest is not None and rest[0] < 100 else (small * 100, end + 1)
    if end == at + 1 and 1 <= small <= 9:
        tens, units = _small(said, end), (_digit(said, end), _digit(said, end + 1))
        if units[0] is not None and units[1] is not None:  # "one oh one", "one two five"
            return small * 100 + units[0] * 10 + units[1], end + 2
        if tens is not None and 10 <= tens[0] <= 99:  # "one ninety"
            return small * 100 + tens[0], tens[1]
    return small, end


def _small(said: Sequence[str], at: int) -> tuple[int, int] | None:
    """Below a hundred in words, or digits."""
    if at >= len(said):
        return None
    word = said[at]
    if word.isdecimal() and len(word) <= LONGEST_DIGITS:
        return int(word), at + 1
    if word in DECADES:
        unit = _digit(said, at + 1)
        return (DECADES[word] + unit, at + 2) if unit else (DECADES[word], at + 1)
    if word in TEENS:
        return TEENS[word], at + 1
    return (_UNIT[word], at + 1) if word in _UNIT and word not in ("oh", "o") else None


def _fraction(said: Sequence[str], value: float, end: int) -> tuple[float, int]:
    if _is(said, end, "point") and end + 1 < len(said):
        digits = ""
        at = end + 1
        while at < len(said) and (said[at] in _UNIT or said[at].isdecimal()) and len(digits) < LONGEST_DIGITS:
            digits += str(_UNIT.get(said[at], said[at]))
            at += 1
        if digits:
            return float(f"{value:.0f}.{digits}"), at
    if said[end : end + 3] == ["and", "a", "half"]:
        return value + 0.5, end + 3
    return value, end


def _digit(said: Sequence[str], at: int) -> int | None:
    """A single digit, in words or not."""
    if at >= len(said):
        return None
    return int(said[at]) if said[at].isdecimal() and len(said[at]) == 1 else _UNIT.get(said[at])


def _is(said: Sequence[str], at: int, word: str) -> bool:
    return at < len(said) and said[at] == word

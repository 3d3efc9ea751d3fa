"""Text -> what a voice should be given: numbers, doses, times, short forms written as a person would say them.  Pure.

The steps run in the order of `_STEPS`; each leaves words where it found figures, so that a later step sees only what no
earlier one understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from agent.numbers import cardinal, digits, number, ordinal, pressure, year
from agent.shortforms import DAY_WORDS, LETTERS, SHORT_FORMS, SIGNS, UNITS

_Say: TypeAlias = Callable[[re.Match[str]], str]

_N: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
_TO: Final = r"\s?[-\u2013\u2014]\s?"
_AM_PM: Final = r"(?:\s?([ap])\.?\s?m\b\.?)"
_FREE: Final = r"(?<![\w.,/:$-])"  # a figure that is no part of a longer one
_STOP: Final = r"(?![\w/:]|[.,]\d)"

_UNIT: Final = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT_END: Final = r"(?![A-Za-z0-9])"
_DOTTED: Final = r"(?:(?<=[a-z])\.(?=\s+[a-z(]))?"  # "2 hr. later": the full stop of a short form inside a sentence
_MONTHS: Final = "January February March April May June July August September October November December".split()
_MONTH_OF: Final = {name[:3].lower(): name for name in _MONTHS}
_MONTH: Final = r"(?:" + "|".join(f"{m[:3]}(?:{m[3:]})?" if m[3:] else m for m in _MONTHS) + r"|Sept)"
_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "2": ("half", "halves"), "3": ("third", "thirds"), "4": ("quarter", "quarters"), "5": ("fifth", "fifths"),
    "8": ("eighth", "eighths"), "10": ("tenth", "tenths"),
}  # fmt: skip


def _clock(hour: int, minute: int | None, half: str) -> str:
    """half: "a", "p", or empty when the writer gave none."""
    if not half and (hour > 12 or hour == 0):
        half = "p" if hour > 12 else "a"
    said = cardinal((hour - 1) % 12 + 1)
    if minute:
        said += f" {cardinal(minute) if minute >= 10 else 'oh ' + cardinal(minute)}"
    elif minute == 0 and not half:
        said += " o'clock"
    return said + (f" {half.upper()}-M" if half else "")


def _time(found: re.Match[str]) -> str:
    hour, minute, half = int(found[1]), found[2], (found[3] or "").lower()
    return _clock(hour, None if minute is None else int(minute), half) + _kept_stop(found)


def _hour(found: re.Match[str]) -> str:
    return _clock(int(found[1]), None, found[2].lower()) + _kept_stop(found)


def _kept_stop(found: re.Match[str]) -> str:
    """The full stop of "a.m." when it ends the text as well."""
    return "." if found[0].endswith(".") and not found.string[found.end() :].strip() else ""


def _phone(found: re.Match[str]) -> str:
    groups = [group for group in re.split(r"\D+", found[0]) if group]
    return ", ".join("eight hundred" if group == "800" else digits(group) for group in groups)


def _date(month: int, day: int, of_year: str) -> str | None:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    full = int(of_year) + (2000 if len(of_year) == 2 else 0) if of_year else None
    return f"{_MONTHS[month - 1]} {ordinal(day)}" + (f", {year(full)}" if full is not None else "")


def _american_date(found: re.Match[str]) -> str:
    return _date(int(found[1]), int(found[2]), found[3]) or digits(found[0])


def _iso_date(found: re.Match[str]) -> str:
    return _date(int(found[2]), int(found[3]), found[1]) or digits(found[0])


def _month_day(found: re.Match[str]) -> str:
    month = _MONTH_OF[found[1][:3].lower()]
    return f"{month} {ordinal(int(found[2]))}" + (f", {year(int(found[3]))}" if found[3] else "")


def _fraction(found: re.Match[str]) -> str:
    whole, top, bottom = found[1], found[2], found[3]
    if int(top) >= int(bottom):
        return (
            f"{number(whole)} {number(top)} over {number(bottom)}" if whole else f"{number(top)} over {number(bottom)}"
        )
    one, many = _PARTS[bottom]
    if whole:
        part = f"a {one}" if top == "1" else f"{cardinal(int(top))} {many}"
        return f"{cardinal(int(whole))} and {part}"
    return f"{cardinal(int(top))} {one if top == '1' else many}"


def _pressure(found: re.Match[str]) -> str:
    return f"{pressure(int(found[1]))} over {pressure(int(found[2]))}"


def _degrees(found: re.Match[str]) -> str:
    scale = {"F": " Fahrenheit", "C": " Celsius"}.get((found[2] or "").upper(), "")
    return f"{number(found[1])} degrees{scale}"


def _dose(found: re.Match[str]) -> str:
    amount, hyphen, unit, per = found[1], found[2] == "-", found[3].lower(), found[4]
    one, many = UNITS[unit]
    said = f"{number(amount)} {one if amount == '1' or (hyphen and unit != '%') else many}"
    if per:
        low = per.lower()
        said += f" per {UNITS[low][0] if low in UNITS else DAY_WORDS.get(low, low)}"
    return said


def _range(found: re.Match[str]) -> str:
    """The first figure of a range becomes words here; the second is left to its unit."""
    return f"{number(found[1])} to {found[2]}"


def _number(found: re.Match[str]) -> str:
    return number(found[0])


def _words(say: str) -> _Say:
    return lambda found: found.expand(say)


def _letters(found: re.Match[str]) -> str:
    return "-".join(found[1]) + ("'s" if found[3] else "")


_CODES: Final = r"911|988|211|311|711"  # American short numbers: emergency, crisis line, services, relay

_PHONE: Final = r"(?<![\w.+-])(?:\+?1[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"
_SHORT_PHONE: Final = r"(?<![\w.+-])\d{3}-\d{4}(?![\w-])"
_CODE: Final = rf"{_FREE}(?:{_CODES})(?!\s?(?:{_UNIT}){_UNIT_END})(?![\w/:]|[.,]\d|-\d)"
_NO_MORE: Final = rf"(?![\w:%/]|[.,-]\d|\s?(?:{_UNIT}){_UNIT_END})"
_DAY: Final = rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+((?:19|20)\d{{2}}))?{_NO_MORE}"
_YEAR: Final = r"\b((?:in|since|until) )((?:19|20)\d\d)(?=[.,;:?!)]|$)(?![.,]\d)"
_CLOCK_RANGE: Final = rf"{_FREE}(\d{{1,2}}(?::[0-5]\d)?){_TO}(?=\d{{1,2}}(?::[0-5]\d)?{_AM_PM})"
_AMOUNT: Final = rf"({_N})(\s?|-)({_UNIT}){_UNIT_END}{_DOTTED}(?:/([A-Za-z]+)\b)?"
_HALF_PRESSURE: Final = r"([4-9]\d|1\d\d|2[0-4]\d)/([2-9]\d|1[0-4]\d)"


def _steps(*steps: tuple[str, _Say]) -> tuple[tuple[re.Pattern[str], _Say], ...]:
    return tuple((re.compile(pattern), say) for pattern, say in steps)


_STEPS: Final = _steps(
    *((pattern, _words(say)) for pattern, say in SHORT_FORMS),
    # whole figures with a meaning of their own
    (_PHONE, _phone),
    (_SHORT_PHONE, _phone),
    (f"(?i:{_CODE})", lambda found: digits(found[0])),
    (rf"{_FREE}(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}|\d{{2}})(?![\d/])", _american_date),
    (rf"{_FREE}((?:19|20)\d{{2}})-(\d{{2}})-(\d{{2}})(?![\d-])", _iso_date),
    (r"(?<![\w.,/:-])\d+(?:-\d+){2,}(?![\w/-])", _phone),
    (_DAY, _month_day),
    (f"(?i:{_YEAR})", lambda found: found[1] + year(int(found[2]))),
    (f"(?i:{_CLOCK_RANGE})", lambda found: found[1] + " to "),
    (rf"(?i:{_FREE}([01]?\d|2[0-3]):([0-5]\d)(?!\d|:){_AM_PM}?)", _time),
    (rf"(?i:{_FREE}(1[0-2]|0?[1-9]){_AM_PM})", _hour),
    # pairs of figures
    (rf"(?<![\w/])({_N}){_TO}({_N})(?![\d/-])", _range),
    (rf"(?i:({_N})\s?(?:\u00b0\s?|deg(?:rees?)?\.?\s)([FC])(?![A-Za-z]))", _degrees),
    (r"(?<![\w.,/])((?:9[5-9]|10\d)(?:\.\d)?)\s?(F)(?![A-Za-z])", _degrees),
    (rf"({_N})\s?(\u00b0)", _degrees),
    (rf"{_FREE}(?:(\d+)\s+)?(\d{{1,2}})/(2|3|4|5|8|10)(?![\d/]|\.\d)", _fraction),
    (rf"{_FREE}{_HALF_PRESSURE}(?![\d/]|\.\d)(?:\s?mm\s?Hg)?", _pressure),
    (r"(?<=\d)\s?/\s?(?=\d)", _words(" over ")),
    (r"(?<=[A-Za-z])\s?/\s?(?=\d)", _words(" per ")),
    # a figure and its unit
    (rf"\$({_N})", lambda found: f"{number(found[1])} dollar{'' if found[1] == '1' else 's'}"),
    (f"(?i:{_AMOUNT})", _dose),
    (r"(?i:\b(\d{1,4})(?:st|nd|rd|th)\b)", lambda found: ordinal(int(found[1]))),
    # bare figures
    (r"(?<![\d.,])\d{5,}(?!\d|[.,]\d)", lambda found: digits(found[0])),
    (r"\d+(?:\.\d+){2,}", lambda found: " point ".join(map(number, found[0].split(".")))),
    (r"(?<=[A-Za-z])-?(?=\d)|(?<=\d)-?(?=[A-Za-z])", _words(" ")),
    (r"(?:(?<=\s)|^)[-\u2212](?=\d)", _words("minus ")),
    (r"\+\s?(?=\d)", _words(" plus ")),
    (_N, lambda found: number(found[0])),
    # what is left of signs
    ("%", _words(" percent")),
    ("\u00b0", _words(" degrees")),
    (LETTERS, _letters),
    (r"(?<=\w)/(?=\w)", _words(" or ")),
)


def spoken(text: str) -> str:
    """The same clause, written as it is said: no figures and no signs that a voice would trip over."""
    for sign, words in SIGNS.items():
        text = text.replace(sign, words)
    for pattern, say in _STEPS:
        text = pattern.sub(say, text)
    return re.sub(r"\s+([,.;:?!])", r"\1", " ".join(text.split()))

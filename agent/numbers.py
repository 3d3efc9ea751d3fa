"""Numbers in American English words.  Pure."""

from __future__ import annotations

from typing import Final

_ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen".split()
)
_TENS: Final = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES: Final = ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
TOO_LONG: Final = 13  # digits from which a number is read digit by digit


def cardinal(value: int) -> str:
    """4000 -> "four thousand".  value: 0 or more, below 10**12."""
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    scale, name = next(pair for pair in _SCALES if value >= pair[0])
    many, rest = divmod(value, scale)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(value: int) -> str:
    """21 -> "twenty-first"."""
    words = cardinal(value)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[cut:]
    return words[:cut] + (_ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th"))


def digits(text: str) -> str:
    """The digits of a text one by one: "911" -> "nine one one"."""
    return " ".join(_ONES[int(sign)] for sign in text if sign.isdecimal())


def number(text: str) -> str:
    """ "2.50" -> "two point five zero"; a leading zero or great length is read digit by digit.

    text: digits, thousands commas, at most one point with digits behind it.
    """
    whole, _, fraction = text.replace(",", "").partition(".")
    odd = len(whole) >= TOO_LONG or (len(whole) > 1 and whole[0] == "0")
    said = digits(whole) if odd else cardinal(int(whole or "0"))
    return f"{said} point {digits(fraction)}" if fraction else said


def year(value: int) -> str:
    """2026 -> "twenty twenty-six"; 2005 -> "two thousand five"."""
    high, low = divmod(value, 100)
    if 2000 <= value < 2010 or (not low and high % 10 == 0):
        return cardinal(value)
    if not low:
        return f"{cardinal(high)} hundred"
    return f"{cardinal(high)} {cardinal(low) if low >= 10 else 'oh ' + cardinal(low)}"


def pressure(value: int) -> str:
    """A blood pressure: 120 -> "one twenty", 105 -> "one oh five"."""
    high, low = divmod(value, 100)
    if not high or not low:
        return cardinal(value)
    return f"{cardinal(high)} {cardinal(low) if low >= 10 else 'oh ' + cardinal(low)}"

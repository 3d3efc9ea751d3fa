"""Signs, units and short forms of medical English, and how they are said.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIGNS: Final[Mapping[str, str]] = {
    "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " ", "\u202f": " ", "\u00b5": "mc",
    "\u03bc": "mc", "\u00bd": " 1/2", "\u00bc": " 1/4", "\u00be": " 3/4", "\u2153": " 1/3", "\u2154": " 2/3",
    "\u2265": " at least ", "\u2264": " at most ", "\u00d7": "x", "\u00ba": "\u00b0", "\u2026": "...",
    "[": " ", "]": " ", "{": " ", "}": " ", "<": " less than ", ">": " more than ", "=": " equals ", "&": " and ",
    "|": ", ", "~": " about ",
}  # fmt: skip

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "mg": ("milligram", "milligrams"), "mcg": ("microgram", "micrograms"), "ug": ("microgram", "micrograms"),
    "g": ("gram", "grams"), "gm": ("gram", "grams"), "kg": ("kilogram", "kilograms"),
    "ml": ("milliliter", "milliliters"), "cc": ("milliliter", "milliliters"), "l": ("liter", "liters"),
    "dl": ("deciliter", "deciliters"), "meq": ("milliequivalent", "milliequivalents"),
    "mmol": ("millimole", "millimoles"),
    "iu": ("unit", "units"), "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"), "oz": ("ounce", "ounces"),
    "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"), "ft": ("foot", "feet"),
    "mmhg": ("millimeter of mercury", "millimeters of mercury"),
    "mm hg": ("millimeter of mercury", "millimeters of mercury"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "h": ("hour", "hours"), "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"), "sec": ("second", "seconds"), "secs": ("second", "seconds"), "wk": ("week", "weeks"),
    "wks": ("week", "weeks"), "yr": ("year", "years"), "yrs": ("year", "years"), "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"), "tab": ("tablet", "tablets"), "tabs": ("tablet", "tablets"),
    "cap": ("capsule", "capsules"), "caps": ("capsule", "capsules"), "bpm": ("beat a minute", "beats a minute"),
    "cal": ("calorie", "calories"), "kcal": ("calorie", "calories"), "%": ("percent", "percent"),
}  # fmt: skip
DAY_WORDS: Final[Mapping[str, str]] = {"d": "day", "wk": "week", "hr": "hour", "h": "hour", "min": "minute"}

SHORT_FORMS: Final[tuple[tuple[str, str], ...]] = (
    (r"\bDr\.?(?=\s+[A-Z])", "Doctor"), (r"\bMr\.?(?=\s+[A-Z])", "Mister"), (r"\bMrs\.?(?=\s+[A-Z])", "Missus"),
    (r"\bMs\.?(?=\s+[A-Z])", "Miz"), (r"\bSt\.(?=\s+[A-Z])", "Saint"), (r"\bNo\.\s?(?=\d)", "number "),
    (r"#\s?(?=\d)", "number "), (r"\be\.g\.,?", "for example,"), (r"\bi\.e\.,?", "that is,"), (r"\betc\.", "and so on"),
    (r"\bapprox\.?(?=\s)", "about"), (r"\bvs\.?(?=\s)", "versus"), (r"\bw/o\b", "without"), (r"\bw/(?=\s?\w)", "with "),
    (r"\b24/7\b", "twenty-four hours a day"), (r"\band/or\b", "or"), (r"\bA1[Cc]\b", "A-one-C"),
    (r"\bB\.?I\.?D\b\.?|\bb\.i\.d\.?", "twice a day"), (r"\bT\.?I\.?D\b\.?|\bt\.i\.d\.?", "three times a day"),
    (r"\bQ\.?I\.?D\b\.?|\bq\.i\.d\.?", "four times a day"), (r"\bQHS\b|\bqhs\b", "at bedtime"),
    (r"\bPRN\b|\bprn\b|\bp\.r\.n\.?", "as needed"), (r"\bPO\b|\bp\.o\.", "by mouth"), (r"\bRx\b", "prescription"),
    (r"\bPICC\b", "pick"), (r"\bOTC\b", "over the counter"), (r"\bBP\b", "blood pressure"), (r"\bHR\b", "heart rate"),
    (r"\b[Qq](\d+(?:-\d+)?)\s?[Hh](?:rs?)?\b", r"every \1 hours"), (r"\b(\d+)\s?[xX](?=/|\s|$)", r"\1 times"),
    (r"\btimes/(day|week|hour)\b", r"times a \1"), (r"\b(tablets?|pills?|doses?|capsules?|times?)/day\b", r"\1 a day"),
)  # fmt: skip
LETTERS: Final = r"\b(AI|CHF|COPD|CPR|CT|DVT|ECG|EKG|EMS|ER|ICU|ID|INR|IV|MRI|PCP|PT|TV|UTI|US|USA)(?:(')?(s))?\b"

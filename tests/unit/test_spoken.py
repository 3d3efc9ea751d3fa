"""Numbers, doses, times and names as they are said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.numbers import cardinal, digits, number, ordinal, year
from agent.pronouncing import SOUNDS, parts
from agent.spoken import spoken

CASES = {
    "Take 500 mg twice a day.": "Take five hundred milligrams twice a day.",
    "1 mg, 1 tablet, 2 lb": "one milligram, one tablet, two pounds",
    "2.5 mL or 0.5 mL or .25 mg": "two point five milliliters or zero point five milliliters or zero point two five"
    " milligrams",
    "50 mcg, 50 µg, 10 units": "fifty micrograms, fifty micrograms, ten units",
    "4,000 mg in 24 hours": "four thousand milligrams in twenty-four hours",
    "a 500-mg tablet for a 10-day course": "a five hundred milligram tablet for a ten day course",
    "500 mg/5 mL": "five hundred milligrams per five milliliters",
    "20 mg/day, 120 mg/dL": "twenty milligrams per day, one hundred twenty milligrams per deciliter",
    "1-2 tablets every 4–6 hours": "one to two tablets every four to six hours",
    "Take 1/2 tablet or 1 1/2 tablets or 1½.": "Take one half tablet or one and a half tablets or one and a half.",
    "at 8 a.m. and 8:30 PM": "at eight A-M and eight thirty P-M",
    "It is at 8 a.m.": "It is at eight A-M.",
    "8-10 am": "eight to ten A-M",
    "at 14:30, 9:05 pm, 12:00": "at two thirty P-M, nine oh five P-M, twelve o'clock",
    "100.4°F or 38 °C": "one hundred point four degrees Fahrenheit or thirty-eight degrees Celsius",
    "101 F or 99.5 degrees F": "one hundred one degrees Fahrenheit or ninety-nine point five degrees Fahrenheit",
    "A temperature of 98.6.": "A temperature of ninety-eight point six.",
    "Call 911 or 988.": "Call nine one one or nine eight eight.",
    "911 mg": "nine hundred eleven milligrams",
    "press 0": "press zero",
    "(555) 123-4567": "five five five, one two three, four five six seven",
    "1-800-222-1222": "one, eight hundred, two two two, one two two two",
    "555-0199": "five five five, zero one nine nine",
    "BP over 140/90 mmHg": "blood pressure over one forty over ninety",
    "on June 3, 2026": "on June third, twenty twenty-six",
    "on 06/03/2026": "on June third, twenty twenty-six",
    "on 2026-06-03": "on June third, twenty twenty-six",
    "50% or 5 %": "fifty percent or five percent",
    "2nd, 21st, 30th": "second, twenty-first, thirtieth",
    "the ER, an IV, an EKG": "the E-R, an I-V, an E-K-G",
    "an A1C of 7.5%": "an A-one-C of seven point five percent",
    "vitamin B12": "vitamin B twelve",
    "Dr. Smith at St. Mary's": "Doctor Smith at Saint Mary's",
    "q4-6h prn, 3x a day": "every four to six hours as needed, three times a day",
    "ask for 12345": "ask for one two three four five",
    "$20": "twenty dollars",
    "5/325 mg": "five over three hundred twenty-five milligrams",
}


@pytest.mark.parametrize(("text", "said"), CASES.items())
def test_it_is_said_as_a_person_would_say_it(text: str, said: str) -> None:
    assert said == spoken(text)


@given(st.text(max_size=120))
def test_no_figure_and_no_sign_is_left_whatever_the_text(text: str) -> None:
    assert re.search(r"[0-9%°\[\]{}]", spoken(text)) is None


@given(st.text(alphabet="0123456789.,:/-%$ mgFCaplx", max_size=40))
def test_no_figure_is_left_of_anything_that_looks_like_one(text: str) -> None:
    assert re.search(r"[0-9%$]", spoken(text).replace("$", "", text.count("$"))) is None


@given(st.lists(st.sampled_from("take your water pill in the morning, and call us. Is it red?".split())).map(" ".join))
def test_plain_words_are_left_alone(text: str) -> None:
    assert text == spoken(text)


@given(st.integers(0, 10**12 - 1))
def test_a_number_and_its_thousands_commas_are_said_alike(value: int) -> None:
    assert cardinal(value) == number(str(value)) == number(f"{value:,}")


def test_different_numbers_are_said_differently() -> None:
    assert 20_000 == len({cardinal(n) for n in range(20_000)})


def test_ordinals_years_and_digits() -> None:
    assert ["first", "twelfth", "twentieth", "thirty-third"] == [ordinal(n) for n in (1, 12, 20, 33)]
    assert ["two thousand five", "nineteen oh one", "nineteen hundred", "twenty ten"] == [
        year(n) for n in (2005, 1901, 1900, 2010)
    ]
    assert "zero zero seven" == digits("007") == number("007")


def test_a_medicine_is_given_as_sounds_and_the_rest_as_text() -> None:
    assert [("Take ", False), (SOUNDS["apixaban"], True), (" and ", False), (SOUNDS["lisinopril"] + "z", True)] == list(
        parts("Take Apixaban and lisinoprils")
    )[:4]


@given(st.text(max_size=80))
def test_a_text_without_such_names_is_one_part(text: str) -> None:
    assert text == "".join(part for part, is_sounds in parts(text) if not is_sounds)

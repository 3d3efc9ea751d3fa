"""Number words become digits with their places, however they are said."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.redacting.counting import cardinal, ordinal
from policies.redacting.numerals import numerals
from policies.redacting.words import cut

NAMES = "zero one two three four five six seven eight nine".split()
PAUSES = ["", "", "", " um", ",", " uh", " and then", " dash", " no sorry"]


def digits(text: str) -> list[str]:
    return [run.digits for run in numerals(cut(text))]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(PAUSES)), min_size=2, max_size=16))
def test_digits_said_one_by_one_are_one_number_over_every_pause(said: list[tuple[int, str]]) -> None:
    text = "".join(f" {NAMES[digit]}{pause}" for digit, pause in said[:-1]) + f" {NAMES[said[-1][0]]}"

    assert ["".join(str(digit) for digit, _ in said)] == digits(f"it is{text} thanks")


@given(st.integers(0, 9), st.integers(0, 9))
def test_double_and_triple_repeat_a_digit(first: int, second: int) -> None:
    assert [str(first) * 2 + str(second) * 3] == digits(f"double {NAMES[first]} triple {NAMES[second]}")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("fifty five twelve", ["5512"]),
        ("ninety-four", ["94"]),
        ("one eight hundred five five five", ["180555"]),
        ("555-0123", ["5550123"]),
        ("call 612 after nine", ["612", "9"]),
        ("there is nothing here", []),
        ("a b c", []),
    ],
)
def test_groups_and_written_digits(text: str, read: list[str]) -> None:
    assert read == digits(text)


@pytest.mark.parametrize(
    ("text", "letters", "read"),
    [
        ("w as in whiskey 4 4 0 9", 1, "4409"),
        ("k zero zero nine", 1, "009"),
        ("one e g four t e five", 4, "145"),
        ("bravo seven seven one", 1, "771"),
        ("XEA 904 118", 3, "904118"),
    ],
)
def test_letters_belong_to_the_number_they_are_said_with(text: str, letters: int, read: str) -> None:
    (run,) = numerals(cut(text))

    assert (letters, read) == (run.letters, run.digits)
    assert (0, len(cut(text))) == (run.first, run.end)


@pytest.mark.parametrize(
    ("text", "value"), [("a hundred and seven", 107), ("ninety two", 92), ("two thousand and four", 2004), ("oh", None)]
)
def test_counting(text: str, value: int | None) -> None:
    read = cardinal(cut(text), 0)

    assert value == (None if read is None else read[0])


@pytest.mark.parametrize(("text", "day"), [("twenty second", 22), ("thirty-first", 31), ("4th", 4), ("44th", None)])
def test_days(text: str, day: int | None) -> None:
    read = ordinal(cut(text), 0)

    assert day == (None if read is None else read[0])


@given(st.text(max_size=80))
def test_words_are_cut_from_their_places(text: str) -> None:
    words = cut(text)

    assert all(word.cased == text[word.start : word.end] for word in words)
    assert all(left.end <= right.start for left, right in pairwise(words))
    assert "".join("".join(word.cased for word in words).split()) == "".join(text.split())

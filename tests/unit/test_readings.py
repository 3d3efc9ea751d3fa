"""Measured values in words: what is found, what it is judged by, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.readings import Bound, Compare, Measure, answering, readings, typed
from policies.rules.written import BadRules, of, red_flags
from policies.urgency import Urgency

RULES = red_flags()
assert RULES.bounds is not None
BOUNDS = RULES.bounds
every_bound = pytest.mark.parametrize("bound", BOUNDS.bounds, ids=lambda bound: bound.id)


@every_bound
def test_a_bound_finds_what_it_must_in_a_turn(bound: Bound) -> None:
    assert [] == [said for said in bound.must if RULES.judge(said).urgency < bound.urgency]
    assert len(bound.must) >= 2


@every_bound
def test_a_bound_leaves_alone_what_it_must_not_find(bound: Bound) -> None:
    found = [BOUNDS.judge(said, RULES.context) for said in bound.must_not]
    assert [] == [one for one in found if one is not None and one.id == bound.id]
    assert len(bound.must_not) >= 2


@every_bound
def test_without_a_bound_something_is_missed(bound: Bound) -> None:
    rest = BOUNDS.without(bound.id)
    found = [rest.judge(said, RULES.context) for said in bound.must]
    assert [one for one in found if one is None or one.urgency < bound.urgency]


@every_bound
def test_a_bound_says_who_owns_it_and_where_it_comes_from(bound: Bound) -> None:
    assert bound.owner
    assert bound.source
    assert bound.urgency > Urgency.ROUTINE


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        ("my temperature is one hundred one point two", "101.2"),
        ("my temp is one oh one two", "101.2"),
        ("temp of ninety eight six", "98.6"),
        ("temp 38.5", "101.3"),
        ("my temperature is a hundred and one and a half", "101.5"),
        ("it's 190/110", "190 over 110"),
        ("one ninety over one ten", "190 over 110"),
        ("a hundred and thirty eight over eighty five", "138 over 85"),
        ("sugar was two oh five", "205"),
        ("my sugar is one two five", "125"),
        ("sugar is hundred ten", "110"),
        ("my pulse ox says ninety five percent", "95"),
        ("my pulse is ninety five", "95"),
        ("I put on six pounds this week", "6"),
        ("I put on two kilos since yesterday", "4.4"),
    ],
)
def test_a_value_is_read_however_it_is_said(words: str, spoken: str) -> None:
    assert [spoken] == [reading.spoken for reading in readings(words)]


@pytest.mark.parametrize(
    "words",
    [
        "my temperature is twelve",
        "my pressure is seven over three",
        "I take ten units for my sugar",
        "I gained weight, maybe six pounds",
        "call me at one ninety Oak Street",
        "eighty over one twenty",
        "point",
    ],
)
def test_what_cannot_be_a_value_is_none(words: str) -> None:
    assert [] == readings(words)


@pytest.mark.parametrize(
    ("measure", "words", "spoken"),
    [
        (Measure.TEMPERATURE, "it's one oh one point two", "101.2"),
        (Measure.GLUCOSE, "three fifty I think", "350"),
        (Measure.GLUCOSE, "my sugar is 140 and my pulse is 80", "140"),
        (Measure.BLOOD_PRESSURE, "one thirty eight, eighty five", "138 over 85"),
        (Measure.BLOOD_PRESSURE, "one thirty", None),
        (Measure.OXYGEN, "purple", None),
    ],
)
def test_an_answer_need_not_name_its_measure(measure: Measure, words: str, spoken: str | None) -> None:
    reading = answering(words, measure)
    assert spoken == (None if reading is None else reading.spoken)


@pytest.mark.parametrize(
    ("measure", "keys", "spoken"),
    [
        (Measure.TEMPERATURE, "101*2", "101.2"),
        (Measure.GLUCOSE, "350", "350"),
        (Measure.BLOOD_PRESSURE, "138*85", "138 over 85"),
        (Measure.BLOOD_PRESSURE, "138", None),
        (Measure.GLUCOSE, "5", None),
        (Measure.GLUCOSE, "", None),
        (Measure.GLUCOSE, "1*2*3", None),
        (Measure.GLUCOSE, "123456789", None),
    ],
)
def test_keys_give_a_value(measure: Measure, keys: str, spoken: str | None) -> None:
    reading = typed(keys, measure)
    assert spoken == (None if reading is None else reading.spoken)


@given(st.lists(st.sampled_from("one oh hundred and a half point ninety over 7 190 temp pulse , degrees".split())))
@settings(max_examples=60, deadline=1000)
def test_any_words_are_read_and_nothing_implausible_comes_of_them(words: list[str]) -> None:
    assert all(20 <= reading.value <= 290 for reading in readings(" ".join(words)))


@pytest.mark.parametrize(
    ("compare", "crossed"),
    [(Compare.AT_LEAST, "567"), (Compare.AT_MOST, "345"), (Compare.ABOVE, "67"), (Compare.BELOW, "34")],
)
def test_a_bound_is_crossed_on_its_side(compare: Compare, crossed: str) -> None:
    bound = Bound("b", Measure.GLUCOSE, "mg/dL", compare, 5, Urgency.NURSE_NOW, "", "", (), ())
    assert crossed == "".join(str(value) for value in range(3, 8) if bound.crossed(value))


QUIET = "[quiet]\ngoal = ['a']\ndenied = ['b']\nearlier = ['c']\nlatest = ['d']\n"
GIVEN = (
    "[[bound]]\nid = 'x'\nmeasure = 'glucose'\nunit = 'mg/dL'\ncompare = 'below'\nbound = 70\nurgency = 'nurse_now'\n"
    "owner = 'o'\nsource = 's'\nmust = ['a']\nmust_not = ['b']\n"
)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (QUIET, "it needs bounds"),
        (QUIET + GIVEN + GIVEN, "an id of its own"),
        (GIVEN, "the lists under"),
        (QUIET.replace("'a'", "'(a'") + GIVEN, "is not closed"),
        (QUIET + GIVEN.replace("mg/dL", "mmol"), "'x': unit must be"),
        (QUIET + GIVEN.replace("'below'", "'near'"), "'x': 'near' is not"),
        (QUIET + GIVEN.replace("'nurse_now'", "'routine'"), "'x': unit must be"),
        (QUIET + GIVEN.replace("owner", "holder"), "'x': not known or not given: holder, owner"),
    ],
)
def test_a_file_of_bounds_that_cannot_be_used_is_refused_by_name(file: str, why: str) -> None:
    context = "\n".join(f"{name} = ['x']" for name in RULES.context.__dataclass_fields__)
    with pytest.raises(BadRules, match=f"^numbers.toml: .*{why}"):
        of({"words.toml": "", "context.toml": context, "numbers.toml": file})

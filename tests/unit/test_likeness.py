"""How like a meaning is to each passage's examples: the table of groups is what a plain loop says."""

from __future__ import annotations

import gc
import math
from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.likeness import FAR, NEAREST, Likeness, Near
from agent.sayings import Outside
from policies.meaning import Floats

WIDTH = 8  # the table has no opinion on it


def units(seed: int, count: int) -> Floats:
    drawn = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def plainly(group: Floats, vector: Floats) -> float:
    best = sorted((float(sum(a * b for a, b in zip(row, vector, strict=True))) for row in group), reverse=True)
    return sum(best[:NEAREST]) / len(best[:NEAREST])


groups = st.lists(st.integers(1, 6), min_size=1, max_size=7)


@given(inside=groups, outside=st.dictionaries(st.sampled_from(Outside), st.integers(0, 5)), seed=st.integers(0, 999))
def test_a_likeness_is_the_mean_of_the_three_nearest(
    inside: Sequence[int], outside: dict[Outside, int], seed: int
) -> None:
    passages = [units(seed + number, count) for number, count in enumerate(inside)]
    kinds = {kind: units(seed + 100 + place, count) for place, (kind, count) in enumerate(outside.items())}
    vector = units(seed + 500, 1)[0]

    near = Likeness(passages, kinds).near(vector)

    np.testing.assert_allclose(near.passages, [plainly(group, vector) for group in passages], atol=1e-5)
    assert {kind for kind, group in kinds.items() if len(group)} == set(near.outside)
    for kind, value in near.outside.items():
        assert plainly(kinds[kind], vector) == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_of_fewer_than_three_examples_all_count_and_of_more_the_three_nearest(count: int) -> None:
    angles = [0.2 * number for number in range(count)]
    group = np.array([[math.cos(angle), math.sin(angle)] for angle in angles], np.float32)
    found = Likeness([group], {}).near(np.array([1, 0], np.float32)).passages

    assert np.mean([math.cos(angle) for angle in angles[:3]]) == pytest.approx(float(found[0]), abs=1e-6)


def test_small_groups_are_not_pulled_down_by_wide_ones() -> None:
    vector = units(1, 1)[0]
    found = Likeness([np.stack([vector]), np.stack([vector] * 40)], {}).near(vector).passages

    np.testing.assert_allclose(found, [1, 1], atol=1e-6)


def test_one_near_example_of_many_is_not_enough() -> None:
    vector = np.array([1, 0], np.float32)
    chance = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    meant = np.array([[0.8, 0.6]] * 3, np.float32)
    found = Likeness([chance, meant], {}).near(vector).passages

    assert found[1] > found[0]


def test_without_passages_nothing_is_near() -> None:
    assert (0,) == Likeness([], {}).near(units(1, 1)[0]).passages.shape


def test_what_is_outside_is_far_where_nothing_is_known_of_it() -> None:
    near = Likeness([units(1, 3)], {}).near(units(2, 1)[0])
    assert {} == dict(near.outside)
    assert [FAR] * 3 == [near.out(), near.out(Outside.NONE), near.out(*Outside)]


def test_of_several_kinds_the_nearest_counts() -> None:
    near = Near(np.zeros(1, np.float32), MappingProxyType({Outside.NONE: 0.2, Outside.DOSE: 0.7}))

    assert [0.2, 0.7, 0.7, FAR] == [
        near.out(Outside.NONE),
        near.out(Outside.NONE, Outside.DOSE),
        near.out(*Outside),
        near.out(Outside.DIAGNOSIS),
    ]


@given(seed=st.integers(0, 999), share=st.floats(0.05, 2.0), count=st.integers(1, 5))
def test_a_turned_vector_has_length_one_and_lies_nearer_to_the_passage(seed: int, share: float, count: int) -> None:
    passages = [units(seed, count), units(seed + 1, 3)]
    vector = units(seed + 2, 1)[0]
    middle = passages[0].mean(axis=0)

    turned = Likeness(passages, {}).turned(vector, 0, share)

    assert pytest.approx(1, abs=1e-5) == float(np.linalg.norm(turned))
    assert turned @ middle >= vector @ middle - 1e-6


def test_a_turned_vector_is_another_one() -> None:
    vector = units(1, 1)[0]
    before = vector.copy()
    turned = Likeness([units(2, 3)], {}).turned(vector, 0, 0.4)

    np.testing.assert_array_equal(before, vector)
    assert not np.shares_memory(turned, vector)


def test_a_vector_that_is_turned_to_nothing_stays_finite() -> None:
    vector = units(1, 1)[0]

    assert np.isfinite(Likeness([np.stack([-vector])], {}).turned(vector, 0, 1.0)).all()


def test_nothing_of_a_vector_is_kept() -> None:
    likeness = Likeness([units(1, 2), units(2, 5)], {Outside.NONE: units(3, 4)})

    def state() -> list[bytes]:
        arrays, stack, seen = [], [likeness], {0}
        while stack:
            one: object = stack.pop()
            if id(one) in seen or isinstance(one, type):
                continue
            seen.add(id(one))
            if isinstance(one, np.ndarray):
                arrays.append(one.tobytes())
            stack.extend(gc.get_referents(one))
        return sorted(arrays)

    before = state()
    likeness.near(likeness.turned(units(9, 1)[0], 1, 0.4))

    assert before == state()
    assert 5 <= len(before)

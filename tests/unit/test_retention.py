"""Strictness never falls, and nothing but a closed record is writable."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.phi import PHI
from policies.records import InForce, SealedTranscript, ref_of
from policies.retention import Retention, Writable, admit, effective, level_of
from tests.unit.examples import a_call, a_presence

levels = st.sampled_from(Retention)


def test_zero_is_the_strictest() -> None:
    assert Retention.ZERO == max(Retention)


@given(levels, st.none() | levels)
def test_a_call_gets_stricter_never_laxer(at_answer: Retention, now: Retention | None) -> None:
    assert effective(at_answer, now) >= at_answer


@given(levels, st.lists(st.none() | levels))
def test_strictness_never_falls_over_a_whole_call(at_answer: Retention, changes: list[Retention | None]) -> None:
    level = at_answer
    for now in changes:
        stricter = effective(level, now)
        assert stricter >= level
        assert now is None or stricter >= now
        level = stricter


@given(levels)
def test_an_unknown_level_is_zero(at_answer: Retention) -> None:
    assert Retention.ZERO is effective(at_answer, None)


@pytest.mark.parametrize("record", [a_call(), a_presence()])
@pytest.mark.parametrize("level", Retention)
def test_closed_records_pass_at_every_level(record: Any, level: Retention) -> None:
    permit = admit(record, level)

    assert permit is not None
    assert permit.record is record


@pytest.mark.parametrize("level", Retention)
def test_a_sealed_transcript_passes_at_redacted_alone(level: Retention) -> None:
    sealed = SealedTranscript(ref=ref_of(bytes(16)), agent="demo", day=20_000, sealed="A" * 5_526)

    assert (level is Retention.REDACTED) is (admit(sealed, level) is not None)


@pytest.mark.parametrize("said", [True, False, None])
def test_a_level_that_nobody_said_is_not_known(said: bool | None) -> None:
    record = None if said is None else InForce(agent="demo", zero_retention=said, model_allowed=True)

    assert {True: Retention.ZERO, False: Retention.REDACTED, None: None}[said] is level_of(record)


@pytest.mark.parametrize("record", [None, "words", PHI("words"), {}, a_call().to_wire(), object()])
@pytest.mark.parametrize("level", Retention)
def test_nothing_else_passes_at_any(record: Any, level: Retention) -> None:
    assert admit(record, level) is None


@pytest.mark.parametrize("level", [None, 2, "ZERO"])
def test_what_is_no_level_admits_nothing(level: Any) -> None:
    assert admit(a_call(), level) is None


def test_nobody_else_makes_the_permit() -> None:
    with pytest.raises(TypeError):
        Writable(a_call(), object())


def test_the_permit_cannot_be_rewritten() -> None:
    permit = admit(a_call(), Retention.ZERO)
    assert permit is not None

    with pytest.raises(dataclasses.FrozenInstanceError):
        permit.record = a_presence()  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(permit, record=a_presence())  # type: ignore[call-arg]

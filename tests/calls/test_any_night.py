"""Whatever a patient, nurses, the carrier and the network do at night: who is put through to whom, and what is left.

An example is one whole night (`tests.nights`); what fails is shown as the shortest one that does.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from telephony.transfer import Rank, Rung
from telephony.twin.faults import Faults
from tests.nights.judging import Judged, judged
from tests.nights.night import lived
from tests.nights.plans import (
    CalledBack,
    Ending,
    Key,
    Later,
    NursePlan,
    PatientPlan,
    Pickup,
    Plan,
    Says,
    Unreliable,
    drawn,
)
from tests.simulated import house, nothing_left_of

ALONE_S = 10.0
ADDRESSES = 256  # urllib remembers the last 128 that it took apart, rooms' names among them: full, it holds no more

_s = st.integers(0, 40).map(lambda n: n / 4)
KEYS = st.builds(Key, st.sampled_from("111129#"), _s, st.booleans())
ANSWERING = st.builds(
    NursePlan,
    st.just(Pickup.ANSWERS),
    _s,
    st.lists(KEYS, max_size=4).map(tuple),
    st.sampled_from(Ending),
)
NURSES = st.one_of(ANSWERING, st.builds(NursePlan, st.sampled_from(Pickup), _s, later=st.none() | ANSWERING))
PATIENTS = st.builds(
    PatientPlan,
    st.sampled_from([says for says in Says if says.fetches]),
    st.lists(st.builds(Later, _s.map(lambda s: 3 * s), st.sampled_from(Says)), max_size=3).map(tuple),
    st.none() | _s.map(lambda s: 3 * s),
    st.just(1.0),
    st.booleans(),
    st.sampled_from(["1", "1", "2", ""]),
    st.lists(st.builds(CalledBack, st.sampled_from(Pickup), _s, st.sampled_from(["1", "1", "2", ""])), max_size=3).map(
        tuple
    ),
)
SHARES = st.sampled_from([0.0, 0.3, 1.0])
FAULTS = st.builds(
    Faults,
    seed=st.integers(0, 2**16),
    callback_lost=SHARES,
    callback_twice=SHARES,
    callback_late=SHARES,
    callback_overtaken=SHARES,
    webhook_late=st.sampled_from([0.0, 0.3]),
    webhook_late_s=st.just(4.0),
    stream_reset=st.sampled_from([0.0, 0.3]),
    stream_reset_s=st.sampled_from([5.0, 30.0]),
)
REQUESTS = st.builds(
    Unreliable,
    seed=st.integers(0, 2**16),
    refused=st.sampled_from([0.0, 0.2]),
    broken=st.sampled_from([0.0, 0.2]),
    silent=st.sampled_from([0.0, 0.2]),
    slow_s=st.sampled_from([0.1, 1.5]),
)


@st.composite
def nights(draw: st.DrawFn) -> Plan:
    """One night of at most four nurses on at most three rungs."""
    nurses = draw(st.lists(NURSES, min_size=1, max_size=4))
    places = list(range(len(nurses)))
    rungs: list[Rung] = []
    for rank in list(Rank)[:3]:
        taken = draw(st.integers(1, 3))
        if places:
            rungs.append(Rung(rank, tuple(places[:taken]), 10_000))
            places = places[taken:]
    used = sum(len(rung.nurses) for rung in rungs)
    return Plan(
        seed=0,
        patient=draw(PATIENTS),
        nurses=tuple(nurses[:used]),
        ladder=tuple(rungs),
        faults=draw(st.just(Faults()) | FAULTS),
        requests=draw(st.just(Unreliable()) | REQUESTS),
    )


async def lived_and_judged(plan: Plan) -> Judged:
    return judged(await lived(plan))


def of(plan: Plan) -> Judged:
    """One night, of which nothing is left."""
    house()
    for n in range(ADDRESSES):
        urlsplit(f"https://line.example.org/{n}")
    return nothing_left_of(lived_and_judged(plan))


def holds(plan: Plan) -> None:
    """What is true of any night."""
    found = of(plan)

    assert 0 == found.unaccepted, "somebody was put through who had not pressed 1 twice"
    assert [] == found.leaks
    assert [] == found.broken
    assert found.alone_s <= ALONE_S, "she was alone in a room"


@settings(
    max_examples=28,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(nights())
@example(drawn(104))  # the nurse leaves the room before the patient is in it, and nobody tells
@example(drawn(22))  # called off, and asked for again
def test_nobody_is_put_through_without_two_keys_or_left_alone_and_nothing_is_left(plan: Plan) -> None:
    holds(plan)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(nights(), st.integers(1, 120).map(lambda n: n / 2))
def test_a_line_that_dies_at_any_moment_leaves_her_with_a_nurse_or_the_fail_safe(plan: Plan, dies_s: float) -> None:
    calm = replace(plan, dies_s=dies_s, faults=Faults(seed=plan.faults.seed))
    found = of(calm)

    assert found.failed_safe is not False, found.why
    assert 0 == found.unaccepted

"""Who may be called now: the hours, the caps, the ladder and the opt-out hold whatever the order of events."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from policies.attempts import FINAL, Attempt, Came, Kept, is_reference
from policies.closed import NotClosed
from policies.outreach import (
    EPOCH,
    HOURS,
    LADDER,
    CallNow,
    Campaign,
    DaySlot,
    NotNow,
    NotNowReason,
    Patient,
    Slot,
    Standing,
    Zone,
    may_call,
    zone_of,
)

REF: Final = base64.urlsafe_b64encode(bytes(range(7, 247, 15))).rstrip(b"=").decode("ascii")
READY: Final = Standing(agent_live=True, nurse_free=True)
KNOWN: Final = tuple(zone for zone in Zone if zone is not Zone.UNKNOWN)
HOUR_S: Final = 3_600
DAY_S: Final = 86_400


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def at(local: str, zone: Zone = Zone.EASTERN) -> int:
    """Seconds since 1970 of a time on her clock."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone.value)).timestamp())


CAMPAIGN: Final = Campaign(day("2026-03-02"), day("2026-04-30"))


def asked(
    now_s: int, kept: Kept | None = None, zone: Zone = Zone.EASTERN, *, consented: bool = True, ready: Standing = READY
) -> CallNow | NotNow:
    return may_call(now_s, Patient(kept or Kept(patient=REF), zone, consented), CAMPAIGN, ready)


def tried(*attempts: tuple[str, Came]) -> Kept:
    """Oldest first."""
    kept = Kept(patient=REF)
    for when, came in attempts:
        kept = kept.placed(day(when))
        kept = kept if came is Came.PLACED else kept.came(came)
    return kept


def test_a_consented_patient_is_called_in_the_slot_of_her_first_attempt() -> None:
    assert CallNow(day("2026-03-03")) == asked(at("2026-03-03T08:00"))
    assert CallNow(day("2026-03-03")) == asked(at("2026-03-03T11:59"))


@pytest.mark.parametrize(
    ("kept", "consented", "reason"),
    [
        (Kept(patient=REF, opted_out=True), True, NotNowReason.OPTED_OUT),
        (tried(("2026-03-03", Came.OPTED_OUT)), True, NotNowReason.OPTED_OUT),
        (Kept(patient=REF), False, NotNowReason.NO_CONSENT),
        *((tried(("2026-03-03", came)), True, NotNowReason.DONE) for came in sorted(FINAL - {Came.OPTED_OUT}, key=str)),
        (
            tried(("2026-03-02", Came.BUSY), ("2026-03-03", Came.BUSY), ("2026-03-04", Came.NO_ANSWER)),
            True,
            NotNowReason.LADDER_DONE,
        ),
    ],
)
def test_what_no_waiting_mends_names_no_time(kept: Kept, consented: bool, reason: NotNowReason) -> None:
    assert NotNow(reason) == asked(at("2026-04-10T09:00"), kept, consented=consented)


def test_a_campaign_that_is_over_calls_nobody() -> None:
    assert NotNow(NotNowReason.CAMPAIGN_OVER) == asked(at("2026-05-01T09:00"))


def test_nobody_is_called_while_the_agent_is_a_draft_or_no_nurse_could_take_her() -> None:
    now_s = at("2026-03-03T09:00")

    assert NotNow(NotNowReason.AGENT_NOT_LIVE) == asked(now_s, ready=Standing(agent_live=False, nurse_free=True))
    assert NotNow(NotNowReason.NO_NURSE) == asked(now_s, ready=Standing(agent_live=True, nurse_free=False))


@pytest.mark.parametrize(
    ("now", "kept", "reason", "until"),
    [
        ("2026-03-01T09:00", tried(), NotNowReason.NOT_BEGUN, ("2026-03-02", Slot.MORNING)),
        ("2026-03-03T07:59", tried(), NotNowReason.QUIET_HOURS, ("2026-03-03", Slot.MORNING)),
        ("2026-03-03T21:00", tried(), NotNowReason.QUIET_HOURS, ("2026-03-04", Slot.MORNING)),
        ("2026-03-03T12:00", tried(), NotNowReason.OTHER_SLOT, ("2026-03-04", Slot.MORNING)),
        (
            "2026-03-03T18:00",
            tried(("2026-03-03", Came.NO_ANSWER)),
            NotNowReason.CALLED_TODAY,
            ("2026-03-04", Slot.EVENING),
        ),
        (
            "2026-03-05T09:00",
            tried(("2026-03-03", Came.NO_ANSWER)),
            NotNowReason.OTHER_SLOT,
            ("2026-03-05", Slot.EVENING),
        ),
        (
            "2026-03-03T09:00",
            tried(("2026-02-25", Came.REACHED), ("2026-02-27", Came.BUSY), ("2026-03-01", Came.BUSY)),
            NotNowReason.WEEK_FULL,
            ("2026-03-04", Slot.MORNING),
        ),
    ],
)
def test_what_waiting_mends_names_the_first_slot(
    now: str, kept: Kept, reason: NotNowReason, until: tuple[str, Slot]
) -> None:
    assert NotNow(reason, DaySlot(day(until[0]), until[1])) == asked(at(now), kept)


def test_attempts_of_an_earlier_campaign_count_for_the_caps_alone() -> None:
    kept = tried(("2026-02-01", Came.REACHED), ("2026-02-20", Came.NOT_HERS), ("2026-03-01", Came.VOICEMAIL))

    assert CallNow(day("2026-03-03")) == asked(at("2026-03-03T09:00"), kept)


def test_of_an_unknown_zone_it_is_day_everywhere_from_puerto_rico_to_guam() -> None:
    allowed = [
        hour for hour in range(24) if isinstance(asked(at(f"2026-03-03T{hour:02}:30"), zone=Zone.UNKNOWN), CallNow)
    ]

    assert [17, 18, 19] == allowed, "Eastern hours: 8 in Guam to 21 in Puerto Rico"
    assert Zone.UNKNOWN is zone_of("Europe/Berlin") is zone_of("")
    assert Zone.ALASKA is zone_of("America/Anchorage")


@pytest.mark.parametrize("ladder", [(), (Slot.MORNING,) * 4, (Slot.SHARED,)])
def test_a_ladder_beyond_the_caps_is_refused(ladder: tuple[Slot, ...]) -> None:
    with pytest.raises(ValueError, match="ladder"):
        Campaign(1, 2, ladder)


def test_a_campaign_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Campaign(2, 1)


@pytest.mark.parametrize(
    "text", ["", "4471902", "+12025550142", "0000000000000004471902", "a" * 21 + "Q", REF + "A", "é" * 22]
)
def test_a_reference_that_reads_as_a_number_is_refused_and_not_named(text: str) -> None:
    assert not is_reference(text)
    with pytest.raises(NotClosed, match="patient") as refused:
        Kept(patient=text)
    assert not text or text not in str(refused.value)


def test_three_attempts_are_held_and_an_outcome_is_told_once() -> None:
    kept = tried(*((f"2026-03-0{n}", Came.BUSY) for n in range(1, 5))).placed(day("2026-03-09"))

    assert [Attempt(day("2026-03-09"), Came.PLACED), Attempt(day("2026-03-04"), Came.BUSY)] == list(kept.attempts[:2])
    assert 3 == len(kept.attempts)
    assert kept.came(Came.OPTED_OUT).opted_out
    with pytest.raises(ValueError, match="no attempt"):
        kept.came(Came.BUSY).came(Came.REACHED)


def test_a_day_without_an_outcome_or_the_other_way_round_is_no_record() -> None:
    for wrong in ({"day_1": 20_000}, {"came_2": Came.BUSY}):
        with pytest.raises(NotClosed):
            Kept(patient=REF, **wrong)


# -- whatever the order of events ----------------------------------------------------------------------------------

STARTS: Final = [
    int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    for text in ("2026-03-05", "2026-10-29", "2026-12-28", "2024-02-26", "2026-07-01")
]
"""Just before the clocks go forward, before they go back, before a new year, in a leap year, in summer."""
STEP: Final = st.tuples(
    st.sampled_from((0, 600, HOUR_S, 5 * HOUR_S, 13 * HOUR_S, 24 * HOUR_S)),
    st.booleans(),  # is her zone known just now?
    st.sampled_from([*Came, None]),  # None: she opts out by another way
    st.booleans(),
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(KNOWN), st.sampled_from(STARTS), st.lists(STEP, max_size=80), st.permutations(LADDER))
@example(Zone.CHAMORRO, STARTS[0], [(22 * HOUR_S, False, Came.BUSY, True), (HOUR_S, True, Came.BUSY, True)], LADDER)
def test_no_order_of_events_breaks_a_cap_an_hour_or_an_opt_out(
    zone: Zone, start_s: int, steps: list[tuple[int, bool, Came | None, bool]], ladder: list[Slot]
) -> None:
    place = ZoneInfo(zone.value)
    first = start_s // DAY_S
    kept = Kept(patient=REF)
    now_s, called, out = start_s, [], False
    for wait_s, known, came, ready in steps:
        now_s += wait_s
        # A campaign a week, so that the ladder isn't what holds the caps.
        week = (now_s // DAY_S - first) // 5
        campaign = Campaign(first + 5 * week, first + 5 * week + 30, tuple(ladder))
        patient = Patient(kept, zone if known else Zone.UNKNOWN, consented=True)
        answer = may_call(now_s, patient, campaign, Standing(agent_live=True, nurse_free=ready))
        if isinstance(answer, CallNow):
            assert ready
            assert not out
            called.append(datetime.fromtimestamp(now_s, place))
            kept = kept.placed(answer.day)
            if came is not None and came is not Came.PLACED:
                kept = kept.came(came)
        out = out or came is None or kept.opted_out
        kept = kept.out() if came is None else kept

    days = [moment.date() for moment in called]
    assert all(8 <= moment.hour < 21 for moment in called)
    assert len(days) == len(set(days))
    assert all(sum(other - timedelta(6) <= each <= other for each in days) <= 3 for other in days)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(Zone)),
    st.sampled_from(STARTS),
    st.integers(0, 14 * 24),
    st.lists(st.integers(0, 20), max_size=2, unique=True),
)
def test_the_slot_that_is_named_is_the_first_in_which_a_call_is_allowed(
    zone: Zone, start_s: int, hours: int, before: list[int]
) -> None:
    first = start_s // DAY_S
    campaign = Campaign(first, first + 60)
    kept = Kept(patient=REF)
    for ago in sorted(before, reverse=True):
        kept = kept.placed(first + hours // 24 - ago).came(Came.NO_ANSWER)
    patient = Patient(kept, zone, consented=True)
    now_s = start_s + hours * HOUR_S
    told = may_call(now_s, patient, campaign, READY)
    if isinstance(told, CallNow):
        return
    assert told.until is not None
    while not isinstance(may_call(now_s, patient, campaign, READY), CallNow):
        now_s += HOUR_S // 2
        assert now_s < start_s + 40 * DAY_S
    moments = [datetime.fromtimestamp(now_s, ZoneInfo(z.value)) for z in (KNOWN if zone is Zone.UNKNOWN else (zone,))]
    from_hour, to_hour = HOURS[told.until.slot]

    assert told.until.day == min((moment.date() - EPOCH).days for moment in moments)
    assert all(from_hour <= moment.hour < to_hour for moment in moments)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(Zone)), st.integers(0, 400 * 24 * 4))
def test_after_an_opt_out_no_moment_allows_a_call(zone: Zone, quarters: int) -> None:
    now_s = STARTS[0] + quarters * 900
    campaign = Campaign(0, 60_000)

    out = Patient(Kept(patient=REF).out().taken(), zone, consented=True)
    assert NotNow(NotNowReason.OPTED_OUT) == may_call(now_s, out, campaign, READY)

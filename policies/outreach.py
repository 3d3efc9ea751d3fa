"""May a patient be called now, and if not, when?  Values in, values out: no clock, no number, no name.

    match may_call(now_s, patient, campaign, standing):
        case CallNow(day): ...            # `day` is what is held of the attempt
        case NotNow(reason, until): ...

Sources: 47 CFR 64.1200(c)(1) (8 a.m. to 9 p.m. where the called party is) and (a)(9)(iv) (health care: one a day,
three a week, an opt-out honoured at once).  The rules hold although the calls rest on her own consent.  Whatever isn't
known counts against a call: an unknown zone is all zones at once, an attempt without an outcome is an attempt.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from policies.attempts import FINAL, Kept

FIRST_HOUR: Final = 8  # 47 CFR 64.1200(c)(1)
END_HOUR: Final = 21  # likewise: "9 p.m."
A_DAY: Final = 1  # 47 CFR 64.1200(a)(9)(iv)(F)
A_WEEK: Final = 3  # likewise
WEEK_DAYS: Final = 7
HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
EPOCH: Final = date(1970, 1, 1)


class Zone(enum.Enum):
    """Where the called party is: the zones of the United States, whose numbers alone may be called."""

    ATLANTIC = "America/Puerto_Rico"
    EASTERN = "America/New_York"
    CENTRAL = "America/Chicago"
    MOUNTAIN = "America/Denver"
    ARIZONA = "America/Phoenix"
    PACIFIC = "America/Los_Angeles"
    ALASKA = "America/Anchorage"
    ALEUTIAN = "America/Adak"
    HAWAII = "Pacific/Honolulu"
    SAMOA = "Pacific/Pago_Pago"
    CHAMORRO = "Pacific/Guam"
    UNKNOWN = "unknown"
    """Then it must be between the hours in all of them."""


def zone_of(name: str) -> Zone:
    """The zone of that name; `UNKNOWN` for any other."""
    return next((zone for zone in Zone if zone.value == name), Zone.UNKNOWN)


# Read once, when the module is loaded: later the line may open no file.
_PLACES: Final[Mapping[Zone, tuple[ZoneInfo, ...]]] = MappingProxyType(
    {
        **{zone: (ZoneInfo(zone.value),) for zone in Zone if zone is not Zone.UNKNOWN},
        Zone.UNKNOWN: tuple(ZoneInfo(zone.value) for zone in Zone if zone is not Zone.UNKNOWN),
    }
)


class Slot(enum.Enum):
    """A part of her day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"
    SHARED = "shared"
    """The few hours that are right in every zone: for one whose zone is unknown."""


HOURS: Final[Mapping[Slot, tuple[int, int]]] = MappingProxyType(
    {
        Slot.MORNING: (FIRST_HOUR, 12),
        Slot.AFTERNOON: (12, 17),
        Slot.EVENING: (17, END_HOUR),
        Slot.SHARED: (FIRST_HOUR, END_HOUR),
    }
)
"""From the first hour until before the second."""
LADDER: Final = (Slot.MORNING, Slot.EVENING, Slot.AFTERNOON)
"""Who is out at one time of day is in at another: our own choice, from no study."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """In which days patients are called, and how often.  Raises `ValueError` for more than the caps allow."""

    first_day: int
    """In days since 1970-01-01; attempts before it count for the caps alone."""
    last_day: int
    ladder: tuple[Slot, ...] = LADDER
    """The part of her day for the first attempt, the second, the third; then no more."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.ladder) <= A_WEEK or Slot.SHARED in self.ladder:
            raise ValueError("a ladder is one to three parts of the day")
        if self.first_day > self.last_day:
            raise ValueError("a campaign ends after it begins")


@dataclass(frozen=True, slots=True)
class Patient:
    """One who is on the hospital's list."""

    kept: Kept
    zone: Zone
    consented: bool
    """To such calls, on the number that the hospital has; captured when she was discharged."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What must hold on our side at the moment of dialling."""

    agent_live: bool
    """The agent has left draft: patients may rely on it."""
    nurse_free: bool
    """Somebody could take an escalation now."""


class NotNowReason(enum.Enum):
    """Why she isn't called."""

    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    DONE = "done"
    """She was reached, or an attempt showed that no other must follow."""
    LADDER_DONE = "ladder_done"
    CAMPAIGN_OVER = "campaign_over"
    NOT_BEGUN = "not_begun"
    AGENT_NOT_LIVE = "agent_not_live"
    QUIET_HOURS = "quiet_hours"
    CALLED_TODAY = "called_today"
    WEEK_FULL = "week_full"
    OTHER_SLOT = "other_slot"
    """It isn't the part of her day that this attempt is for."""
    NO_NURSE = "no_nurse"


_MENDED_BY_TIME: Final = frozenset(
    {
        NotNowReason.NOT_BEGUN,
        NotNowReason.QUIET_HOURS,
        NotNowReason.CALLED_TODAY,
        NotNowReason.WEEK_FULL,
        NotNowReason.OTHER_SLOT,
    }
)


@dataclass(frozen=True, slots=True)
class DaySlot:
    """A part of a local day of hers, in days since 1970-01-01."""

    day: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class CallNow:
    """All rules allow it."""

    day: int
    """To be held of the attempt: her local day; of an unknown zone the latest that it may be."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """Some rule forbids it."""

    reason: NotNowReason
    until: DaySlot | None = None
    """The first in which time alone would allow it; None where no time does, or that isn't for time to decide."""


def may_call(now_s: int, patient: Patient, campaign: Campaign, standing: Standing) -> CallNow | NotNow:
    """Every rule at once, and when a call would be allowed.  now_s: seconds since 1970-01-01 UTC."""
    answer = may_call_now(now_s, patient, campaign, standing)
    if isinstance(answer, CallNow) or answer.reason not in _MENDED_BY_TIME:
        return answer
    today = _today(_clocks(now_s, patient.zone))
    slot = _slot(patient, campaign)
    earliest = today if _still_comes(now_s, patient.zone, slot, today) else today + 1
    return NotNow(answer.reason, _first(patient.kept, campaign, slot, earliest))


def may_call_now(now_s: int, patient: Patient, campaign: Campaign, standing: Standing) -> CallNow | NotNow:
    """The same without a word of when, which takes many times as long to find: `NotNow.until` is None."""
    local = _clocks(now_s, patient.zone)
    today = _today(local)
    for_good = _for_good(patient, campaign, today)
    if for_good is not None:
        return NotNow(for_good)
    if not standing.agent_live:
        return NotNow(NotNowReason.AGENT_NOT_LIVE)
    hours = [moment.hour for moment in local]
    reason = _not_at_this_time(patient.kept, campaign, _slot(patient, campaign), today, hours)
    if reason is not None:
        return NotNow(reason)
    if not standing.nurse_free:
        return NotNow(NotNowReason.NO_NURSE)
    return CallNow(max((moment.date() - EPOCH).days for moment in local))


def _today(local: list[datetime]) -> int:
    """Her day; of an unknown zone the earliest that it may be."""
    return min((moment.date() - EPOCH).days for moment in local)


def _tried(patient: Patient, campaign: Campaign) -> int:
    return sum(attempt.day >= campaign.first_day for attempt in patient.kept.attempts)


def _slot(patient: Patient, campaign: Campaign) -> Slot:
    """Of the next attempt; `_for_good` has found that there may be one."""
    return Slot.SHARED if patient.zone is Zone.UNKNOWN else campaign.ladder[_tried(patient, campaign)]


def _for_good(patient: Patient, campaign: Campaign, today: int) -> NotNowReason | None:
    """What no waiting mends."""
    if patient.kept.opted_out:
        return NotNowReason.OPTED_OUT
    if not patient.consented:
        return NotNowReason.NO_CONSENT
    if any(each.came in FINAL for each in patient.kept.attempts if each.day >= campaign.first_day):
        return NotNowReason.DONE
    if _tried(patient, campaign) >= len(campaign.ladder):
        return NotNowReason.LADDER_DONE
    return NotNowReason.CAMPAIGN_OVER if today > campaign.last_day else None


def _not_at_this_time(kept: Kept, campaign: Campaign, slot: Slot, today: int, hours: list[int]) -> NotNowReason | None:
    """What waiting mends.  hours: on the clocks of all places where she may be."""
    start, end = HOURS[slot]
    if today < campaign.first_day:
        return NotNowReason.NOT_BEGUN
    if any(not FIRST_HOUR <= hour < END_HOUR for hour in hours):
        return NotNowReason.QUIET_HOURS
    if _called_on(kept, today):
        return NotNowReason.CALLED_TODAY
    if _in_week_before(kept, today) >= A_WEEK:
        return NotNowReason.WEEK_FULL
    return None if all(start <= hour < end for hour in hours) else NotNowReason.OTHER_SLOT


def _clocks(now_s: int, zone: Zone) -> list[datetime]:
    """What the clocks say in all places where she may be."""
    moment = datetime.fromtimestamp(now_s, UTC)
    return [moment.astimezone(place) for place in _PLACES[zone]]


def _still_comes(now_s: int, zone: Zone, slot: Slot, today: int) -> bool:
    """Is there a moment left of the slot on her day?  All zones differ by whole hours."""
    start, end = HOURS[slot]
    for later_s in range(now_s, now_s + DAY_S, HOUR_S):
        clocks = _clocks(later_s - later_s % HOUR_S, zone)
        on_her_day = min((clock.date() - EPOCH).days for clock in clocks) == today
        if on_her_day and all(start <= clock.hour < end for clock in clocks):
            return True
    return False


def _called_on(kept: Kept, day: int) -> bool:
    """On that day or, by a zone that was doubtful, perhaps on it."""
    return sum(attempt.day >= day for attempt in kept.attempts) >= A_DAY


def _in_week_before(kept: Kept, day: int) -> int:
    """Attempts in the seven days that end with this one."""
    return sum(attempt.day > day - WEEK_DAYS for attempt in kept.attempts)


def _first(kept: Kept, campaign: Campaign, slot: Slot, earliest: int) -> DaySlot | None:
    """The first day from this one on which the slot would do."""
    start = max(earliest, campaign.first_day)
    for day in range(start, min(campaign.last_day, start + 2 * WEEK_DAYS) + 1):
        if not _called_on(kept, day) and _in_week_before(kept, day) < A_WEEK:
            return DaySlot(day, slot)
    return None

"""`kill -9` of the line's process in each moment of a transfer: who hears what from then on, and who comes.

Real processes, sockets, signatures and REST; the engines are such as load at once (`tests.deaths.line`).  With the
whole service as it is deployed: `tests/calls/test_service_killed.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import pytest

from telephony import twiml
from telephony.transfer import Times
from telephony.twin.segments import SAID_CHARS_PER_S
from tests.deaths.moments import ALONE, IN_ROOM, Heard, Moment, Ward
from tests.deaths.stage import RING_S, Around, played

pytestmark = [pytest.mark.real_time, pytest.mark.xdist_group("deaths"), pytest.mark.timeout(180)]

AT_ONCE_S: Final = 1.0
HEARD_BY_S: Final = 10.0  # issue 5: fail-safe 911 wording and the nurse's line within 10 s, in any state
CARRIER_RINGS_S: Final = 5.0  # Twilio rings so much longer than told
ON_A_STREAM: Final = (
    Moment.FIRST_WORDS,
    Moment.RINGING,
    Moment.UNANSWERED,
    Moment.OFFER,
    Moment.BRIEF,
    Moment.ACCEPTED,
    Moment.COMING,
    Moment.JOINING,
    Moment.BACK,
)
"""In these the patient's sound goes to the process that dies, or is just leaving it."""
Played = Mapping[Around, Mapping[Moment, Ward]]
EACH: Final = pytest.mark.parametrize("around", Around)


@pytest.fixture(scope="module", name="everywhere")
def _everywhere(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """All three at once: they wait for telephones most of the time."""

    async def all_of_them() -> Played:
        folders = {around: tmp_path_factory.mktemp(around.value) for around in Around}
        stages = [played(around, folder) for around, folder in folders.items()]
        return dict(zip(Around, await asyncio.gather(*stages), strict=True))

    return asyncio.run(all_of_them())


def hears_911_and_is_put_through(heard: Heard, line: Heard, after_s: float = 0.0) -> None:
    """The words for the worst case, 911 first, and then a person at the nurse line."""
    [(began_s, words), *_] = heard.said
    assert words.startswith("If this is an emergency, hang up and dial 9 1 1.")
    assert began_s - after_s < AT_ONCE_S
    assert line.rang_s is not None
    assert line.rang_s - after_s < HEARD_BY_S
    assert line.rang_s - began_s == pytest.approx(len(words) / SAID_CHARS_PER_S, abs=AT_ONCE_S)
    assert line.answered_s is not None


@EACH
@pytest.mark.parametrize("moment", ON_A_STREAM)
def test_a_patient_whose_stream_dies_hears_911_at_once_and_then_the_nurse_line_rings(
    everywhere: Played, around: Around, moment: Moment
) -> None:
    ward = everywhere[around][moment]

    hears_911_and_is_put_through(ward.heard, ward.by_line)


@EACH
@pytest.mark.parametrize("moment", IN_ROOM)
def test_who_is_in_the_room_stays_there_and_they_hear_each_other(
    everywhere: Played, around: Around, moment: Moment
) -> None:
    ward = everywhere[around][moment]

    assert ward.heard.over_s is not None
    assert ward.by_nurse.over_s is not None
    assert min(ward.heard.over_s, ward.by_nurse.over_s) > AT_ONCE_S
    assert [True, True] == [ward.patient_heard_nurse(), ward.nurse_heard_patient()]


def test_a_nurse_who_leaves_the_room_then_leaves_the_patient_to_the_nurse_line(everywhere: Played) -> None:
    ward = everywhere[Around.NOTHING][Moment.NURSE_LEAVES]

    assert ward.by_nurse.over_s is not None
    hears_911_and_is_put_through(ward.heard, ward.by_line, after_s=ward.by_nurse.over_s)


@pytest.mark.parametrize("around", [Around.RESTARTED, Around.ANOTHER])
def test_or_to_an_agent_where_a_process_of_the_line_is_there(everywhere: Played, around: Around) -> None:
    ward = everywhere[around][Moment.NURSE_LEAVES]

    assert ward.heard.said == []
    assert ward.by_line.rang_s is None
    assert ward.patient_heard_agent()


@EACH
def test_a_patient_who_leaves_the_room_takes_the_nurse_with_her(everywhere: Played, around: Around) -> None:
    ward = everywhere[around][Moment.PATIENT_LEAVES]

    assert ward.heard.over_s is not None
    assert ward.by_nurse.over_s is not None
    assert ward.by_nurse.over_s - ward.heard.over_s < AT_ONCE_S


def test_a_patient_whom_the_nurse_has_left_is_put_through_to_the_nurse_line(everywhere: Played) -> None:
    for around in (Around.NOTHING, Around.RESTARTED):  # the carrier asks at once, before it is there again
        ward = everywhere[around][Moment.DROPPED]
        hears_911_and_is_put_through(ward.heard, ward.by_line)


def test_or_she_is_with_the_agent_again_where_another_process_answers(everywhere: Played) -> None:
    ward = everywhere[Around.ANOTHER][Moment.DROPPED]

    assert ward.heard.said == []
    assert ward.patient_heard_agent()


@EACH
def test_whom_the_carrier_has_put_through_already_does_not_notice(everywhere: Played, around: Around) -> None:
    ward = everywhere[around][Moment.NOBODY]

    assert ward.heard.said == []
    assert ward.by_line.answered_s is not None


@EACH
def test_a_nurse_who_picks_up_afterwards_is_not_left_in_silence(everywhere: Played, around: Around) -> None:
    by_nurse = everywhere[around][Moment.RINGING].by_nurse

    assert by_nurse.answered_s is not None
    assert by_nurse.over_s is not None
    told = sum(len(words) for _, words in by_nurse.said) / SAID_CHARS_PER_S
    assert by_nurse.over_s - by_nurse.answered_s == pytest.approx(told, abs=AT_ONCE_S)


@EACH
def test_a_telephone_that_nobody_picks_up_stops_ringing_by_itself(everywhere: Played, around: Around) -> None:
    by_nurse = everywhere[around][Moment.UNANSWERED].by_nurse

    assert by_nurse.answered_s is None
    assert by_nurse.over_s is not None
    assert by_nurse.over_s <= RING_S + CARRIER_RINGS_S


@pytest.mark.parametrize("moment", [Moment.OFFER, Moment.BRIEF, Moment.ACCEPTED])
def test_a_nurse_with_the_agent_is_told_that_she_is_not_needed_and_her_call_ends(
    everywhere: Played, moment: Moment
) -> None:
    by_nurse = everywhere[Around.NOTHING][moment].by_nurse
    [(began_s, words)] = by_nurse.said

    assert words.startswith("This is the discharge line. You are not needed")
    assert began_s < AT_ONCE_S
    assert by_nurse.over_s == pytest.approx(began_s + len(words) / SAID_CHARS_PER_S, abs=AT_ONCE_S)


@pytest.mark.parametrize("moment", [Moment.OFFER, Moment.BRIEF, Moment.ACCEPTED])
def test_or_her_call_ends_at_once_where_another_process_answers(everywhere: Played, moment: Moment) -> None:
    by_nurse = everywhere[Around.ANOTHER][moment].by_nurse

    assert by_nurse.over_s is not None
    assert by_nurse.over_s < AT_ONCE_S


@EACH
@pytest.mark.parametrize("moment", ALONE)
def test_a_nurse_alone_in_the_room_is_spoken_to_by_the_carrier(
    everywhere: Played, around: Around, moment: Moment
) -> None:
    [(began_s, words), *_] = everywhere[around][moment].by_nurse.said

    assert words == "The patient is coming on the line."
    assert began_s < twiml.FIRST_WAIT_S + AT_ONCE_S


def test_the_carrier_waits_longer_with_a_nurse_than_a_patient_can_be_on_her_way() -> None:
    times = Times()

    assert twiml.NURSE_WAITS_S * 1_000 > times.told_ms + times.join_ms

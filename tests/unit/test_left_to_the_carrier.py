"""A call that has no stream is told to be over all the same: its record is deleted like any other's."""

from __future__ import annotations

import pytest

from policies.phi import PHI
from telephony.switchboard import EndDecision
from telephony.tokens import Purpose
from tests.unit.test_server import ACCOUNT, CALL, NURSE, form, served, verbs

OTHER = "CA" + "2" * 32
ENDS = ("completed", "busy", "failed", "no-answer", "canceled")


def of_ours(call_sid: str = CALL, **more: str) -> dict[str, str]:
    """As Twilio signs it."""
    return {"CallSid": call_sid, "AccountSid": ACCOUNT, "From": "+12025550177", "To": "+12025550100"} | more


async def test_a_caller_who_is_turned_away_busy_or_of_an_unknown_number_is_left_to_the_carrier() -> None:
    async with served(calls=1) as here:
        here.board.invite(Purpose.PATIENT, "cardiology", PHI(OTHER))  # the only place
        await here.post("/twilio/voice", form("CA1"))
        await here.post("/twilio/voice", form("CA2", To=NURSE))

        assert ["CA1", "CA2"] == here.left


async def test_a_caller_who_is_answered_is_not() -> None:
    async with served() as here:
        await here.post("/twilio/voice", form("CA1"))

        assert [] == here.left


async def test_a_stream_that_never_opened_or_has_ended_leaves_its_call_to_the_carrier() -> None:
    async with served() as here:
        here.decision = EndDecision.LOST
        await here.post("/twilio/voice", form("CA1"))
        assert "Dial" in verbs(await here.post("/twilio/ended", form("CA1")))
        await here.post("/twilio/after-nurse", form("CA1", DialCallStatus="no-answer"))

        assert {"CA1"} == set(here.left)


@pytest.mark.parametrize("status", [*ENDS, "ringing", "in-progress", ""])
async def test_the_carriers_own_word_that_a_call_has_ended_is_taken(status: str) -> None:
    async with served(development=False, account_sid=ACCOUNT) as here:
        assert 204 == (await here.signed("/twilio/status", of_ours(CallStatus=status))).status

        assert ([CALL] if status in ENDS else []) == here.left


async def test_nobody_but_the_carrier_says_that_a_call_has_ended() -> None:
    async with served(development=False, account_sid=ACCOUNT) as here:
        told = of_ours(CallStatus="completed")
        assert 403 == (await here.post("/twilio/status", told)).status
        assert 403 == (await here.signed("/twilio/status", told | {"AccountSid": "AC" + "1" * 32})).status

        assert [] == here.left


async def test_the_fail_safe_is_for_everybody_and_only_the_carrier_names_a_call_by_it() -> None:
    async with served(development=False, account_sid=ACCOUNT) as here:
        assert "Dial" in verbs(await here.post("/twilio/failsafe", of_ours()))
        assert [] == here.left
        assert "Dial" in verbs(await here.signed("/twilio/failsafe", of_ours()))
        assert [CALL] == here.left


async def test_what_the_carrier_said_once_does_not_hold_a_second_time() -> None:
    async with served(development=False, account_sid=ACCOUNT) as here:
        told = of_ours(CallStatus="completed")
        assert [204, 403] == [(await here.signed("/twilio/status", told)).status for _ in range(2)]

        assert [CALL] == here.left

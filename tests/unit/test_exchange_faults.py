"""What goes wrong at the local carrier goes wrong the same way again for the same seed."""

from __future__ import annotations

import asyncio

import pytest

from telephony.leg import Socket
from telephony.twin.asking import Trouble
from telephony.twin.carrier import Stream
from telephony.twin.faults import Delivery, Dice, Faults
from telephony.twin.line_noise import Conditions
from telephony.twin.personas import answers
from telephony.twin.telephones import Telephone
from tests.exchanges import NURSE, ORIGIN, OURS, PATIENT, Talk, begun, document, town
from tests.virtual_time import at_once

EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
Told = list[tuple[int, str]]


async def told(faults: Faults, calls: int = 8) -> list[Told]:
    """The callbacks of some calls one after another, as they came: sequence number and status."""
    found = []
    async with town(Telephone(NURSE, answers(after_s=1.0)), faults=faults) as there:
        for _ in range(calls):
            order = await there.exchange.place(
                to=NURSE, from_=OURS, twiml=document('<Pause length="1"/>'), url=None, ring_s=9,
                status_callback=ORIGIN + "/status", status_events=EVENTS, time_limit_s=60,
            )  # fmt: skip
            await asyncio.sleep(30.0)
            forms = [form for form in there.line.forms("/status") if form["CallSid"] == order.sid]
            found.append([(int(form["SequenceNumber"]), form["CallStatus"]) for form in forms])
    return found


WHOLE = [(0, "initiated"), (1, "ringing"), (2, "in-progress"), (3, "completed")]


def test_without_faults_every_callback_comes_once_and_in_order() -> None:
    assert [WHOLE] * 8 == at_once(told(Faults()))


@pytest.mark.parametrize(
    "faults",
    [
        Faults(seed=3, callback_lost=0.4),
        Faults(seed=3, callback_twice=0.4),
        Faults(seed=3, callback_late=0.5),
        Faults(seed=3, callback_overtaken=0.5),
    ],
)
def test_faults_of_callbacks_are_those_asked_for_and_repeat_with_their_seed(faults: Faults) -> None:
    once, again = at_once(told(faults)), at_once(told(faults))
    assert once == again
    assert once != at_once(told(Faults(seed=4, callback_lost=faults.callback_lost,
                                       callback_twice=faults.callback_twice, callback_late=faults.callback_late,
                                       callback_overtaken=faults.callback_overtaken)))  # fmt: skip
    lost = any(set(call) < set(WHOLE) for call in once)
    twice = any(len(call) > len(set(call)) for call in once)
    disordered = any(call != sorted(call) for call in once)
    assert (faults.callback_lost > 0, faults.callback_twice > 0) == (lost, twice)
    assert (faults.callback_late > 0 or faults.callback_overtaken > 0) == disordered


def test_the_same_seed_draws_the_same_and_no_fault_draws_none() -> None:
    faults = Faults(7, 0.3, 0.3, 0.3, 2.0, 0.3, 0.5, 4.0, 0.5, 30.0, 0.5, 50.0)
    one, two, none = Dice(faults), Dice(faults), Dice(Faults())
    drawn = [
        [(dice.delivery(), dice.webhook_late_s(), dice.reset_after_s(), dice.hang_up_after_s()) for _ in range(50)]
        for dice in (one, two, none)
    ]
    assert drawn[0] == drawn[1]
    assert {(Delivery(), 0.0, None, None)} == set(drawn[2])
    assert 50 > len([reset for _, _, reset, _ in drawn[0] if reset is not None]) > 10
    assert all(0 <= (reset or 0) <= 30 and 0 <= (gone or 0) <= 50 for _, _, reset, gone in drawn[0])


def test_impossible_faults_are_refused() -> None:
    for wrong in ({"hang_up": 1.5}, {"callback_lost": -0.1}, {"webhook_late_s": -1.0}):
        with pytest.raises(ValueError, match="shares are"):
            Faults(**wrong)  # type: ignore[arg-type]  # that is what is tried


CONNECT = '<Connect action="/ended"><Stream url="wss://line.example.org/media"/></Connect>'


async def listens(stream: Stream, socket: Socket) -> None:
    talk = await begun(socket)
    TALKS.append(talk)
    while await talk.next() is not None:
        pass


TALKS: list[Talk] = []


def test_a_stream_that_is_reset_ends_without_stop_and_its_action_goes_on() -> None:
    async def story() -> None:
        TALKS.clear()
        answered = {"/voice": document(CONNECT), "/ended": document("<Say>sorry</Say>")}
        faults = Faults(stream_reset=1.0, stream_reset_s=5.0)
        async with town(Telephone(PATIENT), answers=answered, serve=listens, faults=faults) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            assert ["sorry"] == list(there.exchange.said(there.exchange.calls()[0].sid))
        assert not TALKS[0].stopped()
        assert len(TALKS[0].heard) / 8_000 <= 5.0

    at_once(story())


def test_a_party_hangs_up_at_a_moment_that_the_seed_decides() -> None:
    async def lasted(seed: int) -> float:
        faults = Faults(seed=seed, hang_up=1.0, hang_up_s=20.0)
        answered = {"/voice": document('<Pause length="60"/>')}
        async with town(Telephone(PATIENT), answers=answered, faults=faults) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS)
            await phone.until_over()
            return phone.now_ms

    seconds = [at_once(lasted(seed)) for seed in (1, 1, 2)]
    assert seconds[0] == seconds[1] != seconds[2]
    assert max(seconds) <= 20_000


def test_a_webhook_that_is_later_than_the_carrier_waits_has_failed() -> None:
    async def story() -> None:
        faults = Faults(seed=2, webhook_late=1.0, webhook_late_s=1_000.0)
        async with town(Telephone(PATIENT), answers={"/voice": document("<Hangup/>")}, faults=faults) as there:
            await (await there.exchange.dial_in(there.people[PATIENT], OURS)).until_over()
            assert {Trouble.TIMED_OUT: 1} == there.exchange.troubles
            [record] = there.exchange.calls()
            assert record.ended_at is not None
            assert 15.0 == pytest.approx(record.ended_at - record.started_at)

    at_once(story())


def test_lost_packets_and_jitter_reach_the_stream_and_its_order_is_kept() -> None:
    async def story() -> None:
        TALKS.clear()
        faults = Faults(conditions=Conditions(noise_snr_db=10.0, loss=0.3, jitter_ms=60.0))
        answered = {"/voice": document(CONNECT), "/ended": document("<Hangup/>")}
        async with town(Telephone(PATIENT), answers=answered, serve=listens, faults=faults) as there:
            phone = await there.exchange.dial_in(there.people[PATIENT], OURS, lambda p: p.pass_ms(4_000))
            await phone.until_over()
        frames = [bytes(TALKS[0].heard[at : at + 160]) for at in range(0, len(TALKS[0].heard), 160)]
        silent = sum(frame == b"\xff" * 160 for frame in frames)
        assert 0.15 < silent / len(frames) < 0.45

    at_once(story())

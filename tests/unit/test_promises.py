"""The promises of a process: made, withdrawn, ended with it; whole ones are in `test_nights`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from agent.handoff import Handoffs, Voice
from agent.on_call import OnCall
from agent.promises import MOST, MOST_PAGING, Promises
from policies.brief import Told
from policies.escalation import EscalationReason
from policies.phi import PHI
from telephony.placing import CarrierFailed, CarrierReason
from telephony.promise import MOST_RINGS, Event, State
from telephony.switchboard import Switchboard
from telephony.transfer import Rank, Rung
from tests.fakes import ScriptedVoice, World
from tests.nurses import ORIGINS
from tests.simulated import house, nothing_left_of
from tests.virtual_time import at_once

HERS: Final = "+12025550142"
NURSE: Final = "+12025550001"
NURSE_LINE: Final = "+12025550199"
WORDS: Final = "the stitches came loose"


@dataclass
class Orders:
    """A carrier whose telephones nobody picks up."""

    placed: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    refuses: bool = False

    async def place(
        self,
        number: PHI[str],
        twiml: str,
        *,
        ring_s: int,
        status_url: str,
        limit_s: int,
        caller_id: str | None = None,
    ) -> PHI[str]:
        if self.refuses:
            raise CarrierFailed(CarrierReason.REFUSED)
        self.placed.append((number.reveal(), twiml))
        return PHI(f"CA{len(self.placed):032x}")

    async def end(self, call_sid: PHI[str]) -> None:
        self.ended.append(call_sid.reveal())

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        return False

    async def live(self, call_sid: PHI[str]) -> bool:
        return False


async def with_promises(carrier: Orders, story: Callable[[Promises], Awaitable[None]]) -> None:
    board = Switchboard(calls=1, clock=asyncio.get_running_loop().time)
    handoffs = Handoffs(carrier, board, ORIGINS, nurse_lines={"demo": NURSE_LINE})
    running = asyncio.create_task(handoffs.run(), name="handoffs")
    await asyncio.sleep(0)
    await story(Promises(handoffs))
    running.cancel()
    await asyncio.wait([running])


def make(promises: Promises, number: str = HERS) -> None:
    prepared = house()[0]
    voice = Voice(ScriptedVoice(World()), prepared.ready, prepared.script.voices.phrases)
    on_call = OnCall((PHI(NURSE),), (Rung(Rank.UNIT, (0,), 10_000),))
    told = Told(EscalationReason.SYMPTOM, PHI(WORDS), None, "")
    promises.make("demo", PHI(number), voice, lambda: on_call, told)


def run(carrier: Orders, story: Callable[[Promises], Awaitable[None]]) -> None:
    house()
    at_once(with_promises(carrier, story))


def test_who_waits_is_told_by_the_carrier_when_the_process_ends() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        await asyncio.sleep(1)
        await promises.end(now=True)
        assert 0 == promises.open
        assert {State.BROKEN: 1} == promises.ended

    run(carrier, story)
    to, document = carrier.placed[-1]

    assert HERS == to
    assert "it will not come" in document
    assert " ".join(NURSE_LINE.lstrip("+")) in document
    assert "<Dial" not in document


def test_a_carrier_that_fails_as_the_process_ends_holds_nothing_up() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        await asyncio.sleep(1)
        carrier.refuses = True
        await promises.end(now=True)
        assert 0 == promises.open

    run(carrier, story)


def test_who_is_about_to_have_a_nurse_keeps_the_seconds_that_are_left() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        (promised,) = promises._open
        promised.on(Event.TAKEN)
        await asyncio.sleep(1)
        await promises.end(now=False)
        assert (1, State.RINGING) == (promises.open, promised.state)
        await promises.end(now=True)
        assert 0 == promises.open

    run(carrier, story)
    ended, told = carrier.ended, [n for n, (_, document) in enumerate(carrier.placed) if "will not come" in document]

    assert ended, "her telephone was still ringing"
    assert [len(carrier.placed) - 1] == told


def test_a_telephone_that_the_carrier_did_not_ring_does_not_count_as_not_picked_up() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        (promised,) = promises._open
        for _ in range(MOST_RINGS + 1):
            carrier.refuses = True
            promised.on(Event.TAKEN)
            await asyncio.sleep(1)
            assert State.RESTING is promised.state
            carrier.refuses = False
            promised._do(promised._promise.at(promised._promise.due_ms or 0.0))
            await asyncio.sleep(0)
        assert 0 == promised._promise.rings
        await promises.end(now=True)

    run(carrier, story)


def test_she_who_was_promised_one_is_not_promised_another() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        make(promises)
        assert (1, 1) == (promises.open, promises.made)
        await promises.end(now=True)

    run(carrier, story)


def test_who_reached_a_nurse_by_herself_is_not_called_back() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        make(promises, "+12025550143")
        promises.reached(PHI(HERS))
        promises.reached(PHI("+12025550177"))  # who was promised nothing
        assert 1 == promises.open
        assert {State.WITHDRAWN: 1} == promises.ended
        await promises.end(now=True)

    run(carrier, story)


def test_there_is_an_end_to_what_is_promised() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        for n in range(MOST):
            assert not promises.full
            make(promises, f"+1202555{n:04}")
        assert promises.full
        await promises.end(now=True)

    run(carrier, story)


def test_nurses_are_called_round_after_round_and_ever_less_often() -> None:
    carrier = Orders()
    times: list[float] = []

    async def story(promises: Promises) -> None:
        make(promises)
        for _ in range(7_200):
            await asyncio.sleep(1)
            times.extend([asyncio.get_running_loop().time()] * (len(carrier.placed) - len(times)))
        assert 1 == promises.open
        await promises.end(now=True)

    run(carrier, story)
    between = [round(after - before) for before, after in pairwise(times)]

    assert sorted(between) == between
    assert 5 < len(between) < 12  # of two hours


def test_who_waits_on_the_line_goes_before_those_who_were_promised() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        handoffs = promises.handoffs
        prepared = house()[0]
        voice = Voice(ScriptedVoice(World()), prepared.ready, prepared.script.voices.phrases)
        on_call = OnCall((PHI("+12025550002"),), (Rung(Rank.UNIT, (0,), 30_000),))
        live = handoffs.fetch("demo", on_call, voice, PHI("CA" + "7" * 32), lambda _: None)
        live.begin(lambda: Told(EscalationReason.RED_FLAG, None, None, ""))
        make(promises)
        await asyncio.sleep(20)
        assert ["+12025550002"] == [to for to, _ in carrier.placed]
        live.gone()
        await asyncio.sleep(100)
        assert NURSE in [to for to, _ in carrier.placed]
        await promises.end(now=True)

    run(carrier, story)


def test_for_few_are_nurses_called_at_the_same_time() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        for n in range(5):
            make(promises, f"+1202555{n:04}")
        await asyncio.sleep(5)
        assert MOST_PAGING == len(carrier.placed)
        await promises.end(now=True)

    run(carrier, story)


def test_no_nurse_is_called_for_her_who_is_on_the_line_again() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        with promises.talking(PHI(HERS)):
            make(promises)
            await asyncio.sleep(30)
            assert [] == carrier.placed
        await asyncio.sleep(60)
        assert [NURSE] == [to for to, _ in carrier.placed]
        assert not promises.on_the_line
        await promises.end(now=True)

    run(carrier, story)


def test_nothing_of_a_promise_that_is_over_is_left() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        await asyncio.sleep(30)
        await promises.end(now=True)
        await asyncio.sleep(60)  # the carrier's last orders

    house()
    nothing_left_of(with_promises(carrier, story))

    assert not any(WORDS in document for _, document in carrier.placed)

"""The promises of a process: made, withdrawn, ended with it; whole ones are in `test_nights`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from agent.handoff import Handoffs, Voice
from agent.on_call import OnCall
from agent.promises import MOST, Promises
from policies.brief import Told
from policies.escalation import EscalationReason
from policies.phi import PHI
from telephony.placing import CarrierFailed, CarrierReason
from telephony.promise import State
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
        await promises.end()
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
        await promises.end()
        assert 0 == promises.open

    run(carrier, story)


def test_she_who_was_promised_one_is_not_promised_another() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        make(promises)
        assert (1, 1) == (promises.open, promises.made)
        await promises.end()

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
        await promises.end()

    run(carrier, story)


def test_there_is_an_end_to_what_is_promised() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        for n in range(MOST):
            assert not promises.full
            make(promises, f"+1202555{n:04}")
        assert promises.full
        await promises.end()

    run(carrier, story)


def test_nurses_are_called_round_after_round() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        await asyncio.sleep(400)
        assert 1 == promises.open
        await promises.end()

    run(carrier, story)
    rounds = [to for to, _ in carrier.placed if to == NURSE]

    assert len(rounds) > 3


def test_nothing_of_a_promise_that_is_over_is_left() -> None:
    carrier = Orders()

    async def story(promises: Promises) -> None:
        make(promises)
        await asyncio.sleep(30)
        await promises.end()
        await asyncio.sleep(60)  # the carrier's last orders

    house()
    nothing_left_of(with_promises(carrier, story))

    assert not any(WORDS in document for _, document in carrier.placed)

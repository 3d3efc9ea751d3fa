"""A hand-off by itself: what it does with its deadlines, with a carrier that fails, and after its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.fetching import News
from agent.handoff import Handoff, Handoffs, Voice
from agent.on_call import OnCall
from policies.brief import Told
from policies.escalation import EscalationReason
from policies.phi import PHI
from telephony.doors import Origins
from telephony.switchboard import Role, Switchboard
from telephony.transfer import NurseEvent, Phase, Rank, Rung
from tests.fakes import ScriptedVoice, World
from tests.simulated import house
from tests.virtual_time import at_once

PATIENT = "CA" + "7" * 32
NURSE = "CA" + "8" * 32


@dataclass
class Orders:
    """A carrier that takes every order; what comes of it, the test says."""

    ended: list[str] = field(default_factory=list)
    redirected: list[tuple[float, str]] = field(default_factory=list)
    places: Callable[[], str] = lambda: NURSE
    rung: list[str] = field(default_factory=list)

    async def place(
        self, number: PHI[str], twiml: str, *, ring_s: int, status_url: str, limit_s: int, caller_id: str | None = None
    ) -> PHI[str]:
        self.rung.append(number.reveal())
        return PHI(self.places())

    async def end(self, call_sid: PHI[str]) -> None:
        self.ended.append(call_sid.reveal())

    async def redirect(self, call_sid: PHI[str], twiml: str) -> bool:
        self.redirected.append((asyncio.get_running_loop().time(), call_sid.reveal()))
        return True

    async def live(self, call_sid: PHI[str]) -> bool:
        return call_sid.reveal() not in self.ended


@dataclass
class Home:
    """The hand-offs of a process, with one nurse on call."""

    handoffs: Handoffs
    running: asyncio.Task[None]
    news: list[News] = field(default_factory=list)

    def fetch(self, *rungs: Rung) -> Handoff:
        prepared = house()[0]
        voice = Voice(ScriptedVoice(World()), prepared.ready, prepared.script.voices.phrases)
        numbers = tuple(PHI(f"+1202555{n:04}") for n in range(6))
        on_call = OnCall(numbers, rungs or (Rung(Rank.UNIT, (0,), 18_000),))
        handoff = self.handoffs.fetch("demo", on_call, voice, PHI(PATIENT), self.news.append)
        handoff.begin(lambda: Told(EscalationReason.ASKED, None, None, ""))
        return handoff

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running])


def opened(carrier: Orders | None = None) -> Home:
    board = Switchboard(calls=1, clock=asyncio.get_running_loop().time)
    origins = Origins("https://line.example.org", "wss://line.example.org")
    home = Handoffs(carrier or Orders(), board, origins)
    return Home(home, asyncio.create_task(home.run(), name="handoffs"))


def test_a_deadline_that_no_clock_can_show_exactly_is_kept() -> None:
    """Seconds and milliseconds of it differ in the last bit: a timer that looks again at once would turn for ever."""

    async def story() -> Phase:
        await asyncio.sleep(7.179999999999378)
        home = opened()
        await asyncio.sleep(0)
        handoff = home.fetch()
        await asyncio.sleep(60)
        await home.stop()
        return handoff.phase

    house()
    assert Phase.NOBODY is at_once(story())


def test_what_happens_after_the_process_has_stopped_fetching_changes_nothing() -> None:
    async def story() -> Phase:
        home = opened()
        await asyncio.sleep(0)
        handoff = home.fetch()
        await asyncio.sleep(1)
        await home.stop()
        handoff.gone()
        return handoff.phase

    house()
    assert Phase.LEFT is at_once(story())


def test_a_patient_who_was_sent_to_a_nurse_that_left_untold_is_brought_back() -> None:
    """No callback of the carrier tells of it: neither the room's nor that of the nurse's call."""
    carrier = Orders()

    async def story() -> float:
        home = opened(carrier)
        await asyncio.sleep(0)
        handoff = home.fetch()
        await asyncio.sleep(1)
        for event in (NurseEvent.OPENED, NurseEvent.ONE, NurseEvent.ONE, NurseEvent.ENTERED):
            handoff.nurse(0, event)
        handoff.told()
        carrier.ended.append(NURSE)
        began_s = asyncio.get_running_loop().time()
        home.handoffs.sent(handoff.room, Role.PATIENT, PHI(PATIENT))
        await asyncio.sleep(60)
        await home.stop()
        return began_s

    house()
    began_s = at_once(story())
    ((at_s, who),) = carrier.redirected

    assert who == PATIENT
    assert at_s - began_s < 10


def test_what_is_told_late_of_a_nurse_who_is_gone_is_not_of_her_who_came_after_her() -> None:
    sids = iter((NURSE, "CA" + "6" * 32))

    async def story() -> list[News]:
        home = opened(Orders(places=lambda: next(sids)))
        await asyncio.sleep(0)
        handoff = home.fetch(Rung(Rank.UNIT, (0,), 18_000), Rung(Rank.CHARGE, (1,), 18_000))
        await asyncio.sleep(1)
        for event in (NurseEvent.OPENED, NurseEvent.ONE, NurseEvent.ONE, NurseEvent.ENDED):
            handoff.nurse(0, event)
        await asyncio.sleep(1)
        for event in (NurseEvent.OPENED, NurseEvent.ONE, NurseEvent.ONE):
            handoff.nurse(1, event)
        handoff.told()
        home.handoffs.entered(handoff.room, Role.NURSE, PHI(NURSE))
        assert News.JOIN not in home.news
        home.handoffs.entered(handoff.room, Role.NURSE, PHI("CA" + "6" * 32))
        await home.stop()
        return home.news

    house()
    news = at_once(story())

    assert [News.COMING, News.JOIN] == news[-2:]
    assert 1 == news.count(News.JOIN)


def test_nurses_who_are_busy_take_no_place_from_those_who_are_rung_after_them() -> None:
    carrier = Orders()

    async def story() -> None:
        home = opened(carrier)
        await asyncio.sleep(0)
        handoff = home.fetch(Rung(Rank.UNIT, (0, 1, 2), 18_000), Rung(Rank.CHARGE, (3, 4, 5), 18_000))
        await asyncio.sleep(1)
        for leg in range(3):
            handoff.nurse(leg, NurseEvent.BUSY)
        await asyncio.sleep(1)
        await home.stop()

    house()
    at_once(story())

    assert 6 == len(set(carrier.rung))

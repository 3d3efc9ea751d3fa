"""Nurses who call in, at the carrier's twin: her PIN, what she sets, and who is rung for the next patient."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

import pytest

from agent.availability import Availability
from agent.call import Call
from agent.calls import decision
from agent.fetchers import Fetchers, voice_of
from agent.handoff import Handoff, Handoffs
from agent.on_call_lists import OnCallLists
from agent.phrases import Phrase
from agent.pins import hashed, is_pin
from agent.prepare import Prepared
from agent.promises import Promises
from agent.script import Engines, Limits
from agent.staff_desk import CLOSED_S, StaffDesk
from agent.tally import Tally
from agent.watch import Watch
from policies.phi import PHI
from policies.records import Engine, NurseStatus, Profile
from telephony.doors import Origins, ServerConfig
from telephony.leg import Leg
from telephony.server import Observers, application
from telephony.switchboard import After, Line, Role, Room, Switchboard
from telephony.tokens import Purpose
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import machine
from telephony.twin.telephones import Life, Persona, Phone, Pickup, Telephone
from telephony.webhooks import VOICE
from tests.fakes import ScriptedActivity, ScriptedRecogniser, ScriptedVoice, World
from tests.nights.carrier import Requests, Tap
from tests.nights.hearing import sentences
from tests.nights.people import People
from tests.nights.plans import PatientPlan, Says, Unreliable
from tests.simulated import REF, greeting, house, words
from tests.virtual_time import at_once

ORIGIN: Final = "https://line.example.org"
ORIGINS: Final = Origins(ORIGIN, "wss://line.example.org")
ACCOUNT: Final = "AC" + "9" * 32
TOKEN: Final = "secret"
OURS: Final = "+12025550100"
PATIENT: Final = "+12025550101"
DANA, LEE, KIM = "+12025552000", "+12025552001", "+12025552002"
NURSE_LINE: Final = "+12025550199"
PIN: Final = "483920"
CALLS: Final = 4
AWAY: Final = NurseStatus(on_call="ward", nurse="dana", available=False)


async def matches(held: str, keyed: PHI[str]) -> bool:
    """The real comparison; in virtual time nothing may wait for a thread."""
    return is_pin(held, keyed)


@dataclass(slots=True)
class Ward:
    """A line, its carrier, and three nurses, of whom Dana has a PIN and Kim has none."""

    exchange: Exchange
    phones: dict[str, Telephone]
    people: People
    world: World
    told: list[NurseStatus]
    """What the keeper would be told."""
    written: list[str]
    """All that passed between line and carrier."""
    purposes: list[Purpose] = field(default_factory=list)
    """Of the streams, in their order."""

    async def calls(self, number: str, life: Life) -> Sequence[str]:
        """One call from there, to its end.  Returns what was heard in it."""
        phone = await self.exchange.dial_in(self.phones[number], OURS, life)
        await phone.until_over()
        await self.exchange.idle()
        return [sentence.text for sentence in sentences(phone.heard(0, phone.now()), self.world)]

    async def who_is_rung(self) -> list[str]:
        """For a patient who asks for a nurse now."""
        before = {number: phone.rings for number, phone in self.phones.items()}
        await self.calls(PATIENT, self.people.patient(PatientPlan(Says.PERSON, hangs_up_s=60)))
        await asyncio.sleep(60)  # the last deadlines of the hand-off
        return [number for number in (DANA, LEE, KIM, NURSE_LINE) if self.phones[number].rings > before[number]]


class Hospital:
    """The line as `agent.service` puts it together, with scripted models."""

    def __init__(self, world: World, fetchers: Fetchers, prepared: Prepared, purposes: list[Purpose]) -> None:
        self._fetchers: Final = fetchers
        self._prepared: Final = prepared
        self._purposes: Final = purposes
        self._engines: Final = Engines(ScriptedActivity, ScriptedRecogniser(world), prepared.tts, prepared.ready)

    async def answer(self, leg: Leg) -> After:
        self._purposes.append(leg.purpose)
        if leg.purpose is Purpose.NURSE:
            return await self._fetchers.handoffs.answer(leg)
        if leg.purpose is Purpose.STAFF:
            return await self._fetchers.desk.answer(leg, voice_of(self._prepared))
        made: list[Handoff] = []
        tally = Tally(ref=REF, hour=498_000, agent="demo", profile=Profile.DEVELOPMENT, engine=Engine.APPROVED)
        fetch = self._fetchers.fetch(self._prepared, leg.call_sid, made.append)
        call = Call(leg, self._prepared.script, self._engines, tally, Watch(), Limits(), None, fetch)
        await call.run()
        return Room(made[-1].room, Role.PATIENT) if call.joins else decision(tally.metrics(call.answers))


def written(folder: Path) -> Path:
    pin = hashed(PHI(PIN))
    nurses = f'[[nurse]]\nid = "dana"\nnumber = "{DANA}"\npin = "{pin}"\n[[nurse]]\nid = "kim"\nnumber = "{KIM}"\n'
    rungs = "".join(
        f'[[rung]]\nrank = "{rank}"\nnumbers = {numbers}\nring_s = 10\n'
        for rank, numbers in (("unit", f'["{DANA}", "{LEE}"]'), ("charge", f'["{KIM}"]'))
    )
    (folder / "ward.toml").write_text(f'[about]\nowner = "ward"\n{nurses}{rungs}', encoding="utf-8")
    return folder


def lived(folder: Path, story: Callable[[Ward], Awaitable[None]]) -> Ward:
    """The story at once; nothing of it may go wrong unseen."""
    house()  # made by a loop of its own, so not inside the next one
    lists = OnCallLists(written(folder), {"demo": "ward"}, [OURS])
    return at_once(_lived(lists, story))


async def _lived(lists: OnCallLists, story: Callable[[Ward], Awaitable[None]]) -> Ward:
    world = World()
    passed: list[str] = []
    here: list[Exchange] = []
    raised: list[Exception] = []
    prepared, spoken = house()
    world.sentences[:] = spoken.sentences
    prepared = replace(prepared, tts=ScriptedVoice(world))
    clock_s = asyncio.get_running_loop().time
    board = Switchboard(calls=CALLS, clock=clock_s)
    told: list[NurseStatus] = []
    requests = Requests(lambda: here[0], OURS, Unreliable(), passed, lambda _: None)
    handoffs = Handoffs(requests, board, ORIGINS, report=raised.append)
    availability = Availability(clock_s, told.append)
    desk = StaffDesk(lists, availability, board.seen.digest, clock_s, matches)
    nothing: Any = None
    fetchers = Fetchers(cast("Any", requests), handoffs, nothing, lists, availability, desk, Promises(handoffs))
    purposes: list[Purpose] = []
    app = application(
        ServerConfig(ORIGIN, development=False, auth_token=PHI(TOKEN), account_sid=ACCOUNT, calls=CALLS),
        Hospital(world, fetchers, prepared, purposes).answer,
        board=board,
        lines=lambda number: Line("demo", NURSE_LINE) if number.reveal() == OURS else None,
        default=Line("demo", NURSE_LINE),
        observers=Observers(report=raised.append),
        page={},
        rooms=handoffs,
        staff=desk.expects,
    )
    nobody_comes = Persona(pickup=Pickup.NEVER)
    phones = {n: Telephone(n, nobody_comes) for n in (PATIENT, DANA, LEE, KIM, NURSE_LINE)}
    async with machine(app, auth_token=TOKEN) as running:
        exchange = Exchange(
            {OURS: ORIGIN + VOICE}, Tap(running, passed), running, telephones=phones.values(), account_sid=ACCOUNT
        )
        here.append(exchange)
        people = People(world, lambda _: False)
        ward = Ward(exchange, phones, people, world, told, passed, purposes)
        async with exchange.running():
            serving = asyncio.create_task(handoffs.run(), name="handoffs")
            await story(ward)
            serving.cancel()
            await asyncio.wait([serving])
    assert ([], []) == (raised, running.raised)
    return ward


def keys(*groups: str) -> Life:
    """Hears what is said, keys one group, hears again, and so on; then stays until she is hung up on."""

    async def life(phone: Phone) -> None:
        for group in groups:
            await phone.hears_something()
            await phone.quiet(700)
            for key in group:
                await phone.press(key)
                await phone.pass_ms(200)
        await phone.until_over()

    return life


async def hears_the_greeting(phone: Phone) -> None:
    await phone.hears_something()
    await phone.quiet(1_500)


def test_a_nurse_who_has_set_herself_not_available_is_not_rung(tmp_path: Path) -> None:
    rung: list[list[str]] = []
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        rung.append(await ward.who_is_rung())
        heard.append(await ward.calls(DANA, keys(PIN + "#", "2")))
        rung.append(await ward.who_is_rung())

    ward = lived(tmp_path, story)

    assert [DANA, LEE, KIM, NURSE_LINE] == rung[0]
    assert [LEE, KIM, NURSE_LINE] == rung[1]
    assert [words(p) for p in (Phrase.DESK_PIN, Phrase.DESK_AVAILABLE, Phrase.DESK_CHOICE, Phrase.DESK_NOW_AWAY)] == [
        *heard[0]
    ]
    assert [AWAY] == ward.told


def test_she_is_rung_again_when_she_has_set_herself_available(tmp_path: Path) -> None:
    rung: list[list[str]] = []
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        await ward.calls(DANA, keys(PIN + "#", "2"))
        heard.append(await ward.calls(DANA, keys(PIN + "#", "1")))
        rung.append(await ward.who_is_rung())

    ward = lived(tmp_path, story)

    assert words(Phrase.DESK_AWAY) in heard[0]
    assert words(Phrase.DESK_NOW_AVAILABLE) == heard[0][-1]
    assert DANA in rung[0]
    assert [AWAY, replace(AWAY, available=True)] == ward.told


def test_star_brings_her_to_the_assistant_as_any_caller(tmp_path: Path) -> None:
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        async def life(phone: Phone) -> None:
            await phone.hears_something()
            await phone.press("*")
            await phone.pass_ms(1_000)
            await hears_the_greeting(phone)

        heard.append(await ward.calls(DANA, life))

    ward = lived(tmp_path, story)

    assert set(greeting()) <= set(heard[0])
    assert [Purpose.STAFF, Purpose.PATIENT] == ward.purposes
    assert [] == ward.told


def test_silence_brings_her_to_the_assistant_after_one_repetition(tmp_path: Path) -> None:
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        async def life(phone: Phone) -> None:
            await phone.pass_ms(60_000)

        heard.append(await ward.calls(DANA, life))

    lived(tmp_path, story)
    ours = [text for text in heard[0] if text == words(Phrase.DESK_PIN)]

    assert (2, set()) == (len(ours), set(greeting()) - set(heard[0]))


def test_three_wrong_pins_end_the_call_and_close_her_menu_for_a_while(tmp_path: Path) -> None:
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        heard.append(await ward.calls(DANA, keys("111111#", "222222#", "333333#")))
        heard.append(await ward.calls(DANA, hears_the_greeting))
        await asyncio.sleep(CLOSED_S)
        heard.append(await ward.calls(DANA, keys(PIN + "#", "2")))

    ward = lived(tmp_path, story)
    closed, next_, later = heard

    assert [Phrase.DESK_PIN, Phrase.DESK_WRONG, Phrase.DESK_WRONG, Phrase.DESK_CLOSED] == [
        phrase for text in closed for phrase in Phrase if words(phrase) == text
    ]
    assert words(Phrase.DESK_PIN) not in next_
    assert set(greeting()) & set(next_)
    assert words(Phrase.DESK_NOW_AWAY) == later[-1]
    assert [Purpose.STAFF, Purpose.PATIENT, Purpose.STAFF] == ward.purposes


def test_wrong_pins_are_counted_over_calls(tmp_path: Path) -> None:
    async def story(ward: Ward) -> None:
        async def twice_wrong(phone: Phone) -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(60):
                    await keys("111111#", "222222#")(phone)

        await ward.calls(DANA, twice_wrong)
        await ward.calls(DANA, keys("333333#"))
        await ward.calls(DANA, hears_the_greeting)

    ward = lived(tmp_path, story)

    assert Purpose.PATIENT is ward.purposes[-1]


@pytest.mark.parametrize("number", [LEE, KIM, PATIENT])
def test_whoever_has_no_pin_is_a_caller_as_any_other(tmp_path: Path, number: str) -> None:
    heard: list[Sequence[str]] = []

    async def story(ward: Ward) -> None:
        heard.append(await ward.calls(number, hears_the_greeting))

    ward = lived(tmp_path, story)

    assert [Purpose.PATIENT] == ward.purposes
    assert words(Phrase.DESK_PIN) not in heard[0]


def test_a_pin_is_told_to_nobody(tmp_path: Path) -> None:
    """Neither to the carrier nor to the keeper; nor is her number."""

    async def story(ward: Ward) -> None:
        await ward.calls(DANA, keys(PIN + "#", "2"))

    ward = lived(tmp_path, story)

    assert PIN not in "\n".join(ward.written)
    assert DANA not in "\n".join(str(status) for status in ward.told)

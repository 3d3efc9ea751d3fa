"""A call that the line places, whole and in virtual time: the exchange, the webhooks, the product's own legs and calls.

    evening = called(answers(["Hello?"], ["Yes, speaking."]))
    assert Came.REACHED is evening.came

Models are scripted; the contacts are a table; all between them is the real thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

import numpy as np

from agent.call import Call
from agent.calling_out import LIST_S, CallingOut
from agent.calls import decision
from agent.contacts import Reached, Unreachable
from agent.handoff import Handoff, Handoffs, Voice
from agent.lines import AgentState, Outreaching
from agent.on_call import OnCall
from agent.outreach import Outreach
from agent.placed import PlacedCalls
from agent.script import Engines, Limits
from agent.tally import Tally
from agent.watch import Watch
from policies.attempts import Came, Kept
from policies.outreach import DAY_S, Campaign, Standing, Zone
from policies.patient import Identifiers
from policies.phi import PHI
from policies.records import CallMetrics, Engine, Profile
from policies.right_party import Line as Words
from policies.right_party_wording import Callee, worded
from telephony.audio import FRAME_MS, FRAME_SAMPLES, Int16
from telephony.doors import Origins, ServerConfig
from telephony.leg import Leg
from telephony.server import Observers, application
from telephony.switchboard import After, Line, Role, Room, Switchboard
from telephony.tokens import Purpose
from telephony.transfer import Rank, Rung
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import Machine, machine
from telephony.twin.telephones import Persona, Phone, Telephone
from telephony.webhooks import VOICE
from tests.fakes import ScriptedActivity, ScriptedRecogniser, ScriptedVoice, World
from tests.nights.carrier import Requests
from tests.nights.hearing import Sentence, sentences
from tests.nights.plans import Unreliable
from tests.simulated import BETWEEN_MS, DEMONSTRATION, REF, WORD_MS, house
from tests.unit.test_outreach import Written
from tests.virtual_time import at_once

ORIGIN: Final = "https://line.example.org"
STREAMS: Final = "wss://line.example.org"
ACCOUNT: Final = "AC" + "9" * 32
TOKEN: Final = "secret"
OURS: Final = "+12025550142"
HERS: Final = "+12025550177"
NURSE: Final = "+12025550151"
NURSE_LINE: Final = "+12025550143"
NAME: Final = "Zephyrine"
PATIENT_REF: Final = "Zk3vQ0pT7mXs2LhYb9RcNw"
BORN: Final = Identifiers(date(1950, 3, 4), HERS[-4:])
MAIN: Final = "202, 555, 0140"
NOON_S: Final = 1_772_550_000  # 3 March 2026, 10:00 in New York
CAMPAIGN: Final = Campaign(NOON_S // DAY_S - 1, NOON_S // DAY_S + 30)
READY: Final = Standing(agent_live=True, nurse_free=True)
LONGEST_S: Final = 500.0

Told = Callable[[Phone, "Sounds"], Awaitable[None]]
"""What somebody does who has picked up."""


@dataclass(slots=True, eq=False)
class Sounds:
    """Words as sound, and what was heard as words."""

    world: World

    async def say(self, phone: Phone, words: str) -> None:
        frames: list[Int16] = []
        for word in words.split():
            frames += [frame.reveal() for frame in self.world.said(word, WORD_MS)]
            frames += [np.zeros(FRAME_SAMPLES, np.int16)] * (BETWEEN_MS // FRAME_MS)
        await phone.say(np.concatenate(frames[: -(BETWEEN_MS // FRAME_MS)]))

    async def hear_out(self, phone: Phone, quiet_ms: int = 900) -> None:
        """Until something has been heard, and then nothing for a while."""
        still_ms, heard = 0, False
        while not heard or still_ms < quiet_ms:
            now = await phone.tick()
            sounds = bool(phone.heard(now - FRAME_SAMPLES, now).any())
            heard |= sounds
            still_ms = 0 if sounds else still_ms + FRAME_MS


def says(*turns: str, stays_s: float | None = None) -> Told:
    """Says the first turn, and each other one when what is said to her has come to its end.  One sign alone is a key.

    stays_s: so long after the last answer she hangs up; None: the call is ended by the other side.
    """

    async def life(phone: Phone, sounds: Sounds) -> None:
        for n, turn in enumerate(turns):
            if n:
                await sounds.hear_out(phone)
            if len(turn) == 1:
                await phone.press(turn)
            else:
                await sounds.say(phone, turn)
        if stays_s is None:
            await phone.until_over()
        else:
            await sounds.hear_out(phone)
            await phone.pass_ms(int(stays_s * 1000))

    return life


@dataclass(slots=True, eq=False)
class Hospital:
    """Contacts with one patient."""

    out: list[str] = field(default_factory=list)
    named_on_machine: bool = False

    async def consented(self) -> Mapping[str, Zone] | Unreachable:
        return {PATIENT_REF: Zone.EASTERN}

    async def number(self, ref: str) -> Reached | None:
        return Reached(PHI("".join(HERS)), PHI(NAME), self.named_on_machine)

    async def whose(self, number: PHI[str]) -> str | Unreachable | None:
        return None

    async def is_hers(self, ref: str, given: PHI[Identifiers]) -> bool | Unreachable:
        return given.map(lambda told: told == BORN).reveal()

    async def opt_out(self, ref: str) -> bool:
        self.out.append(ref)
        return True


@dataclass(slots=True, eq=False)
class Evening:
    """What became of it."""

    kept: tuple[Kept, ...] = ()
    written_down: list[Kept] = field(default_factory=list)
    """What was to be kept, in its order."""
    out: list[str] = field(default_factory=list)
    rung: list[str] = field(default_factory=list)
    """Numbers, in the order in which they were rung."""
    said: list[Sentence] = field(default_factory=list)
    """To her telephone."""
    nurse_heard: list[Sentence] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """Every document and address that the line gave the carrier."""
    sids: list[str] = field(default_factory=list)
    """Of every call."""
    records: list[CallMetrics] = field(default_factory=list)
    over: bool = False
    """Every call came to its end."""
    ended: int = 0
    """Calls whose record is to be deleted."""
    places: int = 0
    """That are taken when all is over."""

    @property
    def came(self) -> Came | None:
        return self.kept[0].came_1 if self.kept else None

    @property
    def texts(self) -> list[str]:
        return [sentence.text for sentence in self.said]


@dataclass(frozen=True, slots=True)
class Plan:
    """One evening's circumstances."""

    she: Persona | None = None
    """Of whoever picks up her telephone, where that is not `told`."""
    nurse: Told | None = None
    hospital: Hospital = field(default_factory=Hospital)
    leaves_message: bool = True
    standing: Standing = READY
    calls: int = 4
    kept: tuple[Kept, ...] = ()
    unreliable: Unreliable = field(default_factory=Unreliable)
    for_s: float = LONGEST_S
    at_s: int = NOON_S
    ends_s: float | None = None
    """So long after its start the process is asked to end."""


def called(told: Told | None, plan: Plan | None = None) -> Evening:
    """One evening at once.  told: what is done by who picks up."""
    house(DEMONSTRATION)
    return at_once(_called(told, plan or Plan()))


class _Service:
    """As `agent.calls.Calls` answers legs."""

    def __init__(self, world: World, plan: Plan, requests: Requests, evening: Evening) -> None:
        self.prepared, _ = house(DEMONSTRATION)
        voice = ScriptedVoice(world)
        self._engines: Final = Engines(ScriptedActivity, ScriptedRecogniser(world), voice, self.prepared.ready)
        self._voice: Final = Voice(voice, self.prepared.ready, self.prepared.script.voices.phrases)
        self._on_call: Final = OnCall((PHI(NURSE),), (Rung(Rank.UNIT, (0,), 18_000),))
        self.board: Final = Switchboard(calls=plan.calls, clock=asyncio.get_running_loop().time)
        self.handoffs: Final = Handoffs(requests, self.board, Origins(ORIGIN, STREAMS))
        agent = replace(self.prepared.agent, state=AgentState.LIVE)
        outreach = Outreaching(CAMPAIGN, MAIN, plan.leaves_message)
        self.placed: Final = PlacedCalls(
            agent, outreach, requests, self.board, Origins(ORIGIN, STREAMS), self._ended, call_s=1_800
        )
        self._evening: Final = evening

    def _ended(self, call_sid: PHI[str]) -> None:
        self._evening.ended += 1

    async def answer(self, leg: Leg) -> After:
        if leg.purpose is Purpose.NURSE:
            return await self.handoffs.answer(leg)
        if leg.purpose is Purpose.CALLEE:
            return await self.placed.answer(leg, self._engines, self.prepared.script.red_flags)
        made: list[Handoff] = []

        def fetch(tell: Callable[..., None]) -> Handoff:
            made.append(self.handoffs.fetch("demo", self._on_call, self._voice, leg.call_sid, tell))
            return made[-1]

        met = self.placed.met(leg)
        assert met is not None
        tally = Tally(ref=REF, hour=498_000, agent="demo", profile=Profile.DEVELOPMENT, engine=Engine.APPROVED)
        script = met.script(self.prepared.script)
        call = Call(leg, script, self._engines, tally, Watch(), Limits(), None, fetch, urgent=met.reason)
        await call.run()
        metrics = tally.metrics(call.answers)
        self._evening.records.append(metrics)
        return Room(made[-1].room, Role.PATIENT) if call.joins else decision(metrics)


async def _called(told: Told | None, plan: Plan) -> Evening:
    world, evening = World(), Evening()
    world.sentences[:] = house(DEMONSTRATION)[1].sentences
    sounds = Sounds(world)
    here: list[Exchange] = []
    requests = Requests(lambda: here[0], OURS, plan.unreliable, evening.written, lambda _: None)
    service = _Service(world, plan, requests, evening)
    raised: list[Exception] = []
    app = application(
        ServerConfig(ORIGIN, development=False, auth_token=PHI(TOKEN), account_sid=ACCOUNT, calls=plan.calls),
        service.answer,
        board=service.board,
        lines=lambda number: Line("demo", NURSE_LINE) if number.reveal() == OURS else None,
        default=Line("demo", NURSE_LINE),
        observers=Observers(report=raised.append),
        page={},
        rooms=service.handoffs,
        placed=service.placed.status,
    )
    hers = Telephone(HERS, plan.she or Persona(_life(told, sounds), 2.0))
    nurse = Telephone(NURSE, Persona(_life(plan.nurse or _takes_it, sounds), 2.0))
    line = Telephone(NURSE_LINE, Persona(_life(says("Nurse line"), sounds), 2.0))
    async with machine(app, auth_token=TOKEN) as running:
        exchange = Exchange(
            {OURS: ORIGIN + VOICE}, _Tap(running, evening.written), running, telephones=[hers, nurse, line],
            account_sid=ACCOUNT,
        )  # fmt: skip
        here.append(exchange)
        async with exchange.running():
            clock = asyncio.get_running_loop().time
            core, books = Outreach(CAMPAIGN, plan.kept), Written()
            shell = CallingOut(
                core, plan.hospital, service.placed, books, lambda: plan.standing, lambda: plan.at_s + clock()
            )  # fmt: skip
            serving = asyncio.create_task(service.handoffs.run(), name="handoffs")
            calling = asyncio.create_task(shell.run(), name="calling-out")
            if plan.ends_s is not None:
                await asyncio.sleep(plan.ends_s)
                await service.placed.end()
            await asyncio.sleep(plan.for_s - (plan.ends_s or 0.0))
            calling.cancel()
            serving.cancel()
            await asyncio.wait({serving, calling})
            evening.over = all(call.is_over for call in exchange.calls())
            evening.sids = [call.sid for call in exchange.calls()]
            evening.written_down = books.rows
            evening.kept, evening.out = core.kept(), plan.hospital.out
            evening.rung = [order.number for order in requests.orders]
            evening.said = _heard(hers, world)
            evening.nurse_heard = _heard(nurse, world)
            evening.places = service.board.live + service.board._tokens.outstanding(clock())
    assert [] == [type(error).__name__ for error in (*raised, *running.raised)]
    assert LIST_S > plan.for_s, "the list would be asked for twice"
    return evening


def _life(told: Told | None, sounds: Sounds) -> Callable[[Phone], Awaitable[None]]:
    async def life(phone: Phone) -> None:
        if told is None:
            await phone.until_over()
        else:
            await told(phone, sounds)

    return life


def _heard(telephone: Telephone, world: World) -> list[Sentence]:
    return [each for phone in telephone.calls for each in sentences(phone.heard(0, phone.now()), world)]


async def _takes_it(phone: Phone, sounds: Sounds) -> None:
    """A nurse who takes the call and talks as long as the other one wants."""
    for _ in range(2):
        await sounds.hear_out(phone)
        await phone.press("1")
    await phone.until_over()


class _Tap:
    """The webhooks of a machine; what the line says on them is written down."""

    def __init__(self, machine: Machine, written: list[str]) -> None:
        self._machine = machine
        self._written = written

    async def post(self, url: str, form: Mapping[str, str]) -> tuple[int, str]:
        status, body = await self._machine.post(url, form)
        self._written += [url, body]
        return status, body


def worded_for(line: Words, *, named: bool = False) -> list[str]:
    """What that line is, said of her."""
    callee = Callee(PHI(NAME), house(DEMONSTRATION)[0].agent.hospital, MAIN, named_on_machine=named)
    return [sentence.reveal() for sentence in worded(line, callee)]

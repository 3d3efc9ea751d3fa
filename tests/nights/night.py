"""One night: a patient calls the hospital's line, nurses are rung, and what became of everybody is noted."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agent.call import Call
from agent.calls import decision
from agent.handoff import Handoff, Handoffs, Voice
from agent.on_call import OnCall
from agent.phrases import Phrase
from agent.promises import Promises, can_be_called
from agent.script import Engines, Limits, Script
from agent.tally import Tally
from agent.watch import Watch
from policies.brief import Told
from policies.escalation import EscalationReason
from policies.phi import PHI
from policies.records import EndReason, Engine, Profile, Transferred
from telephony import twiml
from telephony.deletion import Deletions
from telephony.doors import Origins, ServerConfig
from telephony.leg import Leg
from telephony.promise import State, Times
from telephony.server import Observers, application
from telephony.switchboard import After, Line, Role, Room, Switchboard
from telephony.tokens import Purpose
from telephony.twin.conference import ConferenceRecord
from telephony.twin.exchange import Exchange
from telephony.twin.in_process import Machine, machine
from telephony.twin.records import PlacedCall
from telephony.twin.telephones import Persona, Phone, Telephone
from telephony.webhooks import AFTER_NURSE, STATUS, VOICE
from tests.fakes import ScriptedActivity, ScriptedRecogniser, ScriptedVoice, World
from tests.nights.carrier import Order, Requests, Tap
from tests.nights.hearing import Sentence, sentences
from tests.nights.people import People, Visit
from tests.nights.plans import Plan
from tests.nights.records import Kept
from tests.simulated import REF, house
from tests.virtual_time import at_once

ORIGIN: Final = "https://line.example.org"
STREAMS: Final = "wss://line.example.org"
ACCOUNT: Final = "AC" + "9" * 32
TOKEN: Final = "secret"
OURS: Final = "+12025550100"
PATIENT: Final = "+12025550101"
NURSE_LINE: Final = "+12025550199"
CALLS: Final = 2  # at once: she who comes back from a room needs a place beside her own, and no more
LONGEST_S: Final = 2_400.0  # of a night; a call that goes on is a miss
PROMISED: Final = Times(next_rounds_ms=(30_000,), ring_again_ms=60_000, longest_ms=300_000)  # in place of hours
RECORDS_GO_S: Final = 1_200.0  # beyond the longest bar on the carrier's records (tests.nights.judging)
STARTS_AGAIN_S: Final = 30.0  # RestartSec of deploy/quietline.service is 5 s, and the models are loaded anew
SETTLES_S: Final = 60.0  # for callbacks that are late, and the last deadlines of a hand-off


def nurse_number(nurse: int) -> str:
    """Of a nurse by her place in the plan."""
    return f"+1202555{2_000 + nurse}"


@dataclass(slots=True, eq=False)
class Night:
    """What became of everybody.  Times are seconds of the loop's clock."""

    plan: Plan
    world: World
    visits: list[Visit]
    calls: Sequence[PlacedCall]
    rooms: Sequence[ConferenceRecord]
    orders: list[Order]
    written: list[str]
    """Addresses, forms, documents and names that passed between line and carrier."""
    said: dict[str, Sequence[str]]
    """What the carrier read out by itself, by call."""
    phones: dict[str, Phone]
    """By call."""
    died_s: float | None = None
    """When the line's machine died."""
    left: list[str] = field(default_factory=list)
    """Hand-offs, tasks and timers that were there when the night was over."""
    raised: list[str] = field(default_factory=list)
    """Names of what was raised and should not have been."""
    ends: list[EndReason] = field(default_factory=list)
    """How the patient's streams ended, in their order."""
    promises: dict[State, int] = field(default_factory=dict)
    """What came of calls back that were promised."""
    finished: bool = True
    """Every call came to its end."""
    gone: dict[str, float] = field(default_factory=dict)
    """When the carrier's record of each call was gone, by call."""
    stuck: frozenset[str] = frozenset()
    """Calls whose records the carrier would not let go all night."""
    owed: int = 0
    """Records that the line showed as not deleted at the end."""
    requests_failed: int = 0
    """Single requests about records."""

    @property
    def patient(self) -> Visit:
        return next(visit for visit in self.visits if visit.nurse is None)

    def heard(self, visit: Visit) -> list[Sentence]:
        """What the agent said to her."""
        return sentences(visit.phone.heard(0, visit.phone.now()), self.world)

    def call_of(self, phone: Phone) -> PlacedCall:
        return next(call for call in self.calls if self.phones.get(call.sid) is phone)


class Hospital:
    """The line's application: as `agent.service` puts it together, with scripted models."""

    def __init__(self, plan: Plan, world: World, requests: Requests, deletions: Deletions) -> None:
        prepared, _ = house()
        self.prepared: Final = prepared
        self.script: Final = _short(prepared.script)
        self.board: Final = Switchboard(calls=CALLS, clock=asyncio.get_running_loop().time)
        self.raised: Final[list[str]] = []
        self.ends: Final[list[EndReason]] = []
        voice = ScriptedVoice(world)
        self._engines: Final = Engines(ScriptedActivity, ScriptedRecogniser(world), voice, prepared.ready)
        self._on_call: Final = OnCall(tuple(PHI(nurse_number(nurse)) for nurse in range(len(plan.nurses))), plan.ladder)
        self._voice: Final = Voice(voice, prepared.ready, prepared.script.voices.phrases)
        self.handoffs: Final = Handoffs(requests, self.board, Origins(ORIGIN, STREAMS))
        self.promises: Final = Promises(self.handoffs, PROMISED)
        self.deletions: Final = deletions
        self.handoffs.ended = deletions.ended
        self.handoffs.nurse_lines = {"demo": NURSE_LINE}
        self.handoffs.caller_ids = {"demo": OURS}

    async def answer(self, leg: Leg) -> After:
        """One stream; as `agent.calls.Calls.answer`."""
        try:
            if leg.purpose is Purpose.NURSE:
                return await self.handoffs.answer(leg)
            if leg.purpose is Purpose.CALL_BACK:
                return await self.promises.answer(leg)
            return await self._call(leg)
        finally:
            self.deletions.ended(leg.call_sid)

    async def _call(self, leg: Leg) -> After:
        made: list[Handoff] = []

        def fetch(tell: Callable[..., None]) -> Handoff:
            made.append(self.handoffs.fetch("demo", self._on_call, self._voice, leg.call_sid, tell))
            return made[-1]

        tally = Tally(ref=REF, hour=498_000, agent="demo", profile=Profile.DEVELOPMENT, engine=Engine.APPROVED)
        script = self.script.back() if leg.purpose is Purpose.BACK else self.script
        promising = CallBack(self, leg.caller) if leg.caller is not None and can_be_called(leg.caller) else None
        unmet = self.handoffs.unmet(leg.call_sid)
        call = Call(leg, script, self._engines, tally, Watch(), Limits(), None, fetch, promising, unmet)
        try:
            await call.run()
        except Exception as error:  # noqa: BLE001  # as the service does: she ends at a person
            self._note(error)
            tally.end = EndReason.FAILURE
            tally.escalation = tally.escalation or EscalationReason.FAILURE
        if call.promised:
            tally.transfer = Transferred.PROMISED
        metrics = tally.metrics(call.answers)
        self.ends.append(metrics.end)
        return Room(made[-1].room, Role.PATIENT) if call.joins else decision(metrics)

    def promise(self, number: PHI[str], told: Told) -> None:
        self.promises.make("demo", number, self._voice, lambda: self._on_call, told)

    def _note(self, error: BaseException) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        self.raised.append(type(error).__name__)

    def report(self, error: Exception) -> None:
        """What the server was not told to expect."""
        self._note(error)


@dataclass(frozen=True, slots=True, eq=False)
class CallBack:
    """As `agent.fetchers` makes it."""

    hospital: Hospital
    number: PHI[str]
    ready: bool = True

    def make(self, told: Told) -> None:
        self.hospital.promise(self.number, told)


def _short(script: Script) -> Script:
    """With a greeting of one sentence: a night is about what comes after it."""
    brief = {
        level: replace(disclosure, greeting=(script.voices.phrases[Phrase.HELLO],), held=1)
        for level, disclosure in script.disclosures.items()
    }
    return replace(script, disclosures=brief)


def run(plan: Plan) -> Night:
    """The whole night, at once."""
    house()  # made by a loop of its own, so not inside the next one
    return at_once(lived(plan))


async def lived(plan: Plan) -> Night:
    """The same, on a loop of virtual time that is there; `house()` was made before."""
    night = await _lived(plan)
    loop: Any = asyncio.get_running_loop()
    night.left += [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    night.left += [timer._callback.__qualname__ for timer in loop._scheduled if not timer.cancelled()]
    return night


async def _lived(plan: Plan) -> Night:
    world = World()
    world.sentences[:] = house()[1].sentences
    written: list[str] = []
    here: list[Exchange] = []
    telephones: list[Telephone] = []
    ringing: list[Callable[[str], None]] = []
    requests = Requests(lambda: here[0], OURS, plan.requests, written, lambda number: ringing[0](number))
    kept = Kept(lambda: here[0], plan.requests.records, plan.seed)
    hospital = Hospital(plan, world, requests, deletions_of(kept, plan.seed))
    app = application(
        ServerConfig(ORIGIN, development=False, auth_token=PHI(TOKEN), account_sid=ACCOUNT, calls=CALLS),
        hospital.answer,
        board=hospital.board,
        lines=lambda number: Line("demo", NURSE_LINE) if number.reveal() == OURS else None,
        default=Line("demo", NURSE_LINE),
        observers=Observers(begun=hospital.deletions.begun, over=hospital.deletions.ended, report=hospital.report),
        page={},
        rooms=hospital.handoffs,
    )
    people = People(world, lambda phone: _met(here[0], phone))
    patient = Telephone(PATIENT)
    telephones += [
        patient,
        Telephone(NURSE_LINE, Persona(_takes_the_line, 2.0)),
        *(Telephone(nurse_number(n), people.nurse(n, each)) for n, each in enumerate(plan.nurses)),
    ]
    ringing.append(functools.partial(_as_planned, plan, people, {each.number: each for each in telephones}))
    async with machine(app, auth_token=TOKEN) as running:
        exchange = Exchange(
            {OURS: ORIGIN + VOICE},
            Tap(running, written),
            running,
            telephones=telephones,
            fallback={OURS: twiml.failsafe(NURSE_LINE, ORIGIN + AFTER_NURSE)},
            told={OURS: ORIGIN + STATUS},
            faults=plan.faults,
            account_sid=ACCOUNT,
        )
        here.append(exchange)
        async with exchange.running():
            return await _held(plan, hospital, exchange, running, people, patient, requests, kept, written)


def deletions_of(kept: Kept, seed: int) -> Deletions:
    """One process's."""
    return Deletions(kept, clock=asyncio.get_running_loop().time, chance=random.Random(seed))


def _as_planned(plan: Plan, people: People, telephones: Mapping[str, Telephone], number: str) -> None:
    """Whoever is rung does what is planned for that time."""
    if number == PATIENT:
        telephones[number].persona = people.call_back(plan.patient)
    for n, nurse in enumerate(plan.nurses):
        if number == nurse_number(n):
            telephones[number].persona = people.ring(n, nurse)


async def _held(
    plan: Plan,
    hospital: Hospital,
    exchange: Exchange,
    running: Machine,
    people: People,
    patient: Telephone,
    requests: Requests,
    kept: Kept,
    written: list[str],
) -> Night:
    serving = asyncio.create_task(hospital.handoffs.run(), name="handoffs")
    deleting = asyncio.create_task(_deletes(plan, hospital.deletions, kept), name="deletions")
    await exchange.dial_in(patient, OURS, people.patient(plan.patient))
    died: list[float] = []
    dying = asyncio.create_task(_dies(plan, running, serving, died), name="dies")
    finished = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            await exchange.idle()
            while hospital.promises.open and not died:
                await asyncio.sleep(1.0)
                await exchange.idle()
            finished = True
    dying.cancel()
    if finished:
        await asyncio.sleep(SETTLES_S)
        await kept.emptied(RECORDS_GO_S)
    alive = not died
    calls = exchange.calls()
    night = Night(
        plan=plan,
        world=people.world,
        visits=people.visits,
        calls=calls,
        rooms=exchange.conferences(),
        orders=requests.orders,
        written=[*written, *(room.name for room in exchange.conferences())],
        said={call.sid: exchange.said(call.sid) for call in calls},
        phones={call.sid: phone for call in calls if (phone := exchange.phone(call.sid)) is not None},
        died_s=died[0] if died else None,
        left=[handoff.phase.value for handoff in hospital.handoffs._by_room.values()] if alive else [],
        promises=dict(hospital.promises.ended),
        raised=[*hospital.raised, *(type(error).__name__ for error in running.raised)],
        ends=hospital.ends,
        finished=finished,
        gone=kept.gone,
        stuck=kept.stuck(),
        requests_failed=kept.failed,
    )
    if alive and serving.done():
        night.raised.append("handoffs ended")
    for task in (serving, deleting):
        task.cancel()
    await asyncio.wait({serving, dying, deleting})
    night.owed = deleting.result()
    return night


async def _deletes(plan: Plan, first: Deletions, kept: Kept) -> int:
    """The line's process, and the one after it where it dies, which knows nothing.  Returns what the last showed."""
    deletions = first
    try:
        if plan.dies_s is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(plan.dies_s):
                    await deletions.run()
            await asyncio.sleep(STARTS_AGAIN_S)
            deletions = deletions_of(kept, plan.seed)
        await deletions.run()
    except asyncio.CancelledError:
        pass  # the night is over
    return deletions.standing().undeleted


async def _dies(plan: Plan, running: Machine, serving: asyncio.Task[None], died: list[float]) -> None:
    if plan.dies_s is not None:
        await asyncio.sleep(plan.dies_s)
        died.append(asyncio.get_running_loop().time())
        running.kill()
        serving.cancel()


async def _takes_the_line(phone: Phone) -> None:
    """Whoever is at the nurse line."""
    await phone.pass_ms(4_000)


def _met(exchange: Exchange, phone: Phone) -> bool:
    """Is she in an open room beside another?"""
    for room in exchange.conferences():
        here = [stay for stay in room.stays if stay.until_s is None]
        if len(here) > 1 and any(exchange.phone(stay.call_sid) is phone for stay in here):
            return True
    return False

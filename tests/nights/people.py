"""A patient and nurses at their telephones, who do as a plan says and note when they did it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from agent.phrases import Phrase
from telephony.audio import FRAME_MS, FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.telephones import Life, Persona, Phone
from telephony.twin.telephones import Pickup as Rung
from tests.fakes import World
from tests.nights.hearing import sentences
from tests.nights.plans import CalledBack, Ending, NursePlan, PatientPlan, Pickup, Says
from tests.simulated import BETWEEN_MS, WORD_MS, words

PATIENCE_S: Final = 240.0  # of a patient: beyond the longest ladder that is drawn, and the nurse line after it
QUIET_MS: Final = 700  # longer than the pauses between the agent's sentences
VOICEMAIL_S: Final = 60.0  # a machine records for longer than any nurse is waited for
VISIT_S: Final = 60.0  # a nurse hears out what is said to her, and then hangs up: nobody is put through to her
LOOK_MS: Final = 100
OFFER_S: Final = 12  # in which the last sentence of the offer is sought
LISTENS_EVERY: Final = 20  # looks: every 2 s
HEARS_OUT_S: Final = 30  # of whatever is said to her in one go

Met = Callable[[Phone], bool]
"""Is the other one in the room with her now?"""


@dataclass(slots=True, eq=False)
class Visit:
    """One call of one person: what she did in it, in seconds of the loop's clock."""

    phone: Phone
    nurse: int | None
    """Her place in the plan; None: the patient."""
    keys: list[tuple[float, str]] = field(default_factory=list)
    said: list[tuple[float, float, Says]] = field(default_factory=list)
    """From, until, what."""
    put_down_s: float | None = None
    """She hung up by herself."""


class People:
    """Everybody's lives, and the diary of one night."""

    def __init__(self, world: World, met: Met) -> None:
        self.visits: Final[list[Visit]] = []
        self.world: Final = world
        self._met: Final = met
        self._rung: Final[Counter[int | None]] = Counter()

    def nurse(self, number: int, plan: NursePlan) -> Persona:
        """As she is when she is rung."""
        return _persona(plan.pickup, plan.after_s, self._answers(number, plan), self._voicemail(number))

    def ring(self, number: int, plan: NursePlan) -> Persona:
        """As she is the next time that she is rung."""
        for _ in range(self._rung[number]):
            plan = plan.later or plan
        self._rung[number] += 1
        return self.nurse(number, plan)

    def call_back(self, plan: PatientPlan) -> Persona:
        """As the patient is the next time that she is rung."""
        times = self._rung[None]
        self._rung[None] += 1
        planned = plan.called_back or (CalledBack(Pickup.ANSWERS),)
        called = planned[min(times, len(planned) - 1)]
        return _persona(called.pickup, called.after_s, self._called_back(called, plan), self._voicemail(None))

    def _called_back(self, called: CalledBack, plan: PatientPlan) -> Life:
        async def life(phone: Phone) -> None:
            visit = self._visit(phone, None)
            await phone.hears_something()
            await _pass(phone, 2.0)
            if called.key:
                visit.keys.append((_now_s(), called.key))
                await phone.press(called.key)
            if await self._is_met(phone):
                await _pass(phone, plan.talks_s)
            visit.put_down_s = _now_s()

        return life

    def patient(self, plan: PatientPlan) -> Life:
        """From her dialling to her hanging up."""

        async def life(phone: Phone) -> None:
            visit = self._visit(phone, None)
            await self._calls(visit, plan)
            visit.put_down_s = _now_s()

        return life

    async def _calls(self, visit: Visit, plan: PatientPlan) -> None:
        phone = visit.phone
        await _heard_out(phone)
        await self._says(visit, plan.opening)
        begun_s = _now_s()
        leaves_s = begun_s + (PATIENCE_S if plan.hangs_up_s is None else plan.hangs_up_s)
        later = sorted(plan.later, key=lambda each: each.after_s)
        answered, looks = False, 0
        while _now_s() < leaves_s:
            if self._met(phone):
                await _pass(phone, plan.talks_s)
                if self._met(phone) or not await self._comes_back(visit, plan):
                    return
            looks += 1
            if not answered and plan.answers_offer and not looks % LISTENS_EVERY and self._offered(visit):
                answered = True
                visit.keys.append((_now_s(), plan.answers_offer))
                await phone.press(plan.answers_offer)
            if later and _now_s() >= begun_s + later[0].after_s:
                await self._says(visit, later.pop(0).says)
            await phone.pass_ms(LOOK_MS)

    def _offered(self, visit: Visit) -> bool:
        """Has she heard the question whether she wants to be called back, to its end?"""
        phone = visit.phone
        recent = sentences(phone.heard(max(0, phone.now() - OFFER_S * RATE_HZ), phone.now()), self.world)
        return any(each.text == words(Phrase.PROMISE_ASK) and each.whole for each in recent)

    async def _comes_back(self, visit: Visit, plan: PatientPlan) -> bool:
        """The nurse has left her: she hears what she is told, and goes on or not."""
        await _pass(visit.phone, 1.0)
        await _heard_out(visit.phone)
        if not plan.asks_again:
            return False
        await self._says(visit, Says.PERSON)
        return True

    async def _says(self, visit: Visit, says: Says) -> None:
        begun_s = _now_s()
        if says is Says.KEY_ZERO:
            visit.keys.append((begun_s, "0"))
            await visit.phone.press("0")
        else:
            await visit.phone.say(self._sound(says.value))
        visit.said.append((begun_s, _now_s(), says))

    def _sound(self, words: str) -> Int16:
        frames: list[Int16] = []
        for word in words.split():
            frames += [frame.reveal() for frame in self.world.said(word, WORD_MS)]
            frames += [np.zeros(FRAME_SAMPLES, np.int16)] * (BETWEEN_MS // FRAME_MS)
        return np.concatenate(frames[: -(BETWEEN_MS // FRAME_MS)])

    def _answers(self, number: int, plan: NursePlan) -> Life:
        async def life(phone: Phone) -> None:
            visit = self._visit(phone, number)
            for key in plan.keys:
                if key.heard:
                    await phone.hears_something()
                await _pass(phone, key.after_s)
                await phone.press(key.digit)
                visit.keys.append((_now_s(), key.digit))
            if plan.ending is Ending.HANGS_UP:
                await _pass(phone, 0.3)
            elif await self._is_met(phone) and plan.ending is Ending.LEAVES_ROOM:
                await _pass(phone, 1.5)
            elif self._met(phone):
                await _pass(phone, PATIENCE_S)
            visit.put_down_s = _now_s()

        return life

    async def _is_met(self, phone: Phone) -> bool:
        waited_ms = 0
        while not self._met(phone) and waited_ms < VISIT_S * 1000:
            await phone.pass_ms(LOOK_MS)
            waited_ms += LOOK_MS
        return self._met(phone)

    def _voicemail(self, number: int | None) -> Life:
        async def life(phone: Phone) -> None:
            visit = self._visit(phone, number)
            await _pass(phone, VOICEMAIL_S)
            visit.put_down_s = _now_s()

        return life

    def _visit(self, phone: Phone, nurse: int | None) -> Visit:
        visit = Visit(phone, nurse)
        self.visits.append(visit)
        return visit


def _persona(pickup: Pickup, after_s: float, answers: Life, voicemail: Life) -> Persona:
    match pickup:
        case Pickup.NEVER:
            return Persona(pickup=Rung.NEVER)
        case Pickup.BUSY:
            return Persona(pickup=Rung.BUSY)
        case Pickup.FAILS:
            return Persona(pickup=Rung.FAILS)
        case Pickup.VOICEMAIL:
            return Persona(voicemail, after_s)
        case Pickup.ANSWERS:
            return Persona(answers, after_s)


async def _pass(phone: Phone, seconds: float) -> None:
    await phone.pass_ms(round(seconds * 1000))


async def _heard_out(phone: Phone) -> None:
    """Until something has been heard, and then nothing for a while; by ear, frame by frame."""
    quiet_ms, heard = 0, False
    patience = phone.now() + HEARS_OUT_S * RATE_HZ
    while phone.now() < patience and (not heard or quiet_ms < QUIET_MS):
        now = await phone.tick()
        sounds = bool(phone.heard(now - FRAME_SAMPLES, now).any())
        heard |= sounds
        quiet_ms = 0 if sounds else quiet_ms + FRAME_MS


def _now_s() -> float:
    return asyncio.get_running_loop().time()

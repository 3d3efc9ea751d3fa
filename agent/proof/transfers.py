"""Canaries who need a nurse: an emergency in their own words rings one at the carrier's twin, who hears why.

The brief quotes what was heard of them, and so it is what they said: nothing of it may be anywhere, the carrier
included.  One nurse, one after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvicorn

from agent.embedded_redis import free_port
from agent.proof.alike import is_of
from agent.proof.book import Book, HeardRest, HeardStreams, HeardWebhook
from agent.proof.canary import Canary
from agent.proof.placing import Placed, Studio
from agent.proof.scenes import Passed, Scene, heard_offer, wanting
from agent.proof.sound import sound_needles
from agent.proof.stage import NUMBER, NURSE, NURSE_LINE
from telephony.audio import Int16
from telephony.twin.account import Account
from telephony.twin.account import Number as OurNumber
from telephony.twin.exchange import Exchange
from telephony.twin.hearing import is_audible
from telephony.twin.line import LineDead
from telephony.twin.personas import answers, voicemail
from telephony.twin.real_transport import HttpWebhook, WebSocketStreams
from telephony.twin.resources import Resources
from telephony.twin.telephones import Persona, Phone, Telephone
from telephony.twin.wav import read_wav

QUIET_MS: Final = 1_200  # longer than the pauses between the agent's sentences
HEARS_MS: Final = 13_000  # of a brief: its first sentence takes 5 s, then come the caller's words
LONGEST_S: Final = 150.0  # of one transfer: a greeting, a voicemail of 20 s or a brief of 20 s, and the nurse line
TALKS_MS: Final = 2_000
LOOK_S: Final = 0.1
BEFORE_HERS: Final = re.compile(r"\bwe heard it\b\W*", re.IGNORECASE)
AFTER_HERS: Final = re.compile(r"\bnobody has assessed\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Carried:
    """One transfer."""

    placed: Placed
    """As a call: what she said and what was heard of it are needles.  The carrier's ids are none: the line holds them
    until their records are deleted."""
    scene: Scene
    seen: frozenset[Passed]

    @property
    def lacks(self) -> tuple[Passed, ...]:
        return wanting(self.seen, self.scene)

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.placed.number,
            "scene": self.scene.value,
            "counted": not self.lacks,
            "seen": sorted(step.value for step in self.seen),
            "lacks": [step.value for step in self.lacks],
        }


@dataclass(slots=True)
class _Ears:
    """What the nurse's telephone heard once she had pressed 1, and the moment that the scene waits for."""

    brief: Int16 = field(default_factory=lambda: np.zeros(0, np.int16))
    unasked: Int16 = field(default_factory=lambda: np.zeros(0, np.int16))
    """Without a key."""
    over: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Nurses:
    """The carrier's twin with a nurse, for one session."""

    token: str
    book: Book = field(default_factory=Book)
    account: Account = field(default_factory=Account)
    port: int = field(default_factory=free_port)
    """Of its REST."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def open(self, line: int, others: Sequence[Telephone] = ()) -> AsyncIterator[Exchange]:
        """line: its port.  others: telephones beside the nurse's."""
        origin = f"http://127.0.0.1:{line}"
        self.account.auth_token, self.account.numbers = self.token, [OurNumber(NUMBER)]
        loop = asyncio.get_running_loop()
        epoch_s = time.time() - loop.time()
        exchange = Exchange(
            {NUMBER: f"{origin}/twilio/voice"},
            HeardWebhook(HttpWebhook(self.token), self.book),
            HeardStreams(WebSocketStreams(self.token), self.book),
            telephones=[Telephone(NURSE), Telephone(NURSE_LINE, answers(after_s=1.0)), *others],
            account_sid=self.account.sid,
            epoch_s=epoch_s,
        )
        began = datetime.fromtimestamp(epoch_s, UTC)
        resources = Resources(exchange, self.account, clock=loop.time, began=began)
        app = HeardRest(resources.application, self.book)
        config = uvicorn.Config(app, port=self.port, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        async with exchange.running(), asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(), name="carrier's REST")
            try:
                yield exchange
            finally:
                server.should_exit = True
                self.book.note_records(exchange)


async def carried(
    exchange: Exchange, studio: Studio, patient: Canary, scene: Scene, folder: Path, kill: Callable[[], None]
) -> Carried:
    """One transfer, from her dialling to her hanging up.  kill: ends the line in `Scene.KILLED`."""
    wav = folder / f"canary-{patient.number}.wav"
    await asyncio.to_thread(studio.say, patient.sentence(), wav)
    sound = read_wav(wav)
    wav.unlink()
    ears = _Ears()
    nurse = exchange.telephones[NURSE]
    nurse.persona, before = _nurse(scene, ears, kill), len(nurse.calls)
    began_s = time.monotonic()
    caller = Telephone(f"+1{patient.phone}")
    phone = await exchange.dial_in(caller, NUMBER, _patient(sound, ears))
    met = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            while not phone.is_over:
                met = met or _together(exchange, phone)
                if met and scene is Scene.TOGETHER and not ears.over.is_set():
                    await asyncio.sleep(TALKS_MS / 1000)
                    ears.over.set()
                await asyncio.sleep(LOOK_S)
    await phone.hang_up()
    answered = nurse.calls[before:]
    if scene is Scene.VOICEMAIL and answered:
        ears.unasked = answered[0].heard(0, answered[0].now())  # all that it was told, over its greeting too
    brief, unasked = [await _heard(studio, each) for each in (ears.brief, ears.unasked)]
    seen = {Passed.RANG} if answered else set()
    if is_of(patient, brief):
        seen.add(Passed.BRIEFED)
    if answered and is_of(patient, unasked):
        seen.add(Passed.TOLD)
    elif answered and heard_offer(unasked):
        seen.add(Passed.UNTOLD)
    if met:
        seen.add(Passed.MET)
    hers = sound_needles(f"{patient.number} her sound", phone.spoken())
    placed = Placed(
        patient=patient,
        fault=None,
        seen=frozenset(),
        heard=hers_in(brief),
        sounds=tuple(hers),
        requests=(),
        answer="",
        answer_sound=b"",
        lane=0,
        began_s=began_s,
        ended_s=time.monotonic(),
    )
    return Carried(placed, scene, frozenset(seen))


def hers_in(brief: str) -> str:
    """The caller's words in a brief as it was recognised; the rest is fixed wording (`policies.brief`), not hers.

    All of it where the form is not found.
    """
    return re.split(AFTER_HERS, re.split(BEFORE_HERS, brief, maxsplit=1)[-1], maxsplit=1)[0]


async def _heard(studio: Studio, sound: Int16) -> str:
    return await asyncio.to_thread(studio.words, sound) if is_audible(sound) else ""


def _patient(sound: Int16, ears: _Ears) -> Callable[[Phone], Any]:
    async def life(phone: Phone) -> None:
        await phone.hears_something()
        await phone.quiet(QUIET_MS)
        await phone.say(sound)
        while not ears.over.is_set():
            await phone.tick()

    return life


def _nurse(scene: Scene, ears: _Ears, kill: Callable[[], None]) -> Persona:
    async def takes(phone: Phone) -> None:
        try:
            await phone.hears_something()
            await phone.quiet(QUIET_MS)
            await phone.press("1")
            since = phone.now()
            await phone.hears_something()
            if scene is Scene.TOGETHER:
                await phone.quiet(QUIET_MS)
            else:
                await phone.pass_ms(HEARS_MS)
            ears.brief = phone.heard(since, phone.now())
            if scene is Scene.KILLED:
                kill()
                await phone.pass_ms(TALKS_MS)
            elif scene is Scene.TOGETHER:
                await phone.press("1")
                await phone.until_over()
        finally:
            if scene is not Scene.TOGETHER:
                ears.over.set()

    async def records(phone: Phone) -> None:
        try:
            await voicemail(after_s=1.0).life(phone)
        except LineDead:
            ears.over.set()

    return answers(records if scene is Scene.VOICEMAIL else takes, after_s=1.0)


def _together(exchange: Exchange, phone: Phone) -> bool:
    """She is in a room beside another."""
    for room in exchange.conferences():
        here = [stay.call_sid for stay in room.stays if stay.until_s is None]
        if len(here) > 1 and any(exchange.phone(sid) is phone for sid in here):
            return True
    return False

"""Canaries whom the line calls: each telephone of theirs at the carrier's twin, and what was seen of the call.

Whoever picks up is known by nothing but what she keys in or says: name, number, date of birth, what identifies her and
what she says then are what must not stay.  The hospital's reference may, in the one record that is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from agent.keying import BEGIN, END
from agent.proof.alike import LEAST_WORDS, is_of, shared, words
from agent.proof.book import CALLED, Book
from agent.proof.canary import Canary
from agent.proof.hospital import MAIN, Hospital
from agent.proof.kept import held_of
from agent.proof.placing import Placed, Studio, her_words
from agent.proof.provider import Provider
from agent.proof.scenes import Reached, Ring, missing
from agent.proof.sound import SoundNeedle, sound_needles
from agent.proof.stage import HOSPITAL
from policies.attempts import Came
from policies.right_party_wording import NAMELESS
from telephony.audio import FRAME_SAMPLES, RATE_HZ, Int16
from telephony.twin.hearing import audible_runs, is_audible
from telephony.twin.personas import message, voicemail
from telephony.twin.telephones import Life, Persona, Phone, Pickup, Telephone
from telephony.twin.wav import read_wav

QUIET_MS: Final = 1_200  # longer than the pauses between the agent's sentences
RINGS_S: Final = 1.0
KEY_MS: Final = 120  # from one key to the next
ASKED_MS: Final = 30_000  # from her question to the language model: recognised in seconds, or not at all
CALL_S: Final = 150.0  # of one call, from the one before: who is known is asked twice and answered once
FIRST_S: Final = 60.0  # more for the first: who is due is looked at every 30 s
KEPT_S: Final = 10.0  # from the end of a call to the keeper's disk
ANSWERED_MS: Final = 4_000  # longer than the pause between a filler and the answer
LOOK_S: Final = 0.2
PER_MS: Final = RATE_HZ // 1000
MORE_WORDS: Final = 4  # that a recogniser may hear beside those of a message
AFTER_THE_TONE: Final = "please leave a message after the tone."
CAME: Final[Mapping[Ring, Came]] = {
    Ring.KNOWN: Came.REACHED,
    Ring.MACHINE: Came.VOICEMAIL,
    Ring.STOPS: Came.OPTED_OUT,
}
MESSAGE: Final = NAMELESS.format(hospital=HOSPITAL, number=f"{MAIN[2:5]}, {MAIN[5:8]}, {MAIN[8:]}")


@dataclass(frozen=True, slots=True)
class Rung:
    """One call that the line placed."""

    placed: Placed
    """As a call: what she said and what was heard of it are needles."""
    ring: Ring
    seen: frozenset[Reached]

    @property
    def lacks(self) -> tuple[Reached, ...]:
        return missing(self.seen, self.ring)

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.placed.number,
            "scene": self.ring.value,
            "counted": not self.lacks,
            "seen": sorted(step.value for step in self.seen),
            "lacks": [step.value for step in self.lacks],
        }


@dataclass(slots=True)
class Callee:
    """One canary at her telephone.  Satisfies `telephony.twin.telephones.Bell`: the disk is read before it rings."""

    patient: Canary
    ring_as: Ring
    state: Path
    model: Provider
    sounds: Mapping[str, Int16]
    """What she says, by what it is."""
    heard: str
    """The same, as another recogniser wrote it down."""
    telephone: Telephone = field(init=False)
    written: bool = False
    """The attempt was on the keeper's disk before the telephone rang."""
    began_s: float = 0.0
    asked: tuple[int, int] = (0, 0)
    """From where to where her telephone heard the question for her, in samples of its clock."""
    answered: tuple[int, int] = (0, 0)
    """Likewise the answer to her question."""

    def __post_init__(self) -> None:
        lives: Mapping[Ring, Life] = {
            Ring.KNOWN: self._known,
            Ring.MACHINE: voicemail(self.sounds["greeting"]).life,
            Ring.STOPS: self._stops,
        }
        self.telephone = Telephone(f"+1{self.patient.phone}", Persona(lives[self.ring_as]), bell=self)

    @classmethod
    def made(cls, patient: Canary, ring_as: Ring, studio: Studio, folder: Path, state: Path, model: Provider) -> Callee:
        """Blocks for some seconds, while her voice is made.  folder: hers for that moment."""
        said = {
            "greeting": f"Hello, you have reached the voicemail of {patient.name}, {AFTER_THE_TONE}",
            "hello": "Hello?",
            "she": "Yes, speaking.",
            "born": f"It is {patient.born}.",
            "sentence": patient.sentence(),
        }
        sounds = {}
        for what, sentence in said.items():
            wav = folder / f"callee-{patient.number}.wav"
            studio.say(sentence, wav)
            sounds[what] = read_wav(wav)
            wav.unlink()
        hers = ("greeting",) if ring_as is Ring.MACHINE else ("born", "sentence")
        return cls(patient, ring_as, state, model, sounds, " ".join(studio.words(sounds[what]) for what in hers))

    async def ring(self, rings: Callable[[], None]) -> Pickup:
        """See `Bell`."""
        self.began_s = time.monotonic()
        kept = await asyncio.to_thread(held_of, self.state, self.patient.reference)
        self.written = kept is not None and kept.came_1 is Came.PLACED
        rings()
        await asyncio.sleep(RINGS_S)
        return Pickup.ANSWERS

    async def over(self) -> None:
        """When she has been called and the call is over."""
        while not self.telephone.calls or not self.telephone.calls[0].is_over:  # noqa: ASYNC110  # the carrier tells nobody
            await asyncio.sleep(LOOK_S)

    async def rung(self, studio: Studio, book: Book, out: frozenset[str]) -> Rung:
        """What was seen of it.  out: references that the hospital was told of."""
        seen = {Reached.WRITTEN} if self.written else set()
        phone = self.telephone.calls[0] if self.telephone.calls else None
        if phone is not None:
            seen.add(Reached.ANSWERED)
        stood = set(book.numbers.get(self.telephone.number, ()))
        if stood and stood <= CALLED:
            seen.add(Reached.NUMBER)
        requests = self.model.of(self.patient.number)
        if any(is_of(self.patient, each.said) for each in requests):
            seen.add(Reached.KNOWN)
        if phone is not None and self.ring_as is Ring.MACHINE:
            left = message(phone)
            if tells_no_more(await _words(studio, left), self.patient):
                seen.add(Reached.MESSAGE)
        if self.patient.reference in out:
            seen.add(Reached.OPTED_OUT)
        if await self._kept():
            seen.add(Reached.KEPT)
        heard = " ".join(dict.fromkeys([self.heard, *(each.said for each in requests)]))
        sounds = () if phone is None else tuple(await self._sounds(studio, phone))
        placed = Placed(
            patient=self.patient,
            fault=None,
            seen=frozenset(),
            heard=heard,
            sounds=sounds,
            requests=(),
            answer="",
            answer_sound=b"",
            lane=0,
            began_s=self.began_s,
            ended_s=time.monotonic(),
        )
        return Rung(placed, self.ring_as, frozenset(seen))

    async def _kept(self) -> bool:
        """What came of it is on the keeper's disk, or comes there in time."""
        until_s = time.monotonic() + KEPT_S
        while time.monotonic() < until_s:
            kept = await asyncio.to_thread(held_of, self.state, self.patient.reference)
            if kept is not None and kept.came_1 is CAME[self.ring_as]:
                return kept.opted_out is (self.ring_as is Ring.STOPS)
            await asyncio.sleep(LOOK_S)
        return False

    async def _sounds(self, studio: Studio, phone: Phone) -> list[SoundNeedle]:
        """Hers, and of the agent's what says her name or her words."""
        number = self.patient.number
        found = sound_needles(f"{number} her sound", phone.spoken())
        for what, (start, end) in (("the question for her", self.asked), ("the agent's sound", self.answered)):
            heard = phone.heard(start, end)
            for first, last in audible_runs(heard) if is_audible(heard) else []:
                piece = heard[first - first % FRAME_SAMPLES : last]
                if is_of(self.patient, await _words(studio, piece)):
                    found += sound_needles(f"{number} {what} {first // FRAME_SAMPLES}", her_words(piece))
        return found

    # -- what she does -------------------------------------------------------------------------------------------------

    async def _known(self, phone: Phone) -> None:
        await self._is_asked_for(phone)
        for digits in (self.patient.born_keyed, self.patient.record):
            await self._keys(phone, digits)
            await _hears_out(phone)
        self.model.on_the_line.append(self.patient)
        try:
            await phone.say(self.sounds["sentence"])
            since = phone.now()
            until = since + ASKED_MS * PER_MS
            while not self.model.of(self.patient.number) and phone.now() < until:
                await phone.tick()
            await phone.hears_something()
            await phone.quiet(ANSWERED_MS)
            self.answered = (since, phone.now())
        finally:
            self.model.on_the_line.remove(self.patient)

    async def _stops(self, phone: Phone) -> None:
        await self._is_asked_for(phone)
        await phone.say(self.sounds["born"])
        await _hears_out(phone)
        await phone.say(self.sounds["sentence"])
        await _hears_out(phone)
        await phone.pass_ms(QUIET_MS)
        await phone.press("9")  # where her words were not understood
        await _hears_out(phone)

    async def _is_asked_for(self, phone: Phone) -> None:
        """She answers, and says that it is she."""
        await phone.say(self.sounds["hello"])
        since = phone.now()
        await _hears_out(phone)
        self.asked = (since, phone.now())
        await phone.say(self.sounds["she"])
        await _hears_out(phone)

    async def _keys(self, phone: Phone, digits: str) -> None:
        for key in f"{BEGIN}{digits}{END}":
            await phone.press(key)
            await phone.pass_ms(KEY_MS)


async def called(callees: Sequence[Callee], studio: Studio, book: Book, hospital: Hospital) -> list[Rung]:
    """Waits until each has been called, one after the other, or no longer; and says what was seen."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_S + CALL_S * len(callees)):
            for callee in callees:
                await callee.over()
    return [await callee.rung(studio, book, hospital.contacts.out) for callee in callees]


def tells_no_more(heard: str, patient: Canary) -> bool:
    """A message was left, as a recogniser wrote it down, and it says no more than docs/outreach.md has it say."""
    told, her = words(heard), {patient.first.lower(), patient.last.lower()}
    more = len(told) - len(words(MESSAGE))
    return shared(MESSAGE, heard) >= LEAST_WORDS and not her & set(told) and more <= MORE_WORDS


async def _hears_out(phone: Phone) -> None:
    await phone.hears_something()
    await phone.quiet(QUIET_MS)


async def _words(studio: Studio, sound: Int16) -> str:
    return await asyncio.to_thread(studio.words, sound) if is_audible(sound) else ""

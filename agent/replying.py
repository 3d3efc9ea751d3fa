"""Speech to spoken reply: the straight line.

A reply is prepared while the caller may still go on (a draft behind a gate) and said when her turn is over.  It is
always one of: fixed wording, verbatim approved sentences, or (in the development profile) a hosted model's sentences.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.caution import unsafe_in_part
from agent.deferrals import names_medicine
from agent.engines.ports import EngineFailed, EngineReason, LanguageModel
from agent.mouth import Gate, Mouth, VoiceFailed
from agent.phrases import CLOSINGS, Phrase
from agent.sentences import Sentences
from agent.smalltalk import Social, social
from agent.stopping import OptOut, Stopped
from agent.tally import TurnTimes
from agent.wishes import Wish, wished
from policies.answers import accepts
from policies.guardrails import Answerable, Care, Opened, Refused, Sayable, Source, Wording, screen_reply
from policies.model_requests import Request, parted
from policies.opting_out import opts_out
from policies.phi import PHI


class Course(enum.Enum):
    """Where the call goes once a reply has been said, beyond listening again."""

    ON = "on"
    OFFERED_PERSON = "offered_person"
    """It ended by offering a person: a "yes" now asks for one."""
    PERSON = "person"
    GOODBYE = "goodbye"
    NURSE = "nurse"
    """What she answered to a question of ours is for a nurse now."""
    EMERGENCY = "emergency"
    """Likewise, and for 911."""
    NOT_UNDERSTOOD = "not_understood"
    """Nor what she typed."""


STOPPED: Final = {
    Stopped.DONE: Phrase.NO_MORE_CALLS,
    Stopped.NOBODY: Phrase.NOT_CALLED,
    Stopped.NOT_NOW: Phrase.NO_STOP_NOW,
}
OFFERS: Final = (Phrase.CHECK, Phrase.CHECK_HEARD, Phrase.NOT_KNOWN, Phrase.FOR_THE_NURSE, Phrase.STILL_OFFERED)
"""A "yes" right after one of them asks for a person."""


class Outlook(enum.Enum):
    """What could be said to the words of a turn that may go on."""

    ANSWERABLE = "answerable"
    BACKGROUND = "background"
    """Nothing yet: callers say such things before their question."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Voices:
    """Everything that can answer on this line."""

    model: LanguageModel
    """The agent's own engine."""
    approved: LanguageModel
    """Answers when the agent's own engine fails or is late; often the same."""
    outlook: Callable[[Answerable, Sequence[Answerable | Sayable]], Outlook]
    """Would an approved passage answer it, after these turns?  Takes a millisecond or two."""
    opened: Callable[[Answerable, Sequence[Answerable | Sayable]], Opened | None]
    """The approved passage that the agent's own engine is given to put in words; without one it is not asked."""
    judged: Callable[[PHI[str], Opened], Awaitable[Sayable | Refused]]
    """May its sentence be spoken, beside that passage?"""
    wording: Wording
    phrases: Mapping[Phrase, Sayable]
    warm: Callable[[], Coroutine[Any, Any, object]] | None = None
    """Opens the hosted model's connection while the caller begins to speak."""


class _Forbidden(Exception):
    """A model said what the firewall does not let through."""


@dataclass(frozen=True, slots=True)
class Cut:
    """An answer that she stopped before all of it was begun."""

    said: Answerable
    before: Sequence[Answerable | Sayable]
    """The turns that it was found after."""


class Replying:
    """Replies of one call.  Holds what was said so far, and forgets it with the call."""

    MOST_TURNS: Final = 12  # what a model sees of the call; older turns are dropped

    def __init__(
        self,
        voices: Voices,
        mouth: Mouth,
        clock_ms: Callable[[], float],
        failed: Callable[[EngineReason], None],
        stop: Callable[[], None] | None = None,
        opt_out: OptOut | None = None,
    ) -> None:
        """stop: in a call that we placed, holds that she wants no more of them.  opt_out: of who has called us."""
        self._stop: Final = stop
        self._opt_out: Final = opt_out
        self._voices: Final = voices
        self._mouth: Final = mouth
        self._clock_ms: Final = clock_ms
        self._failed: Final = failed
        self._history: list[Answerable | Sayable] = []
        self._owed: list[Sayable] = []
        self._left: list[Sayable] = []
        """Of fixed wording, what has not been begun."""
        self._cut: Cut | None = None
        self._small: Phrase | None = None
        self._requested: frozenset[Request] = frozenset()
        """By a hosted model, in the reply that is being prepared."""
        self._granted: frozenset[Request] = frozenset()
        """What was granted in this call: once each."""
        self.noted: PHI[str] | None = None
        """What a nurse who comes on is to hear of, in the caller's words."""
        self.fallbacks = 0

    def forget(self) -> None:
        """No turn of the call and no sentence stays."""
        self._history, self._owed, self._left, self._cut = [], [], [], None
        self.noted = None

    def owe(self, cut: Sequence[Sayable]) -> None:
        """Sentences that were cut off: those that are unsafe in part are said again whole.  Older debts stay."""
        known = {said.text.reveal() for said in self._owed}
        self._owed += [
            said
            for said in cut
            if said.source is not Source.FIXED
            and (said.text.map(unsafe_in_part).reveal() or self._of_medicine(said))
            and said.text.reveal() not in known
        ]

    def _of_medicine(self, said: Sayable) -> bool:
        """It belongs to a passage about a medicine, whichever of its sentences it is."""
        passages = self._voices.wording.passages
        return any(names_medicine(text) for text, passage in passages.items() if passage == said.passage_id)

    def stops(self, words: PHI[str]) -> bool:
        """Where the line places calls: she wants no more of them."""
        places = self._stop is not None or self._opt_out is not None
        return places and words.map(opts_out).reveal()

    def heed(self, words: PHI[str]) -> None:
        """Holds it at once, if these words say so."""
        if self._stop is not None and self.stops(words):
            self._stop()

    def outlook(self, said: Answerable) -> Outlook:
        """Would something be said to these words as they stand: small talk, or an approved passage?"""
        known = social(said.said.words) is not None or wished(said.said.words) or self.stops(said.said.words)
        return Outlook.ANSWERABLE if known else self._voices.outlook(said, self._history)

    def alternate(self, one: Phrase, other: Phrase) -> Phrase:
        """The same small word is not said twice in a row."""
        self._small = other if self._small is one else one
        return self._small

    def phrase(self, phrase: Phrase) -> Sayable:
        return self._voices.phrases[phrase]

    async def say(self, *phrases: Phrase, gate: Gate | None = None, aside: bool = False) -> None:
        """Fixed wording."""
        for phrase in phrases:
            await self._mouth.say(self.phrase(phrase), gate, aside=aside)

    async def _stopped(self, gate: Gate) -> Course:
        """Held in a call of ours already; for who has called us the hospital is asked, once her turn is over."""
        came = Stopped.DONE
        if self._opt_out is not None:
            await gate.opened.wait()
            came = await self._opt_out()
        return await self._fixed(gate, STOPPED[came])

    async def reply(
        self, said: Answerable, gate: Gate, times: TurnTimes, *, offered: bool, plain: bool = False
    ) -> Course:
        """Prepare, wait at the gate, say.  `plain`: the approved engine alone.  Raises `EngineFailed`."""
        if self.stops(said.said.words):
            return await self._stopped(gate)
        if wishes := wished(said.said.words):
            return await self._grant(wishes, gate, times)
        kind = social(said.said.words)
        match kind:
            case Social.YES | None if offered and (kind or said.said.words.map(accepts).reveal()):
                await gate.opened.wait()
                return Course.PERSON
            case Social.NO if offered:
                return await self._fixed(gate, Phrase.ANYTHING_ELSE)
            case Social.GOODBYE:
                await gate.opened.wait()
                return Course.GOODBYE
            case Social.NO if self._asked_for_more():
                await gate.opened.wait()
                return Course.GOODBYE
            case Social.YES if self._owed:
                await gate.opened.wait()
                return await self.recite(list(self._owed))
            case Social.YES if self._asked_for_more():
                return await self._fixed(gate, Phrase.SILENCE_1)
            case Social.HAS_QUESTION:
                return await self._fixed(gate, Phrase.SILENCE_1)
            case Social.WAIT:
                return await self._fixed(gate, Phrase.CONTINUER)
            case Social.GREETING | Social.HEARING_CHECK:
                return await self._fixed(gate, Phrase.HELLO)
            case Social.WHO_ARE_YOU | Social.HOW_ARE_YOU:
                return await self._fixed(gate, Phrase.WHO_I_AM)
            case Social.THANKS | Social.YES | Social.NO:
                return await self._fixed(gate, Phrase.ANYTHING_ELSE)
            case None if said.care is Care.ASK_FIRST:
                await self._fixed(gate, Phrase.CHECK_HEARD)
                return Course.OFFERED_PERSON
            case None | Social.REPEAT:  # the latter was granted above
                return await self._answer(said, gate, times, plain)

    @staticmethod
    def cares(said: Answerable) -> bool:
        """She is asked whether a nurse should hear of it."""
        return said.care is not Care.NONE and social(said.said.words) is None and not wished(said.said.words)

    async def _grant(self, wishes: Sequence[Wish], gate: Gate, times: TurnTimes) -> Course:
        """The last thing once more, as she wants to hear it; what was cut short is said whole."""
        await gate.opened.wait()
        granted = self._mouth.delivery.change(wishes)
        again = [said for said in (*self._mouth.last_said, *self._left) if not self._is(said, Phrase.AT_LIMIT)]
        last = again[-1] if again else None
        offers = last is not None and any(self._is(last, offer) for offer in OFFERS)
        course = Course.OFFERED_PERSON if offers else Course.ON
        if Wish.KEYS in wishes:
            await self.recite([self.phrase(Phrase.KEYS if self._stop is None else Phrase.KEYS_CALLED)])
            return course
        lead = [] if granted else [self.phrase(Phrase.AT_LIMIT)]
        if self._cut is not None:
            cut = self._cut
            await self.recite(lead)
            self._history = [*cut.before]
            return await self._answer(cut.said, gate, times, plain=False)
        if last is not None and any(self._is(last, closing) for closing in CLOSINGS):
            return Course.GOODBYE
        await self.recite([*lead, *again] if again else [self.phrase(Phrase.NOT_UNDERSTOOD)])
        return course

    def _is(self, said: Sayable, phrase: Phrase) -> bool:
        return said.text.reveal() == self.phrase(phrase).text.reveal()

    def _asked_for_more(self) -> bool:
        """The last thing said was "is there anything else?"."""
        last = self._mouth.last_said
        return bool(last) and self._is(last[-1], Phrase.ANYTHING_ELSE)

    async def _fixed(self, gate: Gate, *phrases: Phrase) -> Course:
        await gate.opened.wait()
        return await self.recite([self.phrase(phrase) for phrase in phrases])

    async def recite(self, sentences: Sequence[Sayable], *, first: bool = True) -> Course:
        """A reply of these sentences; where she stops it, what is left is known in case she wants it again.

        first: a new reply begins with them.
        """
        self._cut, self._left = None, list(sentences)
        for n, sentence in enumerate(sentences):
            await self._mouth.say(sentence, first=first and n == 0, begun=self._begun)
            text = sentence.text.reveal()
            self._owed = [owed for owed in self._owed if owed.text.reveal() != text]
        return Course.ON

    def _begun(self, _: Sayable) -> None:
        self._left = self._left[1:]

    async def _answer(self, said: Answerable, gate: Gate, times: TurnTimes, plain: bool) -> Course:
        spoken: list[Sayable] = []
        self._requested = frozenset()
        cut: Cut | None = Cut(said, self._history)
        try:
            await self._best(said, gate, times, plain, spoken)
            await gate.opened.wait()
            await self._settle_debt(spoken)
            cut = None
        finally:
            if gate.opened.is_set():  # also when she breaks in: what she began to hear is known to a follow-up
                self._cut, self._left = cut, []
                self._history = [*self._history, said, *spoken][-self.MOST_TURNS :]
        last = spoken[-1].text.reveal() if spoken else ""
        if last in {self.phrase(phrase).text.reveal() for phrase in OFFERS}:
            return Course.OFFERED_PERSON
        if Request.SYMPTOM in self._requested - self._granted:
            self.noted = said.said.words
            self._granted |= {Request.SYMPTOM}
            await self.say(Phrase.NOTED_FOR_NURSE)
        requested = Request.NURSE in self._requested - self._granted
        if said.care is Care.NONE and not requested:
            return Course.ON
        self._granted |= self._requested
        await self.say(Phrase.CHECK)
        return Course.OFFERED_PERSON

    async def _best(self, said: Answerable, gate: Gate, times: TurnTimes, plain: bool, spoken: list[Sayable]) -> None:
        """The agent's own engine, with the passage that answers; the approved one where none does, and where the other
        fails or says what it may not, also in the middle of its reply: the passage is then read out.
        """
        model, approved = self._voices.model, self._voices.approved
        free = self._voices.wording.unfiltered
        opened = None if plain or free or model is approved else self._voices.opened(said, self._history)
        if plain or (opened is None and not free):
            model = approved
        try:
            await self._stream(model, said, opened, gate, times, spoken)
        except VoiceFailed:
            raise
        except EngineFailed as failure:
            self._failed(failure.reason)
            if model is approved:
                raise
        except _Forbidden:
            pass
        else:
            return
        self.fallbacks += 1
        await self._stream(approved, said, opened, gate, times, spoken)

    async def _stream(
        self,
        model: LanguageModel,
        said: Answerable,
        opened: Opened | None,
        gate: Gate,
        times: TurnTimes,
        spoken: list[Sayable],
    ) -> None:
        """Sentence by sentence: screen, synthesise the first ahead of the gate, say.  Raises `_Forbidden`.

        opened: the passage that is to be put in words; the approved engine reads it out.
        """
        judged = None if model is self._voices.approved else opened
        asked_ms = self._clock_ms()
        sentences = Sentences()
        pieces = model.answer([*self._history, said], opened)
        try:
            async for piece in pieces:
                for sentence in piece.map(sentences.feed).reveal():
                    await self._one(sentence, judged, gate, times, asked_ms, spoken)
            for sentence in sentences.flush():
                await self._one(sentence, judged, gate, times, asked_ms, spoken)
        finally:
            await pieces.aclose()  # a dropped draft ends its request at once
        if not spoken:
            await self._one(self.phrase(Phrase.NOT_KNOWN).text.reveal(), None, gate, times, asked_ms, spoken)

    async def _one(
        self,
        sentence: str,
        opened: Opened | None,
        gate: Gate,
        times: TurnTimes,
        asked_ms: float,
        spoken: list[Sayable],
    ) -> None:
        """A sentence as a model wrote it: what it asks for is kept for after the reply, its words are said."""
        words, requested = parted(sentence)
        self._requested |= requested
        if not words:
            return
        allowed = screen_reply(PHI(words), self._voices.wording)
        if isinstance(allowed, Refused) and opened is not None:
            allowed = await self._voices.judged(PHI(words), opened)
            if isinstance(allowed, Refused):
                raise _Forbidden
        if isinstance(allowed, Refused):
            allowed = self.phrase(Phrase.NOT_KNOWN)
        if not spoken:
            times.answer_ms = int(self._clock_ms() - asked_ms)
        first = not spoken
        await self._mouth.say(allowed, gate, first=first, times=times if first else None, begun=spoken.append)

    async def _settle_debt(self, spoken: Sequence[Sayable]) -> None:
        """What was cut and is owed is said again whole, unless this answer has just said it."""
        told = {said.passage_id for said in spoken}
        self._owed = [said for said in self._owed if said.passage_id and said.passage_id not in told]
        if self._owed:
            await self.say(Phrase.REPEAT_LEAD)
        while self._owed:  # one that is cut before it is begun is still owed
            await self._mouth.say(self._owed[0])
            self._owed = self._owed[1:]
